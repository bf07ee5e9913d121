"""One count of a frame for all tables that are measured of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.measurement import Rows
    from privkit.dp.question import Question
    from privkit.dp.statistics.books.tables import Tables


class Counted:
    """The exact counts of one frame for all measured tables, which are counted once."""

    def __init__(self, asked: Tables, question: Question) -> None:
        self._asked, self._question = asked, question
        self._rows: Rows | None = None
        self._cells: NDArray[np.int64] | None = None

    def table(self, rows: Rows, place: int) -> NDArray[np.int64]:
        """Return the cells of one measured table; after the last one nothing is kept."""
        if self._rows is not rows or self._cells is None:
            self._cells = rows.read(lambda data: self._asked.exact(self._question.rows(data), self._question)).reshape(
                -1
            )
            self._rows = rows
        spans = self._asked.fit.spans
        found = self._cells[spans[place]]
        if place == len(spans) - 1:
            self._rows = self._cells = None
        return found


class Flat:
    """A composed measurement whose answers come one after the other."""

    def __init__(self, measurement: Any) -> None:
        self.measurement = measurement

    def map(self, units: int) -> Any:
        """Return what OpenDP states that it costs."""
        return self.measurement.map(units)

    def __call__(self, rows: Any) -> list[int]:
        """Draw all tables."""
        return [int(cell) for table in self.measurement(rows) for cell in table]
