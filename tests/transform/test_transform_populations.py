"""Goals beside a table of the population, against a brute force in plain Python over all nodes."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from fractions import Fraction

import pandas as pd
import polars as pl
import pytest
import transform_brute as brute
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.population import KMap
from privkit.anonymity.presence import DeltaPresence
from privkit.anonymity.reports import check
from privkit.errors import ColumnNotFoundError, FrameError, ParameterError
from privkit.errors.anonymity import InfeasibleError, PromiseBrokenError
from privkit.transform.anonymize import Anonymizer, anonymize
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.lattice import lattice
from privkit.transform.search import coding

TABLES = {
    "job": {"a": ("a", "x", "*"), "b": ("b", "x", "*"), "c": ("c", "y", "*"), "d": ("d", "y", "*")},
    "town": {str(n): (str(n), f"{n // 2 * 2}+", "*") for n in range(5)},
}
QI = list(TABLES)
RUNGS = {
    name: Hierarchy.from_mapping({key: labels[1:] for key, labels in table.items()}) for name, table in TABLES.items()
}
ROW = st.fixed_dictionaries({"job": st.sampled_from("abcd"), "town": st.sampled_from("01234")})
GOALS = {
    "k-map": lambda register: KMap(4, population=register),
    "presence": lambda register: DeltaPresence(0, 0.5, population=register),
    "everybody": lambda register: DeltaPresence(0.1, 0.9, population=register),
    "both": lambda register: KMap(3, population=register) & DeltaPresence(0, 0.7, population=register) & KAnonymity(2),
}


def meets(name, f, people):
    """Return whether a class of f rows and so many persons is good."""
    share = Fraction(f, people) if people else math.inf
    return {
        "k-map": people >= 4,
        "presence": share <= Fraction(1, 2),
        "everybody": Fraction(1, 10) <= share <= Fraction(9, 10),
        "both": people >= 3 and share <= Fraction(7, 10) and f >= 2,
    }[name]


def node_figures(name, rows, register, node, limit):
    """Return the loss of a node and what it suppresses; None where it is not feasible."""
    key = lambda row: tuple(row[column] for column in QI)  # noqa: E731
    ours = [key(row) for row in brute.generalized(rows, TABLES, node)]
    theirs = Counter(key(row) for row in brute.generalized(register, TABLES, node))
    sizes = Counter(ours)
    bad = {one for one, f in sizes.items() if not meets(name, f, theirs[one])}
    gone = {place for place, one in enumerate(ours) if one in bad}
    if name == "everybody" and (bad or set(theirs) - set(sizes)):
        return None  # whoever is in no class of the table has a chance of 0
    return None if len(gone) > limit else (brute.loss(rows, TABLES, node, gone), len(gone))


@pytest.mark.parametrize("bits", [62, 1], ids=["packed", "wide"])
@pytest.mark.parametrize("name", GOALS)
@given(
    rows=st.lists(ROW, min_size=3, max_size=14),
    others=st.lists(ROW, max_size=25),
    lacking=st.booleans(),
    suppress=st.sampled_from([0, 0.2, 1]),
)
@settings(max_examples=25)
@pytest.mark.sample(0.4)
def test_every_node_and_the_optimum_are_those_of_a_brute_force(bits, name, rows, others, lacking, suppress):
    register = others if lacking else rows + others  # a register that lacks rows of the table does not hold it
    if not register:
        return
    frame, people = pd.DataFrame(rows), pd.DataFrame(register)
    limit = 0 if name == "everybody" else math.floor(suppress * len(rows) + 1e-9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coding, "_BITS", bits)
        how = {"hierarchies": RUNGS, "suppress": suppress}
        nodes = lattice(frame, QI, GOALS[name](people), **how).nodes().set_index(QI)
        best = None
        for levels in itertools.product(range(3), range(3)):
            found = node_figures(name, rows, register, dict(zip(QI, levels, strict=True)), limit)
            assert bool(nodes.loc[levels, "feasible"]) == (found is not None)
            if found is not None:
                assert nodes.loc[levels, "suppressed"] == found[1]
                best = found[0] if best is None else min(best, found[0])
        try:
            out = anonymize(frame, QI, GOALS[name](people), **how)
        except InfeasibleError:
            assert best is None or (len(register) < 4 and math.isclose(best, 1))  # of an empty table alone
            return
    assert best is not None
    assert math.isclose(out.loss_, best, rel_tol=1e-9, abs_tol=1e-9)
    assert out.optimal_
    assert out.report.satisfied
    assert check(out.frame, QI, out.criteria).satisfied


PEOPLE = pd.DataFrame({"age": [34, 45, 66, 70, 35, 21, None, 47], "zip": ["81667", "81675", "81925", "81931"] * 2})
RESEARCH = PEOPLE.iloc[[0, 1, 4]].assign(ill=["flu", "cold", "flu"])
AGES = {"age": Hierarchy.intervals(20, 40, lower=0, upper=80), "zip": Hierarchy.redact()}


@pytest.mark.parametrize("engine", [pd.DataFrame, pl.from_pandas, lambda frame: pl.from_pandas(frame).lazy()])
@pytest.mark.parametrize("theirs", [pd.DataFrame, pl.from_pandas, lambda frame: pl.from_pandas(frame).lazy()])
def test_tables_and_populations_of_any_engine(engine, theirs):
    goal = KMap(3, population=theirs(PEOPLE)) & DeltaPresence(0, 0.8, population=theirs(PEOPLE))
    out = anonymize(engine(RESEARCH), ["age", "zip"], goal, hierarchies=AGES, suppress=0)
    assert out.report.satisfied
    assert not all(out.report.before.criteria.values())
    assert check(out.frame, ["age", "zip"], out.criteria).satisfied
    assert not check(engine(RESEARCH), ["age", "zip"], goal).satisfied
    assert repr(out.criteria) == repr(goal)


def test_proposed_hierarchies_know_the_values_of_both():
    wide = pd.DataFrame({"age": range(10, 90), "zip": [f"80{n % 40:02d}" for n in range(80)]})
    out = anonymize(wide.iloc[20:40], ["age", "zip"], KMap(4, population=wide), suppress=0)
    assert check(out.frame, ["age", "zip"], out.criteria).satisfied
    assert len(out.criteria.population) == 80
    types = wide.astype({"zip": pd.CategoricalDtype(sorted(set(wide["zip"])))})
    assert anonymize(types.iloc[20:40], ["age", "zip"], KMap(4, population=wide), suppress=0).loss_ == out.loss_


def test_where_everybody_must_be_in_nothing_is_mended_by_suppressing():
    goal = DeltaPresence(0.1, 0.9, population=PEOPLE)
    treat = Anonymizer(["age", "zip"], goal, hierarchies=AGES, suppress=0.9).fit(PEOPLE.iloc[:6])
    with pytest.raises(PromiseBrokenError, match="8 of 8"):
        treat.transform(PEOPLE, broken="suppress")  # with everybody in it, each is in it for sure
    nobody = anonymize(PEOPLE.iloc[:0], ["age", "zip"], goal, hierarchies=AGES)
    assert not nobody.report.satisfied
    assert not check(nobody.frame, ["age", "zip"], nobody.criteria).satisfied


def test_what_a_population_must_be():
    with pytest.raises(ColumnNotFoundError, match="zip"):
        anonymize(RESEARCH, ["age", "zip"], KMap(2, population=PEOPLE[["age"]]), hierarchies=AGES)
    with pytest.raises(FrameError, match="numbers in the table and text in the population"):
        anonymize(RESEARCH, ["age", "zip"], KMap(2, population=PEOPLE.astype({"age": str})), hierarchies=AGES)
    with pytest.raises(ParameterError, match="Classes of several levels overlap"):
        anonymize(RESEARCH, ["age", "zip"], KMap(2, population=PEOPLE), hierarchies=AGES, method="local")


# Nergiz, Atzori and Clifton 2007, tables 1 to 3; the six examples of ARX beside a population ask of the same table.
PUBLIC = pd.DataFrame(
    {
        "zip": ["47906", "47903", "47906", "47630", "47630", "47633", "48973", "48972", "48970"],
        "age": [35, 59, 42, 18, 22, 63, 33, 47, 52],
        "nation": ["USA", "Canada", "USA", "Brazil", "Brazil", "Peru", "Spain", "Bulgaria", "France"],
    }
)
NATIONS = {
    "N. America": ("America", ["Canada", "USA"]), "S. America": ("America", ["Peru", "Brazil"]),
    "E. Europe": ("Europe", ["Bulgaria"]), "W. Europe": ("Europe", ["France", "Spain"]),
}  # fmt: skip
PAPER = {
    "zip": Hierarchy.redact(),
    "age": {age: (f"{age // 10}*", "<=40" if age <= 40 else ">40", "*") for age in PUBLIC["age"]},
    "nation": {nation: (part, continent, "*") for part, (continent, nations) in NATIONS.items() for nation in nations},
}
COLUMNS = list(PUBLIC)


@pytest.mark.parametrize("rows", [[1, 2, 5, 7, 8], [8, 5, 2, 1, 7]])
def test_the_table_of_the_paper_on_presence(rows):
    study = PUBLIC.iloc[rows]
    goal = KAnonymity(2) & DeltaPresence(Fraction(1, 2), Fraction(2, 3), population=PUBLIC)
    nodes = lattice(study, COLUMNS, goal, hierarchies=PAPER, suppress=0, utility="entropy")
    paper = nodes.apply({"zip": 3, "age": 3, "nation": 2})
    found = check(paper.frame, COLUMNS, paper.criteria)
    assert found.satisfied
    assert found.findings[1].figure == "δ = 0.5 to 0.6667"
    best = anonymize(study, COLUMNS, goal, hierarchies=PAPER, suppress=0, utility="entropy")
    assert best.levels_ == {"zip": 3, "age": 3, "nation": 2}  # table T* of the paper is the optimum
    both = KMap(3, population=PUBLIC) & DeltaPresence(Fraction(1, 2), Fraction(2, 3), population=PUBLIC)
    assert anonymize(study, COLUMNS, both, hierarchies=PAPER, suppress=1).levels_ == best.levels_
    mapped = anonymize(study, COLUMNS, KMap(3, population=PUBLIC), hierarchies=PAPER, suppress=1)
    assert (mapped.levels_, mapped.suppressed_) == ({"zip": 1, "age": 3, "nation": 2}, 0)
    assert check(mapped.frame, COLUMNS, mapped.criteria).findings[0].figure == "k = 3"
