"""Ledgers to test on: both stores, each test with a place of its own."""

from __future__ import annotations

import gc
import os
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

sys.path.append(str(Path(__file__).parent))  # for budget_terms

from budget_terms import terms

from privkit.budget.ledger import Ledger
from privkit.budget.store.place import Place

# A child must not collect what other libraries made before the fork: their threads are not there, and it may crash.
os.register_at_fork(after_in_child=gc.freeze)

SERVER = os.environ.get("PRIVKIT_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


def _connect(database: str = ""):
    parts = urlsplit(SERVER.replace("+psycopg", ""))
    address = parts._replace(path=f"/{database}" if database else parts.path)
    return psycopg.connect(address.geturl(), autocommit=True, connect_timeout=3)


@pytest.fixture(scope="session")
def postgres_server():
    """The address of a server; skips where there is none, and fails in CI."""
    try:
        _connect().close()
    except psycopg.Error as error:
        reason = f"no PostgreSQL at {urlsplit(SERVER).hostname} (set PRIVKIT_TEST_POSTGRES): {type(error).__name__}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return SERVER


@pytest.fixture(scope="session")
def postgres_database(postgres_server):
    """A database of the session's own, dropped afterwards."""
    name = f"privkit_{uuid.uuid4().hex[:12]}"
    with _connect() as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield postgres_server.rsplit("/", 1)[0] + f"/{name}"
    with _connect() as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url(postgres_database):
    """An empty schema of the test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with _connect(urlsplit(postgres_database).path[1:]) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
    return f"{postgres_database}?options=-csearch_path%3D{name}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request, tmp_path):
    """A place for a ledger, on each store."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    return request.getfixturevalue("postgres_url")


@pytest.fixture(autouse=True)
def _analyst(monkeypatch):
    monkeypatch.setenv("PRIVKIT_ANALYST", "ada")


@pytest.fixture
def watched(monkeypatch):
    """Let anchors watch ledgers in pytest's folders, which are temporary ones."""
    monkeypatch.setattr(Place, "temporary", False)


@pytest.fixture
def ledger(store):
    return Ledger.open(store)


@pytest.fixture
def account(ledger):
    return ledger.begin("churn", terms())
