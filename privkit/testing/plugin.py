"""A pytest plugin: every test gets a ledger, a state folder and a current project of its own.

Use it in your own tests with ``-p privkit.testing.plugin``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def privkit_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep keys and anchors out of the user's state folder, and forget the current project afterwards."""
    folder = tmp_path_factory.mktemp("privkit-state")
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(folder))
    monkeypatch.delenv("PRIVKIT_KEY", raising=False)
    yield folder
    if (module := sys.modules.get("privkit.project.project")) is not None:
        module.forget()


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    """Return where a test's ledger may lie."""
    return tmp_path / "ledger.db"


@pytest.fixture(autouse=True)
def _doctest_ledger(doctest_namespace: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> None:
    doctest_namespace["ledger_path"] = tmp_path_factory.mktemp("doctest") / "ledger.db"
