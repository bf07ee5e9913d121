"""ARX's stored answers on Adult: the same optimum, on every configuration."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pandas as pd
import pytest

from privkit.anonymity.beta_likeness import BetaLikeness
from privkit.anonymity.criterion import AllOf
from privkit.anonymity.delta_disclosure import DeltaDisclosure
from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ldiversity import LDiversity
from privkit.anonymity.population import KMap
from privkit.anonymity.table_risk import AverageRisk, SampleUniqueness
from privkit.anonymity.tcloseness import TCloseness
from privkit.transform.anonymize import anonymize
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.lattice import lattice

FOLDER = Path(os.environ.get("PRIVKIT_ORACLE", Path(__file__).parents[4] / "shared" / "oracle"))
pytestmark = pytest.mark.skipif(not (FOLDER / "arx.json").exists(), reason="ARX's stored answers are not here")

CONFIGS = json.loads((FOLDER / "arx.json").read_text())["configs"] if (FOLDER / "arx.json").exists() else {}
OPTIMA = [name for name in CONFIGS if not name.endswith("_local")]
UTILITY = {
    "loss": "loss", "nue": "entropy", "dm": "discernibility", "aecs": "class_size", "prec": "precision",
    "loss_arith": "loss_arithmetic",
}  # fmt: skip


def criterion(model):
    """ARX compares classes with the table as it was given, suppressed rows included."""
    kind, *given = model.split(":")
    arx = {"reference": "input"}
    makers = {
        "k": lambda k: KAnonymity(int(k)),
        "dl": lambda column, bound: LDiversity(column, int(bound)),
        "el": lambda column, bound: LDiversity(column, float(bound), kind="entropy"),
        "rl": lambda column, c, bound: LDiversity(column, int(bound), kind="recursive", c=float(c)),
        "te": lambda column, t: TCloseness(column, float(t), **arx),
        "to": lambda column, t: TCloseness(column, float(t), distance="ordered", **arx),
        "th": lambda column, t: TCloseness(
            column, float(t), distance=Hierarchy.read_csv(FOLDER / f"adult_hierarchy_{column}.csv"), **arx
        ),
        "dd": lambda column, delta: DeltaDisclosure(column, float(delta), **arx),
        "bb": lambda column, beta: BetaLikeness(column, float(beta), **arx),
        "be": lambda column, beta: BetaLikeness(column, float(beta), kind="enhanced", **arx),
        "ar": lambda risk: AverageRisk(float(risk)),
        "su": lambda share: SampleUniqueness(float(share)),
        "kmap": lambda k, level: KMap(int(k), population=317_238_626, significance=float(level)),
    }
    return makers[kind](*given)


@pytest.fixture(scope="module")
def adult():
    return pd.read_csv(FOLDER / "adult.csv.gz", sep=";")


@pytest.fixture(scope="module")
def hierarchies(adult):
    return {name: Hierarchy.read_csv(FOLDER / f"adult_hierarchy_{name}.csv") for name in adult.columns}


def run(name, adult, hierarchies, **others):
    config = CONFIGS[name]
    given = {
        "hierarchies": {column: hierarchies[column] for column in config["qi"]},
        "suppress": config["suppression_limit"],
        "utility": UTILITY.get(config["metric"], "loss"),
    }
    return anonymize(adult, config["qi"], AllOf(*map(criterion, config["models"])), **given | others)


@pytest.mark.parametrize("name", OPTIMA)
def test_optimum_is_that_of_arx(name, adult, hierarchies):
    config = CONFIGS[name]
    out = run(name, adult, hierarchies)
    score = float(config["score"])
    assert math.isclose(out.loss_, score, rel_tol=1e-9, abs_tol=1e-9)
    assert out.optimal_
    assert out.suppressed_ == config["classes"]["suppressed"]
    assert len(out.frame) == config["classes"]["records"]
    assert out.report.satisfied
    if out.levels_ == config["transformation"]:
        assert out.report.after.classes == config["classes"]["num_classes"]
        assert out.report.after.k == config["classes"]["min"]


def test_whole_output_is_that_of_arx(adult, hierarchies):
    theirs = pd.read_csv(FOLDER / "out_qi9_k5_s05.csv.gz", sep=";", dtype=str)
    ours = run("qi9_k5_s05", adult, hierarchies).with_suppressed().astype(str)
    pd.testing.assert_frame_equal(ours[theirs.columns].astype(object), theirs.astype(object), check_dtype=False)


def test_single_nodes_are_judged_as_arx_judged_them(adult, hierarchies):
    theirs = pd.read_csv(FOLDER / "nodes_qi8occ_k5_s05_dl3.csv.gz", sep=";")
    config = CONFIGS["qi8occ_k5_s05_dl3"]
    found = lattice(
        adult,
        config["qi"],
        AllOf(*map(criterion, config["models"])),
        suppress=0.05,
        hierarchies={name: hierarchies[name] for name in config["qi"]},
    )
    both = theirs[theirs["checked"]].merge(found.nodes(), on=config["qi"])
    assert len(both) == theirs["checked"].sum() == 450
    assert (both["feasible"] == (both["anonymity"] == "ANONYMOUS")).all()
    good = both[both["feasible"]]
    assert (good["loss"] - good["highest"]).abs().max() < 1e-9


@pytest.mark.parametrize(
    ("name", "most"), [("qi9_k5_local", 0.0502), ("qi9_k25_local", 0.1092), ("qi8occ_k5_dl3_local", 0.0312)]
)
def test_local_recoding_loses_less_than_arx_and_meets_the_criteria(name, most, adult, hierarchies):
    out = run(name, adult, hierarchies, method="local", suppress=0.001)
    assert out.loss_ < most
    assert out.report.satisfied
    assert out.frame.groupby(CONFIGS[name]["qi"], observed=True, dropna=False).size().min() >= out.report.after.k
