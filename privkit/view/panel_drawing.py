"""Small drawings for panels, as SVG: numbers and escaped text go in, nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from privkit.view.markup import Markup, esc, join

#: The size of every drawing, in its own units; it grows and shrinks with the page.
WIDTH, HEIGHT = 560, 180


def drawing(label: str, *shapes: Markup, height: int = HEIGHT) -> Markup:
    """Return a drawing that screen readers know by its label."""
    opened = f'<svg class="pk-drawing" role="img" aria-label="{esc(label)}" viewBox="0 0 {WIDTH} {int(height)}">'
    return Markup(opened + join(shapes) + "</svg>")


def line(kind: str, *points: Sequence[float]) -> Markup:
    """Return a line through (x, y) points, of a class of the style sheet."""
    through = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return Markup(f'<polyline class="{esc(kind)}" points="{through}"/>')


def box(kind: str, x: float, y: float, width: float, height: float) -> Markup:
    """Return a rectangle, of a class of the style sheet."""
    sizes = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
    return Markup(f'<rect class="{esc(kind)}" {sizes}/>')


def area(kind: str, *corners: Sequence[float]) -> Markup:
    """Return a filled shape with these (x, y) corners, of a class of the style sheet."""
    through = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return Markup(f'<polygon class="{esc(kind)}" points="{through}"/>')


def dot(kind: str, x: float, y: float) -> Markup:
    """Return a point, of a class of the style sheet."""
    return Markup(f'<circle class="{esc(kind)}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')


def words(x: float, y: float, text: object, anchor: str = "middle", *, small: bool = False) -> Markup:
    """Return text at a place; `small` where there is little room.

    Examples
    --------
    >>> print(words(1, 2, "<b>"))
    <text x="1.0" y="2.0" text-anchor="middle">&lt;b&gt;</text>
    """
    kind = ' class="pk-small"' if small else ""
    return Markup(f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{esc(anchor)}">{esc(str(text))}</text>')


def steps(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of a line that stays level until it jumps.

    Examples
    --------
    >>> steps([(0, 0), (2, 5)])
    [(0, 0), (2, 0), (2, 5)]
    """
    corners: list[tuple[float, float]] = []
    for x, y in points:
        if corners:
            corners.append((x, corners[-1][1]))
        corners.append((x, y))
    return corners


def in_words(html: str) -> str:
    """Return HTML with each drawing replaced by its label.

    Where a notebook is not trusted, and on GitHub, the shapes of a drawing are dropped and its labels run together.

    Examples
    --------
    >>> in_words(f"<p>{drawing('a line', words(1, 2, 'b'))}</p>")
    '<p><p class="pk-note">a line</p></p>'
    """
    return re.sub(r'<svg class="pk-drawing" role="img" aria-label="([^"]*)".*?</svg>', _DRAWN, html, flags=re.DOTALL)


_DRAWN = r'<p class="pk-note">\1</p>'
