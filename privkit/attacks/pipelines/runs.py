"""One run of a function: what it drew, what entered its noise, and what it answered; recorded, or played back."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.attacks.pipelines.noise import Term, noise, summed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Kinds of noise whose law is known to the audit, once it is added to a value.
LAWS = ("laplace", "normal", "two-sided geometric")


@dataclass(frozen=True, eq=False)
class Draw:
    """One call that drew numbers.

    Attributes
    ----------
    kind : str
        The method's name, as ``"laplace"``; ``"raw"`` where it says nothing about what is done with them.
    scale : array of float64
        Of Laplace and exponential noise the scale, of normal noise σ, of geometric the chance p; as the numbers.
    result : object
        What was drawn, plain.
    asked : str
        What it was asked with, where a run that is played back must ask the same.
    """

    kind: str
    scale: Floats
    result: Any
    asked: str = ""

    @property
    def fine(self) -> bool:
        """Whether two draws are the same by a seed alone: of whole numbers they often are by chance."""
        drawn = np.asarray(self.result)
        return self.kind != "geometric" and drawn.dtype.kind == "f" and bool((drawn != np.round(drawn)).any())


@dataclass(eq=False)
class Entry:
    """A value, or many, where it met noise.

    Attributes
    ----------
    kind : str
        One of `LAWS`; ``"choice"`` for a choice by chances, ``"mechanism"`` for one of a library; else no law is known.
    value : array of float64 or object
        What entered: for a choice the chances, for a mechanism its argument.
    scale : array of float64
    total : object
        What came out.
    drawn : tuple of (int, int)
        Which drawn numbers it met.
    mechanism : object
        A library's, which tells its own loss.
    name : str
    """

    kind: str
    value: Any
    scale: Floats
    total: Any
    drawn: tuple[tuple[int, int], ...] = ()
    terms: tuple[Term, ...] = ()
    mechanism: Any = None
    name: str = ""


@dataclass(eq=False)
class Run:
    """What happens while a function runs; `script` is the run that is played back.

    Attributes
    ----------
    draws, entries : list
    strayed : bool
        Whether it asked for other noise than the run that is played back.
    seeds : int
        How often a seed was set to a number.
    """

    script: Run | None = None
    draws: list[Draw] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    strayed: bool = False
    seeds: int = 0
    answer: Any = None
    raised: str = ""

    def drew(self, kind: str, scale: Any, result: Any, asked: str = "") -> Any:
        """Return what was drawn, or what was recorded in its place."""
        place = len(self.draws)
        if self.script is not None:
            before = self.script.draws[place] if place < len(self.script.draws) else None
            if before is None or (before.kind, before.asked, np.shape(before.result)) != (
                kind,
                asked,
                np.shape(result),
            ):
                self.strayed = True
            else:
                result = before.result
        self.draws.append(Draw(kind, np.broadcast_to(np.asarray(scale, dtype=float), np.shape(result)), result, asked))
        if kind == "raw":
            return _copied(result)
        places = np.arange(int(np.size(result))).reshape(np.shape(result))
        return noise(result, [Term(place, places, np.ones(np.shape(result)))], self)

    def meets(self, value: Any, drawn: Any, terms: Sequence[Term]) -> Any:
        """Note a value that meets noise, and return the sum."""
        total = value + drawn
        kind, scale = self._law(terms, np.shape(total))
        given = np.broadcast_to(np.asarray(value, dtype=float), np.shape(total)).copy()
        entry = Entry(kind, given, scale, total, _met(terms, np.shape(total)), tuple(terms))
        told = self.enters(entry)
        return summed(told, entry) if kind in ("geometric", "exponential") else told

    def joins(self, entry: Entry, drawn: Any, terms: Sequence[Term]) -> Any:
        """Note more noise where a value met some before, and return the sum."""
        place = self.entries.index(entry)
        total = entry.total + drawn
        entry.terms = (*entry.terms, *terms)
        entry.kind, entry.scale = self._law(entry.terms, np.shape(total))
        entry.drawn += _met(terms, np.shape(total))
        before = self._before(place)
        entry.total = total if before is None else before.total
        return _copied(entry.total)

    def enters(self, entry: Entry) -> Any:
        """Note what enters noise, and return what comes out: of a run that is played back, what was recorded."""
        place = len(self.entries)
        self.entries.append(entry)
        before = self._before(place)
        if before is not None and np.shape(before.total) == np.shape(entry.total):
            entry.total = before.total
        return _copied(entry.total)

    def _before(self, place: int) -> Entry | None:
        return self.script.entries[place] if self.script is not None and place < len(self.script.entries) else None

    @property
    def follows(self) -> bool:
        """Whether it went as the run that is played back: the same draws, and values that enter in the same places."""
        if self.script is None:
            return True
        one, other = self.entries, self.script.entries
        if self.strayed or len(one) != len(other) or len(self.draws) != len(self.script.draws):
            return False
        return all(map(_alike, one, other))

    def _law(self, terms: Sequence[Term], shape: tuple[int, ...]) -> tuple[str, Floats]:
        """Return the law of a sum of drawn numbers, and its scale."""
        kinds = {self.draws[term.draw].kind for term in terms}
        each = [
            np.broadcast_to(np.abs(term.factor) * self.draws[term.draw].scale.ravel()[term.places], shape)
            for term in terms
        ]
        if len(kinds) > 1:
            return "several", np.ones(shape)
        kind = kinds.pop()
        if kind == "normal":
            return kind, np.sqrt(np.sum(np.square(each), axis=0))
        if len(terms) == 1:
            return kind, each[0]
        opposite = len(terms) == 2 and bool((terms[0].factor == -terms[1].factor).all())
        if kind == "exponential" and opposite and (each[0] == each[1]).all():
            return "laplace", each[0]
        if kind == "geometric" and opposite and (each[0] == each[1]).all():
            chance = np.broadcast_to(self.draws[terms[0].draw].scale.ravel()[terms[0].places], shape)
            with np.errstate(divide="ignore"):
                return "two-sided geometric", np.abs(terms[0].factor) / -np.log1p(-chance)
        return "several", np.ones(shape)

    @property
    def unmet(self) -> bool:
        """Whether numbers were drawn that met no value in sight: what was done with them is not known."""
        met = {draw for entry in self.entries for draw, _ in entry.drawn}
        return any(place not in met for place, draw in enumerate(self.draws) if draw.kind != "noted")


def _copied(total: Any) -> Any:
    """Return what a function may change, so that what was noted stays."""
    return total.copy() if isinstance(total, np.ndarray) else total


def _met(terms: Sequence[Term], shape: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((term.draw, int(place)) for term in terms for place in np.broadcast_to(term.places, shape).ravel())


def _alike(one: Entry, other: Entry) -> bool:
    if (one.kind, one.name) != (other.kind, other.name) or one.drawn != other.drawn:
        return False
    return one.kind == "mechanism" or np.shape(one.value) == np.shape(other.value)


#: The run of this thread that is under way, and None inside of a mechanism that was noted as a whole.
_under_way: ContextVar[Run | None] = ContextVar("privkit_run", default=None)


def under_way() -> Run | None:
    """Return the run that is under way in this thread."""
    return _under_way.get()


class Within:
    """For the time of a block, another run is under way in this thread, or none."""

    def __init__(self, run: Run | None) -> None:
        self.run = run
        self.token: Any = None

    def __enter__(self) -> Run | None:
        self.token = _under_way.set(self.run)
        return self.run

    def __exit__(self, *_: object) -> None:
        _under_way.reset(self.token)
