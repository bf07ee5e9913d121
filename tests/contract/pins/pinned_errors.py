"""What calls that cannot be answered are told, and what happens to the budget."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pinned_asked import BY_ZIP, TERMS, begun, people
from pinned_landed import in_its_own_state
from sklearn.dummy import DummyClassifier

import privkit as pk
from privkit import events as ev


def errors() -> dict[str, str]:
    """Return kind and message of the error of each call, by name."""
    told = {}
    with tempfile.TemporaryDirectory() as made, in_its_own_state(Path(made)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        projects = {kind: begun(kind, Path(made) / "ledger.db") for kind in TERMS}
        calls = {**_asking(projects), **_looking(), **_changing()}
        calls["no_reopening"] = lambda: pk.open_project("nobody", store=Path(made) / "no.db")
        calls |= _registering(projects["rows"], Path(made))
        calls["no_such_project"] = lambda: pk.open_project("nobody", store=Path(made) / "ledger.db")
        calls["other_terms"] = lambda: pk.open_project("rows", epsilon=7, unit="who", store=Path(made) / "ledger.db")
        for name, call in calls.items():
            try:
                call()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is pinned
                told[name] = f"{type(error).__name__}: {error}".replace(made, "FOLDER")
            else:
                told[name] = "no error"
        told["spent"] = ", ".join(str(project.spent) for project in projects.values())
    return told


def _registering(project: pk.Project, folder: Path) -> dict[str, Callable[[], Any]]:
    frame = people()
    agreed = {"recipient": "Uni", "purpose": "?", "basis": "?", "expires": "2099-12-31"}
    wrong = {"recipient": " ", "purpose": 7, "basis": "?" * 501, "expires": "2020-01-01", "approvals": "Ada"}
    return {
        "package_of_rows": lambda: project.package(frame, path=folder / "a.zip", **agreed),
        "package_all_wrong": lambda: project.package({"../a": pk.kanon(frame, "zip")}, path="a.csv", **wrong),
        "deletion_of_nothing": lambda: project.sharing.confirm_deletion(1, by="Ada"),
        "file_of_nobody": lambda: project.sharing.verify(folder / "ledger.db"),
        "request_unknown": lambda: project.requests.open("forgetting"),
        "request_of_nobody": lambda: project.requests.answer(1),
        "drill_without_inventory": lambda: project.breach_drill(frame, persons=1, scenario="?"),
    }


def _asking(projects: dict[str, pk.Project]) -> dict[str, Callable[[], Any]]:
    frame = people()
    rows: dict[str, Any] = {"epsilon": 1, "project": projects["rows"]}
    persons = {"epsilon": 1, "project": projects["persons"]}
    ages = {"bounds": (18, 80), **rows}
    calls: dict[str, Callable[[], Any]] = {
        "no_keys": lambda: pk.dp_count(frame, "zip", **rows),
        "no_column": lambda: pk.dp_count(frame, "town", keys=["a"], **rows),
        "no_price": lambda: pk.dp_count(frame, project=projects["rows"]),
        "two_prices": lambda: pk.dp_count(frame, rho=1, **rows),
        "a_text_for_a_price": lambda: pk.dp_count(frame, **{**rows, "epsilon": "1"}),
        "price_of_nothing": lambda: pk.dp_count(frame, **{**rows, "epsilon": 0}),
        "price_above_the_ceiling": lambda: pk.dp_count(frame, **{**rows, "epsilon": 11}),
        "price_in_another_measure": lambda: pk.dp_count(frame, rho=1, project=projects["rows"]),
        "delta_where_there_is_none": lambda: pk.dp_count(frame, delta=0.001, **rows),
        "a_wrong_of": lambda: pk.dp_count(frame, of="people", **rows),
        "a_wrong_condition": lambda: pk.dp_count(frame, where="age >", **rows),
        "a_condition_on_no_column": lambda: pk.dp_count(frame, where="town == 'a'", **rows),
        "a_wrong_mechanism": lambda: pk.dp_count(frame, mechanism="normal", **rows),
        "keys_from_the_data": lambda: pk.dp_count(frame, "zip", keys=frame["zip"], **rows),
        "keys_twice": lambda: pk.dp_count(frame, "zip", keys=["a", "a"], **rows),
        "bounds_of_rows": lambda: pk.dp_count(frame, max_rows=2, **rows),
        "no_frame": lambda: pk.dp_count([1, 2], **rows),
        "no_project": lambda: pk.dp_count(frame, epsilon=1, project="rows"),
        "a_wrong_version": lambda: pk.dp_count(frame, version="", **rows),
        "max_groups_alone": lambda: pk.dp_count(frame, max_groups=2, **persons),
        "groups_of_persons": lambda: pk.dp_count(frame, **BY_ZIP, max_groups=0, **persons),
        "both_bounds": lambda: pk.dp_count(frame, **BY_ZIP, max_rows=1, max_groups=2, **persons),
        "no_bounds": lambda: pk.dp_sum(frame, "spend", **rows),
        "bounds_turned": lambda: pk.dp_sum(frame, "spend", bounds=(100, 0), **rows),
        "a_sum_of_texts": lambda: pk.dp_sum(frame, "plan", bounds=(0, 1), **rows),
        "person_bounds_of_rows": lambda: pk.dp_mean(frame, "spend", person_bounds=(0, 1), **rows),
        "a_quantile_above_1": lambda: pk.dp_quantile(frame, "age", 1.5, **ages),
        "no_candidates": lambda: pk.dp_median(frame, "age", **rows),
        "no_bins": lambda: pk.dp_histogram(frame, "age", bins=[], **rows),
        "a_wrong_k": lambda: pk.dp_top_k(frame, "plan", 0, keys=["basic", "plus"], **rows),
        "a_k_above_the_keys": lambda: pk.dp_top_k(frame, "plan", 3, keys=["basic", "plus"], **rows),
        "a_wrong_statistic": lambda: pk.dp_query(frame, {"a": "mode"}, **rows),
        "an_empty_query": lambda: pk.dp_query(frame, {}, **rows),
        "weights_of_others": lambda: pk.dp_query(frame, {"n": "count"}, weights={"m": 1}, **rows),
        "accuracy_without_rows": lambda: pk.dp_mean(
            frame, "age", bounds=(18, 80), accuracy=1, project=projects["rows"]
        ),
        "a_nameless_project": lambda: pk.open_project(" ", epsilon=1, unit=pk.ROW),
        "no_unit": lambda: pk.open_project("a", epsilon=1),
        "a_seed_without_simulation": lambda: pk.open_project("a", epsilon=1, unit=pk.ROW, seed=1),
    }
    for name in ("sum", "mean", "var", "std", "nunique", "median", "describe", "bounds", "value_counts"):
        calls[f"town_{name}"] = lambda name=name: getattr(pk, f"dp_{name}")(frame, "town", **rows)
        calls[f"plan_town_{name}"] = lambda name=name: getattr(pk.plan, f"dp_{name}")(frame, "town", **rows)
    return calls


def _looking() -> dict[str, Callable[[], Any]]:
    frame = people()
    return {
        "kanon_no_column": lambda: pk.kanon(frame, ["zip", "town"]),
        "kanon_no_qi": lambda: pk.kanon(frame, []),
        "kanon_k": lambda: pk.kanon(frame, "zip", k=0),
        "kanon_unit": lambda: pk.kanon(frame, "zip", unit="person"),
        "kanon_no_frame": lambda: pk.kanon("zip", "zip"),
        "ldiv_role": lambda: pk.ldiv(frame, ["zip"], "zip"),
        "ldiv_kind": lambda: pk.ldiv(frame, ["zip"], "plan", kind="some"),
        "tclose_t": lambda: pk.tclose(frame, ["zip"], "plan", t=2),
        "check_criterion": lambda: pk.check(frame, ["zip"], 5),
        "kmap_population": lambda: pk.kmap(frame, ["zip"], population=10),
        "risk_threshold": lambda: pk.risk(frame, ["zip"], threshold="cell_7"),
        "suda_size": lambda: pk.suda(frame, ["zip"], max_size=0),
        "link_on": lambda: pk.link(frame, frame, on=["town"]),
        "attack_few": lambda: pk.attack(frame.head(5), frame),
        "attack_no_column": lambda: pk.attack(frame, frame.add_prefix("no_")),
        "attack_no_groups": lambda: pk.attack(frame, frame, by="a"),
        "attack_itself": lambda: pk.attack(frame, frame, control=frame),
        "attack_not_aligned": lambda: pk.attack(frame, frame.head(30), aligned=True),
        "attack_model_none": lambda: pk.attack_model(len, [[1.0]] * 20, [[2.0]] * 20, [0, 1] * 10, [0, 1] * 10),
        "attack_model_shared": lambda: pk.attack_model(
            DummyClassifier(), *[[[row / 7] for row in range(40)]] * 2, *[[0, 1] * 20] * 2
        ),
        "attack_model_lengths": lambda: pk.attack_model(None, [[1.0]] * 20, [[2.0]] * 20, [0, 1], [0, 1] * 10),
        "attack_model_repair": lambda: pk.attack_model(
            DummyClassifier(), [[1.0]] * 20, [[2.0]] * 20, [0, 1] * 10, [0, 1] * 10, repairs={"k = 5": 5}
        ),
        "gate_policy": lambda: pk.gate(
            frame, {"goal": {"qi": ["zip"], "kk": 5}, "risks": {}, "roles": {"forbid": "boss"}}
        ),
        "gate_no_policy": lambda: pk.gate(frame, 5),
        "papers": lambda: pk.papers(pk.audit(frame), answers={"contakt": "x", "officer": 5, "inventory.purpose": "x"}),
        "dossier": lambda: pk.dossier(reports=[frame, frame["zip"]], answers={"nist.99": "x", "nist.8": 5}),
        "output_check_no_table": lambda: pk.output_check([]),
        "unicity_points": lambda: pk.unicity(frame, unit="who", columns="zip", points=0),
        "audit_roles": lambda: pk.audit(frame, roles={"zip": "secret"}),
        "find_nobody": lambda: pk.find_subject(frame, None),
        "example": lambda: pk.example("nothing"),
        "criterion_k": lambda: pk.KAnonymity(0),
        "criterion_l": lambda: pk.LDiversity("plan", 2, kind="some"),
    }


def _changing() -> dict[str, Callable[[], Any]]:
    frame = people()
    return {
        "anonymize_nothing": lambda: pk.anonymize(frame, ["zip"]),
        "anonymize_impossible": lambda: pk.anonymize(frame, ["zip"], k=1000),
        "anonymize_method": lambda: pk.anonymize(frame, ["zip"], k=2, method="best"),
        "anonymize_utility": lambda: pk.anonymize(frame, ["zip"], k=2, utility="joy"),
        "generalize_level": lambda: pk.generalize(frame, {"zip": 9}),
        "microaggregate_k": lambda: pk.microaggregate(frame, "spend", k=1),
        "round_base": lambda: pk.round_to(frame, "spend", base=0),
        "pram_keep": lambda: pk.pram(frame, "plan", keep=2),
        "recipe_empty": lambda: ev.Recipe([]),
        "recipe_wrong": lambda: ev.Recipe([ev.truncate_time("t", "fortnight"), ev.sample(2)]),
        "recipe_unmatched": lambda: ev.Recipe([ev.drop("a")]).apply([{"a": 1, "b": 2}]),
        "recipe_kind": lambda: ev.Recipe([ev.coarsen("a", round=5)]).apply([{"a": "x"}]),
        "recipe_path": lambda: ev.Recipe([ev.drop("a..b")]),
        "key_short": lambda: ev.Key(b"short"),
        "key_missing": lambda: ev.Key.from_env("NO_SUCH_KEY"),
        "hierarchy_ragged": lambda: pk.Hierarchy.from_rows([("a", "b"), ("c",)]),
        "pseudonymize_no_column": lambda: pk.pseudonymize(frame, "town", key=bytes(range(32))),
    }
