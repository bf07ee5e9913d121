from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


class Place:
    """A folder with copies of the notebooks, a state folder of its own, and nobody else's settings."""

    def __init__(self, root: Path) -> None:
        self.work = root / "work"
        self.work.mkdir()
        for notebook in NOTEBOOKS:
            shutil.copy(notebook, self.work)
        self.env = {
            **os.environ,
            "PRIVKIT_STATE_DIR": str(root / "state"),
            "JUPYTER_DATA_DIR": str(root / "data"),  # no kernel of the user's
            "JUPYTER_CONFIG_DIR": str(root / "config"),
            "IPYTHONDIR": str(root / "ipython"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # a notebook is run again without what tests of code need
            "OMP_NUM_THREADS": "1",  # where cores are short, threads that wait for each other only burn them
        }
        self.env.pop("PRIVKIT_KEY", None)

    def execute(self, name: str) -> None:
        """Run a notebook from top to bottom and store it in place."""
        notebook = nbformat.read(self.work / name, as_version=4)
        with mock.patch.dict(os.environ, self.env, clear=True):
            where = {"metadata": {"path": str(self.work)}}
            NotebookClient(notebook, resources=where, timeout=120, store_widget_state=False).execute()
        nbformat.write(notebook, self.work / name)

    def nbval(self, name: str, how: str) -> subprocess.CompletedProcess[str]:
        """Run a notebook again and compare its outputs with those that are stored."""
        options = ["--nbval-current-env", "--nbval-cell-timeout=120", "-p", "no:cacheprovider"]
        options += ["--nbval-sanitize-with", str(Path(__file__).parent / "moments.cfg"), "-p", "nbval.plugin"]
        return self._python("-m", "pytest", "-c", os.devnull, "--rootdir", ".", how, *options, name)

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.work,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Place:
    """A place where each notebook is executed once and then run again."""
    return Place(tmp_path_factory.mktemp("notebooks"))


@pytest.fixture
def fresh_place(tmp_path) -> Place:
    """A place with a ledger of its own."""
    return Place(tmp_path)
