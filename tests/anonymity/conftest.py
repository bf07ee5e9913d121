from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

mpl.use("Agg")
DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def expected() -> dict:
    return json.loads((DATA / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def adult() -> pd.DataFrame:
    return pd.read_csv(DATA / "adult" / "adult.csv.gz")


@pytest.fixture(scope="session")
def adult_generalized(adult: pd.DataFrame) -> pd.DataFrame:
    """Adult with age at level 3 and education at level 2 of their hierarchies."""
    frame = adult.copy()
    for column, level in (("age", 3), ("education", 2)):
        hierarchy = pd.read_csv(DATA / "adult" / f"{column}.csv", sep=";", header=None, dtype=str).set_index(0)
        frame[column] = frame[column].astype(str).map(hierarchy[level])
    return frame


@pytest.fixture(scope="session")
def telco() -> pd.DataFrame:
    return pd.read_csv(DATA / "telco.csv.gz")


@pytest.fixture(scope="session")
def shop() -> pd.DataFrame:
    return pd.read_csv(DATA / "shop_released.csv.gz", dtype=str)


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")
