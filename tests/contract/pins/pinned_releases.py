"""Projects, plans, releases and what is computed from them, for the register of values.

Noise has no seed. So releases with noise are replayed from the landed ledger; those that are drawn here have so large
an ε that nothing is added, or come from the teaching simulator.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pinned_asked import BY_ZIP, ENDLESS, NOISELESS, PLANS, PRICE, ZIPS, answered, asked, people
from pinned_landed import copied_ledger, salted

import privkit as pk

#: Which questions of the landed ledger are shown as they were answered.
REPLAYED = {
    "rows": (
        "count", "count_by", "count_by_two", "crosstab", "histogram", "nunique", "sum", "mean_by", "var", "std_by",
        "quantile", "quantiles", "quantiles_few_by", "bounds", "top_k", "query_by", "describe",
    ),
    "persons": (
        "count_by", "count_persons", "count_open", "sum_of_persons", "mean_of_persons_by", "mean_open", "query_by",
    ),
    "concentrated": ("count_by", "count_laplace", "mean", "quantiles"),
    "months": ("count_by", "count_persons", "median"),
}  # fmt: skip
Makers = dict[str, Callable[[], Any]]


def makers(folder: Path) -> Makers:
    """Return what makes each value, by name; ledgers go into `folder`."""
    landed = lru_cache(lambda: copied_ledger(folder))
    project = lru_cache(lambda kind: pk.open_project(kind, store=landed()))

    @lru_cache
    def replayed(kind: str, name: str) -> pk.Release:
        return answered(asked()[kind][name], project(kind), PRICE, people())

    found: Makers = {
        f"release_{kind}_{name}": lambda kind=kind, name=name: replayed(kind, name)
        for kind, names in REPLAYED.items()
        for name in names
    }
    for kind in REPLAYED:
        found[f"project_{kind}"] = lambda kind=kind: project(kind)
        found[f"ledger_{kind}"] = lambda kind=kind: project(kind).ledger
        found[f"panel_project_{kind}"] = lambda kind=kind: project(kind).panel()
    return {
        **found,
        **_drawn(folder),
        **_plans(project),
        **_derived(replayed),
        **_of_ledgers(project, replayed),
        **_taught(),
        **_panels(project),
    }


def _drawn(folder: Path) -> Makers:
    """Return releases that are not replayed, without noise to speak of."""
    terms = {"epsilon": ENDLESS, "ceiling": ENDLESS}
    rows = lru_cache(lambda: pk.open_project("drawn", unit=pk.ROW, store=folder / "drawn.db", **terms))
    persons = lru_cache(lambda: pk.open_project("sampled", unit="who", max_rows=3, store=folder / "drawn.db", **terms))

    def by_zip() -> pk.Release:
        return pk.dp_count(people(), **BY_ZIP, epsilon=NOISELESS, project=rows())

    def sampled() -> pk.Release:
        with salted():
            return pk.dp_count(people(), **BY_ZIP, epsilon=NOISELESS, project=persons())

    return {
        "drawn": by_zip,
        "drawn_total": lambda: pk.dp_median(people(), "age", bounds=(18, 80), epsilon=NOISELESS, project=rows()),
        "drawn_unit": sampled,
        # Quotients of the landed answers, with some noise, take seconds: each end of an interval is inverted by itself.
        "derived_share": lambda: by_zip() / by_zip().total(),
        "derived_ratio": lambda: pk.ratio(by_zip(), pk.dp_count(people(), epsilon=NOISELESS, project=rows())),
        "project_new": lambda: pk.open_project("new", epsilon=1, unit=pk.ROW, store=folder / "new.db"),
        "project_limited": lambda: pk.open_project(
            "limited", epsilon=3, delta=1e-6, unit="who", ceiling=0.5, per_analyst=1, window=(30, 0.8),
            store=folder / "new.db",
        ),
        "ledger_new": lambda: pk.open_project("new", store=folder / "new.db").ledger,
    }  # fmt: skip


def _plans(project: Callable[[str], pk.Project]) -> Makers:
    frame, plan = people(), pk.plan
    rows, persons, months = (lambda kind=kind: {"project": project(kind)} for kind in ("rows", "persons", "months"))
    mean = {"bounds": (0, 100), "assume_rows": 60}
    shared = {"delta": 0.0001, "max_groups": 2, "per_group": 2}
    return {
        "plan_count": lambda: plan.dp_count(frame, epsilon=0.5, **rows()),
        "plan_count_by": lambda: plan.dp_count(frame, **BY_ZIP, epsilon=0.5, **rows()),
        "plan_check": lambda: plan.dp_sum(frame, "spend", bounds=(0, 50), **BY_ZIP, epsilon=0.5, **rows()).check(),
        "plan_accuracy": lambda: plan.dp_count(frame, **BY_ZIP, accuracy=10, **rows()),
        "plan_relative": lambda: plan.dp_sum(frame, "spend", bounds=(0, 100), relative=0.1, assume_rows=240, **rows()),
        "plan_mean_by": lambda: plan.dp_mean(frame, "spend", **BY_ZIP, **mean, epsilon=1, **rows()),
        "plan_std": lambda: plan.dp_std(frame, "spend", bounds=(0, 100), epsilon=1, **rows()),
        "plan_quantiles": lambda: plan.dp_quantile(frame, "age", [0.1, 0.5], bounds=(18, 80), epsilon=1, **rows()),
        "plan_top_k": lambda: plan.dp_top_k(frame, "plan", 2, keys=PLANS, epsilon=1, **rows()),
        "plan_describe": lambda: plan.dp_describe(frame, "age", bounds=(18, 80), epsilon=1, **rows()),
        "plan_too_much": lambda: plan.dp_count(frame, epsilon=1000, **rows()),
        "plan_lazy": lambda: plan.dp_count(lazy(), **BY_ZIP, epsilon=0.5, **rows()),
        "plan_lazy_unit": lambda: plan.dp_quantile(lazy(), "age", 0.5, bounds=(18, 80), epsilon=0.5, **persons()),
        "plan_unit": lambda: plan.dp_count(frame, **BY_ZIP, epsilon=0.5, **persons()),
        "plan_unit_persons": lambda: plan.dp_count(
            frame, **BY_ZIP, of="persons", max_groups=2, epsilon=0.5, **persons()
        ),
        "plan_unit_total": lambda: plan.dp_mean(frame, "spend", person_bounds=(0, 300), epsilon=1, **persons()),
        "plan_unit_open": lambda: plan.dp_count(frame, "zip", epsilon=1, **shared, **persons()),
        "plan_unit_open_mean": lambda: plan.dp_mean(
            frame, "spend", "zip", bounds=(0, 100), epsilon=1, **shared, **persons()
        ),
        "plan_unit_window": lambda: plan.dp_count(frame, **BY_ZIP, epsilon=0.5, **months()),
        "plan_rho": lambda: plan.dp_count(frame, **BY_ZIP, rho=0.01, project=project("concentrated")),
    }


def lazy() -> Any:
    """Return the people as a lazy frame: a plan tells what leaves its engine."""
    pl = pytest.importorskip("polars")
    frame = people().astype("object").where(people().notna(), None)
    return pl.LazyFrame({name: frame[name].tolist() for name in ("who", "zip", "age")})


def _derived(replayed: Callable[[str, str], pk.Release]) -> Makers:
    def by_zip() -> pk.Release:
        return replayed("rows", "count_by")

    def total() -> pk.Release:
        return replayed("rows", "count")

    return {
        "derived_total": lambda: by_zip().total(),
        "derived_total_by": lambda: replayed("rows", "crosstab").total(by="zip"),
        "derived_difference": lambda: by_zip().total() - total(),
        "derived_rounded": lambda: by_zip().rounded(5),
        "derived_non_negative": lambda: replayed("rows", "count_by_two").non_negative(),
        "derived_suppressed": lambda: replayed("rows", "count_by_two").suppressed(below=10),
        "derived_estimate": lambda: replayed("rows", "mean_by").estimate("sum"),
        "derived_unit": lambda: replayed("persons", "count_by").total(),
        "derived_rho": lambda: replayed("concentrated", "count_by").total(),
        "consistent": lambda: pk.consistent(total(), by_zip()),
        "consistent_part": lambda: pk.consistent(total(), by_zip())[1],
    }


def _of_ledgers(project: Callable[[str], pk.Project], replayed: Callable[[str, str], pk.Release]) -> Makers:
    def priced(**cap: Any) -> Any:
        asks = {"epsilon": 0.5, "project": project("rows")}
        plans = [pk.plan.dp_count(people(), **asks), pk.plan.dp_mean(people(), "age", bounds=(18, 80), **asks)]
        study = project("rows").price(plans)
        return study.fitted(**cap) if cap else study

    def headroom() -> Any:
        return project("rows").headroom(pk.plan.dp_count(people(), epsilon=0.5, project=project("rows")))

    return {
        "study_price": priced,
        "study_price_fitted": lambda: priced(epsilon=0.25),
        "study_price_short": lambda: project("rows").price(
            [pk.plan.dp_count(people(), epsilon=1000, project=project("rows"))] * 2
        ),
        "headroom": headroom,
        "verification": lambda: project("rows").ledger.verify(),
        "odometer": lambda: project("months").ledger.odometer(),
        "loss": lambda: project("rows").spent,
        "loss_delta": lambda: project("persons").spent,
        "loss_rho": lambda: project("concentrated").spent,
        "amount": lambda: project("rows").remaining,
        "interval": lambda: replayed("rows", "count").interval(),
        "provenance": lambda: replayed("persons", "count_by").provenance,
        "unit_window": lambda: project("months").unit,
        "contribution_bounds": lambda: project("persons").bounds,
    }


def _taught() -> Makers:
    def project(unit: Any = pk.ROW, **more: Any) -> pk.Project:
        return pk.open_project("lesson", epsilon=5, unit=unit, simulate=True, seed=7, **more)

    def release(unit: Any = pk.ROW, **more: Any) -> pk.Release:
        with salted():
            return pk.dp_count(people(), **BY_ZIP, epsilon=0.5, project=project(unit, **more))

    def spent() -> pk.Project:
        lesson = project()
        pk.dp_count(people(), **BY_ZIP, epsilon=0.5, project=lesson)
        pk.dp_mean(people(), "age", bounds=(18, 80), epsilon=1, project=lesson)
        return lesson

    return {
        "simulated_project": spent,
        "simulated_ledger": lambda: spent().ledger,
        "simulated_panel": lambda: spent().panel(),
        "simulated_plan": lambda: pk.plan.dp_count(people(), **BY_ZIP, epsilon=0.5, project=project()),
        "simulated_release": release,
        "simulated_release_unit": lambda: release("who", max_rows=3),
        "simulated_release_total": lambda: pk.dp_count(people(), epsilon=0.5, project=project()),
        "simulated_describe": lambda: pk.dp_query(
            people(), {"n": "count", "spent": ("mean", "spend", (0, 100))}, epsilon=2, project=project()
        ),
        "simulated_derived": lambda: release().total(),
        "simulated_share": lambda: release() / release().total(),
    }


def _panels(project: Callable[[str], pk.Project]) -> Makers:
    """Return live panels: what is shown of them is the still picture that outlives the kernel."""
    adult = pk.example("adult").head(300)
    ages = {"age": pk.Hierarchy.intervals(10, 20)}
    kinds = ["sex", "age"]
    cells = pk.example("cdr").head(2000)
    explored = pd.DataFrame({"age": [20, 21, 35, 36, 50] * 8, "zip": ZIPS * 10})

    from sklearn.neighbors import KNeighborsClassifier

    halves = slice(None, 150), slice(150, None)

    def attacked() -> Any:
        members, controls = (adult[side] for side in halves)
        return pk.attack(members, members, control=controls, columns=["age", "sex", "education"], by="sex")

    def of_plan(kind: str, **price: Any) -> Any:
        return pk.plan.dp_count(people(), **BY_ZIP, **price, project=project(kind)).panel()

    def question() -> Any:
        project("rows")
        return people().privacy.plan.panel()

    return {
        "panel_question": question,
        "panel_kanon": lambda: pk.kanon(adult, kinds, k=3).panel(),
        "panel_kanon_unit": lambda: pk.kanon(cells, ["cell"], unit="user", k=3).panel(),
        "panel_kanon_explorer": lambda: pk.kanon(explored, ["age", "zip"], k=3).panel(hierarchies=ages),
        "panel_risk": lambda: pk.risk(adult, kinds, threshold=0.2).panel(),
        "panel_risk_unit": lambda: pk.risk(cells, ["cell"], unit="user", threshold=0.2).panel(),
        "panel_risk_explorer": lambda: pk.risk(explored, ["age", "zip"]).panel(hierarchies=ages),
        "panel_lattice": lambda: pk.lattice(explored, ["age", "zip"], k=3, hierarchies=ages).panel(),
        "panel_lattice_unit": lambda: pk.lattice(cells, ["cell"], k=2, unit="user", suppress=0.5).panel(),
        "panel_attack": lambda: attacked().panel(),
        "panel_attack_parts": lambda: attacked().by_group("membership").panel(),
        "panel_attack_model": lambda: pk.attack_model(
            KNeighborsClassifier(1),
            *(adult[["age"]][side] for side in halves),
            *(adult["sex"][side] for side in halves),
            shadows=8,
            seconds=10_000,
            repairs={"25 neighbors": KNeighborsClassifier(25)},
        ).panel(),
        "panel_plan": lambda: of_plan("rows", epsilon=0.5),
        "panel_plan_unit": lambda: of_plan("persons", epsilon=0.5),
        "panel_plan_rho": lambda: of_plan("concentrated", rho=0.01),
    }
