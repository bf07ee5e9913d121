"""The table of what leaves an engine says what leaves it: every function of it is called and watched."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.tally.engines.native import Fetch, fetched

PAGE = (Path(__file__).parents[2] / "docs" / "engines.md").read_text(encoding="utf-8")
N = 3000
QI = ["zip", "age"]
KEYS = [f"{8000 + place}" for place in range(5)]


def people() -> pd.DataFrame:
    random = np.random.default_rng(11)
    return pd.DataFrame(
        {
            "zip": random.choice([*KEYS, None], N),
            "age": random.integers(20, 30, N),
            "ill": random.choice(["flu", "cold", "gout"], N),
            "spend": random.normal(size=N).round(3),
            "weight": random.choice([2.0, 3.0], N),
            "id": np.arange(N),
            "who": random.integers(0, 400, N),
        }
    )


def rows_of(names: str) -> Callable[[Any], Any]:
    """Return the call of a function that changes numbers."""
    asked: dict[str, dict[str, Any]] = {
        "microaggregate": {"k": 500}, "add_noise": {"scale": 0.1}, "rank_swap": {}, "round_to": {"base": 5}, "pram": {},
        "top_bottom": {"lower": -1, "upper": 1},
    }  # fmt: skip
    return lambda data: getattr(pk, names)(data, "spend", **asked[names])


dp: dict[str, Any] = {"epsilon": 1, "version": "1"}
#: Function → calls of it; each is watched.
CALLS: dict[str, list[Callable[[Any], Any]]] = {
    "kanon": [lambda data: pk.kanon(data, QI), lambda data: pk.kanon(data, QI, unit="who")],
    "ldiv": [lambda data: pk.ldiv(data, QI, "ill"), lambda data: pk.ldiv(data, QI, "ill", kind="entropy")],
    "tclose": [lambda data: pk.tclose(data, QI, "ill"), lambda data: pk.tclose(data, QI, "spend")],
    "alpha_k": [lambda data: pk.alpha_k(data, QI, "ill")],
    "beta_likeness": [lambda data: pk.beta_likeness(data, QI, "ill")],
    "delta_disclosure": [lambda data: pk.delta_disclosure(data, QI, "ill")],
    "check": [
        lambda data: pk.check(data, QI, pk.KAnonymity(2) & pk.LDiversity("ill", 2) & pk.TCloseness("spend", 0.9))
    ],
    "kmap": [lambda data: pk.kmap(data, QI, k=2, population=data)],
    "delta_presence": [lambda data: pk.delta_presence(data, QI, population=data)],
    "risk": [
        lambda data: pk.risk(data, QI, population=100_000),
        lambda data: pk.risk(data, QI, unit="who"),
        lambda data: pk.risk(data, QI, weights="weight"),
        lambda data: pk.risk(data, QI, population=data),
    ],
    "suda": [lambda data: pk.suda(data, [*QI, "ill"])],
    "audit": [pk.audit],
    "anonymize": [
        lambda data: pk.anonymize(data, QI, pk.KAnonymity(3) & pk.LDiversity("ill", 2) & pk.TCloseness("who", 0.9)),
        lambda data: pk.anonymize(data, QI, k=3, unit="who", method="local"),
    ],
    "lattice": [lambda data: pk.lattice(data, QI, k=3).nodes()],
    "Anonymizer": [lambda data: pk.Anonymizer(QI, k=3).fit(data).transform(data)],
    "generalize": [lambda data: pk.generalize(data, {"age": (pk.Hierarchy.intervals(5), 1)})],
    "unicity": [lambda data: pk.unicity(data, unit="who", columns=["zip"], points=1, persons=10)],
    "copula_uniqueness": [lambda data: pk.copula_uniqueness(data, QI, population=100_000, rows=5)],
    "link": [lambda data: pk.link(data, data, on=QI, truth="id")],
    "gate": [
        lambda data: pk.gate(
            data,
            {
                "goal": {"qi": QI, "k": 2, "t": 0.9, "sensitive": "ill"},
                "risk": {"threshold": 0.2, "uniques": 0.1},
                "roles": {"forbid": ["direct"]},
            },
        )
    ],
    "attack": [lambda data: pk.attack(data, data, columns=[*QI, "ill"], targets=100)],
    "attack_release": [
        lambda data: pk.attack_release(data, lambda d, c: d[c].value_counts(), "ill", columns=QI, targets=5, repeats=1)
    ],
    **{
        name: [rows_of(name)] for name in ("microaggregate", "add_noise", "rank_swap", "round_to", "pram", "top_bottom")
    },
    "dp_count": [lambda data: pk.dp_count(data, **dp), lambda data: pk.dp_count(data, "zip", keys=KEYS, **dp)],
    "dp_histogram": [lambda data: pk.dp_histogram(data, "spend", bins=[-1, 0, 1], **dp)],
    "dp_sum": [lambda data: pk.dp_sum(data, "spend", bounds=(-1, 1), **dp)],
    "dp_mean": [lambda data: pk.dp_mean(data, "spend", "zip", keys=KEYS, bounds=(-1, 1), **dp)],
    "dp_quantile": [
        lambda data: pk.dp_quantile(data, "age", q=0.5, bounds=(20, 30), **dp),
        lambda data: pk.dp_quantile(data, "age", q=0.5, candidates=list(range(20, 30)), **dp),
    ],
    "dp_nunique": [lambda data: pk.dp_nunique(data, "id", **dp)],
}


def told() -> dict[str, str]:
    """Return what the page says of each function."""
    section = PAGE.split("## What leaves the engine")[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return {name: leaves for names, leaves, _ in cells for name in re.findall(r"`(\w+)`", names)}


def kind_of(log: list[Fetch]) -> str:
    if any(each.what == "rows" for each in log):
        return "rows"
    # A column of ids has 3000 groups: figures are fewer.
    return "figures" if max(each.rows for each in log) <= 2000 else "groups"


def test_every_function_of_the_table_is_watched():
    assert told().keys() == CALLS.keys()


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "state"))
    return pk.open_project("engines", epsilon=100, unit=pk.ROW)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.sample(0.12)
def test_what_leaves_an_engine_is_what_the_page_says(name, engine, project):
    library = pytest.importorskip(engine)
    data = library.from_pandas(people()).lazy() if engine == "polars" else library.from_df(people())
    for call in CALLS[name]:
        with fetched() as log:
            call(data)
        assert log
        found = kind_of(log)
        expected = told().get(name, "groups")
        # Few groups are as few as figures: what matters is that no rows come.
        assert found == expected or (expected == "groups" and found == "figures"), (name, log)
