"""Times in events: ISO 8601 text, numbers since 1970, and the date types of frames, each given back in its own form.

Coarser times: the start of the minute, hour, day, week, month, quarter or year.

Moving each subject's times by one secret offset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from privkit.events.operations.operation import Operation, Problem, ValueOperation, by_problems, key_problems, paths_of
from privkit.events.run.plain import Unfit
from privkit.events.run.walk import Change, Step, each_value_by, for_texts, parse_path
from privkit.events.secrets.key import Key, KeySource, as_key
from privkit.values.arguments import typed

if TYPE_CHECKING:
    from privkit.events.run.run import Run
    from privkit.events.run.walk import Change, FieldPath


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
        if epoch is None and isinstance(value, int | float) and not isinstance(value, bool):
            raise Unfit(f"{_NEEDED} is needed, but it is a number: if it counts from 1970, say epoch='s', 'ms' or 'us'")
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
        yield from _zone_problem(self.tz)

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
    """Replace a time by the start of its minute, hour, day, week (Monday), month, quarter or year.

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


def _zone_problem(tz: object) -> Iterator[Problem]:
    """Yield a problem if `tz` is given and names no time zone."""
    if tz is not None:
        try:
            ZoneInfo(tz)  # type: ignore[arg-type]
        except (KeyError, ValueError, TypeError, OSError):  # ZoneInfoNotFoundError is a KeyError
            yield "tz", "must be the name of a time zone, as 'Europe/Berlin'"


def _moved(moment: datetime, offset: timedelta, zone: ZoneInfo | None, whole_days: bool) -> datetime:
    """Return a moved time without the true day's offset from UTC, which tells summer from winter."""
    if type(moment) is not datetime or moment.tzinfo is None:  # a frame's column has its zone in its type
        return moment + offset
    if zone is not None:
        if not whole_days:
            return (moment.astimezone(UTC) + offset).astimezone(zone)
        local = (moment.astimezone(zone).replace(tzinfo=None) + offset).replace(tzinfo=zone)
        return local.astimezone(UTC).astimezone(zone)  # an hour that is left out on the new day is the one after it
    return moment + offset if not moment.utcoffset() else (moment + offset).astimezone(UTC)


_DOMAIN = b"privkit.events/shift/1"
_STEPS = {"week": 604_800, "day": 86_400, "hour": 3600, "minute": 60, "second": 1}


@dataclass(frozen=True)
class ShiftDates(Operation):
    """Moves all times of one subject by one offset."""

    paths: tuple[str, ...]
    by: str
    days: int
    key: Key | KeySource | None = None
    step: str = "day"
    epoch: str | None = None
    tz: str | None = None

    op = "shift_dates"
    _hides_by = "times"

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        yield from key_problems(self.key)
        if not isinstance(self.by, str):
            yield "by", "must be the path of the subject"
        else:
            yield from by_problems(self.targets(), self.by)
        if self.step not in _STEPS:
            yield "step", f"must be one of {', '.join(_STEPS)}"
        whole = isinstance(self.days, int) and not isinstance(self.days, bool)
        if not whole or not 1 <= self.days <= 36_500:
            yield "days", "must be a whole number from 1 to 36500"
        elif self.days * 86_400 < _STEPS.get(self.step, 0):
            yield "days", f"must reach one {self.step} at least"
        if self.epoch is not None and self.epoch not in EPOCHS:
            yield "epoch", f"must be one of {', '.join(EPOCHS)}"
        yield from _zone_problem(self.tz)

    def phrase(self) -> str:
        """Return what becomes of a field."""
        return (
            f"moved by one secret offset of whole {self.step}s within ±{self.days} days for each {self.by}, {self.key}"
        )

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return one step per path."""
        hashed, by, seconds = run.key(self.key).hasher(_DOMAIN), parse_path(self.by), _STEPS[self.step]
        most = self.days * 86_400 // seconds
        whole_days = seconds % 86_400 == 0
        zone = ZoneInfo(self.tz) if self.tz else None

        def mover(subject: Any) -> Change:
            drawn = int.from_bytes(hashed(run.subject(subject)), "big") % (2 * most) - most
            offset = timedelta(seconds=seconds * (drawn if drawn < 0 else drawn + 1))
            moved = partial(_moved, offset=offset, zone=zone, whole_days=whole_days)
            return on_moments(moved, self.epoch, whole_days=whole_days)

        of_subject = for_texts(mover)

        def change(value: Any, subject: Any, at: tuple[int, ...]) -> Any:
            return of_subject(subject)(value)

        return [run.told(each_value_by(path, by, change, count), path, self) for path in self.parsed()]


@typed
def shift_dates(
    path: str | Sequence[str],
    *,
    by: str,
    days: int,
    key: bytes | Key | KeySource | None = None,
    step: Literal["week", "day", "hour", "minute", "second"] = "day",
    epoch: Literal["s", "ms", "us"] | None = None,
    tz: str | None = None,
) -> ShiftDates:
    """Move all times of one subject by one secret offset, so that order and spacing within the subject stay.

    The offset is drawn by HMAC-SHA-256(key, domain | subject), uniformly among the 2 n whole steps within ±`days`
    that are not zero: the same for a subject in all fields, runs and rules of one key. An event without a subject is
    moved by an offset of its own, drawn by its position.

    What remains: intervals within a subject, which can single it out; and for large groups of subjects the calendar,
    but for the width of the offset. Who knows one true date of a subject knows them all.

    Parameters
    ----------
    path : str or sequence of str
        Fields that hold a time each.
    by : str
        The subject's field: a customer, not an order. It is read when the rule's turn comes.
    days : int
        The largest offset, in days, either way.
    key : bytes, Key or KeySource
        At least 32 random bytes.
    step : {"day", "week", "hour", "minute", "second"}
        Offsets are whole multiples of it. Days keep the time of day, weeks the day of the week too.
    epoch : {"s", "ms", "us"}, optional
        What numbers count, since 1970 in UTC.
    tz : str, optional
        The zone of the times, as ``"Europe/Berlin"``: whole days keep the time of day there, and a time has the offset
        that the zone has on its new day, so that intervals may differ by an hour where clocks were changed. Without
        it, a time with an offset comes out in UTC: the offset of the true day would tell its half of the year.

    Returns
    -------
    ShiftDates

    Examples
    --------
    >>> from privkit import events as ev
    >>> key = bytes(range(32))                        # public: never use it for data
    >>> recipe = ev.Recipe([ev.shift_dates("on", by="who", days=30, key=key), ev.drop("who")])
    >>> visits = [{"who": "Ada", "on": "2024-02-28"}, {"who": "Ada", "on": "2024-03-01"}]
    >>> recipe.apply(visits).events
    [{'on': '...'}, {'on': '...'}]
    """
    return ShiftDates(paths_of([path]), by, days, as_key(key), step, epoch, tz)
