"""What every attack is, and from scores to claims: which persons one names who may wrongly name one in a hundred.

Members and controls stand beside each other: in all, by how many are like them, and by group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Protocol, Self, TypeVar

import numpy as np

from privkit.attacks.controls import newcombe
from privkit.errors import ParameterError
from privkit.risk.attackers import Rate
from privkit.tally.codes import column_codes
from privkit.values.arguments import public
from privkit.values.frozen import Frozen
from privkit.values.kinds import enter
from privkit.values.loss import ALARMS
from privkit.values.show import Paneled, Plotted

if TYPE_CHECKING:
    from fractions import Fraction

    import pandas as pd
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


class Attack:
    """A kind of attack. Each is one class: what it is called, what an attacker must know for it, and how it works."""

    #: Every attack by the name of its class: it is in here by being defined.
    KINDS: ClassVar[dict[str, type[Attack]]] = {}

    #: By what name a report holds it.
    name: ClassVar[str] = ""
    #: What it is called in words.
    words: ClassVar[str] = ""
    #: What an attacker would need to know, and what counts as a find.
    needs: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        lacking = [one for one in ("words", "needs") if not getattr(cls, one)]
        enter(Attack.KINDS, cls, "attack", says="name", also=lacking)

    @classmethod
    def kinds(cls) -> dict[str, type[Self]]:
        """Return the attacks that are built on this class, by their names, in the order in which they are defined."""
        return {kind.name: kind for kind in Attack.KINDS.values() if issubclass(kind, cls)}


def words_of(name: str) -> str:
    """Return what an attack is called in words: those of one name have the same, whatever is attacked."""
    return next(kind.words for kind in Attack.KINDS.values() if kind.name == name)


def threshold(scores: Scores, alarms: Fraction = ALARMS) -> float:
    """Return the least threshold that at most a share of `alarms` of the scores are above.

    Examples
    --------
    >>> threshold(np.arange(200.0))
    197.0
    """
    if not len(scores):
        return float("inf")
    allowed = int(len(scores) * alarms)
    return float(np.sort(scores)[::-1][allowed])


def folds(count: int) -> NDArray[np.int64]:
    """Return in which of two folds each of some persons is: those at even places, and at odd ones."""
    return np.arange(count) % 2


def claimed(scores: Scores, judges: Scores, alarms: Fraction = ALARMS) -> NDArray[np.bool_]:
    """Return of whom there is a claim: whose score is above the threshold of the judges of the other fold.

    Claim: of persons whose scores are exchangeable with the judges', at most about `alarms` are claimed. Proof: given
    a fold of n judges and one more person, all n + 1 scores exchangeable, he is above the (⌊n·a⌋ + 1)-th largest of
    the judges only if he is among the ⌊n·a⌋ + 1 largest of all; ties never claim. So his chance is at most
    (n·a + 1)/(n + 1), for a = `alarms`. Nobody judges himself, since his own fold does not judge him. ∎
    """
    fold, judged_by = folds(len(scores)), folds(len(judges))
    found = np.zeros(len(scores), dtype=bool)
    for one in (0, 1):
        mine = fold == one
        found[mine] = scores[mine] > threshold(judges[judged_by != one], alarms)
    return found


#: At which confidence a find is taken for one of what is not there: five attacks look, in every report.
_SURELY = 0.999


class Compared:
    """Claims about members beside claims about controls: what nothing but the table, or the model, explains."""

    __slots__ = ()

    rate: Rate
    control: Rate

    @property
    def excess(self) -> float:
        """`rate` less `control`: how much more often members are claimed."""
        return self.rate.observed - self.control.observed

    @property
    def interval(self) -> tuple[float, float]:
        """Newcombe's interval of `excess`, 95 %."""
        return newcombe(self.rate, self.control)


