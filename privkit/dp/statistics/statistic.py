"""What a statistic says of itself: what it reads, how far one contribution moves it, what its integers mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from privkit.dp.measurement import Reach, Rounding, Sensitivity, make_sums
from privkit.dp.noise.noise import Gaussian, Laplace, Noise, in_measure
from privkit.errors.arguments import KindError
from privkit.tally.bounding import person_groups
from privkit.values.bounds import ValueBounds
from privkit.values.kinds import enter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from privkit.dp.plan import Plan
    from privkit.dp.question import Question
    from privkit.dp.simulate import Simulator
    from privkit.tally.bounding import PersonGroups
    from privkit.tally.cells.cells import Kind
    from privkit.tally.engines.contract import Engine
    from privkit.tally.looking import Extent
    from privkit.values.bounds import ContributionBounds
    from privkit.values.expression.selection import Selection
    from privkit.values.keys import Keys
    from privkit.values.loss import PrivacyLoss

#: One aggregate of the engine contract, the columns that it reads, and its column of numbers or values.
Read = tuple[str, tuple[str, ...], str | None]
#: From a name to estimates, or to lower and upper limits, one per group.
Estimates = dict[str, "NDArray[Any]"]
Limits = dict[str, "tuple[NDArray[Any], NDArray[Any]]"]


@dataclass(frozen=True, slots=True)
class Statistic(ABC):
    """A statistic that is a sum over contributions, or is made of such sums.

    Each subclass names its parameters as fields, all of them public; states in `reach` how far one contribution moves
    the cells of its group, with a proof; counts them exactly in `exact`; and reads noisy cells in `estimates` and
    `limits`, which is post-processing.
    """

    #: Every kind of statistic by the name of its class: it is in here by being defined.
    KINDS: ClassVar[dict[str, type[Statistic]]] = {}
    #: What it is called; the name of the released column.
    name: ClassVar[str]
    #: What the ledger tells it apart by, beside its parameters; its name, where it does not say.
    mark: ClassVar[dict[str, str]]
    #: The noise that may answer it.
    noises: ClassVar[tuple[type[Noise], ...]] = (Laplace, Gaussian)
    #: Whether its accuracy depends on how many rows a group has.
    needs_rows: ClassVar[bool] = False
    #: Those of its numbers that have an accuracy for any number of rows, where others do not.
    steady: ClassVar[tuple[str, ...]] = ()
    #: Whether that accuracy is a share of ranks, at most 0.5; in the column's unit it has an interval.
    of_ranks: ClassVar[bool] = False
    #: Whether that accuracy is by how many rows a value that was chosen falls short of another one.
    falls_short: ClassVar[bool] = False
    #: Whether that accuracy is of the counts of bins, by which bounds are chosen.
    of_bins: ClassVar[bool] = False
    #: Whether earlier versions alone asked it: what ledgers hold of it is shown and replayed.
    retired: ClassVar[bool] = False
    #: Whether the answer is a frame of several numbers.
    framed: ClassVar[bool] = False
    #: Whether a person counts once in a group, however many rows he or she has there.
    once: ClassVar[bool] = False
    #: What is made of the answer: numbers are told, a model is trained, or rows are drawn.
    makes: ClassVar[Literal["numbers", "model", "rows"]] = "numbers"

    #: The aggregates of the engine contract that it asks for: of rows, and where persons are bounded.
    aggregate: ClassVar[str] = "power_sums"
    of_persons: ClassVar[str] = "parts"

    def __init_subclass__(cls) -> None:
        if "mark" not in vars(cls):
            cls.mark = {"statistic": getattr(cls, "name", "")}
        others = [kind for name, kind in Statistic.KINDS.items() if name != cls.__name__ and kind.mark == cls.mark]
        if strange := [kind for kind in others if not issubclass(cls, kind)]:  # a record of one reads as the other
            raise KindError.twice("statistic", cls.__name__, str(cls.mark), strange[0].__qualname__)
        enter(Statistic.KINDS, cls, "statistic", says="name")

    @property
    @abstractmethod
    def linear(self) -> frozenset[str]:
        """The names of those of its numbers that may be weighted sums of noisy cells."""

    @property
    def shows(self) -> tuple[str, ...]:
        """The columns whose groups show up by themselves; none where they are public keys."""
        return ()

    def showing(self, columns: tuple[str, ...]) -> Statistic | None:
        """Return what asks the same of groups that show up by its own noisy cells; None where they are found first."""
        return None

    @property
    def earlier(self) -> Statistic | None:
        """The statistic by which earlier versions asked the same, whose stored answers stand for its own."""
        return None

    @property
    def ordered(self) -> tuple[object, Any] | None:
        """Of what it is a number, and its place there: those of one release do not cross. None where that is not so."""
        return None

    def answered(self, plan: Plan, keys: Sequence[str] | None) -> Plan:
        """Return the plan of what was answered: its own, unless groups showed up, whose keys the answer holds."""
        return plan

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of numbers that it reads, beside groups and persons."""
        return ()

    @property
    def clipped(self) -> dict[str, tuple[float, float]]:
        """From a column of numbers to the public bounds of its values, or of a person's total, where it has some."""
        bounds, candidates = getattr(self, "bounds", None), getattr(self, "candidates", ())
        if isinstance(bounds, ValueBounds):
            return dict.fromkeys(self.columns, (bounds.lower, bounds.upper))
        return dict.fromkeys(self.columns, (candidates[0], candidates[-1])) if candidates else {}

    @property
    def read(self) -> tuple[str, ...]:
        """Every column that it reads, of numbers or not."""
        return self.columns

    def typed_keys(self, question: Question) -> Keys | None:
        """Return the keys that the frame's own columns must fit in type."""
        return question.keys

    @property
    def own_keys(self) -> tuple[Keys, ...]:
        """The public values that stand in the statistic itself, where they are no groups of the question."""
        return ()

    def bins_of(self, column: str) -> bool:
        """Whether the keys of a column are bins of its numbers."""
        return False

    def told_keys(self, question: Question) -> Keys | None:
        """Return the keys that a question tells in words beside it."""
        return question.keys

    @property
    def lines(self) -> tuple[tuple[str, str, str], ...]:
        """What stands in each line where numbers are told one below the other: its name, the number, its p-value."""
        return ()

    @property
    def headline(self) -> str:
        """What is asked, in few words, where a view cannot put them together from its name and its columns."""
        return ""

    def noise_told(self, noise: Noise) -> str:
        """Return in plain words what noise stands on what, with its scales in units of the answer."""
        return noise.told(self.step)

    @property
    def missing_kept(self) -> tuple[str, ...]:
        """The columns of which a missing value is counted like others."""
        return ()

    def shown_keys(self, question: Question) -> Keys | None:
        """Return the keys by which the answer is shown."""
        return question.keys

    def cells(self, question: Question) -> int:
        """Return how many answers there are: one for each group."""
        return question.groups

    def compared(self, noise: Noise, alpha: float) -> Iterator[Any]:
        """Give what a plan says of each of several tables that it has."""
        return iter(())

    @property
    def step(self) -> float:
        """What one step of a released integer is worth."""
        return 1.0

    @property
    def reach(self) -> Reach:
        """How far one contribution moves the cells of its group."""
        return Reach()

    @property
    def width(self) -> int:
        """How many cells a group has."""
        return self.reach.width

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names of the numbers that were asked for."""
        return (self.main,)

    @property
    def main(self) -> str:
        """The name of the number that was asked for."""
        return self.name

    def kind(self, question: Question) -> dict[str, Any]:
        """What the noise must know beside its scale."""
        return {}

    def sensitivity(self, question: Question) -> Sensitivity:
        """Return how far one person moves all cells."""
        return Sensitivity.of(question.bounds, self.reach)

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Return the OpenDP measurement from frames to noisy integers, in the measure of `loss`. Reads nothing."""
        return in_measure(make_sums(question, type(noise)) >> noise.measurement(), loss)

    def reads(self, question: Question) -> Iterator[Read]:
        """Give what the question asks of an engine."""
        if question.who is None:
            value = self.read[0] if self.read and self.aggregate not in ("classes", "keyed_counts") else None
            if self.aggregate != "keyed_counts" or question.by or self.read:
                yield self.aggregate, question.columns, value
        else:
            windowed = question.unit.time is not None and self.of_persons == "pairs"
            yield "parts" if windowed else self.of_persons, question.columns, None

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Return what the measurement would, of the same shape, with the noise of a simulator. Reads rows."""
        exact = self.exact(question.rows(data), question)
        return exact.reshape(-1) + draw.added(noise, exact.size)

    def extents(self) -> tuple[Extent, ...]:
        """Return the public intervals within which numbers count."""
        return ()

    def matched(self, rows: Engine, question: Question) -> tuple[Keys, NDArray[np.int64]] | None:
        """Count the rows of each public key, for whoever looks before paying; None without keys. Reads rows."""
        return None if question.keys is None else (question.keys, rows.keyed_counts(question.keys))

    def pairs_of(self, rows: Engine, question: Question) -> Iterator[PersonGroups]:
        """Give, in parts, how many rows each person has in each group of the question. Reads rows."""
        assert question.who is not None
        return (pairs for pairs, _ in person_groups(rows, question.who, self.typed_keys(question)))

    @abstractmethod
    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Return the exact cells, group by group; shape (groups, width). Reads rows: private until noise is added."""

    @abstractmethod
    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return what the noisy cells, shape (groups, width), say; the statistic itself first."""

    def tests(self, cells: NDArray[np.int64], noise: Noise | None) -> Estimates:
        """Return what the cells say in view of the noise that they have, None for no noise: p-values. None of them."""
        return {}

    def told(self, cells: NDArray[np.int64], noise: Noise | None) -> Estimates:
        """Return all numbers of the answer."""
        return {**self.estimates(cells), **self.tests(cells, noise)}

    def remarks(self, cells: NDArray[np.int64], noise: Noise) -> tuple[str, ...]:
        """Return what the noisy numbers themselves say of how far they can be trusted."""
        return ()

    @abstractmethod
    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return for each estimate an interval that misses the exact answer with probability at most `alpha`."""

    @abstractmethod
    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return how far the statistic errs at most, with probability 1 − alpha; None where that needs the rows."""

    def least_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return what the half-width is not below and most often is, quicker to have."""
        return self.half_width(noise, alpha, rows)

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return how far each number of the answer errs at most, by its name."""
        return {self.main: self.half_width(noise, alpha, rows)}

    def possible(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> dict[str, list[Any]] | None:
        """Return what could be among the chosen, by columns of a table; None where the answer does not tell."""
        return None

    def rounding(self, name: str) -> Rounding:
        """Return how far a number that is a weighted sum of cells may be from the exact bounded one: nowhere."""
        return Rounding()

    @property
    def clips(self) -> str:
        """Of what its intervals are, where numbers are clipped: " clipped to [0, 100]"; else nothing."""
        return ""

    def limit(self, bounds: ContributionBounds) -> str:
        """Return in words how much of one person counts."""
        return f"{bounds}, the others left out at random"

    def reference(self, rows: int) -> float | None:
        """Return the answer of `rows` rows, of which a relative accuracy is a share; None where there is none."""
        return None

    def dominated(self, lower: NDArray[Any], upper: NDArray[Any]) -> NDArray[np.bool_]:
        """Return where an interval says next to nothing: it holds 0."""
        return (lower <= 0) & (upper >= 0)

    def drowned(self, name: str, lower: NDArray[Any], upper: NDArray[Any]) -> NDArray[np.bool_]:
        """Return where the interval of one of its numbers says next to nothing, by that number's own rule.

        What is measured besides, and is no number that was asked for, is judged by whether its interval holds 0.
        """
        return self.dominated(lower, upper) if name in self.numbers else Statistic.dominated(self, lower, upper)

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Return what a careful reader should know.

        Parameters
        ----------
        selected : Selection
            How the rows were selected, and what stands for missing values in them.
        dates : Kind or None
            Of which dates its numbers are counts, where they are.
        """
        return ()

    def along(self) -> tuple[str, ...]:
        """Return which other numbers a release of it has: notes that hold where it is asked by itself."""
        return ()

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Return what follows from the noise that was chosen, and from the rows that are assumed, if any are."""
        return ()

    def warned(self, noise: Noise) -> tuple[str, ...]:
        """Return what to be warned of before a release is paid, as of its price by public facts alone."""
        return ()

    def unit_of(self, name: str) -> str:
        """Return in what one of its numbers is told: what is counted, or a column; "" where it has no unit."""
        if name in ("count", "met", "persons"):
            return "persons" if self.once else "rows"
        return self.columns[0] if self.columns else ""

    def stands_on_zero(self, name: str) -> bool:
        """Whether one of its numbers is a total, that a bar can show; else it is a place on an axis."""
        return not self.needs_rows or name in self.steady

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values; the window is the unit's, which the question records."""
        told: dict[str, object] = dict(self.mark)
        for name in [field.name for field in fields(self) if field.name != "window"]:
            value = getattr(self, name)
            told[name] = value.canonical() if isinstance(value, ValueBounds) else value
        return told

    @classmethod
    def wrote(cls, record: Mapping[str, Any]) -> bool:
        """Whether a record may be one of this kind."""
        return all(record.get(name) == value for name, value in cls.mark.items())

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the statistic that a record tells: what :meth:`canonical` gave, read again.

        Raises
        ------
        LookupError, TypeError, ValueError
            If the record is not of this kind.
        """
        own: dict[str, Any] = {field.name: record[field.name] for field in fields(cls) if field.name != "window"}
        if "bounds" in own:
            lower, upper = map(float, own["bounds"])
            own["bounds"] = ValueBounds(lower, upper)
        return cls(**own)

    def recorded_noise(self, record: Mapping[str, Any]) -> Noise:
        """Return the noise that a recorded question was answered with; raise as `recorded` does."""
        kinds = {kind.name: kind for kind in self.noises}
        return kinds[record["mechanism"]](float(record["scale"]) / self.step)

    def __str__(self) -> str:
        """Return the statistic in words."""
        return self.name


def recorded_statistic(record: Mapping[str, Any]) -> Statistic | None:
    """Return the statistic of a recorded question; None where no kind reads it.

    Examples
    --------
    >>> import privkit.dp.statistics.sums
    >>> str(recorded_statistic({"statistic": "sum", "column": "age", "bounds": ["0.0", "99.0"], "by": ["zip"]}))
    "sum of 'age' clipped to [0, 99]"
    """
    wrote = (kind for kind in Statistic.KINDS.values() if kind.wrote(record))
    kind = max(wrote, key=lambda kind: len(kind.__mro__), default=None)  # one that is made of another says more
    return None if kind is None else kind.recorded(record)
