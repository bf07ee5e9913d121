"""The lattice explorer below a report on classes, and what the report's panel says of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ipywidgets import HTML, Widget

from privkit.anonymity.class_sizes import Contributions
from privkit.transform.lattice import lattice_of
from privkit.view.panels.base import at, inserted
from privkit.view.panels.classes import contribution_lines, contributions
from privkit.view.panels.transform import LatticeExplorer
from privkit.view.parts.markup import Markup, card, join

if TYPE_CHECKING:
    from privkit.anonymity.kanonymity import KAnonymityReport
    from privkit.risk.report import RiskReport

_TITLE = "What generalizing would change"


def explorer_of(
    report: KAnonymityReport | RiskReport, k: Callable[[], int], hierarchies: Mapping[str, object] | None
) -> LatticeExplorer | None:
    """Return the explorer of a report's classes, judged by k as it is now; None without hierarchies or rows."""
    tally, unit = report.tally, report.unit
    if hierarchies is None or not tally.n_rows:
        return None
    found = lattice_of(tally, k=min(k(), tally.n_rows), hierarchies=hierarchies, unit=unit).at_k(k())
    return LatticeExplorer(found, then=".explorer.apply(df)", hierarchies=hierarchies)


def shown_below(explorer: LatticeExplorer | None) -> list[Widget]:
    """Return the explorer with its heading."""
    return [] if explorer is None else [HTML(str(card(_TITLE))), explorer]


def steps_of(explorer: LatticeExplorer | None) -> Callable[[Sequence[str]], list[str]]:
    """Return what makes the steps of a report's panel of the report's: the explorer's own first."""
    return at(".report", *([] if explorer is None else [explorer.then()]))


def still_of(parts: Sequence[str], columns: Contributions, k: int, explorer: LatticeExplorer | None) -> str:
    """Return a report's still picture: its HTML, what each column contributes, and the explorer's node."""
    shown = [*map(Markup, parts), card("What each column contributes", contributions(columns, k))]
    if explorer is not None:
        shown += [card(_TITLE), Markup(explorer.still())]
    return str(join(shown))


def words_of(text: str, columns: Contributions, k: int, explorer: LatticeExplorer | None, *more: str) -> str:
    """Return a report's text with the same."""
    below = [] if explorer is None else [_TITLE, *explorer.words().splitlines()]
    return inserted(
        text, [*more, *contribution_lines(columns, k), *(line for line in below if not line.startswith("next: "))]
    )
