"""Where the numbers of a group lie among public candidates, as scores that choices are made by."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from privkit.dp.measurement import frames
from privkit.dp.opendp import features
from privkit.tally.looking import Extent
from privkit.tally.sums import positions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from privkit.dp.question import Question
    from privkit.values.loss import PrivacyLoss

#: Beyond every score: of what no row can change.
FAR = 2**62
#: What the parts of one question have counted already, by column and candidates.
_COUNTED: ContextVar[dict[object, NDArray[np.int64]] | None] = ContextVar("counted", default=None)


class AmongCandidates:
    """A statistic that tells public candidates, by the ranks of a column's numbers among them."""

    __slots__ = ()

    column: str
    candidates: tuple[float, ...]
    aggregate: ClassVar[str] = "positions"
    needs_rows: ClassVar[bool] = True
    of_ranks: ClassVar[bool] = True

    @property
    def linear(self) -> frozenset[str]:
        """None: candidates are chosen."""
        return frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of numbers."""
        return (self.column,)

    def extents(self) -> tuple[Extent, ...]:
        """Return the ends of the candidates."""
        return (Extent(self.column, self.candidates[0], self.candidates[-1], "taken as the outermost candidate"),)

    def dominated(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return where the interval is at least half as wide as all candidates."""
        return upper - lower >= (self.candidates[-1] - self.candidates[0]) / 2


@contextmanager
def counted_once() -> Iterator[None]:
    """Let the parts of one question, on one frame, that count the same numbers among the same candidates count once.

    They share rows, keys, unit and bounds then, and with a unit also the salt by which rows of a person are chosen.
    Their losses add up as before: for each salt all of them are functions of the same bounded rows, with independent
    noise, and the salt does not depend on the data (`privkit.dp.measurement.make_sums`).
    """
    token = _COUNTED.set({})
    try:
        yield
    finally:
        _COUNTED.reset(token)


def placed(column: str, candidates: Sequence[float], data: object, question: Question) -> NDArray[np.int64]:
    """Count the rows of every group at each candidate, each person within the bounds. Reads rows.

    A number counts at the candidate that is nearest to it, the upper one of two; so a number's candidate depends on
    that number alone, and order is kept. Else many rows that share a value between two candidates would leave all of
    these equally far from a rank amid them, and the choice to chance.

    Shape (groups, 2 · candidates + 1): see :func:`privkit.tally.sums.positions`; nothing is between candidates.
    """
    known, key = _COUNTED.get(), (column, tuple(candidates))
    if known is None:
        return _placed(column, candidates, data, question)
    if key not in known:
        known[key] = _placed(column, candidates, data, question)
    return known[key].copy()


def _placed(column: str, candidates: Sequence[float], data: object, question: Question) -> NDArray[np.int64]:
    ends = halved(tuple(candidates))
    counts = positions(
        data,
        column,
        ends if ends is not None else candidates,
        keys=question.keys,
        unit=question.who,
        bounds=question.bounds,
    )
    return counts if ends is None else at_nearest(counts, len(candidates))


@lru_cache(maxsize=64)  # asked by each question of the same bounds, and longer in the making than a thousand rows take
def halved(candidates: tuple[float, ...]) -> tuple[float, ...] | None:
    """Return the candidates with the middles between them; None where no float lies between two.

    On even candidates the middles lie on their line, as floats have it.

    Examples
    --------
    >>> halved((0.0, 1.0, 4.0))
    (0.0, 0.5, 1.0, 2.5, 4.0)
    """
    first, count = candidates[0], len(candidates) - 1
    if not count:
        return None
    width = candidates[-1] - first
    if all(first + width * place / count == value for place, value in enumerate(candidates)):
        found = tuple(first + width * place / (2 * count) for place in range(2 * count + 1))
    else:
        middles = [low + (high - low) / 2 for low, high in pairwise(candidates)]
        found = (*(value for pair in zip(candidates, middles, strict=False) for value in pair), candidates[-1])
    return found if all(low < high for low, high in pairwise(found)) else None


def at_nearest(counts: NDArray[np.int64], candidates: int) -> NDArray[np.int64]:
    """Return counts of positions among the candidates from those among the candidates and their middles.

    Examples
    --------
    >>> at_nearest(np.array([[1, 0, 2, 3, 0, 4, 0]]), 2).tolist()  # 0, and 1, in whose middle are 3
    [[0, 3, 0, 7, 0]]
    """
    found = np.zeros((len(counts), 2 * candidates + 1), dtype=np.int64)
    found[:, 1::2] = np.pad(counts, ((0, 0), (1, 0))).reshape(len(counts), candidates, 4).sum(axis=2)
    return found


