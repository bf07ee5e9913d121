"""What a release says of where it comes from is what was asked, for every statistic; and its notes are true."""

import json

import pandas as pd
import pytest

import privkit as pk
from privkit.project import dp
from privkit.project.asking import FUNCTIONS
from privkit.values.kinds import read_all
from privkit.values.writing import number

read_all(dp)

PEOPLE = pd.DataFrame(
    {
        "who": [place // 2 for place in range(4000)],
        "age": [20.0, 40.0, None, 75.0] * 1000,
        "spend": [1.0, 50.0, 90.0, 200.0] * 1000,
        "plan": (["basic"] * 3 + ["plus"]) * 1000,
        "zip": ["8001", "8002"] * 2000,
        "at": pd.date_range("2026-01-01", periods=4000, freq="h"),
    }
)
ENDS = {"bounds": (0, 100)}
BINS = {"bins": [0, 30, 100]}
THREE = {"n": "count", "s": ("sum", "spend", (0, 100)), "m": ("mean", "spend", (0, 100)), "v": ("var", "age", (0, 90))}
DECILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]

#: Function, arguments, question in words, what is clipped.
ASKED = [
    ("dp_count", (), {}, "count of rows", ""),
    ("dp_value_counts", ("zip",), {"keys": ["8001"]}, "count of rows by zip (1 key)", ""),
    ("dp_crosstab", ("zip", "plan"), {"keys": {"zip": ["8001"], "plan": ["basic", "plus"]}},
     "count of rows by zip, plan (2 keys)", ""),
    ("dp_histogram", ("age",), BINS, "histogram of 'age' in 2 bins", ""),
    ("dp_nunique", ("plan",), {}, "count of distinct values of 'plan'", ""),
    ("dp_share", ("age >= 40",), {}, "share of rows with (age >= 40)", ""),
    ("dp_sum", ("spend",), ENDS, "sum of 'spend' clipped to [0, 100]", "spend to [0, 100]"),
    ("dp_mean", ("spend",), ENDS, "mean of 'spend' clipped to [0, 100]", "spend to [0, 100]"),
    ("dp_mean", ("spend",), {**ENDS, "clipped": True}, "mean of 'spend' clipped to [0, 100] and share of clipped rows",
     "spend to [0, 100]"),
    ("dp_var", ("spend",), {**ENDS, "clipped": True}, "var of 'spend' clipped to [0, 100] and share of clipped rows",
     "spend to [0, 100]"),
    ("dp_std", ("spend",), ENDS, "std of 'spend' clipped to [0, 100]", "spend to [0, 100]"),
    ("dp_median", ("age",), ENDS, "median of 'age'", "age to [0, 100]"),
    ("dp_median", ("at",), {"bounds": ("2026-01-01", "2026-12-31")}, "median of 'at'",
     "at to [2026-01-01 00:00:00, 2026-12-31 00:00:00]"),
    ("dp_quantile", ("age", 0.25), ENDS, "0.25-quantile of 'age'", "age to [0, 100]"),
    ("dp_quantile", ("age", [0.25, 0.5]), ENDS, "0.25-quantile and median of 'age'", "age to [0, 100]"),
    ("dp_quantile", ("age", DECILES), ENDS, "quantiles 10%, 20%, 30%, 40%, 50%, 60% of 'age'", "age to [0, 100]"),
    ("dp_bounds", ("spend",), {}, "bounds of 'spend'", ""),
    ("dp_top_k", ("plan", 1), {"keys": ["basic", "plus"]}, "most frequent of 2 public values of 'plan'", ""),
    ("dp_top_k", ("zip", 2), {"keys": ["8001", "8002", "8003"]}, "2 most frequent of 3 public values of 'zip'", ""),
    ("dp_difference", ("spend", "plan"), {**ENDS, "keys": ["basic", "plus"]},
     "difference of means of 'spend' clipped to [0, 100]: 'basic' less 'plus' of 'plan'", "spend to [0, 100]"),
    ("dp_difference", ("age >= 40", "plan"), {"keys": ["basic", "plus"]},
     "difference of shares of rows with (age >= 40): 'basic' less 'plus' of 'plan'", ""),
    ("dp_anova", ("spend", "zip"), {"keys": ["8001", "8002"], "bounds": (0, 100)},
     "test of equal means of 'spend' clipped to [0, 100] in 2 groups of 'zip'", "spend to [0, 100]"),
    ("dp_correlation", (["spend", "age"],), {"bounds": {"spend": (0, 100), "age": (0, 90)}},
     "correlation of 'spend' and 'age'", "spend to [0, 100]; age to [0, 90]"),
    ("dp_ols", ("spend", "age"), {"bounds": {"spend": (0, 100), "age": (0, 90)}},
     "least squares of 'spend' by 'age'", "age to [0, 90]; spend to [0, 100]"),
    ("dp_kmeans", (["spend", "age"], 2), {"bounds": {"spend": (0, 100), "age": (0, 90)}},
     "2 clusters by 'age', 'spend'", "age to [0, 90]; spend to [0, 100]"),
    ("dp_logistic", ("plan", ["spend", "zip"]),
     {"bounds": {"spend": (0, 100)}, "keys": {"plan": ["basic", "plus"], "zip": ["8001", "8002"]}, "steps": 3},
     "logistic regression of 'plan' by 'spend', 'zip'", "spend to [0, 100]"),
    ("dp_chi2", ("zip", "plan"), {"keys": {"zip": ["8001", "8002"], "plan": ["basic", "plus"]}},
     "test of independence of 'zip' and 'plan' (2 × 2)", ""),
    ("dp_query", (THREE,), {},
     "count of rows, sum and mean of 'spend' clipped to [0, 100] and var of 'age' clipped to [0, 90]",
     "spend to [0, 100]; age to [0, 90]"),
    ("dp_tables", ([("plan",), ("zip", "plan")],), {"keys": {"zip": ["8001"], "plan": ["basic"]}},
     "count of rows in 2 tables: plan, zip × plan", ""),
    ("dp_synthetic", (["plan", "zip"],), {"keys": {"zip": ["8001"], "plan": ["basic"]}},
     "synthetic rows of plan, zip, from counts of each column and of 1 further pair", ""),
    ("dp_describe", ("age",), ENDS,
     "count, mean and std of 'age' clipped to [0, 100] and 0.25-quantile, median and 0.75-quantile of 'age'",
     "age to [0, 100]"),
]  # fmt: skip
ALONE = {
    "dp_anova",
    "dp_correlation",
    "dp_synthetic",
    "dp_tables",
    "dp_value_counts",
    "dp_crosstab",
    "dp_bounds",
    "dp_top_k",
    "dp_difference",
    "dp_chi2",
    "dp_ols",
    "dp_logistic",
    "dp_kmeans",
}
NAMES = [f"{name}-{place}" for place, (name, *_) in enumerate(ASKED)]


