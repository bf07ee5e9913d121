"""How long the door to the rows takes, beside pandas' own group-by in the same run.

Run: ``python tests/benchmarks/bench_tally.py [rows ...]``; prints milliseconds (medians) and ratios.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from privkit.tally.bounding import bounded_counts
from privkit.tally.fingerprints.fingerprint import fingerprint
from privkit.tally.groups import keyed_counts
from privkit.tally.predicate import apply
from privkit.values.bounds import ContributionBounds
from privkit.values.expression import cut, selection
from privkit.values.keys import public_keys

ZIPS = [f"{number:03d}" for number in range(100, 1000)]
BANDS = list("abcdefgh")


def table(rows: int) -> pd.DataFrame:
    """Return the peers' synthetic table: persons, 900 regions of unequal size, ages, skewed amounts."""
    rng = np.random.default_rng(0)
    zips = np.array(ZIPS, dtype=object)[rng.choice(900, rows, p=rng.dirichlet(np.full(900, 2.0)))]
    age = rng.integers(18, 95, rows)
    return pd.DataFrame(
        {
            "user_id": rng.integers(0, max(rows // 5, 1), rows),
            "zip3": pd.Series(zips, dtype="str"),
            "age": age,
            "band": pd.Series(np.array(BANDS, dtype=object)[age // 12], dtype="str"),
            "amount": rng.gamma(2, 60, rows),
        }
    )


def milliseconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median time of `work`, warm."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def main(sizes: list[int]) -> None:
    """Print one table for each number of rows."""
    by_zip = public_keys(["zip3"], ZIPS)
    crossed = public_keys(["zip3", "band"], {"zip3": ZIPS, "band": BANDS})
    chosen = selection("age >= 30", {"decade": cut("age", range(10, 110, 10))})
    for rows in sizes:
        frame, repeats = table(rows), 7 if rows <= 10**6 else 3
        four = frame[["user_id", "zip3", "age", "amount"]]
        tasks: dict[str, tuple[Callable[[], object], Callable[[], object] | None]] = {
            "count by zip3": (lambda f=frame: keyed_counts(f, by_zip), lambda f=frame: f.groupby("zip3").size()),
            "zip3 x band": (
                lambda f=frame: keyed_counts(f, crossed),
                lambda f=frame: f.groupby(["zip3", "band"]).size(),
            ),
            "15 rows a person": (
                lambda f=frame: bounded_counts(f, "user_id", ContributionBounds(max_rows=15), by_zip),
                None,
            ),
            "3 groups, 5 rows": (
                lambda f=frame: bounded_counts(f, "user_id", ContributionBounds(max_groups=3, per_group=5), by_zip),
                None,
            ),
            "fingerprint": (lambda f=four: fingerprint(f, b"key"), None),
            "filter and cut": (
                lambda f=frame: apply(f, chosen, keep=["zip3", "decade"]),
                lambda f=frame: f[f.age >= 30],
            ),
        }
        for name, (ours, floor) in tasks.items():
            took = milliseconds(ours, repeats)
            base = milliseconds(floor, repeats) if floor else None
            ratio = f"  pandas {base:8.1f} ms  ratio {took / base:.2f}" if base else ""
            print(f"{rows:>11,} rows  {name:<18} {took:8.1f} ms{ratio}")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10**6, 10**7])
