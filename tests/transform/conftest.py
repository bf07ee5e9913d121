from __future__ import annotations

import sys
from pathlib import Path

# The brute force is a module beside the tests.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[1] / "tally"))  # lazies.py
