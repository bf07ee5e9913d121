"""The tests of these folders share `dp_asking` and the other modules that lie beside this file."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "attacked")]  # the second for the list of functions that are attacked
