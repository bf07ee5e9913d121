"""What users install: a wheel that is built without Node.js, with which Jupyter finds both extensions enabled."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.landing
ROOT = Path(__file__).parents[2]
ELSEWHERE = "data/share/jupyter/labextensions/jupyter-privkit/"


def run(*command, **environment):
    env = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=300, check=False, cwd="/")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout, built where neither node nor npm is to be found."""
    folder = tmp_path_factory.mktemp("wheel")
    names = shutil.ignore_patterns(".git", ".venv", "node_modules", "artifacts", ".*_cache", "__pycache__", "tests")
    shutil.copytree(ROOT, folder / "source", ignore=names)
    (folder / "bin").mkdir()
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(folder), str(folder / "source")]
    run(*command, PATH=f"{folder / 'bin'}:/nowhere", PYTHONPATH="")
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_the_bundle_and_none_of_its_sources(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert any(ELSEWHERE + "package.json" in name for name in names)
    assert any(ELSEWHERE + "install.json" in name for name in names)
    assert any(ELSEWHERE + "static/remoteEntry" in name for name in names)
    assert any("etc/jupyter/jupyter_server_config.d/privkit.json" in name for name in names)
    assert any(name.endswith("privkit/lab/openapi.yaml") for name in names)
    assert not [name for name in names if name.endswith((".ts", "package-lock.json")) or "frontend" in name]
    assert wheel.stat().st_size < 4_000_000


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """An environment of its own with the wheel in it; it borrows all other packages, and changes none of theirs."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    packages = sysconfig.get_path("purelib", vars={"base": str(place)})
    Path(packages, "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    # Without looking at what is installed: pip would uninstall the one of this environment.
    options = ["--no-deps", "--no-index", "--ignore-installed", "--no-compile"]
    run(sys.executable, "-m", "pip", "--python", str(python), "install", *options, str(wheel), PYTHONPATH="")
    return place


def test_jupyter_lists_both_extensions_as_enabled_and_ok(environment):
    python, env = str(environment / "bin" / "python"), {"PYTHONPATH": "", "HOME": str(environment / "home")}
    assert str(environment) in run(python, "-c", "import privkit; print(privkit.__file__)", **env)
    front = run(python, "-m", "jupyterlab.labextensions", "list", **env)
    here = front[front.index(str(environment)) :]
    (line,) = (line for line in here.splitlines() if "jupyter-privkit" in line)
    assert "enabled" in line
    assert "OK" in line
    back = run(python, "-m", "jupyter_server.extension.serverextension", "list", **env)
    after = back[back.index(str(environment)) :]
    after = after[after.index("privkit.lab") :]
    assert "enabled" in after.splitlines()[0]
    assert re.search(r"privkit.lab.* OK", re.sub("\x1b\\[[0-9;]*m", "", after).replace("\n", " "))


def test_without_jupyter_everything_but_the_live_panels_works(tmp_path):
    code = """
import sys
for name in ("jupyterlab", "jupyter_server", "tornado", "ipywidgets", "IPython", "ipykernel", "matplotlib"):
    sys.modules[name] = None
import pandas as pd, privkit as pk
people = pd.DataFrame({"zip": list("aabbb"), "age": range(5)})
project = pk.open_project("plain", epsilon=1, unit=pk.ROW)
assert people.privacy.kanon("zip", k=2).k == 2
assert isinstance(people.privacy.dp_count(epsilon=0.5).value, int)
for panel in (project.panel(), people.privacy.kanon("zip").panel(), people.privacy.risk("zip").panel(hierarchies={})):
    assert "stands still" in repr(panel) and "<div" in panel._repr_html_()
"""
    env = {**os.environ, "PRIVKIT_STATE_DIR": str(tmp_path / "state")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
