"""Coarser times: the start of the minute, hour, day, week, month, quarter or year."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from privkit.events.moment import EPOCHS, on_moments
from privkit.events.operation import Problem, ValueOperation, paths_of
from privkit.values.typed import typed

if TYPE_CHECKING:
    from privkit.events.path import FieldPath
    from privkit.events.run import Run
    from privkit.events.walk import Change


def _monday(moment: datetime) -> datetime:
    return _midnight(moment) - timedelta(days=moment.weekday())


def _whole(moment: datetime) -> datetime:
    """Return the moment without nanoseconds, which pandas' type has."""
    return moment if type(moment) is datetime or not getattr(moment, "nanosecond", 0) else moment.replace(nanosecond=0)  # type: ignore[call-arg]


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


_UNITS: dict[str, Callable[[datetime], datetime]] = {
    "second": lambda moment: moment.replace(microsecond=0),
    "minute": lambda moment: moment.replace(second=0, microsecond=0),
    "hour": lambda moment: moment.replace(minute=0, second=0, microsecond=0),
    "day": _midnight,
    "week": _monday,
    "month": lambda moment: _midnight(moment.replace(day=1)),
    "quarter": lambda moment: _midnight(moment.replace(month=moment.month - (moment.month - 1) % 3, day=1)),
    "year": lambda moment: _midnight(moment.replace(month=1, day=1)),
}


#: In 2024-05-16T13:47:21Z: how many characters stay, and what stands in the place of the others.
_ENDS = {
    "second": (19, "Z"),
    "minute": (17, "00Z"),
    "hour": (14, "00:00Z"),
    "day": (11, "00:00:00Z"),
    "month": (8, "01T00:00:00Z"),
    "year": (5, "01-01T00:00:00Z"),
}


def _cut(stay: int, end: str, change: Change) -> Change:
    """Return the same function, which cuts the form that most events have without writing it anew."""

    def cut(value: Any) -> Any:
        if type(value) is str and len(value) == 20 and value[4:17:3] == "--T::" and value[19] == "Z":
            try:
                datetime.fromisoformat(value)
            except ValueError:
                return change(value)  # which tells what is wrong
            return value[:stay] + end
        return change(value)

    return cut


@dataclass(frozen=True)
class TruncateTime(ValueOperation):
    """Puts the start of the hour, day, week ... in the place of a time."""

    paths: tuple[str, ...]
    unit: str = "day"
    tz: str | None = None
    epoch: str | None = None

    op = "truncate_time"

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        if self.unit not in _UNITS:
            yield "unit", f"must be one of {', '.join(_UNITS)}"
        if self.epoch is not None and self.epoch not in EPOCHS:
            yield "epoch", f"must be one of {', '.join(EPOCHS)}"
        if self.tz is not None:
            try:
                ZoneInfo(self.tz)
            except (KeyError, ValueError, TypeError, OSError):  # ZoneInfoNotFoundError is a KeyError
                yield "tz", "must be the name of a time zone, as 'Europe/Berlin'"

    def phrase(self) -> str:
        """Return what becomes of a field."""
        return f"truncated to the {self.unit}{f' in the zone {self.tz}' if self.tz else ''}"

    def change(self, run: Run, path: FieldPath) -> Change:
        """Return the function from value to value."""
        start = _UNITS[self.unit]
        zone = ZoneInfo(self.tz) if self.tz else None

        if zone is None:
            change = on_moments(lambda moment: start(_whole(moment)), self.epoch, whole_days=True)
            return _cut(*_ENDS[self.unit], change) if self.unit in _ENDS else change

        def move(moment: datetime) -> datetime:
            return start(_whole(moment if moment.tzinfo is None else moment.astimezone(zone)))

        return on_moments(move, self.epoch, whole_days=True)


@typed
def truncate_time(
    path: str | Sequence[str],
    unit: Literal["second", "minute", "hour", "day", "week", "month", "quarter", "year"],
    *,
    tz: str | None = None,
    epoch: Literal["s", "ms", "us"] | None = None,
) -> TruncateTime:
    """Put the start of the minute, hour, day, week (Monday), month, quarter or year in the place of a time.

    A time comes back in the form in which it came: ISO 8601 text as text (a "Z" stays where the zone does), a number
    since 1970 as a number, a date as a date.

    Parameters
    ----------
    path : str or sequence of str
        Fields that hold a time each.
    unit : str
        How coarse.
    tz : str, optional
        The zone whose days and hours count, as ``"Europe/Berlin"``; by default that of the time itself. Times without
        a zone are taken as local.
    epoch : {"s", "ms", "us"}, optional
        What numbers count, since 1970 in UTC.

    Returns
    -------
    TruncateTime

    Examples
    --------
    >>> from privkit import events as ev
    >>> event = {"time": "2024-03-31T22:30:05Z", "on": "2024-03-31"}
    >>> ev.Recipe([ev.truncate_time("time", "hour"), ev.truncate_time("on", "month")]).apply([event]).events
    [{'time': '2024-03-31T22:00:00Z', 'on': '2024-03-01'}]
    >>> ev.Recipe([ev.truncate_time("time", "day", tz="Europe/Berlin"), ev.drop("on")]).apply([event]).events
    [{'time': '2024-04-01T00:00:00+02:00'}]
    """
    return TruncateTime(paths_of([path]), unit, tz, epoch)
