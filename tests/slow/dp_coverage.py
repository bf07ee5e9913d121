"""How often the 95 % intervals of every statistic hold the exact answer, in 2,000 releases each.

Run as ``python -m pytest -s tests/slow/dp_coverage.py``; it prints the table that ``docs/proofs.md`` shows. By proof
each holds at least 95 %. Seen must be at least 93.5 %: of 95 % fewer come by chance in one of about 700 such rows.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "dp"))

from dp_covered import CASES, SEEN

RELEASES = 2000


@pytest.mark.parametrize("name", CASES)
def test_every_number_holds_as_often_as_it_says(name):
    for number, hits in CASES[name].hits(RELEASES).items():
        print(f"{name:24} {number:12} {hits / RELEASES:.4f}")
        assert hits >= SEEN * RELEASES, (number, hits)
