"""Times in events: ISO 8601 text, numbers since 1970, and the date types of frames, each given back in its own form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from privkit.events.unfit import Unfit
from privkit.events.walk import Change

#: Ticks in a second of numbers that count from 1970.
EPOCHS = {"s": 1, "ms": 1000, "us": 1_000_000}
_NEEDED = "a time as ISO 8601 text"


def on_moments(move: Callable[[datetime], datetime], epoch: str | None = None, *, whole_days: bool = False) -> Change:
    """Return a function that moves a time and gives it back in the form in which it came.

    Parameters
    ----------
    move : callable
        From datetime to datetime.
    epoch : {"s", "ms", "us"}, optional
        What numbers count, since 1970 in UTC; numbers do not fit without it.
    whole_days : bool
        Whether `move` keeps the time of day, so that a plain date can be moved without loss.
    """

    def change(value: Any) -> Any:
        try:
            if type(value) is str:
                return _usual(value, move) or _text(value, move, whole_days)
            if isinstance(value, datetime):
                return move(value)
            if isinstance(value, date):
                return _day(value, move, whole_days)
            if epoch is not None and isinstance(value, int | float) and not isinstance(value, bool):
                return _number(value, move, EPOCHS[epoch])
        except OverflowError:
            raise Unfit("the time leaves the years 1 to 9999") from None
        raise Unfit.of(_NEEDED if epoch is None else f"{_NEEDED} or a number since 1970", value)

    return change


def _usual(text: str, move: Callable[[datetime], datetime]) -> str | None:
    """Return the moved time for the form that most events have, 2024-05-16T13:47:21Z; None for others."""
    if len(text) == 20 and text[10] == "T" and text[19] == "Z":
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        moved = move(moment).isoformat()
        return f"{moved[:-6]}Z" if moved.endswith("+00:00") else moved
    return None


def _text(text: str, move: Callable[[datetime], datetime], whole_days: bool) -> str:
    moment = _read(text)
    if len(text) == 10 and text[4] == "-":
        return _day(moment.date(), move, whole_days).isoformat()
    moved = move(moment).isoformat(sep=" " if text[10:11] == " " else "T")
    return f"{moved[:-6]}Z" if text[-1] in "Zz" and moved.endswith("+00:00") else moved


def _read(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise Unfit("a time as ISO 8601 text is needed, but it is another text")


def _day(day: date, move: Callable[[datetime], datetime], whole_days: bool) -> date:
    if not whole_days:
        raise Unfit("a time with hours is needed, but it is a date alone")
    return move(datetime.combine(day, time())).date()


def _number(value: float, move: Callable[[datetime], datetime], ticks: int) -> int | float:
    moved = move(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value / ticks))
    since = (moved - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1) * ticks / 1_000_000
    return round(since) if isinstance(value, int) else since
