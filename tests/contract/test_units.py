"""One unit through every figure: with `unit=`, each equals a count of distinct persons, row by row and by hand.

A person stands in the least crowd of its rows. Rows without an id are one person of their class together.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import prod

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.anonymity.criterion import Part
from privkit.errors.anonymity import InfeasibleError
from privkit.errors.risk import PopulationError

QI = ["zip", "sex"]
HIERARCHIES = {"zip": dict.fromkeys("abcd", "*"), "sex": dict.fromkeys("mf", "*")}
ROWS = st.lists(
    st.tuples(
        st.sampled_from("abcd"), st.sampled_from("mf"), st.integers(0, 6) | st.none(), st.integers(0, 3) | st.none()
    ),
    min_size=1,
    max_size=26,
)
LIMIT = st.sampled_from([0, 0.2, 0.25, 0.5, 1])


def frame_of(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*QI, "who", "home"]).astype({"who": "Int64", "home": "Int64"})


class ByHand:
    """Figures of persons from the rows alone."""

    def __init__(self, rows, population=None) -> None:
        self.rows = [(row[:2], row[2] if row[2] is not None else ("none", row[:2])) for row in rows]
        self.homes = [row[3] for row in rows]
        self.classes = defaultdict(set)
        for where, who in self.rows:
            self.classes[where].add(who)
        self.sizes = {where: len(who) for where, who in self.classes.items()}
        big = self.sizes if population is None else ByHand(population).sizes
        self.big = {where: max(size, big.get(where, 0)) for where, size in self.sizes.items()}

    def persons(self, sizes) -> dict:
        least: dict = {}
        for where, who in self.rows:
            least[who] = min(least.get(who, 10**9), sizes[where])
        return least

    def mean(self, sizes) -> Fraction:
        return sum(Fraction(1, size) for size in sizes) / max(len(sizes), 1)

    def at_risk(self, sizes, limit) -> int:
        return sum(Fraction(1, size) > Fraction(str(limit)) for size in sizes)

    def homes_risks(self) -> tuple[list[float], float]:
        """Return each person's household risks, once per household that it is in, and the sum of the persons' own."""
        least = self.persons(self.sizes)
        members = {(home, who) for home, (_, who) in zip(self.homes, self.rows, strict=True)}
        homes = defaultdict(list)
        for home, who in members:
            homes[home].append(1 / least[who])
        found = [
            1 / least[who] if home is None else 1 - prod(1 - risk for risk in homes[home]) for home, who in members
        ]
        return found, sum(1 / least[who] for _, who in members)


@given(rows=ROWS, k=st.integers(1, 6), engine=st.sampled_from(["pandas", "polars", "duckdb"]))
@settings(max_examples=150, deadline=None)
def test_class_sizes_are_of_persons(rows, k, engine):
    hand, frame = ByHand(rows), frame_of(rows)
    report = pk.kanon(there(frame, engine), QI, k=k, unit="who")
    least = hand.persons(hand.sizes)
    assert report.k == min(hand.sizes.values())
    assert (report.n_persons, report.n_unique) == (len(least), sum(size == 1 for size in least.values()))
    assert report.persons_short == sum(size < k for size in least.values())
    assert report.rows_short == sum(hand.sizes[where] < k for where, _ in hand.rows)
    assert report.classes_short == sum(size < k for size in hand.sizes.values())
    finding = pk.check(frame, QI, pk.KAnonymity(k, unit="who")).findings[0]
    assert (finding.figure, finding.rows_short) == (f"k = {report.k}", report.rows_short)


def there(frame: pd.DataFrame, engine: str):
    if engine == "pandas":
        return frame
    found = pytest.importorskip(engine)
    return found.from_df(frame) if engine == "duckdb" else found.from_pandas(frame)


@given(rows=ROWS, more=ROWS, limit=LIMIT, owner=st.sampled_from([None, "whole", "lacks ids"]))
@settings(max_examples=200, deadline=None)
def test_risks_are_of_persons_and_of_rows_each_under_its_name(rows, more, limit, owner):
    population = None if owner is None else [*rows, *more]
    if owner == "lacks ids":  # one row per person then
        population = [(*row[:2], place, None) for place, row in enumerate(population)]
    hand, frame = ByHand(rows, population), frame_of(rows)
    whole = None if owner is None else frame_of(population)
    if owner == "lacks ids":
        whole = whole.drop(columns="who")
    report = pk.risk(frame, QI, unit="who", population=whole, threshold=limit)
    for found, sizes in ((report.prosecutor, hand.sizes), (report.journalist, hand.big), (report.marketer, hand.big)):
        persons, of_rows = list(hand.persons(sizes).values()), [sizes[where] for where, _ in hand.rows]
        assert found.highest == float(Fraction(1, min(persons)))
        assert found.persons_at_risk == hand.at_risk(persons, limit)
        assert found.share_at_risk == found.persons_at_risk / len(persons)
        assert found.rows_at_risk == hand.at_risk(of_rows, limit)
        assert found.row_share_at_risk == found.rows_at_risk / len(of_rows)
        assert found.row_average == pytest.approx(float(hand.mean(of_rows)), rel=1e-13)
        average = hand.mean(persons)
        if found.attacker == "journalist" and owner is not None:
            theirs = [(row[:2], row[2] if row[2] is not None else ("none", row[:2])) for row in population]
            all_sizes, least = ByHand(population).sizes, {}
            for where, who in theirs:
                if where in hand.sizes:
                    least[who] = min(least.get(who, 10**9), all_sizes[where])
            average = max(average, hand.mean(list(least.values())))
        assert found.average == pytest.approx(float(average), rel=1e-13)
    assert report.n_unique == sum(size == 1 for size in hand.persons(hand.sizes).values())
    assert report.n_persons == len(hand.persons(hand.sizes))
    records = report.records()
    assert records["persons"].tolist() == [hand.sizes[where] for where, _ in hand.rows]
    least = hand.persons(hand.sizes)
    assert records["person_risk"].tolist() == [1 / least[who] for _, who in hand.rows]


@given(
    rows=ROWS, limit=LIMIT, by=st.sampled_from(["who", None]), engine=st.sampled_from(["pandas", "polars", "duckdb"])
)
@settings(max_examples=150, deadline=None)
def test_household_risk_is_of_the_persons_of_a_household(rows, limit, by, engine):
    if by is None:
        rows = [(*row[:2], place, row[3]) for place, row in enumerate(rows)]
    risks, alone = ByHand(rows).homes_risks()
    found = pk.risk(there(frame_of(rows), engine), QI, unit=by, household="home", threshold=limit).household
    assert found.expected == pytest.approx(sum(risks), rel=1e-12)
    assert found.expected_alone == pytest.approx(alone, rel=1e-12)
    assert found.highest == pytest.approx(max(risks), rel=1e-12)
    assert found.n_households == len({row[3] for row in rows} - {None})
    if all(abs(risk - limit) > 1e-9 for risk in risks):
        assert found.at_risk == sum(risk > limit for risk in risks)


TABLE_PARTS = [
    pk.AverageRisk(0.4, unit="who"),
    pk.SampleUniqueness(0.2, unit="who"),
    pk.AverageRisk(0.4, unit="who") & pk.SampleUniqueness(0.3),
    pk.KAnonymity(2, unit="who") & pk.AverageRisk(0.3, unit="who"),
]


def meets(rows, criterion) -> bool:
    """Return whether rows meet criteria on the whole table, counted by hand."""
    if not rows:
        return True
    for part in criterion.parts:
        hand = ByHand(rows)
        if part.unit is None:
            hand = ByHand([(*row[:2], place, None) for place, row in enumerate(rows)])
        persons = list(hand.persons(hand.sizes).values())
        if isinstance(part, pk.AverageRisk):
            met = hand.mean(persons) <= part.risk
        elif isinstance(part, pk.SampleUniqueness):
            met = sum(size == 1 for size in persons) <= part.share * len(persons)
        else:
            met = min(hand.sizes.values()) >= part.k
        if not met:
            return False
    return True


@pytest.mark.parametrize("criterion", TABLE_PARTS, ids=repr)
@given(rows=ROWS, suppress=st.sampled_from([0, 0.3, 0.7]))
@settings(max_examples=40, deadline=None)
def test_a_goal_of_persons_on_the_whole_table_holds_of_what_is_handed_out(criterion, rows, suppress):
    frame = frame_of(rows)
    assert pk.check(frame, QI, criterion).satisfied == meets(rows, criterion)
    if 0 < len(rows) < 2:
        return
    lattice = pk.lattice(frame, QI, criterion, hierarchies=HIERARCHIES, suppress=suppress)
    nodes = lattice.nodes()
    feasible = nodes[nodes["feasible"]]
    for node in feasible.to_dict("records"):
        out = lattice.apply({name: node[name] for name in QI})
        assert meets(rows_of(out.frame), criterion)
        assert len(rows) - len(out.frame) == node["suppressed"]
    try:
        out = pk.anonymize(frame, QI, criterion, hierarchies=HIERARCHIES, suppress=suppress)
    except InfeasibleError:
        assert feasible.empty
        return
    assert out.loss_ == pytest.approx(feasible["loss"].min(), abs=1e-9)
    assert meets(rows_of(out.frame), criterion)


def rows_of(frame: pd.DataFrame) -> list[tuple]:
    plain = frame.astype(object)
    return [
        tuple(None if pd.isna(cell) else cell for cell in row)
        for row in plain[[*QI, "who", "home"]].itertuples(index=False)
    ]


@given(rows=ROWS, k=st.integers(1, 3), suppress=st.sampled_from([0, 0.3]), method=st.sampled_from(["optimal", "local"]))
@settings(max_examples=80, deadline=None)
def test_reports_before_and_after_and_nodes_are_of_persons(rows, k, suppress, method):
    frame = frame_of(rows)
    how = {"k": k, "unit": "who", "hierarchies": HIERARCHIES, "suppress": suppress}
    try:
        out = pk.anonymize(frame, QI, method=method, **how)
    except InfeasibleError:
        return
    for standing, table in ((out.report.before, frame), (out.report.after, out.frame)):
        hand, told = ByHand(rows_of(table)), pk.risk(table, QI, unit="who")
        least = list(hand.persons(hand.sizes).values())
        assert (standing.rows, standing.persons) == (len(table), len(least))
        assert standing.k == min(least, default=0) == pk.kanon(table, QI, unit="who").k
        assert standing.uniques == least.count(1) == told.n_unique
        assert standing.highest_risk == told.prosecutor.highest
        assert standing.average_risk == told.prosecutor.average == pytest.approx(float(hand.mean(least)), rel=1e-13)
        assert standing.row_average_risk == told.prosecutor.row_average
    if method == "optimal":
        lattice = pk.lattice(frame, QI, **how)
        node = lattice.node(out.levels_)
        assert node["k"] == out.report.after.k
        for levels in ({"zip": 1, "sex": 0}, {"zip": 0, "sex": 0}):
            coarse = [("*" if levels["zip"] else row[0], *row[1:]) for row in rows]
            sizes = [size for size in ByHand(coarse).sizes.values() if size >= k]
            assert lattice.node(levels)["k"] == min(sizes, default=0)


# -- criteria and reports tell one figure -----------------------------------------------------------------------------


@given(rows=ROWS, unit=st.sampled_from([None, "who"]), times=st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_the_figure_of_a_criterion_is_that_of_the_report(rows, unit, times):
    frame = frame_of(rows)
    n = len(rows) if unit is None else pk.kanon(frame, QI, unit="who").n_persons
    report = pk.risk(frame, QI, unit=unit, population=n * times)
    parts = [
        pk.AverageRisk(0.1, unit=unit),
        pk.SampleUniqueness(0.1, unit=unit),
        pk.PopulationUniqueness(0.1, population=n * times, unit=unit),
    ]
    told = [
        found.figure.partition(" = ")[2].partition(" (")[0] for found in pk.check(frame, QI, sum_of(parts)).findings
    ]
    figures = (report.prosecutor.average, report.share_unique, report.uniqueness.estimate.share)
    assert told == [f"{int(one)}" if float(one).is_integer() else f"{one:.4g}" for one in figures]


def sum_of(parts):
    whole = parts[0]
    for part in parts[1:]:
        whole = whole & part
    return whole


def test_two_persons_in_eleven_pairs_are_two_persons():
    frame = pd.DataFrame({"who": ["a"] * 10 + ["b"], "place": [*"abcdefghij", "a"]})
    report = pk.risk(frame, "place", unit="who", population=2)
    assert repr(report).startswith("2 of 2 persons (100 %) are above risk 0.2.\n")
    assert report.prosecutor.rows_at_risk == 11
    with pytest.raises(PopulationError, match="the data has 2 persons"):
        pk.risk(frame, "place", unit="who", population=1)
    with pytest.raises(PopulationError, match="the data has 2 persons"):
        pk.check(frame, "place", pk.PopulationUniqueness(0.1, population=1, unit="who"))


def test_persons_with_several_rows_in_two_classes_are_five_each():
    frame = pd.DataFrame({"who": [i // 100 for i in range(1000)], "zip": ["a"] * 500 + ["b"] * 500})
    after = pk.anonymize(frame, ["zip"], k=5, unit="who", suppress=0).report.after
    assert (after.k, after.highest_risk) == (5, 0.2)


def test_population_uniques_of_persons_are_near_those_of_a_simulated_population():
    """Persons with one to four places each; the estimate is of persons who are alone in a place at least once."""
    random = np.random.default_rng(5)
    people = np.repeat(np.arange(40_000), random.integers(1, 5, 40_000))
    whole = pd.DataFrame({"who": people, "place": random.zipf(1.6, len(people))})
    sizes = whole.drop_duplicates().groupby("place")["who"].transform("size")
    truth = whole.drop_duplicates()[(sizes == 1).to_numpy()]["who"].nunique()
    for fraction in (0.02, 0.05, 0.3):
        drawn = whole[whole["who"].isin(random.choice(40_000, int(40_000 * fraction), replace=False))]
        found = pk.risk(drawn, "place", unit="who", population=40_000).uniqueness.estimate.uniques
        assert 0.8 < found / truth < 1.25


@pytest.mark.parametrize("kind", sorted(Part.kinds))
def test_every_criterion_of_persons_is_typed_with_its_unit(kind):
    if Part.kinds[kind].counts_units:
        assert "unit" in Part.kinds[kind].__dataclass_fields__
