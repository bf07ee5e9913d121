"""What all tests share."""

from __future__ import annotations

import os
import shutil
import sys
from hashlib import sha256
from math import ceil
from pathlib import Path

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

#: Set to `all`, every case and every example runs (``make slow``).
CASES = os.environ.get("PRIVKIT_TESTS", "")
#: Of the examples that a test has Hypothesis try, the fast suite tries a quarter: so many at least, so many at most.
LEAST, MOST = 8, 25


def pytest_collection_modifyitems(config, items):
    """Leave out, in the fast suite, what a test's ``sample(share)`` does not draw of its cases: the same in each run.

    A case is drawn by its name, so tests over one list of cases draw different ones; with ``sample(share, alike=True)``
    the tests of a file draw the same ones, where to make a case is what takes long. Of each test one case is left at
    least, and a case that is named alone runs.
    """
    if CASES == "all":
        return
    if left := _left_out(items):
        config.hook.pytest_deselected(items=[item for item in items if item in left])
        items[:] = [item for item in items if item not in left]
    for test in {getattr(item.obj, "__func__", item.obj) for item in items if hasattr(item, "obj")}:
        if asked := getattr(test, "_hypothesis_internal_use_settings", None):
            # Searches inside a test, as those that show its power, stay whole.
            fewer = min(asked.max_examples, max(LEAST, min(MOST, asked.max_examples // 4)))
            test._hypothesis_internal_use_settings = settings(asked, max_examples=fewer)


def _left_out(items) -> set:
    tests: dict[tuple, list] = {}
    for item in items:
        if hasattr(item, "callspec") and item.get_closest_marker("sample"):
            tests.setdefault((item.path, item.cls, item.originalname), []).append(item)
    left = set()
    for cases in tests.values():
        marker = cases[0].get_closest_marker("sample")
        named = sorted(cases, key=lambda item: _draw(item, alike=marker.kwargs.get("alike", False)))
        left.update(named[ceil(marker.args[0] * len(cases)) :])
    return left


def _draw(item, *, alike: bool) -> bytes:
    return sha256(f"{item.path.stem}::{item.callspec.id if alike else item.name}".encode()).digest()