@pytest.fixture
def project(ledger_path):
    return pk.open_project("asked", epsilon=1000, unit=pk.ROW, store=ledger_path)


def test_every_statistic_is_looked_at():
    lacking = set(FUNCTIONS) - {name for name, *_ in ASKED}
    assert not lacking, f"give a call of {lacking} in ASKED, with its words and what it clips"


@pytest.mark.parametrize(("name", "args", "options", "question", "clipped"), ASKED, ids=NAMES)
@pytest.mark.sample(0.4)
def test_the_words_are_those_of_the_question(project, name, args, options, question, clipped):
    release = getattr(pk, name)(PEOPLE, *args, epsilon=1, **options)
    told = dict(release.provenance.rows)
    assert told["question"] == release.provenance.question == question
    assert told.get("clipped", "") == clipped
    assert release.provenance.line.startswith(question[0].upper() + question[1:] + "; protects one row")
    assert json.loads(release.provenance.to_json())["question"] == question
    assert question in str(release.provenance)
    if name in ALONE:
        return
    where = "" if name == "dp_share" else " where (plan == 'basic')"  # a share's condition is its `where`
    options = options if name == "dp_share" else {**options, "where": "plan == 'basic'"}
    grouped = getattr(pk, name)(PEOPLE, *args, by="zip", keys=["8001", "8002"], epsilon=1, **options).provenance
    assert grouped.question == f"{question} by zip (2 keys){where}"
    assert "zip" not in dict(grouped.rows).get("clipped", "")


