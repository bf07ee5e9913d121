"""How a command ends: by Ctrl-C while it loads, where its answer cannot be written, with two outputs in one file."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import privkit as pk
from privkit import cli
from privkit.cli import main


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pd.DataFrame([(f"800{n % 5}", 20 + n % 3, f"{n}.5") for n in range(60)], columns=["zip", "age", "bill"]).to_csv(
        "c.csv", index=False
    )
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_while_a_command_is_loaded_is_told_as_one(monkeypatch, capsys):
    """What a command imports takes a second: before its signal is caught, Python raises a bare KeyboardInterrupt."""

    def loading(given):
        os.kill(os.getpid(), signal.SIGINT)
        signal.sigtimedwait([], 1)

    monkeypatch.setattr(cli, "_answered", loading)
    assert main(["audit", "c.csv"]) == 130
    assert capsys.readouterr().err == "interrupted: nothing was written\n"


def test_what_a_command_loads_is_loaded_where_ctrl_c_is_told():
    """Outside of it the module has the standard library alone."""
    listed = "import sys, privkit.cli; print([m for m in sys.modules if m in ('pandas', 'privkit.errors', 'numpy')])"
    assert subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is full")
@pytest.mark.parametrize("command", ["audit c.csv", "kanon c.csv --qi zip --json", "risk c.csv --qi zip"])
def test_an_answer_that_cannot_be_written_is_told_and_no_traceback(table, command):
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "privkit", *shlex.split(command)],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(Path(pk.__file__).parents[1])},
        )  # fmt: skip
    assert ran.returncode == 1
    told = [line for line in ran.stderr.splitlines() if not re.fullmatch(r"reading and \w+, \d+ s", line)]  # if slow
    assert told == [f"FileError: the answer cannot be written ({os.strerror(28)})."]


def test_a_threshold_of_risk_may_be_a_presets_name(table, capsys):
    assert main(shlex.split("risk c.csv --qi zip,age --threshold cell_11")) == 3
    answer = capsys.readouterr().out
    assert "above risk 0.09091 (cell_11)" in answer
    assert "--k 11 " in answer
    assert main(shlex.split("risk c.csv --qi zip --threshold cell_7")) == 2
    assert "'cell_11', 'cell_20'" in capsys.readouterr().err


def test_two_outputs_in_one_file_are_told_as_such(table, capsys):
    Path("r.toml").write_text('name = "r"\n[[operations]]\nop = "keep"\npaths = ["a"]\n')
    Path("e.ndjson").write_text('{"a": 1}\n')
    for command in (
        "anonymize c.csv --qi zip --k 5 --out x.csv --save-hierarchies x.csv",
        "events r.toml e.ndjson --out y.ndjson --quarantine y.ndjson",
    ):
        assert main(shlex.split(command)) == 1
        assert "--out names this file too" in capsys.readouterr().err
    assert not Path("x.csv").exists()
    assert not Path("y.ndjson").exists()


def test_events_that_were_set_apart_are_said_to_be_in_the_file_that_was_named(table, capsys):
    Path("r.toml").write_text('name = "r"\n[[operations]]\nop = "keep"\npaths = ["a"]\n')
    Path("e.ndjson").write_text('{"a": 1}\n{"a"\n')
    assert main(shlex.split("events r.toml e.ndjson --out y.ndjson --quarantine q.ndjson")) == 0
    answer = capsys.readouterr().out
    assert "1 event was set apart, in the file of --quarantine." in answer
    assert ".quarantined" not in answer
