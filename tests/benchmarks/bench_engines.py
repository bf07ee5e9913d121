"""privkit on lazy engines beside the engine's own exact answer: time, peak memory, ratio.

Parquet of purchases (``harness.purchases``, written in pieces), read by Polars and DuckDB. Every measurement runs in a
process of its own, after the same of a thousand rows: its peak memory is its own, and no library is loaded in it. Exact
and private answers take turns. Options: ``--rows N`` (10,000,000),
``--runs K`` (3), ``--engines polars duckdb``, ``--tasks ...``, ``--folder DIR``.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import ZIPS, purchases

EDGES = list(range(0, 501, 10))
PIECE = 5_000_000


def write(folder: Path, rows: int) -> Path:
    """Write the table once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"purchases_{rows}.parquet"
    if path.exists():
        return path
    draft = path.with_suffix(".draft")
    users = max(rows // 5, 1)
    writer = None
    for seed, start in enumerate(range(0, rows, PIECE)):
        piece = purchases(min(PIECE, rows - start), seed)
        piece["user_id"] = (piece["user_id"] * 2_654_435_761 + seed * 7) % users
        table = pa.Table.from_pandas(piece, preserve_index=False)
        writer = writer or pq.ParquetWriter(draft, table.schema)
        writer.write_table(table, row_group_size=1_000_000)
    assert writer is not None
    writer.close()
    draft.rename(path)
    return path


# -- what is asked ---------------------------------------------------------------------------------------------------


def polars_exact(task: str, path: str) -> object:
    """Return the engine's own exact answer."""
    import polars as pl

    scan, x = pl.scan_parquet(path), pl.col("amount")
    plans = {
        "count": lambda: scan.group_by("zip3").len(),
        "mean": lambda: scan.select(x.clip(0, 500).sum(), x.count().alias("n"), x.clip(0, 500).mean().alias("m")),
        "mean_by": lambda: scan.group_by("zip3").agg(x.clip(0, 500).sum(), x.count().alias("n")),
        "quantiles": lambda: scan.select(*[x.quantile(q).alias(str(q)) for q in (0.1, 0.25, 0.5, 0.9)]),
        "histogram": lambda: scan.group_by(x.cut(EDGES[1:-1]).alias("bin")).len(),
        "person": lambda: scan.group_by("user_id", "zip3").len().group_by("zip3").agg(pl.col("len").clip(0, 5).sum()),
        "kanon": lambda: scan.group_by("zip3", "age", pl.col("amount").floor()).len().select(pl.col("len").min()),
    }
    return plans[task]().collect(engine="streaming")


def duckdb_exact(task: str, path: str) -> object:
    """Return the engine's own exact answer."""
    import duckdb

    of = f"from read_parquet('{path}')"
    clipped = "greatest(least(amount, 500), 0)"
    texts = {
        "count": f"select zip3, count(*) {of} group by zip3",
        "mean": f"select sum({clipped}), count(amount), avg({clipped}) {of}",
        "mean_by": f"select zip3, sum({clipped}), count(amount) {of} group by zip3",
        "quantiles": f"select quantile_cont(amount, [0.1, 0.25, 0.5, 0.9]) {of}",
        "histogram": f"select floor(amount / 10), count(*) {of} group by 1",
        "person": f"select zip3, sum(least(n, 5)) from (select user_id, zip3, count(*) n {of} group by all) group by 1",
        "kanon": f"select min(n) from (select count(*) n {of} group by zip3, age, floor(amount))",
    }
    return duckdb.sql(texts[task]).fetchall()


def private(engine: str, task: str, path: str) -> object:
    """Return privkit's answer, ledger included."""
    import privkit as pk

    if engine == "polars":
        import polars as pl

        frame = pl.scan_parquet(path)
    else:
        import duckdb

        frame = duckdb.read_parquet(path)
    if task == "kanon":
        if engine == "polars":
            return pk.kanon(frame.with_columns(pl.col("amount").floor()), ["zip3", "age", "amount"]).k
        return pk.kanon(frame.project("zip3, age, floor(amount) as amount"), ["zip3", "age", "amount"]).k
    unit = {"unit": "user_id"} if task == "person" else {"unit": pk.ROW}
    store = Path(tempfile.mkdtemp()) / "ledger.db"
    pk.open_project("bench", epsilon=100, delta=1e-3, store=store, new=True, reason="benchmark", **unit)
    mean = {"bounds": (0, 500), "epsilon": 1, "version": "1"}
    asked = {
        "count": lambda: pk.dp_count(frame, "zip3", keys=ZIPS, epsilon=1, version="1"),
        "mean": lambda: pk.dp_mean(frame, "amount", **mean),
        "mean_by": lambda: pk.dp_mean(frame, "amount", "zip3", keys=ZIPS, **mean),
        "quantiles": lambda: pk.dp_quantile(frame, "amount", q=[0.1, 0.25, 0.5, 0.9], **mean),
        "histogram": lambda: pk.dp_histogram(frame, "amount", bins=EDGES, epsilon=1, version="1"),
        "person": lambda: pk.dp_count(frame, "zip3", keys=ZIPS, max_groups=3, per_group=5, epsilon=1, version="1"),
    }
    return asked[task]()


EXACT = {"polars": polars_exact, "duckdb": duckdb_exact}
TASKS = ("count", "mean", "mean_by", "quantiles", "histogram", "person", "kanon")


def one(engine: str, task: str, side: str, path: str) -> None:
    """Measure one answer in this process, libraries loaded before."""
    import duckdb
    import numpy
    import polars
    import pyarrow

    import privkit as pk

    del duckdb, numpy, polars, pyarrow
    _ = pk.kanon, pk.dp_count
    small = write(Path(path).parent, 1_000)  # libraries that come with the first answer are loaded by this one
    EXACT[engine](task, str(small)) if side == "exact" else private(engine, task, str(small))
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    EXACT[engine](task, path) if side == "exact" else private(engine, task, path)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "mb": (peak - base) / 1024}))


