"""Two files of different forms: a text file has texts alone, Parquet and its like have types."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.cli import main
from privkit.commands import large
from privkit.commands.table import names
from privkit.commands.telling import columns

FORMS = ["csv", "csv.gz", "tsv", "parquet", "arrow", "ndjson"]


@pytest.fixture
def people(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    n = pd.Series(range(60))
    ages = (20 + n % 13).astype("Int64").mask(n % 17 == 3)
    days = pd.Series(pd.Timestamp("1990-01-31") + pd.to_timedelta(n % 7, unit="D")).dt.date
    return pd.DataFrame({"age": ages, "paid": n / 8, "born": days, "zip": "0" + (8000 + n % 9).astype(str)})


def _write(frame, name):
    kind = name.partition(".")[2]
    if kind == "parquet":
        frame.to_parquet(name, index=False)
    elif kind == "arrow":
        frame.to_feather(name)
    elif kind == "ndjson":
        frame.assign(born=frame["born"].astype(str)).to_json(name, orient="records", lines=True)
    else:
        frame.to_csv(name, index=False, sep="\t" if kind == "tsv" else ",")


def _told(capsys, command):
    capsys.readouterr()
    assert main([*shlex.split(command), "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("mine", FORMS)
@pytest.mark.parametrize("theirs", FORMS)
@pytest.mark.sample(0.3)
def test_tables_of_every_form_match_as_if_both_had_one_form(people, capsys, mine, theirs):
    _write(people, f"mine.{mine}")
    _write(people.sample(40, random_state=1), f"theirs.{theirs}")
    people.to_csv("a.csv", index=False)
    people.sample(40, random_state=1).to_csv("b.csv", index=False)
    on = "age,paid,zip" if "ndjson" in (mine, theirs) else "age,paid,born,zip"  # JSON has no days
    expected = _told(capsys, f"link a.csv b.csv --on {on}")
    assert expected["n_single"] > 0
    assert _told(capsys, f"link mine.{mine} theirs.{theirs} --on {on}") == expected


@pytest.mark.parametrize("one", ["mine.csv theirs.parquet", "theirs.parquet mine.csv"])
def test_a_large_text_file_matches_one_with_types(people, capsys, monkeypatch, one):
    pytest.importorskip("duckdb")
    _write(people, "mine.csv")
    _write(people.sample(40, random_state=1), "theirs.parquet")
    expected = _told(capsys, f"link {one} --on age,paid,zip")
    monkeypatch.setattr(large, "LARGE", 0)
    assert _told(capsys, f"link {one} --on age,paid,zip") == expected


def test_a_word_for_missing_in_a_text_file_is_missing_beside_numbers(people, capsys):
    _write(people, "theirs.parquet")
    people.to_csv("mine.csv", index=False, na_rep="NA")
    told = _told(capsys, "link mine.csv theirs.parquet --on age,paid")
    assert told["n_none"] == people["age"].isna().sum()


def test_codes_beside_numbers_are_refused_in_the_shells_words(people, capsys):
    _write(people, "mine.csv")
    _write(people.assign(zip=people["zip"].astype(int)), "theirs.parquet")
    assert main(shlex.split("link mine.csv theirs.parquet --on zip")) == 1
    told = capsys.readouterr().err
    assert "link cannot match 'zip'" in told
    assert "Write both the same way in the files, and mind leading zeros." in told
    assert "df[" not in told


@pytest.mark.parametrize(
    "command",
    ["check mine.csv --qi age,zip --k 5 --l 2 --sensitive born", "check mine.csv --qi age --t 0.01 --sensitive zip"],
)
def test_a_check_that_fails_names_the_call_that_mends_it(people, capsys, command):
    _write(people, "mine.csv")
    assert main(shlex.split(command)) == 3
    hint = capsys.readouterr().out.partition("next: privkit ")[2].strip()
    assert main([*shlex.split(hint), "--suppress", "1"]) == 0
    again = command.replace("mine.csv", "mine-shared.csv")
    assert main(shlex.split(again)) == 0


def test_rows_that_are_singled_out_name_the_call_that_mends_it(people, capsys):
    _write(people, "mine.csv")
    assert main(shlex.split("link mine.csv mine.csv --on paid,zip")) == 0
    hint = capsys.readouterr().out.partition("next: privkit ")[2].strip()
    assert main(shlex.split(hint)) == 0
    assert main(shlex.split("kanon mine-shared.csv --qi paid,zip --k 5")) == 0


#: What a cell may hold that ends a cell or a row for whoever reads the file.
ENDS = ["two\r\nrows", "a\rreturn", "a\nline", "\r", ' "quoted" ', ",", "#", "\u2028", "=1+1", "NA", "plain"]


@pytest.mark.parametrize("form", ["csv", "tsv", "csv.gz"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("engine", [False, True])
@pytest.mark.sample(0.12)
def test_no_cell_ends_a_row_before_its_end(tmp_path, monkeypatch, form, end, engine):
    monkeypatch.chdir(tmp_path)
    if engine:
        pytest.importorskip("duckdb")
        monkeypatch.setattr(large, "LARGE", 0)
    table = pd.DataFrame({"note": [end, "x", end, "y"], "age": ["30"] * 4, "plan": ["a", end, "b", "c"]})
    sep = "\t" if form == "tsv" else ","
    table.to_csv(f"in.{form}", index=False, sep=sep, lineterminator="\r\n")
    assert main(shlex.split(f"anonymize in.{form} --qi age,plan --k 1 --out out.{form}")) == 0
    found = pd.read_csv(f"out.{form}", sep=sep, dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(found.sort_values("note"), table.sort_values("note"), check_like=True)


@pytest.mark.parametrize("end", ENDS)
def test_no_value_of_a_hierarchy_ends_a_row_of_its_file(tmp_path, end):
    rows = [(end, "group of\r" + end, "*"), ("other", "b", "*")]
    pk.Hierarchy.from_rows(rows).write_csv(tmp_path / "h.csv")
    again = pk.Hierarchy.read_csv(tmp_path / "h.csv")
    assert again.source.rows == rows or [*map(tuple, again.source.rows)] == rows


@pytest.mark.parametrize("name", [" zip ", "zip ", "last, first", 'a "b"', " x, "])
def test_every_name_of_a_column_can_be_said(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    pd.DataFrame({name: [1, 1, 2, 2], "age": [3, 3, 3, 4]}).to_csv("t.csv", index=False)
    assert names(columns([name, "age"])) == [name, "age"]
    assert main(["kanon", "t.csv", "--qi", columns([name, "age"]), "--k", "2"]) == 3
    for hint in re.findall("next: privkit (.*)", capsys.readouterr().out):
        assert main([*shlex.split(hint), *(["--suppress", "1"] if "--out" in hint else [])]) in {0, 3}


def test_blanks_around_a_name_are_told_as_they_are_typed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("age, zip\n30,8001\n30,8001\n")
    assert main(["kanon", "t.csv", "--qi", "age, zip"]) == 1
    told = capsys.readouterr().err.partition("Close matches: ")[2].strip().removesuffix(".")
    assert told == """'" zip"'"""
    assert main(["kanon", "t.csv", "--qi", f"age,{shlex.split(told)[0]}"]) == 0


@pytest.mark.parametrize(
    ("header", "told"),
    [("age,ages", "'age', 'ages'"), (" age,ages, agen", """'" age"', 'ages', '" agen"'""")],
)
def test_close_matches_are_told_each_in_its_own_quotes(tmp_path, monkeypatch, capsys, header, told):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(f"{header}\n{','.join('1' * (1 + header.count(',')))}\n")
    assert main(["kanon", "t.csv", "--qi", "agee"]) == 1
    found = capsys.readouterr().err.partition("Close matches: ")[2].strip().removesuffix(".")
    assert sorted(found.split(", ")) == sorted(told.split(", "))


@pytest.mark.parametrize("engine", [False, True])
def test_floats_by_all_their_digits_are_numbers_and_no_codes(tmp_path, monkeypatch, capsys, engine):
    monkeypatch.chdir(tmp_path)
    if engine:
        pytest.importorskip("duckdb")
        monkeypatch.setattr(large, "LARGE", 0)
    drawn = np.random.default_rng(1)
    table = pd.DataFrame(
        {"score": drawn.normal(size=300), "small": drawn.random(300) * 1e-4, "lat": drawn.random(300) + 47}
    )
    table.to_csv("t.csv", index=False)
    assert main(["audit", "t.csv", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["columns"]
    assert {told["score"]["role"], told["small"]["role"]} == {"other"}
    assert main(shlex.split("anonymize t.csv --qi lat,small --k 5 --out s.csv")) == 0
    told = capsys.readouterr().out
    assert "tells persons apart" not in told
    assert "as texts" not in told
    shared, kept = pd.read_csv("s.csv", dtype=str), pd.read_csv("t.csv", dtype=str)
    assert shared["lat"].str.match(r"\[\d").all()
    assert set(shared["score"]) <= set(kept["score"])
    assert main(shlex.split("anonymize t.csv --qi lat --k 1 --suppress 0 --out same.csv")) == 0
    assert sorted(pd.read_csv("same.csv", dtype=str)["lat"]) == sorted(kept["lat"])


def test_infinite_numbers_of_a_file_are_a_group_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("n.toml").write_text("[n]\nintervals = [10]\n")
    pd.DataFrame({"n": [1.0, float("inf"), 2.0, float("-inf")]}).to_parquet("f.parquet")
    assert main(shlex.split("anonymize f.parquet --qi n --k 1 --levels n=1 --hierarchies n.toml --out x.csv")) == 0
    assert pd.read_csv("x.csv", dtype=str)["n"].tolist() == ["[0, 10)", "inf", "[0, 10)", "-inf"]
