"""The price of a whole study, before any of it runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from privkit.dp.plan import Plan
from privkit.errors import ParameterError
from privkit.errors.dp import PriceError
from privkit.values.arguments import public
from privkit.values.exact import exact
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd

    from privkit.values.loss import PrivacyLoss


@public
@dataclass(frozen=True, repr=False)
class StudyPrice(Plotted):
    """What several plans cost together, by public facts alone. Get one from ``project.price([...])``.

    Attributes
    ----------
    project : str
    plans : tuple of Plan
    total : PrivacyLoss
        The sum of their prices (basic composition); what is in the ledger already would be replayed for less.
    left : PrivacyLoss
        What the project has left.
    """

    project: str
    plans: tuple[Plan, ...]
    total: PrivacyLoss
    left: PrivacyLoss

    @property
    def fits(self) -> bool:
        """Whether all of them fit in what is left."""
        return self.total.fits(self.left)

    @property
    def advantage(self) -> float:
        """The greatest advantage that any attacker can have on one unit by all of them together; rounded up."""
        return self.total.advantage

    @property
    def short(self) -> PrivacyLoss:
        """By how much they exceed what is left."""
        return self.total.shortfall(self.left)

    def fitted(self, *, epsilon: object = None, rho: object = None) -> StudyPrice:
        """Return the same plans at less, in proportion, so that together they cost at most a cap. Spends nothing.

        Parameters
        ----------
        epsilon, rho : number
            The cap, in the project's measure. (What is left would be another one after the first of them ran, and
            other prices would not replay.)

        Returns
        -------
        StudyPrice
            Itself where the plans cost no more. Each loss is cut to nine digits, downwards. δ stays as it was planned.

        Raises
        ------
        ParameterError
            If the cap is in another measure, or not above 0.
        """
        main, other = ("rho", "epsilon") if self.left.measure.concentrated else ("epsilon", "rho")
        given = {"epsilon": epsilon, "rho": rho}
        if given[other] is not None:
            raise PriceError.measure(other, self.left.measure.value, f"Give {main}=.")
        cap = exact(given[main], main, hint=f"Example: {main}=0.5.")
        if self.total.main <= cap:
            return self
        share = cap / self.total.main
        return priced(self.project, [plan.repriced(_cut(plan.loss.main * share)) for plan in self.plans], self.left)

    def to_frame(self) -> pd.DataFrame:
        """Return a frame with a row per plan: what is asked, its price and its accuracy."""
        import pandas as pd

        rows = [(str(p.question), str(p.loss), float(p.loss.main), p.accuracy) for p in self.plans]
        return pd.DataFrame(rows, columns=["question", "price", "amount", "accuracy"])


def _cut(amount: Fraction) -> Fraction:
    """Return the amount with nine significant digits, rounded down."""
    grain = Fraction(10) ** (math.floor(math.log10(amount)) - 8)
    return amount // grain * grain


def priced(project: str, plans: Sequence[Plan], left: PrivacyLoss) -> StudyPrice:
    """Return the price of several plans.

    Raises
    ------
    ParameterError
        If something else than plans is given.
    """
    if isinstance(plans, Plan) or not isinstance(plans, Sequence) or not all(isinstance(p, Plan) for p in plans):
        raise ParameterError.of(
            "plans", f"a {type(plans).__name__}", "a list of plans", "Example: [df.privacy.plan.dp_count(...)]."
        )
    total = left - left
    for plan in plans:
        total += left.replace(plan.loss.main, plan.loss.delta)
    return StudyPrice(project, tuple(plans), total, left)
