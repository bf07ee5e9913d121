"""What is kept over time: lines that the ledger's chain holds, races and kills, and quarters that add up."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.budget import noted
from privkit.budget.entry import Entry
from privkit.errors import FileError, ParameterError
from privkit.study import register
from privkit.study.assessments import measured, quarters
from privkit.study.assessments.measured import Measurement
from privkit.study.assessments.quarters import _Known, quarters_between
from privkit.values.loss import PrivacyLoss
from privkit.view.parts.sheet import sheet_of

CANARY = "CANARY-7f3a"
PEOPLE = pd.DataFrame({"zip": [CANARY, "b", "b", "c"] * 5, "plan": ["basic", "plus"] * 10})
RISK = pk.risk(PEOPLE, ["zip", "plan"])
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@pytest.fixture
def project(ledger_path):
    return pk.open_project("study", epsilon=10, unit=pk.ROW, store=ledger_path)


# -- the file ----------------------------------------------------------------------------------------------------------


def test_what_is_recorded_is_there_and_the_ledger_holds_none_of_its_figures(project):
    risk = project.record(RISK, table="customers", on="2026-03-31")
    held = project.record(pk.audit(PEOPLE).assign("zip", retention="2026-01-31"), table="customers")
    assert [one.id for one in project.measured] == [risk.id, held.id] == [1, 2]
    assert (risk.uniqueness, risk.risk) == (RISK.n_unique / 20, RISK.prosecutor.average)
    assert held.overdue(date(2026, 2, 1)) == ("zip",)
    assert held.overdue(date(2026, 1, 31)) == ()
    again = pk.open_project("study", store=project.account.store).measured
    assert [(one.id, one.on, dict(one.figures)) for one in again] == [
        (one.id, one.on, dict(one.figures)) for one in (risk, held)
    ]
    assert again.missing == ()
    for entry in project.account.registered():
        assert set(entry.question["record"]) == {"what", "sha256"}
    assert CANARY not in again.path.read_text() + repr(again) + repr(risk) + repr(held)
    if os.name == "posix":
        assert again.path.stat().st_mode & 0o077 == 0
    assert project.ledger.verify().entries == 2
    assert json.loads(again.path.read_text().splitlines()[0])["on"] == "2026-03-31"


def test_two_of_the_same_have_lines_of_their_own(project):
    for _ in range(2):
        project.record(RISK, on="2026-03-31")
    assert len(set(project.measured.path.read_text().splitlines())) == len(project.measured) == 2


@pytest.mark.parametrize("harm", ["changed", "taken out", "gone", "no text"])
def test_a_line_that_was_changed_or_taken_out_is_told(project, harm):
    for day in ("2026-01-31", "2026-02-28"):
        project.record(RISK, on=day)
    path = project.measured.path
    first, second = path.read_bytes().splitlines(keepends=True)
    if harm == "gone":
        path.unlink()
    else:
        other = {"changed": first.replace(b"2026-01", b"2026-03"), "taken out": b"", "no text": b"\xff[[{\n"}[harm]
        path.write_bytes(other + second)
    lost = (1, 2) if harm == "gone" else (1,)
    assert project.measured.missing == lost == project.quarters().missing
    assert "The file was changed, or lies elsewhere." in repr(project.measured)
    project.record(RISK, on="2026-04-30")  # what is there stays there
    assert project.measured.missing == lost
    assert [one.on.month for one in project.measured] == ([4] if harm == "gone" else [2, 4])


def test_a_register_as_it_stands_does_not_change(project):
    project.record(RISK)
    held = project.measured.as_it_stands()
    project.record(RISK)
    assert (len(held), len(project.measured)) == (1, 2)


def test_what_is_not_kept_is_refused_and_not_noted(project, tmp_path):
    simulated = pk.open_project("play", epsilon=1, unit=pk.ROW, simulate=True)
    calls = {
        "one of AttackReport, Inventory": lambda: project.record(PEOPLE),
        "a day to come": lambda: project.record(RISK, on="2999-01-01"),
        "table=a blank": lambda: project.record(RISK, table=" "),
    }
    for text, call in calls.items():
        with pytest.raises(ParameterError, match=text) as caught:
            call()
        assert CANARY not in str(caught.value)
    with pytest.raises(pk.SimulatedError):
        simulated.record(RISK)
    assert len(project.ledger) == 0
    project.measured.path.mkdir()
    with pytest.raises(FileError):
        project.record(RISK)
    assert len(project.ledger) == 0


def test_a_closed_project_is_still_measured(project):
    project.close("done")
    project.record(RISK)
    assert len(project.measured) == 1
    assert project.ledger.verify().entries == 2


# -- two processes, and kills ------------------------------------------------------------------------------------------

posix = pytest.mark.skipif(os.name != "posix", reason="forks")


def in_a_fork(work):
    """Run `work` in a process of its own; return its id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


