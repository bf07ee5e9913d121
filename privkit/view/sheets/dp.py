"""What releases say: numbers with their intervals, dates, tests and fits; and where they come from.

A replayed release reads as it did when it was drawn, so that a notebook that is run again shows the same:
``.replayed`` tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from privkit.dp.answers.provenance import Provenance
from privkit.dp.answers.release import Release
from privkit.dp.dates import limits_in
from privkit.dp.noise.noise import ALPHA
from privkit.dp.synthesis.synthetic import Synthetic
from privkit.values.writing import error_text, level_text
from privkit.view.parts.chart import Chart, Choice, Panels, Point
from privkit.view.parts.sheet import Block, Drawn, Note, Pile, Row, Sheet, Table, given, in_columns, sheet
from privkit.view.parts.sheet import Cell as Shown
from privkit.view.parts.words import aligned, amount, dates_text, day_text, label, names, number, plural, value_text
from privkit.view.sheets.released.books import book, synthetic
from privkit.view.sheets.released.drawing import foot, release_chart
from privkit.view.sheets.released.numbers import MOST, Cell, cells, chosen, crossed, key_text, number_told
from privkit.view.sheets.released.plans import asked_for, changed, clipped_share, noise_reasons, within

if TYPE_CHECKING:
    import pandas as pd

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
    if isinstance(release.plan.question.asked, Synthetic):
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
            _numbers(release),
            Note(f"… {rest}", told=False) if rest else None,
            _could_be(release),
            clipped_share(release),
            *remarks,
            *reasons,
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
    told = ", ".join(value_text(value, 40) for value in others[:MOST])
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
        [cell.name, cell.shown, cell.span, Drawn(cell.value, cell.lower, cell.upper, low, high)] for cell in shown
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


def _listed(rows: list[list[str]], release: Release) -> list[str]:
    """Return rows as lines of a text, and how many more there are."""
    rest = _more(release)
    told = aligned(rows, "<" + ">" * (len(rows[0]) - 1))
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
    return in_columns(heads, rows, left=len(release.cells) - MOST)


@sheet.register(Provenance)
def _provenance(told: Provenance) -> Sheet:
    return Sheet(told.line, given(_facts(told)), [".to_json()", ".line"])


def _facts(told: Provenance) -> Table:
    """Return where a release comes from, a fact in each row."""
    rows = [[name, text] for name, text in told.rows]
    return Table(["", ""], rows, lines=aligned(rows, "<<"), facts=True)


# -- dates ---------------------------------------------------------------------------------------------------------


def dated(release: Release, reasons: Sequence[Block]) -> Sheet:
    """Return the sheet of a release of dates; `reasons` are what any release tells beside its answer."""
    frame = release.to_frame()
    question = release.plan.question
    asked = f"{', '.join(map(label, question.asked.numbers))} of {names(question.asked.columns)}"
    if question.by:
        asked += f" by {names(question.by)}"
    single = question.keys is None and not question.asked.framed
    first = question.asked.numbers[0]
    answer = f"{asked} = {_dated_told(frame, 0, first, first)}" if single else asked
    if question.keys is not None:
        answer = f"{asked}: {plural(len(frame), 'group')}"
    table = None if single else _dated_table(release, frame)
    look = [".interval()", ".provenance", ".plot()"] if release.has_interval else [".provenance", ".plan.notes"]
    return Sheet(
        answer,
        given(table, *reasons),
        look if single else [".to_frame()", *look],
        chart=lambda: release_chart(release, answer),
    )


def _dated_table(release: Release, frame: pd.DataFrame) -> Table:
    question = release.plan.question
    heads = [", ".join(label(name) for name in question.by), *map(label, question.asked.numbers)]
    return in_columns(heads, _dated_rows(release, frame), left=len(frame) - MOST)


def _dated_rows(release: Release, frame: pd.DataFrame) -> list[list[str]]:
    """Return the first groups with their dates."""
    question, keys = release.plan.question, release.plan.question.keys
    found, numbers = [], question.asked.numbers
    for place in range(min(len(frame), MOST)):
        key = () if keys is None else keys.values[place]
        found.append([key_text(key), *(_dated_told(frame, place, name, numbers[0]) for name in numbers)])
    return found


def _dated_told(frame: pd.DataFrame, place: int, name: str, first: str) -> str:
    """Return a date, and its interval where it has one."""
    value = frame[frame.columns[0] if name == first else name].iloc[place]
    if (limits := limits_in(frame, name, first)) is None:
        return day_text(value)
    told, ends = dates_text(value, *(each.iloc[place] for each in limits))
    return f"{told}, {ends} ({level_text(1 - ALPHA)})"


# -- tests and fits ------------------------------------------------------------------------------------------------

#: So many numbers are named in the first line; the table has all of them.
_NAMED = 8
#: Below this a p-value is told as being below it.
_LEAST_P = 0.001


def inference(release: Release, reasons: Sequence[Block], foot: str) -> Sheet:
    """Return what a release of a test or a fit says: the first number, all of them in lines, and the reasons."""
    answer, table = _inference_answer(release), _inference_table(release)
    look = [".interval(0.99)", ".provenance"] if release.has_interval else [".provenance"]
    return Sheet(
        answer,
        given(table, *reasons),
        [".to_frame()", *look, ".plot()"],
        chart=lambda: _inference_chart(release, answer, foot),
    )


def p_text(value: float) -> str:
    """Return a p-value as it is told.

    Examples
    --------
    >>> p_text(0.04321), p_text(1e-9), p_text(0.7)
    ('0.043', '< 0.001', '0.70')
    """
    if value < _LEAST_P:
        return f"< {_LEAST_P:g}"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def _inference_told(frame: pd.DataFrame, first: str, name: str) -> str:
    """Return a number with its interval where it has one."""
    return number_told(frame[name], limits_in(frame, name, first), 0)


def _inference_answer(release: Release) -> str:
    """Return the first line: of a test its result, of a fit how many numbers it has."""
    asked, frame = release.plan.question.asked, release.to_frame()
    _, first, tested = asked.lines[0]
    if not tested:
        names = [label(name, 24) for name, _, _ in asked.lines]
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        return f"{asked}: {', '.join(names[:_NAMED])}{more}"
    level = f" ({level_text(1 - ALPHA)})" if limits_in(frame, first, asked.main) is not None else ""
    p_value = p_text(float(frame[tested].iloc[0]))
    joined = " " if p_value.startswith("<") else " = "
    named = "" if first in str(asked).split() else f"{first} = "
    return f"{asked}: {named}{_inference_told(frame, asked.main, first)}{level}, p{joined}{p_value}"


def _inference_table(release: Release) -> Table:
    """Return a line for each number; a fit that tests nothing has no p-values."""
    asked, frame = release.plan.question.asked, release.to_frame()
    heads, rows = (
        ["", "estimate"],
        [[label(name, 60), _inference_told(frame, asked.main, of)] for name, of, _ in asked.lines],
    )
    if any(tested for *_, tested in asked.lines):
        heads.append("p")
        for row, (*_, tested) in zip(rows, asked.lines, strict=True):
            row.append(p_text(float(frame[tested].iloc[0])) if tested else "")
    return in_columns(heads, rows)


def _inference_chart(release: Release, answer: str, foot: str) -> Chart:
    """Return the numbers that have an interval, each on an axis of its own; else Cramér's V, from 0 to 1."""
    asked, frame = release.plan.question.asked, release.to_frame()
    charts = []
    for name, of, _ in asked.lines:
        if (limits := limits_in(frame, of, asked.main)) is not None:
            unit = label(asked.unit_of(of), 24)
            point = Point(*(float(each.iloc[0]) for each in (frame[of], *limits)))
            charts.append(Chart(label(name, 32), unit, "", point))
    if charts:
        return Chart(answer, "", "", Panels(charts), foot)
    name, of, _ = asked.lines[-1]
    value = float(frame[of].iloc[0])
    return Chart(answer, name, "", Choice(number(value), value, 0.0, 1.0), foot)
