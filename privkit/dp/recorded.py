"""What the ledger's record of a question tells of its answer: how accurate it is, and its number."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from privkit.dp import statistics, synthesis, training
from privkit.dp.dates import accuracy_told
from privkit.dp.noise.noise import ALPHA
from privkit.dp.plan import miss
from privkit.dp.statistics.quantile import Quantile
from privkit.dp.statistics.statistic import Statistic, recorded_statistic
from privkit.values.kinds import read_all

read_all(statistics, synthesis, training)

#: Every kind of statistic by the name of its class.
KINDS: Mapping[str, type[Statistic]] = Statistic.KINDS


def recorded_within(record: Mapping[str, Any]) -> str:
    """Return how far the noise carries a recorded answer in 95 of 100 cases, in words; "" where the record tells none.

    Examples
    --------
    >>> recorded_within({"statistic": "count", "mechanism": "discrete Laplace", "scale": "10.0"})
    '± 30'
    >>> recorded_within({"statistic": "mean", "mechanism": "discrete Laplace", "scale": "10.0"})
    ''
    """
    asked, width = _told(record)
    return "" if asked is None or width is None else accuracy_told(asked, width)


def recorded_accuracy(record: Mapping[str, Any]) -> float | None:
    """Return the half-width of the 95 % interval of a recorded question's answers: the one that its plan told.

    It is read from the record, and reckoned by the statistic and the noise themselves. None where the plan told none
    without a number of rows, where the answer has several numbers, each with its own, and where no kind reads the
    record.

    Examples
    --------
    >>> recorded_accuracy({"statistic": "count", "mechanism": "discrete Laplace", "scale": "10.0"})
    30
    >>> recorded_accuracy({"statistic": "count"}) is None
    True
    """
    return _told(record)[1]


def _told(record: Mapping[str, Any]) -> tuple[Statistic | None, float | None]:
    """Return the statistic of a record, and the half-width of its answers; None for what the record does not tell."""
    try:
        asked = recorded_statistic(record)
        if asked is None or asked.framed:
            return asked, None
        noise = asked.recorded_noise(record)
        if not (math.isfinite(noise.scale) and noise.scale > 0):
            return asked, None
        return asked, asked.half_width(noise, miss(1 - ALPHA), None)
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, SyntaxError):  # damaged, or newer
        return None, None


def recorded_number(record: Mapping[str, Any], answer: str | None) -> float | None:
    """Return the number that a recorded question was answered by; None where there is none, or more than one.

    As :func:`recorded_accuracy`, it is reckoned by the statistic itself, from what the ledger holds alone.

    Examples
    --------
    >>> record = {"statistic": "count", "mechanism": "discrete Laplace", "scale": "10.0", "by": [], "keys": None}
    >>> recorded_number(record, '{"cells":[812],"versions":{}}')
    812.0
    >>> recorded_number(record | {"by": ["zip"]}, '{"cells":[812],"versions":{}}') is None
    True
    """
    try:
        if answer is None or record.get("by") or (asked := recorded_statistic(record)) is None or asked.framed:
            return None
        cells = np.array(json.loads(answer)["cells"], dtype=np.int64).reshape(1, asked.width)
        return float(asked.estimates(cells)[asked.main][0])
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, SyntaxError):  # damaged, or newer
        return None


def recorded_candidates(record: Mapping[str, Any]) -> tuple[float, ...]:
    """Return among which public candidates a recorded quantile was chosen, ascending; none for what is no quantile.

    Examples
    --------
    >>> record = {"statistic": "quantile", "column": "age", "probability": "1/2", "candidates": ["18.0", "100.0"]}
    >>> recorded_candidates(record)
    (18.0, 100.0)
    >>> recorded_candidates({"statistic": "count"})
    ()
    """
    try:
        asked = recorded_statistic(record)
        return asked.candidates if isinstance(asked, Quantile) else ()
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, SyntaxError):  # damaged, or newer
        return ()
