"""What becomes of the cells of a file: those that nobody named leave as they came, however they are written."""

import io
import json

import pandas as pd
import pytest

from privkit.cli import main

HARD = '''id,country,price,code,long,gap,age
1234567890123456780,DE,0.10,1E2,100000000000000000000000000000,,20
1234567890123456781,NA,1.10,2E2,100000000000000000000000000001,1,20
"a,""b""",+41791234567,TRUE,007,-0,1.0, 20
'''


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_cells_that_nobody_named_leave_as_they_came(tmp_path, suffix):
    source, out = tmp_path / f"in.{suffix}", tmp_path / f"out.{suffix}"
    table = pd.read_csv(io.StringIO(HARD), dtype=str, keep_default_na=False)
    table.to_csv(source, index=False)
    asked = ["anonymize", str(source), "--qi", "age", "--k", "1", "--suppress", "0", "--out", str(out)]
    assert main(asked) == 0
    pd.testing.assert_frame_equal(pd.read_csv(out, dtype=str, keep_default_na=False), table)
    assert (out.read_bytes()[:2] == b"\x1f\x8b") == suffix.endswith("gz")


@pytest.mark.parametrize(
    ("texts", "classes"),
    [
        (["1234567890123456780", "1234567890123456781"], 2),
        (["1234567890123456780", "", "1234567890123456781"], 3),
        (["1", "1.0", "1E0"], 3),
        (["+41", "41"], 2),
        (["NA", "", "nan"], 3),
    ],
)
def test_texts_that_differ_are_classes_that_differ(tmp_path, capsys, texts, classes):
    file = tmp_path / "t.csv"
    pd.DataFrame({"q": texts, "x": range(len(texts))}).to_csv(file, index=False)
    assert main(["kanon", str(file), "--qi", "q", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_classes"] == classes


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b\n1,2\n3,4,5\n", "a row has more cells than the header"),
        (b"a,b\n1,2,3\n3,4\n", "a row has more cells than the header"),
        (b"a,a\n1,2\n", "names 'a' more than once"),
        ("a,b\nZürich,2\n".encode("cp1252"), "no text in utf-8. Name its encoding: --encoding cp1252"),
        (b"a;b\n1;2\n", "one name with a semicolon in it. --sep ';'?"),
        (b"", "it is empty"),
    ],
)
def test_what_is_no_table_is_told_without_its_cells(tmp_path, capsys, content, told):
    file = tmp_path / "t.csv"
    file.write_bytes(content)
    assert main(["kanon", str(file), "--qi", "a,b"]) == 1
    err = capsys.readouterr().err
    assert told in err
    assert "Zürich" not in err


def test_other_encodings_and_separators_come_back_as_they_came(tmp_path):
    file, out = tmp_path / "t.csv", tmp_path / "out.csv"
    file.write_bytes("ort;alter\nZürich;20\nZürich;20\n".encode("cp1252"))
    options = ["--qi", "alter", "--k", "2", "--sep", ";", "--encoding", "cp1252", "--out", str(out)]
    assert main(["anonymize", str(file), *options]) == 0
    assert out.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("form", ["parquet", "arrow", "ndjson"])
def test_other_forms_keep_long_integers_beside_a_gap(tmp_path, form):
    source, out = tmp_path / f"in.{form}", tmp_path / f"out.{form}"
    frame = pd.DataFrame({"id": pd.array([2**62 + 1, None, 2**62 + 3], "Int64"), "age": [20, 20, 20]})
    if form == "ndjson":
        source.write_text("".join(json.dumps({"id": i, "age": 20}) + "\n" for i in (2**62 + 1, None, 2**62 + 3)))
    else:
        getattr(frame, {"parquet": "to_parquet", "arrow": "to_feather"}[form])(source)
    assert main(["anonymize", str(source), "--qi", "age", "--k", "2", "--out", str(out)]) == 0
    if form == "ndjson":
        assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == [2**62 + 1, None, 2**62 + 3]
    else:
        found = getattr(pd, {"parquet": "read_parquet", "arrow": "read_feather"}[form])(out, dtype_backend="pyarrow")
        assert found["id"].tolist()[0::2] == [2**62 + 1, 2**62 + 3]


