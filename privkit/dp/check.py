"""Looking before paying: exact figures of what a plan would meet in the rows, for the owner's eyes.

A check is a report, not a release. It reads rows, spends nothing, writes nothing, and none of its figures goes on from
here: not into the plan, whose price and noise are made of public facts, nor into a release, its provenance or the
ledger. It proposes nothing: bounds, keys or a list of groups that follow from it depend on the data, and then the
promise of what is released does not hold. What it finds out is whether what is public was typed right.

*How it is reckoned.* The answers without noise are those that the simulator gives where its noise is none
(:class:`Unnoised`): the statistic's own exact cells, each person within the bounds. The noise beside an answer is half
the width of the interval that the statistic itself gives around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.dates import told_dates
from privkit.dp.noise.noise import ALPHA
from privkit.dp.noise.selection import NoisyMax
from privkit.dp.plan import Plan
from privkit.dp.simulate import Simulator
from privkit.dp.statistics.counts import OpenCount
from privkit.tally.frame import engine_of
from privkit.tally.looking import Outside, PersonsOver, outside, persons_over, totals_outside
from privkit.values.arguments import public
from privkit.values.show import Shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.dp.statistics.statistic import Limits
    from privkit.tally.engines.contract import Engine
    from privkit.tally.looking import Extent
    from privkit.values.keys import Keys
    from privkit.values.loss import PrivacyLoss


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """One number of the answer, in all groups.

    Attributes
    ----------
    name : str
    values : array, shape (groups,)
        Without noise, each person within the contribution bounds, numbers within theirs; of a column of dates, dates.
    widths : array of float64, shape (groups,), or None
        Half the width of the 95 % interval around each, of dates a duration; None where the number has no interval.
    drowned : int
        How many of them noise dominates. Of what only comes along: how many intervals hold 0 beside a number that was
        asked for and is fine.
    asked : bool
        Whether it was asked for; else it comes along, as the sum and the count do with a mean.
    """

    name: str
    values: NDArray[Any]
    widths: NDArray[Any] | None
    drowned: int
    asked: bool = True


@public
@dataclass(frozen=True, eq=False, repr=False)
class PlanCheck(Shown):
    """What a plan would meet in the rows. Exact, for the owner's eyes; no release. Get one from ``plan.check(df)``.

    Attributes
    ----------
    question : Question
        What is asked.
    rows, counted : int
        The rows of the frame, and those that meet the question's condition.
    keys : Keys or None
        The public keys that rows were looked for under.
    matching : array of int64, shape (len(keys),), or None
        How many rows each key has.
    outside : tuple of (Extent, Outside)
        How many numbers lie outside the public bounds, and what becomes of them.
    persons : PersonsOver or None
        How many persons have more rows than count; None where the row is the unit.
    answers : tuple of Answers
        The numbers of the answer, without noise, with the noise that they would get.
    groups : Keys or None
        The groups of the answers; of keys that are not public, those that would show up if there were no noise.
    """

    question: Question
    rows: int
    counted: int
    keys: Keys | None
    matching: NDArray[np.int64] | None
    outside: tuple[tuple[Extent, Outside], ...]
    persons: PersonsOver | None
    answers: tuple[Answers, ...]
    groups: Keys | None

    @property
    def empty(self) -> tuple[tuple[Any, ...], ...]:
        """The public keys that match no row. That a key is missing from a release tells that it is one of these."""
        if self.keys is None or self.matching is None:
            return ()
        return tuple(key for key, rows in zip(self.keys.values, self.matching.tolist(), strict=True) if not rows)

    @property
    def unmatched(self) -> int | None:
        """How many of the rows that meet the condition have no public key; None where there are no keys."""
        return None if self.matching is None else self.counted - int(self.matching.sum())

    def to_frame(self) -> pd.DataFrame:
        """Return a frame with a row per group: each number without noise, and the noise that it would get."""
        import pandas as pd

        from privkit.dp.answers.arithmetic import index_of

        columns: dict[str, Any] = {}
        for one in self.answers:
            columns[one.name] = one.values
            if one.widths is not None:
                columns[f"{one.name} ±"] = one.widths
        return pd.DataFrame(columns, index=pd.RangeIndex(1) if self.groups is None else index_of(self.groups))


class Unnoised(Simulator):
    """A simulator whose noise is none."""

    def __init__(self) -> None:
        super().__init__(np.random.default_rng(0))

    def added(self, noise: Noise, size: int) -> NDArray[np.int64]:
        """Return zeros."""
        return np.zeros(size, dtype=np.int64)

    def chosen(self, scores: NDArray[np.int64], noise: Noise, loss: PrivacyLoss) -> NDArray[np.int64]:
        """Return the places of the best scores of every group."""
        assert isinstance(noise, NoisyMax)
        return np.concatenate([np.argsort(-row, kind="stable")[: noise.top] for row in scores]).astype(np.int64)


def checked(plan: Plan, data: object) -> PlanCheck:
    """Return the exact figures of what a plan would meet in `data`. Reads rows; spends nothing.

    The frame has passed the checks of a release.
    """
    question, engine = plan.question, engine_of(data)
    chosen = question.rows(data)
    found = question.asked.matched(chosen, question)
    keys, matching = (None, None) if found is None else found
    within = question.asked.typed_keys(question)
    answers, groups = _answers(plan, data)
    return PlanCheck(
        question,
        engine.n_rows(),
        chosen.n_rows(),
        keys,
        matching,
        tuple((extent, _outside(extent, chosen, question, within)) for extent in question.asked.extents()),
        _persons(chosen, question),
        answers,
        groups,
    )


def _persons(rows: Engine, question: Question) -> PersonsOver | None:
    if question.who is None:
        return None
    asked = question.asked
    once = asked.once or (isinstance(asked, OpenCount) and asked.persons) or getattr(asked, "inner", asked).once
    return persons_over(asked.pairs_of(rows, question), question.bounds, once=once)


def _outside(extent: Extent, rows: object, question: Question, within: Keys | None) -> Outside:
    if not extent.totals:
        return outside(rows, extent.column, (extent.lower, extent.upper), keys=within)
    assert question.who is not None
    assert extent.grid is not None
    return totals_outside(rows, extent.column, extent.grid, unit=question.who, keys=within)


def _answers(plan: Plan, data: object) -> tuple[tuple[Answers, ...], Keys | None]:
    """Return the numbers of the answer without noise, and their groups."""
    found = plan.question.asked.simulated(data, plan.question, plan.noise, plan.loss, Unnoised())
    texts: Sequence[str] | None = sorted(found) if isinstance(found, Mapping) else None
    plan = plan.question.asked.answered(plan, texts)
    question, asked = plan.question, plan.question.asked
    drawn = found if texts is None else [np.atleast_1d(found[text]) for text in texts]
    cells = np.asarray(drawn, dtype=np.int64)
    cells = cells.reshape(question.groups, -1) if question.groups else cells.reshape(0, asked.width)
    limits = asked.limits(cells, plan.noise, ALPHA)
    return tuple(
        _number(name, values, limits, question) for name, values in asked.told(cells, None).items()
    ), question.shown


def _number(name: str, values: NDArray[Any], limits: Limits, question: Question) -> Answers:
    """Return one number beside its noise: what was asked is judged by its own rule.

    A mean may be fine where the interval of its sum holds 0, as any sum's does whose terms cancel each other; so of
    what comes along those places alone count at which all that was asked is fine.
    """
    asked, kind = question.asked, question.dates
    is_asked = name in asked.numbers
    told = values if kind is None else told_dates(kind, values)
    if name not in limits:
        return Answers(name, told, None, 0, is_asked)
    lower, upper = limits[name]
    drowned = asked.drowned(name, lower, upper)
    if not is_asked:
        for other in asked.numbers:
            drowned = drowned & ~asked.drowned(other, *limits[other]) if other in limits else drowned
    widths: Any = np.asarray(upper - lower, dtype=np.float64) / 2
    if kind is not None:
        widths = (told_dates(kind, upper, up=True) - told_dates(kind, lower)) / 2
    return Answers(name, told, widths, int(np.count_nonzero(drowned)), is_asked)
