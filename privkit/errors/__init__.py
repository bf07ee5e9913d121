"""One exception tree, with the wording in factories.

Every class inherits :class:`PrivkitError` and the builtin that a user would catch.
"""

from privkit.errors.arguments import (
    BoundsRequiredError,
    ColumnNotFoundError,
    DuplicateColumnError,
    FrameError,
    KeysError,
    NotPublicError,
    ParameterError,
)
from privkit.errors.base import NOTHING_SPENT, PrivkitError, close_matches, listed, nothing_spent
from privkit.errors.ledger import LedgerError
from privkit.errors.project import (
    CeilingError,
    InsufficientBudgetError,
    MeasurementError,
    NoProjectError,
    ProjectMismatchError,
    ProjectNotFoundError,
)

__all__ = [
    "NOTHING_SPENT",
    "BoundsRequiredError",
    "CeilingError",
    "ColumnNotFoundError",
    "DuplicateColumnError",
    "FrameError",
    "InsufficientBudgetError",
    "KeysError",
    "LedgerError",
    "MeasurementError",
    "NoProjectError",
    "NotPublicError",
    "ParameterError",
    "PrivkitError",
    "ProjectMismatchError",
    "ProjectNotFoundError",
    "close_matches",
    "listed",
    "nothing_spent",
]
