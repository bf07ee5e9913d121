"""Rows in the original schema, drawn from noisy tables: what is asked, what is measured, and what is kept.

Claim
-----
Let one unit move rows by at most R, as of a book of tables (`privkit.dp.statistics.books.tables`). The release costs
what `privkit.dp.noise.rounds` states for tables that are moved by at most R in L1 and in L2 and scores that are moved
by at most R.

Proof
-----
Every row has one level of every column, so that R rows move each table by at most R in L1 and in L2, which is proved
there, and each score by at most R (`privkit.dp.synthesis.running`). What is measured, and by which scores, follows from
what was released before; the losses add up (`privkit.dp.noise.rounds`). All else, the model, the rows, the values
within bins, and how many rows there are, is computed from what was released, from public facts and from a seed that no
row decides: post-processing. ∎

The whole price is in the ledger before the first round, and no round adds to it. The answer that is stored holds the
noisy tables and the rows themselves, as numbers, so that a replay gives the same rows in every version.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from privkit.dp.measurement import Sensitivity
from privkit.dp.noise.noise import ALPHA
from privkit.dp.noise.rounds import RoundsGaussian, RoundsLaplace, Shape, make_rounds
from privkit.dp.statistics.arranged import canonical_levels
from privkit.dp.statistics.books.tables import Tables
from privkit.dp.synthesis.drawing import Filled, drawn_rows, uniform
from privkit.dp.synthesis.kept import Kept, WithRows, distances, drowned, ruled_out
from privkit.dp.synthesis.model import NO_RULES, Ruled, Rules, all_pairs
from privkit.dp.synthesis.running import Measuring, Run, Simulating
from privkit.tally.books import table_counts
from privkit.values.exact import exact_text
from privkit.values.writing import error_text, level_text, number, percent

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.dp.simulate import Simulator
    from privkit.dp.statistics.books.residuals import Axes
    from privkit.dp.statistics.statistic import Estimates, Limits
    from privkit.tally.cells.cells import Kind
    from privkit.values.expression.selection import Selection
    from privkit.values.keys import Keys
    from privkit.values.loss import PrivacyLoss

#: Rows that are drawn at most, and tables that are held out.
MOST_ROWS, MOST_HELD = 1_000_000, 5
#: Of the loss, what the first round gets: with a target, of which it measures all pairs, and without one.
FIRST = {True: Fraction(2, 5), False: Fraction(1, 3)}


@dataclass(frozen=True, slots=True)
class Synthetic(Tables):
    """Rows that fit noisy tables. Its numbers are those of the tables of the first round.

    Attributes
    ----------
    made : tuple of Filled
        How each column of the frame is made, in its order.
    target : str or None
        The column of levels whose pairs are all measured at first.
    rows : int or None
        How many rows are drawn; None for as many as the noisy tables tell.
    rounds : int
        How many pairs are measured after the first round.
    rules : Rules
        What the owner says of every row.
    held : Fraction
        The share of the loss that goes to tables which are held out; 0 for none.
    progress : bool
        Whether a bar shows the rounds: no part of what is asked.
    """

    made: tuple[Filled, ...]
    target: str | None
    rows: int | None
    rounds: int
    rules: Rules = NO_RULES
    held: Fraction = Fraction(0)
    progress: bool = field(default=False, compare=False)

    mark: ClassVar[dict[str, str]] = {"statistic": "synthetic"}
    makes = "rows"

    @classmethod
    def asks(
        cls,
        levels: tuple[Keys, ...],
        made: tuple[Filled, ...],
        *,
        target: str | None,
        rows: int | None,
        rounds: int | None,
        laplace: bool,
        rules: Rules = NO_RULES,
        held: Fraction = Fraction(0),
        progress: bool = False,
    ) -> Synthetic:
        """Return the statistic, its first round planned. Reads nothing.

        Parameters
        ----------
        levels : tuple of Keys
            Of each column, by name in ascending order.
        rounds : int, optional
            By default half of the pairs that the first round does not measure.
        """
        names = [keys.by[0] for keys in levels]
        order = [one.level for one in made]
        asked: tuple[tuple[str, ...], ...] = tuple((name,) for name in order)
        if target:
            asked = tuple((name, target) for name in order if name != target)
        known = {frozenset(one) for one in asked}
        asked += tuple(pair for pair in rules.decided if frozenset(pair) not in known)
        each = (tuple(sorted(names.index(name) for name in one)) for one in asked)
        tables = tuple(sorted(each, key=lambda axes: (len(axes), axes)))
        left = len(all_pairs(len(names))) - sum(len(axes) == 2 for axes in tables)
        later = -(-left // 2) if rounds is None else min(rounds, left)
        shares = (Fraction(1, len(tables)),) * len(tables)
        ones = (Fraction(1),) * len(tables)
        own = (levels, tables, ones, asked, laplace, tables, shares)
        return cls(*own, made, target, rows, later, rules, held, progress)

    @property
    def noises(self) -> tuple[type[Noise], ...]:  # type: ignore[override]
        """The kind of noise that its rounds are made for."""
        return (RoundsLaplace,) if self.laplace else (RoundsGaussian,)

    @property
    def pairs(self) -> tuple[Axes, ...]:
        """The pairs of columns that the first round does not measure."""
        return tuple(pair for pair in all_pairs(len(self.levels)) if pair not in self.tables)

    @property
    def shape(self) -> Shape:
        """How many tables are measured, and whether they are chosen."""
        chosen, first = 0 < self.rounds < len(self.pairs), FIRST[self.target is not None]
        return Shape(len(self.tables), self.rounds, chosen, first, len(self.held_tables), self.held)

    @property
    def held_tables(self) -> tuple[Axes, ...]:
        """The tables that are held out: of all pairs some at even steps, a public choice."""
        every = all_pairs(len(self.levels))
        many = min(len(every), MOST_HELD) if self.held else 0
        return tuple(every[place * len(every) // many] for place in range(many))

    @property
    def held_width(self) -> int:
        """How many cells are held out."""
        return sum(int(np.prod([self.sizes[axis] for axis in axes])) for axes in self.held_tables)

    def kind(self, question: Question) -> dict[str, Any]:
        """The noise must know the rounds."""
        return {"shares": self.shares, "shape": self.shape}

    def sensitivity(self, question: Question) -> Sensitivity:
        """Return how far one unit moves a table, and a score: by its rows."""
        norms = Tables.sensitivity(self, question)
        return Sensitivity(1, norms.l1, norms.l2, norms.l1)

    # -- rows ----------------------------------------------------------------------------------------------------------

    @property
    def run(self) -> Run:
        """The rounds."""
        every = [*self.tables, *self.pairs]
        held = tuple(every.index(axes) for axes in self.held_tables)
        return Run(self.sizes, self.ruled, self.tables, self.pairs, self.rounds, held, self.progress)

    @property
    def ruled(self) -> Ruled:
        """What rows may have."""
        parts = tuple(self.rules.parts(self.names, self.sizes, self.allowed))
        decided = []
        for first, second in self.rules.decided:
            keys = canonical_levels(self.levels[self.names.index(first)]).values
            free = (*(place for place, key in enumerate(keys) if key[0] is None), len(keys))
            decided.append((self.names.index(first), self.names.index(second), free))
        return Ruled(self.allowed, parts, tuple(decided))

    @property
    def allowed(self) -> tuple[NDArray[np.bool_], ...]:
        """Which levels of each column, in canonical order, the frame's type can hold."""
        made = {one.level: one for one in self.made}
        return tuple(made[keys.by[0]].left(canonical_levels(keys)) for keys in self.levels)

    def _counts(self, data: object, question: Question, salt: bytes | None = None) -> list[NDArray[np.int64]]:
        """Return the exact tables of the first round, and all pairs: of the same rows, persons' bounded."""
        levels, tables = [canonical_levels(keys) for keys in self.levels], [*self.tables, *self.pairs]
        cells = table_counts(data, levels, tables, unit=question.who, bounds=question.bounds, salt=salt)
        sizes = [int(np.prod([self.sizes[axis] for axis in axes])) for axes in tables]
        return np.split(cells, np.cumsum(sizes)[:-1])

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Return the rounds as an OpenDP measurement, and the rows that are drawn from what it tells. Reads nothing."""
        assert isinstance(noise, RoundsLaplace | RoundsGaussian)
        draws, seed = Measuring(noise), secrets.randbits(62)

        def run(data: object) -> list[int]:
            counts = self._counts(question.rows(data), question)
            return Kept.of(*self.run.transcript(counts, noise, draws, seed), seed).cells

        return WithRows(make_rounds(run, noise, question.sensitivity, loss), self, noise)

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Return the same with simulated noise."""
        assert isinstance(noise, RoundsLaplace | RoundsGaussian)
        counts, seed = self._counts(question.rows(data), question), int(draw.rng.integers(2**62))
        told = self.run.transcript(counts, noise, Simulating(noise, draw), seed)
        return self.with_rows(Kept.of(*told, seed).cells, noise)

    def with_rows(self, cells: Sequence[int], noise: Noise) -> list[int]:
        """Return what was measured followed by rows that fit it. No data: post-processing."""
        kept = Kept.read(self, np.asarray(cells, dtype=np.int64))
        assert isinstance(noise, RoundsLaplace | RoundsGaussian)
        model = self.run.model(kept.measured(self, noise))
        rows = self.rows if self.rows is not None else max(round(model.rows), 1)
        drawn, stopped = drawn_rows(model, min(rows, MOST_ROWS), np.random.default_rng(kept.seed))
        return kept.with_rows(self, drawn, stopped=stopped).cells

    # -- answers -------------------------------------------------------------------------------------------------------

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the fitted cells of the first round's tables."""
        return Tables.estimates(self, cells[:, : self.width])

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return the cells less and more what their tables' errors reach."""
        return Tables.limits(self, cells[:, : self.width], noise, alpha)

    def margin(self, cells: NDArray[np.int64], names: Sequence[str]) -> tuple[Keys | None, NDArray[np.float64], float]:
        """Return a table of the first round, or one that lies within it: its keys, its cells, and their rounding."""
        return Tables.margin(self, cells[:, : self.width], names)

    def remarks(self, cells: NDArray[np.int64], noise: Noise) -> tuple[str, ...]:
        """Say where noise is all that there is, and where an interrupt ended the rounds, or the drawing of the rows."""
        assert isinstance(noise, RoundsLaplace | RoundsGaussian)
        kept = Kept.read(self, cells.reshape(-1))
        told = [*drowned(self, cells, noise), *ruled_out(self, kept, noise)]
        if len(kept.rounds) < self.rounds:
            told.append(
                f"stopped after {len(kept.rounds)} of {self.rounds} rounds: the rows fit what was measured then"
            )
        if kept.stopped:
            told.append("stopped while rows were drawn: they fit what was measured less closely than they could")
        return tuple(told)

    def frame(self, cells: NDArray[np.int64]) -> pd.DataFrame:
        """Return the rows in the original schema."""
        import pandas as pd

        kept = Kept.read(self, cells.reshape(-1))
        codes, keys = kept.levels(self), {keys.by[0]: canonical_levels(keys) for keys in self.levels}
        chances = uniform(kept.seed, len(codes), len(self.made))
        found = {}
        for place, one in enumerate(self.made):
            own = tuple(key[0] for key in keys[one.level].values)
            column = codes[:, self.names.index(one.level)]
            found[one.name] = one.values(self._by_bin(one, column, own), self._in_order(one, own), chances[:, place])
        return pd.DataFrame(found)

    def _in_order(self, one: Filled, own: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the keys that a column's levels stand for; of bins those in the order of their edges."""
        if not one.edges:
            return own
        return tuple(key[0] for keys in self.levels if keys.by[0] == one.level for key in keys.values)

    def _by_bin(self, one: Filled, codes: NDArray[np.int64], own: tuple[Any, ...]) -> NDArray[np.int64]:
        """Return levels in canonical order as places among the keys, or of bins among these."""
        if not one.edges:
            return codes
        labels = self._in_order(one, own)
        return np.array([*(labels.index(label) for label in own), len(own)], dtype=np.int64)[codes]

    def distances(self, cells: NDArray[np.int64], noise: Noise, codes: NDArray[np.int64] | None = None) -> pd.DataFrame:
        """Return how far the rows' tables, or those of other rows, lie from the noisy ones: `Release.distances`."""
        assert isinstance(noise, RoundsLaplace | RoundsGaussian)
        kept = Kept.read(self, cells.reshape(-1))
        return distances(self, kept, noise, kept.levels(self) if codes is None else codes)

    # -- words ---------------------------------------------------------------------------------------------------------

    @property
    def headline(self) -> str:
        """What is asked, in few words."""
        tables = len(self.tables)
        return f"synthetic rows of {len(self.made)} columns; {self.main} in {tables:,} tables of the first round"

    def noise_told(self, noise: Noise) -> str:
        """Return the noise's name, and on how many tables it is."""
        pairs = "pair" if self.rounds == 1 else "pairs"
        later = f", then on {self.rounds:,} {pairs} in rounds" if self.rounds else ""
        return f"{noise.name} (on {len(self.tables):,} tables{later})"

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what the rows are, what they are not, and what noise does to them."""
        cut = [one for one in self.made if one.edges]
        chosen = "chosen by noisy scores" if self.shape.chosen else "all that there are"
        chosen = chosen if self.rounds else "as was asked"
        return (
            "the rows are drawn from noisy tables of one and two columns: nobody's row is among them but by chance, "
            "and what three or more columns do together is kept as far as pairs tell it",
            f"{self.rounds:,} of {len(self.pairs):,} further pairs are measured, {chosen}",
            *([f"{', '.join(repr(one.name) for one in cut)}: uniform within each bin"] if cut else []),
            *self._rules_told(),
            *Tables.notes(self, selected, dates),
        )

    def _rules_told(self) -> list[str]:
        """Say what the owner states of every row, and what is held out."""
        named, told = {one.level: one.name for one in self.made}, []
        if self.rules.conditions:
            each = "; ".join(one.text for one in self.rules.conditions)
            told.append(f"no row breaks what the owner states: {each} (of a missing value it states nothing)")
        for first, second in self.rules.decided:
            told.append(
                f"{named[first]!r} decides {named[second]!r}: each of its values has the one that the noisy table of "
                "both tells most of, which may be a wrong one where few rows are"
            )
        if self.held:
            held = len(self.held_tables)
            told.append(f"{held:,} of the pairs are measured with {percent(float(self.held))} of the loss to test by")
        return told

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Say how many rows it takes for a pair to be more than noise, before anything is paid."""
        assert isinstance(noise, RoundsLaplace | RoundsGaussian)
        if not (self.rounds and self.pairs):
            return self.warned(noise)
        many = max(int(np.prod([self.sizes[axis] for axis in pair])) for pair in self.pairs)
        if not (width := noise.later.half_width(ALPHA)):
            return ()
        return (
            *self.warned(noise),
            f"each cell of a further pair has noise of ± {error_text(width)} ({level_text(1 - ALPHA)}): with fewer "
            f"than {error_text(width * many)} rows, a cell of the largest of these pairs ({number(many)} cells) holds "
            "less than that in the mean",
        )

    def warned(self, noise: Noise) -> tuple[str, ...]:
        """Say where all tables with as many rows as are drawn at most would be drowned by the noise."""
        width = self.half_width(noise, ALPHA, None)
        if width < (self.rows or MOST_ROWS):
            return ()
        told = error_text(width)
        return (
            f"each count of the first round has noise of ± {told} ({level_text(1 - ALPHA)}): of a table with fewer "
            "rows than that, rows are drawn from noise alone. What helps is a higher price, or fewer columns",
        )

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        made = [[one.name, one.level, one.dtype, list(one.edges), one.right] for one in self.made]
        own = {"made": made, "target": self.target, "rows": self.rows, "rounds": self.rounds}
        held = {"held": exact_text(self.held)} if self.held else {}
        return {**Tables.canonical(self), **own, **self.rules.canonical(), **held}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the statistic that a record tells."""
        book = Tables.recorded(record)
        fields = (book.levels, book.tables, book.importance, book.asked, book.laplace, book.measured, book.shares)
        made = tuple(
            Filled(name, level, dtype, tuple(edges), right) for name, level, dtype, edges, right in record["made"]
        )
        own = (made, record["target"], record["rows"], record["rounds"])
        return cls(*fields, *own, Rules.recorded(record), Fraction(record.get("held", 0)))

    def __str__(self) -> str:
        first = "all pairs with " + repr(self.target) if self.target else "each column"
        return (
            f"synthetic rows of {', '.join(one.name for one in self.made)}, from counts of {first} and of "
            f"{self.rounds:,} further {'pair' if self.rounds == 1 else 'pairs'}"
        )
