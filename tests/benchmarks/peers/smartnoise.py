"""SmartNoise SQL over pandas."""

import warnings
from importlib.metadata import version

from worker import BANDS, EACH, GROUPS, KEYS, LOWER, UPPER, banded, main, read

warnings.filterwarnings("ignore")
FROM = "FROM t.t.t"


def prepare(path, task):
    import pandas as pd
    from snsql import Privacy, from_df

    if task == "d":
        return None
    frame = banded(read(path)) if task == "e" else read(path)
    persons = task.startswith("u")
    columns = {
        "zip3": {"type": "string"},
        "age": {"type": "int", "lower": 18, "upper": 95},
        "amount": {"type": "float", "lower": LOWER, "upper": UPPER},
        "user_id": {"type": "int", **({"private_id": True} if persons else {})},
        **({"band": {"type": "string"}} if task == "e" else {}),
    }
    settings = {"max_ids": GROUPS * EACH} if persons else {"row_privacy": True}
    settings["censor_dims"] = False
    metadata = {"": {"t": {"t": {"rows": len(frame), **settings, **columns}}}}
    by = "zip3, band" if task == "e" else "zip3"
    asked = {"a": "COUNT(*) AS n", "c": "zip3, SUM(amount) AS s, AVG(amount) AS m"}.get(task, f"{by}, COUNT(*) AS n")
    query = f"SELECT {asked} {FROM.replace('t.t.t', 't.t')}" + ("" if task == "a" else f" GROUP BY {by}")

    def ask():
        # Each part of a query gets the whole of what is said here; two parts share ε = 1 as halves.
        privacy = Privacy(epsilon=0.5 if task == "c" else 1.0, delta=1e-9)
        rows = from_df(frame, privacy=privacy, metadata=metadata).execute(query)
        if task == "a":
            return {"count": [rows[1][0]]}
        if task == "c":
            found = pd.DataFrame(rows[1:], columns=rows[0]).set_index("zip3").reindex(KEYS).astype(float)
            return {"sum": found["s"], "mean": found["m"]}
        names = ["zip3", "band"] if task == "e" else ["zip3"]
        index = pd.MultiIndex.from_product([KEYS, BANDS]) if task == "e" else pd.Index(KEYS)
        return {"count": pd.DataFrame(rows[1:], columns=rows[0]).set_index(names)["n"].reindex(index).fillna(0)}

    return ask


notes = {
    "": "no public keys: groups come from the data (censor_dims=False, no protection of which groups exist)",
    "ub ur": "bounds the total rows of a person (15 at random), not 3 groups of 5 rows",
}
main("SmartNoise SQL", version("smartnoise-sql"), prepare, notes)
