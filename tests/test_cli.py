from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import privkit as pk
from privkit import cli


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"privkit {pk.__version__}\n"


def test_python_runs_it_as_a_module():
    command = [sys.executable, "-m", "privkit", "--version"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == f"privkit {pk.__version__}\n"


def test_without_a_command_the_commands_are_listed(capsys):
    assert cli.main([]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in cli.COMMANDS)


def test_an_unknown_command_is_a_mistake_in_the_arguments(capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["dmeo"])
    assert "demo" in capsys.readouterr().err


def test_a_reader_that_has_enough_ends_a_command_without_a_word(tmp_path):
    ledger = tmp_path / "ledger.db"
    project = pk.open_project("census", epsilon=1, unit=pk.ROW, store=ledger)
    pd.DataFrame({"city": ["a"]}).privacy.dp_count("city", keys=[f"{n:0100}" for n in range(2000)], epsilon=1)
    command = [sys.executable, "-m", "privkit", "ledger", "export", "census", "--store", str(ledger)]
    assert len(subprocess.run(command, capture_output=True, check=True).stdout) > 200_000  # more than a pipe holds
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert project.spent == project.budget


OFFLINE = """
import socket, sys
def refuse(*arguments): raise RuntimeError("the demo went to the network")
socket.socket.connect = socket.getaddrinfo = refuse
from privkit.cli import main
sys.exit(main(["demo"]))
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What the demo says, and the only folders that it may write to."""
    home = tmp_path_factory.mktemp("home")
    temporary = tmp_path_factory.mktemp("temporary")
    env = {**os.environ, "HOME": str(home), "TMPDIR": str(temporary), "TEMP": str(temporary), "PYTHONUTF8": "1"}
    env.pop("PRIVKIT_STATE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=env,
        cwd=home,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout, home, temporary


def test_the_demo_tells_the_story_offline_in_order(demo):
    out = demo[0]
    assert out.count("\n== ") == 12
    story = [
        "k = 1",
        "ε = 1 of 1 left",
        "± 6 (95 %)",
        "(True, ε = 0.5)",
        "± 10 (95 %)",
        "InsufficientBudgetError",
        "0.2156 of 1",
    ]
    places = [out.index(told) for told in story]
    assert places == sorted(places)


def test_the_demo_leaves_nothing_behind(demo):
    _, home, temporary = demo
    left = [path for folder in (home, temporary) for path in folder.rglob("*") if "privkit" in path.name]
    assert not left


def test_the_demo_counts_are_near_the_truth(demo):
    rows = re.findall(r"^(?:basic|plus|premium|prepaid) +(-?\d+) +(-?\d+) +(-?\d+) +(\d+)$", demo[0], re.MULTILINE)
    assert len(rows) == 4
    for count, lower, upper, exact in ([int(cell) for cell in row] for row in rows):
        assert (lower, upper) == (count - 6, count + 6)
        assert abs(count - exact) <= 60  # a larger error has a chance below 1e-12


def test_a_terminal_without_greek_does_not_crash(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "privkit.cli", "demo"],
        capture_output=True,
        env={"PATH": str(Path(sys.executable).parent), "PYTHONIOENCODING": "ascii", "HOME": str(tmp_path)},
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert b"? = 1 of 1 left" in done.stdout


@pytest.mark.parametrize(("kind", "code"), [(pk.FrameError, 1), (pk.ParameterError, 2), (pk.RoleConflictError, 2)])
def test_a_refusal_is_one_line_and_its_exit_code_tells_mistakes_in_arguments(capsys, monkeypatch, kind, code):
    def refused(_):
        raise kind("told calmly")

    monkeypatch.setattr("privkit.commands.demo.run_demo", refused)
    assert cli.main(["demo"]) == code
    assert capsys.readouterr().err == f"{kind.__name__}: told calmly\n"


def test_every_column_that_leaves_with_an_anonymized_file_is_named(tmp_path, capsys):
    rows = {
        "email": [f"u{n}@x.org" for n in range(300)],
        "age": [20 + n % 10 for n in range(300)],
        "city": ["Rome"] * 300,
    }
    pd.DataFrame({**rows, "diagnosis": ["a", "b"] * 150, "x1": ["c", "d"] * 150}).to_csv(
        tmp_path / "in.csv", index=False
    )
    asked = ["anonymize", str(tmp_path / "in.csv"), "--qi", "age", "--k", "5", "--out", str(tmp_path / "out.csv")]
    assert cli.main(asked) == 0
    told = capsys.readouterr().out
    assert "'email' leaves unchanged and tells persons apart: leave it out (--drop)" in told.splitlines()[0]
    assert "outside the goal: quasi-identifiers 'city'; sensitive 'diagnosis'; other 'x1'" in told
    assert cli.main([*asked, "--force", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["direct_identifiers_left"] == ["email"]
    assert figures["other_columns_left"] == {"quasi": ["city"], "sensitive": ["diagnosis"], "other": ["x1"]}


def test_the_audit_of_a_file_proposes_the_unit(tmp_path, capsys):
    rows = {"patient": [n // 4 for n in range(100)], "zip": ["1067", "01067"] * 50}
    pd.DataFrame(rows).to_csv(tmp_path / "in.csv", index=False)
    assert cli.main(["audit", str(tmp_path / "in.csv")]) == 0
    told = capsys.readouterr().out
    assert "--qi zip --unit patient" in told
    assert "--unit counts persons" in told
    assert "Dirt splits classes" in told
    assert cli.main(["audit", str(tmp_path / "in.csv"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unit"] == "patient"