@pytest.mark.parametrize(("name", "args", "options", "question", "clipped"), ASKED, ids=NAMES)
@pytest.mark.sample(0.4)
def test_notes_are_true(project, name, args, options, question, clipped):
    release = getattr(pk, name).plan(PEOPLE, *args, epsilon=1, **options).release()
    along = [note for note in release.plan.notes if "at no further cost: .to_frame()" in note]
    columns = " ".join(release.to_frame().columns) if along else ""
    for note in along:
        words = note.split(" come with it")[0].replace("variance", "var").replace(",", "").replace(" and ", " ").split()
        promised = ["met", "count"] if name == "dp_share" else words
        assert all(word in columns for word in promised)
    assert len(along) == (name in {"dp_mean", "dp_var", "dp_std", "dp_share"})


def test_persons_windows_rows_and_simulation_are_told(ledger_path):
    pk.open_project("persons", epsilon=1000, delta=1e-3, unit="who", max_rows=2, store=ledger_path)
    total = pk.dp_sum(PEOPLE, "spend", person_bounds=(0, 100), epsilon=1).provenance
    assert total.question == "sum of each person's 'spend', in all within [0, 100]"
    persons = pk.dp_share(PEOPLE, "age >= 40", of="persons", epsilon=1).provenance
    assert (persons.question, persons.clipped) == ("share of persons with (age >= 40)", {})
    found = pk.dp_mean(PEOPLE, "spend", "zip", clipped=True, **ENDS, epsilon=1, delta=1e-5).provenance
    assert found.question.startswith("mean of 'spend' clipped to [0, 100] and share of clipped rows by zip (")
    assert found.keys_source == "found: their noisy counts passed the threshold"
    assert found.clipped == {"spend": [0, 100]}
    pk.open_project("rows", epsilon=10, unit=pk.rows(3), store=ledger_path)
    assert pk.dp_count(PEOPLE, epsilon=1).provenance.unit == "3 rows of one person"
    pk.open_project("lesson", epsilon=10, unit=pk.ROW, simulate=True, seed=1)
    assert "mean of 'spend' clipped to [0, 100]" in pk.dp_mean(PEOPLE, "spend", **ENDS, epsilon=1).provenance.question


BAND = {"band": pk.cut("age", [0, 40, 100])}
VOUCHED = pk.public_values(pd.Series(["8001", "8002"]), reason="list of the post")


def test_keys_say_how_they_are_known(project):
    def source(*args, **options):
        return pk.dp_count(PEOPLE, *args, epsilon=1, **options).provenance.keys_source

    assert source("zip", keys=["8001", "8002"]) == "public, named in the question"
    assert source("zip", keys=VOUCHED) == "public: list of the post"
    assert source("band", derive=BAND) == "public, the labels of derived 'band'"
    assert source("band", derive=BAND, keys=["[0, 40)", "none"]) == "public, named in the question"
    both = source(["plan", "zip"], keys={"plan": ["plus"], "zip": VOUCHED})
    assert both == "public: 'plan' named in the question; 'zip' list of the post"
    earlier = pk.dp_count(PEOPLE, "zip", keys=["8001", "8002"], epsilon=1)
    assert source("zip", keys=earlier) == "public: released as entry 1 of project 'asked'"
    (_, _, fact) = project.public(
        plan={"keys": ["basic", "plus"], "reason": "tariffs"}, spend={"bins": [0, 9, 99]}, zip=["8001", "8002", "8003"]
    )
    declared = fact.source.declared
    assert source("zip") == f"public, {declared}"
    assert source("plan") == f"public, {declared}: tariffs"
    assert source(["band", "plan"], derive=BAND) == (
        f"public: 'band' the labels of derived 'band'; 'plan' {declared}: tariffs"
    )
    assert source(["zip", "plan"], keys={"zip": ["8001"]}) == (
        f"public: 'zip' named in the question; 'plan' {declared}: tariffs"
    )
    assert pk.dp_histogram(PEOPLE, "spend", epsilon=1).provenance.keys_source == f"public, {declared}"
    assert pk.dp_histogram(PEOPLE, "age", epsilon=1, **BINS).provenance.keys_source == "public, named in the question"


