"""OpenDP, loaded when first used, with the features that our transformations need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace

_FEATURES = ("contrib", "honest-but-curious")


@cache
def opendp() -> SimpleNamespace:
    """Return OpenDP's modules.

    They are imported one by one: ``opendp.prelude`` would import scikit-learn wherever it is installed.
    """
    from opendp import accuracy, combinators, domains, measurements, measures, metrics, mod, transformations

    return SimpleNamespace(
        accuracy=accuracy,
        combinators=combinators,
        domains=domains,
        measurements=measurements,
        measures=measures,
        metrics=metrics,
        mod=mod,
        transformations=transformations,
    )


@contextmanager
def features() -> Iterator[SimpleNamespace]:
    """Give OpenDP's modules with the needed features on, and leave the user's choice of features as it was.

    "honest-but-curious" stands for what we vouch for: the stability proofs in `privkit.dp.stability`.
    """
    library = opendp()
    missing = [feature for feature in _FEATURES if feature not in library.mod.GLOBAL_FEATURES]
    if missing:
        library.mod.enable_features(*missing)
    try:
        yield library
    finally:
        if missing:
            library.mod.disable_features(*missing)
