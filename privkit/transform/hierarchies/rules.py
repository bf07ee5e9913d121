"""Hierarchies given as rules, total by construction: redaction, rare values, keep or hide; dates by longer periods."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.anonymity import HierarchyError
from privkit.tally.cells.calendar import A_SECOND
from privkit.tally.codes import is_missing
from privkit.transform.hierarchies.ladder import STAR, Level, text, top

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd


def grouped(name: str, labels: Sequence[Any], words: str) -> Level:
    """Return a level from one label per value; the share is that of the distinct values. None, missing, is the last."""
    ordered = sorted(set(labels), key=lambda label: (label is None, label or ""))
    place = {label: number for number, label in enumerate(ordered)}
    codes = np.array([place[label] for label in labels], dtype=np.int64)
    shares = np.bincount(codes, minlength=len(ordered)) / max(len(labels), 1)
    return Level(name, codes, ordered, shares, words)


#: Small numbers in words.
_WORDS = ("no", "", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _said(count: int, what: str) -> str:
    return what if count == 1 else f"{_WORDS[count] if count < len(_WORDS) else count} {what}s"


@dataclass(frozen=True)
class Redact:
    """Characters of a code hidden one after the other, from one end."""

    side: str = "right"
    char: str = "*"
    step: int = 1
    length: int | None = None

    def levels(self, values: pd.Index, column: str) -> tuple[list[Level], float]:
        """Hide `step` more characters at each level."""
        texts = [text(value) for value in values]
        length = self.length or max((len(entry) for entry in texts), default=1)
        what = "digit" if all(entry.isascii() and entry.isdigit() for entry in texts) else "character"
        even = all(len(entry) == length for entry in texts)
        levels = [
            grouped(f"{n} hidden", [self._hide(entry, n) for entry in texts], self._words(n, length, what, even=even))
            for n in range(self.step, length, self.step)
        ]
        return [*levels, top(len(texts))], 1 / max(len(texts), 1)

    def _hide(self, entry: str, count: int) -> str:
        count = min(count, len(entry))
        stars = self.char * count
        return entry[: len(entry) - count] + stars if self.side == "right" else stars + entry[count:]

    def _words(self, hidden: int, length: int, what: str, *, even: bool) -> str:
        first, last = ("first", "last") if self.side == "right" else ("last", "first")
        if even:
            return f"{first} {_said(length - hidden, what)}"
        return f"all but the {last} {_said(hidden, what)}"

    def describe(self) -> list[str]:
        """Return one line per level."""
        return ["value", f"{self.step} more hidden from the {self.side} at each level", STAR]


@dataclass(frozen=True)
class Rare:
    """Values with few rows become one. It looks at counts, so it belongs to the exact side only."""

    other: str
    below: int

    def levels(self, values: pd.Index, column: str, counts: Sequence[int] | None = None) -> tuple[list[Level], float]:
        """Put the values with fewer than `below` rows into one group, a missing one included.

        Where that group has itself fewer rows, the next rarest value joins it, and so on: so no group is smaller, but
        where the column has fewer rows than that. Of values with as many rows the first by its text joins.
        """
        counts = counts if counts is not None else [self.below] * len(values)
        labels = [None if is_missing(value) else text(value) for value in values]
        order = sorted(
            range(len(labels)), key=lambda place: (counts[place], labels[place] is None, labels[place] or "")
        )
        rows = sum(count for count, label in zip(counts, labels, strict=True) if label == self.other)
        for place in order:
            if counts[place] >= self.below and not 0 < rows < self.below:
                break
            rows += 0 if labels[place] == self.other else counts[place]
            labels[place] = self.other
        words = f"values with fewer than {self.below} rows as one"
        return [grouped("rare", labels, words), top(len(values))], 1 / max(len(values), 1)

    def describe(self) -> list[str]:
        """Return one line per level."""
        return ["value", f"values with fewer than {self.below} rows: {self.other}", STAR]


@dataclass(frozen=True)
class Function:
    """The value, or nothing of it."""

    def levels(self, values: pd.Index, column: str) -> tuple[list[Level], float]:
        """Return the one level at which all values are one."""
        return [top(len(values))], 1 / max(len(values), 1)

    def describe(self) -> list[str]:
        """Return one line per level."""
        return ["value", STAR]


PERIODS = ("day", "week", "month", "quarter", "year", "decade")
#: A day as ISO 8601 writes it, with or without a time of day: the one form of text that is not ambiguous.
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d.*)?", re.ASCII)


@dataclass(frozen=True)
class Dates:
    """Points in time by ever longer periods.

    Attributes
    ----------
    periods : tuple of str
        From short to long.
    format : str or None
        How dates are written that are texts or numbers, as `datetime.strptime` has it; None for ISO 8601.
    """

    periods: tuple[str, ...] = ("day", "month", "quarter", "year", "decade")
    format: str | None = None

    def levels(self, values: pd.Index, column: str) -> tuple[list[Level], float]:
        """Name the period of each value; ISO weeks nest in no month, which the search takes into account.

        An interval of time (pandas' Period) counts by its first day. It stays as it is where it is no shorter.
        """
        times = self._times(values, column)
        own = [_own_period(value) for value in values] if _are_intervals(values) else None
        levels = [
            grouped(period, _no_finer(_period_labels(times, period), period, values, own), period)
            for period in self.periods
        ]
        return [*levels, top(len(times))], 1 / max(len(times), 1)

    def _times(self, values: pd.Index, column: str) -> pd.DatetimeIndex:
        """Return the day of each value, in the time zone that it is told in."""
        import pandas as pd

        if isinstance(values, pd.DatetimeIndex):
            return values.tz_localize(None)
        found = [self._day(value) for value in values]
        if strange := sum(day is None for day in found):
            kind = f"values of type {values.inferred_type}"
            raise HierarchyError.dates(column, kind, count=strange, distinct=len(values), written=self.format)
        return pd.DatetimeIndex(np.array(found, dtype="M8[D]").astype("M8[s]"))

    def _day(self, value: Any) -> dt.date | int | None:
        """Return a day, or its number since 1970 in years that Python has not."""
        import pandas as pd

        if isinstance(value, pd.Period):
            return int(value.asfreq("D", how="start").ordinal)
        if isinstance(value, pd.Timestamp):  # has no `date` in such years
            value = value.tz_localize(None).to_datetime64()
        if isinstance(value, np.datetime64):
            return None if np.isnat(value) else _day_number(value)
        if isinstance(value, dt.date):
            return value.date() if isinstance(value, dt.datetime) else value
        if self.format is not None and isinstance(value, str | int | np.integer | float):
            try:
                return dt.datetime.strptime(text(value), self.format).date()
            except ValueError:
                return None
        return iso_day(value) if isinstance(value, str) else None

    def describe(self) -> list[str]:
        """Return one line per level."""
        return ["value", *self.periods, STAR]


def _are_intervals(values: Iterable[Any]) -> bool:
    import pandas as pd

    return isinstance(values, pd.PeriodIndex) or any(isinstance(value, pd.Period) for value in values)


def _own_period(value: Any) -> int:
    """Return the place among `PERIODS` of an interval's own length; below them all where it is shorter than a day."""
    import pandas as pd

    if not isinstance(value, pd.Period):
        return -1
    offsets = pd.tseries.offsets
    lengths = (offsets.Day, offsets.Week, offsets.MonthEnd, offsets.QuarterEnd, offsets.YearEnd)
    return lengths.index(type(value.freq)) if type(value.freq) in lengths else -1


def of_intervals(values: Iterable[Any]) -> Dates:
    """Return the periods, longer than they are themselves, by which intervals of time are told; weeks are none of them.

    Examples
    --------
    >>> import pandas as pd
    >>> of_intervals(pd.period_range("2026-01", periods=2, freq="Q")).periods
    ('year', 'decade')
    """
    longest = max(map(_own_period, values), default=-1)
    return Dates(tuple(period for period in Dates.periods if PERIODS.index(period) > longest))


def _no_finer(labels: list[str], period: str, values: Iterable[Any], own: list[int] | None) -> list[str]:
    """Return labels, but the value's own text where it is no shorter than the period: a quarter has no month."""
    if own is None:
        return labels
    place = PERIODS.index(period)
    return [label if it < place else text(value) for label, it, value in zip(labels, own, values, strict=True)]


def _day_number(value: np.datetime64) -> int:
    """Return a moment's day since 1970; NumPy's own conversion wraps around at the first moments that it has."""
    unit, step = np.datetime_data(value.dtype)
    if unit not in A_SECOND:
        return int(value.astype("M8[D]").astype(np.int64))
    return int(value.astype(np.int64)) * step // (86_400 * A_SECOND[unit])


def iso_day(value: str) -> dt.date | None:
    """Return the day of a date, or a date and time, that is written as ISO 8601 writes it; None for any other text.

    Examples
    --------
    >>> iso_day("2020-02-01"), iso_day("2020-02-01T23:30:00-05:00"), iso_day("01.02.2020"), iso_day("2020-02-30")
    (datetime.date(2020, 2, 1), datetime.date(2020, 2, 1), None, None)
    """
    if not _ISO.fullmatch(value):
        return None
    try:
        return dt.datetime.fromisoformat(value).date()
    except ValueError:
        return None


def _period_labels(times: pd.DatetimeIndex, period: str) -> list[str]:
    # By days and months of NumPy: pandas refuses years beyond 32 bits, as infinite moments of DuckDB have in seconds.
    days = times.asi8 // (86_400 * A_SECOND[times.unit])
    if period == "week":
        days = days - (days + 3) % 7 + 3  # the Thursday, whose year is the week's
    dates = days.astype("M8[D]")
    if period in ("day", "month", "year"):
        return np.datetime_as_string(dates.astype(f"M8[{period[0].upper()}]")).tolist()
    months = dates.astype("M8[M]").astype(np.int64)
    years = (months // 12 + 1970).tolist()
    if period == "week":
        weeks = (days - dates.astype("M8[Y]").astype("M8[D]").astype(np.int64)) // 7 + 1
        return [f"{year:04d}-W{week:02d}" for year, week in zip(years, weeks.tolist(), strict=True)]
    if period == "quarter":
        return [f"{year:04d}-Q{quarter}" for year, quarter in zip(years, (months % 12 // 3 + 1).tolist(), strict=True)]
    return [f"{year // 10 * 10:04d}s" for year in years]
