"""The tutorials: the notebooks of the repository as pages, with the outputs that are stored in them.

Sphinx reads what lies in its own folder. So the notebooks are brought there before it looks (git ignores the copies),
and what a page says of ``../notebooks`` leads to them. Nothing is run.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_FOLDER = "tutorials"
_NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def _brought(app: Sphinx) -> None:
    """Copy the notebooks whose text has changed, each whole or not at all; take away what is no notebook any more."""
    folder = Path(app.srcdir) / _FOLDER
    folder.mkdir(exist_ok=True)
    there = {path.name: path.read_bytes() for path in _NOTEBOOKS.glob("*.ipynb")}
    for path in folder.glob("*.ipynb"):
        if path.name not in there:
            path.unlink(missing_ok=True)
    for name, content in there.items():
        target = folder / name
        if not target.exists() or target.read_bytes() != content:
            handle, written = tempfile.mkstemp(dir=folder, suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(written).replace(target)


def _led_to_the_pages(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Let links to notebooks, which lead to files where the pages are read as text, lead to their pages."""
    if not docname.startswith(f"{_FOLDER}/"):
        source[0] = source[0].replace("](../notebooks/", f"]({_FOLDER}/")


#: Cells of Python may hold magics; errors of privkit are plain sentences.
_LEXERS = {"python": "ipython3", "ipythontb": "none"}


def _named(app: Sphinx, doctree: nodes.document) -> None:
    """Say of each picture in a notebook which call drew it, for whoever cannot see it; and how code is read."""
    if app.env.docname.startswith(f"{_FOLDER}/"):
        for block in doctree.findall(nodes.literal_block):
            block["language"] = _LEXERS.get(block.get("language"), block.get("language"))
        for image in doctree.findall(nodes.image):
            if not image.get("alt") and (cell := _cell_of(image)) is not None:
                code = next(iter(cell.findall(nodes.literal_block)), None)
                image["alt"] = f"Plot drawn by: {code.astext().splitlines()[-1]}" if code else "Plot"


def _cell_of(node: nodes.Node) -> nodes.Node | None:
    while node is not None and "cell" not in node.get("classes", ()):
        node = node.parent
    return node


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to what Sphinx does."""
    app.connect("builder-inited", _brought)
    app.connect("source-read", _led_to_the_pages)
    app.connect("doctree-read", _named)
    return {"parallel_read_safe": True}
