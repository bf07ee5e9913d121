"""One tool's median and upper tenth of the same numbers at the same ε: error and time of each, as JSON.

``python peers/quantiles.py "{json}"``, in the tool's own environment: needs pandas and NumPy, and the tool.
"""

import json
import statistics
import sys
import time
import warnings

import numpy as np

LOWER, UPPER, CANDIDATES = 0.0, 200_000.0, 1001


def numbers(rows):
    """Return incomes: the same in every process."""
    return np.random.default_rng(0).lognormal(10.3, 0.6, rows).clip(LOWER, UPPER)


def privkit(x, q, epsilon):
    """Return a function that draws our quantile with its interval."""
    import tempfile

    import pandas as pd

    import privkit as pk

    frame = pd.DataFrame({"x": x})
    terms = {"epsilon": 10**6, "unit": pk.ROW, "ceiling": 100}
    project = pk.open_project("bench", store=f"{tempfile.mkdtemp()}/ledger.db", **terms)

    def drawn():
        release = pk.dp_quantile(frame, "x", q, bounds=(LOWER, UPPER), epsilon=epsilon, again=True, project=project)
        return (release.value, *release.interval())

    return drawn


def opendp(x, q, epsilon):
    """Return a function that draws OpenDP's quantile among the same candidates."""
    import opendp.prelude as dp

    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T=float, nan=False)), dp.symmetric_distance()
    candidates = np.linspace(LOWER, UPPER, CANDIDATES).tolist()
    scale = 1.0
    while (made := space >> dp.m.then_private_quantile(dp.max_divergence(), candidates, q, scale)).map(1) > epsilon:
        scale *= made.map(1) / epsilon * (1 + 1e-12)
    given = x.tolist()
    return lambda: (made(given),)


def diffprivlib(x, q, epsilon):
    """Return a function that draws diffprivlib's quantile, which knows how many rows there are."""
    from diffprivlib.tools import quantile

    warnings.filterwarnings("ignore")
    return lambda: (float(quantile(x, q, epsilon=epsilon, bounds=(LOWER, UPPER))),)


def pydp(x, q, epsilon):
    """Return a function that draws Google's percentile, from its tree of noisy counts."""
    import pydp.algorithms.laplacian as laplacian

    given = x.tolist()

    def drawn():
        found = laplacian.Percentile(epsilon=epsilon, percentile=q, lower_bound=LOWER, upper_bound=UPPER, dtype="float")
        found.add_entries(given)
        return (found.result(),)

    return drawn


TOOLS = {one.__name__: one for one in (privkit, opendp, diffprivlib, pydp)}


def main(tool, rows, q, epsilon, draws):
    """Print error, coverage, mean width and CPU time of a draw."""
    x = numbers(rows)
    true = float(np.quantile(x, q, method="inverted_cdf"))
    draw = TOOLS[tool](x, q, epsilon)
    draw()
    found, times = [], []
    for _ in range(draws):
        begun = time.process_time()
        found.append(draw())
        times.append(time.process_time() - begun)
    values = np.array(found, dtype=float)
    ranks = np.abs(np.searchsorted(np.sort(x), values[:, 0]) / rows - q)
    told = {
        "rmse": float(np.sqrt(np.mean((values[:, 0] - true) ** 2))),
        "rank": float(np.sqrt(np.mean(ranks**2))),
        "ms": 1000 * statistics.median(times),
    }
    if values.shape[1] == 3:
        told |= {
            "covered": float(((values[:, 1] <= true) & (true <= values[:, 2])).mean()),
            "width": float((values[:, 2] - values[:, 1]).mean()),
        }
    print(json.dumps(told))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
