"""Distances of t-closeness: hierarchical, ordered and equal, with missing values and trees that lack one."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import polars as pl
import pytest

from privkit.anonymity.ldiversity import ldiv
from privkit.anonymity.reports import check
from privkit.anonymity.tcloseness import TCloseness, tclose
from privkit.errors import FrameError
from privkit.errors.anonymity import HierarchyError
from privkit.transform.anonymize import anonymize
from privkit.transform.hierarchies.hierarchy import Hierarchy

TREE = {"flu": ("lung", "any"), "asthma": ("lung", "any"), "ulcer": ("stomach", "any"), "gastritis": ("stomach", "any")}


@pytest.fixture
def ills() -> pd.DataFrame:
    return pd.DataFrame({"zip": ["x", "y", "y", "y"], "ill": ["flu", "asthma", "ulcer", "gastritis"]})


def test_hierarchical_distance_by_mapping_and_by_hierarchy(ills):
    assert tclose(ills, "zip", "ill", distance=TREE).t == Fraction(5, 8)
    assert tclose(ills, "zip", "ill", distance=Hierarchy.from_mapping(TREE)).t == Fraction(5, 8)
    rootless = {ill: labels[:1] for ill, labels in TREE.items()}
    assert tclose(ills, "zip", "ill", distance=rootless).t == Fraction(5, 8)
    twice = {ill: (*labels, "*") for ill, labels in TREE.items()}
    assert tclose(ills, "zip", "ill", distance=twice).t == Fraction(5, 8)
    assert tclose(ills, "zip", "ill", distance=Hierarchy.from_mapping(rootless)).t == Fraction(5, 8)
    flat = dict.fromkeys(TREE, "any")
    assert tclose(ills, "zip", "ill", distance=flat).t == tclose(ills, "zip", "ill").t


def test_levels_that_the_data_does_not_spread_over_still_count():
    """The height is the hierarchy's: values that meet half-way up are half as far as those that meet at the root."""
    near = pd.DataFrame({"zip": ["x", "y"], "ill": ["flu", "asthma"]})
    far = pd.DataFrame({"zip": ["x", "y"], "ill": ["flu", "ulcer"]})
    assert (
        tclose(near, "zip", "ill", distance=TREE).t * 2 == tclose(far, "zip", "ill", distance=TREE).t == Fraction(1, 2)
    )


def test_a_tree_that_lacks_a_value_says_how_many_and_none_of_them(ills):
    with pytest.raises(HierarchyError, match="lacks 1 of the 4") as error:
        tclose(ills.replace("flu", "secret"), "zip", "ill", distance=TREE)
    assert "secret" not in str(error.value)
    with pytest.raises(HierarchyError, match="levels"):
        tclose(ills, "zip", "ill", distance={**TREE, "flu": ("lung",)})


def test_missing_is_a_value_of_its_own_for_every_distance():
    frame = pd.DataFrame({"zip": ["x", "x", "y", "y"], "ill": ["flu", None, "flu", "asthma"]})
    assert ldiv(frame, "zip", "ill").l == 2
    assert tclose(frame, "zip", "ill").t == Fraction(1, 4)
    assert tclose(frame, "zip", "ill", distance=TREE).t == Fraction(1, 4)
    assert tclose(frame, "zip", "ill", distance=Hierarchy.from_mapping(TREE)).t == Fraction(1, 4)
    # ascending: asthma, flu, missing
    frame["ill"] = pd.Categorical(frame["ill"], ["asthma", "flu"], ordered=True)
    assert tclose(frame, "zip", "ill", distance="ordered").t == Fraction(1, 4)


def test_ordered_distance_follows_the_order_of_categories():
    grades = pd.Categorical(["low", "high", "middle"], categories=["low", "middle", "high"], ordered=True)
    frame = pd.DataFrame({"zip": list("xyy"), "grade": grades})
    # x is all low: the shares run up to 1, 1 against 1/3, 2/3; as text the order is high, low, middle.
    assert tclose(frame, "zip", "grade", distance="ordered").t == Fraction(1, 2)
    as_numbers = frame.assign(grade=frame["grade"].map({"high": 1, "low": 2, "middle": 3}).astype(int))
    assert tclose(as_numbers, "zip", "grade", distance="ordered").t == Fraction(1, 3)


@pytest.mark.parametrize("engine", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_text_has_no_order_unless_somebody_says_so(engine):
    levels = ["low", "medium", "high"]
    frame = pd.DataFrame({"q": list("aaabbb"), "pain": [*levels, "low", "low", "low"]})
    goal = TCloseness("pain", 0.2, distance="ordered")
    given = engine(frame.to_dict("list"))
    for call in (
        lambda: tclose(given, "q", "pain", distance="ordered"),
        lambda: check(given, "q", goal),
        lambda: anonymize(given, "q", goal, hierarchies={"q": {"a": "*", "b": "*"}}),
    ):
        with pytest.raises(FrameError, match=r"alphabet.*pd\.Categorical\(df\['pain'\]"):
            call()
    unordered = frame.assign(pain=pd.Categorical(frame["pain"], levels))
    with pytest.raises(FrameError, match="alphabet"):
        check(unordered, "q", goal)
    ordered = frame.assign(pain=pd.Categorical(frame["pain"], levels, ordered=True))
    assert tclose(ordered, "q", "pain", distance="ordered").t == Fraction(1, 4)
    assert anonymize(ordered, "q", goal, hierarchies={"q": {"a": "*", "b": "*"}}).levels_ == {"q": 1}
    two = frame.replace({"pain": {"medium": "high"}})  # any order of two values is the same
    assert tclose(two, "q", "pain", distance="ordered").t == tclose(two, "q", "pain").t


def test_values_without_an_order_have_no_ordered_distance():
    frame = pd.DataFrame({"zip": ["x", "y"], "ill": pd.Series([1, "one"], dtype=object)})
    assert tclose(frame, "zip", "ill", distance="ordered").t == Fraction(1, 2)  # two values, in any order
    frame.loc[2] = ["y", 2]
    with pytest.raises(FrameError, match="'ordered' needs values of one type"):
        tclose(frame, "zip", "ill", distance="ordered")
    assert tclose(frame, "zip", "ill").t == Fraction(2, 3)
