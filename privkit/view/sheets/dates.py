"""What releases say whose answers are dates: each with its interval, as dates."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from privkit.dp.noise.noise import ALPHA
from privkit.view.parts.chart import Chart, Choice
from privkit.view.parts.sheet import Block, Sheet, Table, given
from privkit.view.parts.words import aligned, label, names, number, percent, plural

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
    answer = f"{asked} = {_told(frame, 0, '')}" if single else f"{asked}: {plural(len(frame), 'group')}"
    table = None if single else _table(release, frame)
    look = [".interval()", ".provenance", ".plot()"] if release.has_interval else [".provenance", ".plan.notes"]
    told = answer.partition(" = ")[2] or "\n".join(": ".join(row) for row in _rows(release, frame))
    return Sheet(
        answer,
        given([table, *reasons]),
        look if single else [".to_frame()", *look],
        chart=lambda: Chart(asked, "", "", Choice(told)),
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
    found = []
    for place in range(min(len(frame), _MOST)):
        key = () if keys is None else keys.values[place]
        told = ", ".join("missing" if value is None else label(value, 40) for value in key)
        prefixes = ["" if name == question.asked.numbers[0] else f"{name}_" for name in question.asked.numbers]
        found.append([told, *(_told(frame, place, prefix) for prefix in prefixes)])
    return found


def _told(frame: pd.DataFrame, place: int, prefix: str) -> str:
    """Return a date, and its interval where it has one."""
    name = prefix[:-1] if prefix else str(frame.columns[0])
    told = _day(frame[name].iloc[place])
    if f"{prefix}lower" not in frame:
        return told
    level = percent(1 - ALPHA).replace(".0", "")
    ends = (_day(frame[f"{prefix}{end}"].iloc[place]) for end in ("lower", "upper"))
    return f"{told}, {' to '.join(ends)} ({level})"


def _day(value: object) -> str:
    """Return a date as text; a moment at midnight as its day."""
    if isinstance(value, datetime):
        return str(value.date()) if value == value.normalize() else str(value)  # type: ignore[attr-defined]
    return value.isoformat() if isinstance(value, date) else str(value)
