"""The commands on files: exit codes for pipelines, JSON, and hierarchies that make a run repeatable."""

import json
import os
import re
import shlex
import signal
import time
import tomllib
from pathlib import Path
from types import SimpleNamespace

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
    assert "none.csv: there is no such file" in capsys.readouterr().err
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


def test_every_line_that_the_page_names_is_read(tmp_path):
    page = (Path(__file__).parents[1] / "docs" / "command-line.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| `(\w+ = [^`]+)` \|", page, re.MULTILINE)
    assert len(lines) == 10
    (tmp_path / "jobs.csv").write_text("nurse;care;*\n")
    for line in lines:
        (tmp_path / "h.toml").write_text(f"[a]\n{line}\n", encoding="utf-8")
        assert list(read_hierarchies(tmp_path / "h.toml")) == ["a"]


@pytest.mark.parametrize("text", ["[age\n", "[age]\nx = 1\n", "[age]\nintervals = [5]\nwidth = 3\n", "age = 3\n"])
def test_a_wrong_file_of_hierarchies_is_refused(tmp_path, text):
    file = tmp_path / "h.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(HierarchyError):
        read_hierarchies(file)


def test_an_input_is_never_overwritten_and_another_file_by_force_alone(customers, tmp_path, capsys):
    before, link = customers.read_bytes(), tmp_path / "link.csv"
    link.symlink_to(customers)
    there = tmp_path / "there.csv"
    there.write_text("mine")
    asked = ["anonymize", str(customers), "--qi", "zip,age", "--k", "2", "--out"]
    for out in (customers, link, tmp_path / "." / "customers.csv"):
        assert main([*asked, str(out), "--force"]) == 1
        assert "never overwritten" in capsys.readouterr().err
    assert customers.read_bytes() == before
    assert main([*asked, str(there)]) == 1
    assert there.read_text() == "mine"
    assert main([*asked, str(there), "--force"]) == 0
    assert there.read_text() != "mine"
    assert main([*asked, str(tmp_path / "out.xlsx")]) == 1
    assert "its name ends with none of .csv" in capsys.readouterr().err
    assert main([*asked, str(tmp_path / "no" / "out.csv")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_options_that_need_each_other_are_told(customers, tmp_path, capsys):
    asked = ["anonymize", str(customers), "--qi", "zip", "--k", "2", "--out", str(tmp_path / "o.csv")]
    assert main([*asked, "--sensitive", "plan"]) == 2
    assert "--sensitive needs --l" in capsys.readouterr().err
    assert main([*asked, "--l", "2"]) == 2
    assert "--l needs --sensitive" in capsys.readouterr().err
    assert main([*asked, "--drop", "agee"]) == 1
    assert "Close matches: 'age'" in capsys.readouterr().err
    assert main(["check", str(customers), "--qi", "zip"]) == 2
    assert "say what must hold" in capsys.readouterr().err


def test_a_name_with_a_comma_stands_in_quotes(tmp_path, capsys):
    file = tmp_path / "t.csv"
    pd.DataFrame({"last, first": ["a", "a"], "zip": ["1", "1"]}).to_csv(file, index=False)
    assert main(["kanon", str(file), "--qi", '"last, first",zip', "--json"]) == 0
    assert main(["kanon", str(file), "--qi", '"last, first"', "--qi", "zip", "--json"]) == 0
    assert [json.loads(line)["k"] for line in capsys.readouterr().out.splitlines()] == [2, 2]


def test_every_command_on_a_table_has_json_and_hints_that_run(customers, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for command, code in {
        "audit customers.csv": 0,
        "kanon customers.csv --qi zip,age --k 50": 3,
        "check customers.csv --qi zip --k 5": 0,
        "risk customers.csv --qi zip,age --threshold 0.1": 3,
        "link customers.csv customers.csv --on zip,age": 0,
    }.items():
        assert main([*command.split(), "--json"]) == code
        assert isinstance(json.loads(capsys.readouterr().out), dict)
        assert main(command.split()) == code
        out = capsys.readouterr().out
        assert "df." not in out
        hints = [line.removeprefix("next: privkit ") for line in out.splitlines() if line.startswith("next: ")]
        for hint in hints:
            assert main([*hint.split(), *(["--force"] if "--out" in hint else [])]) in {0, 3}, hint
        capsys.readouterr()


def test_direct_identifiers_that_leave_are_named_first(tmp_path, capsys):
    file = tmp_path / "people.csv"
    rows = {"name": ["Anna Smith", "Ben Jones", "Eva Brown"] * 100, "age": [20 + n % 10 for n in range(300)]}
    pd.DataFrame({**rows, "ssn": [f"{n // 3 + 100:03d}-12-{n // 3 + 1000:04d}" for n in range(300)]}).to_csv(file)
    asked = ["anonymize", str(file), "--qi", "age", "--k", "5", "--out", str(tmp_path / "out.csv")]
    assert main(asked) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert "name" in first
    assert "ssn" in first
    assert "--drop" in first


def test_events_by_a_recipe(tmp_path, capsys):
    (tmp_path / "r.toml").write_text('name = "r"\nversion = "1"\n[[operations]]\nop = "keep"\npaths = ["id"]\n')
    (tmp_path / "in.ndjson").write_text(f'{{"id": {2**60 + 1}, "mail": "a@b.ch"}}\n')
    asked = ["events", str(tmp_path / "r.toml"), str(tmp_path / "in.ndjson"), "--out", str(tmp_path / "out.ndjson")]
    assert main(asked) == 1
    assert "mail" in capsys.readouterr().err
    assert not (tmp_path / "out.ndjson").exists()
    assert main([*asked, "--unmatched", "drop", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_out"] == 1
    assert json.loads((tmp_path / "out.ndjson").read_text()) == {"id": 2**60 + 1}
    assert main([*asked[:-1], str(tmp_path / "in.ndjson"), "--force"]) == 1


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_leaves_nothing_behind_and_says_so(customers, tmp_path, monkeypatch, capsys):
    came = []

    def interrupt(*told):
        came.append(told)
        if len(came) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("privkit.commands.telling.Work.say", interrupt)
    before = signal.getsignal(signal.SIGINT)
    asked = ["anonymize", str(customers), "--qi", "zip,age", "--k", "30", "--out", str(tmp_path / "out.csv")]
    assert main(asked) == 130
    out, err = capsys.readouterr()
    assert (out, err) == ("", "interrupted: nothing was written\n")
    assert list(tmp_path.iterdir()) == [customers]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_command_that_takes_long_says_so(capfd, monkeypatch):
    from privkit.commands import telling

    assert telling._PATIENCE == 2
    monkeypatch.setattr(telling, "_PATIENCE", 0.2)
    clock = iter([100.0, 102.2])
    monkeypatch.setattr(telling, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with telling.at_work("searching") as work:
        work.say(3, 99, 0.5)
        told = ""
        while not told.endswith("\n"):  # however late a busy machine says it
            time.sleep(0.01)
            told += capfd.readouterr().err
    assert told == "searching, 2 s: 3 of 99 levels judged, best loss 0.5000\n"


def test_no_option_writes_over_an_input_or_over_another_output(customers, tmp_path, capsys):
    before = customers.read_bytes()
    out = tmp_path / "o.csv"
    asked = ["anonymize", str(customers), "--qi", "zip", "--k", "2", "--out", str(out), "--force", "--save-hierarchies"]
    assert main([*asked, str(customers)]) == 1
    assert main([*asked, str(out)]) == 1
    assert "never overwritten" in capsys.readouterr().err
    assert customers.read_bytes() == before
    recipe = tmp_path / "r.toml"
    recipe.write_text('name = "r"\nversion = "1"\n[[operations]]\nop = "keep"\npaths = ["id"]\n')
    (tmp_path / "in.ndjson").write_text('{"id": 1}\nbad\n')
    asked = ["events", str(recipe), str(tmp_path / "in.ndjson"), "--out", str(tmp_path / "e.ndjson")]
    assert main([*asked, "--quarantine", str(recipe), "--force"]) == 1
    assert main([*asked, "--quarantine", str(customers)]) == 1
    assert "it is there already" in capsys.readouterr().err
    assert main([*asked, "--quarantine", str(tmp_path / "apart")]) == 0
    assert recipe.read_text().startswith("name")


def test_hints_carry_how_the_file_is_read_and_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"ort": ["Zürich", "Köln"] * 10, 'a, "b"': range(20), "wer": range(20)})
    frame.to_csv("t.csv", sep=";", index=False, encoding="cp1252")
    command = [
        "kanon",
        "t.csv",
        "--sep",
        ";",
        "--encoding",
        "cp1252",
        "--qi",
        'ort,"a, ""b"""',
        "--unit",
        "wer",
        "--k",
        "4",
    ]
    for _ in range(3):
        main(command)
        hints = [line for line in capsys.readouterr().out.splitlines() if line.startswith("next: privkit ")]
        if not hints:
            break
        command = shlex.split(hints[-1])[2:]
        assert "cp1252" in command
        assert "--unit" in command
    assert main(["kanon", "t-shared.csv", *command[2:]]) in {0, 3}
    assert main(["risk", "t.csv", "--sep", ";", "--encoding", "cp1252", "--qi", "wer", "--threshold", "0.05"]) == 3
    assert "--k 20 " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["kanon", "FILE", "--encoding", "klingon", "--qi", "zip"], "no encoding called 'klingon'"),
        (
            ["anonymize", "FILE", "--qi", "zip", "--k", "2", "--out", "o.csv", "--hierarchies", "no.toml"],
            "no such file",
        ),
    ],
)
def test_what_is_mistyped_is_told_in_a_line(customers, capsys, command, told):
    assert main([str(customers) if part == "FILE" else part for part in command]) == 1
    err = capsys.readouterr().err
    assert told in err
    assert len(err.splitlines()) == 1


def test_a_rule_that_touched_nothing_is_told(tmp_path, capsys):
    (tmp_path / "r.json").write_text(json.dumps({"name": "r", "operations": [{"op": "mask", "paths": ["mial"]}]}))
    (tmp_path / "in.ndjson").write_text('{"mail": "toni@example.org"}\n')
    asked = ["events", str(tmp_path / "r.json"), str(tmp_path / "in.ndjson"), "--unmatched", "keep"]
    assert main([*asked, "--out", str(tmp_path / "out.ndjson")]) == 0
    assert "Touched nothing: mask mial. Is a path mistyped?" in capsys.readouterr().out


@pytest.mark.parametrize("method", ["optimal", "local"])
def test_saved_hierarchies_serve_the_next_months_file(tmp_path, capsys, method):
    def month(name, start):
        rows = {"zip": [f"8{n * 7 % 10}{n % 10}{start % 10}" for n in range(60)], "age": range(start, start + 60)}
        rows |= {"wage": [n * 1000.5 + start for n in range(60)], "day": pd.date_range(f"20{start}-01-01", periods=60)}
        pd.DataFrame(rows).to_csv(tmp_path / name, index=False)

    month("march.csv", 20)
    month("april.csv", 27)
    asked = ["--qi", "zip,age,wage,day", "--k", "4", "--method", method, "--json", "--force"]
    kept, out = str(tmp_path / "h.toml"), str(tmp_path / "out.csv")
    march = ["anonymize", str(tmp_path / "march.csv"), *asked, "--out", out]
    assert main([*march, "--save-hierarchies", kept]) == 0
    assert main([*march, "--hierarchies", kept]) == 0
    first, again = map(json.loads, capsys.readouterr().out.splitlines())
    assert again == {**first, "proposed": []}
    assert main(["anonymize", str(tmp_path / "april.csv"), *asked, "--out", out, "--hierarchies", kept]) == 0


def test_saved_hierarchies_do_the_same_again_for_numbers_and_days(tmp_path, capsys):
    texts = {"price": [f"{n}.50" for n in range(20, 60)], "day": [f"2024-{n % 12 + 1:02d}-17" for n in range(40)]}
    pd.DataFrame({**texts, "age": [30 + n % 7 for n in range(40)]}).to_csv(tmp_path / "t.csv", index=False)
    first, again, kept = tmp_path / "first.csv", tmp_path / "again.csv", tmp_path / "h.toml"
    asked = ["anonymize", str(tmp_path / "t.csv"), "--qi", "price,day,age", "--k", "4"]
    assert main([*asked, "--out", str(first), "--save-hierarchies", str(kept)]) == 0
    assert f"proposed from their types: {kept} has them.\n" in capsys.readouterr().out
    rules = {name: [*told] for name, told in tomllib.loads(kept.read_text()).items()}
    assert rules == {"price": ["intervals"], "day": ["dates"], "age": ["star"]}  # and no value of the file
    assert main([*asked, "--out", str(again), "--hierarchies", str(kept)]) == 0
    assert again.read_bytes() == first.read_bytes()
