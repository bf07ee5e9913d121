from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.anonymity.kanonymity import KAnonymityReport, kanon
from privkit.errors import ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
from privkit.errors.anonymity import RoleConflictError

CASES = [
    ("adult", "raw", "adult"),
    ("adult", "raw_5", "adult"),
    ("adult", "age_level_3_education_level_2", "adult_generalized"),
    ("telco", "with_tenure", "telco"),
    ("telco", "without_tenure", "telco"),
    ("shop", "released_k", "shop"),
]


@pytest.mark.parametrize(("data", "case", "fixture"), CASES)
def test_every_figure_agrees_with_the_stored_answers(data, case, fixture, expected, request):
    answer, report = expected[data][case], kanon(request.getfixturevalue(fixture), expected[data][case]["qi"])
    assert report.n_rows == answer["rows"]
    assert report.n_classes == answer["classes"]
    assert report.k == answer["k"]
    assert report.n_unique == answer["sample_uniques"]
    assert [report.rows_below(j) for j in (2, 3, 5)] == [answer[f"rows_in_classes_below_{j}"] for j in (2, 3, 5)]
    assert report.share_below(5) == answer["rows_in_classes_below_5"] / answer["rows"]
    assert max(report.histogram) == answer["largest_class"]
    assert (
        sum(size**2 * classes for size, classes in report.histogram.items()) == answer["discernibility_no_suppression"]
    )


def test_the_bundled_table_agrees_with_the_stored_answers(expected):
    from privkit.examples import example

    table, answer = example("insights"), expected["insights"]
    report = kanon(table, ["zip", "age"])
    assert {"k": report.k, "classes": report.n_classes, "sample_uniques": report.n_unique} == answer["k_zip_age"]
    wide = kanon(table, ["zip", "age", "plan", "churned"])
    assert wide.n_unique == answer["k_zip_age_plan_churned"]["sample_uniques"]


def test_reports_survive_pickling(telco):
    import pickle

    report = kanon(telco, ["gender", "tenure"], k=5)
    again = pickle.loads(pickle.dumps(report))
    assert repr(again) == repr(report)
    pd.testing.assert_frame_equal(again.smallest(3), report.smallest(3))


# -- an independent count ------------------------------------------------------------------------------------------

VALUES = st.one_of(st.none(), st.sampled_from(["a", "b", "NaN", "", "*"]), st.just(math.nan))
NUMBERS = st.sampled_from([0.0, -0.0, 1.5, math.nan, 3.0])
ROWS = st.lists(st.tuples(VALUES, NUMBERS, st.sampled_from(["p", "q", "r", None])), max_size=30)


def canonical(value: object) -> object:
    return None if value is None or value != value else value


def by_hand(rows: list[tuple]) -> Counter:
    return Counter(tuple(canonical(cell) for cell in row[:2]) for row in rows)


def frame_of(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["x", "y", "who"])
    return frame.astype({"y": float, "x": object, "who": object})


@given(ROWS, st.integers(1, 8))
@settings(max_examples=60)
def test_report_agrees_with_counting_by_hand(rows, k):
    report, classes = kanon(frame_of(rows), ["x", "y"], k=k), by_hand(rows)
    assert report.n_rows == len(rows)
    assert report.n_classes == len(classes)
    assert report.k == min(classes.values(), default=0)
    assert report.n_unique == sum(size == 1 for size in classes.values())
    assert report.rows_short == sum(size for size in classes.values() if size < k)
    assert report.satisfied == all(size >= k for size in classes.values())
    assert dict(report.histogram) == Counter(classes.values())
    table = report.to_frame()
    assert table["rows"].sum() == len(rows)
    assert dict(zip(table["size"], table["classes"], strict=True)) == Counter(classes.values())


@given(ROWS)
@settings(max_examples=40)
def test_persons_are_counted_once_per_class_and_missing_ids_as_one(rows):
    report = kanon(frame_of(rows), ["x", "y"], unit="who")
    persons: dict[tuple, set] = {}
    for row in rows:
        persons.setdefault(tuple(canonical(cell) for cell in row[:2]), set()).add(row[2])
    assert report.k == min((len(found) for found in persons.values()), default=0)
    alone = [
        (who, None if who is not None else key) for key, found in persons.items() if len(found) == 1 for who in found
    ]
    assert report.n_unique == len(set(alone))
    assert report.k <= kanon(frame_of(rows), ["x", "y"]).k
    assert report.n_rows == len(rows)


