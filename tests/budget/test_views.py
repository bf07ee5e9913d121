"""Odometer, headroom, export and doctor: what is told about a ledger, with nothing changed."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import sqlite3
from fractions import Fraction

import pytest
from budget_terms import eps, release, terms
from crashes import ended, fork
from hypothesis import given
from hypothesis import strategies as st

from privkit.budget import abstract_account as base
from privkit.budget.doctor import diagnose
from privkit.budget.export import project_rows, to_csv, to_json, to_rows
from privkit.budget.ledger import Ledger
from privkit.budget.odometer import times
from privkit.budget.store import query
from privkit.budget.terms import Window
from privkit.errors.ledger import LedgerReadOnlyError, MeasureMismatchError
from privkit.errors.project import InsufficientBudgetError
from privkit.values.loss import PrivacyLoss


def test_the_odometer_tells_every_total(account):
    release(account, "a", 0.1)
    account.fail(account.reserve("b", {}, eps(0.2)))
    told = account.odometer()
    assert [(reading.entry, reading.state, reading.total, reading.left) for reading in told.readings] == [
        (1, "committed", eps(0.1), eps(0.9)),
        (2, "failed", eps(0.3), eps(0.7)),
    ]
    assert (told.total, told.left, told.by_analyst) == (eps(0.3), eps(0.7), {"ada": eps(0.3)})
    assert told.to_rows()[1]["total"] == "0.3"


def test_the_odometer_reads_by_pages_what_was_there_when_it_was_asked_for(account, monkeypatch):
    monkeypatch.setattr(base, "PAGE", 2)
    read = []
    rows = query.entry_rows
    monkeypatch.setattr(
        query, "entry_rows", lambda *args, **asked: (read.append(asked["most"]), rows(*args, **asked))[1]
    )
    for number in range(5):
        release(account, str(number), 0.1)
    told = account.odometer()
    account.analyst = "bob"
    release(account, "later", 0.1)
    assert (told.total, told.left, len(told.readings), read) == (eps(0.5), eps(0.5), 5, [])
    assert told.by_analyst == {"ada": eps(0.5)}
    assert list(account.odometer().by_analyst.items()) == [("ada", eps(0.5)), ("bob", eps(0.1))]
    assert repr(told).splitlines() == [
        "The odometer of 'churn': ε = 0.5 charged in 5 entries, ε = 0.5 left.",
        "next: .by_analyst · .readings[-1] · .to_rows()",
    ]
    assert read == []
    every = list(told.readings)
    assert (len(every), read) == (5, [2, 2, 1])
    places = (slice(None), slice(1, 3), slice(None, None, -1), slice(4, 0, -2), slice(3, 3), slice(-2, None))
    assert [told.readings[place] for place in places] == [tuple(every[place]) for place in places]
    assert (told.readings[0], told.readings[-1], every[-1] in told.readings) == (every[0], every[-1], True)
    with pytest.raises(IndexError):
        told.readings[5]


def test_an_odometer_of_an_empty_project_is_empty(account):
    told = account.odometer()
    assert (told.total, told.left, list(told.readings), told.by_analyst, told.to_rows()) == (eps(0), eps(1), [], {}, [])


def test_json_has_a_line_for_each_entry(account):
    release(account, "a", 0.1, answer='{"cells":["ä"]}')
    release(account, "b", 0.2)
    lines = to_json(account).splitlines()
    assert [json.loads(line.strip().rstrip(","))["entry"] for line in lines[-4:-2]] == [1, 2]
    assert (json.loads("\n".join(lines))["entries"][0]["question"], "ä" in lines[-4]) == ({"ask": "count"}, True)


def test_headroom_is_what_the_filter_admits(ledger):
    account = ledger.begin("limited", terms(1, per_analyst=eps(0.5), ceiling=eps(0.3).main))
    room = account.headroom(eps(0.15))
    assert (room.times, room.limit, room.left) == (3, "analyst", eps(0.5))
    for _ in range(3):
        release(account, None, 0.15)
    assert account.headroom(eps(0.15)).times == 0
    with pytest.raises(InsufficientBudgetError):
        account.reserve(None, {}, eps(0.15))
    assert account.headroom(eps(0.05)).times == 1
    told = "1 more like this (ε = 0.05 each): this analyst's limit has ε = 0.05 left."
    assert str(account.headroom(eps(0.05))) == told
    assert (account.headroom(eps(0.4)).times, account.headroom(eps(0.4)).limit) == (0, "ceiling")
    with pytest.raises(MeasureMismatchError):
        account.headroom(PrivacyLoss.of(rho=0.1))


@given(
    cost=st.fractions(min_value=Fraction(1, 1000), max_value=5),
    left=st.fractions(min_value=-1, max_value=20),
    spread=st.fractions(min_value=0, max_value=Fraction(1, 10)),
)
def test_times_fit_and_one_more_does_not(cost, left, spread):
    budget = PrivacyLoss.of(epsilon=1, delta=0.1)
    price, rest = budget.replace(cost, spread), budget.replace(left, Fraction(1, 5))
    count = times(price, rest)
    assert count == 0 or budget.replace(cost * count, spread * count).fits(rest)
    assert not budget.replace(cost * (count + 1), spread * (count + 1)).fits(rest)


def test_rows_csv_and_json_hold_the_same_entries(account):
    release(account, "a", 0.1, answer="[1, -2]")
    release(account, "b", Fraction(1, 3), answer='"é"')
    rows = to_rows(account)
    assert [(row["entry"], row["epsilon"], row["answer"]) for row in rows] == [(1, "0.1", "[1, -2]"), (2, "1/3", '"é"')]
    read = list(csv.DictReader(io.StringIO(to_csv(account))))
    assert [row["answer"] for row in read] == ["[1, -2]", '"é"']
    told = json.loads(to_json(account))
    assert told["spent"] == ["13/30", "0"]
    assert [entry["answer"] for entry in told["entries"]] == ["[1, -2]", '"é"']
    assert told["head"] == {"record": 4, "hash": account.balance().hash}


def test_a_ledger_is_listed_without_changing_it(store, account):
    release(account, "a", 0.1)
    pid = fork(lambda: (account.reserve("k", {}, eps(0.5)), os.kill(os.getpid(), signal.SIGKILL)))
    assert ended(pid) == -signal.SIGKILL
    looked = Ledger.open(store, read_only=True)
    (row,) = project_rows(looked)
    assert (row["project"], row["spent"], row["reserved"], row["left"]) == ("churn", "ε = 0.1", "ε = 0.5", "ε = 0.4")
    assert (row["entries"], row["record"]) == (2, 3)
    with pytest.raises(LedgerReadOnlyError):
        looked.begin("other", terms())
    with pytest.raises(LedgerReadOnlyError):
        looked.account("churn").reserve("b", {}, eps(0.1))
    assert account.version() == 3


@pytest.mark.parametrize("analyst", ["=cmd|' /C calc'!A0", "+1+1", "-a", "@SUM(A1)"])
def test_csv_holds_no_formulas(store, analyst):
    account = Ledger.open(store, analyst=analyst).begin("churn", terms())
    release(account, None, answer="-3")
    (row,) = csv.DictReader(io.StringIO(to_csv(account), newline=""))
    assert row["analyst"] == f"'{analyst}"
    assert row["answer"] == "-3"


def levels(diagnosis, level="problem"):
    return [finding.what for finding in diagnosis.findings if finding.level == level]


def test_a_ledger_in_order_is_told_so_and_not_changed(store, account):
    release(account, "a")
    pid = fork(lambda: (account.reserve("k", {}, eps(0.5)), os.kill(os.getpid(), signal.SIGKILL)))
    assert ended(pid) == -signal.SIGKILL
    before = account.version()
    told = diagnose(store)
    assert told.healthy, told
    assert any("orphaned entries 2" in note for note in levels(told, "note"))
    assert account.version() == before
    assert repr(told).startswith(f"The ledger at {account.store} is in order.")


def test_the_doctor_tells_each_damage(tmp_path):
    path = tmp_path / "ledger.db"
    assert not diagnose(path).healthy
    assert "there is no ledger" in repr(diagnose(path))
    assert not path.exists()
    account = Ledger.open(path).begin("churn", terms())
    for index in range(3):
        release(account, f"k{index}", answer="MARK" * 10)
    good = path.read_bytes()
    path.write_bytes(good.replace(b"MARK" * 10, b"MARX" * 10))
    assert any("entry" in found for found in levels(diagnose(path)))
    path.write_bytes(good)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER privkit_record_UPDATE")
    assert any("1 of the triggers" in found for found in levels(diagnose(path)))
    path.write_bytes(good[: len(good) // 2])
    assert levels(diagnose(path))
    path.write_bytes(b"nonsense" * 1000)
    assert levels(diagnose(path))
    path.write_bytes(good)
    path.chmod(0o666)
    assert any("others may write" in found for found in levels(diagnose(path), "note"))
    assert diagnose(path).healthy
    assert not diagnose("sqlite://").healthy


@pytest.mark.usefixtures("watched")
def test_the_doctor_tells_what_is_remembered(tmp_path, privkit_state):
    path = tmp_path / "ledger.db"
    account = Ledger.open(path).begin("churn", terms())
    release(account, "k")
    (privkit_state / "keys").mkdir(exist_ok=True)
    assert account.key
    (privkit_state / "keys" / f"{account.uid}.key").chmod(0o644)
    assert any("others may read" in found for found in levels(diagnose(path)))
    old = path.read_bytes()
    release(account, "second")
    path.write_bytes(old)
    assert any("older than this machine remembers" in found for found in levels(diagnose(path)))
    path.unlink()
    assert any("remembers project 'churn' here" in found for found in levels(diagnose(path)))


def test_a_window_paces_and_warns(store):
    window = Window(7, eps(0.5))
    with pytest.warns(UserWarning, match="it renews nothing"):
        account = Ledger.open(store).begin("paced", terms(3, window=window))
    release(account, "a", 0.5)
    with pytest.raises(InsufficientBudgetError, match="left for this window of time"):
        account.reserve("b", {}, eps(0.1))
    assert account.headroom(eps(0.1)).limit == "window"
    assert account.remaining == eps(2.5)
