"""OpenDP's dataframe route through Polars, from a pandas frame."""

from importlib.metadata import version

import opendp.prelude as dp
import polars as pl
import pyarrow.parquet as parquet
from worker import BANDS, EACH, GROUPS, KEYS, LOWER, ROWS, UPPER, groups_of, main, read, table_of

dp.enable_features("contrib")
#: Amounts go in as whole cents: its float sums pay for rounding with noise that grows with the public bound on rows.
CENTS = 100


def prepare(folder, question, unit, scan=False):
    path, by = table_of(folder, question), groups_of(question)
    frame = None if scan else read(folder, question)
    # A public bound on the rows of a group: the exact number of all rows, which is generous to it.
    length = parquet.read_metadata(path).num_rows
    if question == "c" and scan:
        path = path.with_name("cents.parquet")
    elif question == "c":
        frame = frame.assign(amount=(frame["amount"] * CENTS).round().astype("int64"))
    keys = pl.DataFrame({"zip3": KEYS})
    keys = keys.join(pl.DataFrame({"band": BANDS}), how="cross") if question == "e" else keys

    def query():
        whose = {} if unit == "row" else {"identifier": "user_id"}
        asked = dp.Context.compositor(
            data=pl.scan_parquet(path) if scan else pl.from_pandas(frame).lazy(),
            privacy_unit=dp.unit_of(contributions=1, **whose),
            privacy_loss=dp.loss_of(epsilon=1.0),
            split_evenly_over=1,
            margins=[dp.polars.Margin(by=by, max_length=length, max_groups=len(keys) if by else 1)],
        ).query()
        if unit == "3x5":
            return asked.truncate_per_group(EACH, by=by).truncate_num_groups(GROUPS, by=by, keep="first")
        return asked.truncate_per_group(ROWS) if unit == "15" else asked

    def answered(*asked):
        found = query().group_by(by).agg(*asked).with_keys(keys.lazy()) if by else query().select(*asked)
        table = found.release().collect()
        return keys.join(table, on=by, how="left", maintain_order="left") if by else table

    size = dp.len(signed=True).alias("n")
    if question == "d":
        median = pl.col("age").fill_null(18).dp.median(list(range(18, 96))).alias("median")
        return lambda: {"median": answered(median)["median"].to_numpy()}
    if question != "c":
        return lambda: {"count": answered(size)["n"].to_numpy()}
    total = pl.col("amount").fill_null(0).dp.sum((int(LOWER) * CENTS, int(UPPER) * CENTS)).alias("sum")

    def moments():
        found = answered(size, total)
        sums = found["sum"].to_numpy() / CENTS
        return {"sum": sums, "mean": sums / found["n"].to_numpy().clip(1)}

    return moments


NOTES = {
    "": "the data is serialized into the plan, and the scale found by rebuilding it, at every query",
    "c": "amounts as whole cents, made outside of what is timed: a float sum pays for a public bound in noise",
    "3x5": "its truncate_num_groups(3) keeps 2 groups, the first by name, and charges for 3",
}

if __name__ == "__main__":
    main("OpenDP Polars, from pandas", version("opendp"), prepare, NOTES)
