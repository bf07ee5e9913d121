"""The tests of this folder share the modules that lie beside them: `door_*` and `poison`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
