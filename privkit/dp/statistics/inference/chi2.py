"""Whether two columns are independent: a test on a noisy crosstab, whose null distribution has the noise in it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from privkit.dp.noise.sampling import cell_variance
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.of_groups import SimulatedTest, dependent_rows, in_parts, key_codes, read_keys
from privkit.dp.statistics.statistic import Estimates, recorded_statistic
from privkit.values.keys import Keys
from privkit.values.writing import error_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.tally.cells.cells import Kind
    from privkit.values.expression.selection import Selection
    from privkit.values.keys import KeyValue

#: How many tables are drawn under independence.
TABLES = 9_999
#: The cells of one table at most, so that it takes seconds.
MOST_CELLS = 2_500
#: Of how many rows a cell should be expected to be, beside the noise: the rule of thumb of Pearson's test.
_FEWEST = 5
#: What may be missed by the noise that a cell is compared with.
_MISS = 0.05


@dataclass(frozen=True, slots=True)
class Chi2(SimulatedTest):
    """A test of independence of two columns, by the counts of all pairs of their public values.

    Attributes
    ----------
    inner : Count
    groups : Keys
        All pairs, row by row of the crosstab.

    Notes
    -----
    *Reach.* That of counts by key: one row is in one cell, and moves it by 1.

    *The statistic.* T = Σ (O − E)² / (E + v), with the noisy counts O, with E = R·C/N from the noisy row sums R, column
    sums C and total N, each at least 0, and v the variance of one cell's noise: about the variance of O − E, so that
    cells with few rows do not rule the sum. Without noise it is Pearson's.

    *Its law.* Under independence the table is multinomial with the probabilities (R/N)·(C/N), with noise on each cell.
    Tables of N rows are drawn from it with the noise's own law, and T is reckoned of each in the same way; the p-value
    is (1 + how many of them reach T) / (1 + how many there are) (Gaboardi, Lim, Rogers and Vadhan 2016, algorithm 1;
    Davison and Hinkley 1997, section 4.2). All this is made of released counts alone, and costs nothing. The generator
    is seeded by these counts, so that a replay says the same; no noise that protects is drawn from it.

    *What rests on many rows.* The margins stand for the true ones. So it is where the least expected count is clear of
    the noise; where it is below 5 rows and the noise, the answer says so.

    *Cramér's V.* √(max(T − T₀, 0) / (N·(min(r, c) − 1))) with T₀ the mean of T under independence, which noise and
    sampling alone give (the correction of Bergsma 2013, with the noise in it); 1 at most.
    """

    inner: Count
    groups: Keys

    name = "chi2"
    least = "least_expected"
    each = 1.0

    @property
    def numbers(self) -> tuple[str, ...]:
        """The statistic, how strong the dependence is, and the p-value."""
        return (self.name, "cramers_v", "p_value")

    @property
    def shape(self) -> tuple[int, int]:
        """The rows and columns of the crosstab."""
        return _shape(self.groups)

    @property
    def counted(self) -> Keys:
        """The pairs as they are counted: columns by their names, and the values of each in canonical order."""
        by = self.groups.by
        places = sorted((0, 1), key=by.__getitem__)
        columns = [Keys((by[place],), tuple((one,) for one in _values(self.groups, place))) for place in places]
        each = [[column.values[at][0] for at in column.canonical_order] for column in columns]
        return replace(self.groups, by=tuple(by[place] for place in places), values=tuple(product(*each)))

    def _tables(self, cells: NDArray[np.int64]) -> NDArray[np.float64]:
        return cells.reshape(-1, *_shape(self.counted)).astype(float)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return how many rows there are, and the least count that independence expects of a cell."""
        tables = self._tables(cells)
        return {"count": cells.sum(axis=1), "least_expected": _expected(tables).min(axis=(1, 2))}

    @property
    def lines(self) -> tuple[tuple[str, str, str], ...]:
        """The statistic with its p-value, then Cramér's V."""
        return ("chi2", "chi2", "p_value"), ("Cramér's V", "cramers_v", "")

    def tests(self, cells: NDArray[np.int64], noise: Noise | None) -> Estimates:
        """Return the statistic, Cramér's V and the p-value, each in view of the noise."""
        each = np.array([self.tested(table, noise, TABLES) for table in self._tables(cells)]).reshape(-1, 3)
        return dict(zip(self.numbers, each.T, strict=True))

    def tested(self, table: NDArray[np.float64], noise: Noise | None, many: int) -> tuple[float, float, float]:
        """Return the statistic of one table, Cramér's V and the p-value, by so many tables under independence."""
        return self._tested(table.tobytes(), table.shape, noise, many)

    @staticmethod
    @lru_cache(maxsize=32)
    def _tested(counts: bytes, shape: tuple[int, int], noise: Noise | None, many: int) -> tuple[float, float, float]:
        """Return the same, reckoned once: values, frame, text and page ask for it again and again."""
        table, spread = np.frombuffer(counts).reshape(shape), cell_variance(noise)
        found = float(_statistic(table[None], spread)[0])
        draws = under_independence(table, noise, in_parts(many, table.size))
        drawn = np.concatenate([_statistic(part, spread) for part in draws])
        rows = max(float(table.sum()), 1.0) * (min(shape) - 1)
        strength = min(max(found - float(drawn.mean()), 0.0) / rows, 1.0) ** 0.5
        return found, strength, float((1 + (drawn >= found * (1 - 1e-9)).sum()) / (1 + many))

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float:
        """Return how far one cell's count errs at most."""
        return float(noise.half_width(alpha))

    def remarks(self, cells: NDArray[np.int64], noise: Noise) -> tuple[str, ...]:
        """Say where a cell is expected to have too few rows."""
        least, half = float(self.estimates(cells)["least_expected"][0]), noise.half_width(_MISS)
        if least >= _FEWEST + half:
            return ()
        return (
            f"of one cell {error_text(max(least, 0.0))} rows are expected, which is below {_FEWEST} and the noise of "
            f"± {half:,} (95 %): take the p-value for a rough one",
        )

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is tested."""
        rows, columns = self.shape
        a, b = self.groups.by
        return (
            f"tests whether {a!r} and {b!r} are independent in the population that the rows were drawn from, by a "
            f"table of {rows} × {columns}; rows of other values are left out",
            "the null distribution is simulated with the noise in it; without noise the statistic is Pearson's",
        )

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Say how many rows a cell should be expected to have."""
        half = noise.half_width(_MISS)
        least = self.width * (_FEWEST + half)
        told = (
            f"each cell should be expected to have at least {_FEWEST} rows and the noise of ± {half:,}: {least:,} rows "
            "in all, if they are spread evenly; the answer says where one has fewer",
        )
        return (*told, *dependent_rows(question))

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        told = self.counted
        codes = {"rows": key_codes(told, 0), "columns": key_codes(told, 1)}
        return {**self.mark, "of": self.inner.canonical(), "groups": list(told.by), **codes}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the test that a record tells."""
        inner = recorded_statistic(record["of"])
        if not isinstance(inner, Count):
            raise ValueError("what is counted is of no known kind")
        rows, columns = read_keys(record["rows"]), read_keys(record["columns"])
        return cls(inner, Keys(tuple(record["groups"]), tuple((*a, *b) for a in rows for b in columns)))

    def __str__(self) -> str:
        """Return the test in words."""
        (a, b), (rows, columns) = self.groups.by, self.shape
        return f"test of independence of {a!r} and {b!r} ({rows} × {columns})"


def under_independence(
    table: NDArray[np.float64], noise: Noise | None, parts: Sequence[int]
) -> Iterator[NDArray[np.float64]]:
    """Give tables with noise, drawn as if both columns were independent, with the margins of one noisy table.

    So many at a time: all of them together need not fit in memory.
    """
    from privkit.dp.simulate import drawn  # which shows releases, so it is above

    seed = zlib.crc32(np.ascontiguousarray(table, dtype=np.float64).tobytes())
    expected = _expected(table[None])[0].reshape(-1)
    total = expected.sum()
    chances = expected / total if total > 0 else np.full(expected.size, 1 / expected.size)
    rows = max(round(float(total)), 1)
    sampled, noised = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    for many in parts:
        found = sampled.multinomial(rows, chances, size=many)
        if cell_variance(noise) > 0:
            assert noise is not None
            found = found + drawn(noise, found.size, noised).reshape(found.shape)
        yield found.reshape(many, *table.shape).astype(float)


def _values(groups: Keys, place: int) -> list[KeyValue]:
    """Return the values of one column of pairs, each once, in their order."""
    return list(dict(zip(groups.codes[place], (pair[place] for pair in groups.values), strict=True)).values())


def _shape(groups: Keys) -> tuple[int, int]:
    rows = len(_values(groups, 0))
    return rows, len(groups) // rows


def _expected(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what independence expects of each cell, by margins that are at least 0."""
    rows = np.maximum(tables.sum(axis=2), 0.0)
    columns = np.maximum(tables.sum(axis=1), 0.0)
    totals = np.sqrt(rows.sum(axis=1) * columns.sum(axis=1))
    found = rows[:, :, None] * columns[:, None, :]
    return np.asarray(np.divide(found, totals[:, None, None], out=np.zeros_like(found), where=found > 0))


def _statistic(tables: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    """Return Σ (O − E)² / (E + v) of each table; a cell of which nothing is expected counts where there is noise."""
    expected = _expected(tables)
    below = expected + spread
    found = np.divide((tables - expected) ** 2, below, out=np.zeros_like(below), where=below > 0)
    return np.asarray(found.sum(axis=(1, 2)))
