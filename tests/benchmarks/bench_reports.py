"""Reports at a million rows against the exact pandas group-by of the same columns.

python tests/benchmarks/bench_reports.py [rows]

Aim: at most 1.5 times the group-by. Medians of five; run on a quiet machine.
"""

from __future__ import annotations

import os
import time
from functools import partial
from statistics import median

import numpy as np
import pandas as pd

from privkit.anonymity.alpha_k import alpha_k
from privkit.anonymity.beta_likeness import beta_likeness
from privkit.anonymity.delta_disclosure import delta_disclosure
from privkit.anonymity.kanonymity import kanon
from privkit.anonymity.ldiversity import ldiv
from privkit.anonymity.tcloseness import tclose

CASES = [(["age", "sex"], "ill"), (["zip"], "ill"), (["zip", "age", "sex"], "ill"), (["zip", "age"], "salary")]
REPORTS = {
    "l distinct": lambda frame, qi, s: ldiv(frame, qi, s, l=3).rows_short,
    "l entropy": lambda frame, qi, s: ldiv(frame, qi, s, l=3, kind="entropy").rows_short,
    "l recursive": lambda frame, qi, s: ldiv(frame, qi, s, l=3, kind="recursive", c=2).rows_short,
    "t equal": lambda frame, qi, s: tclose(frame, qi, s, t=0.2).rows_short,
    "t ordered": lambda frame, qi, s: tclose(frame, qi, s, t=0.2, distance="ordered").rows_short,
    "t tree": lambda frame, qi, s: tclose(frame, qi, s, t=0.2, distance=tree_over(frame[s])).rows_short,
    "beta": lambda frame, qi, s: beta_likeness(frame, qi, s, beta=1).rows_short,
    "delta": lambda frame, qi, s: delta_disclosure(frame, qi, s, delta=1).rows_short,
    "alpha, k": lambda frame, qi, s: alpha_k(frame, qi, s, alpha=0.5, k=3).rows_short,
}
_TREES: dict[str, dict] = {}


def tree_over(column: pd.Series) -> dict:
    """A tree of three levels over the column's values."""
    if column.name not in _TREES:
        values = sorted(column.unique())
        _TREES[column.name] = {value: (place // 4, place // 16, "*") for place, value in enumerate(values)}
    return _TREES[column.name]


def table(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    zips = np.array([f"{i:05d}" for i in range(10_000, 10_900)])
    ills = np.array([f"d{i}" for i in range(20)])
    return pd.DataFrame(
        {
            "zip": zips[rng.integers(0, len(zips), rows)],
            "age": rng.integers(18, 90, rows),
            "sex": np.array(["F", "M"])[rng.integers(0, 2, rows)],
            "ill": ills[rng.geometric(0.3, rows) % len(ills)],
            "salary": rng.integers(0, 500, rows),
        }
    )


def size_of(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    return frame.groupby(columns).size()


def short_of_five(frame: pd.DataFrame, qi: list[str]) -> int:
    return kanon(frame, qi, k=5).rows_short


def seconds(work) -> float:
    work()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def main() -> None:
    rows = int(os.environ.get("PRIVKIT_BENCH_ROWS", "1_000_000"))
    frame = table(rows)
    print(f"{rows:,} rows; seconds, and the ratio to df.groupby(columns).size()")
    for qi, sensitive in CASES:
        floor = seconds(partial(size_of, frame, qi))
        k = seconds(partial(short_of_five, frame, qi))
        entries = len(frame.groupby([*qi, sensitive]).size())
        print(f"\nby {qi}: pandas {floor:.3f}; kanon {k:.3f} ({k / floor:.2f})")
        both = seconds(partial(size_of, frame, [*qi, sensitive]))
        print(f"by {qi} and {sensitive} ({entries:,} combinations): pandas {both:.3f}")
        for name, report in REPORTS.items():
            spent = seconds(partial(report, frame, qi, sensitive))
            print(f"  {name:12} {spent:.3f} ({spent / both:.2f})")


if __name__ == "__main__":
    main()
