"""The bundled tables are what their docstring says, and nothing in them is read as another type."""

from __future__ import annotations

import pytest

import privkit as pk
from privkit.errors import ParameterError

SHAPES = {
    "adult": (30_162, 9),
    "cdr": (201_699, 5),
    "insights": (20_000, 8),
    "shop": (1_161, 8),
    "shop_population": (4_000, 4),
    "shop_register": (3_418, 8),
    "shop_truth": (1_161, 3),
}


@pytest.mark.parametrize("name", SHAPES)
def test_each_table_has_its_rows_and_is_told_in_the_docstring(name):
    table = pk.example(name)
    assert table.shape == SHAPES[name]
    assert f'``"{name}"``' in pk.example.__doc__
    assert table.isna().sum().sum() == (166 if name == "shop_truth" else 0)


def test_postcodes_are_text_and_dates_are_dates():
    for name in ("shop", "shop_register", "shop_population"):
        table = pk.example(name)
        assert set(table["postcode"].str.len()) == {5}
        assert table["birth_date"].dt.year.between(1920, 2006).all()
    calls = pk.example("cdr")
    assert (calls["time"].dt.floor("h") == calls["time"]).all()
    assert (calls["user"].nunique(), calls["cell"].nunique(), calls["time"].dt.normalize().nunique()) == (1000, 250, 30)
    assert (calls.loc[calls["type"] != "call", "seconds"] == 0).all()


def test_the_truth_belongs_to_the_other_tables():
    shop, register, truth = pk.example("shop"), pk.example("shop_register"), pk.example("shop_truth")
    assert set(truth["pseudonym"]) == set(shop["pseudonym"])
    assert set(truth["voter_no"].dropna()) <= set(register["voter_no"])
    people = pk.example("shop_population").set_index("person_id")
    joined = shop.merge(truth, on="pseudonym").join(people.add_suffix("_true"), on="person_id")
    for column in ("sex", "birth_date", "postcode"):
        assert (joined[column] == joined[f"{column}_true"]).all()


def test_each_value_of_adult_has_its_place_in_the_hierarchies():
    adult, hierarchies = pk.example("adult"), pk.example_hierarchies("adult")
    assert set(hierarchies) == set(adult.columns) - {"income"}
    for column, hierarchy in hierarchies.items():
        assert hierarchy.missing(adult[column]) == []
        assert hierarchy.labels(hierarchy.height) == ["*"]


@pytest.mark.parametrize("ask", [pk.example, pk.example_hierarchies])
def test_another_name_is_refused(ask):
    with pytest.raises(ParameterError, match="'adult'"):
        ask("titanic")
