"""Mechanisms of libraries that are noted as a whole: diffprivlib's and OpenDP's, where somebody has loaded them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from privkit.attacks.pipelines.runs import Entry, Within, under_way

#: diffprivlib's mechanisms of normal noise, which hold its scale.
_NORMAL = ("Gaussian", "GaussianAnalytic")


def patches(modules: Mapping[str, Any]) -> Iterator[tuple[Any, str, Any]]:
    """Return what of the libraries that are loaded is replaced: whose, by which name, and by what."""
    base = modules.get("diffprivlib.mechanisms.base")
    if base is not None:
        for kind in _kinds(base.DPMachine):
            if "randomise" in vars(kind):
                yield kind, "randomise", _randomise(vars(kind)["randomise"])
    opendp = modules.get("opendp.mod")
    if opendp is not None:
        for name in ("__call__", "invoke"):
            yield opendp.Measurement, name, _invoke(vars(opendp.Measurement)[name])


def _kinds(base: type) -> set[type]:
    below: list[type] = base.__subclasses__()
    return {base}.union(*map(_kinds, below))


def _noted(entry: Callable[[Any], Entry], draw: Callable[[], Any]) -> Any:
    run = under_way()
    if run is None:
        return draw()
    with Within(None):
        made = entry(draw())
    return run.enters(made)


def _randomise(original: Callable[..., Any]) -> Callable[..., Any]:
    def randomise(self: Any, value: Any) -> Any:
        return _noted(lambda total: _diffprivlib(self, value, total), lambda: original(self, value))

    return randomise


def _diffprivlib(mechanism: Any, value: Any, total: Any) -> Entry:
    name = type(mechanism).__name__
    told = f"diffprivlib {name}"
    epsilon, delta = float(mechanism.epsilon), float(getattr(mechanism, "delta", 0.0) or 0.0)
    sensitivity = getattr(mechanism, "sensitivity", None)
    if isinstance(value, (int, float, np.number)) and isinstance(sensitivity, (int, float)) and sensitivity > 0:
        number, scale = np.asarray(float(value)), None
        if name in ("Laplace", "LaplaceTruncated", "LaplaceFolded") and epsilon:
            scale = sensitivity / (epsilon - np.log1p(-delta))
        elif name in ("Geometric", "GeometricTruncated", "GeometricFolded") and epsilon:
            scale = sensitivity / epsilon
        elif name in _NORMAL:
            scale = float(getattr(mechanism, "_scale", 0.0) or 0.0) or None
        if scale is not None:
            law = "normal" if name in _NORMAL else "laplace" if "Laplace" in name else "two-sided geometric"
            return Entry(law, number, np.asarray(float(scale)), total, name=told)
    return Entry("mechanism", value, np.asarray(1.0), total, mechanism=None, name=told)


def _invoke(original: Callable[..., Any]) -> Callable[..., Any]:
    def invoke(self: Any, arg: Any) -> Any:
        return _noted(
            lambda total: Entry("mechanism", arg, np.asarray(1.0), total, mechanism=self, name="OpenDP measurement"),
            lambda: original(self, arg),
        )

    return invoke


#: Metrics of frames: how far apart neighbors are in them, where a row is a person.
_OF_FRAMES = ("SymmetricDistance", "InsertDeleteDistance")
_OF_PERSONS = ("persons added or removed",)


def loss_between(one: Entry, other: Entry, persons: int = 1, rows: int | None = 1) -> float | None:
    """Return the loss that an OpenDP measurement states of two arguments; None where it is no pure ε, or not known.

    Parameters
    ----------
    persons, rows : int
        By how many persons and rows two frames differ; None where that is not known.
    """
    metric = str(getattr(one.mechanism, "input_metric", ""))
    if metric.startswith(_OF_PERSONS):
        distance: Any = persons
    elif metric.startswith(_OF_FRAMES):
        distance = rows
    else:
        distance = _distance(one.mechanism, one.value, other.value)
    if distance is None:
        return None
    try:
        loss = one.mechanism.map(distance)
    except Exception:  # noqa: BLE001 - its own refusal says only that this distance is none of its
        return None
    pure = "MaxDivergence" in str(getattr(one.mechanism, "output_measure", ""))
    return float(loss) if pure and isinstance(loss, (int, float)) else None


def _distance(mechanism: Any, one: Any, other: Any) -> Any:
    """Return how far apart two arguments are in the measurement's own metric; None where that is not known here."""
    metric = str(getattr(mechanism, "input_metric", "")).partition("(")[0]
    try:
        first, second = np.asarray(one), np.asarray(other)
        if first.dtype.kind not in "iuf" or first.shape != second.shape:
            return None
        apart = np.abs(first.astype(float) - second.astype(float))
    except (TypeError, ValueError):
        return None
    whole = first.dtype.kind in "iu"
    found = {
        "AbsoluteDistance": lambda: float(apart), "L1Distance": lambda: float(apart.sum()),
        "L2Distance": lambda: float(np.sqrt((apart**2).sum())), "LInfDistance": lambda: float(apart.max(initial=0.0)),
    }.get(metric)  # fmt: skip
    if found is None:
        return None
    told = found()
    return int(told) if whole and metric != "L2Distance" else told
