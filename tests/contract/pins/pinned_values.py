"""One instance, or several, of every class that shows itself: the register that the golden views are written from.

Each entry makes its value anew from bundled examples. A name is that of the golden file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pinned_releases
import pytest
from pinned_asked import people

import privkit as pk
from privkit import events as ev
from privkit.study.assessments.quarters import _Known
from privkit.values.loss import PrivacyLoss

KEY = ev.Key(bytes(range(32)))
QI = ["zip", "age"]
BORN = ["sex", "birth_date", "postcode"]
Makers = dict[str, Callable[[], Any]]


@lru_cache
def some(name: str, rows: int = 600) -> pd.DataFrame:
    """Return the first rows of a bundled table."""
    return pk.example(name).head(rows)


def lazy(frame: pd.DataFrame) -> Any:
    """Return a table as a lazy frame: what is said of it tells where the work is done."""
    pl = pytest.importorskip("polars")
    return pl.LazyFrame({name: frame[name].tolist() for name in frame})


@lru_cache
def orders() -> str:
    return json.dumps(ev.example_orders()[:300])


def makers(folder: Path) -> Makers:
    """Return what makes each value, by name; files go into `folder`."""
    return {
        **_anonymity(),
        **_risk(),
        **_transform(),
        **_events(folder),
        **_study(folder),
        **_plain(folder),
        **_teach(),
        **pinned_releases.makers(folder),
    }


def values(folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield each value with its name."""
    for name, make in makers(folder).items():
        yield name, make()


def _anonymity() -> Makers:
    shop, calls, town = some("shop"), some("cdr", 3000), some("shop_population", 4000)
    adult, kinds = some("adult"), ["sex", "race"]
    both = pk.KAnonymity(5) & pk.LDiversity("plan", 2)
    goods = shop["category"].unique().tolist()
    distance = {good: "body" if "pain" in good or "vita" in good else "other" for good in goods}
    return {
        "kanon": lambda: pk.kanon(shop, BORN),
        "ksets": lambda: pk.ksets(shop, BORN, of=2, k=3),
        "kanon_required": lambda: pk.kanon(shop, BORN, k=3),
        "kanon_holds": lambda: pk.kanon(adult, ["sex"], k=3),
        "kanon_unit": lambda: pk.kanon(calls, ["cell"], unit="user", k=3),
        "kanon_lazy": lambda: pk.kanon(lazy(adult), kinds, k=3),
        "kanon_empty": lambda: pk.kanon(shop.head(0), BORN),
        "ldiv": lambda: pk.ldiv(adult, kinds, "income"),
        "ldiv_required": lambda: pk.ldiv(adult, kinds, "income", l=2),
        "ldiv_entropy": lambda: pk.ldiv(adult, kinds, "income", l=1.5, kind="entropy"),
        "ldiv_recursive": lambda: pk.ldiv(adult, kinds, "income", l=2, c=2, kind="recursive"),
        "tclose": lambda: pk.tclose(adult, kinds, "income"),
        "tclose_required": lambda: pk.tclose(shop, ["sex"], "orders", t=0.1, distance="ordered"),
        "alpha_k": lambda: pk.alpha_k(adult, kinds, "income", alpha=0.8, k=3),
        "beta_likeness": lambda: pk.beta_likeness(adult, kinds, "income", beta=1),
        "beta_likeness_enhanced": lambda: pk.beta_likeness(adult, kinds, "income", kind="enhanced"),
        "delta_disclosure": lambda: pk.delta_disclosure(adult, kinds, "income", delta=1),
        "delta_presence": lambda: pk.delta_presence(shop, ["sex"], population=town, low=0, high=0.5),
        "kmap": lambda: pk.kmap(shop, BORN, population=town, k=2),
        "kmap_estimated": lambda: pk.kmap(shop, BORN, population=100_000, k=2),
        "check": lambda: pk.check(shop, ["sex", "postcode"], both & pk.AverageRisk(0.1) & pk.SampleUniqueness(0.05)),
        "check_one": lambda: pk.check(adult, ["sex"], pk.KAnonymity(5)),
        "check_unit": lambda: pk.check(calls, ["cell"], pk.KAnonymity(3, unit="user")),
        "check_tree": lambda: pk.check(shop, ["sex"], pk.TCloseness("category", 0.2, distance=distance)),
    }


