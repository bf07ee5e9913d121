"""Attackers: thresholds of risk, how likely each re-identifies a row, and rates of success with their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

import numpy as np

from privkit.anonymity.crowds import Crowds
from privkit.errors import ParameterError
from privkit.values.arguments import public
from privkit.values.exact import exact_text, share
from privkit.values.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from privkit.tally.classes import Tally


_EL_EMAM = "El Emam 2013, Guide to the De-Identification of Personal Health Information: cell-size precedents"


@public
@dataclass(frozen=True, slots=True)
class Threshold:
    """A risk above which a row counts as at risk. The comparison is strict: k = 5 is not above 0.2.

    Presets named after a cell size stand for 1 over it: ``"cell_11"`` is 1/11, which tables print as 0.09. A plain
    0.09 is a little less than 1/11, so that classes of 11 are above it.

    Attributes
    ----------
    value : Fraction
        Between 0 and 1.
    name : str
        The preset's name; empty where the user gave a number.
    source : str
        Who uses it.
    measure : {"row", "uniqueness"}
        What is compared: a row's risk, or the share of uniques in the table.
    """

    value: Fraction
    name: str = ""
    source: str = "chosen by the user"
    measure: Literal["row", "uniqueness"] = "row"

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", share(self.value, "value"))

    def __repr__(self) -> str:
        """Return the threshold as one types it."""
        told = f"name={self.name!r}, source={self.source!r}, measure={self.measure!r}"
        return f"Threshold(value={exact_text(self.value)}, {told})"

    @property
    def cell(self) -> int:
        """The smallest class size that is not above the threshold; for a share of uniques 2, for 0 none (0)."""
        limit = self.row_value
        return -(-limit.denominator // limit.numerator) if limit else 0

    @property
    def row_value(self) -> Fraction:
        """What a row's risk is compared with: above 1/2 are uniques alone."""
        return self.value if self.measure == "row" else Fraction(1, 2)


def _cell(size: int, printed: str, use: str) -> Threshold:
    return Threshold(Fraction(1, size), f"cell_{size}", f"cell of {size}, printed as {printed}; {use} ({_EL_EMAM})")


def _uniques(name: str, value: str) -> Threshold:
    return Threshold(Fraction(value), name, "small-area rules of uniqueness, proposed (El Emam)", "uniqueness")


#: Presets by name. The values are precedents from practice, not law.
PRESETS: Mapping[str, Threshold] = Frozen(
    {
        preset.name: preset
        for preset in (
            _cell(3, "0.33", "trusted recipients under agreement"),
            _cell(5, "0.2", "a common minimum"),
            _cell(11, "0.09", "public release of US health data"),
            _cell(20, "0.05", "public patient data"),
            Threshold(
                Fraction(1, 11),
                "ema_0070",
                "EMA Policy 0070 and Health Canada PRCI: 9 % (cell of 11) for public release, in most circumstances",
            ),
            _uniques("uniques_0", "0"),
            _uniques("uniques_5", "0.05"),
            _uniques("uniques_20", "0.2"),
        )
    }
)


def threshold_of(value: object) -> Threshold:
    """Return a threshold from a number, a preset's name, or a threshold.

    Raises
    ------
    ParameterError
        For anything else.

    Examples
    --------
    >>> threshold_of("cell_11").value, threshold_of(0.2).cell
    (Fraction(1, 11), 5)
    """
    if isinstance(value, Threshold):
        return value
    if isinstance(value, str):
        if value in PRESETS:
            return PRESETS[value]
        allowed = f"a share between 0 and 1, or one of {sorted(PRESETS)}"
        raise ParameterError.of("threshold", "an unknown name", allowed)
    return Threshold(share(value, "threshold"))


