"""A book of tables that share columns, released together: each is better than if it were asked alone.

Claim
-----
Let one unit move rows by at most R: one row as unit R = 1, `max_rows` rows of a person, or k rows of whom no id tells.
Then each measured table is moved by at most R in L1 and in L2, and the release costs ρ = Σ_B R² / (2 s_B²), or
ε = Σ_B R / b_B, over the measured tables B.

Proof
-----
*A table.* Every column has its public levels, and one more for all else. So a row lies in exactly one cell of table B,
which depends on that row alone, and a row more adds 1 there. R rows more add whole numbers that sum to R, whose L1 norm
is R and whose L2 norm is at most that (all in one cell, which is why √R would be wrong: rows in different cells of a
fine table may share one of a coarse). Filters and derived columns look at one row at a time. Persons' rows are bounded
once, before any table is counted, and what is kept of a person depends on that person's rows and a salt alone
(`privkit.tally.books`), so that for each salt the counts are a sum over persons: `privkit.dp.measurement.make_sums`.

*The release.* Each measured table gets independent noise, and the losses add up (`privkit.dp.noise.rounds`). All that
is shown is computed from the noisy tables: post-processing. ∎

What is shown is the least squares fit (`privkit.dp.statistics.books.residuals`), made to add up exactly
(`privkit.dp.statistics.books.residuals`); which tables are measured, and how well, is decided by public numbers
(`privkit.dp.statistics.books.strategy`). Intervals come from the law of the noise, not from a normal formula
(`privkit.dp.noise.weighted.counted_quantile`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from privkit.dp.measurement import frames
from privkit.dp.noise.noise import Laplace, Noise, in_measure, integers
from privkit.dp.noise.rounds import LayeredGaussian, LayeredLaplace, composed
from privkit.dp.opendp import features
from privkit.dp.statistics.arranged import OTHER, Counted, Flat, all_keys, canonical_levels, told_table
from privkit.dp.statistics.books.residuals import Fit, summed_exactly
from privkit.dp.statistics.books.shapes import Axes, shapes_of
from privkit.dp.statistics.books.strategy import TableErrors, strategy
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.tally.books import table_counts
from privkit.tally.bounding import person_groups
from privkit.values.exact import exact_text
from privkit.values.keys import Keys, decoded
from privkit.values.writing import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.question import Question
    from privkit.dp.simulate import Simulator
    from privkit.dp.statistics.statistic import Read
    from privkit.tally.bounding import PersonGroups
    from privkit.tally.cells.cells import Kind
    from privkit.tally.engines.contract import Engine
    from privkit.values.expression.selection import Selection
    from privkit.values.loss import PrivacyLoss


@dataclass(frozen=True)
class Tables(TableErrors, Statistic):
    """Counts of rows in several tables.

    Attributes
    ----------
    levels : tuple of Keys
        Of each column, by name in ascending order, its public values in the order in which they were named.
    tables : tuple of Axes
        What is asked for, each as the places of its columns in `levels`, ascending; in order of size.
    importance : tuple of Fraction
        Of each table.
    asked : tuple of tuple of str
        The same tables in the order, and with the columns in the order, in which they were asked for.
    laplace : bool
        Whether the noise is Laplace noise.
    measured : tuple of Axes
        What is measured.
    shares : tuple of Fraction
        Each one's share of the loss.

    Notes
    -----
    *Reach.* In each table a row is in one cell, and adds 1 there. See the module for the proof of what that costs.
    """

    levels: tuple[Keys, ...]
    tables: tuple[Axes, ...]
    importance: tuple[Fraction, ...]
    asked: tuple[tuple[str, ...], ...]
    laplace: bool
    measured: tuple[Axes, ...]
    shares: tuple[Fraction, ...]

    name = "count"
    mark: ClassVar[dict[str, str]] = {"statistic": "tables"}
    aggregate = "classes"
    of_persons = "parts"

    @classmethod
    def of(
        cls,
        levels: tuple[Keys, ...],
        asked: tuple[tuple[str, ...], ...],
        importance: Mapping[frozenset[str], Fraction] | None = None,
        *,
        laplace: bool = False,
    ) -> Tables:
        """Return the statistic, with the best strategy for a kind of noise. Reads nothing.

        Parameters
        ----------
        levels : tuple of Keys
            Of each column, by name in ascending order.
        asked : tuple of tuple of str
            Different sets of columns.
        importance : mapping, optional
            Of each table, by its set of columns; 1 by default.
        """
        places = {keys.by[0]: place for place, keys in enumerate(levels)}
        named = {
            tuple(sorted(places[name] for name in names)): (importance or {}).get(frozenset(names), Fraction(1))
            for names in asked
        }
        tables = tuple(sorted(named, key=lambda axes: (len(axes), axes)))
        weights = tuple(named[axes] for axes in tables)
        shapes = shapes_of(tuple(len(keys) + 1 for keys in levels), tables)
        return cls(levels, tables, weights, asked, laplace, *strategy(shapes, weights, squared=laplace))

    @property
    def noises(self) -> tuple[type[Noise], ...]:  # type: ignore[override]
        """The kind of noise that its shares are made for."""
        return (LayeredLaplace,) if self.laplace else (LayeredGaussian,)

    @property
    def linear(self) -> frozenset[str]:
        """None: cells of different tables have noise of different scales."""
        return frozenset()

    @property
    def read(self) -> tuple[str, ...]:
        """The columns, of any type."""
        return self.names

    @property
    def width(self) -> int:
        """How many cells are measured."""
        return self.fit.width

    @property
    def missing_kept(self) -> tuple[str, ...]:
        """All columns: a missing value has its level in each."""
        return self.names

    def cells(self, question: Question) -> int:
        """Return how many cells the asked tables have."""
        return sum(math.prod(self.sizes[axis] for axis in axes) for axes in self.tables)

    def kind(self, question: Question) -> dict[str, Any]:
        """The noise must know the shares."""
        return {"shares": self.shares}

    @property
    def own_keys(self) -> tuple[Keys, ...]:
        """The levels of each column."""
        return self.levels

    def typed_keys(self, question: Question) -> Keys | None:
        """Return keys that hold each column's levels: the shorter lists again from their start."""
        if not self.levels:
            return None
        longest = max(len(keys) for keys in self.levels)
        rows = (tuple(keys.values[place % len(keys)][0] for keys in self.levels) for place in range(longest))
        return Keys(self.names, tuple(rows), told=any(keys.told for keys in self.levels))

    # -- rows ----------------------------------------------------------------------------------------------------------

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Count the cells of the measured tables exactly, each person within the bounds; shape (1, width)."""
        levels = [canonical_levels(keys) for keys in self.levels]
        return table_counts(data, levels, self.measured, unit=question.who, bounds=question.bounds).reshape(1, -1)

    def pairs_of(self, rows: Engine, question: Question) -> Iterator[PersonGroups]:
        """Give, in parts, how many rows each person has, in all."""
        assert question.who is not None
        return (pairs for pairs, _ in person_groups(rows, question.who, None))

    def reads(self, question: Question) -> Iterator[Read]:
        """Give what is asked of an engine: classes of rows, or of persons the columns."""
        yield "classes" if question.who is None else "parts", question.columns, None

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Return OpenDP's composition of one measurement for each measured table. Reads nothing."""
        assert isinstance(noise, LayeredLaplace | LayeredGaussian)
        norms, counted = question.sensitivity, Counted(self, question)
        with features() as dp:
            laplace = isinstance(noise, Laplace)
            metric = dp.metrics.l1_distance(T="i64") if laplace else dp.metrics.l2_distance(T="f64")
            moved = norms.l1 if laplace else norms.l2
            parts = [
                dp.transformations.make_user_transformation(
                    *frames(dp),
                    integers(dp),
                    metric,
                    lambda rows, place=place: counted.table(rows, place),
                    lambda units: units * moved,
                )
                >> layer.measurement()
                for place, layer in enumerate(noise.layers)
            ]
            return Flat(in_measure(composed(parts), loss))

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Return simulated cells of all measured tables."""
        assert isinstance(noise, LayeredLaplace | LayeredGaussian)
        exact = self.exact(question.rows(data), question).reshape(-1)
        drawn = [
            draw.added(layer, span.stop - span.start) for layer, span in zip(noise.layers, self.fit.spans, strict=True)
        ]
        return exact + np.concatenate(drawn)

    # -- answers -------------------------------------------------------------------------------------------------------

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the fitted cells of all asked tables, one after the other."""
        found = self._fitted(cells)[0]
        return {self.main: np.concatenate([self.shown(found[self.axes(names)], names).ravel() for names in self.asked])}

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return the cells less and more what their tables' errors reach."""
        found, grain = self._fitted(cells)
        values, widths = [], []
        for names in self.asked:
            table = self.shown(found[self.axes(names)], names).ravel()
            values.append(table)
            widths.append(np.full(len(table), self.reached(self.axes(names), noise, alpha) + grain * len(table)))
        value, width = np.concatenate(values), np.concatenate(widths)
        return {self.main: (value - width, value + width)}

    def margin(self, cells: NDArray[np.int64], names: Sequence[str]) -> tuple[Keys | None, NDArray[np.float64], float]:
        """Return a table's keys, its fitted cells, and what a cell may be off by rounding.

        Parameters
        ----------
        names : sequence of str
            Columns that stand in one asked table; in the order of the keys.
        """
        found, grain = self._fitted(cells)
        values = self.shown(found[self.axes(names)], names).ravel()
        return self.keys_of(names), values, grain * len(values)

    def weights_of(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Return how much each measured cell weighs in each cell of a table; shape (cells, width)."""
        axes = self.axes(names)
        places = self.shown(np.arange(self.cells_of(names)).reshape(self.fit.shape(axes)), names).ravel()
        return self.fit.matrix(axes)[places]

    def noise_told(self, noise: Noise) -> str:
        """Return the noise, on how many tables it is, and the least and the largest of its scales."""
        scales = sorted(layer.scale for layer in self.layers(noise))
        told = " to ".join(dict.fromkeys(map(number, (scales[0], scales[-1]))))
        many = "1 table" if len(scales) == 1 else f"{len(scales):,} tables"
        return f"{noise.name} noise on {many}, scale {told}"

    def _fitted(self, cells: NDArray[np.int64]) -> tuple[Mapping[Axes, NDArray[np.float64]], float]:
        return _fitted(self.fit, cells.tobytes())

    def shown_keys(self, question: Question) -> Keys | None:
        """Return keys of all asked tables' cells: the table, and the level of each column, or that all are added up."""
        return all_keys(self.levels, self.asked)

    def reference(self, rows: int) -> float:
        """Return the rows."""
        return float(rows)

    # -- words ---------------------------------------------------------------------------------------------------------

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what a row without a public value becomes, and what the numbers are."""
        fitted = "counts are fitted to each other, so they are no whole numbers; each table adds up with every other"
        summed = "one table is measured, and the others are its sums: each adds up with every other"
        return (
            f"a row whose value of a column is none of its keys, or is missing, counts as {OTHER!r} there",
            summed if len(self.measured) == 1 else fitted,
        )

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values: what decides the answer, whatever the order in which it was asked."""
        named = [[self.names[axis] for axis in axes] for axes in self.tables]
        measured = [
            [[self.names[axis] for axis in axes], exact_text(share)]
            for axes, share in zip(self.measured, self.shares, strict=True)
        ]
        return {
            **self.mark,
            "columns": {keys.by[0]: canonical_levels(keys).codes[0] for keys in self.levels},
            "told": [keys.by[0] for keys in self.levels if keys.told],
            "tables": named,
            "importance": [exact_text(one) if _is_decimal(one) else str(one) for one in self.importance],
            "noise": "laplace" if self.laplace else "gaussian",
            "measured": measured,
        }

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the tables that a record tells."""
        told = record["told"]
        levels = tuple(
            Keys((name,), tuple((decoded(code),) for code in codes), told=name in told)
            for name, codes in sorted(record["columns"].items())
        )
        places = {keys.by[0]: place for place, keys in enumerate(levels)}
        tables = tuple(tuple(places[name] for name in names) for names in record["tables"])
        measured = tuple(tuple(places[name] for name in names) for names, _ in record["measured"])
        return cls(
            levels,
            tables,
            tuple(Fraction(one) for one in record["importance"]),
            tuple(tuple(names) for names in record["tables"]),
            record["noise"] == "laplace",
            measured,
            tuple(Fraction(share) for _, share in record["measured"]),
        )

    def recorded_noise(self, record: Mapping[str, Any]) -> Noise:
        """Return the noise that a recorded question was answered with."""
        (kind,) = self.noises
        if record["mechanism"] != kind.name:
            raise ValueError("it was answered with other noise")
        return kind(float(record["scale"]), self.shares)  # type: ignore[call-arg]

    @property
    def headline(self) -> str:
        """What is asked, in few words."""
        many = len(self.tables)
        return f"{self.main} in {many:,} {'table' if many == 1 else 'tables'}"

    def __str__(self) -> str:
        few = [told_table(names) for names in self.asked[:6]]
        more = f" and {len(self.asked) - 6:,} more" if len(self.asked) > 6 else ""
        many = f"{len(self.asked):,} {'table' if len(self.asked) == 1 else 'tables'}"
        return f"count of rows in {many}: {', '.join(few)}{more}"


def _is_decimal(number: Fraction) -> bool:
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


@lru_cache(maxsize=8)
def _fitted(fit: Fit, drawn: bytes) -> tuple[Mapping[Axes, NDArray[np.float64]], float]:
    """Return the fitted tables of what was drawn: text, page and frames ask for the same, again and again."""
    return summed_exactly(fit, np.frombuffer(drawn, dtype=np.int64).astype(np.float64))