@given(ROWS, st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_order_of_rows_columns_and_index_never_matter(rows, random):
    frame = frame_of(rows)
    order = list(range(len(frame)))
    random.shuffle(order)
    shuffled = frame.iloc[order][["who", "y", "x"]]
    shuffled.index = [random.choice("ab") for _ in order]
    one, two = kanon(frame, ["x", "y"]), kanon(shuffled, ["x", "y"])
    assert one.histogram == two.histogram
    pd.testing.assert_frame_equal(one.smallest(5), two.smallest(5))
    assert kanon(frame, ["y", "x"]).histogram == one.histogram


@given(ROWS)
@settings(max_examples=40)
def test_merging_classes_never_lowers_k(rows):
    frame = frame_of(rows)
    fine = kanon(frame, ["x", "y"])
    assert kanon(frame, ["x"]).k >= fine.k
    assert kanon(frame.assign(y=frame["y"] > 1), ["x", "y"]).k >= fine.k
    assert kanon(frame, ["x"]).rows_below(3) <= fine.rows_below(3)


# -- what counts as a class ----------------------------------------------------------------------------------------


def test_missing_is_a_value_and_never_dropped():
    frame = pd.DataFrame({"zip": ["1", "1", None], "age": [3.0, 3.0, np.nan]})
    report = kanon(frame, ["zip", "age"])
    assert (report.k, report.n_rows, report.n_classes) == (1, 3, 2)


def test_categories_that_do_not_occur_are_no_classes():
    frame = pd.DataFrame({"plan": pd.Categorical(["a", "a", "b", "b"], categories=["a", "b", "c"])})
    assert kanon(frame, "plan").k == 2
    assert kanon(frame.iloc[:2], "plan").n_classes == 1


def test_mixed_types_are_counted_and_ordered():
    frame = pd.DataFrame({"x": pd.Series([1, "1", 2.5, None, (1, 2), 1], dtype=object)})
    report = kanon(frame, "x")
    assert (report.n_classes, report.k) == (5, 1)
    assert len(report.smallest(10)) == 5
    backwards = kanon(frame.iloc[::-1], "x").smallest(10)
    assert backwards["x"].astype(str).tolist() == report.smallest(10)["x"].astype(str).tolist()
    assert backwards["x"].map(type).tolist() == report.smallest(10)["x"].map(type).tolist()


def test_smallest_gives_values_by_size_then_value():
    frame = pd.DataFrame({"zip": list("ccbbaad"), "age": [1, 1, 2, 2, 9, 5, 7]})
    smallest = kanon(frame, ["zip", "age"]).smallest(4)
    assert smallest.to_dict("list") == {"zip": ["a", "a", "d", "b"], "age": [5, 9, 7, 2], "size": [1, 1, 1, 2]}


def test_smallest_keeps_a_quasi_identifier_named_size():
    frame = pd.DataFrame({"size": ["S", "S", "M"]})
    assert kanon(frame, "size").smallest(1).to_dict("list") == {"size": ["M"], "size_": [1]}


def test_persons_report_tells_rows_beside_persons():
    frame = pd.DataFrame({"zip": list("aab"), "who": ["x", "x", "y"]})
    report = kanon(frame, "zip", unit="who", k=2)
    assert report.smallest(2).to_dict("list") == {"zip": ["a", "b"], "size": [1, 1], "rows": [2, 1]}
    assert report.rows_short == 3
    assert report.to_frame().to_dict("list") == {"size": [1], "classes": [2], "rows": [3], "share_of_rows": [1.0]}


@pytest.mark.parametrize("engine", ["polars", "polars lazy", "duckdb"])
def test_other_engines_agree(engine, telco, expected):
    answer = expected["telco"]["with_tenure"]
    if engine == "duckdb":
        duckdb = pytest.importorskip("duckdb")
        data = duckdb.from_df(telco)
    else:
        polars = pytest.importorskip("polars")
        data = polars.from_pandas(telco)
        data = data.lazy() if engine.endswith("lazy") else data
    report = kanon(data, answer["qi"])
    assert (report.k, report.n_unique, report.n_classes) == (1, answer["sample_uniques"], answer["classes"])
    pd.testing.assert_frame_equal(
        report.smallest(7), kanon(telco, answer["qi"]).smallest(7), check_dtype=False, check_column_type=False
    )


# -- what it says --------------------------------------------------------------------------------------------------


def test_repr_says_the_answer_the_reason_and_what_to_type():
    frame = pd.DataFrame({"zip": [*list("aabb"), "secretvalue"]})
    assert repr(kanon(frame, "zip")).splitlines() == [
        "k = 1: the smallest of 3 classes by 'zip' has 1 row.",
        "1 of 5 rows (20.0 %) is a sample unique: no other row has its values.",
        "next: .smallest(10) · .plot() · .panel()",
    ]
    assert repr(kanon(frame, "zip", k=2)).splitlines() == [
        "k = 1: 1 of 5 rows (20.0 %) falls short of k = 2.",
        "The smallest of 3 classes by 'zip' has 1 row.",
        "1 of 5 rows (20.0 %) is a sample unique: no other row has its values.",
        "next: df.privacy.anonymize(['zip'], k=2) · .smallest(10) · .plot() · .panel()",
    ]
    met = kanon(frame.iloc[:4], "zip", k=2)
    assert met.satisfied
    assert repr(met).startswith("k = 2: the smallest of 2 classes by 'zip' has 2 rows. k = 2 is met.\n")


def test_no_cell_value_in_repr_or_html():
    frame = pd.DataFrame({"zip": ["secretvalue", "othersecret", "othersecret"], "who": ["idsecret"] * 3})
    for report in (kanon(frame, "zip", k=2), kanon(frame, "zip", unit="who", k=9)):
        assert "secret" not in repr(report) + report._repr_html_()


def test_a_table_without_rows_is_said():
    report = kanon(pd.DataFrame({"zip": [], "age": []}), ["zip", "age"], k=5)
    assert (report.k, report.n_rows, report.n_classes, report.n_unique, report.rows_short) == (0, 0, 0, 0, 0)
    assert report.satisfied is True
    assert report.share_below(5) == 0.0
    assert len(report.smallest()) == len(report.to_frame()) == 0
    assert "no rows" in repr(report)
    assert "no rows" in report._repr_html_()
    report.plot()


def test_a_k_above_the_number_of_rows_is_said():
    report = kanon(pd.DataFrame({"zip": ["a", "a"]}), "zip", k=50)
    assert (report.satisfied, report.rows_short) == (False, 2)
    assert "no generalization reaches this k" in repr(report)
    assert "anonymize" not in repr(report)


def test_report_is_frozen_and_no_release():
    report = kanon(pd.DataFrame({"zip": ["a"]}), "zip")
    with pytest.raises(AttributeError):
        report.required = 3
    with pytest.raises(TypeError):
        report.histogram[1] = 5
    names = {"KAnonymityReport", "Explorable", "Paneled", "Plotted", "Shown", "object"}
    assert {base.__name__ for base in KAnonymityReport.__mro__} == names
    assert not hasattr(report, "value")


def test_share_below_is_the_exact_share_rounded_once(adult):
    report = kanon(adult, ["sex", "age", "race"])
    assert report.share_below(5) == float(Fraction(425, 30162))


# -- bad input -----------------------------------------------------------------------------------------------------


@pytest.fixture
def people() -> pd.DataFrame:
    return pd.DataFrame({"zip_code": ["a"], "age": [1], "who": ["x"]})


def test_unknown_column_names_close_matches(people):
    with pytest.raises(
        ColumnNotFoundError, match=r"kanon\(\) got qi=\['age', 'zipcode'\], but 'zipcode' is not a column"
    ) as error:
        kanon(people, ["age", "zipcode"])
    assert error.value.matches == ("zip_code",)
    with pytest.raises(ColumnNotFoundError, match="unit="):
        kanon(people, "age", unit="whom")


def test_unit_among_the_quasi_identifiers_is_refused(people):
    with pytest.raises(RoleConflictError, match="Leave it out: qi=") as error:
        kanon(people, ["age", "who"], unit="who")
    assert (error.value.column, error.value.roles) == ("who", ("qi", "unit"))


@pytest.mark.parametrize("qi", [[], None, 3, ["age", 3], b"age", {"age"}])
def test_quasi_identifiers_of_another_kind_are_refused(people, qi):
    with pytest.raises(ParameterError, match="qi"):
        kanon(people, qi)


def test_doubled_names_are_refused(people):
    with pytest.raises(DuplicateColumnError):
        kanon(people, ["age", "age"])
    doubled = pd.DataFrame([[1, 2, 3]], columns=["age", "age", "who"])
    with pytest.raises(DuplicateColumnError):
        kanon(doubled, "age")
    assert kanon(doubled, "who").k == 1


@pytest.mark.parametrize("k", [0, -1, 2.5, "5", True, math.nan])
def test_k_must_be_a_whole_number_above_zero(people, k):
    with pytest.raises(ParameterError, match=r"kanon\(\) got k="):
        kanon(people, "age", k=k)
    report = kanon(people, "age")
    for call in (report.rows_below, report.share_below, report.smallest):
        with pytest.raises(ParameterError):
            call(k)


@pytest.mark.parametrize("data", [None, [1, 2], {"age": [1]}, "people.csv"])
def test_what_is_no_frame_is_refused(data):
    with pytest.raises(FrameError):
        kanon(data, "age")
