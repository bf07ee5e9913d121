"""Measurements: a stable transformation chained with noise, by OpenDP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from privkit.dp.engine import features
from privkit.dp.noise import costs_at_most
from privkit.dp.rows import Rows

if TYPE_CHECKING:
    from privkit.dp.plan import Plan


def make_measurement(plan: Plan) -> Any:
    """Return the OpenDP measurement that answers the plan: frame → noisy integers. Reads nothing.

    OpenDP chains our transformation with its noise and states the loss. It is compared with the price: what is
    charged is what was planned, and never less than what the measurement costs.
    """
    with features():
        measurement = plan.question.asked.measurement(plan.question, plan.noise, plan.loss)
        stated = measurement.map(1)
    if not costs_at_most(stated, plan.loss):
        raise RuntimeError("the plan's price is below the loss that OpenDP states")
    return measurement


def draw(measurement: Any, data: object) -> Any:
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
            return measurement(rows)
    except BaseException:
        if not rows.interrupted:
            raise
    raise KeyboardInterrupt
