"""What docstrings and pages name, is there: modules and their names by dotted path, files by their place."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import privkit

PACKAGE = Path(privkit.__file__).parent
ROOT = PACKAGE.parent
PAGES = [page for page in (*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md")) if "_build" not in page.parts]
PAGES = [page for page in PAGES if page.name != "CHANGELOG.md"]  # which tells what was
CODE = [path for path in PACKAGE.rglob("*.py") if "node_modules" not in path.parts]
DOTTED = re.compile(r"`~?(privkit(?:\.\w+)+)(?:\(.*?\))?`")
FILE = re.compile(r"`((?:[\w-]+/)+[\w-]+\.(?:py|toml|md|yaml))`")
#: Files that readers have, not this repository.
THEIRS = {"notes/policy.md"}


def resolved(path: str) -> bool:
    """Whether a dotted path is a module, or a name in one."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for name in parts[end:]:
            fields = {**getattr(found, "__dataclass_fields__", {}), **getattr(found, "__annotations__", {})}
            if not hasattr(found, name) and name not in fields:
                return False
            found = getattr(found, name, None)
        return True
    return False


@pytest.mark.parametrize("path", [*CODE, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_dotted_path_leads_somewhere(path):
    assert [
        name for name in dict.fromkeys(DOTTED.findall(path.read_text(encoding="utf-8"))) if not resolved(name)
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(page):
    named = set(FILE.findall(page.read_text(encoding="utf-8"))) - THEIRS
    gone = [name for name in named if not any((place / name).exists() for place in (ROOT, PACKAGE, ROOT / "docs"))]
    assert sorted(gone) == []
