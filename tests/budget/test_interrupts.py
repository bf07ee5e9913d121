"""An interrupt at any line leaves an entry committed, orphaned or not begun, no lock, and says what was spent (L3, L5)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

from interrupts import every_line, of_all, of_privkit


def test_an_interrupt_at_every_line_of_privkit_l3_l5(tmp_path, capsys):
    found, lines = every_line(tmp_path, of_privkit)
    assert min(found["not begun"], found["orphaned"], found["committed"]) > 0
    with capsys.disabled():
        print(f"\n{lines} lines of privkit: {dict(found)}", end=" ")
