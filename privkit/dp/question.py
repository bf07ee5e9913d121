"""Questions: what is asked, as frozen values that hold no data."""

from __future__ import annotations

from dataclasses import dataclass

from privkit.values.contribution import ContributionBounds
from privkit.values.keys import Keys
from privkit.values.unit import PrivacyUnit


@dataclass(frozen=True, slots=True)
class CountQuestion:
    """How many rows, in all or by public keys, each person within contribution bounds.

    Attributes
    ----------
    unit : PrivacyUnit
        Whom the answer protects.
    bounds : ContributionBounds
        How much of one person counts.
    keys : Keys or None
        The groups; None for one total.
    """

    unit: PrivacyUnit
    bounds: ContributionBounds
    keys: Keys | None = None

    statistic = "count"

    @property
    def by(self) -> tuple[str, ...]:
        """The columns of the groups."""
        return () if self.keys is None else self.keys.by

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the answer depends on."""
        unit = () if self.unit.column is None else (self.unit.column,)
        return tuple(dict.fromkeys((*self.by, *unit)))

    @property
    def cells(self) -> int:
        """How many numbers are released."""
        return 1 if self.keys is None else len(self.keys)

    def canonical(self) -> dict[str, object]:
        """Return the question as JSON values, the same for every way of asking the same."""
        return {
            "statistic": self.statistic,
            "by": list(self.by),
            "keys": None if self.keys is None else self.keys.canonical(),
            "keys_reason": None if self.keys is None else self.keys.reason,
            "unit": self.unit.column,
            "max_rows": self.bounds.max_rows,
            "max_groups": self.bounds.max_groups,
            "per_group": self.bounds.per_group,
        }

    def __str__(self) -> str:
        """Return the question in words."""
        if self.keys is None:
            return "count of rows"
        return f"count of rows by {', '.join(self.by)} ({len(self.keys)} {'key' if len(self.keys) == 1 else 'keys'})"
