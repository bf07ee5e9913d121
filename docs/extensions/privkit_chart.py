"""A wide table of times as a chart, with the table itself folded below it.

``.. privkit-chart:: milliseconds`` draws the table in it: a row for each question, a mark for each tool on a
logarithmic axis. A cell that is empty or no number has no mark; one that begins with ">" is drawn as an arrow at its
number. So each figure is written once, in the table.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import Directive, directives

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_MARKS = "osD^vPX*"
_NUMBER = re.compile(r"(> )?([\d,.]+)( s)?$")


@dataclass(frozen=True)
class _Cell:
    value: float
    beyond: bool

    @classmethod
    def of(cls, text: str) -> _Cell | None:
        """Return what a cell says in milliseconds; None where it says no time above zero."""
        read = _NUMBER.match(text.strip("* "))
        value = float(read[2].replace(",", "")) * (1000 if read[3] else 1) if read else 0.0
        return cls(value, bool(read[1])) if read and value > 0 else None


class Chart(Directive):
    """A table, drawn."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"labels": directives.positive_int}  # noqa: RUF012 - docutils' own form
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the chart in both themes, and the table."""
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in self.content]
        head, body, labels = rows[0], rows[2:], self.options.get("labels", 1)
        pictures = "".join(
            f'<div class="only-{theme}">{_drawn(head, body, labels, self.arguments[0], theme)}</div>'
            for theme in ("light", "dark")
        )
        start = f'<div class="chart">{pictures}</div><details class="figures"><summary>The figures as a table</summary>'
        table = nodes.container(classes=["figures"])
        self.state.nested_parse(self.content, self.content_offset, table)
        return [nodes.raw("", start, format="html"), table, nodes.raw("", "</details>", format="html")]


def _drawn(head: list[str], body: list[list[str]], labels: int, unit: str, name: str) -> str:
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    from privkit.view.plots.theme import OKABE_ITO, THEMES, style

    used = THEMES[name]
    colors = [
        used.good,
        used.ink,
        *(OKABE_ITO[each] for each in ("orange", "green", "purple", "sky", "vermillion")),
        "#808080",
    ]
    with mpl.rc_context({**style(used), "svg.fonttype": "none", "svg.hashsalt": f"{head}{len(body)}{name}"}):
        figure, axes = plt.subplots(figsize=(7.2, 0.9 + 0.34 * len(body)))
        for place, tool in enumerate(head[labels:]):
            cells = [(at, _Cell.of(row[labels + place])) for at, row in enumerate(body)]
            points = [(cell.value, at, cell.beyond) for at, cell in cells if cell]
            ours = {"s": 64, "zorder": 4} if place == 0 else {"s": 34, "zorder": 3}
            color = colors[place % len(colors)]
            axes.scatter(
                [x for x, _, beyond in points if not beyond], [y for _, y, beyond in points if not beyond],
                marker=_MARKS[place % len(_MARKS)], color=color, label=tool, **ours,
            )  # fmt: skip
            axes.scatter(
                [x for x, _, b in points if b], [y for _, y, b in points if b], marker="$→$", color=color, s=70
            )
        axes.set(xscale="log", xlabel=unit, ylim=(len(body) - 0.5, -0.5))
        axes.set_yticks(range(len(body)), [", ".join(row[:labels]) for row in body])
        axes.grid(axis="x")
        figure.legend(loc="outside upper center", ncols=4)
        return _as_svg(figure, f"Chart: {unit}, for each question and tool. The figures stand in the table below.")


def _as_svg(figure: Any, told: str) -> str:
    from matplotlib import pyplot as plt

    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None})
    plt.close(figure)
    svg = written.getvalue()
    return svg[svg.index("<svg") :].replace("<svg ", f'<svg role="img" aria-label="{escape(told)}" ', 1)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("privkit-chart", Chart)
    return {"parallel_read_safe": True}
