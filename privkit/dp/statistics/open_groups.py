"""Statistics of groups whose keys are not public: they show up by their counts, and then are answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Self

from privkit.dp.noise.compound import Compound, added
from privkit.dp.noise.noise import Noise, costs_at_most
from privkit.dp.opendp import features
from privkit.dp.price import Price, priced
from privkit.dp.statistics.counts import OpenCount, needed, shown_keys
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic, recorded_statistic
from privkit.values.bounds import ContributionBounds
from privkit.values.keys import Keys
from privkit.values.loss import Measure, PrivacyLoss

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.measurement import Sensitivity
    from privkit.dp.plan import Plan
    from privkit.dp.question import Question
    from privkit.dp.simulate import Simulator
    from privkit.dp.statistics.statistic import Read
    from privkit.tally.bounding import PersonGroups
    from privkit.tally.cells.cells import Kind
    from privkit.tally.engines.contract import Engine
    from privkit.tally.looking import Extent
    from privkit.values.expression.selection import Selection

#: The share of the loss that finds the groups, where nothing else is said.
FINDING = Fraction(1, 4)


@dataclass(frozen=True, slots=True)
class Staged(Compound):
    """The noise that finds the groups, and the noise that answers them.

    Attributes
    ----------
    scale : float
        Of the second.
    finding, answering : Noise
    losses : tuple of PrivacyLoss
        The two parts of the loss; all of δ is in the first.
    """

    finding: Noise | None = None
    answering: Noise | None = None
    losses: tuple[PrivacyLoss, ...] = ()

    name = "threshold, then statistic"
    measures: ClassVar[tuple[Measure, ...]] = (Measure.APPROXIMATE, Measure.APPROXIMATE_ZERO_CONCENTRATED)

    @classmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **kind: Any) -> Staged:
        """Return the best noise of each stage within its share of the loss."""
        question: Question = kind["question"]
        asked = question.asked
        assert isinstance(asked, OpenGroups)
        main = "rho" if loss.measure.concentrated else "epsilon"
        first, second = loss.main * asked.share, loss.main * (1 - asked.share)
        price = Price(**{main: first, "delta": loss.delta})
        found, finding, _ = priced(asked.groups_of(question), loss.measure, price)
        paid, answering, _ = priced(replace(question, asked=asked.inner), loss.measure, Price(**{main: second}))
        return cls(answering.scale, finding, answering, (found, paid))

    @property
    def leading(self) -> Noise:
        """The noise of the answer."""
        assert self.answering is not None
        return self.answering

    @property
    def used(self) -> tuple[str, ...]:
        """The names of the mechanisms of both, each once."""
        assert self.finding is not None
        return tuple(dict.fromkeys((*self.finding.used, *self.leading.used)))


class Found:
    """Two measurements of one frame, the second about the groups that the first has shown.

    The second is chosen by what the first released, and by nothing else of the data. So they compose: for each answer
    of the first, the loss of the second is at most the same bound, and losses add up (adaptive composition: Dwork and
    Roth 2014, theorem B.1 for (ε, δ); Bun and Steinke 2016, lemma 2.3 and 8.2 for (ρ, δ)). That bound does not depend
    on how many groups there are, since a person's contributions are bounded whatever the keys.
    """

    def __init__(self, question: Question, noise: Staged) -> None:
        assert isinstance(question.asked, OpenGroups)
        self.asked, self.question, self.noise = question.asked, question, noise
        finding = self.asked.groups_of(question)
        assert noise.finding is not None
        self.first = finding.asked.measurement(finding, noise.finding, noise.losses[0])

    def second(self, keys: Keys) -> Any:
        """Return the measurement of these groups, at most as costly as planned."""
        question = replace(self.question, asked=self.asked.inner, keys=keys)
        with features():  # OpenDP chains it here, whoever asks
            made = self.asked.inner.measurement(question, self.noise.leading, self.noise.losses[1])
        if not costs_at_most(made.map(1), self.noise.losses[1]):
            raise RuntimeError("the second stage costs more than was planned for it")
        return made

    def map(self, persons: int) -> tuple[Fraction, Fraction]:
        """Return what both stages cost, exactly; any one key stands for all, for the bound is the same."""
        one = self.second(Keys(self.asked.by, (tuple(None for _ in self.asked.by),)))
        return added((self.first.map(persons), one.map(1)))

    def __call__(self, rows: Any) -> dict[str, list[int]]:
        """Draw both."""
        texts = sorted(self.first(rows))
        if not texts:
            return {}
        cells = [int(cell) for cell in self.second(shown_keys(self.asked.by, texts))(rows)]
        width = len(cells) // len(texts)
        return {text: cells[place * width : (place + 1) * width] for place, text in enumerate(texts)}


@dataclass(frozen=True, slots=True)
class OpenGroups(Statistic):
    """A statistic of all groups that occur and have enough rows (or persons, where the unit is a column).

    Attributes
    ----------
    by : tuple of str
        The columns of the groups.
    inner : Statistic
        What is asked of each group.
    share : Fraction
        The share of the loss that finds the groups.
    """

    by: tuple[str, ...]
    inner: Statistic
    share: Fraction = FINDING

    name = "open groups"
    noises = (Staged,)

    @property
    def linear(self) -> frozenset[str]:
        """None: its numbers are those of the groups that showed up, once they did."""
        return frozenset()

    @property
    def shows(self) -> tuple[str, ...]:
        """The columns of the groups."""
        return self.by

    @property
    def main(self) -> str:
        """The name of the number that was asked for."""
        return self.inner.main

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names of the numbers that were asked for."""
        return self.inner.numbers

    @property
    def needs_rows(self) -> bool:  # type: ignore[override]
        """Whether the accuracy depends on how many rows a group has."""
        return self.inner.needs_rows

    @property
    def of_ranks(self) -> bool:  # type: ignore[override]
        """Whether the accuracy is a share of ranks."""
        return self.inner.of_ranks

    @property
    def earlier(self) -> Statistic | None:
        """The same of the statistic as earlier versions asked it."""
        inner = self.inner.earlier
        return None if inner is None else OpenGroups(self.by, inner, self.share)

    @property
    def framed(self) -> bool:  # type: ignore[override]
        """Whether the answer is a frame of several numbers."""
        return self.inner.framed

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of numbers."""
        return self.inner.columns

    @property
    def clipped(self) -> dict[str, tuple[float, float]]:
        """The bounds of the statistic."""
        return self.inner.clipped

    @property
    def read(self) -> tuple[str, ...]:
        """Every column of the groups and of the statistic."""
        return tuple(dict.fromkeys((*self.by, *self.inner.read)))

    @property
    def step(self) -> float:
        """What one step of a released integer is worth."""
        return self.inner.step

    @property
    def width(self) -> int:
        """How many cells a group has."""
        return self.inner.width

    def kind(self, question: Question) -> dict[str, Any]:
        """Both noises are found from the whole question."""
        return {"question": question}

    def sensitivity(self, question: Question) -> Sensitivity:
        """Return how far one person moves the answer."""
        return self.inner.sensitivity(replace(question, asked=self.inner))

    def groups_of(self, question: Question) -> Question:
        """Return the question that finds the groups: who has enough rows, or persons, each once in a group."""
        if question.unit.is_row:
            return replace(question, asked=OpenCount(self.by))  # rows, within the unit's own bound
        once = ContributionBounds(max_groups=question.bounds.l0, per_group=1)
        return replace(question, asked=OpenCount(self.by, persons=True, window=question.unit.window), bounds=once)

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Return both stages."""
        assert isinstance(noise, Staged)
        return Found(question, noise)

    def reads(self, question: Question) -> Iterator[Read]:
        """Give what both stages ask of an engine."""
        finding = self.groups_of(question)
        yield from finding.asked.reads(finding)
        yield from self.inner.reads(replace(question, asked=self.inner))

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Return simulated cells of the groups that show up in the simulation, by their texts."""
        assert isinstance(noise, Staged)
        assert noise.finding is not None
        finding = self.groups_of(question)
        found = sorted(finding.asked.simulated(data, finding, noise.finding, noise.losses[0], draw))
        if not found:
            return {}
        shown = replace(question, asked=self.inner, keys=shown_keys(self.by, found))
        cells = self.inner.simulated(data, shown, noise.leading, noise.losses[1], draw).reshape(len(found), -1)
        return dict(zip(found, cells.tolist(), strict=True))

    def answered(self, plan: Plan, keys: Sequence[str] | None) -> Plan:
        """Return the plan of the groups that showed up, with the noise of their answers."""
        assert keys is not None
        assert isinstance(plan.noise, Staged)
        question = replace(plan.question, asked=self.inner, keys=shown_keys(self.by, keys))
        return replace(plan, question=question, noise=plan.noise.leading)

    def extents(self) -> tuple[Extent, ...]:
        """Return those of what is asked of each group."""
        return self.inner.extents()

    def pairs_of(self, rows: Engine, question: Question) -> Iterator[PersonGroups]:
        """Give, in parts, how many rows each person has in each group that occurs."""
        finding = self.groups_of(question)
        return finding.asked.pairs_of(rows, finding)

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Which groups there are is not known beforehand."""
        raise TypeError("groups that are not public have no exact cells")

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return what the statistic says."""
        return self.inner.estimates(cells)

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return the statistic's limits."""
        return self.inner.limits(cells, noise, alpha)

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return the statistic's half-width."""
        assert isinstance(noise, Staged)
        return self.inner.half_width(noise.leading, alpha, rows)

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return the half-widths of all its numbers."""
        assert isinstance(noise, Staged)
        return self.inner.half_widths(noise.leading, alpha, rows)

    def reference(self, rows: int) -> float | None:
        """Return the statistic's own."""
        return self.inner.reference(rows)

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Return the statistic's notes."""
        return self.inner.notes(selected, dates)

    def unit_of(self, name: str) -> str:
        """Return in what a number is told, as the inner statistic has it."""
        return self.inner.unit_of(name)

    def stands_on_zero(self, name: str) -> bool:
        """Whether a number is a total, as the inner statistic has it."""
        return self.inner.stands_on_zero(name)

    def along(self) -> tuple[str, ...]:
        """Return what comes along with the statistic."""
        return self.inner.along()

    def noise_told(self, noise: Noise) -> str:
        """Return the noise that finds the groups, and then that of their answers."""
        assert isinstance(noise, Staged)
        assert noise.finding is not None
        return f"to find the groups: {noise.finding.told(1)}; then {self.inner.noise_told(noise.leading)}"

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Say how many rows or persons a group needs, and what finding the groups costs."""
        assert isinstance(noise, Staged)
        assert noise.finding is not None
        finding = self.groups_of(question)
        return (
            f"{needed(noise.finding, finding)}; finding the groups costs {float(self.share):.4g} of the loss",
            *self.inner.price_notes(noise.leading, replace(question, asked=self.inner), rows),
        )

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        return {**self.mark, "of": self.inner.canonical(), "share": str(self.share)}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the statistic that a record tells."""
        inner = recorded_statistic(record["of"])
        if inner is None:
            raise ValueError("what is asked of the groups is of no known kind")
        return cls(tuple(record["by"]), inner, Fraction(record["share"]))

    def recorded_noise(self, record: Mapping[str, Any]) -> Noise:
        """Return the noise of the answers: the measure's natural one, since all of δ goes to finding the groups."""
        if record["mechanism"] != Staged.name:
            raise ValueError("it was answered with other noise")
        concentrated = Measure(record["loss"]["measure"]).concentrated
        natural = Measure.ZERO_CONCENTRATED if concentrated else Measure.PURE
        kinds = [kind for kind in self.inner.noises if natural in kind.measures]
        best = next((kind for kind in kinds if kind.measures[0] is natural), kinds[0])
        scale = float(record["scale"]) / self.step
        return Staged(scale, answering=best(scale))

    def __str__(self) -> str:
        return f"{self.inner} by {', '.join(self.by)} (groups that pass a threshold)"
