"""What releases of tests and estimates say: a line for each number, with its interval and its p-value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privkit.dp.dates import limits_in
from privkit.dp.noise.noise import ALPHA
from privkit.values.writing import level_text
from privkit.view.parts.chart import Chart, Choice, Panels, Point
from privkit.view.parts.sheet import Block, Sheet, Table, given
from privkit.view.parts.words import aligned, label, number
from privkit.view.sheets.released.numbers import number_told

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from privkit.dp.answers.release import Release

#: So many numbers are named in the first line; the table has all of them.
_NAMED = 8
#: Below this a p-value is told as being below it.
_LEAST_P = 0.001


def inference(release: Release, reasons: Sequence[Block], foot: str) -> Sheet:
    """Return what a release of a test or a fit says: the first number, all of them in lines, and the reasons."""
    answer, table = _answer(release), _table(release)
    look = [".interval(0.99)", ".provenance"] if release.has_interval else [".provenance"]
    return Sheet(
        answer, given([table, *reasons]), [".to_frame()", *look, ".plot()"], chart=lambda: _chart(release, answer, foot)
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


def _told(frame: pd.DataFrame, first: str, name: str) -> str:
    """Return a number with its interval where it has one."""
    return number_told(frame[name], limits_in(frame, name, first), 0)


def _answer(release: Release) -> str:
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
    return f"{asked}: {named}{_told(frame, asked.main, first)}{level}, p{joined}{p_value}"


def _table(release: Release) -> Table:
    """Return a line for each number; a fit that tests nothing has no p-values."""
    asked, frame = release.plan.question.asked, release.to_frame()
    heads, rows = ["", "estimate"], [[label(name, 60), _told(frame, asked.main, of)] for name, of, _ in asked.lines]
    if any(tested for *_, tested in asked.lines):
        heads.append("p")
        for row, (*_, tested) in zip(rows, asked.lines, strict=True):
            row.append(p_text(float(frame[tested].iloc[0])) if tested else "")
    return Table(heads, rows, lines=aligned([heads, *rows], "<" + ">" * (len(heads) - 1)))


def _chart(release: Release, answer: str, foot: str) -> Chart:
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
