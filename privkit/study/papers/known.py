"""What papers are made of: an inventory, and what a project's ledger and register tell at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from privkit.study.dossiers.terms import letter_of
from privkit.study.sharing import Sharing

if TYPE_CHECKING:
    from privkit.inventory.column_entry import ColumnEntry
    from privkit.inventory.inventory import Inventory
    from privkit.project.project import Project
    from privkit.study.shared_package import SharedPackage
    from privkit.values.loss import PrivacyLoss
    from privkit.values.unit import PrivacyUnit


@dataclass(frozen=True, slots=True)
class Budget:
    """What a project promises, by its ledger.

    Attributes
    ----------
    name : str
    total, charged : PrivacyLoss
    unit : PrivacyUnit
        Whom it protects.
    packages : tuple of SharedPackage
        What was handed out and is not known to be deleted.
    without_noise : frozenset of str
        The kinds of tables that were ever handed out and are not under differential privacy.
    """

    name: str
    total: PrivacyLoss
    charged: PrivacyLoss
    unit: PrivacyUnit
    packages: tuple[SharedPackage, ...]
    without_noise: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What papers are made of.

    Attributes
    ----------
    title : str
    made : datetime.date
    inventory : Inventory
    budget : Budget or None
    """

    title: str
    made: date
    inventory: Inventory
    budget: Budget | None

    @property
    def entries(self) -> tuple[ColumnEntry, ...]:
        """The columns."""
        return self.inventory.entries

    @property
    def letters(self) -> frozenset[str]:
        """The points of Art. 6(1) GDPR that the owner's words name; an empty one where those of a column name none."""
        return frozenset(letter_of(entry.legal_basis) for entry in self.entries)


def budget_of(project: Project | None) -> Budget | None:
    """Return what a project promises. Reads the ledger; changes nothing.

    Raises
    ------
    LedgerError
    """
    if project is None:
        return None
    packages = Sharing(project).packages
    out = tuple(one for one in packages if one.deleted is None)
    plain = frozenset(kind for one in packages for _, kind in one.without_noise)
    return Budget(project.name, project.budget, project.spent + project.reserved, project.unit, out, plain)
