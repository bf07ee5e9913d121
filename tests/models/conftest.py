"""The tests of this folder share the modules beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from models_made import MODELS

import privkit as pk


@pytest.fixture
def people():
    from models_drawn import drawn

    return drawn()


@pytest.fixture(params=MODELS)
def case(request, people):
    made, names, response = MODELS[request.param]
    frame, left = people
    y = left if response == "left" else None if response is None else frame[response]
    return made, frame[names], y


@pytest.fixture
def project(ledger_path):
    return pk.open_project("churn", epsilon=100, delta=1e-3, ceiling=50, unit=pk.ROW, store=ledger_path)
