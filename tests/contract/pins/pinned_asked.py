"""What is asked in these tests: a table of people with several rows each, and a call of every kind of question."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

import privkit as pk

ZIPS = ["8001", "8002", "8003", "8004"]
PLANS = ["basic", "plus", "pro"]
#: What each project is begun with, and a budget that leaves something of all the questions below.
TERMS: dict[str, dict[str, Any]] = {
    "rows": {"epsilon": 250, "unit": pk.ROW},
    "persons": {"epsilon": 120, "delta": 0.01, "unit": "who", "max_rows": 3},
    "concentrated": {"rho": 60, "ceiling": 5, "unit": pk.ROW},
    "months": {"epsilon": 60, "unit": "who", "per": "month", "time": "day", "max_rows": 2},
}
#: What each answer costs in the landed ledger, in the project's measure: noise that shows, and groups that show up.
PRICE = 4
#: At this price there is no noise to speak of: sums, whose steps are the finer the less noise there is, move by 0.01.
NOISELESS = 10**9
#: A budget for many of these.
ENDLESS = 100 * NOISELESS


@lru_cache
def people() -> pd.DataFrame:
    """Return 240 rows of 21 people; the first of them have many rows, some cells are missing."""
    rows = range(240)
    return pd.DataFrame(
        {
            "who": pd.array([f"p{(row * row) % 41:02d}" for row in rows], dtype="string"),
            "zip": pd.array([ZIPS[(row * 7 + row // 5) % 4] for row in rows], dtype="string"),
            "plan": pd.array(
                [None if row % 29 == 0 else PLANS[(row * row + row // 3) % 3] for row in rows], dtype="string"
            ),
            "age": pd.array([None if row % 31 == 0 else 18 + (row * 13) % 60 for row in rows], dtype="Int64"),
            "spend": pd.array([None if row % 37 == 0 else (row * 17 % 400) / 4 for row in rows], dtype="Float64"),
            "left": pd.array([row % 5 == 0 for row in rows], dtype="boolean"),
            "day": pd.to_datetime([f"2026-{1 + row % 6:02d}-{1 + row % 28:02d}" for row in rows]).astype(
                "datetime64[s]"
            ),
        }
    )


#: Project, name of the question → function, and its arguments but for the frame, the price and the project.
Asked = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
BY_ZIP: dict[str, Any] = {"by": "zip", "keys": ZIPS}
AGES = list(range(18, 81, 2))
#: So few that no two of them are equally near to a quantile of these people.
TENS = [20, 30, 40, 50, 60, 70]
OF_AGES: dict[str, Any] = {"candidates": AGES}
BANDS = {"band": pk.cut("age", [18, 30, 50, 80])}
THREE = {
    "customers": "count",
    "spent": ("mean", "spend", (0, 100)),
    "middle": ("quantile", "age", 0.5, (18, 80)),
}
DECILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def asked() -> dict[str, dict[str, Asked]]:
    """Return every question of these tests, by project and name."""
    return {"rows": _of_rows(), "persons": _of_persons(), "concentrated": _concentrated(), "months": _of_months()}


def _of_rows() -> dict[str, Asked]:
    public = pk.public_values(pd.Series(ZIPS), reason="the list of the post office")
    return {
        "count": (pk.dp_count, (), {}),
        "count_by": (pk.dp_count, (), BY_ZIP),
        "count_by_public_values": (pk.dp_count, ("zip",), {"keys": public}),
        "count_by_two": (pk.dp_count, (["zip", "left"],), {"keys": {"zip": ZIPS, "left": [True, False]}}),
        "count_where": (pk.dp_count, (), {"where": "age >= 40 and plan == 'basic'"}),
        "count_where_isin": (pk.dp_count, (), {"where": pk.isin("plan", ["basic", "pro"])}),
        "count_by_cut": (pk.dp_count, ("band",), {"derive": BANDS}),
        "count_by_month": (pk.dp_count, ("m",), {"derive": {"m": pk.month("day")}, "keys": [1, 2, 3]}),
        "count_by_prefix": (pk.dp_count, ("area",), {"derive": {"area": pk.prefix("zip", 3)}, "keys": ["800"]}),
        "count_with_missing": (pk.dp_count, ("plan",), {"keys": [*PLANS, "?"], "missing": {"plan": "?"}}),
        "value_counts": (pk.dp_value_counts, ("plan",), {"keys": PLANS}),
        "crosstab": (pk.dp_crosstab, ("zip", "plan"), {"keys": {"zip": ZIPS, "plan": PLANS}}),
        "histogram": (pk.dp_histogram, ("age",), {"bins": [18, 30, 50, 80]}),
        "histogram_by": (pk.dp_histogram, ("age",), {"bins": [18, 40, 80], **BY_ZIP}),
        "nunique": (pk.dp_nunique, ("plan",), {}),
        "nunique_by": (pk.dp_nunique, ("plan",), BY_ZIP),
        "sum": (pk.dp_sum, ("spend",), {"bounds": (0, 100)}),
        "sum_by": (pk.dp_sum, ("spend",), {"bounds": (0, 100), "missing": 0, **BY_ZIP}),
        "mean": (pk.dp_mean, ("age",), {"bounds": (18, 80)}),
        "mean_by": (pk.dp_mean, ("spend",), {"bounds": (0, 100), **BY_ZIP}),
        "var": (pk.dp_var, ("spend",), {"bounds": (0, 100)}),
        "std_by": (pk.dp_std, ("age",), {"bounds": (18, 80), **BY_ZIP}),
        "quantile": (pk.dp_quantile, ("age", 0.25), {"bounds": (18, 80)}),
        "quantile_candidates": (pk.dp_quantile, ("spend", 0.9), {"candidates": [0, 10, 20, 50, 100]}),
        "quantiles": (pk.dp_quantile, ("age", DECILES), OF_AGES),
        "quantiles_few_by": (pk.dp_quantile, ("age", [0.25, 0.75]), {**OF_AGES, **BY_ZIP}),
        "median_by": (pk.dp_median, ("age",), {**OF_AGES, **BY_ZIP}),
        "quantile_untied_by": (pk.dp_quantile, ("age", 0.4), {"candidates": TENS, **BY_ZIP}),
        "bounds": (pk.dp_bounds, ("spend",), {}),
        "top_k": (pk.dp_top_k, ("plan", 2), {"keys": PLANS}),
        "query": (pk.dp_query, (THREE,), {}),
        "query_by": (pk.dp_query, (THREE,), {"weights": {"customers": 1, "spent": 2, "middle": 2}, **BY_ZIP}),
        "describe": (pk.dp_describe, ("age",), {"bounds": (18, 80)}),
    }


def _of_persons() -> dict[str, Asked]:
    shared = {"max_groups": 2, "per_group": 2}
    return {
        "count": (pk.dp_count, (), {}),
        "count_by": (pk.dp_count, (), {**BY_ZIP, "max_rows": 2}),
        "count_by_groups": (pk.dp_count, (), {**BY_ZIP, **shared}),
        "count_persons": (pk.dp_count, (), {"of": "persons"}),
        "count_persons_by": (pk.dp_count, (), {"of": "persons", "max_groups": 2, **BY_ZIP}),
        "count_open": (pk.dp_count, ("zip",), {"delta": 0.0001, **shared}),
        "histogram": (pk.dp_histogram, ("age",), {"bins": [18, 30, 50, 80]}),
        "nunique": (pk.dp_nunique, ("plan",), {}),
        "nunique_open": (pk.dp_nunique, ("plan", "zip"), {"delta": 0.0001, **shared}),
        "sum": (pk.dp_sum, ("spend",), {"bounds": (0, 100)}),
        "sum_by": (pk.dp_sum, ("spend",), {"bounds": (0, 100), **BY_ZIP, **shared}),
        "sum_of_persons": (pk.dp_sum, ("spend",), {"person_bounds": (0, 300)}),
        "mean": (pk.dp_mean, ("spend",), {"bounds": (0, 100)}),
        "mean_of_persons_by": (pk.dp_mean, ("spend",), {"person_bounds": (0, 300), "max_groups": 2, **BY_ZIP}),
        "mean_open": (pk.dp_mean, ("spend", "zip"), {"bounds": (0, 100), "delta": 0.0001, "keys_share": 0.5, **shared}),
        "quantile": (pk.dp_quantile, ("age", 0.5), {"bounds": (18, 80)}),
        "quantiles": (pk.dp_quantile, ("age", DECILES), OF_AGES),
        "quantile_untied_by": (pk.dp_quantile, ("age", 0.4), {"candidates": TENS, **BY_ZIP, **shared}),
        "top_k": (pk.dp_top_k, ("plan", 2), {"keys": PLANS}),
        "query_by": (pk.dp_query, (THREE,), {**BY_ZIP, **shared}),
        "describe": (pk.dp_describe, ("age",), {"bounds": (18, 80)}),
    }


def _concentrated() -> dict[str, Asked]:
    return {
        "count_by": (pk.dp_count, (), BY_ZIP),
        "count_laplace": (pk.dp_count, (), {"mechanism": "laplace"}),
        "mean": (pk.dp_mean, ("spend",), {"bounds": (0, 100)}),
        "std": (pk.dp_std, ("spend",), {"bounds": (0, 100)}),
        "quantiles": (pk.dp_quantile, ("age", DECILES), OF_AGES),
        "top_k": (pk.dp_top_k, ("plan", 2), {"keys": PLANS}),
        "query_by": (pk.dp_query, (THREE,), BY_ZIP),
    }


def _of_months() -> dict[str, Asked]:
    return {
        "count_by": (pk.dp_count, (), BY_ZIP),
        "count_persons": (pk.dp_count, (), {"of": "persons"}),
        "sum": (pk.dp_sum, ("spend",), {"bounds": (0, 100)}),
        "median": (pk.dp_median, ("age",), OF_AGES),
    }


def begun(kind: str, store: Path, *, endless: bool = False) -> pk.Project:
    """Begin the project of one kind of question, in a ledger."""
    terms = TERMS[kind]
    if endless:
        terms = {**terms, "ceiling": ENDLESS, "rho" if "rho" in terms else "epsilon": ENDLESS}
    return pk.open_project(kind, store=store, **terms)


def answered(question: Asked, project: pk.Project, price: float, frame: pd.DataFrame, **more: Any) -> pk.Release:
    """Ask a question at a price in the project's measure."""
    function, arguments, options = question
    measure = "rho" if project.name == "concentrated" else "epsilon"
    return function(frame, *arguments, **options, **more, **{measure: price}, project=project)


def numbers_of(release: pk.Release, *, intervals: bool = True) -> dict[str, list[Any]]:
    """Return all that a release tells: keys, estimates and their intervals; floats to 12 digits."""
    frame = release.to_frame()
    if not intervals:
        frame = frame[[name for name in frame if not name.endswith(("lower", "upper"))]]
    keys = [list(key) if isinstance(key, tuple) else key for key in frame.index.tolist()]
    told = {column: [_rounded(cell) for cell in frame[column].tolist()] for column in frame}
    return {"keys": [str(key) for key in keys], **told}


def _rounded(cell: Any) -> Any:
    if isinstance(cell, float):
        return float(f"{cell:.12g}") if cell == cell and abs(cell) != float("inf") else str(cell)
    return cell


def json_lines(told: Mapping[str, Any]) -> str:
    """Return JSON with a line for each name, so that a difference is one line."""
    lines = (f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in told.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"
