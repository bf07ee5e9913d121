"""The adversarial cases about ``dp_*`` arguments, schemas and keys, named by their numbers in the list of cases."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from dp_asking import STR

import privkit as pk

CANARY = "CANARY-7f3a"


@pytest.fixture
def people():
    return pd.DataFrame({"who": ["p", "p", "q", None], "k": ["a", "b", "a", CANARY], "x": [1.0, 2.0, math.nan, 4.0]})


@pytest.fixture
def project(ledger_path):
    return pk.open_project("rows", epsilon=5, unit=pk.ROW, store=ledger_path)


@pytest.fixture
def persons(ledger_path):
    return pk.open_project("persons", epsilon=5, unit="who", max_rows=3, store=ledger_path)


def refused(error, words, frame, /, *args, **kwargs):
    with pytest.raises(error) as caught:
        frame.privacy.dp_count(*args, **kwargs)
    told = str(caught.value)
    assert words in told, told
    assert told.endswith("No budget was spent."), told
    assert CANARY not in told
    assert isinstance(caught.value, pk.PrivkitError)


# -- A: parameters -------------------------------------------------------------------------------------------

NO_LOSS = [0, -1, math.nan, math.inf, -math.inf, 1e-300, True, "1", Decimal("NaN"), 1j, [1], np.array([1.0])]


@pytest.mark.parametrize("epsilon", NO_LOSS, ids=repr)
def test_a1_epsilon_is_a_finite_number_above_zero(project, people, epsilon):
    refused(pk.ParameterError, "must be a finite number > 0", people, epsilon=epsilon)
    assert len(project.ledger) == 0


@pytest.mark.parametrize("epsilon", [0.1, Decimal("0.1"), np.float64(0.1), 1, np.int64(1)], ids=repr)
def test_a1_every_kind_of_number_is_taken_exactly(project, people, epsilon):
    assert people.privacy.dp_count(epsilon=epsilon).loss.epsilon == Fraction(str(epsilon))


def test_a2_a_release_above_the_ceiling_is_refused_and_one_above_one_is_noted(ledger_path, people):
    pk.open_project("rich", epsilon=1e7, unit=pk.ROW, store=ledger_path)
    with pytest.raises(pk.CeilingError, match=r"No budget was spent\.$"):
        people.privacy.dp_count(epsilon=1e6)
    assert "NIST SP 800-226" in " ".join(people.privacy.plan.dp_count(epsilon=2).notes)
    assert "NIST" not in " ".join(people.privacy.plan.dp_count(epsilon=1).notes)


@pytest.mark.parametrize("delta", [1.0, 2.0, -1e-9, math.nan, True, "0"], ids=repr)
def test_a3_delta_is_a_number_from_zero_to_below_one(ledger_path, delta):
    with pytest.raises(pk.ParameterError, match="delta must be a finite number >= 0 and < 1"):
        pk.open_project("d", epsilon=1, delta=delta, unit=pk.ROW, store=ledger_path)


@pytest.mark.parametrize("bound", [0, -1, 1.5, math.nan, True, "3", 2**31, None])
@pytest.mark.parametrize("name", ["max_rows", "max_groups", "per_group"])
def test_a4_contribution_bounds_are_whole_numbers_from_one(ledger_path, people, name, bound):
    pk.open_project("bare", epsilon=1, unit="who", store=ledger_path)
    bounds = {name: bound} if name == "max_rows" else {"max_groups": 3, "per_group": 3, name: bound}
    with pytest.raises((pk.ParameterError, pk.BoundsRequiredError), match=r"No budget was spent\.$"):
        people.privacy.dp_count("k", keys=["a"], epsilon=1, **bounds)


@pytest.mark.parametrize("name", ["scale", "seed", "random_state", "invariant"])
def test_a8_a9_c26_what_would_undo_the_noise_is_no_parameter(project, people, name):
    with pytest.raises(TypeError, match=name):
        people.privacy.dp_count(epsilon=0.1, **{name: 1})
    assert len(project.ledger) == 0


@pytest.mark.parametrize("level", [0, 1, -0.1, 1.5, math.nan, True, "0.95", None])
def test_a10_levels_lie_between_zero_and_one(project, people, level):
    release = people.privacy.dp_count(epsilon=1)
    for ask in (release.interval, release.to_frame, release.plan.half_width):
        with pytest.raises(pk.ParameterError, match="between 0 and 1"):
            ask(level)


# -- B: schema and dtype -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64", "Float64", "uint8", "uint16", "float32", "object"])
def test_b11_b14_b15_keys_of_numbers_match_whatever_the_dtype(project, dtype):
    """One missing value turns int64 into float64: the answer's type and index do not depend on it."""
    frame = pd.DataFrame({"k": pd.Series([1, 2, 2, 3]).astype(dtype)})
    release = frame.privacy.dp_count("k", keys=[1, 2, 9], epsilon=5)
    assert release.value.dtype == "int64"
    assert release.value.index.tolist() == [1, 2, 9]
    assert release.value.index.dtype == "int64"
    exact = exact_cells(release, frame)
    assert exact == [1, 2, 0]


