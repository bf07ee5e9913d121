from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
from privkit.errors.risk import LinkError, TruthError
from privkit.risk.attackers import Rate, excess_risk
from privkit.risk.link import link
from privkit.risk.report import risk
from privkit.transform.anonymize import anonymize
from privkit.transform.generalize import generalize
from privkit.transform.hierarchies.hierarchy import Hierarchy

ON = ["sex", "birth_date", "postcode"]


def test_the_shops_released_table_against_its_register(shop, register, truth, expected):
    answer = expected["shop"]["linkage_sex_birthdate_postcode"]
    found = link(shop, register, ON, truth=truth)
    assert (found.n_rows, found.n_other) == (answer["released"], answer["register"])
    assert (found.n_none, found.n_single, found.n_several) == (answer["none"], answer["one"], answer["several"])
    assert found.n_right == answer["one_correct"]
    assert found.n_pairs == len(shop.merge(register, on=ON))
    assert (found.n_unjudged, found.n_unknown) == (0, 0)
    assert found.baseline.hits < 40
    assert found.informative


def test_coarser_columns_link_fewer(shop, register, truth):
    coarse = shop.assign(birth_date=shop["birth_date"].str[:4], postcode=shop["postcode"].str[:1])
    other = register.assign(birth_date=register["birth_date"].str[:4], postcode=register["postcode"].str[:1])
    found = link(coarse, other, ON, truth=truth)
    assert found.n_single < 120
    assert found.n_right <= found.n_single
    unlinked = link(coarse, register, ON, truth=truth)
    assert (unlinked.n_single, unlinked.n_right, unlinked.informative) == (0, 0, False)


def test_an_anonymized_table_is_linked_to_nobody_even_by_who_knows_the_hierarchies(shop, register, truth):
    hierarchies = {"birth_date": Hierarchy.redact(), "postcode": Hierarchy.redact()}
    out = anonymize(shop, ON, k=5, hierarchies=hierarchies)
    naive = link(out.frame, register, ON, truth=truth)
    assert (naive.n_single, naive.n_right) == (0, 0)
    coarse = generalize(register, out.levels_, hierarchies={**hierarchies, "sex": out.hierarchies["sex"]}).frame
    found = link(out.frame, coarse, ON, truth=truth)
    assert found.n_several == len(out.frame) == 1161 - out.suppressed_
    assert (found.n_single, found.n_right) == (0, 0)
    assert risk(out.frame, ON).prosecutor.highest <= 0.2


def test_a_control_of_people_who_are_absent(shop, register):
    absent = shop.assign(birth_date="1900-01-01")
    found = link(shop, register, ON, control=absent)
    assert (found.control.hits, found.control.n) == (0, 1161)
    assert found.excess.low < found.singled.center < 1
    same = link(shop, register, ON, control=shop)
    assert same.excess.value == 0.0


def test_wilson_and_the_excess_over_a_control():
    attack, control = Rate(60, 1000), Rate(40, 1000)
    assert (attack.center, attack.error) == (pytest.approx(0.061684, abs=5e-7), pytest.approx(0.014787, abs=5e-7))
    assert (control.center, control.error) == (pytest.approx(0.041760, abs=5e-7), pytest.approx(0.012249, abs=5e-7))
    found = excess_risk(attack, control)
    assert found.value == pytest.approx(0.020792, abs=5e-7)
    assert (found.low, found.high) == (pytest.approx(0.000922, abs=5e-7), pytest.approx(0.040662, abs=5e-7))


def test_wilson_intervals_equal_scipys():
    stats = pytest.importorskip("scipy.stats")
    for hits, n in ((0, 5), (5, 5), (3, 7), (60, 1000)):
        theirs = stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")
        assert (Rate(hits, n).low, Rate(hits, n).high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


# -- an independent join -------------------------------------------------------------------------------------------

KEYS = st.tuples(st.one_of(st.none(), st.sampled_from("abc")), st.one_of(st.just(math.nan), st.integers(0, 2)))
SIDES = st.lists(KEYS, max_size=12)


def missing(key: tuple) -> bool:
    return any(value is None or value != value for value in key)


def side(rows: list[tuple], prefix: str) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["x", "y"]).astype({"x": object, "y": float})
    return frame.assign(**{f"{prefix}_id": [f"{prefix}{place}" for place in range(len(rows))]})


