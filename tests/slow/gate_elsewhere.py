"""The gate where others run it: pre-commit's hook, the steps of the action, SARIF by its own schema and validator.

pre-commit installs privkit from this checkout, which takes minutes and a network. What is not there is skipped:
``pip install pre-commit jsonschema``; ``SARIF_SCHEMA`` is the path of OASIS's ``sarif-schema-2.1.0.json``, and
``SARIF_MULTITOOL`` that of the binary in npm's ``@microsoft/sarif-multitool-linux``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import privkit as pk

ROOT = Path(__file__).parents[2]
POLICY = '[goal]\nqi = ["zip", "age"]\nk = 5\n\n[roles]\nforbid = ["direct identifier"]\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a policy, a table that falls short and one that passes, and privkit on the path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    people = pk.example("insights").head(400)
    people.to_csv("raw.csv", index=False)
    named = people.drop(columns=["msisdn", "email", "account_number"])
    pk.anonymize(named, ["zip", "age"], k=5, suppress=0.05).frame.to_csv("passing.csv", index=False)
    Path("policy.toml").write_text(POLICY)
    return tmp_path


def ran(*command, **how):
    return subprocess.run(command, capture_output=True, text=True, check=False, **how)


def test_the_hook_stops_a_commit_and_lets_the_next_pass(folder, monkeypatch):
    pytest.importorskip("pre_commit")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(folder / "home"))
    monkeypatch.delenv("PYTHONPATH")
    (folder / "repo").mkdir()
    monkeypatch.chdir(folder / "repo")
    revision = ran("git", "-C", str(ROOT), "rev-parse", "HEAD").stdout.strip()
    hook = f"repos:\n  - repo: {ROOT}\n    rev: {revision}\n    hooks:\n      - id: privkit-gate\n"
    Path(".pre-commit-config.yaml").write_text(f"{hook}        args: [shared.csv, --policy, policy.toml]\n")
    Path("policy.toml").write_text(POLICY)
    for setup in (["init", "-q"], ["config", "user.email", "a@b.c"], ["config", "user.name", "a"]):
        assert ran("git", *setup).returncode == 0
    assert ran(sys.executable, "-m", "pre_commit", "install").returncode == 0
    told = []
    for table in ("raw.csv", "passing.csv"):
        Path("shared.csv").write_bytes((folder / table).read_bytes())
        ran("git", "add", "-A")
        done = ran("git", "commit", "-m", table)
        told.append((done.returncode, done.stdout + done.stderr))
    assert told[0][0] == 1
    assert "exit code: 3" in told[0][1]
    assert "goal.k: asked KAnonymity(5), found k = 1; 400 rows short. (line 3)" in told[0][1]
    assert told[1][0] == 0, told[1][1]
    assert ran("git", "log", "--format=%s").stdout == "passing.csv\n"


@pytest.mark.parametrize(("table", "code"), [("raw.csv", 3), ("passing.csv", 0)])
def test_the_steps_of_the_action_do_what_they_say(folder, table, code):
    yaml = pytest.importorskip("yaml")
    page = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
    [text] = re.findall(r"^```yaml\n(name: gate\n.*?)^```$", page, re.MULTILINE | re.DOTALL)
    steps = yaml.safe_load(text)["jobs"]["gate"]["steps"]
    Path("shared.csv").write_bytes(Path(table).read_bytes())
    shells = [step["run"] for step in steps if "run" in step]
    assert shells[0].startswith("pip install")  # from an index that has no such package yet: it is here already
    for shell in shells[1:]:  # as a runner calls it, where no shell is named
        assert ran("bash", "-e", "-c", shell).returncode == code
    [upload] = [step for step in steps if "upload-sarif" in step.get("uses", "")]
    assert upload["if"] == "always()"
    log = json.loads(Path(upload["with"]["sarif_file"]).read_text())
    assert bool(log["runs"][0]["results"]) == (code == 3)
    held_to_the_schema(log)
    held_by_the_tool(Path(upload["with"]["sarif_file"]))


def held_to_the_schema(log):
    if not (place := os.environ.get("SARIF_SCHEMA")):
        return
    import jsonschema

    schema = jsonschema.Draft4Validator(json.loads(Path(place).read_text()))
    assert not list(schema.iter_errors(log))
    assert list(schema.iter_errors({**log, "odd": 1}))  # it can fail


def held_by_the_tool(path):
    if not (tool := os.environ.get("SARIF_MULTITOOL")):
        return
    rules = ["--level", "Error;Warning", "--rule-kind", "Sarif;Ghas", "--log", "ForceOverwrite", "-o", "told.sarif"]
    schema = ["-j", os.environ["SARIF_SCHEMA"]] if "SARIF_SCHEMA" in os.environ else []
    assert "error" not in ran(tool, "validate", str(path), *rules, *schema).stdout
    wrong = path.with_name("wrong.sarif")
    wrong.write_text(path.read_text().replace('"fullDescription"', '"odd"'))
    assert "error" in ran(tool, "validate", str(wrong), *rules, *schema).stdout


def test_spark_and_duckdb_rule_as_pandas_does():
    spark = pytest.importorskip("pyspark.sql")
    duckdb = pytest.importorskip("duckdb")
    people = pk.example("insights").head(300)
    policy = {
        "goal": {"qi": ["zip", "age"], "k": 5, "l": 2, "sensitive": "churned"},
        "risk": {"threshold": 0.2, "average": 0.1, "uniques": 0.01},
        "roles": {"forbid": ["direct identifier", "quasi-identifier"]},
    }
    expected = pk.gate(people, policy).rulings
    warehouse = duckdb.connect()
    warehouse.register("people", people)
    assert pk.gate(warehouse.table("people"), policy).rulings == expected
    settings = {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.sql.shuffle.partitions": "2"}
    session = spark.SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    try:
        assert pk.gate(session.createDataFrame(people), policy).rulings == expected
    finally:
        session.stop()
