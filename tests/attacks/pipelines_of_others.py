"""Private functions as people write them: some that break what they claim, and some that keep it."""

from __future__ import annotations

import math
import random

import numpy as np
import pandas as pd

RNG = np.random.default_rng()
EPS = 1.0
DELTA = 1e-5
PLANS = ["a", "b", "c", "d"]
MOST = 200.0


def people(n: int = 120) -> pd.DataFrame:
    """Return customers: one has a plan of his own, one spends far more than all others."""
    drawn = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "spend": np.round(drawn.gamma(2, 60, n), 2),
            "plan": drawn.choice(PLANS[:3], n, p=[0.5, 0.35, 0.15]),
            "ill": drawn.random(n) < 0.3,
        }
    )
    frame.loc[0, "plan"], frame.loc[1, "spend"] = "d", 913.37
    return frame


def counts(frame: pd.DataFrame, name: str = "plan", keys: list = PLANS) -> np.ndarray:
    values = frame[name].to_numpy()
    return np.array([(values == key).sum() for key in keys], dtype=float)


def clipped(frame: pd.DataFrame) -> np.ndarray:
    return np.clip(frame["spend"].to_numpy(), 0, MOST)


# -- broken ----------------------------------------------------------------------------------------------------------


def guessed_sensitivity(frame):
    return frame["spend"].sum() + RNG.laplace(0, 1 / EPS)


def keys_from_the_data(frame):
    found = sorted(set(frame["plan"]))
    return dict(zip(found, counts(frame, keys=found) + RNG.laplace(0, 1 / EPS, len(found)), strict=True))


def noise_reused(frame):
    return counts(frame) + RNG.laplace(0, 1 / EPS)


def seed_fixed(frame):
    return len(frame) + np.random.default_rng(42).laplace(0, 1 / EPS)


def floats_published(frame):
    return len(frame) + RNG.laplace(0, 1 / EPS)


def clipped_after_the_noise(frame):
    return float(np.clip(frame["spend"].sum() + RNG.laplace(0, MOST / EPS), 0, 1e6))


def epsilon_counted_once(frame):
    by = {"plan": PLANS, "ill": [True, False]}
    noisy = {name: counts(frame, name, keys) + RNG.laplace(0, 1 / EPS, len(keys)) for name, keys in by.items()}
    return {**noisy, "rows": len(frame) + RNG.laplace(0, 1 / EPS)}


def mean_over_private_n(frame):
    n = max(len(frame), 1)
    return clipped(frame).sum() / n + RNG.laplace(0, MOST / n / EPS)


def maximum_without_noise(frame):
    found = counts(frame)
    return PLANS[int(found.argmax())], found.max() + RNG.laplace(0, 1 / EPS)


def percentile_as_bound(frame):
    values = frame["spend"].to_numpy()
    most = float(np.percentile(values, 99)) if len(values) else 0.0
    return np.clip(values, 0, most).sum() + RNG.laplace(0, most / EPS)


def a_cell_without_noise(frame):
    noisy = counts(frame) + RNG.laplace(0, 1 / EPS, len(PLANS))
    noisy[-1] = counts(frame)[-1]
    return noisy


def scale_of_five_on_group_means(frame):
    """Noise of scale 5/ε on group means, as a blog has it."""
    means = frame.groupby("plan")["spend"].mean()
    return means + np.random.laplace(0, 5 / EPS, len(means))


def normal_noise_without_delta(frame):
    return len(frame) + random.gauss(0, 1 / EPS)


def raises_for_one(frame):
    if not (frame["spend"] > 900).any():
        raise ValueError("913.37")
    return len(frame) + RNG.laplace(0, 1 / EPS)


def coin_too_honest(frame):
    """Randomized response that tells the truth with 0.95, where ε = 1 allows 0.73."""
    truth = frame["ill"].to_numpy()
    return float(np.where(RNG.random(len(truth)) < 0.95, truth, ~truth).sum())


# -- right -----------------------------------------------------------------------------------------------------------


def laplace_count(frame):
    return len(frame) + RNG.laplace(0, 1 / EPS)


def geometric_count(frame):
    p = 1 - math.exp(-EPS)
    return len(frame) + RNG.geometric(p) - RNG.geometric(p)


def bounded_mean(frame):
    half = EPS / 2
    return (clipped(frame).sum() + RNG.laplace(0, MOST / half)) / max(len(frame) + RNG.laplace(0, 1 / half), 1.0)


def noisy_maximum(frame):
    return PLANS[int(np.argmax(counts(frame) + RNG.laplace(0, 2 / EPS, len(PLANS))))]


def randomized_response(frame):
    truth = frame["ill"].to_numpy()
    return np.where(RNG.random(len(truth)) < math.exp(EPS) / (1 + math.exp(EPS)), truth, ~truth).tolist()


def sparse_histogram(frame):
    """Counts of keys from the data, above 1 + ln(1/(2δ))/ε alone (Korolova et al. 2009)."""
    found = frame["plan"].value_counts().sort_index()
    noisy = found + RNG.laplace(0, 1 / EPS, len(found))
    return noisy[noisy > 1 + math.log(1 / (2 * DELTA)) / EPS].round(6)


def gaussian_sum(frame):
    return clipped(frame).sum() + RNG.normal(0, MOST * math.sqrt(2 * math.log(1.25 / DELTA)) / EPS)


def exponential_median(frame):
    """The exponential mechanism of McSherry and Talwar 2007: a rank moves by 1/2 of a person's row."""
    candidates, values = np.arange(0, MOST + 1, 10.0), frame["spend"].to_numpy()
    away = -np.abs((values[None, :] < candidates[:, None]).sum(axis=1) - len(values) / 2)
    chances = np.exp(EPS * (away - away.max()))
    return float(np.random.choice(candidates, p=chances / chances.sum()))


def grouped_counts(frame):
    return dict(zip(PLANS, counts(frame) + np.random.laplace(0, 1 / EPS, len(PLANS)), strict=True))


def inverse_of_a_uniform(frame):
    """Laplace noise made by hand, of Python's own generator."""
    u = random.random() - 0.5
    return round(len(frame) - math.copysign(math.log(1 - 2 * abs(u)), u) / EPS, 3)


def mean_of_a_public_number(frame):
    return clipped(frame).sum() / len(frame) + RNG.laplace(0, MOST / len(frame) / EPS)


BROKEN = {
    one.__name__: one
    for one in (
        guessed_sensitivity, keys_from_the_data, noise_reused, seed_fixed, clipped_after_the_noise,
        epsilon_counted_once, mean_over_private_n, maximum_without_noise, percentile_as_bound, a_cell_without_noise,
        scale_of_five_on_group_means, normal_noise_without_delta, raises_for_one,
    )
}  # fmt: skip
#: What is right, the δ that it claims, and how its neighbors differ.
RIGHT = {
    "laplace_count": (laplace_count, 0, "remove"),
    "geometric_count": (geometric_count, 0, "remove"),
    "bounded_mean": (bounded_mean, 0, "remove"),
    "noisy_maximum": (noisy_maximum, 0, "remove"),
    "randomized_response": (randomized_response, 0, "replace"),
    "sparse_histogram": (sparse_histogram, DELTA, "remove"),
    "gaussian_sum": (gaussian_sum, DELTA, "remove"),
    "exponential_median": (exponential_median, 0, "remove"),
    "grouped_counts": (grouped_counts, 0, "remove"),
    "inverse_of_a_uniform": (inverse_of_a_uniform, 0, "remove"),
    "mean_of_a_public_number": (mean_of_a_public_number, 0, "replace"),
}
