"""Faults of the file: each is a typed error, nothing is drawn, nothing is charged, nothing is begun anew (L9, L10)."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import stat
import threading
import time

import pytest
from budget_terms import eps, release, terms

from privkit.budget.ledger import Ledger
from privkit.budget.store.fault import taken
from privkit.budget.store.schema import VERSION
from privkit.budget.store.store import TIMEOUT, Store
from privkit.errors.ledger import (
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerFullError,
    LedgerMissingError,
    LedgerPlaceError,
    LedgerReadOnlyError,
    LedgerTamperedError,
    LedgerVersionError,
)
from privkit.errors.project import ProjectNotFoundError, ReservationError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def account(path):
    account = Ledger.open(path, timeout=0.2).begin("churn", terms(3))
    release(account, "first", 0.5)
    return account


def forbid_draws(account, error, key="second"):
    """Try a release; the noise must never be reached."""
    with pytest.raises(error) as caught:
        account.reserve(key, {"ask": "CANARY-7f3a"}, eps(0.25))
    assert "CANARY" not in str(caught.value)
    assert caught.value.budget == "No budget was spent."
    return str(caught.value)


def unchanged(account):
    return account.spent == eps(0.5) and account.verify().entries == 1


def test_a_full_disk_charges_nothing_and_draws_nothing_l9(account, path, monkeypatch):
    check = Store._check

    def small(store, connection):
        check(store, connection)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    spent = 0
    with monkeypatch.context() as context:
        context.setattr(Store, "_check", small)
        for index in range(50):  # what fits in the last pages is still charged
            try:
                account.reserve(f"k{index}", {"pad": "x" * 400}, eps(0.01))
                spent += 1
            except LedgerFullError as error:
                refused = error
                break
        else:
            pytest.fail("the disk never filled")
    assert refused.budget == "No budget was spent."
    assert account.spent + account.reserved == eps(0.5) + eps(spent).replace(eps(0.01).main * spent)
    assert account.verify().entries == 1 + spent


def test_a_disk_that_fills_before_the_answer_keeps_the_charge_and_shows_nothing_l1_l3(account, monkeypatch):
    held = account.reserve("k", {}, eps(0.25))
    check = Store._check

    def small(store, connection):
        check(store, connection)
        connection.execute("PRAGMA max_page_count=1")

    with monkeypatch.context() as context:
        context.setattr(Store, "_check", small)
        with pytest.raises(LedgerFullError, match=r"ε = 0.25 stays spent \(ledger entry 2\)"):
            account.commit(held, "CANARY" * 5000)
    assert account.entries()[-1].answer is None
    assert account.commit(held, "42").answer == "42"  # the reservation is still in hand


def test_a_limit_on_file_sizes_is_a_typed_error_l9(account, path):
    size = path.stat().st_size

    def child():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        try:
            for index in range(50):
                account.reserve(f"k{index}", {"pad": "x" * 400}, eps(0.01))
        except LedgerError as error:
            return 0 if error.budget == "No budget was spent." else 2
        return 1

    assert in_fork(child) == 0
    assert account.verify().charged == account.spent + account.reserved


def in_fork(work):
    """Run in a forked child; return its exit code."""
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_read_only_ledger_replays_and_refuses_to_charge_l9(account, path):
    reader = Ledger.open(f"sqlite:///file:{path}?mode=ro&uri=true").account("churn")
    assert reader.reserve("first", {}, eps(0.5)).answer == "7"
    assert "read-only" in forbid_draws(reader, LedgerReadOnlyError)
    assert unchanged(account)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser writes everywhere")
def test_a_folder_without_write_permission_refuses_l9(account, path):
    path.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        forbid_draws(account, LedgerReadOnlyError)
        with pytest.raises(LedgerReadOnlyError):
            Ledger.open(path.with_name("other.db"))
    finally:
        path.parent.chmod(stat.S_IRWXU)


def test_flipped_bytes_anywhere_are_an_error_or_harmless_l9(account, path):
    release(account, "second", 0.25)
    entries, content = account.entries(), path.read_bytes()
    found = 0
    for offset in range(0, len(content), 509):
        spoiled = bytes(byte ^ 0xA5 for byte in content[offset : offset + 64])
        path.write_bytes(content[:offset] + spoiled + content[offset + 64 :])
        try:
            opened = Ledger.open(path).account("churn")
            opened.verify()
            assert opened.entries() == entries  # the bytes were of no page in use
        except (LedgerError, ProjectNotFoundError):
            found += 1
    assert found >= 10  # many blocks are free space
    path.write_bytes(content)
    assert account.verify().entries == 2


def test_every_flipped_byte_of_an_answer_is_found_by_verify_l7(account, path):
    release(account, "second", 0.25, answer="MARK" * 10)
    content = path.read_bytes()
    place = content.rindex(b"MARK" * 10)
    for index in range(0, 40, 7):
        path.write_bytes(content[: place + index] + b"!" + content[place + index + 1 :])
        with pytest.raises(LedgerTamperedError, match=r"entry 2") as caught:
            account.verify()
        assert caught.value.entry == 2
    path.write_bytes(content)
    assert account.verify().entries == 2


@pytest.mark.parametrize("left", [0, 10, 100, 4096, 0.5])
def test_a_truncated_file_is_refused_and_stays_as_it_is_l9(account, path, left):
    size = path.stat().st_size
    keep = int(left if left > 1 or left == 0 else left * size)
    os.truncate(path, keep)
    with pytest.raises(LedgerError) as caught:
        Ledger.open(path)
    assert isinstance(caught.value, LedgerDamagedError)
    with pytest.raises(LedgerError):
        account.reserve("second", {}, eps(0.25))
    assert path.stat().st_size == keep


@pytest.mark.parametrize("content", [b"hello, world\n" * 500, b"", b"\0" * 8192], ids=["text", "empty", "zeros"])
def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is_l9(path, content):
    path.write_bytes(content)
    with pytest.raises(LedgerDamagedError, match="does not begin an empty one"):
        Ledger.open(path)
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused_l9(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a)")
    with pytest.raises(LedgerDamagedError, match="another program"):
        Ledger.open(path)


def test_a_missing_table_is_damage_l9(account, path):
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE privkit_record")
    forbid_draws(account, LedgerDamagedError)


def test_a_locked_ledger_is_told_after_the_wait_l9(account, path):
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        start = time.monotonic()
        assert "locked by another process" in forbid_draws(account, LedgerBusyError)
        assert time.monotonic() - start < TIMEOUT / 2  # and not as long as by default
        connection.execute("ROLLBACK")
    assert unchanged(account)
    assert release(account, "second", 0.25).seq == 2


def test_a_short_lock_is_waited_for(path):
    account = Ledger.open(path, timeout=10).begin("churn", terms(3))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    threading.Timer(0.3, lambda: connection.execute("ROLLBACK")).start()
    assert release(account, "k").state == "committed"
    connection.close()


def test_a_newer_format_is_refused_while_open_and_at_opening(account, path):
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")
    assert "Update privkit" in forbid_draws(account, LedgerVersionError)
    with pytest.raises(LedgerVersionError, match=f"format {VERSION + 1}"):
        Ledger.open(path)


def test_a_ledger_deleted_under_an_open_account_is_not_made_again_l9(account, path):
    path.unlink()
    with pytest.raises(LedgerMissingError):
        account.reserve("second", {}, eps(0.25))
    assert not path.exists()


def test_a_replaced_ledger_is_noticed_under_an_open_account_l9(account, path, tmp_path):
    Ledger.open(tmp_path / "fresh.db").begin("churn", terms(3))
    shutil.copy(tmp_path / "fresh.db", path)
    forbid_draws(account, LedgerDamagedError)


def test_no_ledger_and_none_to_be_made(tmp_path):
    with pytest.raises(LedgerMissingError):
        Ledger.open(tmp_path / "ledger.db", create=False)
    with pytest.raises(LedgerMissingError):
        Ledger.open(tmp_path / "nowhere" / "ledger.db")
    assert list(tmp_path.iterdir()) == []


def test_a_journal_mode_that_loses_commits_is_undone_l10(account, path):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    release(account, "second", 0.25)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    with account._book.store.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 3  # EXTRA


@pytest.mark.parametrize(
    "store",
    [
        "sqlite://",
        "sqlite:///:memory:",
        ":memory:",
        "sqlite:///file:x?mode=memory&uri=true",
        "mysql://a/b",
        "://",
        "",
        7,
    ],
)
def test_places_that_cannot_hold_a_ledger_are_refused(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LedgerPlaceError):
        Ledger.open(store)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_ledger(tmp_path):
    with pytest.raises(LedgerPlaceError, match="it is a folder"):
        Ledger.open(tmp_path)


def test_the_default_place_is_ignored_by_git(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ledger = Ledger.open()
    assert ledger.store == str(tmp_path / ".privkit" / "ledger.db")
    assert (tmp_path / ".privkit" / ".gitignore").read_text() == "*\n"
    assert (tmp_path / ".privkit" / "ledger.db").stat().st_mode & 0o77 == 0


@pytest.mark.parametrize("name", ["a b.db", "ä'\"%20?#&.db", "x;--.db", "line\nbreak.db", "ledger"])
def test_hostile_file_names_are_only_names(tmp_path, name):
    account = Ledger.open(tmp_path / name).begin("churn", terms())
    release(account, "k")
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_forked_child_spends_for_itself_and_cannot_end_its_parents_reservation(account):
    held = account.reserve("k", {}, eps(0.25))

    def child():
        try:
            account.commit(held, "1")
        except ReservationError:
            return 0 if release(account, "child", 0.25).seq == 3 else 2
        return 1

    assert in_fork(child) == 0
    assert account.commit(held, "2").answer == "2"
    assert account.verify().charged == eps(1)


def test_triggers_refuse_updates_and_deletes_l7(account, path):
    with sqlite3.connect(path) as connection:
        for table in ("privkit_ledger", "privkit_project", "privkit_record"):
            for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET rowid = 9"):
                with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                    connection.execute(statement)
    assert unchanged(account)


def test_no_error_of_the_driver_shows_answers_l14(account, path, monkeypatch):
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE privkit_record RENAME COLUMN answer TO reply")
    held_error = None
    try:
        account.reserve("q", {"ask": "CANARY-7f3a"}, eps(0.25))
    except LedgerError as error:
        held_error = error
    assert isinstance(held_error, LedgerDamagedError)
    assert "CANARY" not in f"{held_error!r} {held_error} {held_error.__cause__!r}"


@pytest.mark.parametrize(
    ("words", "full"),
    [
        ("FATAL:  sorry, too many clients already", True),
        ("FATAL:  remaining connection slots are reserved for non-replication superuser connections", True),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", True),
        ('FATAL:  too many connections for role "ada"', True),
        ('FATAL:  too many connections for database "class"', True),
        ("FATAL:  no more connections allowed (max_client_conn)", True),
        ('FATAL:  password authentication failed for user "ada"', False),
        ("FATAL:  the database system is starting up", False),
        ("connection refused", False),
    ],
)
def test_a_server_that_is_full_is_known_by_its_words_and_waited_for(words, full):
    """As PostgreSQL 15 and 16 and PgBouncer say it: the driver has no other sign of a connection that failed."""
    assert taken(Exception(f"connection failed: connection to server at ... failed: {words}")) == full
