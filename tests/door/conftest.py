"""The tests of this folder share `door_allowed`, which lies beside them, and the modules of `poisoned`."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parent / "poisoned"))

#: A folder in memory, where the machine has one: durable writes are not what these tests look at.
_IN_MEMORY = "/dev/shm"


@pytest.fixture
def ledger_path(privkit_state, monkeypatch):
    """Return where a test's ledger may lie."""
    with tempfile.TemporaryDirectory(dir=_IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None) as folder:
        monkeypatch.setenv("PRIVKIT_STATE_DIR", f"{folder}/state")
        yield Path(folder) / "ledger.db"
