"""A lower bound of ε from what a function answers: an event that is learned on some runs, and counted on others.

An answer is read as an attacker reads it: its values by where they stand, and the order in which they stand.
"""

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
    Ints = NDArray[np.int64]

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


#: Bins of what has many values, and the share from which a value has a bin of its own.
_BINS, _ATOM, _ATOMS = 20, 0.01, 60
#: Fewer runs of each side say nothing.
LEAST_RUNS = 100


def clopper_pearson(hits: int, n: int, chance: float) -> tuple[float, float]:
    """Return the limits that lie above, or below, the true share with a chance of at most `chance` each.

    The lower is the p at which `hits` or more of `n` come with that chance, the upper the p at which `hits` or fewer
    do (Clopper and Pearson 1934, Biometrika 26, 404-413): both hold for every p and n. It reads no rows.

    Examples
    --------
    >>> [round(end, 4) for end in clopper_pearson(0, 100, 0.05)]     # 1 - 0.05 ** (1 / 100)
    [0.0, 0.0295]
    >>> [round(end, 4) for end in clopper_pearson(10, 100, 0.025)]
    [0.049, 0.1762]
    """
    low = 0.0 if hits == 0 else _share(n, hits, n, chance)
    high = 1.0 if hits == n else 1.0 - _share(n, n - hits, n, chance)
    return low, high


def _share(n: int, first: int, last: int, chance: float) -> float:
    """Return the share p, from below, at which first, ..., last of n hits come with a chance: by bisection."""
    log = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    hits = np.arange(first, last + 1)
    ways = log[n] - log[hits] - log[n - hits]
    low, high = 0.0, 1.0
    for _ in range(60):
        p = (low + high) / 2
        if p <= 0 or p >= 1:
            break
        if float(np.exp(ways + hits * math.log(p) + (n - hits) * math.log1p(-p)).sum()) > chance:
            high = p
        else:
            low = p
    return low


def chernoff(hits: int, n: int, chance: float) -> float:
    """Return a limit that lies above the true share with a chance of at most `chance`, for many hits.

    The p below h = hits/n at which n · KL(h ‖ p) = ln(1/chance), since P(X ≥ hits) ≤ exp(−n · KL(h ‖ p)) for p < h
    (Chernoff 1952; Hoeffding 1963, theorem 1). Below Clopper and Pearson's, and without their sum.

    Examples
    --------
    >>> chernoff(5_000, 10_000, 1e-6) < clopper_pearson(5_000, 10_000, 1e-6)[0] < 0.5
    True
    """
    share, low, high = hits / n, 0.0, hits / n
    for _ in range(60):
        p = (low + high) / 2
        if p <= 0 or p >= 1:
            break
        apart = share * math.log(share / p)
        apart += (1 - share) * math.log((1 - share) / (1 - p)) if share < 1 else 0.0
        low, high = (p, high) if n * apart > math.log(1 / chance) else (low, p)
    return low


@dataclass(frozen=True, slots=True)
class Event:
    """How often an event came on both sides, in runs on which it was not chosen.

    Attributes
    ----------
    hits, n : int
        On the side where it is likelier.
    other_hits, other_n : int
    lower : float
        The least ε that fits both, with the chance of error that was given; 0 where every ε does.
    """

    hits: int
    n: int
    other_hits: int
    other_n: int
    lower: float


def bounded(hits: int, n: int, other_hits: int, other_n: int, *, delta: float, chance: float) -> float:
    """Return a lower bound of ε from counts of one event on both sides.

    Claim: where a mechanism is (ε, δ)-private of these neighbors, the bound is above ε with a chance of at most
    `chance`. Proof: P ≤ e^ε Q + δ for the event's true shares. Clopper and Pearson's limits give P ≥ p and Q ≤ q,
    each wrong with a chance of at most half of `chance`. Where both hold, ε ≥ ln((P − δ)/Q) ≥ ln((p − δ)/q). ∎
    """
    low = clopper_pearson(hits, n, chance / 2)[0]
    high = clopper_pearson(other_hits, other_n, chance / 2)[1]
    return max(0.0, math.log((low - delta) / high)) if low > delta else 0.0


