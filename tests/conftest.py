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

#: How much runs. Where nothing is said: the fast suite, for people. `landing`, as in CI: also what needs a real part,
#: or builds a whole site. `all`: every case and every example as well (``make slow``).
CASES = os.environ.get("PRIVKIT_TESTS") or ("landing" if os.environ.get("CI") == "true" else "fast")
#: A test that is marked or named after one of these needs a server or a browser.
REAL_PARTS = ("browser", "postgres", "spark")
#: Of the cases that ``sample(share)`` draws, the fast suite runs this part.
HALF = 0.5
#: Of the examples that a test has Hypothesis try, the suite tries a quarter: so many at least, so many at most.
LEAST, MOST = 8, {"fast": 12, "landing": 25}


def pytest_configure(config):
    """Remember, for the workers too, whether the whole suite was asked for: a file that is named runs whole."""
    if not hasattr(config, "workerinput"):
        os.environ["PRIVKIT_SUITE"] = str(config.args_source == config.ArgsSource.TESTPATHS)


def pytest_collection_modifyitems(config, items):
    """Leave out what this run is not for, and what a test's ``sample(share)`` does not draw of its cases.

    A case is drawn by its name, the same in each run, so tests over one list of cases draw different ones; with
    ``sample(share, alike=True)`` the tests of a file draw the same ones, where to make a case is what takes long. Of
    each test one case is left at least, and a case that is named alone runs.
    """
    if CASES == "all":
        return
    left = _left_out(items)
    if CASES == "fast" and os.environ.get("PRIVKIT_SUITE") == "True":
        left |= {item for item in items if _for_landing(item)}
    if left:
        config.hook.pytest_deselected(items=[item for item in items if item in left])
        items[:] = [item for item in items if item not in left]
    for test in {getattr(item.obj, "__func__", item.obj) for item in items if hasattr(item, "obj")}:
        if asked := getattr(test, "_hypothesis_internal_use_settings", None):
            # Searches inside a test, as those that show its power, stay whole.
            fewer = min(asked.max_examples, max(LEAST, min(MOST[CASES], asked.max_examples // 4)))
            test._hypothesis_internal_use_settings = settings(asked, max_examples=fewer)


def _for_landing(item) -> bool:
    return any(item.get_closest_marker(name) for name in ("landing", *REAL_PARTS)) or any(
        part in item.nodeid.lower() for part in REAL_PARTS
    )


def _left_out(items) -> set:
    tests: dict[tuple, list] = {}
    for item in items:
        if hasattr(item, "callspec") and item.get_closest_marker("sample"):
            tests.setdefault((item.path, item.cls, item.originalname), []).append(item)
    left = set()
    for cases in tests.values():
        marker = cases[0].get_closest_marker("sample")
        named = sorted(cases, key=lambda item: _draw(item, alike=marker.kwargs.get("alike", False)))
        share = marker.args[0] * (HALF if CASES == "fast" else 1)
        left.update(named[ceil(share * len(cases)) :])
    return left


def _draw(item, *, alike: bool) -> bytes:
    return sha256(f"{item.path.stem}::{item.callspec.id if alike else item.name}".encode()).digest()
