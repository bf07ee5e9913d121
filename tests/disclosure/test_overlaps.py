"""Filters that tell of one another, beside an attacker who knows every kind of person that there can be."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import LinearConstraint, milp
from test_output_check import crossed, hidden_in

import privkit as pk
from privkit.disclosure.overlaps import overlapping

#: What each condition says, in Python: of a person without an age nothing is true that asks for it.
SAID = {
    "age >= 3": lambda age, _: age is not None and age >= 3,
    "age < 3": lambda age, _: age is not None and age < 3,
    "age > 2": lambda age, _: age is not None and age > 2,
    "age >= 1 and sex == 'F'": lambda age, sex: age is not None and age >= 1 and sex == "F",
    "sex != 'F'": lambda _, sex: sex != "F",
    "not (sex == 'F' or age in [4, 5])": lambda age, sex: age is not None and sex != "F" and age not in (4, 5),
    "age is missing": lambda age, _: age is None,
}


def people(seed: int, ages: list) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    made = pd.DataFrame({"age": random.choice(ages, 40), "sex": random.choice(["F", "M"], 40)})
    return made.assign(town=random.choice(["a", "b", "c"], 40, p=[0.1, 0.3, 0.6]))


def told(frame: pd.DataFrame, asked, out: pk.OutputCheck, ages: list) -> dict[str, tuple[float, float]]:
    """Return the least and greatest count of each hidden cell, of all tables of people of all kinds that fit."""
    kinds = list(product(ages, ["F", "M"], ["a", "b", "c"]))
    rows, counts, hidden = [], [], {}
    for table, (column, condition) in zip(out.frames, asked, strict=True):
        for town, value in product(table.index, table.columns):
            inside = [
                (condition is None or SAID[condition](age, sex)) and town in ("All", at) and value in ("All", sex, at)
                for age, sex, at in kinds
            ]
            if pd.isna(table.loc[town, value]):
                name = [
                    condition,
                    f"{column}={value}" if value != "All" else "",
                    f"town={town}" if town != "All" else "",
                ]
                hidden[", ".join(sorted(filter(None, name))) or "total"] = np.array(inside, dtype=float)
            else:
                rows.append(inside)
                counts.append(table.loc[town, value])
    known = LinearConstraint(np.array(rows, dtype=float), lb=counts, ub=counts) if rows else ()
    whole = np.ones(len(kinds))

    def end(cost):
        found = milp(cost, integrality=whole, constraints=known)
        return np.inf if found.x is None else abs(round(found.fun))

    return {name: (end(inside), end(-inside)) for name, inside in hidden.items()}


@pytest.mark.parametrize(
    ("seed", "method", "conditions"),
    [
        (0, "optimal", ["age >= 3", "age < 3"]),
        (1, "primary", ["age >= 3", "age > 2", "sex != 'F'"]),
        (2, "optimal", ["age >= 1 and sex == 'F'", "sex != 'F'"]),
        (3, "primary", ["not (sex == 'F' or age in [4, 5])", "age < 3"]),
        (4, "primary", ["age >= 3", "age < 3", "age is missing"]),
    ],
)
def test_the_audit_knows_of_filters_what_whoever_reads_them_knows(seed, method, conditions):
    ages = [0, 1, 2, 3, 4, 5, *([None] if seed == 4 else [])]
    frame = people(seed, ages)
    asked = [("sex", None), *(("sex", one) for one in conditions)]
    frames = [
        frame,
        *(frame[[SAID[one](*row) for row in zip(frame["age"], frame["sex"], strict=True)]] for one in conditions),
    ]
    tables = [pd.crosstab(one["town"], one["sex"], margins=True) for one in frames]
    out = pk.output_check(tables, filters=[None, *conditions], threshold=3, method=method)
    assert out.n_suppressed > 0
    expected = told(frame, asked, out, ages)
    assert {row.cell: (row.low, row.high) for row in out.audit.itertuples()} == expected


def test_a_table_of_the_others_gives_a_cell_away():
    everybody, some = crossed([[20, 17], [28, 19]]), crossed([[3, 10], [20, 9]])
    tables, filters = [everybody, some, everybody - some], [None, "age >= 30", "age < 30"]
    out = pk.output_check(tables, filters=filters)
    assert out.protected
    assert hidden_in(out, 0)[0, 0] or hidden_in(out, 2)[0, 0]  # 20 - 17 = 3
    # Of names that are no conditions nothing is known, as the page says.
    free = pk.output_check(tables, filters=[None, "the old ones", "the young ones"])
    assert not hidden_in(free, 0)[0, 0]
    assert not hidden_in(free, 2)[0, 0]


def test_a_filter_by_a_column_of_another_table_is_a_part_of_it():
    table = crossed([[3, 20, 30], [20, 30, 40]], rows="sex", columns="race")
    women = table.loc["sex0"].rename("n")
    out = pk.output_check([table, women], filters=[None, "sex == 'sex0'"])
    assert hidden_in(out, 0)[0].tolist() == hidden_in(out, 1)[:, 0].tolist()


def test_where_some_have_no_age_or_one_between_whole_numbers_the_tables_are_read_so():
    """5 of 12 are in neither table: without a value, or of 29.5 years."""
    all_of_them, old, young = (pd.Series([n, n], pd.Index(["a", "b"], name="r")) for n in (12, 4, 3))
    for pair in (["age >= 30", "age < 30"], ["age >= 30", "age <= 29"]):
        out = pk.output_check([all_of_them, old, young], filters=[None, *pair], method="primary", threshold=4)
        assert out.audit[["low", "high"]].to_numpy().tolist() == [[0, 8], [0, 8]]
    with pytest.raises(pk.DisclosureError, match="contradict"):
        pk.output_check([all_of_them, old, old + 9], filters=[None, "age >= 30", "age >= 40"])


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        (["old", "not old"], [[0, 1], [1, 0]]),
        (["old", "the young ones"], [[0], [1]]),
        (["year(born) == 2001", "year(born) > 2001"], [[0, 1], [1, 0], [1, 1]]),
        (["a < b", "a >= b"], [[0, 1], [1, 0]]),
        (["zip == '8004'", "zip in ['8004', '8005']"], [[0, 0], [1, 0], [1, 1]]),
        (["x == 1.5", "x >= 2"], [[0, 1], [1, 0], [1, 1]]),
        (["0 < x < 3", "x > 4"], [[0, 1], [1, 0], [1, 1]]),
    ],
)
def test_what_can_be_together(filters, rows):
    found = overlapping(filters, {}, "missing", frozenset())[2].tolist()
    assert found == rows


def test_categories_of_another_kind_than_the_literals_are_told_nothing():
    assert overlapping(["age >= 30"], {"age": ["20-29", "30-39"]}, "missing", frozenset())[0] == []
    assert overlapping(["age >= 30"], {"age": [20, 30, "missing"]}, "missing", frozenset())[2].tolist() == [
        [0, 1],
        [1, 0],
        [2, 1],
    ]


def test_too_many_places_are_told():
    with pytest.raises(pk.DisclosureError, match="joint cells"):
        overlapping([f"x{n} == {m}" for n in range(8) for m in (1, 5, 9)], {}, "missing", frozenset())
