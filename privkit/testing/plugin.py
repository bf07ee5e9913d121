"""A pytest plugin: every test gets a ledger, a state folder and a current project of its own.

Use it in your own tests with ``-p privkit.testing.plugin``.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Folders are numbered here: pytest would list all that there are for each new one, which takes long after thousands.
_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def _privkit_folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("privkit")


@pytest.fixture(autouse=True)
def privkit_state(_privkit_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep keys and anchors out of the user's state folder, and forget the current project afterwards."""
    folder = _privkit_folders / f"state{next(_NUMBERS)}"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(folder))
    monkeypatch.delenv("PRIVKIT_KEY", raising=False)
    yield folder
    if (module := sys.modules.get("privkit.project.current")) is not None:
        module.forget()


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    """Return where a test's ledger may lie."""
    return tmp_path / "ledger.db"


@pytest.fixture(autouse=True)
def _doctest_ledger(doctest_namespace: dict[str, object], privkit_state: Path) -> None:
    doctest_namespace["ledger_path"] = privkit_state / "doctest.db"
