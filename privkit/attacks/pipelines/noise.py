"""Noise that knows what it is added to: numbers that stand for drawn ones while a function is recorded.

A drawn number is scaled, added to another one, or added to a value. The last is what an audit wants to know: the value
*enters* there. When a run is played back on a neighbor, the sum that was recorded comes out, whatever enters, so that
everything after it goes the same way.

One-sided noise, which protects nothing alone, may be half of a two-sided one: what comes out of it knows where it
entered, so that a second half joins the first.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Term:
    """One summand of a noise: which drawn numbers, and times what.

    Attributes
    ----------
    draw : int
        Which call drew them.
    places : array of int64
        Which of the numbers that the call drew, as the noise is shaped.
    factor : array of float64
    """

    draw: int
    places: NDArray[np.int64]
    factor: NDArray[np.float64]

    def at(self, index: Any) -> Term:
        """Return a part of it."""
        return Term(self.draw, self.places[index], self.factor[index])

    def times(self, factor: Any, shape: tuple[int, ...]) -> Term:
        """Return it times a number, or numbers, in a new shape."""
        return Term(
            self.draw, np.broadcast_to(self.places, shape), np.broadcast_to(self.factor, shape) * np.asarray(factor)
        )


class Meets(Protocol):
    """What is told when a value meets noise."""

    def meets(self, value: Any, drawn: Any, terms: Sequence[Term]) -> Any:
        """Return the sum of value and noise, or the one that was recorded."""

    def joins(self, entry: Any, drawn: Any, terms: Sequence[Term]) -> Any:
        """Return the sum where more noise joins that of an entry."""


class Drawn:
    """What drawn numbers know: whence they are."""

    terms: tuple[Term, ...] | None = None
    run: Meets | None = None
    entry: Any = None

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        return combined(ufunc, method, inputs, out, options)


class NoiseArray(Drawn, np.ndarray):  # type: ignore[type-arg]
    """Drawn numbers, and whence."""

    def __array_finalize__(self, source: Any) -> None:
        self.terms = None
        self.run = None
        self.entry = None

    def __getitem__(self, index: Any) -> Any:
        part = self.view(np.ndarray)[index]
        return part if self.terms is None else noise(part, [term.at(index) for term in self.terms], self.run)

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, value)
        self.terms = None

    def __iter__(self) -> Iterator[Any]:
        return (self[place] for place in range(len(self)))


class NoiseFloat(Drawn, float):
    """A drawn number, and whence."""

    def __reduce__(self) -> tuple[Any, ...]:
        return float, (float(self),)


class NoiseInt(Drawn, int):
    """A drawn whole number, and whence."""

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (int(self),)


class SumFloat(np.float64):
    """A sum of NumPy's type that knows where it entered."""

    terms = None
    entry: Any = None


class SumInt(np.int64):
    """A whole sum of NumPy's type that knows where it entered."""

    terms = None
    entry: Any = None


