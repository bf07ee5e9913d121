"""The search and local recoding beside ARX's stored times, encoding included, and beside anjana where it is installed.

ARX's figures (`PRIVKIT_ORACLE`, or ../shared/oracle) are a warm JVM's with the data loaded and encoded; ours begin at
the frame: tally, hierarchies, search, recoding and report. ``search`` is what answers ARX's figure; ``anonymize`` adds
the new frame and the report. Larger tables are Adult repeated with a tenth of the cells drawn again.
"""

import json
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

from privkit.anonymity.beta_likeness import BetaLikeness
from privkit.anonymity.criterion import AllOf
from privkit.anonymity.delta_disclosure import DeltaDisclosure
from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ldiversity import LDiversity
from privkit.anonymity.population import KMap
from privkit.anonymity.table_risk import AverageRisk, SampleUniqueness
from privkit.anonymity.tcloseness import TCloseness
from privkit.transform.anonymize import anonymize, search
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.lattice import lattice
from privkit.transform.search.task import prepare

FOLDER = Path(os.environ.get("PRIVKIT_ORACLE", Path(__file__).parents[3] / "shared" / "oracle"))
#: ARX at a million rows: suppression limit → ms (measured once, on the machine of the stored answers).
ARX_MILLION = {0.0: 728, 0.02: 13_012, 0.05: 8_895}
ARX_LOCAL = {2: 0.0298, 5: 0.0591, 10: 0.0830, 25: 0.1197}
UTILITY = {
    "nue": "entropy",
    "dm": "discernibility",
    "aecs": "class_size",
    "prec": "precision",
    "loss_arith": "loss_arithmetic",
}
MODELS = {
    "k": lambda k: KAnonymity(int(k)),
    "dl": lambda column, bound: LDiversity(column, int(bound)),
    "el": lambda column, bound: LDiversity(column, float(bound), kind="entropy"),
    "rl": lambda column, c, bound: LDiversity(column, int(bound), kind="recursive", c=float(c)),
    "te": lambda column, t: TCloseness(column, float(t)),
    "to": lambda column, t: TCloseness(column, float(t), distance="ordered"),
    "dd": lambda column, delta: DeltaDisclosure(column, float(delta)),
    "bb": lambda column, beta: BetaLikeness(column, float(beta)),
    "ar": lambda risk: AverageRisk(float(risk)),
    "su": lambda share: SampleUniqueness(float(share)),
    "kmap": lambda k, level: KMap(int(k), population=317_238_626, significance=float(level)),
}


def main() -> None:
    """Print ours beside theirs."""
    if not (FOLDER / "arx.json").exists():
        print(f"ARX's stored answers are not in {FOLDER}: set PRIVKIT_ORACLE.")
        return
    adult = pd.read_csv(FOLDER / "adult.csv.gz", sep=";")
    rungs = {name: Hierarchy.read_csv(FOLDER / f"adult_hierarchy_{name}.csv") for name in adult.columns}
    configurations(adult, rungs)
    scale(adult, rungs)
    recoding(adult, rungs)
    closeness(adult, rungs)
    explorer(adult, rungs)
    anjana(adult, rungs)


def searched(frame, qi, criterion, rungs, limit, utility="loss"):
    """Return what the search found: from the frame to the optimum."""
    task = prepare(
        frame,
        qi,
        criterion,
        k=None,
        hierarchies={name: rungs[name] for name in qi},
        suppress=limit,
        utility=utility,
        weights=None,
        keep=(),
        levels=None,
        unit=None,
    )
    return search(task, None, None)


def best(task, runs=7):
    """Return the median seconds after a warm-up, and the last answer."""
    times = []
    answer = task()
    for _ in range(runs):
        start = time.perf_counter()
        answer = task()
        times.append(time.perf_counter() - start)
    return float(np.median(times)), answer


def configurations(adult, rungs) -> None:
    """All stored configurations at 30,162 rows."""
    print(f"{'configuration':<24}{'ARX ms':>9}{'ours ms':>9}{'ours/ARX':>9}{'judged':>8}{'ARX':>7}  same optimum")
    for name, config in json.loads((FOLDER / "arx.json").read_text())["configs"].items():
        if name.endswith("_local"):
            continue
        criterion = AllOf(*[MODELS[model.split(":")[0]](*model.split(":")[1:]) for model in config["models"]])
        utility = UTILITY.get(config["metric"], "loss")
        limit = config["suppression_limit"]
        seconds, found = best(lambda: searched(adult, config["qi"], criterion, rungs, limit, utility))  # noqa: B023
        arx = config["ms"]["anonymize"]
        same = np.isclose(found.loss, float(config["score"]), rtol=1e-9, atol=1e-9)
        print(
            f"{name:<24}{arx:9.1f}{seconds * 1000:9.1f}{seconds * 1000 / arx:9.2f}{found.judged:8}{config['checked']:7}"
            f"  {bool(same) and found.suppressed == config['classes']['suppressed']}"
        )


