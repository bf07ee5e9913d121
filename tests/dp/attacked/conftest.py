"""What the adversarial tests share; `dp_attacked` lies beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import math

import pandas as pd
import pytest
from dp_attacked import CANARY

import privkit as pk


@pytest.fixture
def people():
    return pd.DataFrame(
        {"who": ["p", "p", "q", None], "k": ["a", "b", "a", CANARY], "g": [1, 2, 2, 3], "x": [1.0, 2.0, math.nan, 4e9]}
    )


@pytest.fixture
def project(ledger_path):
    return pk.open_project("rows", epsilon=50, unit=pk.ROW, store=ledger_path)
