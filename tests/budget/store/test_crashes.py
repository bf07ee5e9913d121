"""Kills and crowds: SIGKILL at every statement boundary and at random, and many spenders against one limit."""

from __future__ import annotations

import os
import signal

import pytest
from budget_terms import eps, release, terms
from crashes import Steps, check, crowd, ended, fork, random_kills, spend

from privkit.budget.ledger import Ledger
from privkit.budget.store import opening
from privkit.errors.project import OrphanedReleaseError


def count_steps(account, folder):
    """How many boundaries one release has, when it is not the first."""
    release(account, None, 0.01)
    counted = folder / "counted"

    def child():
        steps = Steps()
        spend(account, "counted", eps(0.01), folder / "ignored")
        counted.write_text(str(steps.count))

    assert ended(fork(child)) == 0
    return int(counted.read_text())


@pytest.mark.landing
def test_a_kill_at_every_statement_boundary_loses_nothing_l1_l2_l3_l5(store, tmp_path, capsys):
    account = Ledger.open(store).begin("churn", terms(5))
    boundaries = count_steps(account, tmp_path)
    assert boundaries >= 20
    free = orphaned = stored = 0
    for at in range(1, boundaries + 1):
        key, history = f"k{at}", tmp_path / f"history{at}"
        before = account.spent + account.reserved

        def child(key=key, history=history, at=at):
            Steps(at)
            spend(account, key, eps(0.05), history)

        assert ended(fork(child)) == -signal.SIGKILL
        found = check(store, eps(5), [history])
        assert found.violations == ()
        after = account.spent + account.reserved
        entry = next((entry for entry in account.entries() if entry.question.get("ask") == key), None)
        if entry is None:  # killed before the charge: nothing was drawn
            assert (after, found.drawn) == (before, 0)
            free += 1
        elif entry.state == "orphaned":  # charged, not answered
            assert after == before + eps(0.05)
            with pytest.raises(OrphanedReleaseError) as caught:
                account.reserve(key, {"ask": key}, eps(0.05))
            assert caught.value.entry == entry.seq
            orphaned += 1
        else:  # the answer was stored, and replays
            assert account.reserve(key, {"ask": key}, eps(0.05)).answer == entry.answer
            assert after == before + eps(0.05)
            stored += 1
    assert min(free, orphaned, stored) > 0
    with capsys.disabled():
        print(f"\n{boundaries} boundaries: {free} free, {orphaned} orphaned, {stored} stored, 0 violations", end=" ")


@pytest.mark.landing
def test_random_kills_with_four_writers_lose_nothing_l1_l2_l3_l4(store, tmp_path, capsys):
    Ledger.open(store).begin("churn", terms(1000))
    found = random_kills(store, tmp_path, kills=8)
    assert found.violations == ()
    assert found.shown > 0
    with capsys.disabled():
        print(f"\n8 kills, 4 writers: {found}", end=" ")


def test_four_processes_never_overspend_l2(store, tmp_path):
    account = Ledger.open(store).begin("churn", terms(3))
    assert crowd(store, tmp_path, processes=4, spends=12, limit=eps(3)) == 30
    assert account.remaining == eps(0)


def test_processes_that_begin_one_ledger_at_once_share_it_l9(store, tmp_path):
    def child():
        release(Ledger.open(store).begin("churn", terms(3)), None)

    children = [fork(child) for _ in range(6)]
    assert [ended(pid) for pid in children] == [0] * 6
    account = Ledger.open(store).account("churn")
    assert (account.spent, account.verify().entries) == (eps(0.6), 6)


def test_processes_with_one_question_draw_it_once_l4(store, tmp_path):
    account = Ledger.open(store).begin("churn", terms(3))
    files = [tmp_path / f"history{index}" for index in range(6)]
    children = [
        fork(lambda file=file: spend(Ledger.open(store).account("churn"), "same", eps(0.1), file)) for file in files
    ]
    assert [ended(pid) for pid in children] == [0] * 6
    found = check(store, eps(3), files)
    assert (found.violations, found.drawn, found.shown) == ((), 1, 6)
    assert account.spent == eps(0.1)


def test_an_orphan_of_a_dead_process_is_noted_when_the_project_is_opened_l5(store):
    account = Ledger.open(store).begin("churn", terms(3))
    pid = fork(lambda: (account.reserve("k", {}, eps(0.5)), os.kill(os.getpid(), signal.SIGKILL)))
    assert ended(pid) == -signal.SIGKILL
    assert (account.reserved, account.entries()[0].state) == (eps(0.5), "orphaned")
    opened = Ledger.open(store).account("churn")
    assert (opened.spent, opened.reserved, opened.entries()[0].kind) == (eps(0.5), eps(0), "died")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_while_a_ledger_is_made_leaves_none_or_a_whole_one_l9(tmp_path, monkeypatch, moment):
    path = tmp_path / "ledger.db"
    put = opening.put

    def killed(draft, name):
        if moment == "after":
            put(draft, name)
        os.kill(os.getpid(), signal.SIGKILL)

    def child():
        monkeypatch.setattr(opening, "put", killed)
        Ledger.open(path)

    assert ended(fork(child)) == -signal.SIGKILL
    assert path.exists() == (moment == "after")
    assert release(Ledger.open(path).begin("churn", terms()), "k").seq == 1
