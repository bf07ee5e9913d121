"""Dates by the calendar: cuts at days, and the windows of days, weeks, months, quarters and years.

A day is one of the column's own calendar: of an instant, the day in its column's time zone. So edges are days, without
a zone; and whole windows of the calendar are named, never parts of them that would be called by the whole's name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from privkit.errors import NotPublicError, ParameterError
from privkit.errors.root import type_told
from privkit.values.expression.nodes import Expression, Scalar
from privkit.values.unit import PERIODS

#: Windows of one cut, at most.
_MOST = 4_000
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, repr=False)
class DateCut(Expression):
    """The label of the days among which a date lies; missing outside all of them.

    Attributes
    ----------
    edges : tuple of str
        Days, ascending, in ISO 8601: each is the first of its window, the last the first that lies outside.
    labels : tuple of str
        One per window: the public keys that go with it.
    every : str
        Of which length all windows are, with labels of their own; "" for others.
    """

    of: Expression
    edges: tuple[str, ...]
    labels: tuple[str, ...]
    every: str = ""

    @property
    def brings(self) -> tuple[Scalar, ...] | None:
        """The labels."""
        return self.labels

    @property
    def days(self) -> tuple[int, ...]:
        """The edges as days counted from 1970."""
        return tuple(date.fromisoformat(edge).toordinal() - _EPOCH for edge in self.edges)

    def with_parts(self, work: Callable[[Expression], Expression]) -> Expression:
        """Return it with `work` done of its date."""
        return DateCut(work(self.of), self.edges, self.labels, self.every)

    def text(self) -> str:
        """Return the call."""
        if self.every:
            last = date.fromisoformat(self.edges[-1]) - timedelta(days=1)
            return f"cut({self.of.text()}, every={self.every!r}, start={self.edges[0]!r}, end={last.isoformat()!r})"
        return f"cut({self.of.text()}, {list(self.edges)!r}, {list(self.labels)!r})"


def windowed(of: Expression, every: object, start: object, end: object) -> DateCut:
    """Return the windows of the calendar that hold a day from `start` to `end`, each of them whole.

    Raises
    ------
    ParameterError, NotPublicError

    Examples
    --------
    >>> from privkit.values.expression.nodes import Column
    >>> windowed(Column("on"), "quarter", "2026-02-10", "2026-07-01").labels
    ('2026-Q1', '2026-Q2', '2026-Q3')
    """
    if not isinstance(every, str) or every not in PERIODS:
        found = repr(every) if isinstance(every, str) else type_told(every)
        raise ParameterError.of("every", found, f"one of {', '.join(map(repr, PERIODS))}")
    first, last = day_of(start, "start"), day_of(end, "end")
    if last < first:
        raise ParameterError.of("end", last.isoformat(), f"a day from start={first.isoformat()} on")
    edges = [_begin(first, every)]
    while edges[-1] <= last:
        if len(edges) > _MOST:
            raise ParameterError.of("end", last.isoformat(), f"a day within {_MOST:,} windows of one {every}")
        edges.append(_next(edges[-1], every))
    labels = tuple(_label(edge, every) for edge in edges[:-1])
    return DateCut(of, tuple(edge.isoformat() for edge in edges), labels, every)


def at_days(of: Expression, edges: Sequence[object]) -> DateCut:
    """Return the cut of a date at days that were typed; a list of days in ascending order.

    Raises
    ------
    ParameterError, NotPublicError
    """
    days = [day_of(edge, "edges") for edge in edges]
    if not 2 <= len(days) <= _MOST + 1 or any(a >= b for a, b in pairwise(days)):
        allowed = f"2 to {_MOST + 1} days in ascending order"
        raise ParameterError.of(
            "edges", f"a list of {len(days)} days", allowed, "Example: ['2026-01-01', '2026-07-01']."
        )
    named = tuple(f"[{a.isoformat()}, {b.isoformat()})" for a, b in pairwise(days))
    return DateCut(of, tuple(day.isoformat() for day in days), named)


def is_day(value: object) -> bool:
    """Whether a value is typed as a date."""
    return isinstance(value, str | date)


def day_of(value: object, argument: str) -> date:
    """Return the day that was typed, as a date, a datetime at midnight or ISO 8601 text.

    Raises
    ------
    ParameterError, NotPublicError

    Examples
    --------
    >>> day_of("2026-11-23", "start"), day_of(datetime(2026, 11, 23), "start")
    (datetime.date(2026, 11, 23), datetime.date(2026, 11, 23))
    """
    if hasattr(value, "dtype"):
        raise NotPublicError.of(argument, type(value).__name__)
    allowed, hint = "a day, without a time", f"Example: {argument}='2026-11-23'."
    found: object = value
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            raise ParameterError.of(argument, f"text of {len(value)} characters", allowed, hint) from None
    if isinstance(found, datetime):
        if found != found or found.tzinfo is not None or found.time() != datetime.min.time():  # noqa: PLR0124  # NaT
            word = "a datetime with time zone" if getattr(found, "tzinfo", None) is not None else "a time of a day"
            raise ParameterError.of(argument, word, allowed, f"A day is one of the column's own calendar. {hint}")
        found = found.date()
    if not isinstance(found, date):
        raise ParameterError.of(argument, type_told(value), allowed, hint)
    if found.year > 9998:
        raise ParameterError.of(argument, f"a day of the year {found.year}", "a day before the year 9999")
    return found


def _begin(day: date, every: str) -> date:
    """Return the first day of the window in which a day lies."""
    if every == "day":
        return day
    if every == "week":
        # The Monday before 0001-01-01, a Monday itself, is never asked for.
        return day - timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[every]
    return date(day.year, month, 1)


def _next(begin: date, every: str) -> date:
    """Return the first day after the window that begins on a day."""
    if every in ("day", "week"):
        return begin + timedelta(days=7 if every == "week" else 1)
    months = begin.year * 12 + begin.month - 1 + {"month": 1, "quarter": 3, "year": 12}[every]
    return date(months // 12, months % 12 + 1, 1)


def _label(begin: date, every: str) -> str:
    """Return what a window is called; labels are in the order of their windows as texts, too."""
    if every == "quarter":
        return f"{begin.year:04}-Q{begin.month // 3 + 1}"
    return begin.isoformat()[: {"day": 10, "week": 10, "month": 7, "year": 4}[every]]


def period_of(day: date, every: str) -> tuple[str, date, date]:
    """Return the day, week, month, quarter or year in which a day lies: its name, first day, and the first day after.

    Raises
    ------
    ValueError, OverflowError
        If the calendar has no day after it.

    Examples
    --------
    >>> period_of(date(2026, 11, 30), "quarter")
    ('2026-Q4', datetime.date(2026, 10, 1), datetime.date(2027, 1, 1))
    """
    begin = _begin(day, every)
    return _label(begin, every), begin, _next(begin, every)


def window_named(label: str) -> tuple[date, date]:
    """Return the first day of the day, month, quarter or year of that name, and the first day after it.

    Raises
    ------
    ValueError, OverflowError
        If the calendar has none, or no day after it.

    Examples
    --------
    >>> window_named("2026-Q4")[1], window_named("2026-02")[1], window_named("2026-02-03")[1]
    (datetime.date(2027, 1, 1), datetime.date(2026, 3, 1), datetime.date(2026, 2, 4))
    """
    year, _, rest = label.partition("-")
    if rest.startswith("Q"):
        begin, every = date(int(year), 3 * int(rest[1:]) - 2, 1), "quarter"
    elif len(rest) == 2:
        begin, every = date(int(year), int(rest), 1), "month"
    else:
        begin, every = (date.fromisoformat(label), "day") if rest else (date(int(year), 1, 1), "year")
    return begin, _next(begin, every)
