"""The facts that a repo2docker build of `binder/` rests on; the build itself is `make binder`."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
BINDER = ROOT / "binder"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: These would make repo2docker leave the other files aside.
DECISIVE = {"Dockerfile", "environment.yml", "environment.yaml", "Pipfile", "default.nix", "pyproject.toml"}


def asked_extras() -> set[str]:
    lines = [line for line in (BINDER / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    assert len(lines) == 1, "privkit itself, with what the notebooks need, and nothing else"
    found = re.fullmatch(r"\.\[([\w,]+)\]", lines[0])
    assert found
    return set(found.group(1).split(","))


def closure(extras: set[str]) -> set[str]:
    """Return the names of the distributions that come along, as far as they are installed here."""
    wanted = list(PROJECT["dependencies"]) + [
        line for extra in extras for line in PROJECT["optional-dependencies"][extra]
    ]
    found: set[str] = set()
    while wanted:
        asked = Requirement(wanted.pop())
        marked = [{"extra": extra} for extra in ("", *asked.extras)]
        name = normalized(asked.name)
        if name not in found:
            found.add(name)
            try:
                more = [Requirement(line) for line in requires(asked.name) or []]
            except ModuleNotFoundError:
                continue
            wanted += [str(r) for r in more if r.marker is None or any(r.marker.evaluate(m) for m in marked)]
    return found


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "code":
            source = "\n".join(line for line in cell.source.splitlines() if not line.lstrip().startswith(("%", "!")))
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found.add(node.module.split(".")[0])
    return found


def test_python_is_named_and_new_enough():
    # Without the file the image has Python 3.10.
    named = re.fullmatch(r"python-(3\.\d+)\n", (BINDER / "runtime.txt").read_text())
    assert named
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{named.group(1)}.0")


def test_the_extras_exist_and_bring_jupyterlab():
    assert asked_extras() <= set(PROJECT["optional-dependencies"])
    assert {"jupyterlab", "ipywidgets", "opendp"} <= closure(asked_extras())


@cache
def installed() -> tuple[set[str], Mapping[str, list[str]]]:
    """Return what comes along, and of which distribution each module is."""
    return closure(asked_extras()), packages_distributions()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_import_of_a_notebook_comes_along(path):
    there, homes = installed()
    for module in imported(path) - set(sys.stdlib_module_names) - {"privkit"}:
        assert {normalized(name) for name in homes.get(module, ["?"])} & there, module


def test_nothing_takes_the_place_of_these_files():
    assert not DECISIVE & {path.name for path in BINDER.iterdir()}


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_are_executable_and_stop_at_the_first_error(name):
    script = BINDER / name
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert os.name != "posix" or os.access(script, os.X_OK)


def test_start_ends_by_becoming_what_it_was_asked_to_start():
    assert (BINDER / "start").read_text().splitlines()[-1] == 'exec "$@"'


def test_nothing_is_downloaded_when_a_visitor_works():
    for name in ("start", "postBuild"):
        assert not re.search(r"https?:|curl|wget|pip install", (BINDER / name).read_text())
    settings = json.loads((BINDER / "labconfig" / "default_setting_overrides.json").read_text())
    news = settings["@jupyterlab/apputils-extension:notification"]
    assert news["fetchNews"] == "false"
    assert news["checkForUpdates"] is False


def test_the_badge_opens_the_first_notebook_in_jupyterlab():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    badge = re.search(
        r"\[!\[Binder\]\(docs/images/\S+\.svg\)\]"
        r"\(https://mybinder\.org/v2/gh/[\w.-]+/[\w.-]+/HEAD\?urlpath=lab/tree/(\S+\.ipynb)\)",
        readme,
    )
    assert badge
    assert (ROOT / badge.group(1)).is_file()
    assert badge.group(1) == "notebooks/01_start.ipynb"
