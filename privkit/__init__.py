"""privkit: the privacy workbench that lives where the data is.

``import privkit as pk`` gives every pandas frame the accessor ``df.privacy``, and the same functions, typed, as
``pk.kanon(df, ...)``. Names are loaded when first used: the import itself loads no library, not even pandas. Type
checkers read `__init__.pyi` beside this file; a test keeps both lists equal.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from privkit import errors as _errors
from privkit import registration as _registration
from privkit.anonymity import EXPORTS as _ANONYMITY
from privkit.values.unit import ROW  # noqa: F401  # public

__version__ = "0.1.0"

_registration.register()  # df.privacy

#: Which public names each module gives.
_NAMES: dict[str, tuple[str, ...]] = {
    "privkit.accessor": ("PrivacyAccessor",),
    **{f"privkit.anonymity.{module}": names for module, names in _ANONYMITY.items()},
    "privkit.dp.answers.arithmetic": ("ratio",),
    "privkit.dp.answers.derived": ("Derived",),
    "privkit.dp.answers.postprocess": ("consistent",),
    "privkit.dp.plan": ("Plan",),
    "privkit.dp.answers.release": ("Release",),
    "privkit.events.tables": ("pseudonymize",),
    "privkit.examples": ("example", "example_hierarchies"),
    "privkit.project.dp.counts": (
        "dp_count",
        "dp_crosstab",
        "dp_histogram",
        "dp_nunique",
        "dp_share",
        "dp_value_counts",
    ),
    "privkit.project.opening": ("open_project",),
    "privkit.project.project": ("Project",),
    "privkit.project.dp.quantiles": ("dp_bounds", "dp_median", "dp_quantile", "dp_top_k"),
    "privkit.project.dp.query": ("dp_describe", "dp_query"),
    "privkit.project.dp.sums": ("dp_mean", "dp_std", "dp_sum", "dp_var"),
    "privkit.risk.linkage.link": ("LinkReport", "link"),
    "privkit.risk.report": ("RiskReport",),
    "privkit.risk.copula": ("CopulaReport", "copula_uniqueness", "person_uniqueness"),
    "privkit.risk.suda": ("SudaReport", "suda"),
    "privkit.risk.attackers": ("Threshold",),
    "privkit.risk.unicity": ("UnicityReport", "unicity"),
    "privkit.inventory.inventory": ("Inventory",),
    "privkit.inventory.audit": ("audit",),
    "privkit.inventory.inventory_check": ("InventoryCheck",),
    "privkit.inventory.subject": ("ErasureReport", "SubjectReport", "consented", "erase_subject", "find_subject"),
    "privkit.transform.anonymize": ("Anonymizer", "anonymize"),
    "privkit.transform.anonymized": ("Anonymized",),
    "privkit.transform.generalize": ("generalize",),
    "privkit.transform.hierarchies.hierarchy": ("Hierarchy",),
    "privkit.transform.lattice": ("Lattice", "lattice"),
    "privkit.transform.microaggregate": ("microaggregate",),
    "privkit.transform.perturb": ("add_noise", "pram", "rank_swap", "round_to", "top_bottom"),
    "privkit.values.expression.builders": ("cut", "day", "hour", "isin", "month", "prefix", "weekday", "year"),
    "privkit.values.keys": ("public_values",),
    "privkit.errors": tuple(name for name in _errors.__all__ if name.endswith("Error")),
}
#: Modules that are namespaces of their own.
_MODULES = {"plan": "privkit.project.dp.plan", "risk": "privkit.risk", "events": "privkit.events"}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}

__all__ = sorted(["ROW", *_HOMES, *_MODULES])  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'privkit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