def enlarged(adult: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return Adult repeated, with a tenth of the cells drawn again from their column."""
    random = np.random.default_rng(0)
    times = -(-rows // len(adult))
    big = pd.concat([adult] * times, ignore_index=True).iloc[:rows].copy()
    for name in big.columns:
        values = big[name].to_numpy().copy()
        again = random.random(rows) < 0.1
        values[again] = random.choice(adult[name].to_numpy(), int(again.sum()))
        big[name] = pd.Series(values, dtype=adult[name].dtype)
    return big


def scale(adult, rungs) -> None:
    """k = 5 on nine columns, for growing tables."""
    print(f"\n{'rows':>10}{'limit':>7}{'search ms':>11}{'anonymize ms':>14}{'ARX ms':>9}")
    for rows in (30_162, 100_000, 1_000_000):
        frame = enlarged(adult, rows) if rows > len(adult) else adult
        qi = list(frame.columns)
        for limit in (0.0, 0.02, 0.05):
            runs = 3 if rows > 100_000 else 7
            seconds, _ = best(lambda: searched(frame, qi, KAnonymity(5), rungs, limit), runs)  # noqa: B023
            whole, _ = best(lambda: anonymize(frame, qi, k=5, hierarchies=rungs, suppress=limit), runs)  # noqa: B023
            arx = f"{ARX_MILLION[limit]:9,}" if rows == 1_000_000 else ""
            print(f"{rows:10,}{limit:7.2f}{seconds * 1000:11.1f}{whole * 1000:14.1f}{arx}")


def recoding(adult, rungs) -> None:
    """Local recoding: loss and time (the search for the optimum, that it must not be worse than, included)."""
    print(f"\n{'k':>4}{'loss':>10}{'ARX loss':>10}{'ms':>9}")
    for k, theirs in ARX_LOCAL.items():
        seconds, out = best(
            lambda: anonymize(adult, list(adult.columns), k=k, hierarchies=rungs, method="local"),  # noqa: B023
            3,
        )
        print(f"{k:4}{out.loss_:10.4f}{theirs:10.4f}{seconds * 1000:9.1f}")


def closeness(adult, rungs) -> None:
    """Local recoding beside the best node under t-closeness; ARX reaches 0.4559 with 4,424 records suppressed."""
    qi = [name for name in adult.columns if name != "occupation"]
    given = {name: rungs[name] for name in qi}
    print(f"\n{'reference':<10}{'limit':>7}{'method':>9}{'loss':>9}{'gone':>7}{'ms':>9}   t = 0.2, k = 5; ARX: 0.4559")
    for reference in ("input", "kept"):
        goal = KAnonymity(5) & TCloseness("occupation", 0.2, reference=reference)
        for limit in (0.02, 0.147):
            for method in ("optimal", "local"):
                how = {"hierarchies": given, "suppress": limit, "method": method, "utility": "loss_arithmetic"}
                seconds, out = best(lambda: anonymize(adult, qi, goal, **how), 3)  # noqa: B023
                print(
                    f"{reference:<10}{limit:7.3f}{method:>9}{out.loss_:9.4f}{out.suppressed_:7,}{seconds * 1000:9.1f}"
                )


def explorer(adult, rungs) -> None:
    """All nodes of the lattice, exact."""
    found = lattice(adult, list(adult.columns), k=5, suppress=0.05, hierarchies=rungs)
    seconds, nodes = best(found.nodes, 2)
    print(f"\nlattice: {len(nodes):,} nodes in {seconds:.2f} s, {nodes.memory_usage(deep=True).sum() / 1e6:.1f} MB")


def anjana(adult, rungs) -> None:
    """The same case with anjana, if it is here."""
    try:
        from anjana.anonymity import k_anonymity
    except ImportError:
        print("\nanjana is not installed: 3.4 to 10 s were measured for such cases.")
        return
    given = {
        name: {level: np.array([row[level] for row in rung.to_rows()]) for level in range(len(rung.names))}
        for name, rung in rungs.items()
    }
    start = time.perf_counter()
    out = k_anonymity(adult.astype(str), [], list(adult.columns), 5, 5.0, given)
    print(f"\nanjana, k = 5, 5 %: {time.perf_counter() - start:.2f} s, {len(out):,} rows left")
