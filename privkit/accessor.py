"""``df.privacy``: one-line delegations to the typed functions, stateless, and never raising when it is made.

pandas makes a new accessor at every ``df.privacy``, so it keeps the frame and nothing else. The functions are named
by the module they live in and imported when called; a test keeps both signatures equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from privkit.anonymity.kanon import KAnonymityReport
    from privkit.dp.plan import Plan
    from privkit.dp.release import Release
    from privkit.project.project import Project


class PlanAccessor:
    """``df.privacy.plan``: the price of each ``dp_*`` call, without touching rows."""

    __slots__ = ("_data",)

    def __init__(self, data: Any) -> None:
        self._data = data

    def __repr__(self) -> str:
        return "df.privacy.plan: what each dp_* call would cost. next: .dp_count(epsilon=0.1)"

    def dp_count(
        self,
        by: str | Sequence[str] | None = None,
        *,
        keys: object = None,
        epsilon: object = None,
        accuracy: object = None,
        max_rows: int | None = None,
        max_groups: int | None = None,
        per_group: int | None = None,
        version: str | None = None,
        project: Project | None = None,
    ) -> Plan:
        """Price a count: see :func:`privkit.dp_count`."""
        from privkit.project.plan import dp_count

        return dp_count(
            self._data,
            by,
            keys=keys,
            epsilon=epsilon,
            accuracy=accuracy,
            max_rows=max_rows,
            max_groups=max_groups,
            per_group=per_group,
            version=version,
            project=project,
        )


@pd.api.extensions.register_dataframe_accessor("privacy")
class PrivacyAccessor:
    """``df.privacy``: look at a table's privacy, change it, release from it.

    ``dp_*`` methods spend budget; all others are free, and exact: for the owner's eyes.
    """

    __slots__ = ("_data",)

    def __init__(self, data: Any) -> None:
        self._data = data

    def __repr__(self) -> str:
        return "df.privacy: look .kanon(qi) · release .dp_count(...) · price .plan.dp_count(...)"

    @property
    def plan(self) -> PlanAccessor:
        """The price of each ``dp_*`` call, without touching rows."""
        return PlanAccessor(self._data)

    def kanon(self, qi: str | Sequence[str], *, k: int | None = None, unit: str | None = None) -> KAnonymityReport:
        """Report k-anonymity: see :func:`privkit.kanon`."""
        from privkit.anonymity.kanon import kanon

        return kanon(self._data, qi, k=k, unit=unit)

    def dp_count(
        self,
        by: str | Sequence[str] | None = None,
        *,
        keys: object = None,
        epsilon: object = None,
        accuracy: object = None,
        max_rows: int | None = None,
        max_groups: int | None = None,
        per_group: int | None = None,
        version: str | None = None,
        again: bool = False,
        project: Project | None = None,
    ) -> Release:
        """Count rows under differential privacy: see :func:`privkit.dp_count`. Spends budget."""
        from privkit.project.counts import dp_count

        return dp_count(
            self._data,
            by,
            keys=keys,
            epsilon=epsilon,
            accuracy=accuracy,
            max_rows=max_rows,
            max_groups=max_groups,
            per_group=per_group,
            version=version,
            again=again,
            project=project,
        )
