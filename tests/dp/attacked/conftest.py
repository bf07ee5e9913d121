"""What the adversarial tests share beside `dp_attacked`."""

from __future__ import annotations

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
