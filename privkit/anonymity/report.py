"""What the reports on sensitive attributes and populations share: one figure per class, and a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from privkit.anonymity.classes import class_frame, first_classes, size_figures
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.classes import Tally
    from privkit.values.criteria import Criterion


@dataclass(frozen=True, eq=False, repr=False)
class ClassReport(Plotted):
    """A figure for each equivalence class. Exact, for the owner's eyes; no release.

    Attributes
    ----------
    classes : Tally
        The classes. It holds their values, and the text forms of this report show none of them.
    figures : array, shape (n_classes,)
        The figure of each class, in the order of `classes`.
    criterion : Criterion or None
        The criterion to judge by.
    short : array of bool, shape (n_classes,), or None
        The classes that break it.
    """

    #: The figure's name: a column of the frames.
    symbol: ClassVar[str] = "figure"
    #: Whether a high figure is the worse one.
    high: ClassVar[bool] = False

    classes: Tally
    figures: NDArray[Any]
    criterion: Criterion | None
    short: NDArray[np.bool_] | None

    @property
    def qi(self) -> tuple[str, ...]:
        """The quasi-identifiers."""
        return self.classes.by

    @property
    def n_rows(self) -> int:
        """How many rows the table has."""
        return self.classes.n_rows

    @property
    def n_classes(self) -> int:
        """How many equivalence classes there are."""
        return self.classes.n_classes

    @property
    def satisfied(self) -> bool | None:
        """Whether every class meets the criterion; None where none was given. A table without rows meets all."""
        return None if self.short is None else not self.short.any()

    @property
    def classes_short(self) -> int | None:
        """How many classes break the criterion; None where none was given."""
        return None if self.short is None else int(self.short.sum())

    @property
    def rows_short(self) -> int | None:
        """How many rows are in classes that break the criterion; None where none was given."""
        return None if self.short is None else int(self.classes.sizes[self.short].sum())

    @property
    def share_short(self) -> float | None:
        """The share of these rows, 0 to 1; None where no criterion was given."""
        return None if self.rows_short is None else self.rows_short / self.n_rows if self.n_rows else 0.0

    def worst(self, n: int = 10) -> pd.DataFrame:
        """Return the `n` classes of the worst figure: their quasi-identifiers, `size` and the figure.

        Ordered by the figure, then by value. This shows cell values of the rows at highest risk: for the owner's
        eyes, clear the output before sharing.
        """
        rank = -self.figures if self.high else self.figures
        positions = first_classes(self.classes, rank, n, "worst")
        figures = {**size_figures(self.classes, positions), self.symbol: self.figures[positions]}
        return class_frame(self.classes, positions, figures)

    def to_frame(self) -> pd.DataFrame:
        """Return the figures that occur, with `classes`, `rows` and `share_of_rows`, by ascending figure."""
        import pandas as pd

        found, inverse, classes = np.unique(self.figures, return_inverse=True, return_counts=True)
        rows = np.zeros(len(found), dtype=np.int64)
        np.add.at(rows, inverse, self.classes.sizes)
        share = rows / self.n_rows if self.n_rows else np.empty(0)
        return pd.DataFrame({self.symbol: found, "classes": classes, "rows": rows, "share_of_rows": share})
