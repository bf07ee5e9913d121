"""What the workers of tables share: random rows of a workload's shape, its tables, and what is squared."""

import itertools
import json
import sys
import time

import numpy as np
import pandas as pd

ROWS = 20_000


def keyed(sizes, axes):
    """Return all cells of a table, a column for each of its own."""
    cells = itertools.product(*(map(str, range(sizes[axis])) for axis in axes))
    return pd.DataFrame([*cells], columns=[f"c{axis}" for axis in axes])


def main(answered):
    """Answer the workloads that the command line tells, each with its sizes, tables and ρ, for so many seconds.

    Seconds are the processor's. All tables of a workload have an even part of ρ. They are taken in an order drawn once,
    so that those which there was time for stand for the others.
    """
    limit = float(sys.argv[2])
    for name, (sizes, tables, rho) in json.loads(sys.argv[1]).items():
        rng = np.random.default_rng(1)
        columns = {f"c{axis}": rng.integers(0, max(size - 1, 1), ROWS).astype(str) for axis, size in enumerate(sizes)}
        frame = pd.DataFrame(columns)
        asked = [axes for axes in tables if axes]  # the total has no cells to group by
        done, cells, missing, squares, start = 0, 0, 0, 0.0, time.process_time()
        for place in rng.permutation(len(asked)):
            if time.process_time() - start > limit:
                break
            keys = keyed(sizes, asked[place])
            by = [*keys.columns]
            exact = keys.merge(frame.value_counts(by).rename("n").reset_index(), on=by, how="left")["n"].fillna(0)
            found = np.asarray(answered(frame[by], keys, rho / len(tables)), dtype=float)
            known = ~np.isnan(found)
            squares += float(((found - exact.to_numpy())[known] ** 2).sum())
            done, cells, missing = done + 1, cells + int(known.sum()), missing + int((~known).sum())
        print(json.dumps([name, done, len(asked), cells, missing, squares]), flush=True)
