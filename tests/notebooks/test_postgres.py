"""What the notebook on budgets says of PostgreSQL: with `store=` alone changed, it shows the same."""

from __future__ import annotations

import os
import uuid

import nbformat
import pytest

from .conftest import NOTEBOOKS

psycopg = pytest.importorskip("psycopg")

pytestmark = pytest.mark.postgres
SERVER = os.environ.get("PRIVKIT_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


@pytest.fixture
def store():
    """A database owned by one role for the group, as the notebook asks for; dropped afterwards."""
    name = f"privkit_{uuid.uuid4().hex[:12]}"
    try:
        admin = psycopg.connect(SERVER.replace("+psycopg", ""), autocommit=True, connect_timeout=3)
    except psycopg.Error as error:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing(f"no PostgreSQL (set PRIVKIT_TEST_POSTGRES): {type(error).__name__}")
    with admin:
        admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
        admin.execute(f"CREATE DATABASE {name} OWNER {name}")
        try:
            host = SERVER.rpartition("@")[2].partition("/")[0]
            yield f"postgresql+psycopg://{name}:{name}@{host}/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            admin.execute(f"DROP ROLE {name}")


def test_the_budget_notebook_shows_the_same_on_postgresql(fresh_place, store):
    committed = next(path for path in NOTEBOOKS if path.stem == "05_budget")
    notebook = nbformat.read(committed, 4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = cell.source.replace('project("wages"', f'project("wages", store="{store}"')
            cell.source = cell.source.replace("ledger verify wages", f"ledger verify wages --store {store}")
    nbformat.write(notebook, fresh_place.work / committed.name)
    fresh_place.env["PRIVKIT_KEY"] = "a key that all members share"
    done = fresh_place.nbval(committed.name, "--nbval-lax")  # compares what carries no noise with the committed outputs
    assert done.returncode == 0, done.stdout[-5000:]
    assert not (fresh_place.work / ".privkit").exists()
