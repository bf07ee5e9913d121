"""What a gate and drafted papers say; dossiers and registers have modules of their own."""

from __future__ import annotations

from privkit.study.gate import GateReport
from privkit.study.papers.papers import Papers
from privkit.study.rulings import Ruling
from privkit.view.parts.sheet import Code, Name, Note, Row, Sheet, Table, Verdict, given, sheet
from privkit.view.parts.words import label, number, plural
from privkit.view.sheets import dossier, sharing  # noqa: F401 - what they say is registered by being loaded

#: So many blanks are told in a text.
_MOST = 8


@sheet.register(GateReport)
def _gate(report: GateReport) -> Sheet:
    heads = ["rule", "verdict", "asked", "found", "rows short"]
    table = Table(
        heads,
        [_row(one) for one in report.rulings],
        lines=[_line(one) for one in report.rulings],
        facts=True,
    )
    left = Note(f"Not looked at: {label('; '.join(report.left_out), 400)}.") if report.left_out else None
    return Sheet(_answer(report), given([table, left]), [".to_frame()", ".to_sarif('gate.sarif')"], exact=True)


def _answer(report: GateReport) -> str:
    count = len(report.rulings)
    if report.passed:
        return f"Passes: {'the one rule is' if count == 1 else f'all {number(count)} rules are'} met."
    short = len(report.short)
    return f"Falls short: {number(short)} of {plural(count, 'rule')} {'is' if short == 1 else 'are'} not met."


def _row(one: Ruling) -> Row:
    met = Verdict(one.met, "met" if one.met else "not met")
    return [Name(one.rule), met, label(one.limit, 100), label(one.found, 200), one.rows_short]


def _line(one: Ruling) -> str:
    place = "" if one.line is None else f" (line {one.line})"
    return f"  {'met    ' if one.met else 'not met'}  {label(one.told, 300)}{place}"


@sheet.register(Papers)
def _papers(made: Papers) -> Sheet:
    shown = made.open[:_MOST]
    more = len(made.open) - len(shown)
    lines = [f"  {one.id} ({', '.join(one.papers)}): {label(one.ask, 100)}" for one in shown]
    lines += [f"  … and {number(more)} more: .open"] if more else []
    rows: list[Row] = [[Code(one.id), label(one.ask, 300), ", ".join(one.papers)] for one in made.open]
    table = Table(["to be filled in", "what is asked", "papers"], rows, lines=lines, facts=True) if rows else None
    marked = f"{plural(len(made.open), 'blank')} {'is' if len(made.open) == 1 else 'are'} marked for a person to fill."
    note = Note("Drafts to be edited, and no advice on law.")
    return Sheet(
        f"Papers on '{label(made.title)}', made on {made.made.isoformat()}: {', '.join(made)}.",
        given([marked if rows else None, table, note]),
        [".save('papers')", ".open" if rows else ""],
        exact=True,
    )
