"""Persons within calendar windows: one person in one quarter is a unit of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.ids import Persons, persons, spread
from privkit.values.unit import PrivacyUnit

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: How many of each unit of time are in a day.
_A_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
#: No window: the row's date is missing.
_NONE = np.iinfo(np.int64).min


def unit_columns(unit: str | PrivacyUnit | None) -> tuple[str, ...]:
    """Return the columns that tell units apart."""
    if unit is None:
        return ()
    return (unit,) if isinstance(unit, str) else unit.columns


def units(table: pd.DataFrame, unit: str | PrivacyUnit) -> Persons:
    """Return the unit of each row: its person, or its person within its window.

    A row without an id or a date is of no unit. Two rows are of one unit if their ids are equal and their dates lie in
    one window, whatever else is in the table; the keyed hash is that of (id, window), so it depends on nobody else.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2026-01-01", "2026-03-31", "2026-04-01", None])
    >>> calls = pd.DataFrame({"who": ["a", "a", "a", "a"], "on": days})
    >>> units(calls, PrivacyUnit("who", "quarter", "on")).codes.tolist()
    [0, 0, 1, -1]
    """
    import pandas as pd

    if isinstance(unit, str) or unit.time is None or unit.per is None:
        column = unit if isinstance(unit, str) else unit.column
        assert column is not None
        return persons(table[column])
    assert unit.column is not None
    who, window = persons(table[unit.column]), windows(table[unit.time], unit.per)
    known = (who.codes >= 0) & (window != _NONE)
    codes, distinct = pd.factorize(window[known])
    pairs, pair = pd.factorize(who.codes[known] * max(len(distinct), 1) + codes)
    found = np.full(len(window), -1, dtype=np.int64)
    found[known] = pairs
    person_of, window_of = np.divmod(pair.astype(np.int64, copy=False), max(len(distinct), 1))

    def hashed(of: NDArray[np.int64], salt: bytes) -> NDArray[np.uint64]:
        key = np.frombuffer(salt, dtype="<u8", count=2)[1]
        own = spread(distinct[window_of[of]].astype(np.int64).view(np.uint64) ^ key)
        return spread(who.hashed(person_of[of], salt) ^ own)

    return Persons(found, hashed)


def windows(column: pd.Series, per: str) -> NDArray[np.int64]:
    """Return the number of each date's window, counted from 1970; the least integer where the date is missing.

    A date with a time zone lies in the window of its own local time. No date is out of range.

    Examples
    --------
    >>> import pandas as pd
    >>> windows(pd.Series(pd.to_datetime(["1970-01-01", "1969-12-28", "2026-11-25"])), "week").tolist()
    [0, -1, 2969]
    """
    days = _days(column)
    missing = np.isnat(days)
    if per == "week":
        number = (days.astype(np.int64) + 3) // 7  # 1970 began on a Thursday
    elif per == "day":
        number = days.astype(np.int64)
    else:
        months = days.astype("datetime64[M]").astype(np.int64)
        number = months // {"month": 1, "quarter": 3, "year": 12}[per]
    return np.where(missing, _NONE, number)


def _days(column: pd.Series) -> NDArray[np.datetime64]:
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype) or getattr(
        getattr(column.dtype, "pyarrow_dtype", None), "tz", None
    ):
        column = column.dt.tz_localize(None)
    if column.dtype.kind == "M" and isinstance(column.dtype, np.dtype):
        stamps = column.to_numpy()
        days = stamps.astype(np.int64) // _A_DAY[np.datetime_data(stamps.dtype)[0]]  # NumPy's own cast can overflow
        return np.where(np.isnat(stamps), np.datetime64("NaT"), days.astype("datetime64[D]"))
    missing, values = column.isna().to_numpy(), column.to_numpy(dtype=object)  # of Arrow, or Python's own
    return np.where(
        missing, np.datetime64("NaT"), np.where(missing, np.datetime64(0, "D"), values).astype("datetime64[D]")
    )