def _risk() -> Makers:
    shop, calls, register = some("shop"), some("cdr", 3000), some("shop_register", 3418)
    return {
        "risk": lambda: pk.risk(shop, BORN),
        "risk_population": lambda: pk.risk(shop, ["sex", "postcode", "orders"], threshold="cell_11", population=20_000),
        "risk_counted": lambda: pk.risk(shop, ["sex", "postcode"], population=some("shop_population", 4000)),
        "risk_unit": lambda: pk.risk(calls, ["cell"], unit="user", threshold=0.2),
        "suda": lambda: pk.suda(shop, ["sex", "postcode", "plan", "orders"]),
        "suda_sampled": lambda: pk.suda(shop, ["sex", "postcode", "plan"], sampling_fraction=0.1, max_size=2),
        "link": lambda: pk.link(shop, register, on=BORN),
        "link_truth": lambda: pk.link(
            shop, register, on=BORN, truth=some("shop_truth")[["pseudonym", "voter_no"]], control=some("shop").tail(50)
        ),
        "unicity": lambda: pk.unicity(calls, unit="user", columns=["time", "cell"], points=(1, 2), persons=10),
        **_attacks(shop),
        "gate": lambda: pk.gate(
            shop,
            {
                "goal": {"qi": ["sex", "postcode"], "k": 5, "l": 2, "sensitive": "plan"},
                "risk": {"threshold": "cell_5", "average": 0.9},
                "roles": {"forbid": ["direct identifier"]},
            },
        ),
        "gate_passes": lambda: pk.gate(shop, {"goal": {"qi": "sex", "k": 5}}),
        **_outputs(some("adult")),
        "copula": lambda: pk.copula_uniqueness(shop, ["sex", "postcode", "plan"], population=20_000, rows=50),
    }


def _attacks(shop: pd.DataFrame) -> Makers:
    members, controls, known = shop.head(200), shop.tail(200), ["sex", "postcode", "plan", "orders"]
    audited = {"runs": 100, "seconds": 10_000}
    return {
        "attack": lambda: pk.attack(members, members, control=controls, columns=known),
        "attack_none": lambda: pk.attack(members, shop.iloc[200:400], control=controls, columns=known),
        "attack_alone": lambda: pk.attack(members, members, columns=known),
        "attack_parts": lambda: pk.attack(members, members, control=controls, columns=known).by_class("membership"),
        "attack_release": lambda: pk.attack_release(
            shop, lambda d, c: d[c].value_counts(), "plan", columns=["sex", "orders"], targets=20, repeats=2
        ),
        "audit_pipeline": lambda: pk.audit_pipeline(len, shop[["plan", "orders"]].head(40), epsilon=1, **audited),
        "audit_pipeline_nothing": lambda: pk.audit_pipeline(
            lambda d: {"rows": "some"}, shop[["plan", "orders"]].head(40), epsilon=1, delta=1e-6, **audited
        ),
        **_models(shop),
        "attack_halves": lambda: pk.anonymize(shop, ["sex", "plan"], k=20).attack(columns=["sex", "plan"]),
    }


def _models(shop: pd.DataFrame) -> Makers:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    features = shop[["orders"]].assign(zip=shop["postcode"].astype("int64"))
    plan, spend = shop["plan"], shop["monthly_spend"]
    sides = [features.head(200), features.tail(200)]
    nearest = KNeighborsClassifier(1).fit(sides[0], plan.head(200))
    return {
        "attack_model": lambda: pk.attack_model(
            nearest, *sides, plan.head(200), plan.tail(200), shadows=8, seconds=10_000,
            repairs={"25 neighbors": KNeighborsClassifier(25)},
        ),
        "attack_model_numbers": lambda: pk.attack_model(
            KNeighborsRegressor(25), *sides, spend.head(200), spend.tail(200), shadows=8, seconds=10_000
        ),
        "attack_model_stored": lambda: pk.attack_model(
            None, *(nearest.predict_proba(side) for side in sides), plan.head(200), plan.tail(200)
        ),
    }  # fmt: skip


