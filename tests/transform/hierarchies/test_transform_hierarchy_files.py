"""Files of hierarchies: ARX form, what was written comes back, what is malformed is told without its bytes."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import FileError, ParameterError
from privkit.errors.anonymity import HierarchyError
from privkit.transform.anonymize import anonymize
from privkit.transform.decimals import decimal
from privkit.transform.generalize import generalize, read_hierarchies, write_hierarchies
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.source import mixed_labels


def test_csv_form_of_arx_is_read_and_written(tmp_path):
    path = tmp_path / "age.csv"
    path.write_text("1;0-4;*\n2;0-4;*\n7;5-9;*\n", encoding="utf-8")
    ages = Hierarchy.read_csv(path)
    assert ages.apply(pd.Series([7, 1]), 1).tolist() == ["5-9", "0-4"]
    ages.write_csv(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_labels_with_separators_survive_the_file(tmp_path):
    jobs = Hierarchy.from_mapping({'say "hi"; twice': "a;b"})
    jobs.write_csv(tmp_path / "jobs.csv")
    assert Hierarchy.read_csv(tmp_path / "jobs.csv").to_rows() == jobs.to_rows()


def test_rules_are_written_for_a_column(tmp_path):
    zips = Hierarchy.redact()
    column = pd.Series(["8004", "8051"], name="zip")
    zips.write_csv(tmp_path / "zip.csv", column=column)
    table = Hierarchy.read_csv(tmp_path / "zip.csv")
    for level in range(5):
        assert table.apply(column, level).tolist() == zips.apply(column, level).tolist()


@pytest.mark.parametrize("name", ["intervals", "no_such.csv", "", "a\0b", "x" * 300])
def test_a_text_that_is_no_file_is_told_to_be_taken_for_one(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    table = pd.DataFrame({"age": [30, 31]})
    with pytest.raises(FileError, match="A text names a file in ARX's form"):
        anonymize(table, "age", k=2, hierarchies={"age": name})
    with pytest.raises(FileError, match="cannot be read as a hierarchy"):
        generalize(table, {"age": 1}, hierarchies={"age": name})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "no such encoding"])
def test_a_file_in_another_encoding_is_told_without_its_bytes(tmp_path, encoding):
    (tmp_path / "h.csv").write_bytes("Zürich;CANARY;*\n".encode("latin-1"))
    with pytest.raises(HierarchyError, match="encoding='cp1252'") as error:
        Hierarchy.read_csv(tmp_path / "h.csv", encoding=encoding)
    assert "CANARY" not in str(error.value)
    assert error.value.__context__ is None
    assert Hierarchy.read_csv(tmp_path / "h.csv", encoding="latin-1").labels(1) == ["CANARY"]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBER = st.one_of(
    st.integers(1, 10**20),
    st.floats(1e-9, 1e12, allow_nan=False),
    st.decimals(Decimal("1e-9"), Decimal("1e12"), allow_nan=False, places=25),
)
ASCENDING = st.lists(NUMBER, min_size=1, max_size=4, unique_by=decimal).map(lambda found: sorted(found, key=decimal))
ENDS = st.tuples(st.none() | st.integers(-9, -1), st.none() | st.decimals(2, 10, places=20))
PERIODS = ["day", "week", "month", "quarter", "year", "decade"]
FILED = st.one_of(
    st.builds(lambda widths, ends: Hierarchy.intervals(*widths, lower=ends[0], upper=ends[1]), ASCENDING, ENDS),
    st.builds(
        lambda edges: Hierarchy.intervals(edges=[[0, *level] for level in edges]), st.lists(ASCENDING, min_size=1)
    ),
    st.builds(
        lambda side, char, step, length: Hierarchy.redact(side=side, char=char, step=step, length=length),
        st.sampled_from(["left", "right"]),
        TEXT,
        st.integers(1, 3),
        st.none() | st.integers(1, 9),
    ),
    st.builds(
        lambda periods, form: Hierarchy.dates(*sorted(periods, key=PERIODS.index), format=form),
        st.sets(st.sampled_from(PERIODS), min_size=1),
        st.none() | TEXT.map(lambda more: f"%d{more}"),
    ),
    st.builds(lambda other, below: Hierarchy.rare(other, below=below), TEXT, st.integers(1, 99)),
    st.builds(lambda degrees: Hierarchy.location(*degrees), ASCENDING),
    st.just(Hierarchy.star()),
    st.builds(
        lambda table, other: table if other is None else table.or_other(other),
        st.dictionaries(TEXT, TEXT, min_size=1, max_size=5).map(Hierarchy.from_mapping),
        st.none() | TEXT,
    ),
    st.builds(
        lambda rows: Hierarchy.from_rows([(*row, "all") for row in rows.items()], ["a", "b\n", "c"]),
        st.dictionaries(TEXT, TEXT, min_size=1, max_size=5),
    ),
)


def exact(value):
    """Return numbers as their decimals, in tuples."""
    if isinstance(value, tuple):
        return tuple(map(exact, value))
    return value if value is None or isinstance(value, str) else decimal(value)


def fields_of(hierarchy: Hierarchy) -> dict[str, object]:
    told = {**vars(hierarchy.source), "kind": type(hierarchy.source).__name__}
    told = {name: one for name, one in told.items() if name != "places"}  # which is counted when it is asked for
    return {name: one if isinstance(one, bool) else exact(one) for name, one in told.items()}


@given(found=st.dictionaries(TEXT, FILED, min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_a_file_of_hierarchies_gives_back_what_was_written(tmp_path_factory, found):
    file = tmp_path_factory.mktemp("h") / "h.toml"
    write_hierarchies(file, found)
    read = read_hierarchies(file)
    assert {name: fields_of(one) for name, one in read.items()} == {name: fields_of(one) for name, one in found.items()}


def test_a_file_of_rules_holds_no_value_of_the_column(tmp_path):
    columns = {
        "number": pd.Series([f"{n}.25" for n in range(4000, 4100)]).astype(float),
        "tails": pd.Series([*range(40), 777_777]),
        "date": pd.Series(pd.date_range("2031-04-05", periods=40)),
        "code": pd.Series([f"XQ{n:04d}" for n in range(40)]),
        "word": pd.Series(["Zebra", "Okapi"] * 9),
    }
    found = {name: Hierarchy.propose(column.rename(name)) for name, column in columns.items()}
    write_hierarchies(tmp_path / "h.toml", found)
    text = (tmp_path / "h.toml").read_text()
    for column in columns.values():
        assert not [value for value in column.astype(str) if len(value) > 3 and value in text]
    for name, one in read_hierarchies(tmp_path / "h.toml").items():
        new = columns[name].iloc[::-1]
        for level in (1, -1):
            assert one.apply(new, level).tolist() == found[name].apply(new, level).tolist()


@pytest.mark.parametrize(
    "text",
    [
        "[a]\nintervals = ['x']\n",
        "[a]\nintervals = [5]\nlower = 'x'\n",
        "[a]\nedges = [['1', '1']]\n",
        "[a]\nlocation = ['']\n",
        "[a]\ntable = [['a', 'b']]\nnope = 1\n",
    ],
)
def test_a_file_with_wrong_numbers_is_refused(tmp_path, text):
    (tmp_path / "h.toml").write_text(text)
    with pytest.raises((HierarchyError, ParameterError)):
        read_hierarchies(tmp_path / "h.toml")


def test_values_that_are_written_alike_are_told_by_their_type_and_levels_by_their_number():
    frame = pd.DataFrame({"x": pd.Series([1, "1", 1.5, "1.5", 2] * 4, dtype=object), "z": list("abcd") * 5})
    rule = Hierarchy.from_mapping({1: "low", "1": "low", 1.5: "1", "1.5": "1", 2: "high"})
    out = anonymize(frame, ["x", "z"], k=4, hierarchies={"x": rule}, method="local", suppress=0.9)
    labels = {str(label) for label in out.frame["x"].unique()}
    assert not any("level 0" in label for label in labels)
    names = mixed_labels(rule.lay(pd.Index(frame["x"].unique(), dtype=object), "x"))
    assert {"1", "1 (text)", "1.5", "1.5 (text)", "1 (level 1)"} <= set(names)
