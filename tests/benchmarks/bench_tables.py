"""A book of tables against equal and best splits of the same loss: share of the budget, error, time.

Five workloads, planned with the level "(other or missing)" in every column. The share is of ρ, or of ε, for the same
mean variance over the tables; an equal split answers each table by itself, the best split gives each the part that is
best for the mean variance over cells. RMSE is over all cells, from the variances that tests tie to the exact law.
Beside them are OpenDP's dataframe route and SmartNoise SQL, which answer each table by itself: as many tables of each
workload as ``--limit`` seconds allow, in an order drawn once (``--install`` makes SmartNoise's environment).

One run on Adult draws a real release at ρ = 0.0156 and judges its cells; time is that of a million rows beside pandas'
own tables.
"""

import argparse
import itertools
import json
import math
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
from harness import medians, report

HERE = Path(__file__).parent / "peers"
sys.path.insert(0, str(HERE))

from environments import install, python_of  # noqa: E402

import privkit as pk  # noqa: E402
from privkit.dp.statistics.books.shapes import shapes_of  # noqa: E402
from privkit.dp.statistics.books.strategy import strategy  # noqa: E402

ADULT = Path(__file__).parents[1] / "data" / "adult" / "adult.csv.gz"
RHO = Fraction("0.0156")


def up_to(columns: int, *orders: int) -> list[tuple[int, ...]]:
    """Return all sets of so many columns."""
    return [part for order in orders for part in itertools.combinations(range(columns), order)]


def workloads(adult: list[int]) -> dict[str, tuple[list[int], list[tuple[int, ...]]]]:
    """Return by name the numbers of levels, and the tables."""
    return {
        "Adult 1-2-way": (adult, up_to(len(adult), 1, 2)),
        "Adult 1-3-way": (adult, up_to(len(adult), 1, 2, 3)),
        "six small columns 0-3-way": ([3, 4, 5, 3, 4, 3], up_to(6, 0, 1, 2, 3)),
        "ten binaries 1-3-way": ([3] * 10, up_to(10, 1, 2, 3)),
        "twenty columns of ten 1-2-way": ([11] * 20, up_to(20, 1, 2)),
    }


def compared(sizes: list[int], tables: list[tuple[int, ...]], *, squared: bool) -> tuple[float, float, float, float]:
    """Return the share of the loss, and the RMSE per cell by the plan, by an equal and by the best split."""
    shapes, many, power = shapes_of(tuple(sizes), tuple(tables)), len(tables), 2 if squared else 1
    measured, shares = strategy(shapes, (Fraction(1),) * many, squared=squared)
    precision = np.zeros(len(shapes.sets))
    for axes, share in zip(measured, shares, strict=True):
        precision[shapes.sets.index(axes)] = float(share) ** power
    found, cells = shapes.variances(precision), shapes.cells[shapes.asked]
    unit = 2 / float(2 * RHO) if squared else 1 / float(2 * RHO)  # of one count, by Laplace noise of the same ρ
    best = cells ** (1 / (power + 1))
    alone = (best.sum() / best) ** power

    def rmse(variances: np.ndarray) -> float:
        return math.sqrt(float((variances * cells).sum() / cells.sum()) * unit)

    share = float(found.mean() / many**power) ** (1 / power)
    return share, rmse(found), rmse(np.full(many, float(many) ** power)), rmse(alone)


def levels(frame: pd.DataFrame) -> dict[str, list[object]]:
    """Return each column's values: of a benchmark, where they need not be public."""
    return {name: sorted(frame[name].dropna().unique().tolist()) for name in frame}


def peers(adult: list[int], smartnoise: Path | None, limit: float) -> None:
    """Print the RMSE of the tools that answer each table by itself."""
    given = json.dumps({name: (*shape, float(RHO)) for name, shape in workloads(adult).items()})
    for tool, python in (("OpenDP", sys.executable), ("SmartNoise", smartnoise)):
        if python is None:
            continue
        command = [python, HERE / f"tables_{tool.lower()}.py", given, str(limit)]
        for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
            name, done, many, cells, missing, squares = json.loads(line)
            told = f"   ({missing:,} more cells without an answer)" * bool(missing)
            counted = f"{done:>4} of {many:<4} tables {cells:>9,} cells"
            print(f"{tool:<12} {name:<32} {counted}   RMSE {math.sqrt(squares / cells):8.1f}{told}", flush=True)


