"""What the tests of panels share; `panels_shown` lies beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import pandas as pd
import pytest
from panels_shown import HOSTILE

import privkit as pk


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(1)
    rows = 2000
    return pd.DataFrame(
        {
            "zip": rng.integers(8000, 8015, rows).astype(str),
            "age": rng.integers(18, 90, rows),
            HOSTILE: rng.choice(["f", "m"], rows),
        }
    )


@pytest.fixture
def project(ledger_path):
    return pk.open_project("values", epsilon=1, unit=pk.ROW, store=ledger_path)
