"""What is vouched for passes wherever public values are taken, in whatever container it lies.

Every place that takes public values stands in `PLACES`, every container in `CONTAINERS`. What a place refuses because
it may come from the data, it takes once `pk.public_values` stands around it, as its message says: none leads round in a
circle. And the question is the one that is asked with the values typed out, so that it replays.
"""

from __future__ import annotations

import contextlib
import re
from fractions import Fraction

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import privkit as pk
from privkit.project import dp
from privkit.project.asking import FUNCTIONS
from privkit.values.kinds import read_all
from privkit.values.vouched import PublicValues

read_all(dp)

PEOPLE = pd.DataFrame({"age": [20.0, 35.0, 50.0, 65.0] * 50, "zip": ["8001", "8002"] * 100, "n": [1, 2, 3, 4] * 50})
NUMBERS, TEXTS, PAIR = [0, 30, 60, 100], ["8001", "8002"], [0, 100]
#: What each argument takes: how a call names it, and what.
PLACES = {
    ("dp_count", "keys"): (("zip",), TEXTS),
    ("dp_value_counts", "keys"): (("n",), [1, 2, 3, 4]),
    ("dp_crosstab", "keys"): (("zip", "n"), {"zip": TEXTS, "n": [1, 2]}),
    ("dp_tables", "keys"): (([("zip", "n"), ("n",)],), {"zip": TEXTS, "n": [1, 2]}),
    ("dp_synthetic", "keys"): ((["zip", "n"],), {"zip": TEXTS, "n": [1, 2]}),
    ("dp_nunique", "keys"): (("age", "zip"), TEXTS),
    ("dp_share", "keys"): (("age >= 40", "zip"), TEXTS),
    ("dp_top_k", "keys"): (("zip", 1), TEXTS),
    ("dp_difference", "keys"): (("age >= 40", "zip"), TEXTS),
    ("dp_anova", "keys"): (("age", "zip"), TEXTS),
    ("dp_chi2", "keys"): (("zip", "n"), {"zip": TEXTS, "n": [1, 2]}),
    ("dp_logistic", "keys"): (("zip", "n"), {"zip": TEXTS, "n": [1, 2]}),
    ("dp_histogram", "bins"): (("age",), NUMBERS),
    ("dp_quantile", "candidates"): (("age", 0.25), NUMBERS),
    ("dp_median", "candidates"): (("age",), NUMBERS),
    **{
        (name, "bounds"): (("age",), PAIR)
        for name in ("dp_sum", "dp_mean", "dp_var", "dp_std", "dp_median", "dp_describe")
    },
    ("dp_quantile", "bounds"): (("age", 0.25), PAIR),
    ("dp_difference", "bounds"): (("age", "zip"), PAIR),
    ("dp_ols", "bounds"): (("age", "n"), {"age": PAIR, "n": [1, 4]}),
    ("dp_correlation", "bounds"): ((["age", "n"],), {"age": PAIR, "n": [1, 4]}),
    ("dp_anova", "bounds"): (("age", "zip"), PAIR),
    ("dp_kmeans", "bounds"): ((["age", "n"], 2), {"age": PAIR, "n": [1, 4]}),
    ("dp_logistic", "bounds"): (("zip", "age"), {"age": PAIR}),
}
#: What a call takes beside the argument in question.
BESIDE = {
    ("dp_difference", "bounds"): {"keys": TEXTS},
    ("dp_anova", "bounds"): {"keys": TEXTS},
    ("dp_anova", "keys"): {"bounds": (0, 100)},
    ("dp_logistic", "bounds"): {"keys": {"zip": TEXTS}},
}
#: A container in which data is held, made of a plain list.
CONTAINERS = {
    "Series": pd.Series,
    "Index": pd.Index,
    "array": np.array,
    "list of NumPy's": lambda values: list(np.array(values)),
    "Categorical": pd.Categorical,
    "Polars": pl.Series,
    "Arrow": pa.array,
    "Arrow, chunked": lambda values: pa.chunked_array([values]),
    "Arrow type": lambda values: pd.Series(values, dtype=pd.ArrowDtype(pa.array(values).type)),
    "nullable": lambda values: pd.Series(values).convert_dtypes(),
}


