"""dp_count by 900 keys, ledger included, against the exact pandas group-by and OpenDP's own Polars route."""

import tempfile
from itertools import count
from pathlib import Path

import pandas as pd
from harness import ZIPS, medians, purchases, report

import privkit as pk


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


def main() -> None:
    """Print the table for a million and ten million rows."""
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
