"""Faults of a server: unreachable, dropped in the middle of a commit, locked, read-only, newer (L2, L3, L9)."""

from __future__ import annotations

import gc
import os
import re
import select
import socket
import threading
import time
import uuid
import warnings
from urllib.parse import urlsplit

import pandas as pd
import psycopg
import pytest
from budget_terms import eps, release, terms
from sqlalchemy import event

import privkit as pk
from privkit.budget.ledger import Ledger
from privkit.budget.store.schema import VERSION
from privkit.errors.calls import calling
from privkit.errors.ledger import (
    LedgerBusyError,
    LedgerDamagedError,
    LedgerMissingError,
    LedgerMovedError,
    LedgerReadOnlyError,
    LedgerUnreachableError,
    LedgerVersionError,
)
from privkit.errors.project import InsufficientBudgetError

pytestmark = pytest.mark.postgres


def direct(url):
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


class Wire:
    """A wire to the server that can be cut before or after the next COMMIT passes."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.target = (parts.hostname, parts.port or 5432)
        self.cut = ""  # "before" or "after" the next COMMIT passes
        self.stays_down = False
        self.cuts = 0
        self.open = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        host = f"{parts.username}@127.0.0.1:{self.listener.getsockname()[1]}"
        self.url = parts._replace(netloc=host, query=f"sslmode=disable&gssencmode=disable&{parts.query}").geturl()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.stays_down and self.cuts:
                client.close()
                continue
            server = socket.create_connection(self.target)
            self.open += [client, server]
            threading.Thread(target=self._carry, args=(client, server), daemon=True).start()

    def _carry(self, client, server):
        try:
            while self._carried(client, server):
                pass
        except (OSError, ValueError):
            pass
        finally:
            client.close()
            server.close()

    def _carried(self, client, server):
        for source in select.select([client, server], [], [])[0]:
            data = source.recv(65536)
            if source is client and b"COMMIT\0" in data and self.cut:
                when, self.cut = self.cut, ""
                if when == "after":
                    server.sendall(data)
                    assert select.select([server], [], [], 5)[0]  # the server has answered: nobody will hear it
                self.cuts += 1
                if self.stays_down:
                    for other in self.open:
                        other.close()
                return False
            if not data:
                return False
            (server if source is client else client).sendall(data)
        return True


@pytest.fixture
def wire(postgres_url):
    Ledger.open(postgres_url).begin("churn", terms(3))
    wire = Wire(postgres_url)
    yield wire
    wire.listener.close()


def through(wire):
    return Ledger.open(wire.url, adopt=True, timeout=3).account("churn")


def test_a_connection_lost_before_the_charge_arrives_spends_nothing_l1(wire, postgres_url):
    account = through(wire)
    wire.cut = "before"
    with pytest.raises(LedgerUnreachableError) as caught:
        account.reserve("k", {}, eps(0.5))
    assert (wire.cuts, caught.value.budget) == (1, "No budget was spent.")
    assert account.balance().entries == 0
    assert release(account, "k", 0.5).seq == 1


def test_a_charge_whose_confirmation_is_lost_is_found_and_goes_on_l2(wire):
    account = through(wire)
    wire.cut = "after"
    entry = release(account, "k", 0.5)
    assert (wire.cuts, entry.seq, account.spent) == (1, 1, eps(0.5))
    assert account.verify().entries == 1


def test_a_charge_whose_confirmation_is_lost_for_good_is_said_to_be_unknown_l3(wire, postgres_url):
    account = through(wire)
    wire.cut, wire.stays_down = "after", True
    with pytest.raises(LedgerUnreachableError) as caught:
        account.reserve("k", {}, eps(0.5))
    assert "It is not known whether ε = 0.5 was spent (ledger entry 1); nothing was drawn." in str(caught.value)
    del caught
    gc.collect()  # a reservation counts as held for as long as this process has it, also in a cycle of frames
    seen = Ledger.open(postgres_url, adopt=True).account("churn")
    deadline = time.monotonic() + 10  # the server has the COMMIT, and is still to carry it out
    while seen.spent != eps(0.5) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert seen.spent == eps(0.5)
    assert [entry.state for entry in seen.entries()] == ["orphaned"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_whose_confirmation_is_lost_is_stored_once_l1_l4(wire, when):
    account = through(wire)
    held = account.reserve("k", {}, eps(0.5))
    wire.cut = when
    assert account.commit(held, "42").answer == "42"
    assert wire.cuts == 1
    assert [entry.answer for entry in account.entries()] == ["42"]
    assert account.verify().records == 2


def test_an_answer_that_cannot_be_confirmed_is_not_shown_and_replays_if_it_arrived_l1(wire, postgres_url):
    account = through(wire)
    held = account.reserve("k", {}, eps(0.5))
    wire.cut, wire.stays_down = "after", True
    with pytest.raises(LedgerUnreachableError, match=r"ε = 0.5 stays spent \(ledger entry 1\)"):
        account.commit(held, "42")
    again = Ledger.open(postgres_url, adopt=True).account("churn")
    assert again.reserve("k", {}, eps(0.5)).answer == "42"
    assert again.spent == eps(0.5)


def test_connections_ended_by_the_server_are_replaced(postgres_url):
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    release(account, "first")
    with direct(postgres_url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )
    assert release(account, "second").seq == 2


def test_a_server_that_is_not_there_is_told_without_the_password(postgres_server):
    with pytest.raises(LedgerUnreachableError) as caught:
        Ledger.open("postgresql+psycopg://ada:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in f"{caught.value} {caught.value!r} {caught.value.store}"
    with pytest.raises(LedgerUnreachableError):
        Ledger.open(postgres_server.rsplit("/", 1)[0] + "/no_such_database")


def test_a_locked_project_is_told_after_the_wait(postgres_url):
    account = Ledger.open(postgres_url, timeout=0.2).begin("churn", terms(3))
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as other:
        other.execute("SELECT * FROM privkit_project FOR UPDATE")
        with pytest.raises(LedgerBusyError) as caught:
            account.reserve("k", {}, eps(0.5))
    assert caught.value.budget == "No budget was spent."
    assert account.balance().entries == 0


def test_a_read_only_server_replays_and_refuses_to_charge(postgres_url):
    release(Ledger.open(postgres_url).begin("churn", terms(3)), "first")
    reader = Ledger.open(postgres_url + "%20-cdefault_transaction_read_only%3Don", adopt=True).account("churn")
    assert release(reader, "first").answer == "7"
    with pytest.raises(LedgerReadOnlyError):
        reader.reserve("second", {}, eps(0.5))


@pytest.fixture
def as_role(postgres_url):
    """From rights to the address of the test's ledger for a role that has these rights alone."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    schema = postgres_url.rsplit("%3D", 1)[1]
    with direct(postgres_url) as connection:
        connection.execute(f'CREATE ROLE "{name}"; GRANT USAGE ON SCHEMA "{schema}" TO "{name}"')

        def address(*rights):
            for right in rights:
                connection.execute(f'GRANT {right} TO "{name}"')
            return f"{postgres_url}%20-crole%3D{name}"

        yield address
        connection.execute(f'DROP OWNED BY "{name}"; DROP ROLE "{name}"')