def _teach() -> Makers:
    loss, none = PrivacyLoss.of(epsilon=0.5), PrivacyLoss.of(epsilon=0.5) - PrivacyLoss.of(epsilon=0.5)
    seats = pk.teach.Seat("Ada 1", loss, none, 2, "age", 44.0, 0.25), pk.teach.Seat("Grace", loss, none, 1)
    return {
        "teach_classroom": lambda: pk.teach.Classroom(
            "maths", "postgresql://db.example/privacy", loss + loss, loss, ("Ada 1", "Ada 2"), loss + loss
        ),
        "teach_board": lambda: pk.teach.Board("maths", loss + loss, loss, loss, 3, seats, ("guest",)),
        "teach_two_worlds": pk.teach.two_worlds,
        "teach_classmate": pk.teach.classmate,
        "teach_thirty_coins": pk.teach.thirty_coins,
        "teach_ask_again": pk.teach.ask_again,
        "teach_clipping": pk.teach.clipping,
        "teach_two_totals": pk.teach.two_totals,
        "teach_klt_map": pk.teach.klt_map,
        "teach_budget_game": pk.teach.budget_game,
        "teach_answer_open": lambda: pk.teach.answer(10, ...),
        "teach_answer_wrong": lambda: pk.teach.answer(10, 15),
        "teach_answer_right": lambda: pk.teach.answer(10, 21),
    }


def _outputs(adult: pd.DataFrame) -> Makers:
    table = pd.crosstab(adult["education"], adult["sex"], margins=True)
    hours = adult.head(300).assign(id=range(300), hours=40)
    return {
        "output_check": lambda: pk.output_check(table),
        "output_check_primary": lambda: pk.output_check(table, method="primary"),
        "output_check_fast": lambda: pk.output_check(table, method="fast"),
        "output_check_safe": lambda: pk.output_check(pd.crosstab(adult["sex"], adult["income"])),
        "output_check_sums": lambda: pk.output_check(
            pd.crosstab(hours["race"], hours["sex"], values=hours["hours"], aggfunc="sum"),
            rows=hours, value="hours", dominance=(1, 75), p_percent=10,
        ),
        "output_check_keyed": lambda: pk.output_check(
            pd.crosstab(hours["race"], hours["sex"]), rows=hours, unit="id", key=KEY, method="cell-key"
        ),
    }  # fmt: skip


def _transform() -> Makers:
    shop = some("insights")[["zip", "age", "plan", "churned"]]
    spent = some("shop")
    criteria = pk.KAnonymity(4) & pk.LDiversity("churned", 2)
    ages = {"age": pk.Hierarchy.intervals(5, 10, 20)}
    calls = some("cdr", 3000)
    return {
        "anonymize": lambda: pk.anonymize(shop, QI, k=4),
        "anonymize_criteria": lambda: pk.anonymize(shop, QI, criteria, suppress=0.05, hierarchies=ages),
        "anonymize_local": lambda: pk.anonymize(shop, QI, k=4, method="local", utility="entropy"),
        "anonymize_unit": lambda: pk.anonymize(calls, ["cell", "seconds"], k=2, unit="user", suppress=0.5),
        "anonymize_lazy": lambda: pk.anonymize(lazy(shop), QI, k=4),
        "anonymize_report_unit": lambda: pk.anonymize(calls, ["cell"], k=2, unit="user", suppress=0.5).report,
        "anonymize_report": lambda: pk.anonymize(shop, QI, k=4).report,
        "anonymize_report_criteria": lambda: pk.anonymize(shop, QI, criteria, hierarchies=ages).report,
        "anonymizer_fit": lambda: pk.Anonymizer(QI, k=4).fit_transform(shop),
        "lattice": lambda: pk.lattice(shop, QI, k=4),
        "lattice_unit": lambda: pk.lattice(calls, ["cell", "seconds"], k=2, unit="user"),
        "generalize": lambda: pk.generalize(shop, {"age": 2, "zip": 1}, hierarchies=ages),
        "microaggregate": lambda: pk.microaggregate(spent, ["orders", "monthly_spend"], k=3),
        "add_noise": lambda: pk.add_noise(spent, "monthly_spend", scale=0.1, seed=3),
        "pram": lambda: pk.pram(spent, "plan", keep=0.9, seed=3),
        "rank_swap": lambda: pk.rank_swap(spent, "monthly_spend", window=0.05, seed=3),
        "round_to": lambda: pk.round_to(spent, "monthly_spend", base=5),
        "evaluation": lambda: pk.evaluate(shop, shop.iloc[::2], columns=["zip", "plan"]),
        "by_person": lambda: pk.by_person(
            calls[["user"]].drop_duplicates(), calls[["user", "seconds"]], "user", most=3, count="how many"
        ),
        "top_bottom": lambda: pk.top_bottom(spent, "orders", lower=1, upper=6),
    }


