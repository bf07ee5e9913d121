"""A fork beside other threads: no child inherits a lock that nobody will ever release."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from budget_terms import eps, release, terms

from privkit.budget.ledger import Ledger
from privkit.budget.store import connections

FORKS = 10


@pytest.mark.landing
@pytest.mark.parametrize("writing", [False, True], ids=["readers", "writers"])
@pytest.mark.sample(0.5)
def test_a_child_forked_beside_threads_works(store, writing):
    account = Ledger.open(store).begin("churn", terms(10**6))
    stop = threading.Event()

    def work(number):
        turn = 0
        while not stop.is_set():
            turn += 1
            release(account, f"{number}-{turn}", 0.01) if writing else account.balance()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    codes = []
    try:
        for number in range(FORKS):
            pid = os.fork()
            if pid == 0:
                signal.alarm(20)  # a child that hangs is killed by it
                try:
                    release(account, f"child{number}", 0.01)
                    account.balance()
                    os._exit(0)
                finally:
                    os._exit(1)
            codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert codes == [0] * FORKS
    assert account.verify().entries >= FORKS


def test_a_fork_waits_for_a_transaction_and_a_transaction_for_a_fork(store, monkeypatch):
    account = Ledger.open(store).begin("churn", terms(3))
    inside, order = threading.Event(), []

    def work():
        with account._book.store.writing():
            inside.set()
            time.sleep(0.3)
            order.append("transaction")

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    order.append("fork")
    os.waitpid(pid, 0)
    thread.join()
    assert order == ["transaction", "fork"]
    monkeypatch.setitem(connections._forking, -1, True)  # another thread forks
    threading.Timer(0.3, lambda: (order.append("forked"), connections._forking.clear())).start()
    release(account, "k", 0.1)
    assert (order[-1], account.spent) == ("forked", eps(0.1))


def test_a_fork_within_a_transaction_does_not_wait_for_itself(store):
    account = Ledger.open(store).begin("churn", terms(3))
    with account._book.store.writing():
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert release(account, "k").seq == 1
