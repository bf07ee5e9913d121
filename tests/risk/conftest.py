from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

HERE = Path(__file__).parent
DATA = HERE.parents[0] / "data"


@pytest.fixture(scope="session")
def expected() -> dict:
    return json.loads((DATA / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def adult() -> pd.DataFrame:
    return pd.read_csv(DATA / "adult" / "adult.csv.gz")


@pytest.fixture(scope="session")
def telco() -> pd.DataFrame:
    return pd.read_csv(DATA / "telco.csv.gz")


@pytest.fixture(scope="session")
def shop() -> pd.DataFrame:
    return pd.read_csv(HERE / "data" / "shop_released.csv.gz", dtype=str)


@pytest.fixture(scope="session")
def register() -> pd.DataFrame:
    return pd.read_csv(HERE / "data" / "shop_register.csv.gz", dtype=str)


@pytest.fixture(scope="session")
def truth() -> pd.DataFrame:
    return pd.read_csv(HERE / "data" / "shop_truth.csv.gz", dtype=str)


@pytest.fixture(scope="session")
def oracle() -> Path:
    """The folder with ARX's answers, which is no part of the project."""
    place = Path(os.environ.get("PRIVKIT_ORACLE", HERE.parents[2] / "shared" / "oracle"))
    if not (place / "arx.json").exists():
        pytest.skip("ARX's answers are not here: set PRIVKIT_ORACLE to their folder")
    return place


@pytest.fixture(scope="session")
def arx(oracle: Path) -> dict:
    return json.loads((oracle / "arx.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def arx_adult(oracle: Path) -> pd.DataFrame:
    return pd.read_csv(oracle / "adult.csv.gz", sep=";")
