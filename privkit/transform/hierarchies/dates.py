"""Dates by ever longer periods."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.anonymity import HierarchyError
from privkit.tally.cells.calendar import A_SECOND
from privkit.transform.hierarchies.ladder import STAR, Level, text, top
from privkit.transform.hierarchies.rules import grouped

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

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