@given(SIDES, SIDES, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_matches_equal_a_nested_loop(left, right, random):
    matches = [[b for b, there in enumerate(right) if here == there and not missing(here)] for here in left]
    pairs = [(a, random.randrange(len(right))) for a in range(len(left)) if right and random.random() < 0.7]
    truth = pd.DataFrame([(f"a{a}", f"b{b}") for a, b in pairs], columns=["a_id", "b_id"], dtype=object)
    found = link(side(left, "a"), side(right, "b"), ["x", "y"], truth=truth)
    counts = Counter(min(len(row), 2) for row in matches)
    assert found.n_pairs == sum(len(row) for row in matches)
    assert (found.n_none, found.n_single, found.n_several) == (counts[0], counts[1], counts[2])
    assert found.n_incomplete == sum(missing(key) for key in left)
    assert found.n_right == sum(len(row) == 1 and (a, row[0]) in pairs for a, row in enumerate(matches))
    judged = {a for a, _ in pairs}
    assert found.n_unjudged == sum(len(row) == 1 and a not in judged for a, row in enumerate(matches))


def test_missing_never_matches_missing():
    left = pd.DataFrame({"x": [None, "a", pd.NA]})
    right = pd.DataFrame({"x": [None, "a", np.nan]})
    found = link(left, right, "x")
    assert (found.n_pairs, found.n_single, found.n_incomplete) == (1, 1, 2)
    assert "missing never matches" in repr(found)


def test_columns_of_other_names_and_types_that_agree():
    left = pd.DataFrame({"zip": pd.Categorical(["a", "b"]), "n": pd.array([1, None], dtype="Int64")})
    right = pd.DataFrame({"plz": ["b", "a", "c"], "m": [2.0, 1.0, math.nan]})
    assert link(left, right, {"zip": "plz"}).n_single == 2
    assert link(left, right, {"zip": "plz", "n": "m"}).n_single == 1


def test_truth_by_a_column_that_both_tables_have():
    left = pd.DataFrame({"x": list("abc"), "who": [1, 2, None]})
    right = pd.DataFrame({"x": list("abc"), "who": [1, 9, None]})
    for truth in ("who", ("who", "who")):
        found = link(left, right, "x", truth=truth)
        assert (found.n_single, found.n_right, found.n_unjudged) == (3, 1, 1)


def test_a_truth_that_says_absent_does_not_confirm():
    left, right = pd.DataFrame({"x": ["a", "b"], "p": [1, 2]}), pd.DataFrame({"x": ["a", "b"], "v": [7, 8]})
    found = link(left, right, "x", truth=pd.DataFrame({"p": [1, 2], "v": [7, None]}))
    assert (found.n_right, found.n_unjudged) == (1, 0)


@pytest.mark.parametrize("engine", ["polars", "lazy", "duckdb"])
def test_other_engines_agree(engine, shop, register, truth):
    def convert(frame):
        if engine == "duckdb":
            return pytest.importorskip("duckdb").from_df(frame)
        data = pytest.importorskip("polars").from_pandas(frame)
        return data.lazy() if engine == "lazy" else data

    found = link(convert(shop), convert(register), ON, truth=convert(truth))
    assert (found.n_single, found.n_several, found.n_right) == (973, 3, 973)


def test_order_of_rows_and_labels_never_matter(shop, register, truth):
    left = shop.sample(frac=1, random_state=1).set_index(pd.Index(["same"] * len(shop)))
    found = link(left, register.sample(frac=1, random_state=2), ON, truth=truth.sample(frac=1, random_state=3))
    assert (found.n_single, found.n_right) == (973, 973)


# -- what it says, and bad input -----------------------------------------------------------------------------------


def test_repr_tells_counts_and_no_value(shop, register, truth):
    found = link(shop, register, ON, truth=truth, control=shop)
    told = repr(found) + found._repr_html_()
    assert repr(found).startswith("973 of 1,161 rows (83.8 %) match exactly one of 3,418 rows by 'sex', 'birth_date'")
    assert "973 of the 973 single matches are right." in told
    for column in ("birth_date", "postcode", "pseudonym"):
        assert not any(value in told for value in shop[column].unique())
    assert found.to_frame()["rate"].tolist() == [
        "single match", "right match", "right among single", "baseline", "control",
    ]  # fmt: skip
    found.plot()


def test_text_against_numbers_is_refused_instead_of_matching_nothing(shop, register):
    numbers = register.astype({"postcode": int})
    with pytest.raises(LinkError, match=r"'postcode'.*leading zeros") as error:
        link(shop, numbers, ON)
    assert (error.value.column, error.value.types[0][:4], error.value.types[1][:6]) == ("postcode", "text", "number")


def test_times_with_and_without_a_zone_are_not_compared():
    left = pd.DataFrame({"t": pd.to_datetime(["2026-01-01"])})
    with pytest.raises(LinkError, match="time with a zone"):
        link(left, left.assign(t=left["t"].dt.tz_localize("UTC")), "t")
    with pytest.raises(LinkError, match="date"):
        link(left, left.assign(t=left["t"].dt.date), "t")


def test_truth_with_unknown_ids(shop, register, truth):
    some = pd.concat([truth, pd.DataFrame({"pseudonym": ["nobody"], "voter_no": ["0"]})], ignore_index=True)
    found = link(shop, register, ON, truth=some)
    assert (found.n_right, found.n_unknown) == (973, 2)
    assert "2 ids of the truth" in repr(found)
    fewer = link(shop, register, ON, truth=truth.iloc[:100])
    assert fewer.n_right + fewer.n_unjudged == 973
    with pytest.raises(TruthError, match="1,161 ids in 'pseudonym' are all unknown in the data") as error:
        link(shop, register, ON, truth=truth.assign(pseudonym=truth["pseudonym"].str.upper()))
    assert not any(value in str(error.value) for value in truth["pseudonym"].str.upper())


def test_truth_without_ids_of_both_tables_is_refused(shop, register, truth):
    for bad in (truth[["pseudonym"]], truth[["voter_no"]], truth[["person_id"]], truth.merge(shop)):
        with pytest.raises(TruthError, match="one of each is needed"):
            link(shop, register, ON, truth=bad)
    with pytest.raises(ColumnNotFoundError):
        link(shop, register, ON, truth="nobody")
    with pytest.raises(FrameError):
        link(shop, register, ON, truth=3)


def test_a_misspelled_column_of_the_truth_is_refused_though_another_could_stand_for_it(shop, register, truth):
    named = truth.rename(columns={"pseudonym": "pseudonyme"})
    other = shop.assign(row=range(len(shop)))  # a column of the data that could be taken for the id
    with pytest.raises(TruthError, match="'pseudonyme', which neither table has; 'pseudonym' stands") as caught:
        link(other, register, ON, truth=named.assign(row=range(len(named))))
    assert caught.value.columns == ("pseudonyme",)
    with pytest.raises(TruthError, match="voter_nr"):
        link(shop, register, ON, truth=truth.rename(columns={"voter_no": "voter_nr"}).assign(last_name="x"))
    assert link(shop, register, ON, truth=truth.assign(remark="x")).n_right == 973


def test_bad_columns_and_frames_are_refused(shop, register):
    with pytest.raises(ColumnNotFoundError, match=r"link\(\) got on="):
        link(shop, register, ["sex", "zip"])
    with pytest.raises(ColumnNotFoundError):
        link(shop, register.drop(columns="sex"), ON)
    with pytest.raises(ParameterError):
        link(shop, register, [])
    with pytest.raises(DuplicateColumnError):
        link(shop, register, ["sex", "sex"])
    with pytest.raises(FrameError):
        link(shop, [1], ON)
    with pytest.raises(ParameterError, match="seed"):
        link(shop, register, ON, seed=-1)
    with pytest.raises(ColumnNotFoundError, match="control"):
        link(shop, register, ON, control=shop[["sex"]])


def test_empty_tables():
    empty = pd.DataFrame({"x": pd.Series([], dtype=object)})
    full = pd.DataFrame({"x": ["a"]})
    for left, right in ((empty, full), (full, empty), (empty, empty)):
        found = link(left, right, "x")
        assert (found.n_pairs, found.n_single, found.n_none) == (0, 0, len(left))
        assert repr(found)
        assert found._repr_html_()


# -- generalized columns ----------------------------------------------------------------------------------------------

RULES = {
    "whole": (Hierarchy.intervals(10), pd.Series(range(20, 80))),
    "bounded": (Hierarchy.intervals(10, lower=30, upper=50), pd.Series(range(20, 80))),
    "floats": (Hierarchy.intervals(2.5), pd.Series([n / 4 - 3 for n in range(60)])),
    "degrees": (Hierarchy.location(0.5), pd.Series([47 + n / 40 for n in range(60)])),
    "codes": (Hierarchy.redact(), pd.Series([f"{8000 + n}" for n in range(60)])),
    "starred": (Hierarchy.star(), pd.Series([f"{8000 + n}" for n in range(60)])),
}


@pytest.mark.parametrize("kind", RULES)
def test_labels_against_values_are_told_in_words(kind):
    rule, values = RULES[kind]
    frame = pd.DataFrame({"v": values})
    labels = pd.DataFrame({"v": rule.apply(values, 1)})
    texts = [one.astype("string") for one in (frame, labels)]
    for one, other in (texts, texts[::-1]):
        report = link(one, other, "v")
        assert report.labeled == ("v",)
        assert "'v' holds labels of intervals or hidden characters in one table alone" in repr(report)
    for same in texts:
        assert link(same, same, "v").labeled == ()
    if pd.api.types.is_numeric_dtype(values.dtype):
        with pytest.raises(LinkError, match="labels of intervals or hidden characters"):
            link(labels, frame, "v")
        with pytest.raises(LinkError, match="Convert one of them"):
            link(texts[0], frame, "v")
