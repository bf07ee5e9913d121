"""The budget panel's kernel time with a thousand entries: first drawn, and updated after one more.

Aim: below 150 ms and below 50 ms. Medians; in a process of its own, so that the first drawing is a first one.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import privkit as pk
from privkit.values.loss import PrivacyLoss

QUESTION = {
    "statistic": "count",
    "by": ["zip"],
    "keys": [["8004"]] * 20,
    "mechanism": "discrete Laplace",
    "scale": "10",
}


def charged(project, times: int) -> None:
    """Charge a small release so many times."""
    for _ in range(times):
        reservation = project.account.reserve(None, QUESTION, PrivacyLoss.of(epsilon=0.0005))
        project.account.commit(reservation, "[1]")


def milliseconds(task) -> float:
    start = time.perf_counter()
    task()
    return (time.perf_counter() - start) * 1000


def main(entries: int = 1000) -> None:
    shared = "/dev/shm" if Path("/dev/shm").is_dir() else None  # writing the entries is not what is measured
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        os.environ["PRIVKIT_STATE_DIR"] = folder
        project = pk.open_project("bench", epsilon=1, unit=pk.ROW, store=Path(folder) / "ledger.db")
        charged(project, entries)
        imported = milliseconds(lambda: __import__("privkit.view.panels.project"))
        shown = []
        first = milliseconds(lambda: shown.append(project.panel()))
        bundle = milliseconds(shown[0]._repr_mimebundle_)
        updates = []
        for _ in range(15):
            charged(project, 1)  # the panel hears of it too: measured apart
            updates.append(milliseconds(shown[0].refresh))
        fresh = []
        for _ in range(7):
            shown[0].close()
            fresh.append(milliseconds(project.panel))
            shown[0] = project.panel()
        unchanged = median(milliseconds(shown[0].look) for _ in range(15))
        print(f"{entries:,} entries, HTML of {len(shown[0].still()):,} characters")
        print(f"  {'imports (ipywidgets and views), once':<46} {imported:8.1f} ms")
        print(f"  {'first drawn':<46} {first:8.1f} ms   aim 150")
        print(f"  {'drawn anew, median of 7':<46} {median(fresh):8.1f} ms   aim 150")
        print(f"  {'mimebundle with its still picture':<46} {bundle:8.1f} ms")
        print(f"  {'updated after a charge, median of 15':<46} {median(updates):8.1f} ms   aim 50")
        print(f"  {'looked at, unchanged':<46} {unchanged:8.1f} ms")


if __name__ == "__main__":
    main(*(int(count) for count in sys.argv[1:2]))
