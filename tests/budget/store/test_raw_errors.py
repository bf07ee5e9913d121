"""What the system and the server throw comes as the ledger's own errors, in words that are true (L9)."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import sqlite3
import uuid
from urllib.parse import urlsplit

import psycopg
import pytest
from budget_terms import eps, release, terms
from crashes import ended, fork

import privkit as pk
from privkit.budget.doctor import diagnose
from privkit.budget.ledger import Ledger
from privkit.budget.store.opening import there
from privkit.budget.store.place import Place
from privkit.cli import main
from privkit.errors.ledger import (
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerPlaceError,
    LedgerReadOnlyError,
)
from privkit.errors.project import ProjectCopyError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "ledger.db"


@pytest.fixture
def account(path):
    path.parent.mkdir()
    account = Ledger.open(path, timeout=0.3).begin("churn", terms(3))
    release(account, "first", 0.5)
    return account


def as_nobody(work):
    """Do something as a user without rights, in a child; the text of privkit's error, or of what it returned."""
    read, write = os.pipe()

    def child():
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        try:
            told = f"no error: {work()}"
        except LedgerError as error:
            told = f"{type(error).__name__}: {error}"
        except BaseException as error:  # noqa: BLE001
            told = f"raw {type(error).__name__}: {error}"
        os.write(write, told.encode()[:60_000])

    pid = fork(child)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        told = file.read().decode()
    assert ended(pid) == 0
    return told


@pytest.fixture
def reachable(path, account, monkeypatch, tmp_path):
    """Let others reach the test's folder, as far as a test does not forbid it."""
    for parent in path.parents:
        for root in ("/tmp", "/dev/shm"):
            if str(parent).startswith(f"{root}/"):
                monkeypatch.setattr("tempfile.tempdir", root)
                parent.chmod(0o755)
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "state of nobody"))
    return account


ACTS = {
    "open": lambda path, account: Ledger.open(path).account("churn"),
    "spend": lambda path, account: account.reserve("k", {}, eps(0.1)),
    "balance": lambda path, account: account.balance(),
    "read": lambda path, account: Ledger.open(path, read_only=True).projects(),
}


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("kept", ["folder", "file"])
def test_what_belongs_to_somebody_else_is_said_to(reachable, path, act, kept):
    path.parent.chmod(0o700 if kept == "folder" else 0o755)
    path.chmod(0o600)
    told = as_nobody(lambda: ACTS[act](path, reachable))
    assert told.startswith("LedgerReadOnlyError"), told
    assert "belongs to somebody else" in told
    assert "replay" not in told


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
@pytest.mark.parametrize("kept", ["folder", "file"])
def test_the_doctor_raises_nothing_and_names_the_rights(reachable, path, kept):
    path.parent.chmod(0o700 if kept == "folder" else 0o755)
    told = as_nobody(lambda: diagnose(path))
    assert told.startswith("no error"), told
    assert "belongs to somebody else" in told
    assert "Restore it from a backup" not in told


@pytest.mark.parametrize("error", [PermissionError(13, "x"), OSError(5, "x"), OSError(116, "x")])
def test_a_fault_of_the_file_system_is_the_ledgers(path, account, monkeypatch, error):
    def fails(*_args, **_options):
        raise error

    with monkeypatch.context() as context:
        context.setattr(sqlite3, "connect", fails)
        for act in ("spend", "balance", "open"):
            with pytest.raises(LedgerError) as caught:
                ACTS[act](path, account)
            assert type(caught.value).__module__ == "privkit.errors.ledger"
    with monkeypatch.context() as context:
        context.setattr(type(path), "stat", fails)
        with pytest.raises(LedgerError):
            there(path, Place(path=path))
    assert account.verify().entries == 1


def test_paths_that_lead_nowhere_are_refused(tmp_path):
    loop = tmp_path / "loop.db"
    loop.symlink_to(loop)
    for store in (loop, tmp_path / ("x" * 300), "~nosuchuser/ledger.db"):
        with pytest.raises(LedgerError):
            Ledger.open(store)


