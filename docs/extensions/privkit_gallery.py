"""The gallery: what values look like, made of the very values that the tests pin.

``.. privkit-gallery:: kanon`` shows the value of this name in ``tests/contract/golden`` below the call in the
directive: what a notebook shows of it, and its plot on a ground that fits the page.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
import warnings
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import Directive

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_PINS = Path(__file__).parents[2] / "tests" / "contract" / "pins"
#: A panel's still picture says when it was taken.
_TAKEN = re.compile(r"picture of [-\d]+ [:\d]+ UTC")


class Gallery(Directive):
    """A pinned value."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the call, the HTML and the plot of the value."""
        return _shown(self.arguments[0], "\n".join(self.content))


def _shown(name: str, call: str) -> list[nodes.Node]:
    html, plots = _values()[name]
    typed = nodes.literal_block(call, call, language="python")
    pictures = "".join(f'<div class="only-{theme}">{picture}</div>' for theme, picture in plots.items())
    return [typed, nodes.raw("", f'<div class="shown">{html}{pictures}</div>', format="html")]


@lru_cache
def _values() -> dict[str, tuple[str, dict[str, str]]]:
    """Return of every value that the page names the HTML, and the plot by theme."""
    import matplotlib as mpl

    sys.path.insert(0, str(_PINS))
    try:
        from pinned_landed import in_its_own_state
        from pinned_values import makers
    finally:
        sys.path.remove(str(_PINS))
    mpl.use("Agg")
    with tempfile.TemporaryDirectory() as folder, in_its_own_state(Path(folder)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pages = [page.read_text(encoding="utf-8") for page in Path(__file__).parents[1].glob("*.md")]
        named = {name for page in pages for name in re.findall(r"{privkit-gallery} (\w+)", page)}
        return {name: _told(make()) for name, make in makers(Path(folder)).items() if name in named}


def _told(value: Any) -> tuple[str, dict[str, str]]:
    themes = ("light", "dark") if callable(getattr(value, "plot", None)) else ()
    return _html(value), {each: _plot(value, each) for each in themes}


def _html(value: Any) -> str:
    if hasattr(value, "_repr_mimebundle_"):
        return _TAKEN.sub("picture", value._repr_mimebundle_()["text/html"])
    return str(value._repr_html_())


def _plot(value: Any, theme: str) -> str:
    """Return the plot as an SVG of its own, with its texts as texts; ids are those of this picture alone."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    axes, written = value.plot(theme=theme), io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": f"{type(value).__name__}{theme}"}):
        axes.figure.savefig(written, format="svg", bbox_inches="tight", metadata={"Date": None})
    title = axes.get_title() or type(value).__name__
    plt.close(axes.figure)
    svg = written.getvalue()
    return svg[svg.index("<svg") :].replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("privkit-gallery", Gallery)
    return {"parallel_read_safe": True}