def exact_cells(release, frame):
    from privkit.dp.measurement import exact_cells

    return exact_cells(frame, release.plan.question).tolist()


@pytest.mark.parametrize("values", [[[1], [2]], [{"a": 1}, {"a": 2}], [1 + 2j, 3j], [(1,), "a"]], ids=str)
def test_b12_b14_columns_that_cannot_be_grouped_tell_nothing_of_their_values(project, values):
    frame = pd.DataFrame({"k": pd.Series([*values, CANARY], dtype=object)})
    told = observed(frame, project, {"by": "k", "keys": ["a"], "epsilon": 0.1})
    assert CANARY not in repr(told)


def test_b13_categories_are_matched_by_value_and_those_without_a_key_are_left_out(project):
    frame = pd.DataFrame({"k": pd.Categorical(["a", "b", None, "a"], categories=["b", "a", "unused"])})
    release = frame.privacy.dp_count("k", keys=["a", "unused", None], epsilon=1)
    assert exact_cells(release, frame) == [2, 0, 1]


def test_b19_frames_that_cannot_be_told_apart_by_name_are_refused(project):
    doubled = pd.DataFrame([[1, 2]], columns=["k", "k"])
    refused(pk.DuplicateColumnError, "more than once", doubled, "k", keys=[1], epsilon=0.1)
    refused(pk.FrameError, "without columns", pd.DataFrame(index=range(10)), epsilon=0.1)
    numbered = pd.DataFrame({0: [1], "k": ["a"]})
    assert numbered.privacy.dp_count("k", keys=["a"], epsilon=0.1).value.index.tolist() == ["a"]


def test_b20_a_lazy_source_that_fails_is_charged_and_tells_nothing(project):
    polars = pytest.importorskip("polars")
    lazy = polars.LazyFrame({"k": [CANARY, "1"]}).with_columns(polars.col("k").cast(polars.Int64, strict=True))
    with pytest.raises(pk.MeasurementError) as caught:
        pk.dp_count(lazy, "k", keys=[1], epsilon=0.5, version="one")
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert project.spent.epsilon == 0.5


# -- C: grouping and keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "by",
    [lambda df: df.k, len, pd.Series(["a"]), 3, ["k", lambda row: row], b"k"],
    ids=["function", "len", "series", "number", "a name and a function", "bytes"],
)
def test_c21_only_names_group(project, people, by):
    refused(pk.ParameterError, "column name", people, by, keys=["a"], epsilon=0.1)


@pytest.mark.parametrize("keys", [["a", "a"], [1, 1.0], [0.0, -0.0], [None, math.nan], [True, True]], ids=repr)
def test_c22_keys_that_are_one_value_are_refused(project, keys):
    frame = pd.DataFrame({"k": pd.Series([1, "a", None], dtype=object)})
    refused(pk.KeysError, "must be unique", frame, "k", keys=keys, epsilon=0.1)


@pytest.mark.parametrize(
    "keys",
    [
        pd.Series(["a"]),
        pd.Index(["a"]),
        np.array(["a"]),
        pd.Categorical(["a"]),
        pd.DataFrame({"k": ["a"]}),
        [np.str_("a")],
        [pd.Series([1]).max()],
    ],
    ids=lambda keys: type(keys).__name__,
)
def test_c23_keys_that_may_come_from_the_data_are_refused(project, people, keys):
    refused(pk.NotPublicError, "public", people, "k", keys=keys, epsilon=0.1)


