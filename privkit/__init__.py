"""privkit: the privacy workbench that lives where the data is.

``import privkit as pk`` gives every pandas frame the accessor ``df.privacy``, and the same functions, typed, as
``pk.kanon(df, ...)``. Names are loaded when first used: the import itself loads pandas and little else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from privkit import accessor as _accessor  # noqa: F401  # registers df.privacy
from privkit.errors import (
    BoundsRequiredError,
    CeilingError,
    ColumnNotFoundError,
    DuplicateColumnError,
    FrameError,
    InsufficientBudgetError,
    KeysError,
    LedgerError,
    MeasurementError,
    NoProjectError,
    NotPublicError,
    ParameterError,
    PrivkitError,
    ProjectMismatchError,
    ProjectNotFoundError,
)
from privkit.values.keys import public_values
from privkit.values.unit import ROW

if TYPE_CHECKING:
    from privkit.anonymity.kanon import KAnonymityReport, kanon
    from privkit.dp.plan import Plan
    from privkit.dp.release import Release
    from privkit.example import example
    from privkit.project import plan
    from privkit.project.counts import dp_count
    from privkit.project.project import Project, open_project

__version__ = "0.1.0"

#: Where each public name lives that is loaded when first used; None: the module itself.
_HOMES = {
    "KAnonymityReport": "privkit.anonymity.kanon",
    "Plan": "privkit.dp.plan",
    "Project": "privkit.project.project",
    "Release": "privkit.dp.release",
    "dp_count": "privkit.project.counts",
    "example": "privkit.example",
    "kanon": "privkit.anonymity.kanon",
    "open_project": "privkit.project.project",
}
_MODULES = {"plan": "privkit.project.plan"}

__all__ = [
    "ROW",
    "BoundsRequiredError",
    "CeilingError",
    "ColumnNotFoundError",
    "DuplicateColumnError",
    "FrameError",
    "InsufficientBudgetError",
    "KAnonymityReport",
    "KeysError",
    "LedgerError",
    "MeasurementError",
    "NoProjectError",
    "NotPublicError",
    "ParameterError",
    "Plan",
    "PrivkitError",
    "Project",
    "ProjectMismatchError",
    "ProjectNotFoundError",
    "Release",
    "dp_count",
    "example",
    "kanon",
    "open_project",
    "plan",
    "public_values",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'privkit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
