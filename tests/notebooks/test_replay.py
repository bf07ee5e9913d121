"""Notebooks run again on the same ledger show the same, because every release replays."""

from __future__ import annotations

import re
import shutil

import nbformat
import pytest

from privkit.budget.ledger import Ledger

from .conftest import NOTEBOOKS

pytestmark = pytest.mark.landing


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def executed(place, request):
    """A notebook, executed in the place."""
    place.execute(request.param.name)
    return request.param.name


def entries(place):
    """What each project of the place's ledger holds; nothing where no notebook opened one."""
    file = place.work / ".privkit" / "ledger.db"
    if not file.exists():
        return {}
    ledger = Ledger.open(file, create=False)
    return {name: ledger.account(name).balance() for name in ledger.projects()}


def spends(name):
    """Whether a notebook opens a project, by its own sources."""
    return any(re.search(r"(open_|teach\.)project\(", cell.source) for cell in _cells(_committed(name)))


@pytest.mark.sample(0.2)
def test_a_second_run_reproduces_every_output_and_spends_nothing(place, executed, monkeypatch):
    monkeypatch.setenv("PRIVKIT_STATE_DIR", place.env["PRIVKIT_STATE_DIR"])
    before = entries(place)
    assert before or not spends(executed)
    assert all(balance.entries for balance in before.values())
    done = place.nbval(executed, "--nbval")
    cells = [cell for cell in nbformat.read(place.work / executed, 4).cells if cell.cell_type == "code"]
    assert done.returncode == 0, done.stdout[-5000:]
    assert f"{len(cells)} passed" in done.stdout
    assert entries(place) == before


@pytest.mark.sample(0.2)
def test_on_another_ledger_the_noise_differs(place, executed, fresh_place):
    if not spends(executed):
        return  # the second run has shown it: there is no ledger
    shutil.copy(place.work / executed, fresh_place.work)
    done = fresh_place.nbval(executed, "--nbval")
    assert done.returncode == 1
    failed = int(re.search(r"(\d+) failed", done.stdout).group(1))
    tagged = sum("nbval-check-output" in cell.metadata.get("tags", []) for cell in _cells(place.work / executed))
    assert 1 <= failed <= len(_cells(place.work / executed)) - tagged


def test_noise_free_outputs_are_those_of_the_committed_notebook(place, executed):
    stored, fresh = (_cells(path) for path in (_committed(executed), place.work / executed))
    assert [cell.source for cell in stored] == [cell.source for cell in fresh]
    for old, new in zip(stored, fresh, strict=True):
        if "nbval-check-output" in old.metadata.get("tags", []):
            assert _shown(old) == _shown(new), old.source


def _committed(name):
    return next(path for path in NOTEBOOKS if path.name == name)


def _cells(path):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def _shown(cell):
    shown = []
    for output in cell.outputs:
        if output.output_type == "stream" and shown and shown[-1][:2] == ("stream", output.name):
            shown[-1] = (*shown[-1][:2], shown[-1][2] + output.text, None, None)  # how it was cut is a matter of time
            continue
        data = {kind: text for kind, text in output.get("data", {}).items() if not kind.startswith("image/")}
        kind = output.name if output.output_type == "stream" else data
        shown.append((output.output_type, kind, output.get("text"), output.get("ename"), output.get("evalue")))
    return shown
