from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.anonymity.alpha_k import AlphaK
from privkit.anonymity.beta_likeness import BetaLikeness
from privkit.anonymity.criterion import AllOf, Criterion
from privkit.anonymity.delta_disclosure import DeltaDisclosure
from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ldiversity import LDiversity, is_recursive
from privkit.anonymity.population import KMap
from privkit.anonymity.presence import DeltaPresence
from privkit.anonymity.table_risk import AverageRisk, PopulationUniqueness, SampleUniqueness
from privkit.anonymity.tcloseness import TCloseness
from privkit.errors import ParameterError

POPULATION = object()
EVERY = [
    KAnonymity(5),
    KAnonymity(5, unit="customer_id"),
    KMap(5, population=1000),
    KMap(5, population=POPULATION),
    LDiversity("ill", 3),
    LDiversity("ill", 2.5, kind="entropy"),
    LDiversity("ill", 3, kind="recursive", c=4),
    TCloseness("ill", 0.2),
    TCloseness("ill", 0.2, distance="ordered"),
    TCloseness("ill", 0.2, distance={"flu": "lung"}),
    DeltaPresence(0.1, 0.5, population=POPULATION),
    BetaLikeness("ill", 1),
    BetaLikeness("ill", 1, kind="enhanced"),
    DeltaDisclosure("ill", 1),
    DeltaDisclosure("ill", 1, absent=True),
    AlphaK("ill", 0.5, 3),
    AverageRisk(0.05),
    SampleUniqueness(0.01),
    PopulationUniqueness(0.01, population=1000),
]


@pytest.mark.parametrize("criterion", EVERY, ids=repr)
def test_every_criterion_is_frozen_hashable_and_cites_its_paper(criterion):
    assert any(year in criterion.paper for year in map(str, range(2001, 2015)))
    field = dataclasses.fields(criterion)[0].name
    with pytest.raises((AttributeError, TypeError)):
        setattr(criterion, field, 1)
    assert criterion == dataclasses.replace(criterion)
    assert hash(criterion) == hash(dataclasses.replace(criterion))
    assert criterion.parts == (criterion,)
    assert len({*EVERY}) == len(EVERY)


@pytest.mark.parametrize("criterion", [each for each in EVERY if "..." not in repr(each)], ids=repr)
def test_repr_is_what_a_user_types(criterion):
    assert eval(repr(criterion)) == criterion


CRITERIA = st.lists(st.sampled_from(EVERY), min_size=1, max_size=5).map(lambda parts: AllOf(*parts))


@given(CRITERIA, CRITERIA, CRITERIA)
@settings(max_examples=60)
def test_composition_is_associative_commutative_and_idempotent(a, b, c):
    assert (a & b) & c == a & (b & c)
    assert a & b == b & a
    assert hash(a & b) == hash(b & a)
    assert a & a == a
    assert hash(a & a) == hash(a)
    assert all(not isinstance(part, AllOf) for part in (a & b & c).parts)
    assert len(set((a & b).parts)) == len((a & b).parts)
    assert set((a & b).columns) == {*a.columns, *b.columns}
    assert (a & b).per_class == (a.per_class and b.per_class)
    assert (a & b).merges == (a.merges and b.merges)


def test_composition_of_one_is_that_one():
    k = KAnonymity(5)
    assert (k & k) is k
    assert AllOf(k) == k
    assert k == AllOf(k)
    assert hash(AllOf(k)) == hash(k)
    assert repr(k & LDiversity("ill", 2)) == "KAnonymity(5) & LDiversity('ill', 2)"


