"""The HTML of a sheet: what a notebook shows. It needs no script and no outside file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatch

from privkit.values.show import SIMULATED, is_simulated
from privkit.values.writing import amount_shown, ends, to_error
from privkit.view import text
from privkit.view.parts import sheet
from privkit.view.parts.markup import (
    Markup,
    badge,
    card,
    chip,
    frame,
    ink,
    join,
    meter,
    note,
    picture,
    spread,
    table,
    tag,
)
from privkit.view.parts.sheet import sheet_of
from privkit.view.parts.words import percent

#: Names up to this length stay on one line.
_SHORT = 24
#: How wide the still picture of a piece is, in CSS pixels.
_STILL = 300


def render(value: object, then: Callable[[Sequence[str]], Sequence[str]] | None = None) -> str:
    """Return the value as HTML; its text where nothing of its room says more.

    `then` returns other steps for the value's own, where something else shows the value.
    """
    found = sheet_of(value, then)
    shown = plain(value) if found is None else card_of(found)
    if not is_simulated(value):
        return str(shown)
    mark = tag("p", tag("strong", SIMULATED), role="note")
    return str(join([mark, shown, mark]))


def plain(value: object) -> Markup:
    """Return the value's text as HTML."""
    return card(type(value).__name__, tag("pre", text.render(value)))


def card_of(shown: sheet.Sheet) -> Markup:
    """Return a sheet as one card."""
    return card(shown.answer, *map(block, shown.blocks), then=shown.then, exact=shown.exact)


@singledispatch
def block(found: object) -> Markup | None:
    """Return a block of a sheet as HTML; a text is a paragraph."""
    return tag("p", found) if found else None


@block.register
def _note(found: sheet.Note) -> Markup:
    return note(found.text)


@block.register
def _verdict(found: sheet.Verdict) -> Markup:
    return badge(found.met, found.text)


@block.register
def _total(found: sheet.Drawn) -> Markup:
    """Draw one number's interval between its ends: on an axis from zero, that of a large number is too thin to see."""
    low, high = ends(found.lower, found.upper)
    drawn = interval(found, "span")  # in one line with its ends where styles are dropped, too
    return tag("div", tag("span", low), " ", drawn, " ", tag("span", high), class_="pk-ends")


@block.register
def _table(found: sheet.Table) -> Markup | None:
    """Return a table; None where it has no rows."""
    rows = found.filled()
    if not rows:
        return None
    kinds = ["pk-whole" if head in found.whole else None for head in found.heads]
    heads = [
        tag(
            "th",
            _left(head, found),
            scope="col",
            class_=kind,
            colspan=2 if None in found.heads[at + 1 : at + 2] else None,
        )
        for at, (head, kind) in enumerate(zip(found.heads, kinds, strict=True))
        if head is not None
    ]
    cells = (
        [
            _left(tag("span", cell(one), class_=kind) if kind else cell(one), found)
            for one, kind in zip(row, kinds, strict=True)
        ]
        for row in rows
    )
    shown = table(heads, cells, caption=found.caption or None)
    looks = ["pk-facts"] * found.facts + ["pk-fits"] * found.fits
    shown = tag("div", shown, class_=" ".join(looks)) if looks else shown
    shown = tag("details", tag("summary", found.folded), shown) if found.folded else shown
    return join([tag("p", tag("strong", found.title)), shown]) if found.title else shown


def _left(shown: object, of: sheet.Table) -> object:
    """Return a cell whose words begin at the left where styles are dropped too, as in an untrusted notebook."""
    return tag("div", shown, align="left") if of.facts else shown


@block.register
def _wide(found: sheet.Meter) -> Markup:
    return tag("div", cell(found), class_="pk-wide")


@block.register
def _typed(found: sheet.Typed) -> Markup:
    return tag("details", tag("summary", found.folded), tag("pre", tag("code", found.lines)))


@block.register
def _played(found: sheet.Played) -> Markup:
    return join([frame(found.page, found.title, found.height), picture(found.still, found.sentence, _STILL)])