def released(frame: pd.DataFrame, project: object) -> tuple[float, float, float]:
    """Return the RMSE of a real release of Adult's tables, the share of intervals that hold, and the worst sum."""
    keys = levels(frame)
    release = pk.dp_tables(frame, order=2, columns=[*frame], keys=keys, rho=float(RHO), project=project, again=True)
    errors, held, apart = [], [], 0.0
    for names in release.plan.question.asked.asked:
        table = release.table(*names)
        exact = frame.groupby(list(names)).size().reindex(table.index, fill_value=0).to_numpy()
        errors.append(table["count"].to_numpy() - exact)
        held.append((table["lower"].to_numpy() <= exact) & (exact <= table["upper"].to_numpy()))
        apart = max(apart, abs(float(table["count"].sum() - release.total().value)))
    every = np.concatenate(errors)
    return math.sqrt(float((every**2).mean())), float(np.concatenate(held).mean()), apart


def main() -> None:
    """Print the comparison, one release, and the time of a million rows."""
    parser = argparse.ArgumentParser(prog="bench_tables")
    parser.add_argument("--install", action="store_true", help="make SmartNoise's environment")
    parser.add_argument("--envs", type=Path, default=Path(tempfile.gettempdir()) / "privkit-peers")
    parser.add_argument("--limit", type=float, default=600, help="seconds (processor) for a peer in each workload")
    given = parser.parse_args()
    if given.install:
        install(given.envs, "smartnoise")
    frame = pd.read_csv(ADULT)
    sizes = [frame[name].nunique() + 1 for name in frame]
    print(f"Adult: {len(frame):,} rows, columns {[*frame]}, levels {sizes}")
    print(f"{'workload':<32} {'tables':>6} {'cells':>9}  noise     share of loss   RMSE: plan   equal    best split")
    for name, (own, tables) in workloads(sizes).items():
        for squared in (False, True):
            share, *errors = compared(own, tables, squared=squared)
            cells = sum(math.prod(own[axis] for axis in axes) for axes in tables)
            told = "   ".join(f"{one:8.1f}" for one in errors)
            noise = "Laplace " if squared else "Gaussian"
            print(f"{name:<32} {len(tables):>6} {cells:>9,}  {noise}  {share:12.2f}   {told}")
    peers(sizes, python_of(given.envs, "smartnoise"), given.limit)
    with tempfile.TemporaryDirectory() as folder:
        project = pk.open_project("bench", rho=1000, unit=pk.ROW, store=Path(folder) / "ledger.db", ceiling=100)
        error, held, apart = released(frame, project)
        told = f"RMSE {error:.1f}, {held:.3f} of intervals hold, sums differ by {apart}"
        print(f"a release of Adult 1-2-way at ρ = {float(RHO)}: {told}")
        rows = frame.sample(1_000_000, replace=True, random_state=1).reset_index(drop=True)
        keys, names = levels(frame), up_to(len(frame.columns), 1, 2)
        columns = [*frame]
        seconds = medians(
            {
                "pandas, exact": lambda: [rows.groupby([columns[axis] for axis in axes]).size() for axes in names],
                "dp_tables, ledger included": lambda: pk.dp_tables(
                    rows, order=2, columns=columns, keys=keys, rho=0.1, project=project, again=True
                ),
                "dp_tables, plan alone": lambda: pk.plan.dp_tables(
                    rows, order=2, columns=columns, keys=keys, rho=0.1, project=project
                ),
            },
            runs=3,
        )
        report("Adult 1-2-way, a million rows", seconds, "pandas, exact")


if __name__ == "__main__":
    main()