def test_c23_the_owner_may_vouch_for_them_and_the_ledger_says_so(project, people):
    keys = pk.public_values(pd.Series(["a", "b"]), reason="printed on the form")
    people.privacy.dp_count("k", keys=keys, epsilon=0.1)
    assert project.account.entries()[0].question["keys_reason"] == "printed on the form"


def test_c25_groups_need_keys_where_there_is_no_delta(project, people):
    refused(pk.KeysError, "needs keys=", people, "k", epsilon=0.1)


@pytest.mark.parametrize(
    ("keys", "words"), [([1], "of type"), ([True], "of type"), ({"z": ["a"]}, "dict"), ("a", "list")]
)
def test_c27_keys_of_another_type_or_shape_are_refused_before_the_charge(project, people, keys, words):
    refused(pk.KeysError, words, people.astype({"k": STR}), "k", keys=keys, epsilon=0.1)


def test_c28_missing_is_a_key_like_any_other_and_nothing_unless_named(project, people):
    frame = pd.DataFrame({"k": ["a", None, math.nan]})
    named = frame.privacy.dp_count("k", keys=["a", None], epsilon=1)
    assert exact_cells(named, frame) == [1, 2]
    assert exact_cells(frame.privacy.dp_count("k", keys=["a"], epsilon=1), frame) == [1]


def test_c29_the_order_is_that_of_the_keys(project):
    frame = pd.DataFrame({"k": ["c", "b", "a"]})
    assert frame.privacy.dp_count("k", keys=["b", "z", "a"], epsilon=0.1).value.index.tolist() == ["b", "z", "a"]
    assert frame.privacy.dp_count("k", keys=["a", "b", "z"], epsilon=0.1).replayed


# -- paired data sets: every observable but the noise is equal -----------------------------------------------

PAIRS = {
    "a person more": (["a", "b"], ["a", "b", "b"]),
    "nobody": ([], ["a"]),
    "a missing group": (["a"], ["a", None]),
    "a group without a key": (["a"], ["a", CANARY]),
    "many": (["a"], ["b"] * 500),
}
CALLS = {
    "total": {"epsilon": 0.2},
    "by accuracy": {"accuracy": 7},
    "by keys": {"by": "k", "keys": ["a", "b", None], "epsilon": 0.2},
    "overdrawn": {"epsilon": 4.9999},
    "no keys": {"by": "k", "epsilon": 0.2},
    "wrong type of keys": {"by": "k", "keys": [1], "epsilon": 0.2},
    "above the ceiling": {"epsilon": 11},
}


@pytest.mark.parametrize("unit", ["row", "person"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.sample(0.2)
def test_paired_data_sets_differ_in_nothing_but_the_noise(tmp_path, pair, call, unit):
    seen = []
    for side, values in enumerate(PAIRS[pair]):
        store = tmp_path / f"{side}.db"
        terms = {"unit": pk.ROW} if unit == "row" else {"unit": "who", "max_rows": 2}
        project = pk.open_project("p", epsilon=5, store=store, **terms)
        column = pd.Series(values, dtype="str")
        frame = pd.DataFrame({"k": column, "who": pd.Series([f"w{n}" for n in range(len(values))], dtype="str")})
        pk.dp_count(frame, epsilon=0.1, project=project)
        seen.append(observed(frame, project, CALLS[call]))
    assert seen[0] == seen[1]


def observed(frame, project, call):
    """Everything that can be seen of a call, with the noisy numbers put out of sight."""
    try:
        release = frame.privacy.dp_count(**call)
    except pk.PrivkitError as error:
        told = (
            type(error).__name__,
            str(error).replace("1.db", "0.db"),
            repr(error.__cause__),
            repr(error.__context__),
        )
        return told, ledger_seen(project)
    value = release.value
    shape = type(value).__name__ if not hasattr(value, "index") else (value.dtype, value.index.tolist(), value.name)
    return (
        shape,
        release.accuracy,
        release.loss,
        release.replayed,
        release.plan.notes,
        release.plan.canonical(),
        {k: v for k, v in release.provenance.to_dict().items() if k != "time"},
        release.to_frame().dtypes.to_dict(),
        [hidden(line) for line in repr(release).splitlines()],
        ledger_seen(project),
    )


def hidden(line):
    import re

    return re.sub(r"\s+", " ", re.sub(r"-?[\d,\u2009]+", "N", line))


def ledger_seen(project):
    return [(e.seq, e.state, dict(e.question), str(e.cost), e.kind, e.draw) for e in project.account.entries()]
