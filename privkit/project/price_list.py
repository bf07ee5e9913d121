"""The price of a whole study, before any of it runs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from privkit.dp.plan import Plan
from privkit.errors import ParameterError
from privkit.errors.dp import PriceError
from privkit.errors.root import type_told
from privkit.values.arguments import public
from privkit.values.exact import exact
from privkit.values.loss import PrivacyLoss
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd


#: How a replay from the ledger is told.
_ENTRY = "entry "


@public
@dataclass(frozen=True, repr=False)
class StudyPrice(Plotted):
    """What several plans cost together, by public facts alone. Get one from ``project.price([...])``.

    Attributes
    ----------
    project : str
    plans : tuple of Plan
    total : PrivacyLoss
        The sum of what would be charged (basic composition): what replays is not in it.
    left : PrivacyLoss
        What the project has left.
    replays : tuple of str
        For each plan where its answer is had at no cost, as "entry 3" of the ledger, or "plan 1" of these, which asks
        the same; empty where it is charged.
    """

    project: str
    plans: tuple[Plan, ...]
    total: PrivacyLoss
    left: PrivacyLoss
    replays: tuple[str, ...] = ()

    @property
    def costs(self) -> tuple[PrivacyLoss, ...]:
        """What each plan would be charged: its price, or nothing where it replays."""
        each = zip(self.plans, self.replays or ("",) * len(self.plans), strict=True)
        return tuple(PrivacyLoss.zero(plan.loss.measure) if replays else plan.loss for plan, replays in each)

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
            Itself where the plans cost no more. Each loss is cut to nine digits, downwards. δ stays as it was planned,
            and what replays from the ledger stays as it is.

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
        at_less = [
            plan if replays.startswith(_ENTRY) else plan.repriced(_cut(plan.loss.main * share))
            for plan, replays in zip(self.plans, self.replays, strict=True)
        ]
        return priced(self.project, at_less, self.left)

    def to_frame(self) -> pd.DataFrame:
        """Return a frame with a row per plan: what is asked, its price, what is charged, its accuracy, what it replays.

        `price` is that of the plan by itself, the same before and after it is released; `amount` is what it would be
        charged now, 0 where it replays.
        """
        import pandas as pd

        each = zip(self.plans, self.costs, self.replays, strict=True)
        rows = [(str(p.question), str(p.loss), float(cost.main), p.accuracy, replays) for p, cost, replays in each]
        return pd.DataFrame(rows, columns=["question", "price", "amount", "accuracy", "replays"])


def _cut(amount: Fraction) -> Fraction:
    """Return the amount with nine significant digits, rounded down."""
    grain = Fraction(10) ** (math.floor(math.log10(amount)) - 8)
    return amount // grain * grain


def priced(project: str, plans: Sequence[Plan], left: PrivacyLoss) -> StudyPrice:
    """Return the price of several plans; what replays from the ledger, or asks what one before it asks, costs nothing.

    Raises
    ------
    ParameterError
        If something else than plans is given.
    """
    if isinstance(plans, Plan) or not isinstance(plans, Sequence) or not all(isinstance(p, Plan) for p in plans):
        raise ParameterError.of(
            "plans", type_told(plans), "a list of plans", "Example: [df.privacy.plan.dp_count(...)]."
        )
    total, replays = left - left, _replays(plans)
    for plan, again in zip(plans, replays, strict=True):
        total += left - left if again else left.replace(plan.loss.main, plan.loss.delta)
    return StudyPrice(project, tuple(plans), total, left, replays)


def _replays(plans: Sequence[Plan]) -> tuple[str, ...]:
    """Return for each plan where its answer is had at no cost; empty where it is charged.

    Two plans are one question where their answers have one key. It is made of the rows, so that it is asked for only
    of plans whose questions are alike.
    """
    alike = Counter(repr(plan.canonical()) for plan in plans)
    first: dict[str, int] = {}
    told = []
    for place, plan in enumerate(plans, 1):
        found = plan.standing
        key = plan.named(plan) if plan.named is not None and alike[repr(plan.canonical())] > 1 else None
        before = place if key is None else first.setdefault(key, place)
        if found is not None and found.replays:
            told.append(f"{_ENTRY}{found.entry}")
        else:
            told.append("" if before == place else f"plan {before}")
    return tuple(told)
