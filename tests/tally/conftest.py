"""The tests of these folders share `engines`, `lazies` and `cells_told`, which lie beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "each_engine")]  # the second for the frames of the engines' contract