def learned(
    one: Sequence[Outcome], other: Sequence[Outcome], *, delta: float, chance: float, floats: bool = False
) -> tuple[Event, Event]:
    """Return the events that tell the two sides apart best, each side in its turn being the likelier.

    Half of the runs choose the event, the other half judges it; each direction is wrong with half of `chance`, so
    that both together are wrong with at most `chance`. The event is a set of answers whose likelihood ratio is high,
    by the first quarter's counts: of one value, or of all as if they were independent (a naive Bayes classifier);
    the second quarter chooses among these, and the threshold.
    """
    parts = [_parted(side) for side in (one, other)]
    reader = Reader.of([*parts[0][0], *parts[1][0]], floats)
    (first, own), (second, _) = (reader.table(side[0]) for side in parts)
    scorer = _Scorer.of(first, second, own)
    scores = [[scorer.scores(reader.table(part)[0]) for part in side[1:]] for side in parts]
    return (
        _judged(scores[0], scores[1], 1.0, delta, chance / 2),
        _judged(scores[1], scores[0], -1.0, delta, chance / 2),
    )


def _parted(side: Sequence[Outcome]) -> tuple[Sequence[Outcome], Sequence[Outcome], Sequence[Outcome]]:
    quarter = len(side) // 4
    return side[:quarter], side[quarter : 2 * quarter], side[2 * quarter :]


@dataclass(eq=False)
class _Scorer:
    """The log likelihood ratio of each column's bins, as the first runs tell."""

    bins: list[tuple[Floats, Floats]]
    ratios: list[Floats]
    own: int

    @classmethod
    def of(cls, first: Floats, second: Floats, own: int) -> _Scorer:
        both = np.concatenate([first, second])
        bins = [_bins(column) for column in both.T]
        ratios = []
        for place, (atoms, edges) in enumerate(bins):
            count = len(atoms) + len(edges) + 2
            sides = [
                np.bincount(_binned(side[:, place], atoms, edges), minlength=count) + 0.5 for side in (first, second)
            ]
            ratios.append(np.log(sides[0] / sides[0].sum()) - np.log(sides[1] / sides[1].sum()))
        return cls(bins, ratios, own)

    def scores(self, table: Floats) -> Floats:
        """Return a row per run: the score by each column, and last by all own columns together."""
        each = np.column_stack(
            [ratio[_binned(column, *bins)] for column, bins, ratio in zip(table.T, self.bins, self.ratios, strict=True)]
        )
        return np.column_stack([each, each[:, : self.own].sum(axis=1)])


def _bins(column: Floats) -> tuple[Floats, Floats]:
    """Return the values that are common enough to stand alone, and the edges of bins of the others."""
    there = column[~np.isnan(column)]
    values, counts = np.unique(there, return_counts=True)
    common = counts >= max(2, _ATOM * len(column))
    atoms = np.sort(values[common][np.argsort(-counts[common])][:_ATOMS])
    rest = there[~np.isin(there, atoms)]
    edges = np.unique(np.quantile(rest, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(rest) else np.zeros(0)
    return atoms, edges


def _binned(column: Floats, atoms: Floats, edges: Floats) -> Ints:
    place = len(atoms) + np.searchsorted(edges, column)
    if len(atoms):
        near = np.minimum(np.searchsorted(atoms, column), len(atoms) - 1)
        place = np.where(atoms[near] == column, near, place)
    return np.where(np.isnan(column), len(atoms) + len(edges) + 1, place).astype(np.int64)


def _judged(one: Any, other: Any, sign: float, delta: float, chance: float) -> Event:
    """Choose a column and a threshold by the second quarter, and count the rest of the runs."""
    choosing, judging = (sign * one[0], sign * other[0]), (sign * one[1], sign * other[1])
    best = (-math.inf, 0, math.inf)
    for place in range(choosing[0].shape[1]):
        sides = [np.sort(side[:, place]) for side in choosing]
        cuts = np.unique(np.concatenate(sides))
        cuts = cuts[:: max(1, len(cuts) // 200)]
        hits = [len(side) - np.searchsorted(side, cuts) for side in sides]
        value, cut = _promising(hits, [len(side) for side in sides], cuts, delta)
        best = max(best, (value, place, cut), key=lambda found: found[0])
    _, place, cut = best
    counts = [int((side[:, place] >= cut).sum()) for side in judging]
    n = [len(side) for side in judging]
    return Event(
        counts[0], n[0], counts[1], n[1], bounded(counts[0], n[0], counts[1], n[1], delta=delta, chance=chance)
    )


def _promising(hits: Any, n: Sequence[int], cuts: Floats, delta: float) -> tuple[float, float]:
    """Return about how large a bound the best threshold gives, with errors of three deviations."""
    low = np.maximum(hits[0] - 3 * np.sqrt(hits[0]), 0) / n[0] - delta
    high = (hits[1] + 3 * np.sqrt(hits[1]) + 6) / n[1]
    values = np.where(low > 0, np.log(np.maximum(low, 1e-300) / high), -math.inf)
    best = int(np.argmax(values))
    return float(values[best]), float(cuts[best])
