"""Privacy measures, and losses counted in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

from privkit.errors import ParameterError
from privkit.values.advantage import advantage, success
from privkit.values.arguments import public
from privkit.values.exact import Amounts, exact
from privkit.values.writing import amount_shown


class Measure(Enum):
    """How privacy loss is counted. One per project; conversions are for reports only."""

    PURE = "ε"
    APPROXIMATE = "(ε, δ)"
    ZERO_CONCENTRATED = "ρ"
    APPROXIMATE_ZERO_CONCENTRATED = "(ρ, δ)"

    @property
    def concentrated(self) -> bool:
        """Whether the loss is counted in ρ rather than ε."""
        return self in (Measure.ZERO_CONCENTRATED, Measure.APPROXIMATE_ZERO_CONCENTRATED)

    @property
    def has_delta(self) -> bool:
        """Whether the measure has a δ."""
        return self in (Measure.APPROXIMATE, Measure.APPROXIMATE_ZERO_CONCENTRATED)


@public
@dataclass(frozen=True, slots=True)
class PrivacyLoss(Amounts):
    """An exact amount of privacy loss, or of budget.

    A loss reads as its amounts (``ε = 0.3``), and may be said where one of them is asked for:
    ``epsilon=project.remaining`` asks for all the ε that is left. The amounts themselves are fractions, the decimals
    that were written: a float is the binary number beside one, so that ``loss.epsilon == 0.1`` is False. Compare with
    ``Fraction("0.1")`` or ``Decimal("0.1")`` (equal amounts have equal hashes), or ``float(loss.epsilon) == 0.1``;
    ``float(loss.epsilon)`` is also what plots and formats take.

    Losses of one measure add up (basic composition: Dwork and Roth 2014, theorem 3.16; for zCDP Bun and
    Steinke 2016, lemma 2.3) and are ordered only where every component is.

    Attributes
    ----------
    measure : Measure
    epsilon, rho : Fraction or None
        The main amount; the one that the measure does not use is None.
    delta : Fraction
        0 in measures without δ.

    Examples
    --------
    >>> tenth = PrivacyLoss.of(epsilon=0.1)
    >>> tenth + tenth + tenth
    ε = 0.3
    >>> (tenth + tenth + tenth).fits(PrivacyLoss.of(epsilon=0.3))
    True
    >>> PrivacyLoss.of(epsilon=1, delta=1e-6)
    ε = 1, δ = 10⁻⁶
    >>> tenth.epsilon, tenth.epsilon == Fraction("0.1"), tenth.epsilon == 0.1, float(tenth.epsilon)
    (Fraction(1, 10), True, False, 0.1)
    >>> PrivacyLoss.of(epsilon=tenth + tenth)
    ε = 0.2
    """

    measure: Measure
    epsilon: Fraction | None = None
    rho: Fraction | None = None
    delta: Fraction = field(default=Fraction(0))

    @classmethod
    def of(cls, *, epsilon: object = None, rho: object = None, delta: object = None, zero: bool = False) -> PrivacyLoss:
        """Return the loss that the amounts name, its measure chosen by which of them are given.

        Raises
        ------
        ParameterError
            If neither or both of `epsilon` and `rho` are given, or an amount is out of range.
        """
        if (epsilon is None) == (rho is None):
            raise ParameterError.together(
                ("epsilon", "rho"), "give epsilon= or rho=, one of them. Example: epsilon=1.0."
            )
        none = Fraction(0)
        spread = Fraction(0) if delta is None else exact(delta, "delta", zero=True, below=1, smallest=none)
        if epsilon is not None:
            measure = Measure.PURE if spread == 0 else Measure.APPROXIMATE
            return cls(measure, epsilon=exact(epsilon, "epsilon", zero=zero), delta=spread)
        measure = Measure.ZERO_CONCENTRATED if spread == 0 else Measure.APPROXIMATE_ZERO_CONCENTRATED
        return cls(measure, rho=exact(rho, "rho", zero=zero), delta=spread)

    @classmethod
    def zero(cls, measure: Measure) -> PrivacyLoss:
        """Return no loss, in `measure`."""
        return cls(measure, rho=Fraction(0)) if measure.concentrated else cls(measure, epsilon=Fraction(0))

    def replace(self, main: Fraction, delta: Fraction = Fraction(0)) -> PrivacyLoss:
        """Return a loss of the same measure with other amounts."""
        if self.measure.concentrated:
            return PrivacyLoss(self.measure, rho=Fraction(main), delta=Fraction(delta))
        return PrivacyLoss(self.measure, epsilon=Fraction(main), delta=Fraction(delta))

    @property
    def main(self) -> Fraction:
        """The amount of ε or ρ."""
        amount = self.rho if self.measure.concentrated else self.epsilon
        assert amount is not None  # by construction
        return amount

    def amount(self, argument: str) -> Fraction | None:
        """Return the amount that an argument of that name asks for: `epsilon`, `rho` or `delta`."""
        return {"epsilon": self.epsilon, "rho": self.rho, "delta": self.delta}.get(argument)

    @property
    def advantage(self) -> float:
        """The greatest advantage that any attacker can have on one unit: true less false positives, rounded up.

        ε: tanh(ε/2). (ε, δ): (e^ε − 1 + 2δ)/(e^ε + 1). ρ: the smaller of √(ρ/2) and √(1 − e^−ρ), plus δ.
        `privkit.values.advantage` has the proofs.

        Examples
        --------
        >>> round(PrivacyLoss.of(epsilon=1).advantage, 3), PrivacyLoss.of(rho=0.02).advantage
        (0.462, 0.1)
        """
        return advantage(self.main, self.delta, concentrated=self.measure.concentrated)

    @property
    def attack_success(self) -> float:
        """How often an attacker with 1 % false alarms finds a unit that is there, at most; rounded up.

        Examples
        --------
        >>> round(PrivacyLoss.of(epsilon=1).attack_success, 4)
        0.0272
        """
        return success(self.main, self.delta, concentrated=self.measure.concentrated)

    def _same(self, other: PrivacyLoss) -> None:
        if self.measure is not other.measure:
            raise TypeError(f"losses in {self.measure.value} and {other.measure.value} do not compose")

    def __add__(self, other: PrivacyLoss) -> PrivacyLoss:
        """Compose with another loss of the same measure."""
        self._same(other)
        return self.replace(self.main + other.main, self.delta + other.delta)

    def __sub__(self, other: PrivacyLoss) -> PrivacyLoss:
        """Return what is left of this budget after `other`; components may be negative."""
        self._same(other)
        return self.replace(self.main - other.main, self.delta - other.delta)

    def fits(self, budget: PrivacyLoss) -> bool:
        """Whether every component is at most that of `budget`."""
        self._same(budget)
        return self.main <= budget.main and self.delta <= budget.delta

    def shortfall(self, budget: PrivacyLoss) -> PrivacyLoss:
        """Return by how much each component exceeds that of `budget` (0 where it does not)."""
        over = self - budget
        return self.replace(max(over.main, Fraction(0)), max(over.delta, Fraction(0)))

    def __str__(self) -> str:
        """Return the amounts with their symbols, exactly."""
        text = f"{'ρ' if self.measure.concentrated else 'ε'} = {amount_shown(self.main)}"
        return f"{text}, δ = {amount_shown(self.delta)}" if self.measure.has_delta else text

    __repr__ = __str__
