"""Every kind of dp statistic, ledger included, against the exact pandas aggregate: time and, for sums and means, error.

Peers run in environments of their own: see ``bench_dp_peers.py``.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from harness import ZIPS, medians, purchases, report

import privkit as pk

BANDS = [18, 30, 45, 60, 75, 95]


def tasks_of(
    frame: pd.DataFrame, rows: object, persons: object
) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Return by name the exact pandas aggregate and our release of the same question."""
    from privkit.project.dp import counts, quantiles, sums

    asked = {"keys": ZIPS, "epsilon": 1, "again": True}
    band = pd.cut(frame["age"], BANDS, right=False)

    def crosstab() -> object:
        return counts.dp_histogram(frame, "age", "zip3", bins=BANDS, **asked, project=rows)

    def per_person() -> object:
        own = frame.groupby(["user_id", "zip3"]).size().clip(upper=5)
        return own.groupby("zip3").sum()

    return {
        "a total count": (lambda: len(frame), lambda: counts.dp_count(frame, epsilon=1, again=True, project=rows)),
        "b count by zip3": (
            lambda: frame.groupby("zip3").size(),
            lambda: counts.dp_count(frame, "zip3", **asked, project=rows),
        ),
        "c sum by zip3": (
            lambda: frame.groupby("zip3")["amount"].sum(),
            lambda: sums.dp_sum(frame, "amount", "zip3", bounds=(0, 500), **asked, project=rows),
        ),
        "c sum, mean, count by zip3": (
            lambda: frame.groupby("zip3")["amount"].agg(["sum", "mean"]),
            lambda: sums.dp_mean(frame, "amount", "zip3", bounds=(0, 500), **asked, project=rows),
        ),
        "d median age": (
            lambda: frame["age"].median(),
            lambda: quantiles.dp_median(
                frame, "age", candidates=list(range(18, 96)), epsilon=1, again=True, project=rows
            ),
        ),
        "e zip3 × age band": (lambda: frame.groupby(["zip3", band], observed=False).size(), crosstab),
        "ub count, 3 groups × 5 rows": (
            per_person,
            lambda: counts.dp_count(frame, "zip3", **asked, max_groups=3, per_group=5, project=persons),
        ),
        "ub count, 15 rows in all": (
            per_person,
            lambda: counts.dp_count(frame, "zip3", **asked, max_rows=15, project=persons),
        ),
        "uc mean, 15 rows in all": (
            per_person,
            lambda: sums.dp_mean(frame, "amount", "zip3", bounds=(0, 500), **asked, max_rows=15, project=persons),
        ),
    }


def errors(frame: pd.DataFrame, project: object) -> None:
    """Print the root mean squared errors of sum, mean and count by 900 groups, of one joint release at ε = 1."""
    from privkit.project.dp import sums

    true = frame.assign(amount=frame["amount"].clip(0, 500)).groupby("zip3")["amount"].agg(["sum", "mean", "count"])
    found = sums.dp_mean(frame, "amount", "zip3", bounds=(0, 500), keys=ZIPS, epsilon=1, project=project).to_frame()
    for name in ("sum", "mean", "count"):
        print(f"  RMSE of the {name:<6} {np.sqrt(((found[name] - true[name].reindex(ZIPS)) ** 2).mean()):12.4g}")


def main(sizes: tuple[int, ...] = (1_000_000, 10_000_000)) -> None:
    """Print a table for each size."""
    for size in sizes:
        frame = purchases(size)
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / "ledger.db"
            rows = pk.open_project("rows", epsilon=10_000, unit=pk.ROW, store=store)
            persons = pk.open_project("persons", epsilon=10_000, unit="user_id", store=store)
            for name, (exact, ours) in tasks_of(frame, rows, persons).items():
                runs = 5 if size < 5_000_000 else 3
                report(f"{size:,} rows, {name}", medians({"pandas": exact, "privkit": ours}, runs=runs), "pandas")
            errors(frame, rows)


if __name__ == "__main__":
    main()