@pytest.fixture
def hot(path, account, tmp_path):
    """A ledger whose writer was killed after its pages reached the file."""

    def child():
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA cache_size=1")  # so that pages are written before the commit
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE filler (x)")
        connection.executemany("INSERT INTO filler VALUES (?)", [("x" * 3000,)] * 200)
        os.kill(os.getpid(), signal.SIGKILL)

    assert ended(fork(child)) == -signal.SIGKILL
    assert path.with_name("ledger.db-journal").stat().st_size > 512
    return path


def test_who_may_write_reads_a_ledger_that_a_killed_writer_left(hot, account, capsys):
    assert account.looking(1).balance().entries == 1
    for action in ("list", "verify", "doctor"):
        assert main(["ledger", action, "--store", str(hot)]) == 0, action
    assert "churn" in capsys.readouterr().out
    reader = Ledger.open(hot, read_only=True).account("churn")
    assert reader.verify().entries == 1
    with pytest.raises(LedgerReadOnlyError):
        reader.reserve("k", {}, eps(0.1))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two users")
def test_who_may_only_read_is_told_that_a_writer_was_killed(hot, account, reachable):
    hot.parent.chmod(0o755)
    hot.chmod(0o644)
    hot.with_name("ledger.db-journal").chmod(0o644)
    told = as_nobody(lambda: Ledger.open(hot, read_only=True).projects())
    assert "left in the midst of a write" in told, told
    assert "Make the file and its folder writable" not in told


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two users")
def test_a_folder_that_takes_no_file_is_read_only(reachable, path):
    path.parent.chmod(0o755)
    told = as_nobody(lambda: Ledger.open(path.parent / "other.db"))
    assert told.startswith("LedgerReadOnlyError"), told


def test_handles_are_not_pickled_or_copied_and_say_so(ledger_path):
    project = pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path)
    for handle in (project, project.ledger, project.account, Ledger.open(ledger_path)):
        for act in (pickle.dumps, copy.deepcopy):
            with pytest.raises(ProjectCopyError, match=r"In the other process, open the project there"):
                act(handle)


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


def direct(url):
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


@pytest.fixture
def database(postgres_server):
    """Make databases of other settings."""
    made = []

    def make(options, setting=""):
        name = f"privkit_{uuid.uuid4().hex[:12]}"
        with direct(postgres_server) as server:
            server.execute(f'CREATE DATABASE "{name}" {options}')
            made.append(name)
            if setting:
                server.execute(f'ALTER DATABASE "{name}" SET {setting}')
        return f"{postgres_server.rsplit('/', 1)[0]}/{name}"

    yield make
    with direct(postgres_server) as server:
        for name in made:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.postgres
@pytest.mark.parametrize("setting", ["DateStyle = 'German'", "DateStyle = 'SQL, DMY'", "TimeZone = 'Asia/Kathmandu'"])
def test_dates_are_read_whatever_the_database_prefers(database, setting):
    account = Ledger.open(database("", setting)).begin("churn", terms(3))
    assert release(account, "k").time.endswith("Z")
    assert account.verify().entries == 1


@pytest.mark.postgres
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_does_not_hold_every_name_is_refused(database, encoding):
    options = f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    with pytest.raises(LedgerPlaceError, match=rf"encoding is {encoding}.*createdb --encoding=UTF8"):
        Ledger.open(database(options))


@pytest.mark.postgres
def test_a_server_that_stops_statements_is_not_called_a_program_with_the_file_open(postgres_url):
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    slow = Ledger.open(f"{postgres_url}%20-cstatement_timeout%3D200").account("churn")
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as other:
        other.execute("SELECT * FROM privkit_project FOR UPDATE")
        with pytest.raises(LedgerBusyError, match="statement_timeout") as caught:
            slow.reserve("k", {}, eps(0.5))
    assert "file" not in str(caught.value)
    assert account.balance().entries == 0


@pytest.mark.postgres
def test_another_schema_is_no_damaged_file(postgres_url):
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    with direct(postgres_url) as connection:
        connection.execute("DROP TABLE privkit_record")
    with pytest.raises(LedgerDamagedError, match="search_path") as caught:
        account.balance()
    assert "Restore the file" not in str(caught.value)
    assert urlsplit(postgres_url).query not in str(caught.value)
