"""What tables that were checked share: how they look, what publishing costs each group, and what all tell together.

Each table may be safe by itself, and two of them tell of one person: everybody less those of 20 and more are the few
who are younger. So each table's categories are asked for within every *region*, the filters that hold and those that do
not. Whatever tables subtract to is a sum of such cells: a sum that is small leaves none of them large.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.disclosure.cells import COLUMN, FILTER, HIDDEN, cells_of, published
from privkit.disclosure.overlaps import loosened
from privkit.disclosure.suppression import Attacker
from privkit.errors import ColumnNotFoundError
from privkit.errors.disclosure import DisclosureError
from privkit.tally.frame import column_names
from privkit.tally.row_classes import groups_of
from privkit.values.arguments import public

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.disclosure.cells import Cells

    Ints = NDArray[np.int64]
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


def attacker_of(
    tables: Sequence[Any],
    margin: str,
    filters: Sequence[str | None],
    *,
    sums: bool = False,
    zeros_known: bool = True,
    hidden: bool = False,
) -> Attacker:
    """Return who knows as much of the filters as the tables bear: that no value is missing, unless some must be.

    Raises
    ------
    DisclosureError
    """

    def one(loose: frozenset[str]) -> Attacker:
        read = {"zeros_known": zeros_known, "gaps": sums, "hidden": hidden, "loose": loose}
        return Attacker(cells_of(tables, margin, filters, **read), whole=not sums)  # type: ignore[arg-type]

    *first, last = loosened(filters)
    for loose in first:
        with suppress(DisclosureError):
            return one(loose)
    return one(last)


def told_by(
    tables: Sequence[Any], margin: str, filters: Sequence[str | None], threshold: int, seconds: int | None
) -> tuple[tuple[pd.DataFrame, ...], pd.DataFrame, int, int, int, int]:
    """Return the tables, what is told of small counts, and how many cells there are, exposed, hidden and 0.

    Told is a count n of which 0 < n < `threshold` is sure, or n < `threshold` is sure and 0 is possible: published as
    it is, or by the least and the greatest value that fit all that is published. A region's cells count as hidden.

    Raises
    ------
    DisclosureError
    """
    import pandas as pd

    attacker = attacker_of(tables, margin, filters, hidden=True)
    own = len(attacker.cells.counts)
    frames = published(tables, attacker.cells, attacker.cells.counts, attacker.cells.counts == HIDDEN)
    whole = _with_regions(attacker)
    counts = whole.cells.counts
    hidden = counts == HIDDEN
    bounds = np.column_stack([counts, counts]).astype(float)
    bounds[hidden] = np.nan
    end = np.inf if seconds is None else monotonic() + seconds
    for cell in np.flatnonzero(hidden):
        bounds[cell] = whole.interval(hidden, int(cell), end)
    unknown = np.isnan(bounds).any(axis=1)
    unsafe = unknown | ((bounds[:, 1] > 0) & (bounds[:, 1] < threshold))
    shown = np.flatnonzero(unsafe | (hidden & (np.arange(len(counts)) < own)))
    audit = pd.DataFrame(
        {
            "cell": [whole.cells.labels[cell] for cell in shown],
            "unsafe": unsafe[shown],
            "low": bounds[shown, 0],
            "high": bounds[shown, 1],
            "protected": ~unsafe[shown],
        }
    )
    return frames, audit, len(counts), int(unsafe.sum()), int(hidden[:own].sum()), 0


def _with_regions(attacker: Attacker) -> Attacker:
    """Return the attacker who asks for each region's cells too."""
    from scipy.sparse import csr_array, vstack

    cells = attacker.cells
    asked = list(_regions(cells))  # no mapping: 5 and "5" have one name
    if not asked:
        return attacker
    row = np.repeat(np.arange(len(asked)), [len(joint) for _, joint in asked])
    column = np.concatenate([joint for _, joint in asked])
    rows = csr_array((np.ones(len(row)), (row, column)), shape=(len(asked), cells.sums.shape[1]))
    counts = np.concatenate([cells.counts, np.full(len(asked), HIDDEN)])
    named = [name for name, _ in asked]
    more = replace(cells, counts=counts, sums=vstack([cells.sums, rows]).tocsr(), labels=(*cells.labels, *named))
    return Attacker(more, whole=attacker.whole)


def _regions(cells: Cells) -> Iterator[tuple[str, Ints]]:
    """Yield the name and the joint cells of each table's categories within each region, that are no cell yet."""
    axes = list(cells.categories)
    filters = [axis for axis, (kind, _) in enumerate(axes) if kind == FILTER]
    if not filters:
        return
    known = {frozenset(cells.sums[[cell]].indices.tolist()) for cell in range(len(cells.counts))}
    regions, of = np.unique(cells.joint[filters], axis=1, return_inverse=True)
    of = of.reshape(-1)
    for key in dict.fromkeys(frozenset(part for part in key if part[0][0] == COLUMN) for key in cells.keys):
        inside = np.ones(cells.joint.shape[1], dtype=bool)
        for variable, value in key:
            inside &= cells.joint[axes.index(variable)] == cells.categories[variable][value]
        told = sorted(f"{name}={value}" for (_, name), value in key)
        for number in np.unique(of[inside]):
            here = np.flatnonzero(inside & (of == number))
            if frozenset(here.tolist()) in known:
                continue
            names = sorted(
                str(axes[axis][1]) if held == 0 else f"not ({axes[axis][1]})"
                for axis, held in zip(filters, regions[:, number], strict=True)
            )
            yield ", ".join([*told, *names]), here
