"""The gate: each ruling is what the part itself says, files are whole and read again, no cell value leaves."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import privkit as pk
from privkit import cli
from privkit.budget.store.store import Store
from privkit.study.rulings import as_sarif

CANARY = "CANARY-7f3a"
QI = ["zip", "age"]
PEOPLE = pd.DataFrame(
    {
        "zip": [CANARY, CANARY, CANARY, "8005", "8005", "8006"],
        "age": [30, 30, 30, 41, 41, 52],
        "ill": ["flu", "cold", "flu", "flu", "flu", CANARY],
        "email": [f"{name}@{CANARY}.org" for name in "abcdef"],
    }
)


def ruling(report, rule):
    [one] = [one for one in report.rulings if one.rule == rule]
    return one


@pytest.mark.parametrize("k", [1, 2, 3])
def test_k_l_and_t_are_those_of_the_criteria(k):
    goal = {"qi": QI, "k": k, "l": 1 + (k > 1), "t": 0.6, "sensitive": "ill"}
    report = pk.gate(PEOPLE, {"goal": goal})
    kanon, ldiv, tclose = (
        pk.kanon(PEOPLE, QI, k=k),
        pk.ldiv(PEOPLE, QI, "ill", l=goal["l"]),
        pk.tclose(PEOPLE, QI, "ill", t=0.6),
    )
    for rule, other in (("goal.k", kanon), ("goal.l", ldiv), ("goal.t", tclose)):
        assert ruling(report, rule).met == other.satisfied
        assert ruling(report, rule).rows_short == other.rows_short
    assert report.passed == (kanon.satisfied and ldiv.satisfied and tclose.satisfied)


def test_each_sensitive_column_has_its_own_ruling():
    frame = PEOPLE.assign(plan=["a", "b"] * 3)
    report = pk.gate(frame, {"goal": {"qi": "zip", "l": 1, "sensitive": ["ill", "plan"]}})
    assert [one.limit for one in report.rulings] == ["LDiversity('ill', 1)", "LDiversity('plan', 1)"]


def test_a_unit_counts_persons():
    one = PEOPLE.assign(who="same")
    assert pk.gate(one, {"goal": {"qi": "zip", "k": 2}}).short[0].found == "k = 1"
    three = one.head(3)
    assert pk.gate(three, {"goal": {"qi": "zip", "k": 3}}).passed
    assert not pk.gate(three, {"goal": {"qi": "zip", "k": 3, "unit": "who"}}).passed


@pytest.mark.parametrize("threshold", [0.2, 0.5, 1, "cell_3", "uniques_5", "uniques_20"])
def test_risk_is_that_of_the_report(threshold):
    report = pk.gate(PEOPLE, {"goal": {"qi": QI}, "risk": {"threshold": threshold}})
    assert ruling(report, "risk.threshold").met == (not pk.risk(PEOPLE, QI, threshold=threshold).exceeds)


def test_averages_and_uniques_are_judged_exactly_at_their_limit():
    # 3 classes of 6 rows, one of them a unique: 1/2 and 1/6.
    rules = {"average": 0.5, "uniques": 1 / 6}
    report = pk.gate(PEOPLE, {"goal": {"qi": QI}, "risk": rules})
    assert ruling(report, "risk.average").met
    below = pk.gate(PEOPLE, {"goal": {"qi": QI}, "risk": {"average": 0.4999, "uniques": 0.1666}})
    assert not ruling(below, "risk.average").met
    assert not ruling(below, "risk.uniques").met


def test_roles_are_the_audits_and_the_owner_knows_better():
    forbid = {"roles": {"forbid": ["direct identifier", "quasi-identifier"]}}
    report = pk.gate(PEOPLE, forbid)
    found = pk.audit(PEOPLE)
    told = {one.limit: list(one.columns) for one in report.rulings}
    assert told == {"no direct identifier": found.direct, "no quasi-identifier": found.qi}
    assert "email" in found.direct
    looked_after = pk.gate(PEOPLE, {**forbid, "goal": {"qi": found.qi, "k": 1}})
    assert looked_after.short == tuple(one for one in looked_after.rulings if one.limit == "no direct identifier")
    decided = {"roles": {"forbid": ["direct"], "decided": {"email": "other"}}}
    assert pk.gate(PEOPLE, decided).passed
    with pytest.raises(pk.ColumnNotFoundError, match=r"decided=\['mail'\]"):
        pk.gate(PEOPLE, {"roles": {"forbid": ["direct"], "decided": {"mail": "other"}}})
    # A direct identifier among the quasi-identifiers is still one.
    assert not pk.gate(PEOPLE, {"goal": {"qi": ["email"], "k": 1}, "roles": {"forbid": ["direct"]}}).passed


def test_a_column_that_nobody_looked_at_does_not_pass_until_it_is_decided():
    nested = pd.DataFrame({"n": [1, 2], "box": [{"a": 1}, {"a": [2]}]})
    entry = pk.audit(nested)["box"]
    assert entry.left_out
    roles = {"forbid": ["sensitive"]}
    assert pk.gate(nested, {"roles": roles}).short[-1].columns == ("box",)
    assert pk.gate(nested, {"roles": {**roles, "decided": {"box": "other"}}}).passed


def test_the_budget_is_the_ledgers_and_stays_as_it_is(tmp_path):
    store = tmp_path / "ledger.db"
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=store)
    pk.dp_count(PEOPLE, epsilon=0.3, project=project)
    spent, entries = project.spent, len(project.ledger)
    (tmp_path / "policy.toml").write_text('[budget]\nproject = "p"\nstore = "ledger.db"\nepsilon = 0.3\n')
    report = pk.gate(PEOPLE, tmp_path / "policy.toml")
    assert report.passed
    assert report.rulings[0].found == "0.3 charged"
    assert report.rulings[0].line == 4
    budget = {"project": "p", "store": str(store)}
    assert not pk.gate(PEOPLE, {"budget": {**budget, "epsilon": 0.2999999}}).passed
    other = pk.gate(PEOPLE, {"budget": {**budget, "rho": 5}})
    assert not other.passed
    assert "epsilon" in other.rulings[0].found
    assert (project.spent, len(project.ledger)) == (spent, entries)
    with pytest.raises(pk.ProjectNotFoundError):
        pk.gate(PEOPLE, {"budget": {**budget, "project": "q", "epsilon": 1}})
    with pytest.raises(pk.LedgerError):
        pk.gate(PEOPLE, {"budget": {"project": "p", "store": str(tmp_path / "none.db"), "epsilon": 1}})
    assert not (tmp_path / "none.db").exists()


def test_a_period_is_judged_by_what_was_charged_in_it(tmp_path, monkeypatch):
    store = tmp_path / "ledger.db"
    project = pk.open_project("p", epsilon=3, unit=pk.ROW, store=store)
    spent = {
        "2026-06-30T23:59:59": 0.1,
        "2026-07-01T00:00:00": 0.2,
        "2026-09-30T23:59:59": 0.4,
        "2026-10-01T00:00:00": 0.8,
    }
    for place, (time, cost) in enumerate(spent.items()):
        monkeypatch.setattr(Store, "now", lambda *_, time=time: f"{time}Z")
        pk.dp_count(PEOPLE, where=f"age > {place}", epsilon=cost, project=project)

    def ruled(period, day, limit):
        budget = {"project": "p", "store": str(store), "period": period, "epsilon_per_period": limit}
        (one,) = pk.gate(PEOPLE, {"budget": budget}, today=day).rulings
        assert one.rule == "budget.epsilon_per_period"
        return one.met, one.limit, one.found

    for met, limit in ((True, 0.6), (False, 0.599)):
        asked, found = f"epsilon at most {limit} per quarter", "0.6 charged in 2026-Q3"
        assert ruled("quarter", "2026-07-01", limit) == ruled("quarter", "2026-09-30", limit) == (met, asked, found)
    told = {
        ("quarter", "2026-06-30"): "0.1 charged in 2026-Q2",
        ("quarter", "2026-10-01"): "0.8 charged in 2026-Q4",
        ("quarter", "2027-01-01"): "0 charged in 2027-Q1",
        ("year", "2026-01-01"): "1.5 charged in 2026",
        ("month", "2026-07-15"): "0.2 charged in 2026-07",
        ("day", "2026-09-30"): "0.4 charged in 2026-09-30",
        ("week", "2026-10-04"): "1.2 charged in 2026-09-28",
        ("year", "9999-12-31"): "0 charged in 9998",
        ("year", "0001-01-01"): "0 charged in 0001",
    }
    assert {key: ruled(*key, 2)[2] for key in told} == told
    both = {"project": "p", "store": str(store), "period": "year", "epsilon": 1.4}
    both |= {"epsilon_per_period": 1.5, "rho_per_period": 1}
    met = {one.rule: (one.met, one.found) for one in pk.gate(PEOPLE, {"budget": both}, today="2026-05-05").rulings}
    assert met == {
        "budget.epsilon": (False, "1.5 charged"),
        "budget.epsilon_per_period": (True, "1.5 charged in 2026"),
        "budget.rho_per_period": (False, "the project is charged in epsilon"),
    }


def test_retention_and_stale_inventories_are_judged_by_the_day(tmp_path):
    pytest.importorskip("yaml")
    known = pk.audit(PEOPLE).assign("ill", retention="2026-06-30")
    known.to_yaml(tmp_path / "inventory.yaml")
    policy = tmp_path / "policy.toml"
    policy.write_text('[retention]\ninventory = "inventory.yaml"\n')
    assert pk.gate(PEOPLE, policy, today="2026-06-30").passed
    [late] = pk.gate(PEOPLE, policy, today="2026-07-01").short
    assert (late.limit, late.columns) == ("no retention passed", ("ill",))
    [new] = pk.gate(PEOPLE.assign(phone="1"), policy, today="2026-06-30").short
    assert (new.limit, new.columns) == ("no new column", ("phone",))
    [gone] = pk.gate(PEOPLE.drop(columns="ill"), policy, today="2026-06-30").short
    assert (gone.limit, gone.columns) == ("no column gone", ("ill",))
    one_more = {"inventory": str(tmp_path / "inventory.yaml"), "forbid": ["purpose missing"]}
    assert not pk.gate(PEOPLE, {"retention": one_more}).passed
    with pytest.raises(pk.FileError):
        pk.gate(PEOPLE, {"retention": {"inventory": str(tmp_path / "none.yaml")}})
    with pytest.raises(pk.ParameterError):
        pk.gate(PEOPLE, policy, today="soon")


def test_an_inventory_speaks_for_the_owner(tmp_path):
    pytest.importorskip("yaml")
    path = tmp_path / "i.yaml"
    pk.audit(PEOPLE, roles={"email": "other"}).to_yaml(path)
    roles = {"forbid": ["direct"]}
    assert pk.gate(PEOPLE, {"roles": roles, "retention": {"inventory": str(path)}}).passed


# -- what leaves ---------------------------------------------------------------------------------------------------

ALL = {
    "goal": {"qi": QI, "k": 5, "l": 2, "t": 0.1, "sensitive": "ill"},
    "risk": {"threshold": 0.2, "average": 0.1, "uniques": 0.01},
    "roles": {"forbid": ["direct", "quasi", "sensitive"]},
}


def test_no_form_holds_a_cell_value():
    report = pk.gate(PEOPLE, ALL)
    forms = [repr(report), report._repr_html_(), report.to_json(), report.to_junit(), report.to_sarif()]
    assert not [form for form in forms if CANARY in form]
    assert CANARY not in report.to_frame().to_csv()
    assert "not for release" in report._repr_html_().lower() or "release" in report._repr_html_()


HOSTILE = ["a<b>&\"'", "{0} [x](http://y)", "two\nlines", "\x1b[2J", "]]>", "\\", "ü💡", "\u202e"]


def test_hostile_names_are_told_and_files_are_read_again(tmp_path):
    frame = pd.DataFrame({name: ["1", "1", "2"] for name in HOSTILE})
    roles = {"forbid": ["quasi"], "decided": dict.fromkeys(HOSTILE, "quasi")}
    report = pk.gate(frame, {"goal": {"qi": HOSTILE, "k": 2}, "risk": {"threshold": 0.5}, "roles": {**roles}})
    bare = pk.gate(frame, {"roles": roles})
    for one in (report, bare):
        junit, sarif = tmp_path / "j.xml", tmp_path / "s.sarif"
        assert one.to_junit(junit) == junit.read_text(encoding="utf-8")
        assert one.to_sarif(sarif) == sarif.read_text(encoding="utf-8")
        checked_junit(junit.read_text(encoding="utf-8"), one)
        checked_sarif(json.loads(sarif.read_text(encoding="utf-8")), one)
        assert json.loads(one.to_json())["passed"] is one.passed
        assert "\x1b" not in repr(one)
        assert "\x1b" not in junit.read_text(encoding="utf-8")
    text = json.loads(bare.to_sarif())["runs"][0]["results"][0]["message"]["text"]
    assert "{{0}}" in text
    assert "](" not in text


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text here")
def test_a_policy_whose_name_is_no_text_is_pointed_to_by_its_bytes(tmp_path):
    policy = os.fsdecode(bytes(tmp_path) + b"/p\xff.toml")
    Path(policy).write_text('[goal]\nqi = ["zip"]\nk = 99\n')
    report = pk.gate(pd.DataFrame({"zip": ["1"]}), policy)
    for name in (policy, os.path.relpath(policy)):
        found = as_sarif(name, report.rulings)
        place = json.loads(found)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert place["uri"].endswith("/p%FF.toml")


def checked_junit(text, report):
    [suite] = ElementTree.fromstring(text)
    cases = suite.findall("testcase")
    assert int(suite.get("tests")) == len(cases) == len(report.rulings)
    assert int(suite.get("failures")) == len(suite.findall("testcase/failure")) == len(report.short)
    for case, one in zip(cases, report.rulings, strict=True):
        assert case.get("name").startswith(one.rule)
        assert (case.find("failure") is None) == one.met


def checked_sarif(log, report):
    """What SARIF 2.1.0 asks of a log (3.13, 3.14, 3.19, 3.27, 3.28), and that there is no snippet."""
    assert log["version"] == "2.1.0"
    assert set(log) == {"$schema", "version", "runs"}
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "privkit"
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:  # without one of these GitHub's code scanning takes the file for wrong (its rule GH2012)
        assert all(rule[name]["text"] for name in ("shortDescription", "fullDescription", "help"))
    assert len(run["results"]) == len(report.short)
    for result, one in zip(run["results"], report.short, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == one.rule
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        [place] = result["locations"]
        if report.policy:
            physical = place["physicalLocation"]
            assert re.fullmatch(r"[A-Za-z0-9._~/:%-]+", physical["artifactLocation"]["uri"])
            assert physical["region"]["startLine"] == one.line >= 1
    assert "snippet" not in json.dumps(log)


def test_junit_is_read_by_junitparser(tmp_path):
    junitparser = pytest.importorskip("junitparser")
    report = pk.gate(PEOPLE, ALL)
    path = tmp_path / "gate.xml"
    report.to_junit(path)
    [suite] = junitparser.JUnitXml.fromfile(str(path))
    assert (suite.tests, suite.failures) == (len(report.rulings), len(report.short))
    assert [case.is_failure for case in suite] == [not one.met for one in report.rulings]


def test_nothing_is_written_where_that_fails(tmp_path):
    report = pk.gate(PEOPLE, ALL)
    for place in (tmp_path, tmp_path / "no" / "a.xml", "a\0b"):
        for write in (report.to_json, report.to_junit, report.to_sarif):
            with pytest.raises(pk.FileError):
                write(place)
    assert not list(tmp_path.iterdir())


# -- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    PEOPLE.to_csv("people.csv", index=False)
    (tmp_path / "strict policy.toml").write_text('[goal]\nqi = ["zip", "age"]\nk = 5\n\n[roles]\nforbid = ["direct"]\n')
    (tmp_path / "mild.toml").write_text('[goal]\nqi = ["zip"]\nk = 1\n')
    return tmp_path


def test_the_command_falls_short_and_passes(folder, capsys):
    files = ["--junit", "j.xml", "--sarif", "s.sarif"]
    for _ in range(2):  # a report of an earlier run is written over
        assert cli.main(["gate", "people.csv", "--policy", "strict policy.toml", *files]) == 3
    out = capsys.readouterr().out
    assert out.startswith("Falls short: 2 of 2 rules are not met.")
    assert "(line 3)" in out
    log = json.loads((folder / "s.sarif").read_text())
    lines = [one["locations"][0]["physicalLocation"] for one in log["runs"][0]["results"]]
    assert [one["region"]["startLine"] for one in lines] == [3, 6]
    assert {one["artifactLocation"]["uri"] for one in lines} == {"strict%20policy.toml"}
    assert CANARY not in out + (folder / "s.sarif").read_text() + (folder / "j.xml").read_text()
    assert cli.main(["gate", "people.csv", "--policy", "mild.toml"]) == 0
    assert capsys.readouterr().out.startswith("Passes: the one rule is met.")


def test_json_is_one_line_and_the_same(folder, capsys):
    assert cli.main(["gate", "people.csv", "--policy", "strict policy.toml", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    report = pk.gate(pd.read_csv("people.csv", dtype=str), "strict policy.toml")
    assert told == json.loads(report.to_json())


def test_an_unusable_policy_judges_nothing_and_writes_nothing(folder, capsys):
    (folder / "wrong.toml").write_text('[goal]\nqi = ["zip"]\nkk = 5\n')
    assert cli.main(["gate", "people.csv", "--policy", "wrong.toml", "--junit", "j.xml"]) == 1
    told = capsys.readouterr()
    assert not told.out
    assert "line 3: 'kk' is no rule of [goal]" in told.err
    assert not (folder / "j.xml").exists()


def test_reports_are_never_written_over_what_is_read(folder, capsys):
    before = (folder / "people.csv").read_text()
    for wrong in (["--junit", "people.csv"], ["--sarif", "mild.toml"], ["--junit", "a", "--sarif", "a"]):
        assert cli.main(["gate", "people.csv", "--policy", "mild.toml", *wrong]) == 1
    assert cli.main(["gate", "people.csv", "--policy", "mild.toml", "--junit", "no/a.xml"]) == 1
    assert (folder / "people.csv").read_text() == before
    assert "Traceback" not in capsys.readouterr().err


def test_a_column_of_the_policy_that_is_not_there_is_told(folder, capsys):
    (folder / "other.toml").write_text('[goal]\nqi = ["zap"]\nk = 1\n')
    assert cli.main(["gate", "people.csv", "--policy", "other.toml"]) in (1, 2)
    told = capsys.readouterr().err
    assert "'zap'" in told
    assert "zip" in told