@posix
def test_two_processes_that_record_at_once_lose_no_line(project, monkeypatch):
    store, begin = project.account.store, measured.whole_file

    def slowly(*args, **how):
        time.sleep(0.05)  # after the file was read: without the lock, another one writes meanwhile
        return begin(*args, **how)

    def write():
        own = pk.open_project("study", store=store)
        monkeypatch.setattr(measured, "whole_file", slowly)
        for _ in range(5):
            own.record(RISK)

    for child in [in_a_fork(write) for _ in range(2)]:
        assert os.waitpid(child, 0)[1] == 0
    assert len(project.measured) == 10
    assert project.measured.missing == ()
    assert len(project.measured.path.read_bytes().splitlines()) == 10
    assert project.ledger.verify().entries == 10


@posix
@pytest.mark.parametrize("place", ["before the line", "within the line", "before the entry"])
def test_a_kill_leaves_what_was_recorded(project, place, monkeypatch):
    project.record(RISK, on="2026-01-31")
    store = project.account.store

    def kill(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    def write():
        own = pk.open_project("study", store=store)
        if place == "before the line":
            monkeypatch.setattr(measured, "_append", kill)
        elif place == "within the line":
            monkeypatch.setattr("privkit.values.files.sync", kill)
        else:
            monkeypatch.setattr(noted, "_note", kill)
        own.record(RISK, on="2026-02-28")

    assert os.waitpid(in_a_fork(write), 0)[1] == signal.SIGKILL
    assert ([one.on.month for one in project.measured], project.measured.missing) == ([1], ())
    project.record(RISK, on="2026-03-31")
    assert ([one.on.month for one in project.measured], project.measured.missing) == ([1, 3], ())
    assert project.ledger.verify().entries == 2


# -- quarters ----------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(DAYS, DAYS)
def test_quarters_follow_each_other_without_gaps(one, other):
    first, last = sorted((one, other))
    found = quarters_between(first, last)
    assert found[0][0] <= first <= found[0][1]
    assert found[-1][0] <= last <= found[-1][1]
    assert all(end + timedelta(days=1) == begin for (_, end), (begin, _) in pairwise(found))
    told = pd.period_range(pd.Period(str(first), "Q"), pd.Period(str(last), "Q"), freq="Q")
    assert [begin for begin, _ in found] == [period.start_time.date() for period in told]


def entry(seq, day, what, **told):
    answer = json.dumps({"sha256": "x"}) if what == register.PACKAGE else None
    record = {"what": what, **told}
    zero = PrivacyLoss.of(epsilon=0, zero=True)
    return Entry(seq, "committed", f"{day}T00:00:00Z", "ada", {"record": record}, zero, answer)


def package(seq, day, expires):
    texts = dict.fromkeys(["file", "recipient", "purpose", "basis", "means"], "x")
    return entry(seq, day, register.PACKAGE, **texts, expires=str(expires), approvals=[], tables=[])


@settings(max_examples=40)
@given(
    begun=DAYS,
    made=DAYS,
    charges=st.lists(st.tuples(DAYS, st.integers(1, 9)), max_size=12),
    risks=st.lists(st.tuples(DAYS, st.sampled_from("ab"), st.integers(0, 4)), max_size=6),
    asked=st.lists(st.tuples(DAYS, st.integers(0, 90), st.booleans(), st.integers(0, 100)), max_size=6),
    shared=st.lists(st.tuples(DAYS, st.integers(0, 300)), max_size=4),
)
def test_quarters_add_up_to_what_is_known(begun, made, charges, risks, asked, shared):
    """Every charge, measurement, request and package is in one quarter; what stood at an end is counted day by day."""
    entries, seq = [], 0
    for received, days, done, noted_after in asked:
        seq += 2
        begins = received + timedelta(days=min(days, noted_after))
        entries.append(entry(seq, begins, register.REQUEST, kind="access", received=str(received)))
        if done:
            ended = received + timedelta(days=days)
            entries.append(entry(seq + 1, ended, register.ANSWER, request=seq, reason=""))
    entries += [package(1000 + n, day, day + timedelta(days=days)) for n, (day, days) in enumerate(shared)]
    kept = [Measurement(n, day, name, "risk", {"rows": 4, "uniques": k}, "") for n, (day, name, k) in enumerate(risks)]
    budget = PrivacyLoss.of(epsilon=1000)
    costs = [(day, PrivacyLoss.of(epsilon=amount)) for day, amount in charges]
    found = _Known("study", budget, begun, made, costs).quarters(entries, kept)
    assert sum(one.charged.main for one in found) == sum(amount for _, amount in charges)
    assert found[-1].total.main == sum(amount for _, amount in charges)
    assert sum(one.charges for one in found) == len(charges)
    assert sum(one.measured for one in found) == len(risks)
    assert sum(one.opened for one in found) == len(asked)
    assert sum(one.shared for one in found) == len(shared)
    assert sum(one.ended for one in found) == sum(done for _, _, done, _ in asked)
    within_a_month = [days for received, days, done, _ in asked if done and received + pd.DateOffset(months=1)
                      >= pd.Timestamp(received + timedelta(days=days))]  # fmt: skip
    assert sum(one.in_time for one in found) == len(within_a_month)
    for one in found:
        still = [
            on for on, days, done, _ in asked if on <= one.end and not (done and on + timedelta(days=days) <= one.end)
        ]
        late = [on for on in still if pd.Timestamp(min(one.end, made)) > on + pd.DateOffset(months=1)]
        due = [1 for on, days in shared if on <= one.end and on + timedelta(days=days) <= min(one.end, made)]
        assert (one.open, one.late, one.due) == (len(still), len(late), len(due))
        last = {}
        for day, name, k in risks:
            if one.begin <= day <= one.end and (name not in last or last[name][0] <= day):
                last[name] = (day, k / 4)
        assert one.uniqueness == max((value for _, value in last.values()), default=None)


def test_the_quarters_of_a_project_are_its_ledgers(project, monkeypatch):
    release = PEOPLE.privacy.dp_count("plan", keys=["basic", "plus"], epsilon=Fraction(1, 4), project=project)
    path = project.measured.path.with_name("a.zip")
    project.package(release, path=path, recipient="Uni", purpose="x", basis="y", expires="2999-12-31")
    project.requests.open("access", received=register.today())
    project.record(RISK, on=project.account.begun[:10])
    project.record(pk.audit(PEOPLE).assign("zip", retention="2020-01-31"), table="customers")
    found = project.quarters()
    last = found.quarters[-1]
    assert (found.quarters[-1].total, last.charged) == (project.spent, project.spent)
    assert (last.uniqueness, last.risk, last.overdue) == (RISK.share_unique, RISK.prosecutor.average, 1)
    assert (last.opened, last.open, last.shared, last.due, last.measured) == (1, 1, 1, 0, 2)
    frame = found.to_frame()
    assert frame.index.tolist() == [one.name for one in found.quarters]
    assert frame["epsilon"].sum() == 0.25
    assert json.loads(found.to_json())["quarters"][-1]["charged"] == "ε = 0.25"
    later = register.today() + timedelta(days=200)
    monkeypatch.setattr(quarters, "today", lambda: later)
    found = project.quarters()
    assert found.empty == tuple(one.name for one in found.quarters[-2:])
    assert (found.quarters[-1].open, found.quarters[-1].late) == (1, 1)
    assert f"Empty: {', '.join(found.empty)}." in repr(found)
    assert f"{found.empty[0]}: empty." in repr(found)
    assert CANARY not in repr(found) + found._repr_html_() + found.to_json()
    assert len(sheet_of(found).chart().drawn.charts) == 8


def test_a_project_in_rho_says_so(ledger_path):
    project = pk.open_project("r", rho=1, unit=pk.ROW, store=ledger_path)
    assert "rho" in project.quarters().to_frame()
    assert "ρ" in repr(project.quarters())
