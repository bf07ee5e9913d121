"""Risk, audit, minimal sample uniques, linkage: Adult, a million rows of its like, ten million, five hundred columns.

Then the shop's released table against its register, before and after `anonymize`; the audits of the telecom's and the
shop's tables; and the attackers' risks beside ARX's, where PRIVKIT_ORACLE names the folder of its answers.

sdcMicro's C++ took 0.272 s for SUDA2 on Adult's nine columns and 6.3 s at a million rows on the machine of the stored
figures; it is not run here.
"""

import json
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
from harness import medians, report

from privkit.inventory.audit import audit
from privkit.risk.link import link
from privkit.risk.report import risk
from privkit.risk.suda import suda
from privkit.transform.anonymize import anonymize
from privkit.transform.generalize import generalize
from privkit.transform.hierarchies.hierarchy import Hierarchy

ADULT = Path(__file__).parents[1] / "data" / "adult" / "adult.csv.gz"

SHOP = Path(__file__).parents[1] / "risk" / "data"


def many(frame: pd.DataFrame, rows: int, seed: int = 5) -> pd.DataFrame:
    """Return the rows over and over, with a tenth of the cells drawn anew from their column."""
    random = np.random.default_rng(seed)
    grown = frame.iloc[np.resize(np.arange(len(frame)), rows)].reset_index(drop=True)
    for name in grown.columns:
        changed = np.flatnonzero(random.random(rows) < 0.1)
        values = grown[name].to_numpy(copy=True)
        values[changed] = values[random.permutation(changed)]
        grown[name] = pd.Series(values, dtype=frame[name].dtype)
    return grown


def once(task) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def main() -> None:
    adult = pd.read_csv(ADULT)
    nine = list(adult.columns)
    seven = nine[:7]
    seconds = medians(
        {
            "pandas: sizes of the classes of 9 columns": lambda: adult.groupby(nine).size(),
            "risk, 9 columns": lambda: risk(adult, nine),
            "risk, 9 columns, population uniques": lambda: risk(adult, nine, population=300_000_000),
            "suda, 9 columns (sdcMicro's C++: 272 ms)": lambda: suda(adult, nine),
            "audit, 9 columns": lambda: audit(adult),
        }
    )
    report("Adult, 30,162 rows", seconds, "pandas: sizes of the classes of 9 columns")
    million = many(adult, 1_000_000)
    base = "pandas: sizes of the classes of 7 columns"
    seconds = medians(
        {
            base: lambda: million.groupby(seven).size(),
            "risk, 7 columns": lambda: risk(million, seven),
            "suda, 7 columns": lambda: suda(million, seven),
            "suda, 9 columns (sdcMicro's C++: 6.3 s)": lambda: suda(million, nine),
            "link with itself, 7 columns": lambda: link(million, million, seven),
            "audit, 9 columns": lambda: audit(million),
        },
        runs=3,
    )
    report("a million rows", seconds, base)
    bounds()
    shop_against_register()
    audits()
    beside_arx()


def tell(what: str, seconds: float) -> None:
    print(f"  {what:<50} {seconds:8.1f} s")


def bounds() -> None:
    random = np.random.default_rng(1)
    wide = pd.DataFrame(random.integers(0, 500, (100_000, 500)), columns=[f"c{place}" for place in range(500)])
    found = None

    def audited(frame: pd.DataFrame, limit: float) -> None:
        nonlocal found
        found = audit(frame, time_limit=limit)

    tell("500 columns × 100,000 rows, audit, limit 60 s", once(lambda: audited(wide, 60)))
    print(f"    left out: {found.left_out}")
    tall = pd.DataFrame(
        {
            "customer_id": np.arange(10_000_000),
            "zip": random.integers(1000, 9999, 10_000_000),
            "age": random.integers(0, 100, 10_000_000),
            "sex": random.integers(0, 2, 10_000_000),
            "spend": random.random(10_000_000),
        }
    )
    tell("10 million rows × 5 columns, audit, limit 60 s", once(lambda: audited(tall, 60)))
    print(f"    left out: {found.left_out}")
    tell("10 million rows, risk, 3 columns", once(lambda: risk(tall, ["zip", "age", "sex"])))
    tell("10 million rows, suda, 3 columns", once(lambda: suda(tall, ["zip", "age", "sex"])))
    hundred = wide.iloc[:, :40]
    tell(
        "100,000 rows, suda, 40 columns, limit 10 s", once(lambda: suda(hundred, list(hundred.columns), time_limit=10))
    )


def shop_against_register() -> None:
    print("the shop's released table against its register (sex, birth date, postcode)")
    on = ["sex", "birth_date", "postcode"]
    shop, register = (pd.read_csv(SHOP / f"shop_{name}.csv.gz", dtype=str) for name in ("released", "register"))
    truth = pd.read_csv(SHOP / "shop_truth.csv.gz", dtype=str)
    absent = ~shop["pseudonym"].isin(truth.loc[truth["voter_no"].isin(register["voter_no"]), "pseudonym"])
    hierarchies = {"birth_date": Hierarchy.redact(), "postcode": Hierarchy.redact()}
    out = anonymize(shop, on, k=5, hierarchies=hierarchies)
    known = {**hierarchies, "sex": out.hierarchies["sex"]}
    coarse = generalize(register, out.levels_, hierarchies=known).frame
    cases = {
        "before": (shop, register, shop[absent]),
        "after anonymize(k=5)": (out.frame, register, out.frame[absent.reindex(out.frame.index)]),
        "after, hierarchies known": (out.frame, coarse, out.frame[absent.reindex(out.frame.index)]),
    }
    for name, (data, other, control) in cases.items():
        for fuzzy in (False, True):
            start = time.perf_counter()
            found = link(data, other, on, truth=truth, control=control, fuzzy=fuzzy)
            seconds = time.perf_counter() - start
            print(
                f"  {name + (', fuzzy' if fuzzy else ''):<34} {found.n_rows} rows, pairs {found.n_pairs}, single "
                f"{found.n_single}, right {found.n_right}, control {found.control.hits} of {found.control.n}, "
                f"by chance {found.baseline.hits}, {seconds:.2f} s"
            )


def audits() -> None:
    for name, path in (("telco", ADULT.parents[1] / "telco.csv.gz"), ("shop", SHOP / "shop_released.csv.gz")):
        print(f"audit of {name}")
        told = audit(pd.read_csv(path)).to_frame()
        print(told[["column", "role", "rating", "unique_share", "action"]].to_string(index=False))


def beside_arx() -> None:
    oracle = Path(os.environ.get("PRIVKIT_ORACLE", "."))
    if not (oracle / "arx.json").exists():
        print("ARX's answers are not here: set PRIVKIT_ORACLE to their folder")
        return
    adult = pd.read_csv(oracle / "adult.csv.gz", sep=";")
    for name, found in json.loads((oracle / "arx.json").read_text(encoding="utf-8"))["raw_risk"].items():
        theirs, ours = found["risk"], risk(adult, found["qi"].split(","), threshold=found["risk"]["threshold"])
        print(f"attackers' risks of {name}: privkit, ARX")
        for attacker in ("prosecutor", "journalist"):
            own, arx = getattr(ours, attacker), theirs[attacker]
            print(f"  {attacker}: highest {own.highest}, {arx['highest']}; average {own.average}, {arx['success']}; "
                  f"share at risk {own.share_at_risk}, {arx['records_at_risk']}")  # fmt: skip
        print(f"  marketer: average {ours.marketer.average}, {theirs['marketer']}")


if __name__ == "__main__":
    main()