def test_derived_columns_and_what_stands_for_missing_are_told(project):
    made = pk.dp_mean(PEOPLE, "tens", bounds=(0, 20), derive={"tens": "spend / 10"}, epsilon=1).provenance
    assert made.derived == {"tens": "(spend / 10)"}
    assert "tens = (spend / 10)" in str(made)
    assert json.loads(made.to_json())["derived"] == made.derived
    plan = pk.plan.dp_mean(PEOPLE, "age", **ENDS, missing=0, epsilon=1)
    assert "values of 'age' are clipped to [0, 100]" in plan.notes
    assert "missing values of 'age' count as 0" in plan.notes
    assert dict(plan.release().provenance.rows)["missing"] == "of age counted as 0"
    left = pk.plan.dp_mean(PEOPLE, "age", **ENDS, epsilon=1)
    assert "values of 'age' are clipped to [0, 100]; missing ones are left out" in left.notes
    several = {"a": ("mean", "age", (0, 100)), "s": ("mean", "spend", (0, 100))}
    notes = pk.plan.dp_query(PEOPLE, several, missing={"age": 0}, epsilon=1).notes
    assert "values of 'spend' are clipped to [0, 100]; missing ones are left out" in notes
    assert "values of 'age' are clipped to [0, 100]" in notes
    binned = pk.plan.dp_histogram(PEOPLE, "age", missing={"age": 0}, epsilon=1, **BINS).notes
    assert any(note.startswith("values of 'age' outside [") and "missing" not in note for note in binned), binned


@pytest.mark.parametrize(
    ("condition", "untold"),
    [
        ("age >= 40", True),
        ("age is missing", False),
        ("age is not missing", False),
        ("age > 3 or age is missing", False),
    ],
)
def test_a_share_says_that_rows_are_left_out_only_where_they_may_be(project, ledger_path, condition, untold):
    notes = pk.plan.dp_share(PEOPLE, condition, epsilon=1).notes
    assert any("are left out" in note for note in notes) is untold
    pk.open_project("persons", epsilon=1000, unit="who", max_rows=2, store=ledger_path)
    told = [note for note in pk.plan.dp_share(PEOPLE, condition, of="persons", epsilon=1).notes if "by any row" in note]
    assert len(told) == 1
    assert ("left out" in told[0]) is untold


def test_the_share_of_clipped_rows_is_shown(ledger_path):
    pk.open_project("clipped", epsilon=1000, ceiling=200, unit=pk.ROW, store=ledger_path)
    release = pk.dp_mean(PEOPLE, "spend", **ENDS, clipped=True, epsilon=200)  # of 4,000 rows: noise of 0
    (line,) = [line for line in repr(release).splitlines() if line.startswith("Clipped: ")]
    assert "25.0 % of the values, " in line
    for view in (repr(release), release._repr_html_()):
        assert "Clipped: " in view
        assert ".to_frame()" in view
    groups = pk.dp_std(PEOPLE, "spend", "zip", keys=["8001", "8002"], **ENDS, clipped=True, epsilon=10)
    for view in (repr(groups), groups._repr_html_()):
        assert "of a group's values, each with its interval in .to_frame()." in view.replace("&#x27;", "'")
    assert "Clipped" not in repr(pk.dp_mean(PEOPLE, "spend", **ENDS, epsilon=10))


