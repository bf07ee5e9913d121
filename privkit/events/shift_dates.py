"""Moving each subject's times by one secret offset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from privkit.events.key import Key, KeySource, as_key
from privkit.events.moment import EPOCHS, on_moments
from privkit.events.operation import Operation, Problem, by_problems, key_problems, paths_of
from privkit.events.path import parse_path
from privkit.events.walk import Change, Step, each_value_by, for_texts
from privkit.values.typed import typed

if TYPE_CHECKING:
    from privkit.events.run import Run

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

    op = "shift_dates"

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

        def mover(subject: Any) -> Change:
            drawn = int.from_bytes(hashed(run.subject(subject)), "big") % (2 * most) - most
            offset = timedelta(seconds=seconds * (drawn if drawn < 0 else drawn + 1))
            return on_moments(lambda moment: moment + offset, self.epoch, whole_days=whole_days)

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
    return ShiftDates(paths_of([path]), by, days, as_key(key), step, epoch)
