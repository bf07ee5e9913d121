"""Which ledger this is: its own id and database, not an address of it; backups are only looked at."""

from __future__ import annotations

import json
import shutil
import uuid
from urllib.parse import urlsplit

import psycopg
import pytest
from budget_terms import eps, release, terms

from privkit.budget.doctor import diagnose
from privkit.budget.ledger import Ledger
from privkit.cli import main
from privkit.errors.ledger import LedgerError, LedgerMovedError, LedgerReadOnlyError

pytestmark = pytest.mark.usefixtures("watched")


def direct(url):
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


@pytest.fixture
def others(postgres_url):
    """The same database by other addresses."""
    parts = urlsplit(postgres_url)
    name = f"test_{uuid.uuid4().hex[:12]}"
    schema = postgres_url.rsplit("%3D", 1)[1]
    with direct(postgres_url) as connection:
        connection.execute(f'CREATE ROLE "{name}" LOGIN SUPERUSER')
        assert schema
        yield [
            postgres_url.replace("127.0.0.1", "localhost"),
            postgres_url.replace(":5432", ""),
            postgres_url + "&sslmode=prefer",
            postgres_url.replace("postgresql+psycopg", "postgres"),
            parts._replace(netloc=f"{name}@{parts.hostname}:{parts.port}").geturl(),
        ]
        connection.execute(f'DROP ROLE "{name}"')


@pytest.mark.postgres
def test_the_same_database_by_another_address_is_the_same(postgres_url, others):
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    release(account, "first", 0.5)
    for number, address in enumerate(others):
        same = Ledger.open(address).account("churn")
        assert release(same, f"k{number}", 0.1).seq == number + 2
        Ledger.open(address).begin("churn", terms(3))
    assert account.verify().entries == 1 + len(others)


@pytest.mark.postgres
def test_a_copy_of_a_database_is_told_apart_on_the_same_server_l11(postgres_url, postgres_server, privkit_state):
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    release(account, "first", 0.5)
    name, schema = f"privkit_{uuid.uuid4().hex[:12]}", postgres_url.rsplit("%3D", 1)[1]
    copy = f"{postgres_server.rsplit('/', 1)[0]}/{name}?options=-csearch_path%3D{schema}"
    with direct(postgres_server) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            with direct(postgres_url) as source, direct(copy) as target:
                Ledger.open(copy.replace(schema, "public"))  # its tables, and then the rows of the other
                for table in ("privkit_ledger", "privkit_project", "privkit_record"):
                    target.execute(f"DROP TRIGGER {table}_guard ON public.{table}")
                    target.execute(f"DELETE FROM public.{table}")
                    rows = source.execute(f"SELECT * FROM {schema}.{table}").fetchall()
                    for row in rows:
                        marks = ", ".join(["%s"] * len(row))
                        target.execute(f"INSERT INTO public.{table} VALUES ({marks})", row)
            public = copy.replace(schema, "public")
            with pytest.raises(LedgerMovedError, match="A copy would let the same budget be spent twice"):
                Ledger.open(public).account("churn")
            looked = Ledger.open(public, read_only=True).account("churn")
            assert (looked.spent, looked.verify().entries) == (eps(0.5), 1)
            assert "is a copy" in looked.note
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_an_anchor_of_an_earlier_version_knows_the_address_alone(store, privkit_state):
    account = Ledger.open(store).begin("churn", terms(3))
    release(account, "first", 0.5)
    file = privkit_state / "anchors" / f"{account.uid}.json"
    stored = json.loads(file.read_text())
    earlier = {name: value for name, value in stored.items() if name not in ("ledger", "home")}
    if "://" in store:
        earlier["store"] = store + "&sslpassword=s3cr3tPW"  # as earlier versions wrote it
    file.write_text(json.dumps(earlier))
    assert release(Ledger.open(store).account("churn"), "second", 0.5).seq == 2
    assert "s3cr3tPW" not in file.read_text()
    assert json.loads(file.read_text())["ledger"] == stored["ledger"]
    file.write_text(json.dumps({**earlier, "store": "postgresql://elsewhere/x?password=s3cr3tPW"}))
    with pytest.raises(LedgerMovedError, match="postgresql://elsewhere/x") as caught:
        Ledger.open(store).account("churn")
    assert "s3cr3tPW" not in str(caught.value)


@pytest.fixture
def backup(tmp_path):
    """A live ledger, and a backup that is one entry behind."""
    live, copy = tmp_path / "live" / "ledger.db", tmp_path / "backup.db"
    live.parent.mkdir()
    account = Ledger.open(live).begin("café", terms(3))
    release(account, "first", 0.5)
    shutil.copy(live, copy)
    release(account, "second", 1)
    return live, copy


def test_a_backup_is_listed_shown_and_verified_and_stays_a_backup(backup, capsys, privkit_state):
    live, copy = backup
    anchors = {file.name: file.read_text() for file in (privkit_state / "anchors").iterdir()}
    before = copy.read_bytes()
    for action in (["list"], ["show", "café"], ["verify"], ["export", "café"], ["list", "--json"]):
        assert main(["ledger", *action, "--store", str(copy)]) == 0, action
        told = capsys.readouterr()
        assert f"is a copy: this machine knows project 'café' at {live}, where it reached record 3" in told.err
        assert "0.5" in told.out
    assert main(["ledger", "doctor", "--store", str(copy)]) == 0
    assert "is a copy" in capsys.readouterr().out
    assert diagnose(copy).healthy
    assert copy.read_bytes() == before
    assert {file.name: file.read_text() for file in (privkit_state / "anchors").iterdir()} == anchors
    assert release(Ledger.open(live).account("café"), "third", 1).seq == 3  # and the live one is as live as before


def test_a_backup_still_charges_nothing_without_being_adopted(backup):
    _, copy = backup
    looked = Ledger.open(copy, read_only=True).account("café")
    with pytest.raises(LedgerReadOnlyError):
        looked.reserve("k", {}, eps(0.1))
    with pytest.raises(LedgerMovedError) as caught:
        Ledger.open(copy).account("café")
    assert f"privkit ledger list --store {str(copy)!r}" in str(caught.value)
    assert f"store={str(copy)!r}, adopt=True" in str(caught.value)


def test_an_older_copy_in_the_place_of_the_live_one_is_listed_and_does_not_verify(backup, capsys):
    live, copy = backup
    shutil.copy(copy, live)
    assert main(["ledger", "list", "--store", str(live)]) == 0
    assert "is not as far on as" in capsys.readouterr().err
    assert main(["ledger", "show", "café", "--store", str(live)]) == 0
    assert main(["ledger", "verify", "--store", str(live)]) != 0
    assert main(["ledger", "doctor", "--store", str(live)]) == 3
    with pytest.raises(LedgerError, match="older than this machine remembers"):
        Ledger.open(live).account("café")