def excess(counts: NDArray[np.int64], above: int, of: int) -> NDArray[np.int64]:
    """Return of·(rows before a candidate) − above·(all rows), for every candidate and beyond the last: it ascends.

    Examples
    --------
    >>> excess(np.array([[0, 1, 0, 0, 1]]), 1, 2).tolist()  # one row at the first of two candidates, one beyond both
    [[-2, 0, 2]]
    """
    at = counts[:, 0:-1:2] + counts[:, 1::2]  # where no float lies between two candidates, between counts upwards
    at[:, -1] += counts[:, -1]
    before = np.pad(np.cumsum(at, axis=1), ((0, 0), (1, 0)))
    found: NDArray[np.int64] = of * before - above * before[:, -1:]
    return found


def rank_scores(excess: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return −max(0, F(j), −F(j+1)) of every candidate j.

    Examples
    --------
    >>> rank_scores(np.array([[-4, 0, 2, 4]])).tolist()
    [[0, 0, -2]]
    """
    return np.minimum(np.minimum(-excess[:, :-1], excess[:, 1:]), 0)


def widths(candidates: int) -> tuple[int, ...]:
    """Return how many candidates on each side an interval may reach: twice as many as the one before.

    Finer ones would make intervals hardly narrower (`docs/decisions/0019`), and a choice among more pairs takes longer.

    Examples
    --------
    >>> widths(1001)
    (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
    >>> widths(1), widths(2)
    ((0,), (0, 1))
    """
    found = [0]
    while found[-1] < candidates - 1:
        found.append(min(max(2 * found[-1], 1), candidates - 1))
    return tuple(found)


@lru_cache(maxsize=8)
def pairs(candidates: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the candidates that may be chosen, each with all widths up to the first that reaches the outer ones.

    Examples
    --------
    >>> [found.tolist() for found in pairs(3)]
    [[0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 2, 0, 1, 0, 1, 2]]
    """
    last, reached = candidates - 1, np.array(widths(candidates))
    place = np.arange(candidates)[:, None]
    whole = (place <= reached) & (place + reached >= last)
    kept = np.pad(~whole[:, :-1], ((0, 0), (1, 0)), constant_values=True)
    found = np.nonzero(kept)[0], np.broadcast_to(reached, kept.shape)[kept]
    for one in found:
        one.setflags(write=False)
    return found


def pair_scores(excess: NDArray[np.int64], target: int) -> NDArray[np.int64]:
    """Return the scores of all pairs of a candidate and a width, in the order of :func:`pairs`.

    That of a candidate, or −max(0, t − G(i), G(i−1) − t) of the width around it where this is the less.

    Examples
    --------
    >>> pair_scores(np.array([-6, -2, 2, 6]), 3).tolist()
    [-5, -2, -2, -1, 0, -5, -2, -2]
    """
    last, (place, width) = len(excess) - 2, pairs(len(excess) - 1)
    low, high = place - width, place + width
    below = np.where(low <= 0, FAR, -excess[np.maximum(low, 0)])
    beyond = np.where(high >= last, FAR, excess[np.minimum(high, last) + 1])
    enough = np.minimum(below, beyond)
    narrower = np.where(width == 0, -FAR, np.roll(enough, 1))
    around = -np.maximum(np.maximum(target - enough, narrower - target), 0)
    found: NDArray[np.int64] = np.minimum(around, rank_scores(excess[None, :])[0][place])
    return found


def chosen_pair(excess: NDArray[np.int64], choice: Callable[[Any], Any], target: int) -> tuple[int, int]:
    """Return the place of the candidate, and the width, of the pair that a choice finds best."""
    place, width = pairs(len(excess) - 1)
    found = int(choice(np.ascontiguousarray(pair_scores(excess, target)))) if len(place) > 1 else 0
    return int(place[found]), int(width[found])


def make_choices(chosen: Callable[[object], list[int]], stated: float, loss: PrivacyLoss) -> Any:
    """Return choices of the best candidates of every group as an OpenDP user measurement.

    Claim
    -----
    If D and D′ differ in one person, the loss is at most ``noise.costs(question.sensitivity, loss)``, which `stated`
    is not below.

    Proof
    -----
    The choices of distinct groups use independent noise, so given the exact scores they compose: the loss is at most
    the sum over groups of OpenDP's map at the L∞ distance of that group's scores. A person has rows in at most G
    groups, in each of which the scores move by at most P·s (the statistic's docstring), which gives G · map(P·s); with
    R rows in all, r_g in group g, it is Σ map(r_g·s) ≤ map(R·s). What is kept of a person depends on that person's rows
    and on the salt alone, as in `privkit.dp.measurement.make_sums`. ∎
    """
    with features() as dp:
        measure = (
            dp.measures.zero_concentrated_divergence() if loss.measure.concentrated else dp.measures.max_divergence()
        )
        return dp.measurements.make_user_measurement(
            *frames(dp), measure, lambda rows: rows.read(chosen), lambda persons: persons * stated
        )
