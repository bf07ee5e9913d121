"""Keeping a random share of the events, or of the subjects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privkit.events.operations.operation import Operation, Problem, number_problem, path_problems
from privkit.events.run.walk import Step, parse_path, reader
from privkit.events.secrets.key import Key, KeySource, as_key
from privkit.values.arguments import typed

if TYPE_CHECKING:
    from privkit.events.run.run import Run

_DOMAIN = b"privkit.events/sample/1"
_PRECISION = 2**53


@dataclass(frozen=True)
class Sample(Operation):
    """Keeps each event, or all events of a subject, with one probability."""

    share: float
    by: str | None = None
    key: Key | KeySource | None = None

    op = "sample"

    def targets(self) -> tuple[str, ...]:
        """Return no path: fields stay as they are."""
        return ()

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from number_problem("share", self.share, 0, 1, open_low=True)
        if (self.key is None) != (self.by is None):
            yield "by", "and key go together: whole subjects are kept by HMAC(key, subject)"
        if self.key is not None and not isinstance(self.key, Key | KeySource):
            yield "key", "must be bytes, an ev.Key or an ev.KeySource"
        if self.by is not None:
            yield from path_problems("by", self.by)
            if isinstance(self.by, str) and "[]" in self.by:
                yield "by", "lies in a list; name one field of the event"

    def phrase(self) -> str:
        """Return what becomes of the events."""
        what = f"all events of a {self.by}" if self.by else "each event"
        return f"{what} kept with probability {self.share:g}"

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return the step that drops the others; counts those that were dropped."""
        key = run.key(self.key) if self.key is not None else None
        read = reader(parse_path(self.by)) if self.by is not None else None
        below = round(self.share * _PRECISION)

        def step(event: dict[str, Any]) -> bool:
            parts = () if read is None else (_DOMAIN, run.subject(read(event)))
            if run.draw(key, _PRECISION, *parts) < below:
                return True
            count[0] += 1
            return False

        return [step if self.by is None else run.told(step, parse_path(self.by), self)]


@typed
def sample(share: float, *, by: str | None = None, key: bytes | Key | KeySource | None = None) -> Sample:
    """Keep each event with one probability; with `by`, all events of a subject or none.

    Parameters
    ----------
    share : float
        The probability, above 0 and up to 1.
    by : str, optional
        The subject's field, outside lists; goes with `key`. It is read when the rule's turn comes. An event without a
        subject is drawn by its position.
    key : bytes, Key or KeySource, optional
        At least 32 random bytes. Without it, events are drawn from the system's randomness, anew in every run.

    Returns
    -------
    Sample

    Examples
    --------
    >>> from privkit import events as ev
    >>> recipe = ev.Recipe([ev.sample(0.5, by="who", key=bytes(range(32))), ev.keep("who")])
    >>> len(recipe.apply([{"who": "Ada"}] * 10).events) in (0, 10)
    True
    """
    return Sample(share, by, as_key(key))
