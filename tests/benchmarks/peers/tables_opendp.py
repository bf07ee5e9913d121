"""OpenDP's dataframe route: each table of a workload by itself, each at an even part of one ρ.

python tables_opendp.py "{json}" SECONDS prints a line of JSON for each workload: its name, how many tables were
answered of how many, cells and their squared errors.
"""

import opendp.prelude as dp
import polars as pl
from workload import main

dp.enable_features("contrib")


def answered(frame, keys, rho):
    """Return a table's answer, in the order of the keys."""
    by, known = [*keys.columns], pl.from_pandas(keys)
    context = dp.Context.compositor(
        data=pl.from_pandas(frame).lazy(),
        privacy_unit=dp.unit_of(contributions=1),
        privacy_loss=dp.loss_of(rho=rho),
        split_evenly_over=1,
        margins=[dp.polars.Margin(by=by, max_length=len(frame), max_groups=len(keys))],
    )
    asked = context.query().group_by(by).agg(dp.len(signed=True).alias("n")).with_keys(known.lazy())
    return known.join(asked.release().collect(), on=by, how="left", maintain_order="left")["n"].to_numpy()


main(answered)
