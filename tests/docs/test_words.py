"""Pages, lessons and public docstrings say things in words that a reader knows, and not in those of this house.

Whoever wrote privkit said that a number "is told", that a cell "stands" in a table, that a token is put "in the place
of" a name. A reader stumbles over these. Here is what is said instead, and where the word is right after all.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

import privkit as pk

ROOT = Path(__file__).parents[2]
#: What is not written → what is.
HOUSE = {
    r"\b(?:is|are|was|were|be|been|being) told\b(?! (?:apart|from)\b)": "is shown, listed, named, reported, known",
    r"\bstands?\b(?! (?:for|behind|out|alone|still)\b)": "is, appears, is written, is listed",
    r"\b(?:in|into) (?:the|its|their) place of\b": "instead of; replace a by b",
}
#: Sentences in which such a word is the one that a reader knows.
RIGHT = (
    "must be told within the first one",  # of people: Art. 12(3)
    "must be told why",  # Art. 12(4)
    "she is told what still fits",
    "stand and fall with it",
    "could be told by it",  # what a report says, as it says it
    "Put your answer in the place of the dots",
)
#: Names that say nothing in an example: what was found, or told, is a report, a release, a risk.
EMPTY = re.compile(r"^(?:found|told|own|place|stands)$")


def pages() -> Iterator[tuple[str, str]]:
    """Yield the prose of each page, without its code."""
    for path in sorted((ROOT / "docs").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        yield path.name, re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)


def lessons() -> Iterator[tuple[str, str]]:
    """Yield the prose of each notebook."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, 4).cells
        yield path.name, "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def docstrings() -> Iterator[tuple[str, str]]:
    """Yield what each public name, and each of its methods, says of itself."""
    for space in (pk, pk.events, pk.models, pk.teach, pk.plan):
        for name in space.__all__:
            value = getattr(space, name)
            own = vars(value).items() if inspect.isclass(value) else ()
            for one in (value, *(member for called, member in own if not called.startswith("_"))):
                function = getattr(one, "__func__", None) or getattr(one, "fget", None) or one
                if inspect.isclass(function) or inspect.isfunction(function):
                    yield f"{name}: {function.__name__}", inspect.getdoc(function) or ""


SOURCES = {"pages": pages, "lessons": lessons, "docstrings": docstrings}


def stumbles(text: str) -> list[str]:
    """Return the places at which a reader would stumble, with what is said instead."""
    plain = re.sub(r"\s+", " ", text)
    for one in RIGHT:
        plain = plain.replace(one, "")
    return [
        f"...{plain[max(0, found.start() - 40) : found.end() + 30]}... say: {instead}"
        for pattern, instead in HOUSE.items()
        for found in re.finditer(pattern, plain)
    ]


@pytest.mark.parametrize("kind", SOURCES)
def test_no_word_of_the_house(kind):
    texts = list(SOURCES[kind]())
    assert len(texts) > 10
    assert {name: wrong for name, text in texts if (wrong := stumbles(text))} == {}


@pytest.mark.parametrize("kind", SOURCES)
def test_names_in_examples_say_what_they_name(kind):
    """Of what is assigned in the code of pages, lessons and docstrings."""
    assert {name: empty for name, code in examples(kind) if (empty := assigned(code))} == {}


def examples(kind: str) -> Iterator[tuple[str, str]]:
    if kind == "lessons":
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            for cell in nbformat.read(path, 4).cells:
                if cell.cell_type == "code" and not re.search(r"^[%!]", cell.source, re.MULTILINE):
                    yield path.name, cell.source
        return
    if kind == "pages":
        for path in sorted((ROOT / "docs").glob("*.md")):
            for code in re.findall(r"^```python\n(.*?)^```$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL):
                yield path.name, typed(code) if ">>> " in code else code
        return
    for name, text in docstrings():
        yield name, typed(text)


def typed(text: str) -> str:
    """Return the code behind the prompts of a text."""
    return "\n".join(re.findall(r"^ *(?:>>>|\.\.\.) ?(.*)$", text, re.MULTILINE))


def assigned(code: str) -> list[str]:
    """Return the names that a piece of code gives and that say nothing."""
    names = [
        node.id
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and EMPTY.match(node.id)
    ]
    return sorted(set(names))


def test_what_is_wrong_is_seen():
    assert stumbles("The price is\ntold below.")
    assert stumbles("It stands in a register.")
    assert stumbles("a token in the place of the name")
    assert not stumbles("Rows are told apart; the letter stands for a person; whoever asked must be told why")
    assert assigned("for place in [1]: told = 2") == ["place", "told"]
    assert not assigned("placed = found.told")