PUBLIC = {"zip": ["8001", "8002"], "plan": ["basic", "plus"]}


def test_public_values_of_tables_tests_and_the_most_frequent_are_told_with_their_source(project):
    said = "public, named in the question"
    for told in (
        pk.dp_tables(PEOPLE, [("zip",), ("plan",)], keys=PUBLIC, epsilon=1),
        pk.dp_chi2(PEOPLE, "zip", "plan", keys=PUBLIC, epsilon=1),
    ):
        assert told.provenance.public_values == PUBLIC
        assert sorted(dict(told.provenance.rows)["values"].removesuffix(f" ({said})").split("; ")) == [
            "plan: basic, plus",
            "zip: 8001, 8002",
        ]
        assert json.loads(told.provenance.to_json())["public_values"] == PUBLIC
        assert dict(zip(told.provenance.keys(), told.provenance.values(), strict=True)) == told.provenance.to_dict()
    top = pk.dp_top_k(PEOPLE, "plan", 1, keys=PUBLIC["plan"], epsilon=1).provenance
    assert (top.public_values, top.keys_source) == ({"plan": PUBLIC["plan"]}, said)
    two = pk.dp_difference(PEOPLE, "spend", "plan", **ENDS, keys=PUBLIC["plan"], epsilon=1).provenance
    assert dict(two.rows)["values"] == f"plan: basic, plus ({said})"
    vouched = pk.dp_tables(PEOPLE, [("zip", "plan")], keys=PUBLIC | {"zip": VOUCHED}, epsilon=1).provenance
    assert vouched.keys_source == "public: 'plan' named in the question; 'zip' list of the post"


def test_levels_that_an_earlier_release_has_told_are_known_by_it(project):
    zips = pk.dp_count(PEOPLE, "zip", keys=PUBLIC["zip"], epsilon=1)
    told = pk.dp_tables(PEOPLE, [("zip", "plan")], keys={"zip": zips, "plan": ["plus"]}, epsilon=1).provenance
    known = "public: 'plan' named in the question; 'zip' released as entry 1 of project 'asked'"
    assert dict(told.rows)["values"] == f"plan: plus; zip: 8001, 8002 ({known})"


def test_each_part_of_a_composed_noise_is_told_in_plain_words(ledger_path):
    """Each part's kind and scale are what its own plan tells, wherever the whole is told."""
    pk.open_project("noises", epsilon=1000, delta=1e-3, unit=pk.ROW, store=ledger_path)
    release = pk.dp_query(PEOPLE, THREE | {"q": ("median", "age", (0, 100))}, epsilon=4)
    told = release.provenance.noise
    noise = release.plan.noise
    count, mean = number(noise.parts[_part(release, "n")].scale), _part(release, "m")
    assert f"n: discrete Laplace noise, scale {count}" in told
    step = release.plan.question.asked.parts[mean].step
    assert f"discrete Laplace noise, scale {number(noise.parts[mean].scale * step)}" in told
    place = noise.parts[_part(release, "q")]
    assert f"q: chosen by noisy max, scale {number(place.scale)}" in told
    assert "composition" not in release.provenance.line
    assert told in release.provenance.line
    assert dict(release.provenance.rows)["noise"] == told == json.loads(release.provenance.to_json())["noise"]
    found = pk.plan.dp_mean(PEOPLE, "spend", "zip", **ENDS, epsilon=1, delta=1e-5).release()
    first, then = found.provenance.noise.split("; then ")
    assert first.startswith("to find the groups: discrete Laplace noise, scale 4, groups shown from ")
    assert then == pk.plan.dp_mean(PEOPLE, "spend", **ENDS, epsilon=0.75).question.asked.noise_told(found.plan.noise)
    tables = pk.dp_tables(PEOPLE, [("zip",), ("plan",)], keys=PUBLIC, epsilon=1)
    assert tables.provenance.noise == "discrete Laplace noise on 2 tables, scale 2"


def _part(release, name):
    return next(place for given, place, _ in release.plan.question.asked.outputs if given == name)
