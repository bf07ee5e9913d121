"""What all tests share."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from zlib import crc32

from hypothesis import settings

#: `chance`, which lies beside this file.
sys.path.insert(0, str(Path(__file__).parent))

# Machines differ and are busy: a slow example is no fault. Examples are printed as code that can be run.
settings.register_profile("privkit", deadline=None, print_blob=True)
settings.load_profile("privkit")

# Ledgers are written through to the disk, a score of times in a test: in memory that costs nothing. What a loss of
# power would leave is judged in tests/slow.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

#: Set to `all`, every case runs (``make slow``).
CASES = os.environ.get("PRIVKIT_TESTS", "")


def pytest_collection_modifyitems(config, items):
    """Leave out, in the fast suite, what a test's ``sample(share)`` does not draw of its cases: the same in each run.

    A case is drawn by its name, so tests over one list of cases draw different ones.
    """
    if CASES == "all":
        return
    kept = [item for item in items if _drawn(item)]
    drawn = set(kept)
    if left := [item for item in items if item not in drawn]:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def _drawn(item) -> bool:
    marker = item.get_closest_marker("sample")
    if marker is None or not hasattr(item, "callspec"):
        return True
    return crc32(f"{item.path.stem}::{item.name}".encode()) < marker.args[0] * 2**32