def held(values, container):
    return (
        {name: held(part, container) for name, part in values.items()}
        if isinstance(values, dict)
        else container(values)
    )


def vouched(values):
    return pk.public_values(values, reason="on the form")


def call(name, argument, value, **more):
    positional, _ = PLACES[name, argument]
    given = {**BESIDE.get((name, argument), {}), argument: value}
    return getattr(pk, name)(PEOPLE, *positional, **given, epsilon=0.01, **more)


def refused(place, value):
    """Return the argument that the message tells to vouch for; None where the value is taken, or told otherwise."""
    with contextlib.suppress(pk.KeysError, pk.ParameterError, pk.ValueBoundsError):
        try:
            call(*place, value)
        except pk.NotPublicError as error:
            return re.search(r"(\w+)=pk\.public_values\(", str(error))[1]
    return None


@pytest.fixture
def project(tmp_path):
    return pk.open_project("circle", epsilon=100, unit=pk.ROW, store=tmp_path / "ledger.db")


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
@pytest.mark.parametrize("place", PLACES, ids=" ".join)
@pytest.mark.sample(0.08)
def test_what_is_refused_as_data_passes_once_it_is_vouched_for(project, place, container):
    typed = PLACES[place][1]
    value = held(typed, container)
    plain = call(*place, typed)
    advised = refused(place, value)
    assert advised in (None, place[1])
    spent = project.spent
    release = call(*place, vouched(value))
    assert release.replayed, "the same values vouched for are another question"
    assert project.spent == spent == plain.loss
    assert {source.what for source in release.plan.public} == {place[1]}
    assert "on the form" in release.provenance.public[0]
    if isinstance(typed, dict):  # around parts
        parts = {name: vouched(part) for name, part in value.items()}
        assert call(*place, parts).replayed
    else:
        assert call(*place, vouched(vouched(value))).replayed


@pytest.mark.parametrize(
    "place", [place for place in PLACES if place[1] == "bounds" and isinstance(PLACES[place][1], list)], ids=" ".join
)
def test_single_numbers_of_a_pair_are_vouched_for(project, place):
    call(*place, (0, 100))
    for top in (np.float64(100), np.int64(100), pd.Series([100])[0]):
        release = call(*place, (0, vouched(top)))
        assert release.replayed
        assert "on the form" in release.provenance.public[0]


def test_every_function_that_takes_public_values_has_its_place_here():
    taking = {"bounds", "bins", "candidates"}
    for name, function in FUNCTIONS.items():
        own = taking & set(function.plan.__signature__.parameters)
        lacking = own - {argument for asked, argument in PLACES if asked == name}
        assert not lacking, f"{name} takes {lacking}, which must be public: give a call with each in PLACES"


