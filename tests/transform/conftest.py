"""The tests of these folders share `transform_brute` and `transform_people`, which lie beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[1] / "tally"))  # lazies.py

import pytest


@pytest.fixture(scope="module")
def people():
    from transform_people import drawn

    return drawn()
