"""Dates and moments as texts, told as exactly as what is known of them warrants."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

#: To what a moment is told whose interval is at least so wide: the format, and its least step.
_TOLD = (
    (timedelta(days=4), "%Y-%m-%d", timedelta(days=1)),
    (timedelta(hours=4), "%Y-%m-%d %H:%M", timedelta(minutes=1)),
    (timedelta(minutes=4), "%Y-%m-%d %H:%M:%S", timedelta(seconds=1)),
)


def dates_text(value: object, lower: object, upper: object) -> tuple[str, str]:
    """Return a date and its interval as texts, told as exactly as the interval warrants, like any other number.

    The day is told of moments that may be off by two days, minutes of those that may be by two hours, seconds of those
    by two minutes. The lower end is told as the step in which it lies, the upper one as the end of its step, so that
    the interval that is told holds the one that is meant.

    Examples
    --------
    >>> import pandas as pd
    >>> dates_text(*map(pd.Timestamp, ("2013-07-02 17:28:19", "2013-06-23 10:42:14", "2013-07-12 00:14:23.5")))
    ('2013-07-02', '2013-06-23 to 2013-07-13')
    """
    if isinstance(value, datetime) and isinstance(lower, datetime) and isinstance(upper, datetime):
        for width, form, step in _TOLD:
            if upper - lower >= width:
                within = _cut(upper, form) == _cut(upper - _LEAST, form) or getattr(upper, "nanosecond", 0) > 0
                last = _cut(upper + step if within else upper, form)
                return _cut(value, form), f"{_cut(lower, form)} to {last}"
    return day_text(value), f"{day_text(lower)} to {day_text(upper)}"


#: Less than any moment's own step.
_LEAST = timedelta(microseconds=1)


def _cut(moment: datetime, form: str) -> str:
    """Return a moment in a format, with its offset where it has one that counts."""
    offset = "" if form.endswith("%d") else f"{moment:%z}"
    return f"{moment:{form}}{offset[:3]}{':' * bool(offset)}{offset[3:]}"


def day_text(value: object) -> str:
    """Return a date as text; a moment at midnight as its day."""
    if isinstance(value, datetime):
        return str(value.date()) if value == value.normalize() else str(value)  # type: ignore[attr-defined]
    return value.isoformat() if isinstance(value, date) else str(value)


def day_within(value: object, width: timedelta) -> str:
    """Return a date, and how far it may be off, rounded up: hours, minutes and seconds, or from two days on days.

    What is told holds all that may be: by what the moment was cut, the error is wider.

    Examples
    --------
    >>> import pandas as pd
    >>> morning = pd.Timestamp("2026-03-01 08:30")
    >>> day_within(date(2026, 3, 1), timedelta(days=4)), day_within(morning, timedelta(hours=2))
    ('2026-03-01 ± 4 days', '2026-03-01 08:30 ± 2:00:00')
    >>> day_within(morning, timedelta(days=53, hours=12)), day_within(morning, timedelta(days=53, hours=16))
    ('2026-03-01 ± 54 days', '2026-03-01 ± 55 days')
    """
    told = day_text(value)
    if isinstance(value, datetime):
        for least, form, step in _TOLD:
            if 2 * width >= least:
                told = _cut(value, form)
                wall = value.tz_localize(None)  # type: ignore[attr-defined]
                width += wall - wall.floor(step)
                break
    if width < timedelta(days=2) and width % _DAY:
        minutes, seconds = divmod(math.ceil(width.total_seconds()), 60)
        return f"{told} ± {minutes // 60}:{minutes % 60:02}:{seconds:02}"
    days = -(-width // _DAY)
    return f"{told} ± {days:,} day{'s' * (days != 1)}"


_DAY = timedelta(days=1)