@dataclass(frozen=True, slots=True)
class Planted(Compared):
    """What an attack finds where a known share of the rows was copied.

    Attributes
    ----------
    share : float
        The share of members whose row was copied.
    rate, control : Rate
        Claims about members, and about persons of whom no row is in the table.
    """

    share: float
    rate: Rate
    control: Rate

    def at(self, confidence: float) -> tuple[float, float]:
        """Return the interval of `excess` at another confidence."""
        return newcombe(*(replace(one, confidence=confidence) for one in (self.rate, self.control)))

    @property
    def found(self) -> bool:
        """Whether the interval lies above 0."""
        return self.interval[0] > 0


@dataclass(frozen=True, eq=False)
class TableAttack:
    """What one attack finds, beside chance and beside what it would find.

    Attributes
    ----------
    name : str
    needs : str
        What the attacker must know, and what counts as a find.
    rate : Rate
        Members of whom what the attacker claims is true, at a threshold at which at most about 1 in 100 others are
        claimed.
    control : Rate or None
        The same of persons who are not in the shared data; None where none were given.
    baseline : Rate
        The same of persons who do not exist: each column of the members shuffled on its own.
    planted : mapping of float to Planted
        The same attack on tables of which 0, 1, 5, 20 and 100 % of the rows were copied.
    right, right_control : Rate or None
        How often it is right where it always guesses, whatever the threshold: the secret's value, or, where the rows
        of both tables are known to belong together, the member's own row.
    parts : mapping of str to tuple of Part
        Whom it finds, by how many are like them, and by group; empty without controls.
    """

    name: str
    needs: str
    rate: Rate
    control: Rate | None
    baseline: Rate
    planted: Mapping[float, Planted]
    right: Rate | None = None
    right_control: Rate | None = None
    parts: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("planted", "parts"):
            object.__setattr__(self, name, Frozen(dict(getattr(self, name))))

    @property
    def excess(self) -> float | None:
        """`rate` less `control`: the share of members found that nothing but the table explains; None without one."""
        return None if self.control is None else self.rate.observed - self.control.observed

    @property
    def interval(self) -> tuple[float, float]:
        """Newcombe's interval of `excess`, 95 %; without a control Wilson's of `rate`, an upper bound only."""
        return (self.rate.low, self.rate.high) if self.control is None else newcombe(self.rate, self.control)

    @property
    def found(self) -> bool | None:
        """Whether members are found more often than controls, beyond the interval; None without a control."""
        return None if self.control is None else self.interval[0] > 0

    @property
    def figures(self) -> tuple[float, ...]:
        """The shares claimed of members, of controls, by chance; `excess`, its interval, and `power`; NaN for None."""
        told = (None if self.control is None else self.control.observed, self.excess, self.power)
        control, excess, power = (np.nan if one is None else one for one in told)
        return (self.rate.observed, control, self.baseline.observed, excess, *self.interval, power)

    @property
    def power(self) -> float | None:
        """The least planted share that is found, as is every larger one; None where not even a copy of all is found.

        None too where more is found with nothing planted than chance explains, at 99.9 %: then a find means nothing.
        """
        if any(one.at(_SURELY)[0] > 0 for share, one in self.planted.items() if not share):
            return None
        least = None
        for share in sorted((share for share in self.planted if share), reverse=True):
            if not self.planted[share].found:
                break
            least = share
        return least


class _Judged(Protocol):
    @property
    def found(self) -> bool | None: ...


#: An attack of a report.
One = TypeVar("One", bound=_Judged)


class Attacks(Paneled, Plotted, Mapping[str, One]):
    """What several attacks find: a mapping by the attack's name."""

    attacks: Mapping[str, One]

    def __getitem__(self, name: str) -> One:
        return self.attacks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.attacks)

    def __len__(self) -> int:
        return len(self.attacks)

    @property
    def found(self) -> tuple[str, ...]:
        """The attacks that find more than of those whose rows, or values, were not used, beyond the interval."""
        return tuple(name for name, one in self.attacks.items() if one.found)


