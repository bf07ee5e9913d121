"""What the tests of this folder share: hostile frames, and the calls that are made on them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
