"""The long runs of the ledger: kills, crowds and random histories, with their counts.

Run ``python -m pytest tests/slow/ledger_kills.py -s``. PostgreSQL as for tests/budget.
"""

from __future__ import annotations

import sys
import tempfile
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine

sys.path.insert(0, str(Path(__file__).parents[1] / "budget"))

from budget_terms import eps, terms
from conftest import SERVER, postgres_database, postgres_server, postgres_url, store  # noqa: F401
from crashes import crowd, random_kills
from ledger_machine import LedgerMachine

from privkit.budget.ledger import Ledger


def test_two_hundred_random_kills_with_four_writers_break_no_promise(store, tmp_path):  # noqa: F811
    Ledger.open(store).begin("churn", terms(1000))
    found = random_kills(store, tmp_path, kills=200)
    print(f"\n200 kills, 4 writers: {found}")
    assert found.violations == ()
    assert found.orphans > 0


def test_eight_processes_of_fifty_spends_grant_exactly_the_limit(store, tmp_path):  # noqa: F811
    account = Ledger.open(store).begin("churn", terms(20))
    granted = crowd(store, tmp_path, processes=8, spends=50, limit=eps(20))
    print(f"\n8 x 50 spends of 0.1 against 20: {granted} granted, {400 - granted} refused, {account.remaining} left")
    assert (granted, account.remaining) == (200, eps(0))


class PostgresMachine(LedgerMachine):
    """The same histories on PostgreSQL, each in a schema of its own; its disk cannot be filled."""

    def place(self):
        self.folder = Path(tempfile.mkdtemp())
        name = f"machine_{uuid.uuid4().hex[:12]}"
        with create_engine(SERVER).begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        self.schema = name
        return f"{SERVER}?options=-csearch_path%3D{name}"

    def teardown(self):
        super().teardown()
        if hasattr(self, "schema"):
            with create_engine(SERVER).begin() as connection:
                connection.exec_driver_sql(f"DROP SCHEMA {self.schema} CASCADE")

    disk_full_at_commit = None
    disk_full_at_reserve = None


LONG = settings(max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
TestSqlite = LedgerMachine.TestCase
TestSqlite.settings = LONG


@pytest.mark.postgres
class TestPostgres(PostgresMachine.TestCase):
    settings = settings(LONG, max_examples=40)

    @pytest.fixture(autouse=True)
    def _server(self, postgres_server):  # noqa: F811
        pass
