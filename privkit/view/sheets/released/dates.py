"""What releases say whose answers are dates: each with its interval, as dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privkit.dp.dates import limits_in
from privkit.dp.noise.noise import ALPHA
from privkit.values.writing import level_text
from privkit.view.parts.moments import dates_text, day_text
from privkit.view.parts.sheet import Block, Sheet, Table, given
from privkit.view.parts.words import aligned, label, names, number, plural
from privkit.view.sheets.released.drawing import release_chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from privkit.dp.answers.release import Release

#: How many groups are listed.
_MOST = 20


def dated(release: Release, reasons: Sequence[Block]) -> Sheet:
    """Return the sheet of a release of dates; `reasons` are what any release tells beside its answer."""
    frame = release.to_frame()
    question = release.plan.question
    asked = f"{', '.join(map(label, question.asked.numbers))} of {names(question.asked.columns)}"
    if question.by:
        asked += f" by {names(question.by)}"
    single = question.keys is None and not question.asked.framed
    first = question.asked.numbers[0]
    answer = f"{asked} = {_told(frame, 0, first, first)}" if single else asked
    if question.keys is not None:
        answer = f"{asked}: {plural(len(frame), 'group')}"
    table = None if single else _table(release, frame)
    look = [".interval()", ".provenance", ".plot()"] if release.has_interval else [".provenance", ".plan.notes"]
    return Sheet(
        answer,
        given([table, *reasons]),
        look if single else [".to_frame()", *look],
        chart=lambda: release_chart(release, answer),
    )


def _table(release: Release, frame: pd.DataFrame) -> Table:
    question = release.plan.question
    heads = [", ".join(label(name) for name in question.by), *map(label, question.asked.numbers)]
    rows, left = _rows(release, frame), len(frame) - min(len(frame), _MOST)
    lines = aligned([heads, *rows], "<" + ">" * (len(heads) - 1))
    lines += [f"  … {number(left)} more: .to_frame()"] if left else []
    return Table(heads, [list(row) for row in rows], lines=lines)


def _rows(release: Release, frame: pd.DataFrame) -> list[list[str]]:
    """Return the first groups with their dates."""
    question, keys = release.plan.question, release.plan.question.keys
    found, numbers = [], question.asked.numbers
    for place in range(min(len(frame), _MOST)):
        key = () if keys is None else keys.values[place]
        told = ", ".join("missing" if value is None else label(value, 40) for value in key)
        found.append([told, *(_told(frame, place, name, numbers[0]) for name in numbers)])
    return found


def _told(frame: pd.DataFrame, place: int, name: str, first: str) -> str:
    """Return a date, and its interval where it has one."""
    value = frame[frame.columns[0] if name == first else name].iloc[place]
    if (limits := limits_in(frame, name, first)) is None:
        return day_text(value)
    told, ends = dates_text(value, *(each.iloc[place] for each in limits))
    return f"{told}, {ends} ({level_text(1 - ALPHA)})"
