"""Dates by ever longer periods."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.anonymity import HierarchyError
from privkit.transform.hierarchies.ladder import STAR, Level, text, top
from privkit.transform.hierarchies.rules import grouped

if TYPE_CHECKING:
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
        """Name the period of each value; ISO weeks nest in no month, which the search takes into account."""
        times = self._times(values, column)
        levels = [grouped(period, _period_labels(times, period), period) for period in self.periods]
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

    def _day(self, value: Any) -> dt.date | None:
        if isinstance(value, np.datetime64):
            return None if np.isnat(value) else value.astype("M8[D]").astype(object)
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
    years = times.year.tolist()
    if period in ("day", "month", "year"):
        return np.datetime_as_string(times.to_numpy().astype(f"M8[{period[0].upper()}]")).tolist()
    if period == "week":
        parts = times.isocalendar()
        return [f"{year:04d}-W{week:02d}" for year, week in zip(parts["year"], parts["week"], strict=True)]
    if period == "quarter":
        return [f"{year:04d}-Q{quarter}" for year, quarter in zip(years, times.quarter.tolist(), strict=True)]
    return [f"{year // 10 * 10:04d}s" for year in years]
