"""A dossier as one page of HTML, as Markdown, and as plain values for JSON: three renderers of the same sections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from privkit.study.dossiers.changes import VERSION
from privkit.study.dossiers.dossier import Dossier
from privkit.study.dossiers.form import Answer
from privkit.study.written import in_a_cell
from privkit.view.html import block
from privkit.view.parts.markup import CSS, Markup, join, tag
from privkit.view.parts.sheet import Block, Drawn, Folded, Meter, Note, Played, Sheet, Stacked, Table, Typed, words
from privkit.view.sheets.dossier import Section, sections

_PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>TITLE</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    "<style>STYLE</style></head><body>\nBODY\n</body></html>\n"
)
_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 1.5em; max-width: 68em; background: Canvas; color: CanvasText; }
.privkit.privkit { max-width: none; }
.privkit h1 { font-size: 1.6em; margin: 0 0 0.2em; }
.privkit h2 { font-size: 1.25em; margin: 1.8em 0 0.4em; padding-bottom: 0.15em;
  border-bottom: 2px solid rgba(128, 128, 128, 0.5); }
.privkit h3 { font-size: 1em; margin: 1.2em 0 0.2em; }
.privkit th, .privkit td { vertical-align: top; max-width: 30em; }
.privkit .pk-facts { overflow-x: auto; }
.privkit .pk-facts table { width: 100%; }
.privkit code { overflow-wrap: anywhere; }
@media print { @page { margin: 15mm; }
  body { padding: 0; max-width: none; font-size: 9pt; }
  .privkit { font-size: 9pt; }
  .privkit h2, .privkit h3 { break-after: avoid; }
  .privkit tr, .privkit .pk-meter { break-inside: avoid; }
  .privkit thead { display: table-header-group; }
  .privkit .pk-bar, .privkit .pk-chip, .privkit .pk-swatch { print-color-adjust: exact; } }
"""


def page(dossier: Dossier) -> str:
    """Return a dossier as one page of HTML, without scripts or outside files."""
    parts = join(_section(one) for one in sections(dossier))
    title = f"Dossier: {dossier.title}"
    body = tag("div", tag("h1", title), tag("p", f"made on {dossier.made.isoformat()}"), parts, class_="privkit")
    # One pass, so that nothing of what is put in is taken for a place to put something.
    put = {"TITLE": tag("span", title)[len("<span>") : -len("</span>")], "STYLE": CSS + _STYLE, "BODY": body}
    return re.sub("TITLE|STYLE|BODY", lambda found: put[found[0]], _PAGE)


def _section(one: Section) -> Markup:
    shown = [block(found) for found in _readable(one.blocks)]
    return join([tag("h2", one.title), *_there(shown), *(_report(*pair) for pair in one.sheets)])


def _report(heading: str, sheet: Sheet) -> Markup:
    shown = [block(found) for found in _readable(sheet.blocks)]
    return join([tag("h3", heading), tag("p", tag("strong", sheet.answer)), *_there(shown)])


def _there(shown: list[Markup | None]) -> list[Markup]:
    return [one for one in shown if one is not None]


def _readable(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Yield blocks as a document has them: nothing is folded, and nothing is there to be typed or played."""
    for found in blocks:
        if isinstance(found, Table):
            rows = [[_unfolded(cell) for cell in row] for row in found.filled()]
            if rows:
                yield replace(found, rows=rows, folded="", title=found.title or found.folded)
        elif not isinstance(found, Typed | Played):
            yield found


def _unfolded(cell: Any) -> Any:
    return Stacked((cell.text, *cell.reasons), lead=True) if isinstance(cell, Folded) else cell


# -- Markdown ------------------------------------------------------------------------------------------------------


def markdown(dossier: Dossier) -> str:
    """Return a dossier as Markdown (GitHub's, with tables)."""
    lines = [f"# Dossier: {in_a_cell(dossier.title)}", "", f"made on {dossier.made.isoformat()}", ""]
    for one in sections(dossier):
        lines += [f"## {in_a_cell(one.title)}", "", *_md_blocks(one.blocks)]
        for heading, sheet in one.sheets:
            lines += [f"### {in_a_cell(heading)}", "", f"**{in_a_cell(sheet.answer)}**", "", *_md_blocks(sheet.blocks)]
    return "\n".join(lines).rstrip() + "\n"


def _in_words(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Yield blocks without what is only drawn: the answer or the reasons say it."""
    for found in _readable(blocks):
        if isinstance(found, Table):
            rows = found.filled()
            kept = [at for at, head in enumerate(found.heads) if head or not all(_drawn(row[at]) for row in rows)]
            yield replace(
                found, heads=[found.heads[at] for at in kept], rows=[[row[at] for at in kept] for row in rows], whole=()
            )
        elif not isinstance(found, _DRAWN):
            yield found


_DRAWN = (Meter, Drawn)


def _drawn(cell: Any) -> bool:
    return cell is None or isinstance(cell, _DRAWN)


def _md_blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    for found in _in_words(blocks):
        if isinstance(found, Table):
            yield from _md_table(found)
        elif text := found.text if isinstance(found, Note) else words(found):
            yield from (in_a_cell(text), "")


def _md_table(found: Table) -> Iterator[str]:
    for above in filter(None, (found.title, found.caption)):
        yield from (f"*{in_a_cell(above)}*", "")
    yield f"| {' | '.join(in_a_cell(head or '') for head in found.heads)} |"
    yield f"|{' --- |' * len(found.heads)}"
    yield from (f"| {' | '.join(in_a_cell(words(cell)) for cell in row)} |" for row in found.filled())
    yield ""


# -- plain values --------------------------------------------------------------------------------------------------


def plain(dossier: Dossier) -> dict[str, Any]:
    """Return a dossier as what JSON holds: fields, charges and facts by name, and the sections in words."""
    coverage = dossier.coverage
    told: dict[str, Any] = {
        "privkit_dossier": VERSION,
        "title": dossier.title,
        "made": dossier.made.isoformat(),
        "review": dossier.review.isoformat() if dossier.review else None,
        "coverage": {form: one._asdict() for form, one in coverage.forms.items()},
        "open_questions": [one._asdict() for one in dossier.open_questions],
        "fields": [_field(one) for one in dossier.answers],
        "impact": [_field(one) for one in dossier.impact],
        "facts": dossier.facts,
    }
    return told | {"sections": [_plain_section(one) for one in sections(dossier)]}


def _field(one: Answer) -> dict[str, Any]:
    return {"id": one.field.id, "ask": one.field.ask, "state": one.state, "source": one.source, "value": one.value}


def _plain_section(one: Section) -> dict[str, Any]:
    reports = [{"report": name, "answer": sheet.answer, "blocks": _plain(sheet.blocks)} for name, sheet in one.sheets]
    return {"title": one.title, "blocks": _plain(one.blocks), "reports": reports}


def _plain(blocks: tuple[Block, ...]) -> list[Any]:
    told: list[Any] = []
    for found in _in_words(blocks):
        if isinstance(found, Table):
            rows = [[words(cell) for cell in row] for row in found.filled()]
            told.append({"title": found.title or found.caption, "heads": list(found.heads), "rows": rows})
        else:
            told.append(found.text if isinstance(found, Note) else words(found))
    return told
