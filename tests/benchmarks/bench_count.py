"""dp_count, ledger included: by 900 keys against the exact pandas group-by and OpenDP's own Polars route, and in all
against its parts that cannot be left out (the fingerprint, the plan, two bare durable transactions).

The ledger lies in the working directory: run it on the disk that is to be measured.
"""

import sqlite3
import tempfile
from itertools import count
from pathlib import Path

import pandas as pd
from harness import ZIPS, medians, purchases, report

import privkit as pk
from privkit.tally.fingerprints.fingerprint import fingerprint


def opendp_polars(frame: pd.DataFrame):
    """Return the same question by OpenDP's dataframe route, from a pandas frame; None where it is not installed."""
    try:
        import opendp.prelude as dp
        import polars as pl
    except ImportError:
        return None
    dp.enable_features("contrib")
    keys = pl.LazyFrame({"zip3": ZIPS})

    def ask() -> object:
        context = dp.Context.compositor(
            data=pl.from_pandas(frame).lazy(),
            privacy_unit=dp.unit_of(contributions=1),
            privacy_loss=dp.loss_of(epsilon=1.0),
            split_evenly_over=1,
            margins=[dp.polars.Margin(by=["zip3"], max_length=2**31, max_groups=1)],
        )
        query = context.query().group_by("zip3").agg(dp.len(signed=True)).with_keys(keys)
        return query.release().collect()

    return ask


def bare_transactions(path: Path):
    """Return two writes of a line each, as durable as the ledger's, with nothing around them."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE line (text TEXT)")
    connection.close()

    def write() -> None:
        for _ in range(2):
            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("PRAGMA synchronous=EXTRA")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO line VALUES (?)", ("x" * 800,))
            connection.execute("COMMIT")
            connection.close()

    return write


def total(rows: int = 1_000_000) -> None:
    """Print what a total count of changed data takes, and how many times its parts that is; the aim is 2."""
    frame = purchases(rows)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        project = pk.open_project("bench", epsilon=10_000, unit=pk.ROW, store=Path(folder) / "ledger.db")
        key = project.account.key
        ages = iter(range(10**9))

        def ask() -> None:
            frame.iat[0, 2] = next(ages)  # changed data: a fresh charge, with every look-up on the way
            frame.privacy.dp_count(epsilon=1, project=project)

        tasks = {
            "privkit dp_count, ledger included": ask,
            "the fingerprint": lambda: fingerprint(frame, key),
            "the plan": lambda: frame.privacy.plan.dp_count(epsilon=1, project=project),
            "two bare durable transactions": bare_transactions(Path(folder) / "bare.db"),
        }
        seconds = medians(tasks, runs=41)
    asked, *parts = seconds.values()
    seconds["its parts, summed"] = sum(parts)
    report(f"{rows:,} rows, in all", seconds, "its parts, summed")
    print(f"  ratio {asked / sum(parts):.2f}, aim 2")


def main() -> None:
    """Print the tables for a million and ten million rows."""
    total()
    for rows in (1_000_000, 10_000_000):
        frame = purchases(rows)
        with tempfile.TemporaryDirectory() as folder:
            project = pk.open_project("bench", epsilon=10_000, unit=pk.ROW, store=Path(folder) / "ledger.db")
            draws = count()

            def ask(frame=frame, project=project, draws=draws):
                next(draws)
                return frame.privacy.dp_count("zip3", keys=ZIPS, epsilon=1, again=True, project=project)

            tasks = {
                "pandas groupby().size()": lambda frame=frame: frame.groupby("zip3").size(),
                "privkit dp_count, ledger included": ask,
                "privkit replay": lambda frame=frame, project=project: frame.privacy.dp_count(
                    "zip3", keys=ZIPS, epsilon=1, project=project
                ),
            }
            seconds = medians(tasks, runs=9 if rows < 5_000_000 else 5)
            if (polars := opendp_polars(frame)) is not None:
                seconds |= medians({"OpenDP Polars route, from pandas": polars}, runs=3)
            report(f"{rows:,} rows", seconds, "pandas groupby().size()")


if __name__ == "__main__":
    main()
