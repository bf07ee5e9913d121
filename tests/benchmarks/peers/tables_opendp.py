"""OpenDP's dataframe route: each table of a workload by itself, all at one ρ that is split evenly.

python tables_opendp.py "{json}" prints a line of JSON for each workload: its name, cells and their squared errors.
"""

import opendp.prelude as dp
import polars as pl
from workload import main

dp.enable_features("contrib")


def answered(frame, tables, rho, parts):
    """Yield each table's answer, in the order of the keys."""
    rows, frame = len(frame), pl.from_pandas(frame)
    margins = [dp.polars.Margin(by=[*keys.columns], max_length=rows, max_groups=len(keys)) for keys in tables]
    context = dp.Context.compositor(
        data=frame.lazy(),
        privacy_unit=dp.unit_of(contributions=1),
        privacy_loss=dp.loss_of(rho=rho),
        split_evenly_over=parts,
        margins=margins,
    )
    for keys in tables:
        by, known = [*keys.columns], pl.from_pandas(keys)
        asked = context.query().group_by(by).agg(dp.len(signed=True).alias("n")).with_keys(known.lazy())
        yield known.join(asked.release().collect(), on=by, how="left", maintain_order="left")["n"].to_numpy()


main(answered)
