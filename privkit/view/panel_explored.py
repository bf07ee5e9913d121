"""What the panels of reports on classes share: the column contributions and the lattice explorer below."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ipywidgets import HTML, Widget

from privkit.transform.lattice import lattice_of
from privkit.view.explorer import LatticeExplorer
from privkit.view.markup import Markup, card, join
from privkit.view.panel_base import inserted
from privkit.view.words import argument

if TYPE_CHECKING:
    from privkit.tally.classes import Tally
    from privkit.view.panel_columns import Columns

_TITLE = "What generalizing would change"


def explorer_of(tally: Tally, k: Callable[[], int], hierarchies: Mapping[str, object] | None) -> LatticeExplorer | None:
    """Return the explorer of a report's classes, judged by k as it is now; None without hierarchies or rows."""
    if hierarchies is None or not tally.n_rows:
        return None
    found = lattice_of(tally, k=min(k(), tally.n_rows), hierarchies=hierarchies).at_k(k())
    named = ", hierarchies=..." if hierarchies else ""

    def then() -> str:
        return f"df.privacy.lattice({argument(found.columns)}, k={k()}{named}).apply(panel.explorer.levels_)"

    return LatticeExplorer(found, then=then)


def shown_below(explorer: LatticeExplorer | None) -> list[Widget]:
    """Return the explorer with its heading."""
    return [] if explorer is None else [HTML(str(card(_TITLE))), explorer]


def still_of(parts: Sequence[str], columns: Columns, k: int, explorer: LatticeExplorer | None) -> str:
    """Return a report's still picture: its HTML, what each column contributes, and the explorer's node."""
    shown = [*map(Markup, parts), card("What each column contributes", columns.html(k))]
    if explorer is not None:
        shown += [card(_TITLE), Markup(explorer.still())]
    return str(join(shown))


def words_of(text: str, columns: Columns, k: int, explorer: LatticeExplorer | None, *more: str) -> str:
    """Return a report's text with the same."""
    below = [] if explorer is None else [_TITLE, *explorer.words().splitlines()]
    return inserted(text, [*more, *columns.lines(k), *(line for line in below if not line.startswith("next: "))])
