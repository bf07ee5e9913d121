"""The tests of these folders share the modules beside this file: engines, lazy frames, and what cells and rows hold."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
# The second for the frames of the engines' contract, the third for cells of every kind, the last for an oracle.
sys.path[:0] = [str(HERE), str(HERE / "each_engine"), str(HERE / "cells"), str(HERE.parent / "values")]
