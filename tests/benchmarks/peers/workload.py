"""What the workers of tables share: random rows of a workload's shape, some of its tables, and what is squared."""

import itertools
import json
import sys

import numpy as np
import pandas as pd

ROWS = 20_000
#: Of each workload so many tables are asked for: all have an even part of the loss, so that all cells err alike.
TABLES = 6


def main(answered):
    """Answer the workloads that the command line tells, each with its sizes, tables and ρ."""
    for name, (sizes, tables, rho) in json.loads(sys.argv[1]).items():
        rng = np.random.default_rng(1)
        columns = {f"c{axis}": rng.integers(0, max(size - 1, 1), ROWS).astype(str) for axis, size in enumerate(sizes)}
        frame = pd.DataFrame(columns)
        asked = [axes for axes in tables if axes]
        asked = asked[:: max(len(asked) // TABLES, 1)][:TABLES]
        keys = [
            pd.DataFrame([*itertools.product(*(map(str, range(sizes[axis])) for axis in axes))], columns=names)
            for axes in asked
            for names in [[f"c{axis}" for axis in axes]]
        ]
        cells, missing, squares = 0, 0, 0.0
        for own, counts in zip(keys, answered(frame, keys, rho, len(tables)), strict=True):
            exact = frame.groupby([*own.columns]).size().reindex(pd.MultiIndex.from_frame(own), fill_value=0)
            if len(own.columns) == 1:
                exact = frame.groupby([*own.columns]).size().reindex(own.iloc[:, 0], fill_value=0)
            known = ~np.isnan(np.asarray(counts, dtype=float))
            squares += float(((np.asarray(counts, dtype=float) - exact.to_numpy())[known] ** 2).sum())
            cells, missing = cells + int(known.sum()), missing + int((~known).sum())
        print(json.dumps([name, cells, missing, squares]), flush=True)
