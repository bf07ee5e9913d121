"""What to type next: each call runs as it stands, on each engine, however long the names, and keeps the unit."""

from __future__ import annotations

from contextlib import suppress
from copy import copy

import matplotlib as mpl
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

import privkit as pk
from privkit.anonymity.crowds import persons_of
from privkit.errors.anonymity import InfeasibleError
from privkit.errors.events import EventsInputError
from privkit.errors.ledger import LedgerMissingError
from privkit.events import example_orders
from privkit.view.parts.sheet import sheet_of

mpl.use("Agg")
LONG = "how_the_person_lived_in_the_year_before_the_survey_began_as_told_by_"
PEOPLE = pd.DataFrame(
    {
        "zip": [f"80{n % 7}{n % 3}" for n in range(60)],
        "age": [20 + n % 11 for n in range(60)],
        "ill": ["flu", "cold", "gout"] * 20,
        "who": [n // 2 for n in range(60)],
        "w": [10.0] * 60,
    }
)
#: People who are not among them.
OTHERS = PEOPLE.tail(20).assign(age=lambda people: people["age"] + 40)
ORDERS = example_orders()[:300]
#: Names that together are longer than a line, and that Python must quote.
WIDE = pd.DataFrame({f"{LONG}{n}'s": [n * row % 5 for row in range(60)] for n in range(1, 5)}).assign(who=PEOPLE["who"])
BY, FAR = ["zip", "age"], [*WIDE.columns[:4]]


def _attacked_model(data, repairs=None):
    """Attack a model of which the first thirty people are members."""
    d = data if isinstance(data, pd.DataFrame) else PEOPLE
    sides = [[one["age"].to_frame(), one["ill"]] for one in (d.head(30), d.tail(30).assign(age=PEOPLE["age"] + 0.5))]
    (X_in, y_in), (X_out, y_out) = sides  # noqa: N806
    return pk.attack_model(DummyClassifier(), X_in, X_out, y_in, y_out, shadows=8, repairs=repairs)


def _assessed_model(data):
    """Assess a model that knows nothing of anybody."""
    blind = DummyClassifier().fit(PEOPLE[["age"]], PEOPLE["ill"])
    return pk.assess_model(blind, train=data, test=data, target="ill", features=["age"], groups="ill")


ASKED = {
    "audit": lambda d: pk.audit(d),
    "audit_named": lambda d: pk.audit(d, roles={"ill": "quasi-identifier", "zip": "other"}),
    "kanon": lambda d: pk.kanon(d, BY, k=5),
    "kanon_unit": lambda d: pk.kanon(d, BY, k=3, unit="who"),
    "kanon_met": lambda d: pk.kanon(d, "ill", k=3, unit="who"),
    "ldiv": lambda d: pk.ldiv(d, BY, "ill", l=3),
    "tclose": lambda d: pk.tclose(d, BY, "ill", t=0.1),
    "check": lambda d: pk.check(d, BY, pk.KAnonymity(3, unit="who") & pk.AverageRisk(0.1, unit="who")),
    "check_population": lambda d: pk.check(d, BY, pk.PopulationUniqueness(0.001, population=400, unit="who")),
    "risk": lambda d: pk.risk(d, BY, population=1000, threshold="cell_5"),
    "risk_unit": lambda d: pk.risk(d, BY, unit="who", threshold=0.3),
    "risk_uniques": lambda d: pk.risk(d, BY, unit="who", threshold="uniques_0"),
    "risk_weights": lambda d: pk.risk(d, BY, weights="w", household="who"),
    "suda": lambda d: pk.suda(d, BY),
    "unicity": lambda d: pk.unicity(d, unit="who", columns="zip"),
    "link": lambda d: pk.link(d, PEOPLE.head(20), BY),
    "attack": lambda d: pk.attack(d, PEOPLE.head(40), columns=[*BY, "ill"], control=OTHERS),
    "attack_release": lambda d: pk.attack_release(
        pd.concat([PEOPLE] * 4), lambda one, name: one[name].value_counts(), "ill", columns=BY, targets=9, repeats=1
    ),
    "attack_model": lambda d: _attacked_model(d),
    "attack_model_repaired": lambda d: _attacked_model(d, {"blind": DummyClassifier()}),
    "assess_model": lambda d: _assessed_model(d),
    "dossier": lambda d: pk.dossier(d, reports=[pk.kanon(d, BY, k=5)]),
    "gate": lambda d: pk.gate(d, {"goal": {"qi": BY, "k": 5}, "roles": {"forbid": ["direct identifier"]}}),
    "lattice": lambda d: pk.lattice(d, BY, k=3, suppress=0.5),
    "lattice_levels": lambda d: pk.lattice(d, BY, k=3, unit="who", suppress=1, levels={"zip": (0, 1)}),
    "generalize": lambda d: pk.generalize(d, {"zip": 1, "age": 1}, hierarchies={"zip": pk.Hierarchy.redact()}),
    "anonymize": lambda d: pk.anonymize(d, BY, k=3, unit="who", suppress=1),
    "anonymize_report": lambda d: pk.anonymize(d, BY, k=3, suppress=1).report,
    "anonymizer": lambda d: pk.Anonymizer(BY, k=3, suppress=1),
    "anonymizer_fit": lambda d: pk.Anonymizer(BY, k=3, suppress=1).fit(d),
}
#: The same of columns whose names are long.
ASKED_FAR = {
    "audit": lambda d: pk.audit(d),
    "audit_quasi": lambda d: pk.audit(d, roles=dict.fromkeys(FAR, "quasi-identifier")),
    "kanon": lambda d: pk.kanon(d, FAR, k=5, unit="who"),
    "risk": lambda d: pk.risk(d, FAR, threshold="cell_5"),
    "risk_unit": lambda d: pk.risk(d, FAR, unit="who", threshold="cell_5"),
    "suda": lambda d: pk.suda(d, FAR),
    "ldiv": lambda d: pk.ldiv(d, FAR[1:], FAR[0], l=3),
    "check": lambda d: pk.check(d, FAR, pk.KAnonymity(30)),
    "link": lambda d: pk.link(d, WIDE.head(20), FAR),
    "lattice": lambda d: pk.lattice(d, FAR, k=3, suppress=0.5),
    "generalize": lambda d: pk.generalize(d, dict.fromkeys(FAR, 1)),
    "anonymize": lambda d: pk.anonymize(d, FAR, k=3, suppress=1),
}
HIERARCHIES = {
    "table": pk.Hierarchy.from_mapping({"nurse": "care", "smith": "craft"}),
    "tree": pk.Hierarchy.from_tree({"care": ["nurse", "doctor"], "craft": ["smith"]}),
    "intervals": pk.Hierarchy.intervals(5, 10),
    "redact": pk.Hierarchy.redact(),
    "dates": pk.Hierarchy.dates(),
    "rare": pk.Hierarchy.rare(below=5),
    "location": pk.Hierarchy.location(0.1),
    "star": pk.Hierarchy.star(),
    "proposed": pk.Hierarchy.propose(PEOPLE["age"]),
}


def there(frame: pd.DataFrame, engine: str):
    if engine == "pandas":
        return frame
    found = pytest.importorskip(engine if engine != "arrow" else "pyarrow")
    if engine == "arrow":
        return found.Table.from_pandas(frame)
    return found.from_df(frame) if engine == "duckdb" else found.from_pandas(frame)


def unit_of(value) -> str | None:
    """Return the column of persons that a report, a result or a goal counts by."""
    if hasattr(value, "criteria"):
        return None if value.criteria is None else persons_of(value.criteria)
    if getattr(value, "criterion", None) is not None:
        return persons_of(value.criterion)
    return getattr(value, "unit", None)


def run(report, hint: str, df):
    """Return what a hint gives; nothing where no node of the lattice keeps the goal."""
    import matplotlib.pyplot as plt

    try:
        with suppress(InfeasibleError):  # of some engines' types a hierarchy has one level
            if hint.startswith("."):
                return eval(f"report{hint}", {"report": report, "df": df, "events": ORDERS})
            return eval(hint, {"df": df, "pk": pk})
    finally:
        plt.close("all")
    return None


@pytest.fixture(autouse=True)
def _its_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some hints write files


def run_all(report, df, engine: str) -> None:
    hints = sheet_of(report).then
    assert hints
    for hint in hints:
        assert hint in repr(report)
        found = run(report, hint, df)
        if not hint.startswith("."):
            assert hint.startswith("df.privacy." if engine in ("pandas", "polars") else "pk.")
            if found is not None and unit_of(report) is not None:
                assert unit_of(found) == unit_of(report)


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb", "arrow"])
@pytest.mark.parametrize("name", ASKED)
@pytest.mark.sample(0.15)
def test_what_to_type_next_runs_as_it_stands_and_keeps_the_unit(name, engine):
    df = there(PEOPLE, engine)
    run_all(ASKED[name](df), df, engine)


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
@pytest.mark.parametrize("name", ASKED_FAR)
@pytest.mark.sample(0.25)
def test_what_to_type_next_runs_where_names_are_long(name, engine):
    df = there(WIDE, engine)
    run_all(ASKED_FAR[name](df), df, engine)


def test_what_nobody_would_type_is_left_out():
    frame = pd.DataFrame({f"{LONG}{n}": [n * row % 5 for row in range(30)] for n in range(40)})
    for report in (pk.risk(frame, list(frame)), pk.kanon(frame, list(frame), k=5), pk.audit(frame)):
        assert sheet_of(report).then
        assert not any("..." in hint for hint in sheet_of(report).then)
        run_all(report, frame, "pandas")


@pytest.mark.parametrize("kind", HIERARCHIES)
def test_what_to_type_next_of_a_hierarchy_runs(kind):
    run_all(HIERARCHIES[kind], PEOPLE, "pandas")
    assert "pk-" in HIERARCHIES[kind]._repr_html_()


def test_every_step_on_a_value_itself_runs(shown, tmp_path):
    pk.open_project("steps", epsilon=9, unit=pk.ROW, store=tmp_path / "steps.db")
    still = {name: value for name, value in shown[1].items() if "panel" not in name}  # which show what lies behind them
    for value in still.values():
        for hint in repr(value).rpartition("\nnext: ")[2].split(" · "):
            if hint.startswith("."):
                with suppress(LedgerMissingError, EventsInputError):  # their folder is gone with its files
                    run(copy(value) if hasattr(value, "fit") else value, hint, PEOPLE)


def test_what_has_a_panel_says_so(ledger_path):
    pk.open_project("hinted", epsilon=1, unit=pk.ROW, store=ledger_path)
    for value in (
        pk.kanon(PEOPLE, BY, k=3),
        pk.risk(PEOPLE, BY),
        pk.lattice(PEOPLE, BY, k=3, suppress=0.5),
        pk.plan.dp_count(PEOPLE, epsilon=0.1),
    ):
        assert ".panel()" in sheet_of(value).then
        assert not any(".panel()" in step for step in repr(value.panel()).rpartition("\nnext: ")[2].split(" · "))
