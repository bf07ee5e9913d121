"""Releases whose exact cells are known, with noise that is drawn apart from the code under test."""

import math

import numpy as np
from dp_asking import ask

from privkit.dp.answers.release import Provenance, Release
from privkit.dp.noise.noise import Laplace
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.statistics.counts import Count
from privkit.values.loss import Measure


def noise_of(noise, shape, rng):
    """Draws by NumPy, independent of the code under test: differences of geometric numbers, or rounded normal ones."""
    if isinstance(noise, Laplace):
        p = -math.expm1(-1 / noise.scale)
        return rng.geometric(p, shape) - rng.geometric(p, shape)
    return np.rint(rng.normal(0, noise.scale, shape)).astype(np.int64)


def released(exact, by=(), keys=None, *, entry=1, epsilon=0.5, rng=None, asked=None, measure=Measure.PURE):
    """A release whose exact cells are known, with noise drawn here: the same in each run, whatever ran before."""
    rng = np.random.default_rng([11, entry]) if rng is None else rng
    question = ask(asked or Count(), by, keys)
    price = Price(epsilon=epsilon) if measure is Measure.PURE else Price(rho=epsilon)
    plan = make_plan(question, measure, price)
    exact = np.asarray(exact, dtype=np.int64).reshape(question.groups, -1)
    told = Provenance(str(question), "row", "-", plan.mechanism, plan.scale, "-", "p", entry, f"t{entry}", {})
    return Release(plan, exact + noise_of(plan.noise, exact.shape, rng), told, False)
