"""Every public function on many hostile frames: ``python -m pytest tests/slow/hostile_many.py``.

About 10,000 calls; ``PRIVKIT_TEST_SEED=7`` draws others.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fuzz"))

import hostile_calls as hostile


@pytest.mark.parametrize("part", range(4))
def test_hostile_frames_get_an_answer_or_an_error_without_a_value(part, ledger_path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile.opened(ledger_path)
    calls, wrong = hostile.problems(1000 * int(os.environ.get("PRIVKIT_TEST_SEED", "1")) + part, rounds=25)
    print(f"\n{calls:,} calls")
    assert not wrong, "\n".join(wrong)