@public
class TableAttacks(Attacks[TableAttack]):
    """What attacks on what is shared find."""

    def to_frame(self) -> pd.DataFrame:
        """Return a row per attack: `attack`, `rate`, `control`, `baseline`, `excess`, `low`, `high`, `power`."""
        import pandas as pd

        heads = ["attack", "rate", "control", "baseline", "excess", "low", "high", "power"]
        return pd.DataFrame([(name, *one.figures) for name, one in self.attacks.items()], columns=heads)


#: Where bands of class sizes begin.
_EDGES = (1, 2, 5, 10, 50)
#: More groups are no groups: each would have few persons.
_MOST = 50
#: What the bands of class sizes are called.
SIZE = "people alike"


@dataclass(frozen=True, slots=True)
class Part(Compared):
    """What an attack finds of some persons.

    Attributes
    ----------
    name : str
        Which persons.
    rate, control : Rate
        Claims about members and about controls among them.
    """

    name: str
    rate: Rate
    control: Rate


@public
@dataclass(frozen=True, eq=False, repr=False)
class AttackParts(Paneled, Plotted):
    """Whom one attack finds, part by part: for the owner's eyes; no release.

    Attributes
    ----------
    attack : str
    by : str
        What the parts are: the column of the groups, or "people alike".
    parts : tuple of Part
        Each with `name`, `rate`, `control`, `excess` and `interval`.
    """

    attack: str
    by: str
    parts: tuple[Part, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a row per part: `members` and `controls` (persons), `rate`, `control`, `excess`, `low`, `high`."""
        import pandas as pd

        rows = [
            (one.rate.n, one.control.n, one.rate.observed, one.control.observed, one.excess, *one.interval)
            for one in self.parts
        ]
        index = pd.Index([one.name for one in self.parts], name=self.by)
        return pd.DataFrame(rows, index, ["members", "controls", "rate", "control", "excess", "low", "high"])


@dataclass(frozen=True, eq=False)
class Sorted:
    """People by part.

    Attributes
    ----------
    by : str
    names : tuple of str
    codes : array of int64, shape (n_people,)
        Each person's part, -1 for none.
    """

    by: str
    names: tuple[str, ...]
    codes: Ints

    def parts(self, members: Ints, found: Bools, controls: Ints, alarms: Bools) -> tuple[Part, ...]:
        """Return what is claimed of the members and controls of each part; parts of nobody are left out."""
        told = []
        for code, name in enumerate(self.names):
            inside, outside = self.codes[members] == code, self.codes[controls] == code
            rates = [Rate(int(hits[of].sum()), int(of.sum())) for hits, of in ((found, inside), (alarms, outside))]
            if any(rate.n for rate in rates):
                told.append(Part(name, *rates))
        return tuple(told)


def by_size(cells: Ints) -> Sorted:
    """Return people by how many have the same cells as they, themselves among them: members and controls alike.

    A person's class is counted among all people and not in the shared table, so that it does not depend on who is in
    it: of two persons of one class one may be a member and the other not.

    Parameters
    ----------
    cells : array of int64, shape (n_people, n_columns)
        What each person's values are in the shared table's schema.

    Examples
    --------
    >>> found = by_size(np.array([[1, 2], [1, 2], [0, 2]]))
    >>> [found.names[code] for code in found.codes]
    ['2 to 4', '2 to 4', '1']
    """
    _, of, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    sizes = counts[of.reshape(-1)]
    ends = [f"{low} to {high - 1}" for low, high in pairwise(_EDGES[1:])]
    return Sorted(
        SIZE, ("1", *ends, f"{_EDGES[-1]} or more"), np.searchsorted(np.array(_EDGES), sizes, side="right") - 1
    )


def by_column(column: pd.Series) -> Sorted:
    """Return people by their values in a column. Reads rows.

    Raises
    ------
    ParameterError
        If there are more than 50 values.
    """
    codes, values = column_codes(column)
    if column.name == SIZE:
        raise ParameterError.of("by", repr(SIZE), "a column of another name: so are the classes of .by_class() called")
    if len(values) > _MOST:
        raise ParameterError.of("by", f"a column with {len(values):,} values", f"one with at most {_MOST}: groups")
    return Sorted(str(column.name), tuple(map(str, values)), codes)
