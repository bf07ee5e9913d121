"""Whether the means of several groups are equal: an F test whose null distribution has the noise in it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from privkit.dp.noise.sampling import cell_variance
from privkit.dp.statistics.moments import Variance
from privkit.dp.statistics.of_groups import SimulatedTest, dependent_rows, in_parts, key_codes, read_keys
from privkit.dp.statistics.statistic import Estimates, recorded_statistic
from privkit.values.keys import Keys
from privkit.values.writing import error_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.tally.cells.cells import Kind
    from privkit.values.expression.selection import Selection

#: How many samples are drawn under equal means.
SAMPLES = 9_999
#: The groups at most, so that it takes seconds.
MOST_GROUPS = 500
#: How many rows a group should have, beside the noise, for its spread and its mean to be told.
_FEWEST = 10
#: What may be missed by the noise that a group is compared with.
_MISS = 0.05
#: The rows in each group for which a plan tells what to expect, where it was not told how many there are.
_EXAMPLE = 1000


@dataclass(frozen=True, slots=True)
class Anova(SimulatedTest):
    """A test of equal means of a clipped column in public groups.

    Attributes
    ----------
    inner : Variance
        The moments of each group.
    groups : Keys
        Two groups or more.

    Notes
    -----
    *What is tested.* Whether the means of the *clipped* numbers are the same in the populations from which the rows of
    the groups were drawn, independently of each other.

    *Reach.* Released are the moments of all groups: the cells of `inner` by public keys. One row is in one group at
    most, and moves its cells by what it moves those of `inner`; a person by
    :class:`~privkit.dp.measurement.Sensitivity`.

    *The statistic.* With u the number in shares of its range, n̂ the noisy counts, μ̂ the mean of all groups and T̂_g the
    noisy Σ (u − μ̂) over group g, F = Σ T̂_g² / (n̂_g·σ̂² + v) / (k − 1): σ̂² = Σ V̂_g / (N̂ − k) is the spread within
    groups, and v the variance that the noise gives to T̂_g, so that groups with few rows do not rule the sum. Without
    noise T_g²/n_g adds up to the sum of squares between groups, and F is Fisher's.

    *Its law.* Samples are drawn as if all means were μ̂: of each group n̂_g rows with the group's own spread V̂_g/n̂_g
    (normal sums, and sums of squares by χ²), with the noise's own law on each cell, and F is reckoned of each in the
    same way. The p-value is (1 + how many of them reach F) / (1 + how many there are). Since each group keeps its own
    spread, spreads may differ between groups, which Fisher's law does not allow (a parametric bootstrap:
    Krishnamoorthy, Lu and Mathew 2007, there without noise; Davison and Hinkley 1997, section 4.2). All this is
    made of released numbers alone, and costs nothing. The generator is seeded by them, so that a replay says the same;
    no noise that protects is drawn from it.

    *What rests on many rows.* Counts and spreads stand for the true ones, and sums are taken for normal. Where the
    smallest group is not clear of the noise by ten rows, the answer says so.

    *η².* The part of the spread that lies between groups, less what equal means alone would give it: max(B − B₀, 0) /
    (B − B₀ + W) with the noisy sums of squares between and within groups and B₀ the mean of B under equal means (in
    place of the k − 1 of ω²; Hays 1963); 1 at most.
    """

    inner: Variance
    groups: Keys

    name = "anova"
    least = "least_count"

    @property
    def each(self) -> float:
        """The share of a row's full weight."""
        return 1 / self.inner.full

    @property
    def main(self) -> str:
        """The statistic."""
        return "f"

    @property
    def numbers(self) -> tuple[str, ...]:
        """The statistic, how much of the spread is between groups, and the p-value."""
        return ("f", "eta2", "p_value")

    @property
    def lines(self) -> tuple[tuple[str, str, str], ...]:
        """The statistic with its p-value, then η²."""
        return ("F", "f", "p_value"), ("η²", "eta2", "")

    # -- what the cells tell -------------------------------------------------------------------------------------------

    def _moments(self, cells: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return n, Σu and Σu² of each group; shape (samples, groups, 3)."""
        found = cells.reshape(-1, len(self.groups), self.inner.width) / self.inner.full
        return np.asarray(found @ _POWERS)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return how many rows there are, and how many in the smallest group."""
        counts = self._moments(cells)[..., 0]
        return {"count": counts.sum(axis=1), "least_count": counts.min(axis=1)}

    def tests(self, cells: NDArray[np.int64], noise: Noise | None) -> Estimates:
        """Return the statistic, η² and the p-value, each in view of the noise."""
        each = np.array([self.tested(row, noise, SAMPLES) for row in cells]).reshape(-1, 3)
        return dict(zip(self.numbers, each.T, strict=True))

    def tested(self, cells: NDArray[np.int64], noise: Noise | None, many: int) -> tuple[float, float, float]:
        """Return F, η² and the p-value of one answer, by so many samples under equal means."""
        moments = self._moments(np.asarray(cells).reshape(1, -1))[0]
        return _tested(moments.tobytes(), len(self.groups), self.inner.full, noise, many)

    def _counted_within(self, noise: Noise, alpha: float) -> float:
        """Return how far the count of one group errs."""
        return float(noise.combined(np.ones((1, self.inner.width)) / self.inner.full, alpha)[0])

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float:
        """Return how far one group's count errs at most."""
        return self._counted_within(noise, alpha)

    # -- in words ------------------------------------------------------------------------------------------------------

    def remarks(self, cells: NDArray[np.int64], noise: Noise) -> tuple[str, ...]:
        """Say where a group has too few rows."""
        least, half = float(self.estimates(cells)["least_count"][0]), self._counted_within(noise, _MISS)
        if least >= _FEWEST + half:
            return ()
        return (
            f"the smallest group has about {error_text(max(least, 0.0))} rows, which is below {_FEWEST} and the noise "
            f"of ± {error_text(half)} (95 %): take the p-value for a rough one",
        )

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is tested."""
        return (
            *self.inner.notes(selected, dates),
            f"tests whether the means of the clipped numbers are equal in the {len(self.groups):,} populations that "
            "the groups' rows were drawn from, which may spread differently; rows of other groups are left out",
            "the null distribution is simulated with the noise in it; without noise the statistic is Fisher's F",
        )

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Say what the noise adds to a mean, and how many rows a group should have."""
        many = rows or _EXAMPLE
        noisy = np.sqrt(_stirred(noise, self.inner.full, 0.5)) / many * self.inner.extent
        half = self._counted_within(noise, _MISS)
        told = (
            f"with {many:,} rows in each group, noise adds {error_text(float(noisy))} to the standard error of a mean, "
            f"where sampling has at most {error_text(self.inner.extent * float(np.sqrt(0.25 / many)))}: both add up by "
            f"their squares. A group should have at least {_FEWEST} rows and the noise of ± {error_text(half)}; the "
            "answer says where one has fewer"
        )
        return (told, *dependent_rows(question))

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        own = {"column": self.inner.column, "of": self.inner.canonical(), "group": self.groups.by[0]}
        return {**self.mark, **own, "groups": key_codes(self.counted, 0)}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the test that a record tells."""
        inner = recorded_statistic(record["of"])
        if not isinstance(inner, Variance):
            raise ValueError("what is compared is of no known kind")
        return cls(inner, Keys((record["group"],), read_keys(record["groups"])))

    def __str__(self) -> str:
        """Return the test in words."""
        return (
            f"test of equal means of {self.inner.column!r}{self.inner.clips} in {len(self.groups):,} groups of "
            f"{self.groups.by[0]!r}"
        )


#: From the cells of a group, Σ(1−u)², Σ2u(1−u) and Σu², to n, Σu and Σu².
_POWERS = np.array([[1.0, 0.0, 0.0], [1.0, 0.5, 0.0], [1.0, 1.0, 1.0]])


def _stirred(noise: Noise | None, full: int, mean: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
    """Return the variance that noise gives to Σ(u − μ), whose weights of the cells are −μ, ½ − μ and 1 − μ."""
    return cell_variance(noise) / full**2 * (mean**2 + (0.5 - mean) ** 2 + (1 - mean) ** 2)


def _squares(moments: NDArray[np.float64], noise: Noise | None, full: int) -> tuple[NDArray[np.float64], ...]:
    """Return F, and the sums of squares between and within groups, of each sample; the noise is in none of them."""
    groups = moments.shape[1]
    counts, sums, squares = np.moveaxis(moments, -1, 0)
    counts = np.maximum(counts, 1.0)
    rows = counts.sum(axis=1)
    mean = np.clip(sums.sum(axis=1) / rows, 0.0, 1.0)
    own = np.clip(sums / counts, 0.0, 1.0)
    within = np.maximum((squares - 2 * own * sums + own**2 * counts).sum(axis=1), 0.0)
    spread = within / np.maximum(rows - groups, 1.0)
    apart, stirred = sums - mean[:, None] * counts, _stirred(noise, full, mean)
    below = counts * spread[:, None] + np.reshape(stirred, (-1, 1))
    f = np.divide(apart**2, below, out=np.zeros_like(apart), where=below > 0).sum(axis=1) / (groups - 1)
    return f, (apart**2 / counts).sum(axis=1), within


@lru_cache(maxsize=32)
def _tested(told: bytes, groups: int, full: int, noise: Noise | None, many: int) -> tuple[float, float, float]:
    """Return F, η² and the p-value, reckoned once: values, frame, text and page ask for it again and again."""
    moments = np.frombuffer(told).reshape(groups, 3)
    (found,), (between,), (within,) = _squares(moments[None], noise, full)
    draws = under_equal_means(moments, noise, full, in_parts(many, moments.size))
    drawn = [_squares(part, noise, full) for part in draws]
    reached = np.concatenate([part[0] for part in drawn]) >= found * (1 - 1e-9)
    more = max(float(between) - float(np.concatenate([part[1] for part in drawn]).mean()), 0.0)
    strength = more / (more + float(within)) if more > 0 else 0.0
    return float(found), min(strength, 1.0), float((1 + reached.sum()) / (1 + many))


def under_equal_means(
    moments: NDArray[np.float64], noise: Noise | None, full: int, parts: list[int]
) -> Iterator[NDArray[np.float64]]:
    """Give noisy moments, drawn as if all groups had one mean, with the counts and spreads of one answer.

    So many samples at a time: all of them together need not fit in memory.
    """
    from privkit.dp.simulate import drawn  # which shows releases, so it is above

    seed = zlib.crc32(np.ascontiguousarray(moments).tobytes())
    sampled, noised = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    counts = np.maximum(np.rint(moments[:, 0]), 1.0)
    mean = float(np.clip(moments[:, 1].sum() / counts.sum(), 0.0, 1.0))
    own = np.clip(moments[:, 1] / counts, 0.0, 1.0)
    left = np.maximum(moments[:, 2] - 2 * own * moments[:, 1] + own**2 * counts, 0.0)
    spread = np.minimum(left / np.maximum(counts - 1, 1.0), 0.25)
    for many in parts:
        scores = np.sqrt(counts * spread) * sampled.standard_normal((many, len(counts)))
        rest = spread * sampled.chisquare(np.maximum(counts - 1, 1e-9), (many, len(counts)))
        sums = counts * mean + scores
        squares = rest + sums**2 / counts
        found = np.stack([np.broadcast_to(counts, sums.shape), sums, squares], axis=-1)
        if cell_variance(noise) > 0:
            assert noise is not None
            found = found + (drawn(noise, found.size, noised).reshape(found.shape) / full) @ _POWERS
        yield found