def _operators() -> None:
    """Give the scalars arithmetic that goes the way of arrays, for what else is a number or an array."""

    def binary(ufunc: Any, swapped: bool, plain: str) -> Any:
        def operate(self: Any, other: Any) -> Any:
            if not isinstance(other, (int, float, np.number, np.ndarray)):
                base = type(self).__bases__[-1]
                return getattr(base, plain)(base(self), other)
            return combined(ufunc, "__call__", (other, self) if swapped else (self, other), None, {})

        return operate

    for kind in (NoiseFloat, NoiseInt):
        for name, ufunc in (
            ("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("truediv", np.true_divide),
        ):  # fmt: skip
            setattr(kind, f"__{name}__", binary(ufunc, False, f"__{name}__"))
            setattr(kind, f"__r{name}__", binary(ufunc, True, f"__r{name}__"))
        setattr(kind, "__neg__", lambda self: combined(np.negative, "__call__", (self,), None, {}))  # noqa: B010


_operators()
Noise = (NoiseArray, NoiseFloat, NoiseInt)


def noise(drawn: Any, terms: Sequence[Term], run: Meets | None) -> Any:
    """Return drawn numbers that know whence they are: an array, a float or an int as they were."""
    if isinstance(drawn, np.ndarray) and drawn.ndim:
        told: Any = np.array(drawn).view(NoiseArray)
    elif isinstance(drawn, (int, np.integer)):
        told = NoiseInt(drawn)
    else:
        told = NoiseFloat(drawn)
    told.terms, told.run = tuple(terms), run
    return told


def summed(total: Any, entry: Any) -> Any:
    """Return a sum that knows where it entered."""
    kinds = {np.float64: SumFloat, np.int64: SumInt, float: NoiseFloat, int: NoiseInt}
    if isinstance(total, np.ndarray):
        told: Any = total.view(NoiseArray)
    elif type(total) in kinds:
        told = kinds[type(total)](total)
    else:
        return total
    told.entry = entry
    return told


def plain(value: Any) -> Any:
    """Return a number or an array that knows nothing."""
    if isinstance(value, NoiseArray):
        return value.view(np.ndarray)
    if isinstance(value, NoiseInt):
        return int(value)
    return float(value) if isinstance(value, NoiseFloat) else value


def combined(ufunc: Any, method: str, inputs: Sequence[Any], out: Any, options: Any) -> Any:
    """Return what NumPy returns, and note it where noise is scaled, added to noise, or met by a value."""
    bare = [plain(one) for one in inputs]
    result = _linear(ufunc, inputs, bare) if method == "__call__" and not options else None
    if result is None:
        ends = None if out is None else tuple(plain(one) for one in out)
        return getattr(ufunc, method)(*bare, **options, **({} if ends is None else {"out": ends}))
    if out is not None and out[0] is not None:
        np.copyto(plain(out[0]), plain(result), casting="same_kind")
        if isinstance(out[0], NoiseArray):  # it is scaled noise now, or a sum
            out[0].terms, out[0].run = getattr(result, "terms", None), getattr(result, "run", None)
        return out[0]
    return result


def _linear(ufunc: Any, inputs: Sequence[Any], bare: Sequence[Any]) -> Any:
    """Return the noise or the sum that comes of it; None where it is not one of a line."""
    known = [isinstance(one, Noise) and one.terms is not None for one in inputs]
    if not any(known) or any(isinstance(one, Noise) and one.terms is None and one.entry is None for one in inputs):
        return None
    first = inputs[known.index(True)]
    if all(isinstance(one, int) and not isinstance(one, bool) for one in bare) and ufunc is not np.true_divide:
        ufunc, told = _PYTHON.get(ufunc, ufunc), ufunc
    else:
        told = ufunc
    return _step((told, ufunc), inputs, bare, known, first)


#: What Python's own whole numbers are added by, so that they stay what they are.
_PYTHON = {np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul, np.negative: operator.neg}


def _step(how: tuple[Any, Any], inputs: Sequence[Any], bare: Sequence[Any], known: Sequence[bool], first: Any) -> Any:
    """Return the noise or the sum; `how` is NumPy's function, and by what it is computed."""
    ufunc, computed = how
    if ufunc is np.negative:
        return _scaled(first, -1.0, -bare[0])
    if ufunc is np.multiply and not all(known):
        return _scaled(first, bare[known.index(False)], computed(*bare))
    if ufunc in (np.true_divide, np.divide) and known == [True, False]:
        return _scaled(first, np.true_divide(1.0, bare[1]), ufunc(*bare))
    if ufunc not in (np.add, np.subtract):
        return None
    sign = -1.0 if ufunc is np.subtract else 1.0
    if all(known):
        total = computed(*bare)
        shape = np.shape(total)
        terms = [one.times(1.0, shape) for one in inputs[0].terms] + [one.times(sign, shape) for one in inputs[1].terms]
        return noise(total, terms, first.run)
    place = known.index(True)
    value, drawn = bare[1 - place], bare[place]
    turned = first if place == 0 or sign > 0 else _scaled(first, -1.0, -drawn)
    if place == 0 and sign < 0:
        value = -np.asarray(value) if isinstance(value, np.ndarray) else -value
    entry = getattr(inputs[1 - place], "entry", None)
    if entry is not None:
        return first.run.joins(entry, plain(turned), turned.terms)
    return first.run.meets(value, plain(turned), turned.terms)


def _scaled(one: Any, factor: Any, drawn: Any) -> Any:
    shape = np.shape(drawn)
    return noise(drawn, [term.times(factor, shape) for term in one.terms], one.run)