@block.register
def _budget(found: sheet.Budget) -> Markup:
    """Return one symbol's bar: full for what is spent, hatched for what is reserved, empty for what is left."""
    spent, reserved, left, budget = map(amount_shown, (found.spent, found.reserved, found.left, found.budget))
    said = {
        "pk-bar": f"{spent} spent, ",
        "pk-bar pk-held": f"{reserved} reserved, ",
        "pk-gap": f"{left} left of {budget}",
    }
    lengths = {"pk-bar": found.share(found.spent), "pk-bar pk-held": found.share(found.reserved)}
    bar = tag(
        "div",
        *(tag("div", class_=kind, style=f"width: {100 * share:.2f}%") for kind, share in lengths.items() if share > 0),
        ink([(kind, 100 * share) for kind, share in lengths.items()], 30),
        class_="pk-meter pk-budget",
        role="meter",
        aria_valuemin=0,
        aria_valuemax=100,
        aria_valuenow=f"{100 * found.share(found.spent + found.reserved):.1f}",
        aria_valuetext=f"{found.symbol}: {''.join(said.values())}",
        aria_label=f"privacy budget in {found.symbol}",
    )
    signs = [(tag("span", class_=f"pk-swatch {kind}", aria_hidden="true"), words) for kind, words in said.items()]
    return tag("div", bar, tag("p", f"{found.symbol}: ", *(part for sign in signs for part in sign), class_="pk-note"))


# -- cells ---------------------------------------------------------------------------------------------------------


@singledispatch
def cell(found: object) -> object:
    """Return a cell of a table: a text as it is, another in its words."""
    return found if isinstance(found, str) else sheet.words(found)


@cell.register
def _meter(found: sheet.Meter) -> Markup:
    return meter(found.share, found.label, short=found.short, cells=found.letters)


@cell.register
def _chip(found: sheet.Chip) -> Markup:
    return chip(found.kind, found.text)


@cell.register
def _spread(found: sheet.Spread) -> Markup:
    return spread(found.counts, found.words)


@cell.register
def _folded(found: sheet.Folded) -> Markup | str:
    if not found.reasons:
        return found.text
    why = (tag("div", line, class_="pk-note") for line in found.reasons)
    return tag("div", found.text, tag("details", tag("summary", found.fold), *why))


@cell.register
def _pile(found: sheet.Pile) -> Markup:
    return tag("div", *(tag("div", cell(one)) for one in found.cells))


@cell.register
def _counted(found: sheet.Counted) -> Markup:
    share = percent(found.count, found.whole)
    bar = meter(found.count / found.whole if found.whole else 0.0, share, short=found.count > 0)
    return tag("div", str(found), bar)


@cell.register
def _name(found: sheet.Name) -> Markup:
    return tag("span", found.text, class_="pk-whole" if len(found.text) <= _SHORT else None)


@cell.register
def _code(found: sheet.Code) -> Markup:
    return tag("code", found.text)


@cell.register
def _hinted(found: sheet.Hinted) -> Markup:
    return tag("span", found.text, title=found.hint)


@cell.register
def _stacked(found: sheet.Stacked) -> Markup:
    first, *rest = found.lines
    if found.lead:
        return tag("div", tag("strong", first), *(tag("div", line, class_="pk-note") for line in rest))
    return tag("div", *(tag("div", line, class_="pk-whole") for line in found.lines))


@cell.register
def _met(found: sheet.Verdict) -> Markup:
    return badge(found.met, found.text)


@cell.register
def interval(found: sheet.Drawn, element: str = "div") -> Markup:
    """Return a bar on its axis: full up to the interval, pale in it, a line at the number."""
    span = found.end - found.start
    ground = 0 if found.start <= 0 else found.lower  # where bars stand, if the axis holds it
    pieces = [
        ("pk-gap", min(found.lower, ground), found.start),
        ("pk-bar", found.lower, ground),
        ("pk-bar pk-band pk-value", found.value, found.lower),
        ("pk-bar pk-band", found.upper, found.value),
    ]
    low, high = ends(found.lower, found.upper)
    lengths = [(kind, 100 * (end - begin) / span) for kind, end, begin in pieces if end > begin]
    return tag(
        element,
        *(tag(element, class_=kind, style=f"width: {length:.2f}%") for kind, length in lengths),
        ink(lengths, 24),
        class_="pk-range",
        role="img",
        aria_label=f"{to_error(found.value, (found.upper - found.lower) / 2)}, between {low} and {high}",
    )
