"""Types help who calls: a call that does not fit is an error of the type checker, and so is a wrong use of a result."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import privkit

ROOT = Path(privkit.__file__).parents[1]


def test_the_stub_of_the_accessor_and_the_plans_are_made_of_the_functions(tmp_path):
    spec = importlib.util.spec_from_file_location("write_stub", Path(__file__).with_name("write_stub.py"))
    write_stub = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(write_stub)
    pytest.importorskip("ruff")
    for path, text in write_stub.MADE.items():
        write_stub.write(tmp_path / path.name, text())
        made = (tmp_path / path.name).read_text(encoding="utf-8")
        assert made == path.read_text(encoding="utf-8"), "run python tests/packaging/write_stub.py"


GOOD = """
from datetime import date
from decimal import Decimal
from fractions import Fraction
import numpy as np
import pandas as pd
import privkit as pk

df = pd.DataFrame({"zip": ["8004"]})
report = pk.kanon(df, "zip", k=2)
size: int = report.k
private = pk.PrivacyAccessor(df)
project = pk.open_project("p", epsilon=0.3, unit=pk.ROW, per_analyst={"ada": 0.1})
again: int = private.kanon("zip").k
plan = private.plan.dp_count("zip", keys=["8004"], epsilon=0.1)
private.plan.dp_count(["zip"], keys={"zip": ("8004",)}, where="zip != ''", missing="none", epsilon=project.remaining)
private.plan.dp_mean("age", bounds=(0, pk.public_values(120, reason="the oldest")), accuracy=2, assume_rows=100)
private.plan.dp_quantile("day", 0.5, bounds=("2026-01-01", "2026-12-31"), advantage=0.1, derive={"m": pk.month("day")})
criteria = pk.KAnonymity(2) & pk.LDiversity("ill", 2)
pk.open_project("q", epsilon=np.int64(1), unit=pk.ROW, per_analyst={"ada": 0.1, None: Fraction(1, 5)})
allotted = {"ada": 0.1}
pk.open_project("r", epsilon=np.float32(1), unit=pk.ROW, per_analyst=allotted)
pair, ends, wanted = [0, 120], {"age": (0, 120), "income": (0.0, 1.5)}, {"n": 5, "age": 0.5}
vouched = pk.public_values([0, 18, 120], reason="by law")
private.plan.dp_mean("age", bounds=pair, missing={"age": pk.public_values(30, reason="by law")}, epsilon=Decimal("0.1"))
private.plan.dp_sum("age", bounds=[0, pk.public_values(120, reason="the oldest")], epsilon=0.1)
private.plan.dp_ols("income", "age", bounds=ends, accuracy=np.int64(5))
private.plan.dp_query({"n": "count", "age": ("mean", "age", (0, 120))}, accuracy=wanted, assume_rows=100)
private.plan.dp_median("age", candidates=[1, pk.public_values(2, reason="by law")], epsilon=0.1)
private.plan.dp_quantile("age", Fraction(1, 2), bounds=(0, Decimal(120)), epsilon=0.1)
private.plan.dp_quantile("day", [0.5], bounds=(date(2026, 1, 1), "2026-12-31"), epsilon=0.1)
private.plan.dp_histogram("age", bins=range(0, 120, 10), epsilon=0.1)
keys = {"age": range(3), "zip": ["8004"]}
private.plan.dp_count(["age", "zip"], keys=keys, where=pk.isin("age", range(3)), epsilon=0.1)
private.plan.dp_count("band", derive={"band": pk.cut("age", vouched, vouched)}, epsilon=0.1)
private.plan.dp_tables(["zip", ("zip", "age")], keys=keys, epsilon=0.1)
private.tclose("zip", "ill", distance={"flu": "lung", "cold": "lung"})
private.tclose("zip", "ill", distance=pk.Hierarchy.star())
private.anonymize("zip", k=2, suppress=Fraction(1, 50))
pk.find_subject({"people": df}, np.int64(3))
"""
#: Lines that are wrong, with what mypy says of each.
WRONG = {
    "pk.kanon(df, 'zip', kk=2)": "call-arg",
    "pk.kanon(df, 3)": "arg-type",
    "private.kanon('zip', k='two')": "arg-type",
    "private.kanan('zip')": "attr-defined",
    "private.plan.dp_count('zip', epsilonn=1)": "call-arg",
    "private.dp_count('zip', max_rows='many')": "arg-type",
    "pk.kanon([1], 'zip')": "arg-type",
    "private.dp_count(epsilon='0.1')": "arg-type",
    "private.dp_count('zip', keys=df['zip'], epsilon=0.1)": "arg-type",
    "private.dp_count(where=3, epsilon=0.1)": "arg-type",
    "private.dp_mean('age', bounds=(0, 1, 2), epsilon=0.1)": "arg-type",
    "private.dp_mean('age', bounds=120, accuracy='2')": "arg-type",
    "private.dp_mean('age', bounds=('0', '120'), epsilon=0.1)": "arg-type",
    "private.dp_median('age', candidates='123', epsilon=0.1)": "arg-type",
    "private.dp_median('age', candidates=[0.5, Decimal(2)], epsilon=0.1)": "list-item",
    "private.dp_histogram('age', bins='0,10', epsilon=0.1)": "arg-type",
    "private.dp_histogram('age', bins=df['age'], epsilon=0.1)": "arg-type",
    "private.dp_histogram('day', every='week', start=1, epsilon=0.1)": "arg-type",
    "private.dp_correlation('age', epsilon=0.1)": "arg-type",
    "private.dp_synthetic('age', epsilon=0.1)": "arg-type",
    "private.dp_tables('zip', epsilon=0.1)": "arg-type",
    "pk.isin('zip', '8004')": "arg-type",
    "pk.cut('age', '0,10')": "arg-type",
    "private.tclose('zip', 'ill', distance=3)": "arg-type",
    "pk.open_project('p', epsilon='1', unit=pk.ROW)": "arg-type",
    "pk.link(df, 'other', 'zip')": "arg-type",
    "report.kk": "attr-defined",
    "pk.KAnonymity('two')": "arg-type",
    "pk.open_project('p', epsilon=1, ceilling=2, unit=pk.ROW)": "call-arg",
}


@pytest.mark.landing
@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="needs mypy")
def test_a_call_that_does_not_fit_is_an_error(tmp_path):
    code = tmp_path / "calls.py"
    code.write_text(GOOD + "\n".join(WRONG) + "\n")
    options = [
        "--no-error-summary",
        "--show-error-codes",
        "--hide-error-context",
        "--config-file=",
        "--follow-imports=silent",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(code)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    told = {}
    for line in done.stdout.splitlines():
        if line.endswith("]") and "error:" in line:
            told.setdefault(int(line.split(":")[1]), []).append(line.rpartition("[")[2].rstrip("]"))
    first = GOOD.count("\n") + 1
    assert {number: codes for number, codes in told.items() if number < first} == {}, done.stdout
    found = {wrong: told.get(first + at, []) for at, wrong in enumerate(WRONG)}
    assert all(code in found[wrong] for wrong, code in WRONG.items()), (found, done.stdout)
