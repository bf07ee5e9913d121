"""The amounts of a budget, each symbol by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

    from privkit.budget.entry import Balance
    from privkit.values.exact import Exact


@dataclass(frozen=True, slots=True)
class Part:
    """What became of the budget in one symbol (ε, ρ or δ), exact.

    Attributes
    ----------
    symbol : str
    budget, spent, reserved, left : Exact
    """

    symbol: str
    budget: Exact
    spent: Exact
    reserved: Exact
    left: Exact

    def share(self, amount: Fraction) -> float:
        """Return an amount as a share of the budget."""
        return float(amount / self.budget) if self.budget else 0.0


def parts(balance: Balance) -> list[Part]:
    """Return the part of ε or ρ, and that of δ where the measure has one."""
    losses = (balance.budget, balance.spent, balance.reserved, balance.remaining)
    main = Part("ρ" if balance.budget.measure.concentrated else "ε", *(loss.main for loss in losses))
    if not balance.budget.measure.has_delta:
        return [main]
    return [main, Part("δ", *(loss.delta for loss in losses))]
