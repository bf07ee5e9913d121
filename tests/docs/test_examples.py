"""Every example of the pages runs as it stands, from the first block of a page to its last.

Blocks of `python` are run, and what stands under a prompt is compared; blocks of `sh` are run by a shell in the page's
folder. Blocks of `console` start servers or install things, and are shown only. In tables with a column headed
"privkit", every call of that column is run after the page's blocks; `test_tables.py` looks at the other tables.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
#: The address that the pages use; a test puts a real one in its place.
TEAM = "postgresql+psycopg://team@db.example/privacy"
SERVER = os.environ.get("PRIVKIT_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


@pytest.fixture
def team_store():
    """The address of a database of the test's own; skips where there is no server, and fails in CI."""
    psycopg = pytest.importorskip("psycopg")
    address, name = SERVER.replace("+psycopg", ""), f"privkit_docs_{uuid.uuid4().hex[:12]}"
    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=3) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
    except psycopg.OperationalError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("no PostgreSQL here")
    yield f"{SERVER.rsplit('/', 1)[0]}/{name}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to run a page in, with nothing of the user's around it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRIVKIT_ANALYST", "ada")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("MPLBACKEND", "agg")
    return tmp_path


def run(path: Path, text: str) -> int:
    """Run a page's blocks one after the other; return how many there were, or fail with all that went wrong."""
    names: dict[str, object] = {"__name__": path.stem}
    wrong: list[str] = []
    blocks = 0
    for found in FENCE.finditer(text):
        kind, code = found.groups()
        line = text[: found.start()].count("\n") + 1
        blocks += kind in {"python", "sh"}
        if kind == "sh":
            wrong += shell(f"{path.name}:{line}", code)
        elif kind == "python" and ">>> " in code:
            test = doctest.DocTestParser().get_doctest(code, names, path.name, str(path), line)
            doctest.DocTestRunner(optionflags=FLAGS).run(test, out=wrong.append, clear_globs=False)
            names = test.globs
        elif kind == "python":
            exec(compile("\n" * line + code, str(path), "exec"), names)
    for call in calls(text):
        exec(compile(call, f"{path.name}: {call}", "exec"), names)
    if wrong:
        pytest.fail("".join(wrong), pytrace=False)
    return blocks


def calls(text: str) -> list[str]:
    """Return the code in the columns of tables that are headed "privkit"."""
    found: list[str] = []
    column = None
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        column = (cells.index("privkit") if "privkit" in cells else column) if cells else None
        found += re.findall(r"`([^`]+)`", cells[column]) if column is not None else []
    return found


def shell(place: str, code: str) -> list[str]:
    command = ["bash", "-euo", "pipefail", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [f"{place}\n{code}\n{done.stdout}\n{done.stderr}"] if done.returncode else []


def pages(*, team: bool) -> list[Path]:
    return [path for path in PAGES if (TEAM in path.read_text(encoding="utf-8")) == team]


@pytest.mark.sample(1.0)
@pytest.mark.parametrize("path", pages(team=False), ids=lambda path: path.stem)
def test_the_examples_of_a_page_run(path, folder):
    run(path, path.read_text(encoding="utf-8"))


@pytest.mark.postgres
@pytest.mark.parametrize("path", pages(team=True), ids=lambda path: path.stem)
def test_the_examples_of_a_page_run_on_a_server(path, folder, team_store):
    assert run(path, path.read_text(encoding="utf-8").replace(TEAM, team_store))


def test_the_examples_of_the_readme_run(folder):
    import privkit as pk

    pk.example("insights").to_csv("customers.csv", index=False)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rest, set_up = re.subn(r"^<!-- (start|test) -->\n```sh\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert set_up == 2, "the commands that install privkit, which run in CI"
    assert run(ROOT / "README.md", rest) >= 3


def test_the_runner_sees_what_does_not_hold(folder):
    page = folder / "page.md"
    assert run(page, "```python\n>>> 1 + 1\n2\n```\n\n```sh\ntrue\n```\n\n```console\nfalse\n```\n") == 2
    for wrong in ("```python\n>>> 1 + 1\n3\n```\n", "```sh\nfalse\n```\n"):
        with pytest.raises(pytest.fail.Exception):
            run(page, wrong)
    middle = "| x | privkit | y |\n|---|---|---|\n| a | `1 / 1`, `1 / 0` | b |\n"
    for wrong in ("```python\n1 / 0\n```\n", "| x | privkit |\n|---|---|\n| a | `1 / 1`, `1 / 0` |\n", middle):
        with pytest.raises(ZeroDivisionError):
            run(page, wrong)
    assert run(page, "| x | other |\n|---|---|\n| a | `1 / 0` |\n") == 0


def test_every_page_shows_an_example_or_is_known_to_have_none():
    silent = {path.stem for path in PAGES if not FENCE.search(path.read_text(encoding="utf-8"))}
    assert silent <= {"threat-model", "glossary", "notebooks", "decisions", "gallery", "table-report"}


def test_the_proofs_name_files_and_tests_that_exist():
    text = (ROOT / "docs" / "proofs.md").read_text(encoding="utf-8")
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    for name in re.findall(r"`(test_\w+)`", text):
        assert f"def {name}(" in tests, name
    for name in re.findall(r"`((?:privkit|tests)/[\w/.]+)`", text):
        assert (ROOT / name).exists(), name


def test_the_settings_name_every_extra_and_variable():
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [extra for extra in project["optional-dependencies"] if f"`{extra}`" not in text] == []
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "privkit").rglob("*.py"))
    assert [name for name in set(re.findall(r"PRIVKIT_[A-Z_]+", source)) if f"`{name}`" not in text] == []
