"""OpenDP's dataframe route through Polars, scanning a Parquet file."""

import opendp_polars
from worker import main

opendp_polars.FROM_PARQUET = True
main(
    "OpenDP Polars, Parquet scan",
    "",
    lambda path, task: None if task == "e" else opendp_polars.prepare(path, task),
    {"c": "a float sum with a public max_length pays for it in noise; the count takes half of ε"},
)
