"""OpenDP, loaded when first used, with the features that our transformations need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from types import SimpleNamespace

_FEATURES = ("contrib", "honest-but-curious")
_lock = Lock()
#: One element for each use at this moment, and the features that the first of them turned on.
_users: list[None] = []
_added: set[str] = set()


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

    "honest-but-curious" stands for what we vouch for: the stability proofs in `privkit.dp.stability`. OpenDP keeps
    features for the whole process, so the last of several threads puts them back.
    """
    library = opendp()
    with _lock:
        missing = [feature for feature in _FEATURES if feature not in library.mod.GLOBAL_FEATURES]
        if missing:
            library.mod.enable_features(*missing)
        _added.update(missing)
        _users.append(None)
    try:
        yield library
    finally:
        with _lock:
            _users.pop()
            if not _users and _added:
                library.mod.disable_features(*_added)
                _added.clear()
