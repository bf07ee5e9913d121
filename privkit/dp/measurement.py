"""Measurements: a stable transformation chained with noise, by OpenDP."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from privkit.dp.engine import features
from privkit.dp.plan import Plan
from privkit.dp.rows import Rows
from privkit.dp.stability import make_count


def make_measurement(plan: Plan) -> Any:
    """Return the OpenDP measurement that answers the plan: frame → noisy integers. Reads nothing.

    OpenDP chains our transformation with its noise and states the loss. It is compared with the price: what is
    charged is what was planned, and never less than what the measurement costs.
    """
    with features():
        measurement = make_count(plan.question) >> plan.noise.measurement()
    if Fraction(measurement.map(1)) > plan.loss.main:
        raise RuntimeError("the plan's price is below the loss that OpenDP states")
    return measurement


def draw(measurement: Any, data: object) -> list[int]:
    """Draw the noisy answer. Call it only after the plan's price is durably reserved.

    Reads rows. Whatever goes wrong inside may depend on the data, so the caller tells nothing of the exception.

    Raises
    ------
    KeyboardInterrupt
        If reading the rows was interrupted.
    """
    rows = Rows(data)
    try:
        with features():
            return [int(cell) for cell in measurement(rows)]
    except Exception:
        if not rows.interrupted:
            raise
    raise KeyboardInterrupt
