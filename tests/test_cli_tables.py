"""The commands on files: exit codes for pipelines, JSON, and hierarchies that make a run repeatable."""

import json

import pandas as pd
import pytest

import privkit as pk
from privkit.cli import main
from privkit.errors import HierarchyError
from privkit.transform.generalize import read_hierarchies


@pytest.fixture
def customers(tmp_path):
    file = tmp_path / "customers.csv"
    rows = [("01234", 30 + n % 7, "a" if n % 3 else "b") for n in range(40)]
    rows += [("01239", 50 + n % 5, "a") for n in range(40)]
    pd.DataFrame(rows, columns=["zip", "age", "plan"]).to_csv(file, index=False)
    return file


def test_kanon_tells_its_verdict_by_the_exit_code(customers, capsys):
    assert main(["kanon", str(customers), "--qi", "zip", "--k", "40"]) == 0
    assert main(["kanon", str(customers), "--qi", "zip,age", "--k", "40"]) == 3
    assert "fall short" in capsys.readouterr().out


def test_kanon_as_json(customers, capsys):
    assert main(["kanon", str(customers), "--qi", "zip,age", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["k"], told["n_rows"], told["satisfied"]) == (5, 80, None)


def test_anonymize_writes_a_table_that_kanon_accepts(customers, tmp_path, capsys):
    out, kept = tmp_path / "out.csv", tmp_path / "h.toml"
    done = main(
        [
            "anonymize", str(customers), "--qi", "zip,age", "--k", "10", "--suppress", "0.02",
            "--out", str(out), "--save-hierarchies", str(kept), "--json",
        ]
    )  # fmt: skip
    assert done == 0
    first = json.loads(capsys.readouterr().out)
    assert main(["kanon", str(out), "--qi", "zip,age", "--k", "10"]) == 0
    again = tmp_path / "again.csv"
    arguments = ["anonymize", str(customers), "--qi", "zip,age", "--k", "10", "--hierarchies", str(kept)]
    assert main([*arguments, "--out", str(again), "--json"]) == 0
    second = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert second["proposed"] == []
    assert first["levels"] == second["levels"]
    assert out.read_text() == again.read_text()


def test_codes_keep_their_leading_zeros(customers, tmp_path):
    out = tmp_path / "out.csv"
    assert main(["anonymize", str(customers), "--qi", "zip,age", "--k", "2", "--out", str(out)]) == 0
    assert pd.read_csv(out, dtype=str)["zip"].str.startswith(("0", "*")).all()


def test_what_is_refused_writes_nothing(customers, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert main(["anonymize", str(customers), "--qi", "zip,agee", "--k", "2", "--out", str(out)]) == 1
    assert "Close matches: 'age'" in capsys.readouterr().err
    assert main(["kanon", str(tmp_path / "none.csv"), "--qi", "zip"]) == 1
    assert list(tmp_path.iterdir()) == [customers]


def test_a_file_of_hierarchies(tmp_path):
    (tmp_path / "jobs.csv").write_text("nurse;care;*\nsmith;craft;*\n", encoding="utf-8")
    file = tmp_path / "h.toml"
    file.write_text(
        '[age]\nintervals = [5, 10]\nlower = 0\nupper = 100\n[zip]\nredact = {side = "right"}\n'
        '[joined]\ndates = ["month", "year"]\n[job]\ncsv = "jobs.csv"\n[plan]\nmapping = {a = "x", b = "x"}\n',
        encoding="utf-8",
    )
    found = read_hierarchies(file)
    assert list(found) == ["age", "zip", "joined", "job", "plan"]
    assert isinstance(found["job"], pk.Hierarchy)
    assert found["job"].apply(pd.Series(["smith"]), 1).tolist() == ["craft"]


@pytest.mark.parametrize("text", ["[age\n", "[age]\nx = 1\n", "[age]\nintervals = [5]\nwidth = 3\n", "age = 3\n"])
def test_a_wrong_file_of_hierarchies_is_refused(tmp_path, text):
    file = tmp_path / "h.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(HierarchyError):
        read_hierarchies(file)
