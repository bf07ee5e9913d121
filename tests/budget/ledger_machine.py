"""A model of the ledger in exact fractions, and random histories that compare the two."""

from __future__ import annotations

import gc
import shutil
import tempfile
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from unittest.mock import patch

import pytest
from budget_terms import eps, terms
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from privkit.budget.entry import Entry
from privkit.budget.ledger import Ledger
from privkit.budget.store.store import Store
from privkit.errors import ParameterError
from privkit.errors.ledger import LedgerFullError
from privkit.errors.project import (
    CeilingError,
    InsufficientBudgetError,
    OrphanedReleaseError,
    PendingReleaseError,
    ReservationError,
)
from privkit.values.loss import PrivacyLoss

KEYS = st.sampled_from(["a", "b", "c", None])
COSTS = st.sampled_from(
    [Fraction(1, 10), Fraction(3, 10), Fraction(1, 3), Fraction(1, 7), Fraction(1), Fraction(1, 10**9), Fraction(2)]
)
LIMIT, CEILING = Fraction(3), Fraction(3, 2)
EACH = Fraction(2)
#: What the budget, and an analyst's limit, may be extended to: above and below what it is.
AMOUNTS = st.sampled_from([None, Fraction(1), Fraction(2), Fraction(7, 2), Fraction(4), Fraction(6)])


@contextmanager
def full_disk():
    """Let the disk of a SQLite ledger be full."""
    check = Store._check

    def small(store, connection):
        check(store, connection)
        connection.execute("PRAGMA max_page_count=1")

    with patch.object(Store, "_check", small):
        yield


@dataclass
class Modeled:
    """One entry as the model knows it."""

    key: str | None
    cost: Fraction
    state: str
    analyst: str
    answer: str | None = None


class LedgerMachine(RuleBasedStateMachine):
    """Random histories of reserving, answering, failing, dropping, refusing and reopening."""

    def __init__(self):
        super().__init__()
        self.entries: list[Modeled] = []
        self.held = {}
        self.refused = 0
        self.limit, self.each = LIMIT, {}
        self.extensions = []

    def place(self):
        self.folder = Path(tempfile.mkdtemp())
        return str(self.folder / "ledger.db")

    @initialize()
    def begin(self):
        self.store = self.place()
        self.analyst = "ada"
        fixed = terms(LIMIT, ceiling=CEILING, per_analyst=eps(EACH))
        self.name = f"churn {uuid.uuid4().hex}"  # this machine remembers a server's projects by name
        self.account = Ledger.open(self.store, analyst="ada").begin(self.name, fixed)

    def teardown(self):
        self.held.clear()
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    def charged(self, analyst=None):
        return sum((entry.cost for entry in self.entries if analyst in (None, entry.analyst)), Fraction(0))

    def latest(self, key):
        """The entry that stands for a question: its latest committed draw, else its latest."""
        mine = [entry for entry in self.entries if key is not None and entry.key == key]
        committed = [entry for entry in mine if entry.state == "committed"]
        return (committed or mine or [None])[-1]

    def allowed(self, cost):
        each = self.each.get(self.analyst, self.each.get(None, EACH))
        return cost + self.charged() <= self.limit and cost + self.charged(self.analyst) <= each

    @rule(key=KEYS, cost=COSTS, again=st.booleans())
    def reserve(self, key, cost, again):
        known = None if again else self.latest(key)

        def ask():
            return self.account.reserve(key, {"ask": key}, PrivacyLoss.of(epsilon=cost), again=again, wait=0)

        if known is not None and known.state == "committed":
            got = ask()
            assert isinstance(got, Entry)
            assert got.answer == known.answer
        elif known is not None and known.state == "reserved":
            with pytest.raises(PendingReleaseError):
                ask()
        elif known is not None:
            with pytest.raises(OrphanedReleaseError) as caught:
                ask()
            assert (caught.value.state, caught.value.cost.main) == (known.state, known.cost)
        elif cost > CEILING:
            with pytest.raises(CeilingError):
                ask()
        elif not self.allowed(cost):
            self.refused += 1
            with pytest.raises(InsufficientBudgetError):
                ask()
        else:
            got = ask()
            assert got.seq == len(self.entries) + 1
            self.entries.append(Modeled(key, cost, "reserved", self.analyst))
            self.held[got.seq] = got

    @rule(total=AMOUNTS, who=st.sampled_from([None, "ada", "bob"]), each=AMOUNTS, reason=st.sampled_from(["a", "b"]))
    def extend(self, total, who, each, reason):
        to = {} if total is None else {"epsilon": str(total)}
        if each is not None:
            to |= {"per_analyst": str(each)} if who is None else {"allotments": {who: str(each)}}
        before = self.each.get(who, self.each.get(None, EACH))
        falls = (total is not None and total < self.limit) or (each is not None and each < before)
        rises = (total is not None and total > self.limit) or (each is not None and each > before)
        if (to, reason) in self.extensions:
            assert self.account.extend(to, reason) is None
        elif falls or not rises:
            with pytest.raises(ParameterError):
                self.account.extend(to, reason)
        else:
            assert self.account.extend(to, reason).seq == len(self.entries) + 1
            self.extensions.append((to, reason))
            self.entries.append(Modeled("terms:extended", Fraction(0), "committed", self.analyst, "noted"))
            self.limit = self.limit if total is None else total
            self.each |= {} if each is None else {who: each}

    def one_held(self, data):
        return self.held.pop(data.draw(st.sampled_from(sorted(self.held))))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), answer=st.text(max_size=8))
    def commit(self, data, answer):
        held = self.one_held(data)
        assert self.account.commit(held, answer).answer == answer
        self.entries[held.seq - 1].state, self.entries[held.seq - 1].answer = "committed", answer
        with pytest.raises(ReservationError):
            self.account.commit(held, answer + "!")

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def fail(self, data):
        held = self.one_held(data)
        self.account.fail(held)
        self.entries[held.seq - 1].state = "failed"

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def drop(self, data):
        self.entries[self.one_held(data).seq - 1].state = "orphaned"
        gc.collect()  # errors that were raised may still refer to it

    @rule(analyst=st.sampled_from(["ada", "bob"]))
    def reopen(self, analyst):
        self.analyst = analyst
        self.account = Ledger.open(self.store, analyst=analyst).account(self.name)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def disk_full_at_commit(self, data):
        held = self.one_held(data)
        with full_disk(), pytest.raises(LedgerFullError):
            self.account.commit(held, "x" * 9000)
        self.entries[held.seq - 1].state = "orphaned"

    @rule(cost=st.just(Fraction(1, 10**9)))
    def disk_full_at_reserve(self, cost):
        if self.allowed(cost):
            with full_disk(), pytest.raises(LedgerFullError) as caught:
                self.account.reserve("full", {"pad": "x" * 9000}, PrivacyLoss.of(epsilon=cost))
            assert caught.value.budget == "No budget was spent."

    @invariant()
    def same_as_model(self):
        if not hasattr(self, "account"):
            return
        balance = self.account.balance()
        pending = sum((self.entries[seq - 1].cost for seq in self.held), Fraction(0))
        entries = self.account.entries()
        assert [(entry.key, entry.cost.main, entry.state, entry.answer) for entry in entries] == [
            (entry.key, entry.cost, entry.state, entry.answer) for entry in self.entries
        ]
        assert balance.spent.main + balance.reserved.main == self.charged() <= self.limit == balance.budget.main
        assert balance.reserved.main >= pending
        assert balance.remaining.main == self.limit - self.charged()
        assert self.account.verify().charged.main == self.charged()