def above(value: Fraction) -> int:
    """Return the largest class size F whose risk 1/F is above `value`, strictly.

    1/F > a/b  <=>  a F < b, so F <= ceil(b/a) - 1.
    """
    return -(-value.denominator // value.numerator) - 1 if value else 2**62


@dataclass(frozen=True, slots=True)
class AttackerRisk:
    """The risk that one attacker poses.

    Attributes
    ----------
    attacker : {"prosecutor", "journalist", "marketer", "individual"}
        Who attacks: somebody who knows that a person is in the data; somebody who does not; somebody who tries on
        everybody; for ``"individual"`` the model of Benedetti and Franconi.
    highest : float
        The risk of the row at highest risk; 0 where there are no rows. It is that of its person too.
    average : float
        The expected share of rows that are re-identified; of persons where a unit was named.
    share_at_risk : float
        The share of rows, or of persons, whose risk is above the threshold, strictly.
    rows_at_risk : int
        How many rows these are.
    persons_at_risk : int or None
        How many persons have such a row; None where no unit was named.
    row_average, row_share_at_risk : float
        The same of rows, also where `average` and `share_at_risk` are of persons.
    """

    attacker: Literal["prosecutor", "journalist", "marketer", "individual"]
    highest: float
    average: float
    share_at_risk: float
    rows_at_risk: int
    persons_at_risk: int | None
    row_average: float
    row_share_at_risk: float

    @property
    def at_risk(self) -> int:
        """How many persons are at risk where a unit was named, else rows."""
        return self.rows_at_risk if self.persons_at_risk is None else self.persons_at_risk


@dataclass(frozen=True, eq=False)
class Seen:
    """The crowds that an attacker sees those of whom the data tells in.

    Attributes
    ----------
    rows, persons : Crowds
        Of rows, and of persons where a unit was named.
    there : float
        The mean risk of the population's persons in the classes of the data; 0 without any. Where each has one class it
        is u / Σ F.
    """

    rows: Crowds
    persons: Crowds | None
    there: float

    @classmethod
    def of(cls, tally: Tally, sizes: NDArray[np.int64], there: Crowds | None = None) -> Seen:
        """Return what is seen of classes whose sizes in the population are F = `sizes`.

        `there` are the crowds of the population's persons, where they may be in several classes.
        """
        if tally.members is None:
            return cls(Crowds.of_rows(tally, sizes), None, Crowds(sizes, sizes).average)
        found = Crowds.of_persons(tally.members, sizes)
        return cls(Crowds.of_rows(tally, sizes), found, (there or found).average)

    def prosecutor(self, limit: Fraction) -> AttackerRisk:
        """Return the risk from somebody who knows that the person is in the data: 1/f for each row.

        Highest 1 / min f, average u / n for u classes of n rows (El Emam 2013).

        Examples
        --------
        >>> f = np.array([1, 2, 2, 3])
        >>> Seen(Crowds(f, f), None, 0.5).prosecutor(Fraction(1, 5)).average
        0.5
        """
        return self._by("prosecutor", limit)

    def journalist(self, limit: Fraction) -> AttackerRisk:
        """Return the risk from somebody who does not know whether the person is in the data: 1/F for each row.

        Highest 1 / min F, average max(u / Σ F, Σ (f / F) / n) (El Emam 2013): the mean over the population's persons in
        these classes, or over those of the data, whichever is larger.

        Examples
        --------
        >>> f, F = np.array([1, 2, 2, 3]), np.array([5, 4, 20, 3])
        >>> Seen(Crowds(F, f), None, 4 / 32).journalist(Fraction(1, 5)).share_at_risk
        0.625
        """
        return self._by("journalist", limit, self.there)

    def marketer(self, limit: Fraction) -> AttackerRisk:
        """Return the risk from somebody who links all rows and is content with a share: Σ (f / F) / n on average.

        The highest risk and the share at risk are those of the single rows, 1/F.
        """
        return self._by("marketer", limit)

    def _by(
        self, name: Literal["prosecutor", "journalist", "marketer"], limit: Fraction, least: float = 0.0
    ) -> AttackerRisk:
        largest, chief = above(limit), self.rows if self.persons is None else self.persons
        rows_at_risk, total = self.rows.within(largest), max(self.rows.total, 1)
        return AttackerRisk(
            attacker=name,
            highest=chief.highest,
            average=max(chief.average, least),
            share_at_risk=chief.within(largest) / max(chief.total, 1),
            rows_at_risk=rows_at_risk,
            persons_at_risk=None if self.persons is None else chief.within(largest),
            row_average=max(self.rows.average, least if self.persons is None else 0.0),
            row_share_at_risk=rows_at_risk / total,
        )


#: Below this 1 - p, the risk is 1/f to 12 digits, and the formulas would cancel.
_NEAR_ONE = 1e-6


def individual_risks(sizes: NDArray[np.int64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Return the risk E[1/F | f] of each class, F following a negative binomial.

    With p = f / F̂ and q = 1 - p (Benedetti and Franconi 1998; the closed forms of Capobianchi, Polettini and Lucarelli
    2001, and for f > 2 their approximation): f = 1: (p/q) ln(1/p); f = 2: p/q - (p/q)² ln(1/p); f > 2: p / (f - q).
    Where p reaches 1 the population is the data, and the risk is 1/f.

    Parameters
    ----------
    sizes : array of int64, shape (n_classes,)
        f, rows of each class.
    expected : array of float64, shape (n_classes,)
        F̂, the sum of the weights of each class: how many persons of the population it is estimated to have.

    Examples
    --------
    >>> individual_risks(np.array([1, 2, 3]), np.array([10.0, 20.0, 30.0])).round(6).tolist()
    [0.255843, 0.082684, 0.047619]
    """
    f = sizes.astype(np.float64)
    p = np.minimum(f / expected, 1.0)
    q = 1 - p
    near = q < _NEAR_ONE
    safe_q = np.where(near, 0.5, q)
    ratio = np.where(near, 1.0, p / safe_q)
    log = -np.log(p)
    risk = p / (f - q)
    risk = np.where(sizes == 1, ratio * log, risk)
    # For small q the two terms of f = 2 cancel: (p/q)² ln(1/p) = p²/q (1 + q/2 + q²/3 + ...), so the risk is
    # p/q - p²/q - p²/2 - p² q/3 - ... = p - p²/2 - p² q/3 - ...
    series = p - p**2 * (1 / 2 + q / 3 + q**2 / 4 + q**3 / 5)
    risk = np.where(sizes == 2, np.where(q < 1e-3, series, ratio - ratio**2 * log), risk)
    return np.where(near, 1 / f, risk)


def individual(sizes: NDArray[np.int64], risks: NDArray[np.float64], limit: Fraction) -> AttackerRisk:
    """Return the highest and the average individual risk over the rows, and the share above the limit."""
    n = int(sizes.sum())
    rows = int(sizes[risks > float(limit)].sum())
    average, share = (float((sizes * risks).sum() / n), rows / n) if n else (0.0, 0.0)
    return AttackerRisk("individual", float(risks.max(initial=0.0)), average, share, rows, None, average, share)


@dataclass(frozen=True, slots=True)
class Rate:
    """A share that was observed, and Wilson's interval for what it estimates.

    The center (s + z²/2) / (n + z²) and the half-width z / (n + z²) · √(s (n - s) / n + z²/4) are Wilson's (1927), as
    Anonymeter uses them (Giomi et al. 2023). The interval treats the rows as independent draws.

    Attributes
    ----------
    hits, n : int
        Successes and trials.
    confidence : float
        Of the interval.
    """

    hits: int
    n: int
    confidence: float = 0.95

    @property
    def observed(self) -> float:
        """Hits / n; 0 without trials."""
        return self.hits / self.n if self.n else 0.0

    @property
    def center(self) -> float:
        """The middle of the interval."""
        z = _z(self.confidence)
        return (self.hits + z**2 / 2) / (self.n + z**2)

    @property
    def error(self) -> float:
        """Half the width of the interval."""
        z = _z(self.confidence)
        spread = self.hits * (self.n - self.hits) / self.n if self.n else 0.0
        return z / (self.n + z**2) * math.sqrt(spread + z**2 / 4)

    @property
    def low(self) -> float:
        """The interval's lower end, at least 0."""
        return max(self.center - self.error, 0.0)

    @property
    def high(self) -> float:
        """The interval's upper end, at most 1."""
        return min(self.center + self.error, 1.0)


@dataclass(frozen=True, slots=True)
class ExcessRisk:
    """What an attack gains above the same attack on a control: (a - c) / (1 - c), with the errors propagated.

    Attributes
    ----------
    value, low, high : float
        Within 0 and 1.
    """

    value: float
    low: float
    high: float


def excess_risk(attack: Rate, control: Rate) -> ExcessRisk:
    """Return the risk of an attack beyond a control (Giomi et al. 2023, Anonymeter, PoPETs 2023(2)).

    Examples
    --------
    >>> found = excess_risk(Rate(60, 1000), Rate(40, 1000))
    >>> round(found.value, 6), round(found.low, 6), round(found.high, 6)
    (0.020792, 0.000922, 0.040662)
    """
    a, c = attack.center, control.center
    value = (a - c) / (1 - c)
    error = math.hypot(attack.error / (1 - c), control.error * (a - 1) / (1 - c) ** 2)
    return ExcessRisk(_unit(value), _unit(value - error), _unit(value + error))


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