def recipe() -> ev.Recipe:
    """Return a recipe that says what becomes of every field of an order."""
    return ev.Recipe(
        [
            ev.shift_dates("time", by="shipping.to", days=30, key=KEY),
            ev.truncate_time("time", "day"),
            ev.number("products[].id"),
            ev.perturb("products[].quantity", within=2, by="id", key=KEY),
            ev.coarsen("shipping.zip", prefix=2),
            ev.pseudonymize("id", key=KEY),
            ev.keep("tenant", "shipping.country", "products[].price"),
            ev.drop("status", "shipping.line1", "shipping.to", "shipping.carrier", "products[].name"),
            ev.rename("products", "basket"),
        ],
        name="shop",
        version="3",
    )


def _events(folder: Path) -> Makers:
    def applied(**options: Any) -> Any:
        return recipe().apply(json.loads(orders()), **options)

    def quarantined() -> Any:
        (folder / "in.ndjson").write_text('{"id": 1}\n{"id": \n{"id": 3, "note": "x"}\n', encoding="utf-8")
        small = ev.Recipe([ev.pseudonymize("id", key=KEY)], name="small")
        out = folder / "out.ndjson"
        return small.apply(folder / "in.ndjson", output=out, on_error="quarantine", unmatched="drop")

    register = ev.example_register()
    met = {"shipping.zip": "postcode"}
    merged = ev.Recipe([ev.merge(by="shipping.country", count="orders", at_least=5)], name="merged")
    return {
        "recipe": recipe,
        "draft": lambda: ev.propose(json.loads(orders())[:20], name="orders"),
        "recipe_merge": lambda: merged,
        "description": lambda: recipe().describe(),
        "description_events": lambda: recipe().describe([*json.loads(orders())[:20], {"note": "x", "id": None}]),
        "events_result": applied,
        "events_result_file": quarantined,
        "events_report": lambda: applied().report(["time", "shipping.zip"], before=False),
        "events_report_unit": lambda: applied(subject="shipping.to").report(["time", "shipping.zip"]),
        "events_report_register": lambda: applied(subject="shipping.to").report(
            ["time", "shipping.zip"], register=register, on=met, on_before=met
        ),
    }


def inventory() -> pk.Inventory:
    """Return the inventory of an example table, with what its owner said."""
    made = pk.audit(some("insights"), roles={"churned": "sensitive"})
    return made.assign("zip", purpose="churn by area", legal_basis="contract", retention="2027-12-31")


def _study(folder: Path) -> Makers:
    tables = {
        "customers": some("shop"),
        "orders": some("shop")[["pseudonym", "orders"]].rename(columns={"pseudonym": "who"}),
    }
    who = tables["customers"]["pseudonym"].iloc[0]
    changed = some("insights").drop(columns="email").assign(income=1)
    dossiers = lru_cache(
        lambda: [
            pk.dossier(inventory=inventory(), reports=[pk.kanon(some("insights"), QI)], today="2026-11-30", **more)
            for more in ({}, {"answers": {"wp216.linkability": "No register was tried."}})
        ]
    )
    return {
        "dossier": lambda: dossiers()[0],
        "dossier_changes": lambda: dossiers()[1].compare(dossiers()[0]),
        "papers": lambda: pk.papers(inventory(), today="2026-11-30"),
        "audit": lambda: pk.audit(some("insights")),
        "audit_shop": lambda: pk.audit(some("shop")),
        "inventory": inventory,
        "model_assessment": assessed,
        "inventory_check": lambda: inventory().check(changed, today="2028-01-01"),
        "inventory_check_holds": lambda: inventory().check(some("insights"), today="2027-01-01"),
        "find_subject": lambda: pk.find_subject(tables, who),
        "find_subject_nowhere": lambda: pk.find_subject(tables, "nobody"),
        "erase_subject": lambda: pk.erase_subject(tables, who, on={"customers": "pseudonym"}),
        **_registered(folder, tables),
    }


