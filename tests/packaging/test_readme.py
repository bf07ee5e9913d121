"""What the README says is true."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHECKED = [
    path
    for path in ROOT.rglob("*")
    if path.suffix in {".md", ".py", ".toml", ".ipynb", ".ts", ".json", ".yml", ".yaml", ".cff", ".txt"}
    and not {".git", ".venv", "node_modules", "artifacts", ".hypothesis", "build", "dist"} & set(path.parts)
]


def command(marker):
    found = re.search(rf"<!-- {marker} -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    return found and found.group(1)


@pytest.mark.parametrize("marker", ["start", "test"])
def test_each_set_up_is_one_command(marker):
    assert command(marker)
    assert "\n" not in command(marker)


def test_ci_runs_the_command_of_the_readme():
    assert "command_of test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_commands_name_extras_that_exist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == "jupyter-privkit"
    for extra in re.findall(r"\.\[(\w+)\]", README):
        assert extra in project["optional-dependencies"]


def test_the_ten_lines_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["project"].spent.epsilon > 0.2


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_what_it_links_to_and_shows_is_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    places = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    assert [place for place in places if "://" not in place and not (ROOT / place.partition("#")[0]).exists()] == []


def test_every_notebook_is_in_the_gallery():
    pages = [README, (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")]
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert all(f"notebooks/{notebook.name})" in page for page in pages), notebook.name


def test_nothing_in_it_is_loaded_from_elsewhere():
    assert re.findall(r"!\[[^\]]*\]\((https?:[^)]*)\)", README) == []
    assert re.findall(r'(?:src|srcset)="(https?:[^"]*)"', README) == []


def test_nobody_is_told_to_install_the_unrelated_distribution():
    unrelated = "pip install " + "privkit"
    assert [path for path in CHECKED if unrelated in path.read_text(encoding="utf-8")] == []


def test_no_path_of_a_workplace_is_left():
    places = re.compile("/work/" + r"(main|dev|shared)|/" + "root/")
    assert [path for path in CHECKED if places.search(path.read_text(encoding="utf-8"))] == []
