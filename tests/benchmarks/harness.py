"""What the benchmarks share: tables of people, and medians measured in turn."""

import gc
import time
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

ZIPS = [f"{number:03d}" for number in range(100, 1000)]


def purchases(rows: int, seed: int = 7) -> pd.DataFrame:
    """Return a table with five rows a person on average, 900 zip3 values and a skewed amount."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "user_id": rng.integers(0, max(rows // 5, 1), rows),
            "zip3": np.array(ZIPS, dtype=object)[rng.integers(0, len(ZIPS), rows)],
            "age": rng.integers(18, 95, rows),
            "amount": rng.exponential(60, rows).round(2),
        }
    ).astype({"zip3": "str"})


def medians(tasks: Mapping[str, Callable[[], object]], runs: int = 7) -> dict[str, float]:
    """Return the median seconds of each task, after one warm-up, in turn so that drift hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(runs + 1):
        for name, task in tasks.items():
            gc.collect()
            start = time.perf_counter()
            task()
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: float(np.median(seconds)) for name, seconds in times.items()}


def report(title: str, seconds: Mapping[str, float], base: str) -> None:
    """Print each task's median and its ratio to `base`."""
    print(title)
    for name, value in seconds.items():
        print(f"  {name:<46} {value * 1000:10.1f} ms   {value / seconds[base]:7.2f} x")