def measured(engine: str, task: str, side: str, path: Path) -> dict[str, float]:
    """Measure one answer in a process of its own."""
    call = [sys.executable, __file__, "--one", engine, task, side, str(path)]
    with tempfile.TemporaryDirectory() as state:
        environment = {**os.environ, "PRIVKIT_STATE_DIR": state, "PYTHONPATH": os.pathsep.join(sys.path)}
        found = subprocess.run(call, capture_output=True, text=True, env=environment, check=False)
    if found.returncode:
        return {"seconds": float("nan"), "mb": float("nan"), "error": found.stderr.strip().splitlines()[-1]}  # type: ignore[dict-item]
    return json.loads(found.stdout.strip().splitlines()[-1])


def main() -> None:
    """Print a line for each engine and task."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--engines", nargs="+", default=["polars", "duckdb"])
    parser.add_argument("--tasks", nargs="+", default=list(TASKS))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    chosen = parser.parse_args()
    path = write(chosen.folder, chosen.rows)
    print(f"{chosen.rows:,} rows, {path.stat().st_size / 2**20:,.0f} MB of Parquet; medians of {chosen.runs}")
    print(f"{'':<20}{'exact s':>9}{'privkit s':>11}{'ratio':>7}{'exact MB':>10}{'privkit MB':>12}")
    for engine in chosen.engines:
        for task in chosen.tasks:
            rounds = [
                (measured(engine, task, "exact", path), measured(engine, task, "private", path))
                for _ in range(chosen.runs)
            ]
            exact, own = (sorted(r[side]["seconds"] for r in rounds)[len(rounds) // 2] for side in (0, 1))
            memory = [max(r[side]["mb"] for r in rounds) for side in (0, 1)]
            print(
                f"{engine + ' ' + task:<20}{exact:>9.2f}{own:>11.2f}{own / exact:>7.2f}{memory[0]:>10,.0f}"
                f"{memory[1]:>12,.0f}  {rounds[0][1].get('error', '')}",
                flush=True,
            )


if __name__ == "__main__":
    if "--one" in sys.argv:
        one(*sys.argv[sys.argv.index("--one") + 1 :])
    else:
        main()
