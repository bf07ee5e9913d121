"""Public facts that are dates: how bounds and keys are told apart, and which calls use them."""

from datetime import UTC, date, datetime

import pandas as pd
import pyarrow as pa
import pytest

import privkit as pk

FIRST, LAST = date(2013, 1, 1), date(2013, 12, 31)
NOON = datetime(2013, 1, 1, 12), datetime(2013, 12, 31, 12)
ZONED = datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 12, 31, tzinfo=UTC)
FLIGHTS = pd.DataFrame(
    {
        "day": pd.Series(list(pd.date_range("2013-01-01", "2013-12-31").date) * 20, dtype=pd.ArrowDtype(pa.date32())),
        "at": list(pd.date_range("2013-01-01", "2013-12-31")) * 20,
    }
)


@pytest.fixture
def project(tmp_path):
    return pk.open_project("flights", epsilon=100, unit=pk.ROW, store=tmp_path / "ledger.db")


PAIRS = [
    ((1, 12), (1.0, 12.0)),
    ((FIRST, LAST), (FIRST, LAST)),
    (("2013-01-01", "2013-12-31"), (FIRST, LAST)),
    ((FIRST, "2013-12-31"), (FIRST, LAST)),
    (NOON, NOON),
    (("2013-01-01 12:00", "2013-12-31T12:00:00"), NOON),
    (ZONED, ZONED),
    (("2013-01-01T00:00Z", "2013-12-31T00:00+00:00"), ZONED),
    ((datetime(2013, 1, 1), datetime(2013, 12, 31)), (FIRST, LAST)),  # midnight is the day, as calls take it
    ((pd.Timestamp("2013-01-01"), pd.Timestamp("2013-12-31 12:00")), (FIRST, NOON[1])),
]


@pytest.mark.parametrize(("said", "value"), PAIRS)
def test_a_tuple_of_two_is_bounds_and_a_list_of_two_must_say_what_it_is(project, tmp_path, said, value):
    with pytest.raises(pk.FactsError, match="bounds or the only two keys"):
        project.public(x=list(said))
    (fact,) = project.public(x=said)
    assert (fact.kind, fact.value) == ("bounds", value)
    assert len(project.public(x={"bounds": list(said)})) == len(project.ledger) == 1  # the same, said again
    again = pk.open_project("flights", store=tmp_path / "ledger.db")
    assert again.public().find("x", "bounds").value == value
    again.public().to_toml(tmp_path / "facts.toml")
    other = pk.open_project("other", epsilon=1, unit=pk.ROW, store=tmp_path / "ledger.db")
    assert other.public(tmp_path / "facts.toml").find("x", "bounds").value == value
    for view in (repr(other.public()), other.public()._repr_html_()):
        assert str(value[0])[:10].removesuffix(".0") in view
    assert [f.kind for f in project.public(y={"keys": list(said)}) if f.column == "y"] == ["keys"]
    assert project.ledger.verify()


PAIRS_OF_KEYS = [("basic", "plus"), ("20130101", "20131231"), ("2013-13-01", "2013-01-01"), (True, False)]


@pytest.mark.parametrize("said", PAIRS_OF_KEYS)
def test_other_pairs_are_keys(project, said):
    assert [(fact.kind, fact.value) for fact in project.public(x=said)] == [("keys", said)]


@pytest.mark.parametrize(
    "text",
    [
        "day = {bounds = [2013-01-01, 2013-12-31]}",
        "[day]\nbounds = [2013-01-01, 2013-12-31]",
        "[day]\nbounds = {values = [2013-01-01, '2013-12-31'], reason = 'one year'}",
    ],
)
def test_native_dates_of_a_file(project, tmp_path, text):
    file = tmp_path / "facts.toml"
    file.write_text(text)
    assert project.public(file).find("day", "bounds").value == (FIRST, LAST)


def test_two_dates_of_a_file_must_say_what_they_are(project, tmp_path):
    file = tmp_path / "facts.toml"
    file.write_text("day = [2013-01-01, 2013-12-31]")
    with pytest.raises(pk.FactsError, match=r"list of two dates for 'day'.*\{ bounds = \[\.\.\.\] \}"):
        project.public(file)
    assert len(project.ledger) == 0


@pytest.mark.parametrize("column", ["day", "at"])
def test_quantiles_use_bounds_and_candidates_of_dates(project, column):
    project.public({column: ("2013-01-01", "2013-12-31")})
    said = pk.plan.dp_median(FLIGHTS, column, bounds=(FIRST, LAST), epsilon=1)
    told = pk.plan.dp_median(FLIGHTS, column, epsilon=1)
    assert told.question == said.question
    assert str(told.public[0]).startswith(f"bounds of '{column}' (declared by ")
    assert said.public == ()
    several = pk.dp_quantile(FLIGHTS, column, [0.25, 0.75], epsilon=5)
    low, high = several.value["25%"].iloc[0], several.value["75%"].iloc[0]
    assert (low.month in {3, 4}, high.month in {9, 10}) == (True, True)
    project.public({column: {"candidates": [date(2013, 6, 1), FIRST]}})
    chosen = pk.plan.dp_median(FLIGHTS, column, epsilon=1)
    assert chosen.question == pk.plan.dp_median(FLIGHTS, column, candidates=[FIRST, "2013-06-01"], epsilon=1).question
    wins = pk.plan.dp_median(FLIGHTS, column, bounds=(FIRST, "2013-02-01"), epsilon=1)
    assert wins.public == ()
    vouched = pk.plan.dp_median(FLIGHTS, column, bounds=pk.public_values((FIRST, LAST), reason="a year"), epsilon=1)
    assert [str(one) for one in vouched.public] == [f"bounds of '{column}' (vouched for in the call: a year)"]


