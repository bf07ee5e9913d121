"""The formulas of a piece, run in Node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import privkit as pk

PAGES = Path(pk.__file__).parent / "teach" / "pages"


def in_node(name: str, code: str, given: object = None) -> object:
    """Return what a function body in JavaScript returns, with the formulas of a piece as `f`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here")
    formulas = json.dumps(str(PAGES / name / "formulas.js"))
    script = f"const f = require({formulas}), given = {json.dumps(given)};"
    script += f"process.stdout.write(JSON.stringify((() => {{ {code} }})()));"
    done = subprocess.run([node, "-e", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def data_of(piece: object) -> dict:
    """Return the constant that the scripts of a piece begin with."""
    return json.loads(re.search(r"const DATA = (\{.*\});", piece.page)[1])