def _registered(folder: Path, tables: dict[str, pd.DataFrame]) -> Makers:
    """Return packages, requests and drills, as they stand in the register of one project."""

    @lru_cache
    def project() -> pk.Project:
        made = pk.open_project("shared", epsilon=1, unit=pk.ROW, store=folder / "shared.db")
        insights, plans = some("insights"), ["basic", "plus", "premium", "prepaid"]
        release = insights.privacy.dp_count("plan", keys=plans, epsilon=0.5, project=made)
        agreed = {"purpose": "teaching", "basis": "contract", "expires": "2099-12-31"}
        for n, recipient in enumerate(("Uni Bern", "City of Bern")):
            made.package(release, path=folder / f"shared-{n}.zip", recipient=recipient, approvals=["Ada"], **agreed)
        made.sharing.revoke(3, reason="a mistake")
        made.sharing.confirm_deletion(3, by="Bo, Bern")
        for kind in ("access", "objection"):
            made.requests.open(kind, received="2026-01-31")
        made.requests.answer(6, proof=pk.find_subject(tables, "nobody"))
        made.breach_drill(
            inventory().assign("zip", recipients="post office"),
            persons=600,
            scenario="a lost disk",
            known_since="2026-03-02T08:00Z",
        )
        made.record(pk.risk(insights, QI), table="customers", on="2026-03-31")
        made.record(inventory(), table="customers", on="2026-04-30")
        return made

    return {
        "sharing": lambda: project().sharing,
        "shared_package": lambda: project().sharing[2],
        "shared_package_deleted": lambda: project().sharing[3],
        "deletion_certificate": lambda: project().sharing.certificate(3),
        "subject_requests": lambda: project().requests,
        "subject_request": lambda: project().requests[7],
        "subject_request_answered": lambda: project().requests[6],
        "breach_drill": lambda: project().drills[0],
        "measurements": lambda: project().measured,
        "measurement": lambda: next(iter(project().measured)),
        "quarters": lambda: _quarters([*project().measured]),
        "trail": lambda: project().trail,
    }


def _quarters(measured: list[Any]) -> pk.Quarters:
    """Return the quarters of a project that was begun and looked at on fixed days."""
    budget, day = PrivacyLoss.of(epsilon=1), date(2026, 11, 30)
    known = _Known("shared", budget, date(2025, 12, 1), day, [(date(2026, 2, 3), PrivacyLoss.of(epsilon=0.5))])
    return pk.Quarters("shared", day, budget, known.quarters([], measured), missing=(7,))


def assessed() -> pk.ModelAssessment:
    """Return the assessment of a model that predicts who churns."""
    from sklearn.tree import DecisionTreeClassifier

    insights = some("insights")
    train, test = insights.head(300), insights.tail(300)
    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(train[["age", "call_duration"]], train["churned"])
    more = {"unit": "email", "groups": "plan", "inventory": inventory().assign("age", source="billing")}
    return pk.assess_model(tree, train=train, test=test, target="churned", **more)


def _plain(folder: Path) -> Makers:
    """Return values that have a text, and no HTML of their own."""
    shop = some("shop")
    risk = lru_cache(lambda: pk.risk(shop, ["sex", "postcode", "orders"], population=20_000))
    goal = pk.KAnonymity(5) & pk.LDiversity("plan", 2) & pk.TCloseness("plan", 0.4, distance="ordered")
    more = pk.AlphaK("plan", 0.5, 3) & pk.BetaLikeness("plan", 2) & pk.DeltaDisclosure("plan", 1)

    def declared() -> Any:
        project = pk.open_project("facts", epsilon=1, unit=pk.ROW, store=folder / "facts.db")
        return project.public(age=(18, 100), plan=["basic", "plus"])

    return {
        "public_facts": declared,
        "accessor": lambda: people().privacy,
        "accessor_plan": lambda: people().privacy.plan,
        "criteria": lambda: goal & pk.KMap(3, population=20_000),
        "criteria_more": lambda: more & pk.PopulationUniqueness(0.1, population=20_000),
        "criteria_presence": lambda: pk.DeltaPresence(0, 0.5, population=shop),
        "threshold": lambda: pk.Threshold(0.09),
        "threshold_named": lambda: risk().threshold,
        "attacker": lambda: risk().prosecutor,
        "uniqueness": lambda: risk().uniqueness,
        "rate": lambda: pk.link(shop, some("shop_register", 3418), on=BORN).singled,
        "person_uniqueness": lambda: pk.person_uniqueness(0.0001, 20_000),
        "hierarchy_intervals": lambda: pk.Hierarchy.intervals(5, 10, 20),
        "hierarchy_rows": lambda: pk.example_hierarchies("adult")["education"],
        "hierarchy_tree": lambda: pk.Hierarchy.from_tree({"care": ["nurse", "doctor"], "craft": ["smith"]}),
        "anonymizer": lambda: pk.Anonymizer(QI, k=4),
        "key": lambda: KEY,
        "operation": lambda: ev.coarsen("shipping.zip", prefix=2),
        "expression": lambda: pk.cut("age", [18, 30, 50]),
        "expression_where": lambda: pk.isin("plan", ["basic", "plus"]),
        "public_values": lambda: pk.public_values(pd.Series(["a", "b"]), reason="a public list"),
        "column_entry": lambda: inventory()["zip"],
        "row_unit": lambda: pk.ROW,
        "rows_unit": lambda: pk.rows(36),
    }
