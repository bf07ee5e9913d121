"""Where panels do not move, as in marimo and in executed notebooks: the picture stands, alone, and its code runs."""

from __future__ import annotations

import linecache
import sys
import types

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("ipywidgets")

import privkit as pk

CELL = "shown = people.privacy.lattice(['zip', 'age'], k=5).panel()"


@pytest.fixture
def marimo(monkeypatch):
    """What marimo is known by: its module, and the file that a cell's text stands in."""
    module = types.ModuleType("marimo")
    module.running_in_notebook = lambda: True
    monkeypatch.setitem(sys.modules, "marimo", module)
    return module


@pytest.fixture
def people():
    rng = np.random.default_rng(3)
    return pd.DataFrame({"zip": rng.integers(8000, 8012, 2000).astype(str), "age": rng.integers(18, 90, 2000)})


def run(cell, **names):
    name = "/tmp/marimo_1/__marimo__cell_Hbol_.py"
    linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
    try:
        exec(compile(cell, name, "exec"), names)  # as marimo does
    finally:
        del linecache.cache[name]
    return names["shown"]


def test_the_picture_stands_alone_and_says_why(marimo, people):
    panel = pk.kanon(people, ["zip", "age"], k=5).panel()
    bundle = panel._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "marimo shows no such panels" in bundle["text/html"]
    marimo.running_in_notebook = lambda: False
    assert "application/vnd.jupyter.widget-view+json" in panel._repr_mimebundle_()


@pytest.mark.parametrize(
    ("content", "server", "moves"),
    [
        ({"allow_stdin": False}, "", False),
        ({"allow_stdin": True}, "", True),
        ({}, "", True),
        ({"allow_stdin": False}, "voila/0.5", True),
    ],
)
def test_an_executed_notebook_keeps_the_picture_alone(people, monkeypatch, content, server, moves):
    shell = types.SimpleNamespace(parent_header={"content": content}, user_ns={}, execution_count=1)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setenv("SERVER_SOFTWARE", server)
    bundle = pk.kanon(people, ["zip", "age"], k=5).panel()._repr_mimebundle_()
    assert ("application/vnd.jupyter.widget-view+json" in bundle) == moves
    assert "A still picture of" in bundle["text/html"]


def test_the_code_of_an_explorer_names_what_its_cell_names(marimo, people):
    panel = run(CELL, people=people)
    inside = run(
        "def cell():\n    k = 5\n    return people.privacy.lattice(\n        'zip', k=k\n    ).panel()\nshown = cell()",
        people=people,
    )
    assert inside.code().startswith("anonymized = lattice.apply(")  # a return is no line that ends with a panel
    written = "if True:\n    x = 1\n    shown = people.privacy.lattice(\n        'zip', k=5\n    ).panel()\n    y = 2"
    assert run(written, people=people).code().startswith("anonymized = people.privacy.lattice('zip', k=5).apply(")
    assert panel.code().startswith("anonymized = people.privacy.lattice(['zip', 'age'], k=5).apply(")
    assert (
        run("shown = people.privacy.lattice('zip', k=5)", people=people)
        .panel()
        .code()
        .startswith("anonymized = lattice.")
    )
