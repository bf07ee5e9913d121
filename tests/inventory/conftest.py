from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shop() -> pd.DataFrame:
    return pd.read_csv(TESTS / "risk" / "data" / "shop_released.csv.gz", dtype=str)


@pytest.fixture(scope="session")
def adult() -> pd.DataFrame:
    return pd.read_csv(TESTS / "data" / "adult" / "adult.csv.gz")


@pytest.fixture(scope="session")
def telco() -> pd.DataFrame:
    return pd.read_csv(TESTS / "data" / "telco.csv.gz")


@pytest.fixture(scope="session")
def register() -> pd.DataFrame:
    return pd.read_csv(TESTS / "risk" / "data" / "shop_register.csv.gz", dtype=str)