def test_composition_with_something_else_is_refused():
    with pytest.raises(TypeError):
        KAnonymity(5) & 3
    with pytest.raises(ParameterError, match="criteria"):
        AllOf()
    with pytest.raises(ParameterError, match="a str"):
        AllOf(KAnonymity(5), "k=5")


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        *[(lambda k=k: KAnonymity(k), "k") for k in (0, -1, 2.5, "5", True, math.nan, None)],
        (lambda: KAnonymity(5, unit=3), "unit"),
        (lambda: KMap(0, population=5), "k"),
        *[(lambda size=size: KMap(2, population=size), "population") for size in (0, -5, True, 2.5, None, "many")],
        (lambda: KMap(2, population=100, significance=0), "significance"),
        (lambda: KMap(2, population=100, significance=2), "significance"),
        (lambda: KMap(2, population=POPULATION, significance=0.1), "population, significance"),
        (lambda: LDiversity(3, 2), "sensitive"),
        (lambda: LDiversity("ill", 0), "l"),
        (lambda: LDiversity("ill", 2.5), "l"),
        (lambda: LDiversity("ill", 0.5, kind="entropy"), "l"),
        (lambda: LDiversity("ill", math.inf, kind="entropy"), "l"),
        (lambda: LDiversity("ill", 2, kind="shannon"), "kind"),
        (lambda: LDiversity("ill", 2, kind=[]), "kind"),
        (lambda: LDiversity("ill", 2, kind="recursive"), "kind, c"),
        (lambda: LDiversity("ill", 2, c=3), "kind, c"),
        (lambda: LDiversity("ill", 2, kind="recursive", c=0), "c"),
        *[(lambda t=t: TCloseness("ill", t), "t") for t in (-0.1, 1.1, math.nan, "0.2", None, True)],
        (lambda: TCloseness("ill", 0.1, distance="euclid"), "distance"),
        (lambda: TCloseness("ill", 0.1, distance=3), "distance"),
        (lambda: DeltaPresence(0.5, 0.1, population=POPULATION), "low, high"),
        (lambda: DeltaPresence(0, 1.5, population=POPULATION), "high"),
        (lambda: DeltaPresence(0, 1, population=1000), "population"),
        (lambda: DeltaPresence(0, 1, population=None), "population"),
        (lambda: BetaLikeness("ill", 0), "beta"),
        (lambda: BetaLikeness("ill", 1, kind="strong"), "kind"),
        (lambda: DeltaDisclosure("ill", -1), "delta"),
        (lambda: DeltaDisclosure("ill", 1, absent=1), "absent"),
        (lambda: AlphaK("ill", 0, 3), "alpha"),
        (lambda: AlphaK("ill", 1.5, 3), "alpha"),
        (lambda: AlphaK("ill", 0.5, 0), "k"),
        (lambda: AverageRisk(0), "risk"),
        (lambda: SampleUniqueness(-1), "share"),
        (lambda: PopulationUniqueness(0.1, population=0), "population"),
        (lambda: PopulationUniqueness(0.1, population=None), "population"),
    ],
)
def test_a_parameter_out_of_range_is_refused(make, argument):
    with pytest.raises(ParameterError) as error:
        make()
    assert error.value.argument == argument


def test_parameters_are_the_decimals_that_were_written():
    assert TCloseness("ill", 0.1).t == Fraction(1, 10)
    assert LDiversity("ill", 2, kind="recursive", c=0.3).c == Fraction(3, 10)
    assert AverageRisk(0.05).risk == Fraction(1, 20)
    assert TCloseness("ill", 0.1) == TCloseness("ill", Fraction(1, 10))


def test_populations_and_trees_are_compared_as_objects():
    assert KMap(5, population=POPULATION) != KMap(5, population=object())
    tree = {"flu": "lung"}
    assert TCloseness("ill", 0.1, distance=tree) == TCloseness("ill", 0.1, distance=tree)
    assert TCloseness("ill", 0.1, distance=tree) != TCloseness("ill", 0.1, distance=dict(tree))


def test_recursive_needs_strictly_less_than_c_times_the_rest():
    assert not is_recursive((3, 2, 1), 2, Fraction(1))
    assert is_recursive((3, 2, 1), 2, Fraction(1) + Fraction(1, 10**12))
    assert not is_recursive((3, 2, 1), 4, Fraction(1000))
    assert {is_recursive(order, 2, Fraction(2)) for order in permutations((5, 2, 1))} == {True}


def test_estimated_k_map_follows_the_poisson_test():
    scipy_stats = pytest.importorskip("scipy.stats")
    assert KMap(5, population=317_238_626, significance=0.01).sample_k(30_162) == 2
    for n, size, k, level in [(500, 1000, 20, 0.05), (30_162, 60_000, 50, 0.01), (10, 10, 7, 0.3), (300, 1000, 5, 0.5)]:
        quantile = int(scipy_stats.poisson.ppf(1 - level, n / size * k))
        assert KMap(k, population=size, significance=level).sample_k(n) == min(quantile + 2, k, n)


def test_a_criterion_is_no_more_than_its_base_promises():
    assert not KMap(5, population=10).columns
    assert KAnonymity(5, unit="who").columns == ("who",)
    assert issubclass(KAnonymity, Criterion)
    assert not DeltaDisclosure("ill", 1).merges
    assert DeltaDisclosure("ill", 1, absent=True).merges
