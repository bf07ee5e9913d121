"""What plans and releases say.

A replayed release reads as it did when it was drawn, so that a notebook that is run again shows the same:
``.replayed`` tells them apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from privkit.dp.answers.provenance import Provenance
from privkit.dp.answers.release import Release
from privkit.dp.answers.synthetic_rows import synthetic_of
from privkit.dp.dates import limits_in
from privkit.dp.noise.noise import ALPHA
from privkit.values.writing import error_text, level_text
from privkit.view.parts.sheet import Block, Drawn, Note, Pile, Row, Sheet, Table, given, sheet
from privkit.view.parts.sheet import Cell as Shown
from privkit.view.parts.words import aligned, amount, label, number, plural
from privkit.view.sheets.checks import changed
from privkit.view.sheets.released import derived  # noqa: F401 - registers numbers that were computed
from privkit.view.sheets.released.books import book
from privkit.view.sheets.released.dates import dated
from privkit.view.sheets.released.drawing import crossed, foot, release_chart
from privkit.view.sheets.released.inference import inference
from privkit.view.sheets.released.numbers import MOST, Cell, cells, chosen, key_text, number_told
from privkit.view.sheets.released.plans import asked_for, clipped_share, noise_reasons, within
from privkit.view.sheets.synthetic import synthetic

if TYPE_CHECKING:
    pass


#: Groups of each of two columns up to which both make one table.
_CROSSED = 12
#: How wide a terminal is, in characters.
_TERMINAL = 80
#: A longer note is cut: it may hold a column's name.
_LONGEST_NOTE = 240


# -- releases ------------------------------------------------------------------------------------------------------


@sheet.register(Release)
def _release(release: Release) -> Sheet:
    where = f"entry {release.provenance.entry} of project '{label(release.provenance.project)}'"
    once, then = (", once", "replays at no cost") if release.replays else ("", "is charged again")
    cost = f"Cost {amount(release.loss)}{once}: {where}. Asked again, it {then}."
    again = "" if release.asked_before is None else changed(release.asked_before)
    facts = replace(_facts(release.provenance), lines=(), folded="Where it comes from")
    reasons = [cost, again, *noise_reasons(release.plan), facts, release.provenance.line]
    if release.plan.question.dates is not None:
        return dated(release, reasons)
    if synthetic_of(release) is not None:
        return synthetic(release, reasons, foot(release))
    if release.plan.question.asked.headline:
        return book(release, reasons, foot(release))
    remarks = [Note(f"Note: {label(told, _LONGEST_NOTE)}.") for told in release.remarks]
    if release.plan.question.asked.lines:
        return inference(release, [*remarks, *reasons], foot(release))
    rest = "" if _two_way(release) else _more(release)
    return Sheet(
        _release_answer(release),
        given(
            [
                _numbers(release),
                Note(f"… {rest}", told=False) if rest else None,
                _could_be(release),
                clipped_share(release),
                *remarks,
                *reasons,
            ]
        ),
        _release_next(release),
        chart=lambda: release_chart(release, _release_answer(release)),
    )


def _release_answer(release: Release) -> str:
    """Return the first line: the number with its interval, or how many there are."""
    asked = asked_for(release.plan.question)
    if release.plan.question.asked.framed:
        count = len(release.cells)
        return asked if release.plan.question.keys is None else f"{asked}: {plural(count, 'group')}"
    if release.plan.question.keys is None:
        if not release.has_interval:
            found = release.cells[0]
            told = " to ".join(map(number, found)) if release.plan.question.asked.of_bins else chosen(found)
            return f"{asked} = {told}"
        (shown,) = cells(release)
        return f"{asked} = {shown.whole} ({level_text(1 - ALPHA)})"
    each = "" if release.plan.question.asked.needs_rows else f", each {within(release.plan)}"
    return f"{asked}: {plural(len(release.cells), 'number')}{each}"


def _could_be(release: Release) -> str:
    """Return which values could be among the chosen, or by how much these may fall short; empty for other answers."""
    asked = release.plan.question.asked
    if not asked.falls_short:
        return ""
    level, most = level_text(1 - ALPHA), error_text(release.plan.accuracy or 0.0)
    short = f"None of them is short by more than {most} rows of one that is not named ({level})."
    if release.possible is None:
        return short
    others = release.possible.loc[~release.possible["named"], "value"].tolist()
    told = ", ".join("missing" if value is None else label(value, 40) for value in others[:MOST])
    rest = f" and {number(len(others) - MOST)} more" if len(others) > MOST else ""
    also = f"{told}{rest} could be among them, too ({level})" if others else f"No other could be among them ({level})"
    return f"{also}. {short}"


def _release_next(release: Release) -> list[str]:
    """Return what to type next."""
    level = "" if release.plan.question.asked.of_ranks else "0.99"  # the interval of a quantile is drawn for one
    drawn = release.has_interval or release.plan.question.asked.falls_short
    look = [".provenance", ".plot()" if drawn else ".plan.notes"]
    if release.has_interval:
        look.insert(0, f".interval({level})")
    if release.possible is not None:
        look.insert(0, ".possible")
    framed = release.plan.question.keys is not None or "clipped" in release.estimates
    return [".to_frame()", *look] if framed else look


def _more(release: Release) -> str:
    """Return how many numbers are not listed; empty if all are."""
    left = len(release.cells) - min(len(release.cells), MOST)
    return f"{number(left)} more: .to_frame()" if left else ""


def _numbers(release: Release) -> Block | None:
    """Return the released numbers: in columns, by key, or the interval of the only one."""
    question = release.plan.question
    if not release.cells:
        return "  no group passed the threshold"
    if question.asked.framed:
        return _grid(release)
    if question.keys is None and not release.has_interval:
        return None
    shown = cells(release)
    if question.keys is None:
        low, high = shown[0].lower, shown[0].upper
        return Drawn(shown[0].value, low, high, low, high if high > low else low + 1)
    heads = [", ".join(label(name) for name in question.by), question.statistic]
    if not release.has_interval:
        told = [[cell.name, chosen(cell.value)] for cell in shown]
        return Table(heads, told, lines=_listed(told, release))
    lines = _listed([_with_own_error(cell, release) for cell in shown], release)
    if (table := _two_way(release)) is not None:
        return table if table.lines else replace(table, lines=lines)
    low, high = min([0, *(cell.lower for cell in shown)]), max([1, *(cell.upper for cell in shown)])
    rows: list[Row] = [
        [
            cell.name,
            cell.shown,
            cell.span,
            Drawn(cell.value, cell.lower, cell.upper, low, high),
        ]
        for cell in shown
    ]
    return Table([*heads, "interval", ""], rows, lines=lines)


def _two_way(release: Release) -> Table | None:
    """Return the numbers of few groups of two columns as a table of both, as one prints it; None for others.

    Each has its interval below it, unless all share an error, which the first line tells. A text has the table where it
    is as wide as a terminal at most, each number with its own error.
    """
    question = release.plan.question
    if question.asked.framed or not release.has_interval:
        return None
    found = crossed(question, cells(release, None))
    if found is None or max(map(len, found[0])) > _CROSSED:
        return None
    (down, across), numbers = found

    def cell(one: Cell) -> Shown:
        return Pile((one.shown, one.span)) if question.asked.needs_rows else one.shown

    first, second = map(label, question.by)
    rows: list[Row] = [[name, *(cell(numbers[name, other]) for other in across)] for name in down]
    title = f"{question.statistic}: {first} downwards, {second} across"
    told = [[name, *(_alone(numbers[name, other], release) for other in across)] for name in down]
    lines = [f"  {title}", *aligned([[first, *across], *told], "<" + ">" * len(across))]
    return Table([first, *across], rows, title=title, lines=lines if max(map(len, lines)) <= _TERMINAL else ())


def _alone(cell: Cell, release: Release) -> str:
    """Return a number as a table of both columns has it in a text: with its error, unless all share one."""
    return cell.whole if release.plan.question.asked.needs_rows else cell.shown


def _with_own_error(cell: Cell, release: Release) -> list[str]:
    """Return a number as a text lists it: with its interval, unless all share an error, which the first line tells."""
    return [cell.name, cell.shown, *([f"({cell.span})"] if release.plan.question.asked.needs_rows else [])]


def _listed(rows: list[list[str]], release: Release, heads: list[str] | None = None) -> list[str]:
    """Return rows as lines of a text, and how many more there are."""
    rest = _more(release)
    told = aligned([heads, *rows] if heads else rows, "<" + ">" * (len(rows[0]) - 1))
    return [*told, f"  … {rest}"] if rest else told


def _grid(release: Release) -> Table:
    """Return a release of several numbers, each with its interval."""
    keys, frame = release.plan.question.keys, release.to_frame()
    numbers = release.plan.question.asked.numbers
    rows = [["" if key is None else key_text(key)] for key in ((None,) if keys is None else keys.values[:MOST])]
    for name in numbers:
        limits = limits_in(frame, name, numbers[0])
        for place, row in enumerate(rows):
            row.append(number_told(frame[name], limits, place))
    heads = ["" if keys is None else ", ".join(label(name, 40) for name in keys.by), *map(label, numbers)]
    return Table(heads, rows, lines=_listed(rows, release, heads))


@sheet.register(Provenance)
def _provenance(told: Provenance) -> Sheet:
    return Sheet(told.line, given([_facts(told)]), [".to_json()", ".line"])


def _facts(told: Provenance) -> Table:
    """Return where a release comes from, a fact in each row."""
    rows = [[name, text] for name, text in told.rows]
    return Table(["", ""], rows, lines=aligned(rows, "<<"), facts=True)
