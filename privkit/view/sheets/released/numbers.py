"""The numbers of a release, each with its key and its interval, as they are listed and drawn.

And which keys are times: days, windows of the calendar and moments, and what each of them begins and ends with.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from privkit.dp.noise.noise import ALPHA
from privkit.values.expression.days import DateCut, window_named
from privkit.values.expression.nodes import DatePart
from privkit.values.writing import ends, to_error, with_interval
from privkit.view.parts.words import number, value_text

if TYPE_CHECKING:
    import pandas as pd

    from privkit.dp.answers.release import Release
    from privkit.dp.question import Question

#: How many numbers are listed; the rest is in ``.to_frame()``.
MOST = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """One released number.

    Attributes
    ----------
    name : str
        Its key, fit to print; empty for a total.
    value, lower, upper : int or float
        The number and its interval.
    """

    name: str
    value: float
    lower: float
    upper: float

    @property
    def shown(self) -> str:
        """The number, rounded to its error."""
        return "left out" if math.isnan(self.value) else to_error(self.value, (self.upper - self.lower) / 2)

    @property
    def whole(self) -> str:
        """The number with its error, or with its interval where that reaches farther on one side."""
        return "left out" if math.isnan(self.value) else with_interval(self.value, self.lower, self.upper)

    @property
    def span(self) -> str:
        """Its interval, rounded outwards."""
        return "left out" if math.isnan(self.value) else " to ".join(ends(self.lower, self.upper))


def number_told(values: pd.Series, limits: tuple[pd.Series, pd.Series] | None, place: int) -> str:
    """Return one number of a column with its error or interval, where it has one."""
    value = values.iloc[place]
    if limits is None:
        return number(value)
    return Cell("", value, *(ends.iloc[place] for ends in limits)).whole


def cells(release: Release, most: int | None = MOST) -> list[Cell]:
    """Return the first `most` numbers of a release, in the order of its keys."""
    keys, values = release.plan.question.keys, release.cells[:most]
    names = [""] if keys is None else [key_text(key) for key in keys.values[:most]]
    lower = upper = values
    if release.has_interval:
        lower, upper = (ends[:most].tolist() for ends in release._limits_of(release.plan.question.statistic, ALPHA))
    return [Cell(*cell) for cell in zip(names, values, lower, upper, strict=True)]


def key_text(key: tuple[object, ...]) -> str:
    """Return a public key in a form that is fit to print.

    Examples
    --------
    >>> key_text(("103", None))
    '103, missing'
    """
    return ", ".join(value_text(value, 40) for value in key)


def chosen(value: object) -> str:
    """Return a number, or a list of numbers or public values, in a form that is fit to print.

    Examples
    --------
    >>> chosen([0.0, 256.0]), chosen(["a", None, 3]), chosen(1024.0)
    ('0, 256', 'a, missing, 3', '1,024')
    """
    if isinstance(value, list | tuple):
        return ", ".join(number(item) if isinstance(item, float) else value_text(item, 40) for item in value)
    return number(float(str(value)))


_DAY = re.compile(r"\d{4}-\d\d(?:-\d\d|)|\d{4}-Q[1-4]", re.ASCII)
_WEEKDAYS = ("", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Span(NamedTuple):
    """When a group begins, and when it ends; a moment ends where it begins."""

    begin: datetime
    end: datetime


def spans(question: Question, place: int = 0) -> list[Span | None] | None:
    """Return for each key when the group of its column at `place` is; None where the column holds no times.

    Keys of missing values, and what stands for them, have no time. The times of one column are all of one sort, and
    of one zone or of none.

    Parameters
    ----------
    question : Question
        With public keys.
    place : int
        Of the column among those of the groups.
    """
    if question.keys is None:
        return None
    values = [key[place] for key in question.keys.values]
    cut = dict(question.selected.derive).get(question.keys.by[place])
    if isinstance(cut, DateCut):
        windows = dict(zip(cut.labels, _windows(cut), strict=True)) if cut.every else {}
        found = [windows.get(str(value)) for value in values]
    else:
        found = [_span(value) for value in values]
        if any(span is None and value is not None for value, span in zip(values, found, strict=True)):
            return None
    there = [span for span in found if span is not None]
    if len(set(there)) < 2 or len(there) < len(values) - 1 or len({span.begin.tzinfo is None for span in there}) > 1:
        return None
    if len({type(value) for value, span in zip(values, found, strict=True) if span is not None}) > 1:
        return None
    return found


def _windows(cut: DateCut) -> list[Span]:
    days = [datetime.fromisoformat(edge) for edge in cut.edges]
    return [Span(begin, end) for begin, end in pairwise(days)]


def _span(value: object) -> Span | None:
    """Return when a key is, if it is a date, a moment, or the name of a day, month or quarter."""
    if isinstance(value, datetime):
        return None if value != value else Span(value, value)  # noqa: PLR0124  # NaT
    try:
        if isinstance(value, date):
            begin = datetime(value.year, value.month, value.day)
            return Span(begin, begin + timedelta(days=1))
        if isinstance(value, str) and _DAY.fullmatch(value):
            first, last = window_named(value)
            return Span(datetime(*first.timetuple()[:3]), datetime(*last.timetuple()[:3]))
    except (ValueError, OverflowError):  # no day of the calendar, or the last that there is
        pass
    return None


def steps(question: Question, place: int = 0) -> list[tuple[int, str]] | None:
    """Return for each key its place in order and its name, where they are parts of a date; None for other keys."""
    if question.keys is None or question.keys.by[place] not in question.selected.parts_of_dates:
        return None
    part = dict(question.selected.derive)[question.keys.by[place]]
    values = [key[place] for key in question.keys.values]
    if not isinstance(part, DatePart) or not all(isinstance(value, int) for value in values):
        return None
    return [(value, _part_name(part.part, value)) for value in values if isinstance(value, int)]


def _part_name(part: str, value: int) -> str:
    names = {"weekday": _WEEKDAYS, "month": _MONTHS}.get(part, ())
    return names[value] if 0 < value < len(names) else str(value)


def in_order(question: Question, place: int) -> Sequence[int] | None:
    """Return the keys in the order of their times; None where they have none."""
    if (found := spans(question, place)) is not None:
        first = min(span.begin for span in found if span is not None)
        return sorted(range(len(found)), key=lambda at: (found[at] is None, (found[at] or Span(first, first)).begin))
    if (parts := steps(question, place)) is not None:
        return sorted(range(len(parts)), key=lambda at: parts[at][0])
    return None


def crossed(question: Question, shown: list[Cell]) -> tuple[list[list[str]], dict[tuple[str, str], Cell]] | None:
    """Return the groups of two columns by their names, times in their order, and the number of each two of them.

    None where it is no table of two columns, or a cell of it was not asked for.
    """
    keys = question.keys
    if keys is None or len(keys.by) != 2:
        return None
    orders = [in_order(question, place) or range(len(keys)) for place in (0, 1)]
    names = [list(dict.fromkeys(key_text((keys.values[at][place],)) for at in orders[place])) for place in (0, 1)]
    found = {(key_text((key[0],)), key_text((key[1],))): cell for key, cell in zip(keys.values, shown, strict=True)}
    return (names, found) if min(map(len, names)) > 1 and len(found) == len(names[0]) * len(names[1]) else None
