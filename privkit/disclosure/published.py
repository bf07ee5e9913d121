"""What tables that were checked share: how they look, and what publishing them costs each group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors import ColumnNotFoundError
from privkit.tally.frame import column_names
from privkit.tally.row_classes import groups_of
from privkit.values.arguments import public

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@public
class Published:
    """Tables of counts that are to be published."""

    frames: tuple[pd.DataFrame, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """The first table."""
        return self.frames[0]

    def by_group(self, columns: str | Sequence[str]) -> pd.DataFrame:
        """Return what publishing costs each group: small ones bear most of it. Reads no row, and tells no count.

        What is suppressed is told of mostly the few, and noise of one size weighs most on small counts
        (NIST SP 800-226 on bias). Of every table that has the columns; totals are a group of their own.

        Parameters
        ----------
        columns : str or sequence of str
            Columns of the tables, by the names of their index and columns.

        Returns
        -------
        pandas.DataFrame
            A row for each group: `cells`; and the share of them that is `suppressed`, or of keyed noise the median
            `relative_error`: its standard deviation over the published count, of counts above 0.

        Raises
        ------
        ColumnNotFoundError, ParameterError

        Examples
        --------
        >>> import pandas as pd, privkit as pk
        >>> town, ill = ["north"] * 9 + ["south"] * 17, (["yes"] * 2 + ["no"] * 7) * 2 + ["no"] * 8
        >>> people = pd.DataFrame({"town": town, "ill": ill})
        >>> out = pk.output_check(pd.crosstab(people["town"], people["ill"]))
        >>> out.by_group("ill")["suppressed"].tolist()
        [0.0, 1.0]
        """
        import pandas as pd

        names = list(column_names(columns, "columns"))
        tables = [_long(frame) for frame in self.frames]
        known = list(dict.fromkeys(name for table in tables for name in table.columns[:-1]))
        found = [table for table in tables if set(names) <= set(table.columns[:-1])]
        if not found:
            missing = [name for name in names if name not in known] or names
            raise ColumnNotFoundError.of("columns", names, missing, [str(name) for name in known])
        whole = pd.concat([table[[*names, table.columns[-1]]] for table in found], ignore_index=True)
        index, place = groups_of(whole, names)
        name, figures = self._weights(whole.iloc[:, -1].to_numpy(dtype=np.float64, na_value=np.nan))
        told = pd.DataFrame({"cells": 1, name: figures}).groupby(place).agg({"cells": "sum", name: _of(name)})
        return told.set_axis(index)

    def _weights(self, counts: Floats) -> tuple[str, Floats]:
        """Return what is told of each cell, by its name."""
        raise NotImplementedError


def _of(name: str) -> str:
    return "mean" if name == "suppressed" else "median"


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table as a row for each cell: the categories by the names of index and columns, and the count last."""
    import pandas as pd

    sides = [
        pd.DataFrame({name: side.get_level_values(at) for at, name in enumerate(side.names) if name is not None})
        for side in (frame.index, frame.columns)
    ]
    rows = np.repeat(np.arange(len(frame)), frame.shape[1]), np.tile(np.arange(frame.shape[1]), len(frame))
    parts = [side.iloc[of].reset_index(drop=True) for side, of in zip(sides, rows, strict=True) if side.shape[1]]
    counts = frame.to_numpy(dtype=np.float64, na_value=np.nan).ravel()
    return pd.concat([*parts, pd.Series(counts, dtype="Float64", name="count ")], axis=1)
