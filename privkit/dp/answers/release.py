"""Releases: noisy answers that may be published, with their uncertainty and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from privkit.dp.answers.arithmetic import Released, added, estimate, index_of, ratio, subtracted
from privkit.dp.answers.derived import Derived, Interval, Source, book_of, named, noise_by_group, table_of, told_apart
from privkit.dp.answers.linear import Errors
from privkit.dp.answers.provenance import Provenance
from privkit.dp.answers.synthetic_rows import distances_of, rows_of
from privkit.dp.dates import limit_names, told_dates
from privkit.dp.noise.noise import ALPHA, Noise
from privkit.dp.plan import Plan, miss
from privkit.errors import ParameterError
from privkit.errors.dp import IntervalError, NotLinearError
from privkit.errors.root import listed
from privkit.values.arguments import spending
from privkit.values.show import AttackableRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.inputs import Quantity
    from privkit.values.loss import PrivacyLoss


@spending
@dataclass(frozen=True, repr=False, eq=False)
class Release(AttackableRows, Released):
    """A noisy answer, free to publish: what is left of the data is only what the budget paid for.

    Attributes
    ----------
    plan : Plan
        What was asked and paid.
    drawn : array of int64, shape (groups, width)
        The noisy integers as they were drawn, in steps of the plan's grid; everything else is computed from them.
    provenance : Provenance
    replayed : bool
        Whether this is the stored answer of an earlier release, at no cost.
    asked_before : int or None
        The ledger's entry that had asked the same question of other data, when this one was charged.
    replays : bool
        Whether it is found when the same is asked again: of rows in an engine, where ``version=`` names their state.
    """

    plan: Plan
    drawn: NDArray[np.int64]
    provenance: Provenance
    replayed: bool
    asked_before: int | None = None
    replays: bool = True

    @cached_property
    def estimates(self) -> dict[str, NDArray[Any]]:
        """Every number that the answer gives, by name; the statistic itself first."""
        found = self.plan.question.asked.told(self.drawn, self.noise)
        kind = self.plan.question.dates
        return found if kind is None else {name: told_dates(kind, counts) for name, counts in found.items()}

    @property
    def cells(self) -> tuple[Any, ...]:
        """The statistic's noisy numbers, in the order of the keys. Counts are signed: clip for display if you must."""
        return tuple(self.estimates[self._name].tolist())

    @property
    def value(self) -> Any:
        """The answer: an int or float, or a Series of int64 or float64 indexed by the keys; of dates, dates."""
        if self.plan.question.asked.framed:
            import pandas as pd

            return pd.DataFrame(self.estimates, index=self._index())
        return self._shaped(self.estimates[self._name])

    @property
    def frame(self) -> pd.DataFrame:
        """The rows of `dp_synthetic`, in the original schema: columns, order, types, and missing values.

        Raises
        ------
        SyntheticError
            If the release is one of something else.
        """
        return rows_of(self)

    @property
    def distances(self) -> pd.DataFrame:
        """How far the rows of `dp_synthetic` lie from each noisy table that they were drawn to fit.

        A row for each: `cells`, `distance` (the total variation: the share of rows that would have to change), and
        `noise`: how far the noise alone would put the table from an exact one. Computed from what was released: it may
        be handed on. Of a table to which the rows were fitted it is no test; pay for `dp_tables` to have one.
        """
        return distances_of(self)

    @property
    def loss(self) -> PrivacyLoss:
        """What the release cost when it was drawn."""
        return self.plan.loss

    @property
    def advantage(self) -> float:
        """The greatest advantage that any attacker can have on one unit by the answer: see :attr:`Plan.advantage`."""
        return self.plan.advantage

    @property
    def attack_success(self) -> float:
        """How often an attacker with 1 % false alarms finds a unit that is there, at most; rounded up."""
        return self.plan.attack_success

    @property
    def noise(self) -> Noise:
        """The noise that was added."""
        return self.plan.noise

    @property
    def accuracy(self) -> Any:
        """Half the width of the 95 % interval: one number where all answers share it, else of the shape of `value`."""
        asked = self.plan.question.asked
        planned = None if asked.needs_rows or asked.framed else self.plan.accuracy
        if planned is not None:
            return planned
        if not self.has_interval:
            return None
        return self._each({name: (upper - lower) / 2 for name, (lower, upper) in self._limits(ALPHA).items()})

    @property
    def has_interval(self) -> bool:
        """Whether the answer has an interval; a choice among candidates has none."""
        return self._name in self._limits(ALPHA)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the noisy numbers themselves say of how far they can be trusted; of most answers nothing."""
        return (*self.plan.question.asked.remarks(self.drawn, self.noise), *self._fewer)

    @property
    def _fewer(self) -> tuple[str, ...]:
        """Say so where by the noisy counts there are fewer rows than the accuracy was planned for."""
        rows, known = self.plan.rows, self._limits(ALPHA).get("count")
        if rows is None or known is None or not self.plan.question.asked.needs_rows or not (known[1] < rows).any():
            return ()
        where = "there are" if self.plan.question.keys is None else "a group has"
        told = f"by the noisy count {where} fewer rows than the {rows:,} that were assumed"
        return (f"{told}: an interval is wider than planned",)

    @property
    def possible(self) -> pd.DataFrame | None:
        """The values that could be among the k most frequent, together with 95 %; None where it is not told.

        A row for each, the most frequent first: its noisy `count` with a 95 % interval, and whether it was `named`.
        `dp_top_k` tells it where it is answered by a noisy count of every value.
        """
        told = self.plan.question.asked.possible(self.drawn, self.noise, ALPHA)
        if told is None:
            return None
        import pandas as pd

        return pd.DataFrame(told)

    @property
    def dominated(self) -> Any:
        """Whether noise dominates an answer: its 95 % interval holds 0, or half of all that is possible."""
        if not self.has_interval or self.plan.question.dates is not None:
            return None
        drowned = self.plan.question.asked.drowned
        return self._each({name: drowned(name, *limits) for name, limits in self._limits(ALPHA).items()})

    def interval(self, level: float = 1 - ALPHA) -> Interval:
        """Return an interval around each number that holds the exact bounded answer with probability `level`.

        Each answer's interval stands for itself; all of them together hold less often. With contribution bounds the
        exact answer is that after bounding. Post-processing: costs nothing.

        Parameters
        ----------
        level : float
            Between 0 and 1.

        Returns
        -------
        Interval
            `lower` and `upper`, of the shape of `value`: of several numbers frames, with those that have an interval.
        """
        alpha = miss(level)
        if not self.has_interval:
            raise IntervalError.of(self._name, self._named)
        lower, upper = ({name: ends[side] for name, ends in self._limits(alpha).items()} for side in (0, 1))
        return Interval(self._each(lower), self._each(upper))

    def to_frame(self, level: float = 1 - ALPHA) -> pd.DataFrame:
        """Return a frame with a row per key: the answer, its interval, and what else came with it."""
        import pandas as pd

        limits = self._limits(miss(level))
        columns: dict[str, Any] = {}
        for name, values in self.estimates.items():
            columns[name] = values
            if name in limits:
                columns.update(zip(limit_names(name, self._name), limits[name], strict=True))
        found = pd.DataFrame(columns, index=self._index())
        if clips := self.plan.question.asked.clips:  # over the columns: of what the intervals are
            found.columns.name = clips.lstrip(", ")
        return found

    def estimate(self, name: str | None = None) -> Derived:
        """Return the answer, or one of its estimates, for free computations: sums, differences, ratios.

        Of several numbers the answer is all that have an interval, each in a row of its name: those can be rounded,
        and one of them, by its name, can be computed with.
        """
        return estimate(self, name)

    def non_negative(self) -> Derived:
        """Return the answer clipped at 0; a post-processing, which biases small cells upwards.

        Of several tables each is clipped by itself, so that they do not add up any more: ``.table("sex")`` of the
        result is one of them.
        """
        return self.estimate().non_negative()

    def rounded(self, base: float = 1) -> Derived:
        """Return the answer rounded to multiples of `base`; a post-processing."""
        return self.estimate().rounded(base)

    def suppressed(self, below: float) -> Derived:
        """Return the answer without its cells below a limit; a post-processing."""
        return self.estimate().suppressed(below)

    def total(self, *columns: str | list[str], by: str | list[str] | None = None) -> Derived:
        """Return the sum of the cells, or of those that agree in some columns; a post-processing.

        Of several tables it is the one by these columns, which all of them agree on.

        Parameters
        ----------
        *columns : str
            The columns to keep: ``.total("sex", "city")``. A list of them is the same.
        by : str or list of str, optional
            The same by its name.
        """
        book = book_of(self)  # which has one table quicker than the list of all
        return self.estimate().total(*columns, by=by) if book is None else table_of(self, book, named(columns, by))

    def table(
        self,
        *columns: str,
        level: float = 1 - ALPHA,
        theme: Literal["auto", "light", "dark", "print"] = "light",
    ) -> Any:
        """Return the table by some columns as a frame; without columns, all numbers as a table to publish.

        Of several tables it is any that lies within one of them: each adds up with every other, exactly. Of another
        release it is its margin. A post-processing, which costs nothing.

        Parameters
        ----------
        *columns : str
            In the order of the index. The total is ``.total()``.
        level : float
            Of the frame's intervals.
        theme : {"auto", "light", "dark", "print"}
            Without columns, the ground of the table to publish.

        Returns
        -------
        pandas.DataFrame or great_tables.GT
            The number, `lower` and `upper`, indexed by the keys.

        Raises
        ------
        TablesError, ParameterError
            If the release holds no such table.
        LibraryRequiredError
            Without columns, where great_tables is not installed: it comes with the extra ``tables``.
        """
        if not columns:
            return super().table(theme=theme)
        return self.total(list(columns)).to_frame(level)

    def by_group(self, columns: str | Sequence[str] | None = None, *, level: float = 1 - ALPHA) -> pd.DataFrame:
        """Return how much noise weighs on the answers of each group: small groups bear most of it. Costs nothing.

        Noise has one size, groups have not. So answers about few people may say little, and whoever leaves them out
        leaves these people out (NIST SP 800-226 on bias). Computed from what was released: it may be handed on.

        Parameters
        ----------
        columns : str or sequence of str, optional
            Columns of the keys; by default all, so that each answer is a group.
        level : float
            Of the intervals.

        Returns
        -------
        pandas.DataFrame
            A row for each group (of several numbers each is an answer, of a group by the column `number` too):
            `answers`, the share of them that noise `dominated`, and the median `relative_error`: half the width of an
            answer's interval, as a share of the answer.

        Raises
        ------
        IntervalError, NotLinearError
            If the answers have no interval, or are dates.
        ColumnNotFoundError
        """
        if not self.has_interval:
            raise IntervalError.of(self.plan.question.statistic, self._named)
        return noise_by_group(self, columns, level)

    def __add__(self, other: object) -> Derived:
        return added(self, other)

    __radd__ = __add__

    def __sub__(self, other: object) -> Derived:
        return subtracted(self, other)

    def __truediv__(self, other: Release | Derived | Quantity) -> Derived:
        return ratio(self, other)

    @property
    def _named(self) -> tuple[str, ...]:  # type: ignore[override]
        return () if self.plan.question.dates is not None else tuple(self._limits(ALPHA))

    def _derived(self, name: str | None) -> Derived:
        asked = self.plan.question.asked
        several = [one for one in asked.numbers if one in self._named] if asked.framed and name is None else []
        if several:
            return told_apart([self._derived(one) for one in several], self.plan.question.shown)
        name = name or self._name
        if self.plan.question.dates is not None:
            raise NotLinearError.of_dates(name)
        if name not in self.estimates:
            raise ParameterError.of("name", repr(name), f"one of {listed(self.estimates)}")
        if name not in self._named:
            raise IntervalError.of(name, self._named)
        question, place = self.plan.question, self.provenance
        bounded = f"the numbers are those after bounding: {question.bounds}"
        book = book_of(self)
        return Derived(
            name,
            np.asarray(self.estimates[name]),
            None if question.shown is None else self._index(),
            partial(self._limits_of, name),
            (Source(place.project, place.entry, place.question, self.loss, bool(getattr(self, "simulated", False))),),
            errors=Errors.of_release(self, name),
            notes=() if question.unit.is_row else (bounded,),
            tables=None if book is None else partial(table_of, self, book),
        )

    @property
    def _name(self) -> str:
        return self.plan.question.statistic

    def _limits_of(self, name: str, alpha: float) -> tuple[NDArray[Any], NDArray[Any]]:
        return self._limits(alpha)[name]

    @cached_property
    def _known(self) -> dict[float, dict[str, tuple[NDArray[Any], NDArray[Any]]]]:
        return {}

    def _limits(self, alpha: float) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
        if alpha not in self._known:  # text, HTML and plot ask for the same, again and again
            found: dict[str, Any] = self.plan.question.asked.limits(self.drawn, self.noise, alpha)
            if (kind := self.plan.question.dates) is not None:
                found = {
                    n: (told_dates(kind, low), told_dates(kind, high, up=True)) for n, (low, high) in found.items()
                }
            self._known[alpha] = found
        return self._known[alpha]

    def _index(self) -> Any:
        import pandas as pd

        keys = self.plan.question.shown
        return pd.RangeIndex(1) if keys is None else index_of(keys)

    def _each(self, found: dict[str, NDArray[Any]]) -> Any:
        """Return what was found of the numbers, of the shape of `value`."""
        if not self.plan.question.asked.framed:
            return self._shaped(found[self._name])
        import pandas as pd

        return pd.DataFrame({name: found[name] for name in self.estimates if name in found}, index=self._index())

    def _shaped(self, values: NDArray[Any]) -> Any:
        if self.plan.question.shown is None:
            return values[0].item() if hasattr(values[0], "item") else values[0]
        import pandas as pd

        return pd.Series(values, index=self._index(), name=self._name, copy=True)
