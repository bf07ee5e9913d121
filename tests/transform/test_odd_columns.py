"""Columns of types that pandas and Python have no values for: left as they are beside others, refused by name else."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import privkit as pk
from privkit.errors import FrameError

LISTS = pa.array([[place] for place in range(12)])
PARTS = pa.array([{"a": place} for place in range(12)])
PLACES = pa.array([*range(11), 0])
ODD = {
    "list": LISTS,
    "struct": PARTS,
    "list_view": pa.array(LISTS.to_pylist(), type=pa.list_view(pa.int64())),
    "dictionary of lists": pa.DictionaryArray.from_arrays(PLACES, LISTS),
    "dictionary of structs": pa.DictionaryArray.from_arrays(PLACES, PARTS),
    "union": pa.UnionArray.from_sparse(pa.array([0, 1] * 6, pa.int8()), [PLACES, pa.array(list("abcdefghijkl"))]),
    "months and days": pa.array([(1, place, 0) for place in range(12)], type=pa.month_day_nano_interval()),
    "list of Polars": pl.Series(LISTS.to_pylist()),
    "struct of Polars": pl.Series(PARTS.to_pylist()),
}


def frames(odd):
    """Return the column beside a plain one, in each library that has its type."""
    plain = ["a", "a", "a", "b"] * 3
    if isinstance(odd, pl.Series):
        return [pl.DataFrame({"zip": plain, "odd": odd})]
    arrow = pd.DataFrame({"zip": plain, "odd": pd.Series(pd.arrays.ArrowExtensionArray(odd))})
    return [arrow, pa.table({"zip": plain, "odd": odd})]


@pytest.mark.parametrize("kind", ODD)
def test_beside_others_they_are_left_as_they_are(kind):
    for frame in frames(ODD[kind]):
        out = pk.anonymize(frame, ["zip"], k=4, suppress=0.5)
        kept = [place for place, gone in enumerate(["a", "a", "a", "b"] * 3) if out.kept_[place]]
        made = out.frame["odd"]
        told = made.to_list() if hasattr(made, "to_list") else made.to_pylist()
        given = ODD[kind].to_list() if isinstance(ODD[kind], pl.Series) else ODD[kind].to_pylist()
        assert [dict(one) if isinstance(one, dict) else one for one in map(plainly, told)] == [
            plainly(given[place]) for place in kept
        ]
        assert len(pk.generalize(frame, {"zip": 1}).frame) == 12
        assert "zip" in pk.audit(frame).columns
        repr(out)


def plainly(value):
    """Return a cell as Python has it: pandas gives arrays for lists."""
    return value.tolist() if hasattr(value, "tolist") else value.as_py() if isinstance(value, pa.Scalar) else value


@pytest.mark.parametrize("kind", ODD)
def test_among_the_quasi_identifiers_they_are_refused_alike_by_every_function(kind):
    if kind == "months and days":  # values that Arrow and Python tell apart
        return
    for frame in frames(ODD[kind]):
        for ask in (
            lambda df: pk.kanon(df, ["zip", "odd"]),
            lambda df: pk.risk(df, ["zip", "odd"]),
            lambda df: pk.anonymize(df, ["zip", "odd"], k=2),
            lambda df: pk.lattice(df, ["zip", "odd"], k=2),
            lambda df: pk.generalize(df, {"odd": 1}),
            lambda df: pk.anonymize(df, ["zip"], pk.KAnonymity(2) & pk.LDiversity("odd", 2)),
        ):
            with pytest.raises(FrameError, match=r"cannot use column (\['zip', )?'odd'") as caught:
                ask(frame)
            assert caught.value.__cause__ is None


@pytest.mark.parametrize("index", [pa.int8(), pa.uint32()], ids=str)
@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.string_view(), pa.binary_view(), pa.float16(), pa.float64(), pa.decimal128(5, 2), pa.date32()],
    ids=str,
)
def test_dictionaries_with_a_null_beside_other_columns_are_left_as_they_are(kind, index):
    odd = pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 0] * 3, index), pa.nulls(2, kind))
    out = pk.anonymize(pa.table({"zip": ["a", "b"] * 6, "odd": odd}), ["zip"], k=2)
    assert out.frame["odd"].null_count == 12
