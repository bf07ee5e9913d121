"""SmartNoise SQL: each table of a workload by itself, at the ε whose ρ, ε²/2, is an even part of one ρ.

python tables_smartnoise.py "{json}" SECONDS prints a line of JSON for each workload: its name, how many tables were
answered of how many, cells and their squared errors.
It answers the cells that have rows, which tells which they are; the others count as missing.
"""

import math
import warnings

import pandas as pd
from snsql import Privacy, from_df
from workload import main

warnings.filterwarnings("ignore")


def answered(frame, keys, rho):
    """Return a table's answer, in the order of the keys."""
    by = [*keys.columns]
    columns = {name: {"type": "string"} for name in by}
    metadata = {"": {"t": {"t": {"rows": len(frame), "row_privacy": True, "censor_dims": False, **columns}}}}
    reader = from_df(frame, privacy=Privacy(epsilon=math.sqrt(2 * rho), delta=1e-9), metadata=metadata)
    named = ", ".join(by)
    found = reader.execute(f"SELECT {named}, COUNT(*) AS n FROM t.t GROUP BY {named}")
    return keys.merge(pd.DataFrame(found[1:], columns=[*by, "n"]), on=by, how="left")["n"]


main(answered)
