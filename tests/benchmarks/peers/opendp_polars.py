"""OpenDP's dataframe route through Polars, from a pandas frame."""

import opendp.prelude as dp
import polars as pl
import pyarrow.parquet as parquet
from worker import BANDS, EACH, GROUPS, KEYS, LOWER, UPPER, banded, main, read

dp.enable_features("contrib")
FROM_PARQUET = False


def prepare(path, task):
    held = banded(read(path)) if task == "e" or not FROM_PARQUET else None
    # A public bound on a group's rows: the exact number of all rows, which is generous to it.
    length = parquet.read_metadata(path).num_rows

    def context(by):
        data = pl.from_pandas(held).lazy() if held is not None else pl.scan_parquet(path)
        unit = dp.unit_of(contributions=1)
        if task.startswith("u"):
            unit = dp.unit_of(contributions=1, identifier="user_id")
        groups = 1 if not by else len(KEYS) * (len(BANDS) if task == "e" else 1)
        query = dp.Context.compositor(
            data=data,
            privacy_unit=unit,
            privacy_loss=dp.loss_of(epsilon=1.0),
            split_evenly_over=1,
            margins=[dp.polars.Margin(by=by, max_length=length, max_groups=groups)],
        ).query()
        if task == "ub":
            return query.truncate_per_group(EACH, by=["zip3"]).truncate_num_groups(GROUPS, by=["zip3"], keep="first")
        return query.truncate_per_group(GROUPS * EACH) if task == "ur" else query

    if task == "a":
        return lambda: {"count": context([]).select(dp.len(signed=True)).release().collect().to_series().to_list()}
    if task == "d":
        ages = pl.col("age").fill_null(18).dp.median(list(range(18, 96)))
        return lambda: {"median": context([]).select(ages).release().collect().to_series().to_list()}
    if task == "c":
        amount = pl.col("amount").fill_nan(0.0).fill_null(0.0)
        asked = [dp.len(signed=True).alias("n"), amount.dp.sum((LOWER, UPPER)).alias("sum")]

        def moments():
            found = by_keys(context(["zip3"]), ["zip3"], pl.DataFrame({"zip3": KEYS}), asked)
            return {"sum": found["sum"].to_numpy(), "mean": found["sum"].to_numpy() / found["n"].to_numpy()}

        return moments
    by = ["zip3", "band"] if task == "e" else ["zip3"]
    keys = pl.DataFrame({"zip3": KEYS})
    keys = keys.join(pl.DataFrame({"band": BANDS}), how="cross") if task == "e" else keys
    counted = [dp.len(signed=True).alias("n")]
    return lambda: {"count": by_keys(context(by), by, keys, counted)["n"].to_numpy()}


def by_keys(query, by, keys, asked):
    """Return the answers in the order of the keys."""
    found = query.group_by(by).agg(asked).with_keys(keys.lazy()).release().collect()
    return keys.join(found, on=by, how="left", maintain_order="left")


if __name__ == "__main__":
    import opendp

    notes = {
        "": "the data is serialized into the plan, and the scale found by rebuilding it, at every query",
        "ub": "its truncate_num_groups(k) keeps k - 1 groups of k it charges; keep='sample' fails",
        "c": "a float sum with a public max_length pays for it in noise; the count takes half of ε",
    }
    main("OpenDP Polars, from pandas", opendp.__version__ if hasattr(opendp, "__version__") else "0.16", prepare, notes)