def test_histograms_of_dates_use_bounds_and_bins(project):
    project.public(at=("2013-01-01", "2013-12-31"))
    told = pk.plan.dp_histogram(FLIGHTS, "at", every="month", epsilon=1)
    said = pk.plan.dp_histogram(FLIGHTS, "at", every="month", start="2013-01-01", end="2013-12-31", epsilon=1)
    assert told.question == said.question
    assert "bounds of 'at' (declared" in str(told.public[0])
    half = pk.plan.dp_histogram(FLIGHTS, "at", every="month", end="2013-06-30", epsilon=1)
    assert len(half.question.keys) == 6
    edges = [FIRST, date(2013, 7, 1), date(2014, 1, 1)]
    project.public(at={"bins": edges})
    binned = pk.dp_histogram(FLIGHTS, "at", epsilon=5)
    assert binned.plan.question == pk.plan.dp_histogram(FLIGHTS, "at", bins=edges, epsilon=1).question
    assert "bins of 'at' (declared" in binned.provenance.public[0]
    vouched = pk.plan.dp_histogram(FLIGHTS, "at", bins=pk.public_values(edges, reason="halves"), epsilon=1)
    assert "halves" in str(vouched.public[0])
    both = pk.plan.dp_histogram(FLIGHTS, "at", every="month", epsilon=1)  # windows that are asked for win over bins
    assert both.question == said.question


def test_dates_beside_numbers(project):
    ages = pd.DataFrame({"day": [1, 2, 3]})
    project.public(day=(FIRST, LAST))
    with pytest.raises(pk.PrivkitError, match="No budget was spent"):
        pk.plan.dp_median(ages, "day", epsilon=1)
    project.public(at=(0, 100))
    with pytest.raises(pk.ParameterError, match="a float"):
        pk.plan.dp_median(FLIGHTS, "at", epsilon=1)


BAD = [
    ((LAST, FIRST), "an earlier end than its start"),
    ((FIRST, 3), "an int among dates"),
    ({"bounds": [FIRST, LAST, LAST]}, "3 dates"),
    ((FIRST, pd.NaT), "among dates"),
    ((ZONED[0], NOON[1]), "some have a time zone and some have none"),
    ((datetime(2013, 1, 1, 0, 0, 0, 1), LAST), "a part of a second"),
    (("2013-01-01T00:00:00.000001", "2013-12-31"), "a part of a second"),
    ({"candidates": [FIRST, "2013-01-01"]}, "more than once"),
    ({"bins": [LAST, FIRST]}, "ascend"),
    ({"bounds": (FIRST, LAST), "keys": [date(2014, 1, 1)]}, "keys lie outside its bounds"),
    ({"bounds": (FIRST, LAST), "keys": ["2014-01-01"]}, "keys lie outside its bounds"),
    ({"bounds": (FIRST, LAST), "keys": ["basic"]}, "bounds of dates, and keys that are none"),
    ({"bounds": (FIRST, LAST), "keys": [1, 2]}, "bounds of dates, and keys that are none"),
    ({"bounds": (0, 100), "keys": [FIRST]}, "bounds of numbers, and keys that are none"),
    ({"bounds": (FIRST, LAST), "candidates": [1, 2]}, "some are of numbers, and some of dates"),
    ({"bounds": (FIRST, LAST), "candidates": ["2014-01-01"]}, "candidates lie outside its bounds"),
    ({"bounds": (FIRST, LAST), "bins": ["2014-01-01", "2015-01-01"]}, "all of its bins lie outside"),
]


@pytest.mark.parametrize(("said", "told"), BAD)
def test_what_is_no_fact_of_dates(project, said, told):
    with pytest.raises(pk.PrivkitError, match=told) as caught:
        project.public(x=said)
    assert "2013" not in str(caught.value).replace("2026", "")
    assert str(caught.value).endswith("No budget was spent.")
    assert len(project.ledger) == 0


def test_keys_and_bins_within_bounds_of_dates(project):
    facts = project.public(
        x={
            "bounds": (FIRST, LAST),
            "keys": [FIRST, datetime(2013, 12, 31, 13), None, "2013-05-01"],
            "bins": [FIRST, LAST],
        },
        y={"bounds": ZONED, "keys": [datetime(2013, 5, 1), datetime(2013, 5, 2, tzinfo=UTC)]},
    )
    assert len(facts) == 5
