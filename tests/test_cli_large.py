"""Tables that the command line reads by an engine: the same is told, and not held in memory."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.cli import main
from privkit.commands import large

ODD = 'zip,age,"last, first",note\n"8000","007",,NA\n8001,1E5,"x\ny",""\n8000,+41,"a ""q""",b\n8001,3\n8001,12,é,3.5\n'


def without_types(told: str) -> str:
    """Leave out the types of columns, which each engine names in its own words, and how long a slow machine takes."""
    told = re.sub(r"(?m)^reading and \w+, \d+ s\n", "", told)
    return re.sub(r"  (?:\w+\[pyarrow\]|str|int64|float64|VARCHAR|BIGINT|DOUBLE) +", "  ", told)


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "tsv", "parquet"])
@pytest.mark.sample(0.5)
def test_a_large_file_is_read_by_an_engine_and_tells_the_same(tmp_path, monkeypatch, capsys, suffix):
    pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    table = pk.example("insights").iloc[:3000]
    if suffix == "parquet":
        table.to_parquet("t.parquet")
    else:
        table.to_csv(f"t.{suffix}", index=False, sep="\t" if suffix == "tsv" else ",")
    file = f"t.{suffix}"
    Path("odd.csv").write_text(ODD)
    commands = [
        ["kanon", "odd.csv", "--qi", "zip"],
        ["kanon", "odd.csv", "--qi", 'age,"last, first",note'],
        ["audit", "odd.csv", "--json"],
        ["audit", file],
        ["kanon", file, "--qi", "zip,age", "--k", "5"],
        ["kanon", file, "--qi", "zip", "--unit", "age"],
        ["risk", file, "--qi", "zip,age", "--population", "100000", "--json"],
        ["check", file, "--qi", "zip", "--k", "5", "--l", "2", "--t", "0.3", "--sensitive", "plan"],
        ["kanon", file, "--qi", "zup"],
    ]
    told = {}
    for limit in (large.LARGE, 0):
        monkeypatch.setattr(large, "LARGE", limit)
        told[limit] = [(main(command), *map(without_types, capsys.readouterr())) for command in commands]
    assert told[0] == told[1 << 28]


def test_a_large_file_is_not_held_in_memory(tmp_path, monkeypatch):
    pytest.importorskip("duckdb")
    monkeypatch.setattr(large, "LARGE", 0)
    monkeypatch.setattr(
        large, "read_table", lambda options, rows=None: pd.DataFrame(columns=["zip"]) if rows == 0 else 1 / 0
    )
    (tmp_path / "t.csv").write_text("zip\n1\n2\n")
    assert main(["kanon", str(tmp_path / "t.csv"), "--qi", "zip"]) == 0


@pytest.mark.parametrize(("name", "content"), [("t.csv", "a,b\n1,2\n1,CaNaRy,3\n"), ("t.parquet", "CaNaRy")])
def test_a_large_file_that_cannot_be_read_is_told_without_its_cells(tmp_path, monkeypatch, capsys, name, content):
    pytest.importorskip("duckdb")
    monkeypatch.setattr(large, "LARGE", 0)
    (tmp_path / name).write_text(content)
    assert main(["kanon", str(tmp_path / name), "--qi", "a"]) == 1
    err = capsys.readouterr().err
    assert f"{name}: it cannot be read" in err
    assert "CaNaRy" not in err


@pytest.mark.parametrize(
    "asked",
    [
        "--qi zip,age --k 5",
        "--qi age --k 2 --suppress 0",
        "--qi zip --k 3 --drop who",
        "--qi zip,age,day --k 4 --unit who --drop who",
        "--qi zip --k 5 --l 2 --sensitive plan --drop plan",
        "--qi zip,share --k 3 --levels share=1",
        "--qi day --k 2 --hierarchies days.toml",
    ],
)
@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
@pytest.mark.sample(0.15)
def test_a_large_file_is_anonymized_as_one_in_memory_is(tmp_path, monkeypatch, capsys, asked, form):
    pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "who": [f"p{number}" for number in draw.integers(0, 300, 900)],
            "zip": draw.choice(["007", "010", "999", 'a "b", c'], 900),
            "age": draw.choice([*map(str, range(20, 80)), "NA"], 900),
            "share": draw.choice(["1.50", "2.25", "10", ""], 900),
            "day": draw.choice(["2026-01-02", "2026-03-04", "2025-12-31"], 900),
            "plan": draw.choice(["basic", "plus", ""], 900),
            "code, or key": [f"{number:020}" for number in range(900)],
        }
    ).replace("", None)
    table.to_csv("t.csv", index=False) if form != "parquet" else table.to_parquet("t.parquet", index=False)
    table.to_csv("t.csv.gz", index=False)
    Path("days.toml").write_text('[day]\ndates = ["month", "year"]\n')
    told, lines = {}, {}
    for limit in (large.LARGE, 0):
        monkeypatch.setattr(large, "LARGE", limit)
        command = ["anonymize", f"t.{form}", *asked.split(), "--out", "new.csv", "--force", "--json"]
        assert main(command) == 0, capsys.readouterr().err
        told[limit] = json.loads(capsys.readouterr().out)
        written = pd.read_csv("new.csv", dtype=str, keep_default_na=False)
        lines[limit] = sorted(map(tuple, written.to_numpy().tolist())), list(written.columns)
    whole, there = told[1 << 28], told[0]
    assert lines[0] == lines[1 << 28]
    for figure in ("levels", "suppressed", "loss", "direct_identifiers_left", "proposed"):
        assert there[figure] == whole[figure], figure


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_library_that_tells_of_ctrl_c_by_its_own_error_is_interrupted(tmp_path, monkeypatch, capsys):
    """DuckDB ends a query that is interrupted with a RuntimeError."""
    pytest.importorskip("duckdb")
    (tmp_path / "t.csv").write_text("zip\n1\n1\n")
    out = tmp_path / "new.csv"
    asked = ["anonymize", str(tmp_path / "t.csv"), "--qi", "zip", "--k", "2", "--out", str(out)]

    def stopped(*_, **__):
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            signal.sigtimedwait([], 1)
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(large, "LARGE", 0)
    monkeypatch.setattr("privkit.commands.anonymize.write", stopped)
    assert main(asked) == 130
    assert capsys.readouterr().err == "interrupted: nothing was written\n"
    assert not out.exists()