def test_a_role_that_may_only_read_replays_and_is_told_which_rights_it_lacks(postgres_url, as_role):
    release(Ledger.open(postgres_url).begin("churn", terms(3)), "first")
    url = as_role("SELECT ON privkit_ledger, privkit_project, privkit_record")
    reader = Ledger.open(url, adopt=True).account("churn")
    assert release(reader, "first").answer == "7"
    with pytest.raises(LedgerReadOnlyError, match=r"this role lacks a right.*UPDATE on privkit_project") as caught:
        reader.reserve("second", {}, eps(0.5))
    assert caught.value.budget == "No budget was spent."
    assert "Make the file" not in str(caught.value)


def test_the_rights_that_the_error_names_are_enough_to_charge(postgres_url, as_role):
    Ledger.open(postgres_url).begin("churn", terms(3))
    url = as_role("SELECT, INSERT ON privkit_ledger, privkit_project, privkit_record", "UPDATE ON privkit_project")
    account = Ledger.open(url, adopt=True).account("churn")
    assert release(account, "k").state == "committed"
    assert account.balance().entries == 1


def test_missing_tables_a_newer_format_and_no_ledger(postgres_url):
    with pytest.raises(LedgerMissingError):
        Ledger.open(postgres_url, create=False)
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    with direct(postgres_url) as connection:
        connection.execute("INSERT INTO privkit_ledger VALUES ('x', %s, 'now')", (VERSION + 1,))
        with pytest.raises(LedgerVersionError):
            Ledger.open(postgres_url)
        with pytest.raises(LedgerVersionError):
            account.reserve("k", {}, eps(0.5))
        connection.execute("DROP TABLE privkit_record")
    with pytest.raises((LedgerDamagedError, LedgerVersionError)):
        account.reserve("k", {}, eps(0.5))


def test_rows_only_grow_l7(postgres_url):
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    release(account, "k")
    with direct(postgres_url) as connection:
        for table in ("privkit_ledger", "privkit_project", "privkit_record"):
            for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
                with pytest.raises(psycopg.errors.RaiseException, match="only grows"):
                    connection.execute(statement)
    assert account.verify().entries == 1


def test_commits_are_durable_whatever_the_default_l10(postgres_url):
    name = urlsplit(postgres_url).path[1:]
    with direct(postgres_url) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    with direct(postgres_url) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("off",)
        connection.execute(f'ALTER DATABASE "{name}" RESET synchronous_commit')
    with account._book.store.writing() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