FRAMES = {
    "pandas": pd.DataFrame,
    "Polars": pl.DataFrame,
    "Polars, lazy": lambda rows: pl.DataFrame(rows).lazy(),
    "Arrow": pa.table,
    "Narwhals": lambda rows: nw.from_native(pd.DataFrame(rows)),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_frame_of_keys_is_vouched_for_its_columns_in_any_order(project, frame):
    rows = {"n": [1, 2, 1], "zip": ["8001", "8001", "8002"]}
    keys = list(zip(rows["zip"], rows["n"], strict=True))
    plain = pk.dp_count(PEOPLE, ["zip", "n"], keys=keys, epsilon=0.1)
    with pytest.raises(pk.NotPublicError):
        pk.dp_count(PEOPLE, ["zip", "n"], keys=pd.DataFrame(rows), epsilon=0.1)
    again = pk.dp_count(PEOPLE, ["zip", "n"], keys=vouched(frame(rows)), epsilon=0.1)
    assert again.replayed
    assert again.value.equals(plain.value)
    single = pk.dp_count(PEOPLE, "zip", keys=TEXTS, epsilon=0.1)
    assert pk.dp_count(PEOPLE, "zip", keys=vouched(frame({"zip": TEXTS})), epsilon=0.1).cells == single.cells
    with pytest.raises(pk.KeysError, match="a frame with the columns"):
        pk.dp_count(PEOPLE, ["zip", "age"], keys=vouched(frame(rows)), epsilon=0.1)


def test_an_earlier_releases_groups_are_public_by_themselves(project):
    one = pk.dp_count(PEOPLE, "zip", keys=TEXTS, epsilon=0.1)
    two = pk.dp_count(PEOPLE, ["zip", "n"], keys={"zip": TEXTS, "n": [1, 2]}, epsilon=0.1)
    spent = project.spent
    for keys in (
        one,
        vouched(one),
        vouched(one.value.index),
        vouched(one.value.index.to_frame()),
        {"zip": vouched(one.value.index)},
    ):
        assert pk.dp_count(PEOPLE, "zip", keys=keys, epsilon=0.1).replayed
    for keys in (two, vouched(two.value.index), vouched(two.value.reset_index()[["n", "zip"]])):
        assert pk.dp_count(PEOPLE, ["zip", "n"], keys=keys, epsilon=0.1).replayed
    assert project.spent == spent
    turned = pk.dp_count(PEOPLE, ["n", "zip"], keys=two, epsilon=0.1)
    assert turned.value.index.names == ["n", "zip"]
    assert turned.value.index.tolist() == [(n, zip_) for zip_, n in two.value.index]
    coarser = pk.dp_count(PEOPLE, "n", keys=two, epsilon=0.1)  # of the columns that it has, each once
    assert coarser.value.index.tolist() == [1, 2]
    assert "released as entry 2" in coarser.provenance.public[0]
    with pytest.raises(pk.NotPublicError, match=r"keys=pk\.public_values"):
        pk.dp_count(PEOPLE, "zip", keys=one.value.index, epsilon=0.1)
    with pytest.raises(pk.KeysError, match="those of a release by"):
        pk.dp_count(PEOPLE, "age", keys=one, epsilon=0.1)
    with pytest.raises(pk.KeysError, match="a release without groups"):
        pk.dp_count(PEOPLE, "age", keys=pk.dp_count(PEOPLE, epsilon=0.1), epsilon=0.1)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_dates_of_numpy_are_the_dates_that_they_say(project, unit):
    days = np.array(["2026-01-01", "2026-01-02"], dtype=f"datetime64[{unit}]")
    frame = pd.DataFrame({"day": pd.to_datetime(["2026-01-01", "2026-01-02"] * 20)})
    found = [
        pk.dp_count(frame, "day", keys=vouched(keys), epsilon=5).cells for keys in (days, list(days), pd.Series(days))
    ]
    assert all(min(cells) > 5 for cells in found)  # of 20 each, with noise of scale 0.2


def test_edges_labels_and_lists_of_the_small_language_are_vouched_for(project):
    edges = np.array([0.0, 40.0, 100.0])
    with pytest.raises(pk.NotPublicError):
        pk.cut("age", edges)
    assert pk.cut("age", vouched(edges), vouched(pd.Index(["a", "b"]))).labels == ("a", "b")
    plain = pk.dp_count(PEOPLE, where=pk.isin("n", [1, 2]), epsilon=0.1)
    assert pk.dp_count(PEOPLE, where=pk.isin("n", vouched(pd.Series([1, 2]))), epsilon=0.1).cells == plain.cells
    asked = {"bounds": (0, 100), "epsilon": 0.1}
    plain = pk.dp_sum(PEOPLE, "age", missing=3, **asked)
    assert pk.dp_sum(PEOPLE, "age", missing=vouched(np.int64(3)), **asked).replayed
    assert pk.dp_sum(PEOPLE, "age", missing={"age": vouched(np.int64(3))}, **asked).replayed
    assert plain.loss.epsilon == Fraction("0.1")


def test_a_wrapper_shows_no_value():
    assert repr(PublicValues(["secret"], "why")) == "pk.public_values(..., reason='why')"
