"""What each column contributes to the rows that fall short: as a table with bars, and as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from privkit.tally.class_values import coarser
from privkit.view.parts.markup import Markup, meter, note, table, tag
from privkit.view.parts.panel_sizes import Sizes
from privkit.view.parts.words import label, number, percent

if TYPE_CHECKING:
    from privkit.tally.classes import Tally

_PERSONS = "What each column contributes is counted for rows, and here classes are measured in persons."


@dataclass(frozen=True, slots=True)
class Share:
    """One column's part in the rows that fall short of a class size k.

    Attributes
    ----------
    column : str
    alone : int
        Rows that fall short by this column alone.
    without : int
        Rows that fall short by all the other columns.
    contribution : int
        Rows that fall short with the column, and would not without it.
    """

    column: str
    alone: int
    without: int
    contribution: int


class Columns:
    """The columns of a tally, and what each contributes at any k."""

    def __init__(self, tally: Tally, function: str) -> None:
        self.counted = tally.persons is None
        if not self.counted:
            return
        found = coarser(tally, function=function)
        self._all = Sizes.of(tally.sizes, tally.sizes)
        self._alone = {name: Sizes.of(sizes, sizes) for name, sizes in found.alone.items()}
        self._without = {name: Sizes.of(sizes, sizes) for name, sizes in found.without.items()}

    def shares(self, k: int) -> list[Share]:
        """Return each column's part, the largest contribution first; empty where classes are measured in persons.

        Merging classes only makes them larger, so no row falls short without a column that does not with it.
        """
        if not self.counted:
            return []
        short = self._all.rows_below(k)
        shares = [
            Share(name, self._alone[name].rows_below(k), without.rows_below(k), short - without.rows_below(k))
            for name, without in self._without.items()
        ]
        return sorted(shares, key=lambda share: -share.contribution)

    def html(self, k: int) -> Markup:
        """Return the table, or why there is none."""
        if not self.counted:
            return note(_PERSONS)
        short = self._all.rows_below(k)
        rows = [
            [
                label(share.column, 40),
                number(share.alone),
                number(share.without),
                f"{number(share.contribution)} ({percent(share.contribution, short)})",
                meter(share.contribution / short if short else 0, _told(share, short), short=True),
            ]
            for share in self.shares(k)
        ]
        heads = ["column", "by it alone", "without it", "contribution", ""]
        caption = f"What each column contributes: rows in classes of fewer than {number(k)}"
        return tag("div", table(heads, rows, caption=caption))

    def lines(self, k: int) -> list[str]:
        """Return the same as text."""
        if not self.counted:
            return [_PERSONS]
        short = self._all.rows_below(k)
        told = [f"  {_told(share, short)}" for share in self.shares(k)]
        return [f"What each column contributes: rows in classes of fewer than {number(k)}", *told]


def _told(share: Share, short: int) -> str:
    return (
        f"{label(share.column, 40)}: {number(share.contribution)} of {number(short)} "
        f"({percent(share.contribution, short)}); {number(share.alone)} by it alone, {number(share.without)} without it"
    )
