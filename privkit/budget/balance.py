"""What a project has spent, at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from privkit.values.loss import PrivacyLoss


@dataclass(frozen=True, slots=True)
class Balance:
    """What a project has spent, at one moment.

    Attributes
    ----------
    budget, spent, reserved, remaining : PrivacyLoss
        The budget is the sum of the three others. Spent is all that is answered, failed or orphaned.
    entries : int
        How many entries there are.
    seq, hash : int, str
        The head of the chain.
    """

    budget: PrivacyLoss
    spent: PrivacyLoss
    reserved: PrivacyLoss
    remaining: PrivacyLoss
    entries: int
    seq: int
    hash: str