def test_ndjson_keeps_all_digits_of_columns_that_nobody_named(tmp_path):
    lines = [{"g": "a", "x": 0.12345678901234567, "n": 2**53 + 1}, {"g": "a", "x": -0.0, "n": None}]
    (tmp_path / "in.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    out = tmp_path / "out.ndjson"
    assert main(["anonymize", str(tmp_path / "in.ndjson"), "--qi", "g", "--k", "2", "--out", str(out)]) == 0
    assert out.read_text() == (tmp_path / "in.ndjson").read_text()


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        ([f"{n}.50" for n in range(20, 40)], ", "),
        ([f"{n / 3:.8f}" for n in range(100, 120)], ", "),
        ([str(n) if n % 2 else f"{n}.5" for n in range(20, 40)], ", "),
        ([f"2024-{n % 12 + 1:02d}-17" for n in range(20)], "2024"),
    ],
)
def test_numbers_and_days_in_a_text_file_are_generalized_as_such(tmp_path, texts, labels):
    pd.DataFrame({"q": texts}).to_csv(tmp_path / "t.csv", index=False)
    out = tmp_path / "out.csv"
    assert main(["anonymize", str(tmp_path / "t.csv"), "--qi", "q", "--k", "2", "--out", str(out)]) == 0
    found = pd.read_csv(out, dtype=str)["q"]
    assert found.str.contains(labels).all()
    assert found.nunique() > 1
    # Where k holds already, the texts stay.
    assert main(["anonymize", str(tmp_path / "t.csv"), "--qi", "q", "--k", "1", "--out", str(out), "--force"]) == 0
    assert out.read_bytes() == (tmp_path / "t.csv").read_bytes()


@pytest.mark.parametrize("method", ["optimal", "local"])
@pytest.mark.parametrize("word", ["NA", ".", "N/A"])
def test_a_word_for_missing_among_numbers_is_missing_and_leaves_as_it_came(tmp_path, capsys, word, method):
    """R writes NA: a column of ages was text by it, and hidden or cut by letters where one with gaps was not."""
    rows = [
        (str(20 + 7 * place % 40) if place % 9 else word, f"2020-0{1 + place % 3}-1{place % 5}") for place in range(720)
    ]
    table = pd.DataFrame(rows, columns=["age", "day"]).assign(kept=[word, "1.50"] * 360)
    table.loc[::20, "day"] = word
    written = {}
    for name, here in {"word": table, "gap": table.replace({"age": {word: None}, "day": {word: None}})}.items():
        file, out = tmp_path / f"{name}.csv", tmp_path / f"{name}-out.csv"
        here.to_csv(file, index=False)
        asked = ["anonymize", str(file), "--qi", "age,day", "--k", "5", "--method", method, "--out", str(out)]
        assert main([*asked, "--save-hierarchies", str(tmp_path / f"{name}.toml")]) == 0
        told = capsys.readouterr().out
        said = f"Taken for missing values, and written as they came: 80 cells {word} of age; 36 cells {word} of day."
        assert (said in told.splitlines()) == (name == "word")
        written[name] = pd.read_csv(out, dtype=str, keep_default_na=False)
        assert main(["kanon", str(out), "--qi", "age,day", "--k", "5"]) == 0
        capsys.readouterr()
    whole = written["gap"].replace({"age": {"": word}, "day": {"": word}})
    pd.testing.assert_frame_equal(written["word"], whole)
    assert word in set(whole["age"]) | set(whole["day"])
    assert set(table["kept"]) == set(whole["kept"])
    again = [*asked[:-1], str(tmp_path / "again.csv"), "--hierarchies", str(tmp_path / "word.toml")]
    again[1] = str(tmp_path / "word.csv")
    assert main([*again, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["taken_for_missing"] == {"age": word, "day": word}


@pytest.mark.parametrize(
    "texts",
    [["17", "NA", "", "34"] * 9, ["17", "NA", ".", "34"] * 9, ["red", "NA", "blue", "17"] * 9, ["007", "NA"] * 18],
)
def test_cells_that_could_not_be_told_apart_again_stay_text(tmp_path, capsys, texts):
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    pd.DataFrame({"age": texts, "x": "y"}).to_csv(file, index=False)
    assert main(["anonymize", str(file), "--qi", "age", "--k", "5", "--out", str(out)]) == 0
    assert "Taken for missing" not in capsys.readouterr().out
    assert out.read_bytes() == file.read_bytes()
    assert main(["audit", str(file)]) == 0
    assert ("words stand for missing values" in capsys.readouterr().out) == ("34" in texts)
