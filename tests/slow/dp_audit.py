"""ε audits: lower bounds on the loss that was really spent, from releases of worst-case neighbors.

Run as ``python -m pytest tests/slow/dp_audit.py``. The bound is that of Jagielski, Ullman and Oprea 2020: the events
"more than t" on both data sets, with Clopper-Pearson limits at a confidence of 1 − 1e-6.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from privkit.dp.count import Count
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.noise import Laplace
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.question import Question
from privkit.values.contribution import ONE_ROW, ContributionBounds
from privkit.values.keys import public_keys
from privkit.values.loss import Measure
from privkit.values.unit import ROW, PrivacyUnit

CELLS, DRAWS = 2000, 100
MISS = 1e-6


def epsilon_lower(more: np.ndarray, less: np.ndarray) -> float:
    """The largest ε that the draws refute: ln of the least ratio of P(> t) that both samples allow, over all t."""
    found = 0.0
    for threshold in np.unique(np.quantile(less, [0.5, 0.9, 0.99, 0.999])):
        true = stats.beta.ppf(MISS, max((more > threshold).sum(), 1e-9), (more <= threshold).sum() + 1)
        false = stats.beta.ppf(1 - MISS, (less > threshold).sum() + 1, max((less <= threshold).sum(), 1e-9))
        if true > 0:
            found = max(found, math.log(true / false))
    return found


def cells_of(question, rows_per_cell, epsilon, scale=None):
    """The noise of independent cells, each of which counts as an experiment."""
    who = np.repeat(np.arange(CELLS), rows_per_cell)
    frame = pd.DataFrame({"k": who, "who": who})
    plan = make_plan(question, Measure.PURE, Price(epsilon=epsilon))
    if scale is not None:
        object.__setattr__(plan, "noise", Laplace(scale))
        object.__setattr__(plan, "loss", plan.loss.replace(100))
    measurement = make_measurement(plan)
    return np.concatenate([draw(measurement, frame) for _ in range(DRAWS)])


@pytest.mark.parametrize("epsilon", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(
    "bounds", [ONE_ROW, ContributionBounds(max_rows=4), ContributionBounds(max_groups=1, per_group=4)]
)
def test_no_more_is_spent_than_stated_and_the_audit_can_tell(bounds, epsilon):
    unit = ROW if bounds is ONE_ROW else PrivacyUnit("who")
    question = Question(Count(), unit, bounds, public_keys(["k"], range(CELLS), "audit"))
    rows = bounds.linf
    more, less = cells_of(question, rows, epsilon), cells_of(question, 0, epsilon)
    assert epsilon_lower(more, less) <= epsilon
    assert epsilon_lower(more, less) > 0.85 * epsilon  # the worst case comes close to the bound
    cheat = rows / (1.5 * epsilon)
    loud, quiet = (cells_of(question, count, epsilon, cheat) for count in (rows, 0))
    assert epsilon_lower(loud, quiet) > epsilon
