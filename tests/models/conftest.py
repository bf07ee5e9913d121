"""The tests of this folder share the module beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest


@pytest.fixture
def people():
    from models_drawn import drawn

    return drawn()
