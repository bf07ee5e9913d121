"""OpenDP's dataframe route through Polars, scanning a Parquet file."""

from functools import partial
from importlib.metadata import version

from opendp_polars import NOTES, prepare
from worker import main

main(
    "OpenDP Polars, Parquet scan", version("opendp"), partial(prepare, scan=True), {**NOTES, "": "reads the file anew"}
)
