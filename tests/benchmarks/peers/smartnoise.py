"""SmartNoise SQL over pandas."""

import warnings
from importlib.metadata import version

from worker import KEYS, LOWER, ROWS, UPPER, cells_of, groups_of, main, read

warnings.filterwarnings("ignore")


def prepare(folder, question, unit):
    import pandas as pd
    from snsql import Privacy, from_df

    if question == "d":
        return "has no median"
    if unit == "3x5":
        return "bounds a person's rows in all, not groups"
    frame, by = read(folder, question), groups_of(question)
    columns = {
        "zip3": {"type": "string"},
        "age": {"type": "int", "lower": 18, "upper": 95},
        "amount": {"type": "float", "lower": LOWER, "upper": UPPER},
        "user_id": {"type": "int", **({} if unit == "row" else {"private_id": True})},
        **({"band": {"type": "string"}} if question == "e" else {}),
    }
    settings = {"row_privacy": True} if unit == "row" else {"max_ids": ROWS}
    settings["censor_dims"] = False
    metadata = {"": {"t": {"t": {"rows": len(frame), **settings, **columns}}}}
    asked = ", ".join([*by, "SUM(amount) AS s, AVG(amount) AS m" if question == "c" else "COUNT(*) AS n"])
    query = f"SELECT {asked} FROM t.t" + (f" GROUP BY {', '.join(by)}" if by else "")

    def ask():
        # Each part of a query gets the whole of what is said here; sum and count share ε = 1 as halves.
        privacy = Privacy(epsilon=0.5 if question == "c" else 1.0, delta=1e-9)
        reader = from_df(frame, privacy=privacy, metadata=metadata)
        rows = reader.execute(query)
        found = pd.DataFrame(rows[1:], columns=rows[0])
        if question == "c":
            found = found.set_index("zip3").reindex(KEYS).astype(float)
            return {"sum": found["s"], "mean": found["m"]}
        return {"count": found.set_index(by)["n"].reindex(cells_of(question)).fillna(0) if by else found["n"]}

    return ask


notes = {
    "b c e": "no public keys: groups come from the data (censor_dims=False), which protects less",
    "c": "its price is told per column; sum and count at ε = 0.5 each",
}
main("SmartNoise SQL", version("smartnoise-sql"), prepare, notes)
