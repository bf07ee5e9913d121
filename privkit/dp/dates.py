"""Answers that are dates: counts of a column's unit, told as the dates that they count to.

What the ends of intervals are called in the frame of a release, and how an accuracy is told.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.cells import DATE
from privkit.values.exact import as_typed
from privkit.values.writing import error_percent, error_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from privkit.dp.statistics.statistic import Statistic
    from privkit.tally.cells.cells import Kind
    from privkit.values.keys import Keys


_EPOCH = date(1970, 1, 1)
#: A count that is no date by itself, as the middle between two is, becomes the one below or above it.
_DOWN, _UP = np.floor, np.ceil


def told_dates(kind: Kind, counts: NDArray[Any], *, up: bool = False) -> Any:
    """Return counts of a kind's unit as dates, or as pandas' datetimes in the kind's time zone.

    Parameters
    ----------
    up : bool
        Whether what lies between two counts becomes the later one; an interval's upper end does, so that it holds what
        it held.

    Examples
    --------
    >>> from privkit.tally.cells.cells import Kind
    >>> told_dates(Kind("date", "D"), np.array([20454.0, 20454.5])).tolist()
    [datetime.date(2026, 1, 1), datetime.date(2026, 1, 1)]
    """
    whole = [int(each) for each in (_UP if up else _DOWN)(np.asarray(counts, dtype=np.float64))]
    if kind.name == DATE:
        found = np.empty(len(whole), dtype=object)
        found[:] = [_EPOCH + timedelta(days=each) for each in whole]
        return found
    import pandas as pd

    moments = pd.DatetimeIndex(np.array(whole, dtype=np.int64).view(f"datetime64[{kind.unit}]"))
    if kind.zone:
        moments = moments.tz_localize("UTC")
        with suppress(KeyError, ValueError, TypeError):  # a zone that pandas writes otherwise: the moments are the same
            moments = moments.tz_convert(kind.zone)
    return moments.array


def told_date(kind: Kind, count: float) -> str:
    """Return one count as the text of its date."""
    found = told_dates(kind, np.array([count]))[0]
    return found.isoformat() if kind.name == DATE else str(found)


def ends(candidates: Sequence[float], dates: Kind | None) -> str:
    """Return from where to where public candidates go, as dates where they count these.

    Examples
    --------
    >>> from privkit.tally.cells.cells import Kind
    >>> ends((20454.0, 20484.0), None), ends((20454.0, 20484.0), Kind("date", "D"))
    ('from 20454 to 20484', 'from 2026-01-01 to 2026-01-31')
    """
    first, last = (as_typed(end) if dates is None else told_date(dates, end) for end in (candidates[0], candidates[-1]))
    return f"from {first} to {last}"


def notes_of_moments(keys: Keys) -> tuple[str, ...]:
    """Return which columns' keys are days that stand for their first moment alone: a day's other rows have none.

    Examples
    --------
    >>> from datetime import datetime
    >>> from privkit.values.keys import Keys
    >>> notes_of_moments(Keys(("t",), ((datetime(2026, 1, 5),),)))[0][:58]
    "keys of 't' are moments, all of them midnight: rows of any"
    """
    told = []
    for place, column in enumerate(keys.by):
        moments = [value for key in keys.values if isinstance(value := key[place], datetime)]
        if moments and all(each.time() == time.min and not getattr(each, "nanosecond", 0) for each in moments):
            way = f"pk.cut({column!r}, every='day', start=..., end=...)"
            told.append(
                f"keys of {column!r} are moments, all of them midnight: rows of any other time of those days have no "
                f"key; whole days are counted by a derived column, {way}"
            )
    return tuple(told)


def limit_names(name: str, first: str) -> tuple[str, str]:
    """Return the columns of a number's interval; those of the release's `first` number have no name in front.

    Examples
    --------
    >>> limit_names("mean", "mean"), limit_names("count", "mean")
    (('lower', 'upper'), ('count_lower', 'count_upper'))
    """
    prefix = "" if name == first else f"{name}_"
    return f"{prefix}lower", f"{prefix}upper"


def limits_in(frame: pd.DataFrame, name: str, first: str) -> tuple[pd.Series, pd.Series] | None:
    """Return both columns of a number's interval; None where it has no interval."""
    lower, upper = limit_names(name, first)
    return (frame[lower], frame[upper]) if lower in frame else None


def accuracy_told(asked: Statistic, width: float | None) -> str:
    """Return an accuracy in what it is told: the answer's unit, ranks, rows, or counts of bins; "" for none."""
    if width is None:
        return ""
    if asked.of_ranks:
        return f"± {error_percent(width)} of ranks"
    if asked.falls_short:
        return f"none short by more than {error_text(width)} rows"
    return f"by counts of bins ± {error_text(width)}" if asked.of_bins else f"± {error_text(width)}"
