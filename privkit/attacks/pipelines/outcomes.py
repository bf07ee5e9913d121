"""What a function answered, as an attacker reads it: values by where they stand, and the order in which they stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.attacks.pipelines.noise import NoiseArray

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: An answer: its numbers and words, by where they stand. It holds values, and is thrown away.
Outcome = Mapping[Any, Any]

#: More values of an answer are not read.
MOST = 300
#: Of so many numbers at most the differences of two are looked at.
_PAIRED = 12
_ORDER, _RAISED, _STRANGE = ("order",), ("raised",), "an object of another kind"


def outcome(answer: Any, raised: str = "") -> Outcome:
    """Return an answer as values by where they stand; of an error, the name of its class.

    Examples
    --------
    >>> outcome({"a": 1.5, "b": [2, None]})
    {('a',): 1.5, ('b', 0): 2.0, ('b', 1): 'missing', ('order',): (('a',), ('b', 0), ('b', 1))}
    """
    if raised:
        return {_RAISED: raised}
    told = dict(islice(_leaves(answer, ()), MOST))
    return {**told, _ORDER: tuple(told)}


def read_whole(answer: Any) -> bool:
    """Whether an answer holds nothing but numbers, words and tables of them, and not too many."""
    told = list(islice(_leaves(answer, ()), MOST + 1))
    return len(told) <= MOST and not any(isinstance(one, tuple) for _, one in told)


def _leaves(one: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    if type(one).__module__.startswith("privkit.dp") and hasattr(one, "value"):
        one = one.value
    if isinstance(one, NoiseArray):
        one = one.view(np.ndarray)
    parts = _parts(one)
    if parts is None:
        yield path, _leaf(one)
        return
    for name, part in parts:
        yield from _leaves(part, (*path, name))


def _parts(one: Any) -> Iterable[tuple[Any, Any]] | None:
    """Return what a container holds, by name or place; None where it is none."""
    import pandas as pd

    if isinstance(one, pd.DataFrame):
        return ((name, one.iloc[:, place]) for place, name in enumerate(one.columns))
    if isinstance(one, pd.Series):
        return zip(one.index if one.index.is_unique else enumerate(one.index), one.tolist(), strict=True)
    if isinstance(one, Mapping):
        return one.items()
    if isinstance(one, (set, frozenset)):
        return ((value, "in it") for value in sorted(map(repr, one)))
    if is_dataclass(one) and not isinstance(one, type):
        return ((field.name, getattr(one, field.name, None)) for field in fields(one))
    if isinstance(one, (np.ndarray, pd.Index)):
        return enumerate(one.tolist()) if one.ndim else None
    plain = isinstance(one, Sequence) and not isinstance(one, (str, bytes))
    return enumerate(one) if plain else None


def _leaf(one: Any) -> Any:
    """Return a number as a float, all else that can be compared as words; what cannot, as a tuple."""
    if isinstance(one, (bool, np.bool_)):
        return str(bool(one))
    if isinstance(one, (int, float, np.number)) and not isinstance(one, (complex, np.complexfloating)):
        number = float(one)
        return "missing" if math.isnan(number) else number
    if one is None or type(one).__name__ in ("NAType", "NaTType"):
        return "missing"
    if (
        isinstance(one, (str, bytes))
        or type(one).__module__ in ("datetime", "decimal", "fractions", "uuid")
        or hasattr(one, "isoformat")
    ):
        return str(one)
    return (_STRANGE, type(one).__name__)


@dataclass(eq=False)
class Reader:
    """Outcomes as a table of numbers: a column per value, and what an attacker would look at beside."""

    paths: Sequence[Any]
    words: Mapping[Any, Mapping[Any, int]]
    pairs: Sequence[tuple[int, int]]
    numbers: Sequence[int]
    floats: bool

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], floats: bool) -> Reader:
        """Return a reader of what these outcomes hold."""
        seen: dict[Any, int] = {}
        words: dict[Any, dict[Any, int]] = {}
        numeric: set[Any] = set()
        for one in outcomes:
            for path, value in one.items():
                seen[path] = seen.get(path, 0) + 1
                if isinstance(value, float):
                    numeric.add(path)
                else:
                    found = words.setdefault(path, {})
                    found.setdefault(value, len(found))
        paths = sorted(seen, key=lambda path: -seen[path])[:MOST]
        numbers = [place for place, path in enumerate(paths) if path in numeric]
        pairs = list(combinations(numbers, 2)) if 1 < len(numbers) <= _PAIRED else []
        return cls(paths, words, pairs, numbers, floats)

    def table(self, outcomes: Sequence[Outcome]) -> tuple[Floats, int]:
        """Return a row per outcome, NaN for what is not there; and how many of the columns are values of their own.

        Words stand far below all numbers, so that a column may hold both.
        """
        own = np.full((len(outcomes), len(self.paths)), np.nan)
        places = {path: place for place, path in enumerate(self.paths)}
        for row, one in enumerate(outcomes):
            for path, value in one.items():
                place = places.get(path)
                if place is not None:
                    own[row, place] = value if isinstance(value, float) else self._word(path, value)
        with np.errstate(over="ignore", invalid="ignore"):
            more = [self._rounded(own[:, one] - own[:, other]) for one, other in self.pairs]
        if self.floats:
            more += [_lowest(own[:, place]) for place in self.numbers]
        return (np.column_stack([own, *more]) if more else own), len(self.paths)

    def _word(self, path: Any, value: Any) -> float:
        return -1e300 * (1 + 1e-6 * (1 + self.words.get(path, {}).get(value, -1)))

    @staticmethod
    def _rounded(apart: Floats) -> Floats:
        """Return differences without the last digits, so that what is one is one."""
        with np.errstate(all="ignore"):
            size = 10.0 ** (9 - np.ceil(np.log10(np.abs(apart))))
            rounded = np.round(apart * size) / size
        return np.where(np.isfinite(rounded), rounded, apart)


def _lowest(numbers: Floats) -> Floats:
    """Return the place of each number's last bit that is set: the grid that it lies on (Mironov 2012, CCS)."""
    whole, power = np.frexp(np.where(np.isfinite(numbers), numbers, 0.0))
    mantissa = np.abs(whole * 2.0**53).astype(np.int64)
    last = np.where(mantissa == 0, 0.0, np.log2(np.maximum(mantissa & -mantissa, 1).astype(float)))
    return np.where(mantissa == 0, 0.0, last + power - 53)