def test_a_forked_child_has_connections_of_its_own(postgres_url):
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    release(account, "parent")
    pid = os.fork()
    if pid == 0:
        try:
            release(account, "child")
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert release(account, "after").seq == 3
    with pytest.raises(InsufficientBudgetError):
        account.reserve("more", {}, eps(3))


def connections(other):
    """How many connections to this database the server has, after those that are being closed are gone."""
    here = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + 5
    while (found := other.execute(here).fetchone()[0]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def test_a_kernel_that_waits_keeps_no_connection(postgres_url):
    """Neither after a question, nor after an error, nor one that a collector would warn of in whatever comes next."""
    df = pd.DataFrame({"x": [1, 2, 3]})
    with warnings.catch_warnings(record=True) as caught, direct(postgres_url) as other:
        warnings.simplefilter("always")
        project = pk.open_project("class", epsilon=1, unit=pk.ROW, store=postgres_url)
        assert connections(other) == 0
        df.privacy.dp_count(epsilon=0.5, project=project)
        assert (connections(other), project.remaining.epsilon) == (0, 0.5)
        with pytest.raises(InsufficientBudgetError):
            df.privacy.dp_count(epsilon=0.7, project=project)
        assert len(project.ledger.to_frame()) == 1
        assert connections(other) == 0
        gc.collect()
    assert [str(one.message) for one in caught] == []


def test_one_connection_serves_a_question_and_stays_while_it_is_measured(postgres_url):
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    made = []
    event.listen(account._book.store.engine(), "connect", lambda *_: made.append(1))
    with direct(postgres_url) as other:
        with calling("dp_count"):
            release(account, "first")
            assert (account.balance().entries, len(made)) == (1, 1)
        assert connections(other) == 0
        held = account.reserve("second", {}, eps(0.5))  # outside of any call: what is charged keeps it all the same
        made.clear()
        assert other.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()[0] > 0
        account.commit(held, "42")
        assert (connections(other), made) == (0, [])


def test_a_server_without_a_connection_left_is_waited_for_and_then_told(postgres_url, as_role):
    """As a class that asks at once: a role that may have one connection is full as soon as somebody has it."""
    Ledger.open(postgres_url).begin("churn", terms(3))
    url = as_role("SELECT, INSERT ON privkit_ledger, privkit_project, privkit_record", "UPDATE ON privkit_project")
    role = url.rpartition("%3D")[2]
    mine = re.sub(r"//([^@/]*@)?", f"//{role}@", postgres_url.replace("+psycopg", ""))
    with direct(postgres_url) as owner:
        owner.execute(f'ALTER ROLE "{role}" LOGIN CONNECTION LIMIT 1')
        account = Ledger.open(mine.replace("://", "+psycopg://"), adopt=True, timeout=5).account("churn")
        with psycopg.connect(mine):
            threading.Timer(0.4, lambda: owner.execute(_END, {"role": role})).start()
            assert release(account, "k").state == "committed"
        account._book.store.timeout = 0.2  # for the words; the wait is that of the engine
        account._book.store._engines.clear()
        with psycopg.connect(mine), pytest.raises(LedgerBusyError, match=r"no connection left for 0\.2 s") as caught:
            account.reserve("second", {}, eps(0.5))
        assert caught.value.budget == "No budget was spent."
        assert account.balance().entries == 1


_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %(role)s"


def test_a_stricter_isolation_by_default_neither_overspends_nor_fails_l2(postgres_url):
    with direct(postgres_url) as connection:
        (name,) = connection.execute("SELECT current_database()").fetchone()
        connection.execute(f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'repeatable read'")
    try:
        first = Ledger.open(postgres_url).begin("churn", terms(3))
        second = Ledger.open(postgres_url).account("churn")
        for index in range(5):
            release(first, f"a{index}", 0.25)
            release(second, f"b{index}", 0.25)
        assert first.verify().entries == 10
    finally:
        with direct(postgres_url) as connection:
            connection.execute(f'ALTER DATABASE "{name}" RESET default_transaction_isolation')


def test_an_older_state_of_the_database_is_refused_l8(postgres_url):
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    release(account, "first", 0.5)
    release(account, "second", 1)
    with direct(postgres_url) as connection:
        connection.execute("DROP TRIGGER privkit_record_guard ON privkit_record")
        connection.execute("DELETE FROM privkit_record WHERE seq > 2")
    with pytest.raises(LedgerMovedError, match="ends at 2"):
        account.reserve("third", {}, eps(0.5))
    with pytest.raises(LedgerMovedError):
        Ledger.open(postgres_url).account("churn")
    assert Ledger.open(postgres_url, adopt=True).account("churn").spent == eps(1.5)
