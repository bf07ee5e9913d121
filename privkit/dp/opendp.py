"""OpenDP, loaded when first used, with the features that our transformations need."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from types import SimpleNamespace
from typing import Any

from privkit.errors.engines import LibraryRequiredError
from privkit.values.interrupts import put_off

_FEATURES = frozenset({"contrib", "honest-but-curious"})
_lock = Lock()
#: One element for each use at this moment, and the features that the first of them turned on.
_users: list[None] = []
_added: set[str] = set()

#: Before it OpenDP's noise was wrong: the loss was understated, by 17 % at ε = 0.25 (measured on 0.14.0 and 0.14.1).
LEAST = (0, 14, 2)


def installed() -> str:
    """Return the version of OpenDP; empty where its metadata are gone, so that it cannot be told."""
    try:
        return version("opendp")
    except PackageNotFoundError:
        return ""


def check_version(found: str) -> None:
    """Refuse an OpenDP whose noise is wrong.

    Raises
    ------
    LibraryRequiredError
    """
    told = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?(.*)", found)
    if told is None:
        return
    known = tuple(int(part or 0) for part in told.groups()[:3])
    if known < LEAST or (known == LEAST and re.match(r"\.?-?(a|b|rc|dev|beta|nightly)", told[4])):
        least = ".".join(map(str, LEAST))
        raise LibraryRequiredError.too_old(
            "OpenDP", found, least, "earlier ones draw wrong noise, so more is lost than told"
        )


@cache
def opendp() -> SimpleNamespace:
    """Return OpenDP's modules.

    They are imported one by one: ``opendp.prelude`` would import scikit-learn wherever it is installed.

    Raises
    ------
    LibraryRequiredError
        If OpenDP is so old that its noise is wrong, as an environment can hold that was upgraded around the pin. Every
        plan is priced here, so this is before anything is charged.
    """
    check_version(installed())
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


class features(put_off):  # noqa: N801 - used as a verb
    """Give OpenDP's modules with the needed features on, and leave the user's choice of features as it was.

    "honest-but-curious" stands for what we vouch for: the stability proofs in `privkit.dp.measurement`. OpenDP keeps
    features for the whole process, so the last of several threads puts them back. Ctrl-C waits until the block ends,
    but for the reading of rows (`privkit.dp.measurement`).
    """

    def __enter__(self) -> SimpleNamespace:
        library = opendp()
        super().__enter__()  # OpenDP calls Python back from compiled code, which an exception may leave by a crash
        try:
            with _lock:
                missing = _FEATURES - library.mod.GLOBAL_FEATURES
                if missing:
                    library.mod.enable_features(*missing)
                _added.update(missing)
                _users.append(None)
        except BaseException:
            super().__exit__()
            raise
        return library

    def __exit__(self, *_: object) -> None:
        try:
            with _lock:
                _users.pop()
                if not _users and _added:
                    opendp().mod.disable_features(*_added)
                    _added.clear()
        finally:
            super().__exit__()


def stated_loss(measurement: Any, distance: object) -> Any:
    """Return what a measurement costs, as OpenDP states it; infinity where that is beyond what a float holds."""
    from opendp.mod import OpenDPException

    try:
        return measurement.map(distance)
    except OpenDPException as error:
        if error.variant != "Overflow":
            raise
        return float("inf")
