"""The long poison search: some ten thousand pairs of neighbors, every engine and type of column by turns.

Run as ``python -m pytest -s tests/slow/poison_search.py``; it prints its size and what it finds, by fault. The number
of pairs per engine and the seed can be given: ``PRIVKIT_POISON=5000 PRIVKIT_POISON_SEED=7``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "door" / "poisoned"))
import poison

PAIRS = int(os.environ.get("PRIVKIT_POISON", "1800"))
SEED = int(os.environ.get("PRIVKIT_POISON_SEED", "2026"))


@pytest.mark.parametrize("engine", poison.ENGINES)
def test_one_row_of_any_value_changes_nothing_that_can_be_seen(engine):
    outcomes, findings = poison.searched(SEED, PAIRS, [engine])
    faulty = len({finding.pair.number for finding in findings})
    print(f"\n{engine}: {PAIRS} pairs, {dict(outcomes)}; {faulty} pairs with findings")
    print(poison.by_fault(findings))
    assert not findings
