"""The engine of frames that lie in memory: pandas, Polars, Arrow, and what a lazy engine has fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from privkit.tally.cells.cells import Cells, Kind, Table
from privkit.tally.engines import kernels
from privkit.tally.frame import pandas_dtypes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.tally.grid import Grid
    from privkit.values.expression.selection import Selection
    from privkit.values.keys import Keys


class EagerEngine:
    """Rows in memory, whose columns become cells when they are asked for, each once.

    Parameters
    ----------
    schema : mapping of str to Kind
    read : function
        From a column's name to its cells.
    rows : int
    digest : function, optional
        From a key to the fingerprint of the frame that the rows came from.
    library : str
        The module of the frame's library.
    """

    is_lazy = False

    def __init__(
        self,
        schema: Mapping[str, Kind],
        read: Callable[[str], Cells],
        rows: int,
        digest: Callable[[bytes], str | None] | None = None,
        library: str = "pandas",
    ) -> None:
        self.library = library
        self.schema = schema
        self._read = read
        self._rows = rows
        self._digest = digest
        self._cells: dict[str, Cells] = {}

    @classmethod
    def of_table(cls, table: Table) -> EagerEngine:
        """Return the engine of rows in cells."""
        return cls(table.kinds, table.columns.__getitem__, table.rows)

    def cells(self, name: str) -> Cells:
        """Return a column's cells."""
        if name not in self._cells:
            self._cells[name] = self._read(name)
        return self._cells[name]

    def collect(self, columns: Sequence[str]) -> Table:
        """Return the named columns."""
        return Table({name: self.cells(name) for name in dict.fromkeys(columns)}, self._rows)

    def parts(self, person: str, columns: Sequence[str]) -> Iterator[Table]:
        """Return all rows in one part."""
        yield self.collect([person, *columns])

    def selected(self, chosen: Selection, keep: Sequence[str]) -> EagerEngine:
        """Return the rows that the filter keeps, with the derived columns."""
        from privkit.tally.cells.expressions import selected

        own = [name for name in (*keep, *chosen.columns) if name in self.schema and name not in chosen.derived]
        return self.of_table(selected(self.collect(own), chosen, keep))

    def n_rows(self) -> int:
        """Count the rows."""
        return self._rows

    def classes(self, columns: Sequence[str]) -> tuple[Table, NDArray[np.int64]]:
        """Return the distinct combinations of cells and how many rows have each."""
        return kernels.classes(self.collect(columns))

    def keyed_counts(self, keys: Keys) -> NDArray[np.int64]:
        """Count the rows of each public key."""
        return kernels.keyed_counts(self.collect(keys.by), keys)

    def power_sums(self, value: str, grid: Grid, keys: Keys | None, degree: int) -> NDArray[np.int64]:
        """Sum powers of numbers on the grid."""
        return kernels.power_sums(self.collect(_needed(value, keys)), value, grid, keys, degree)

    def positions(
        self, value: str, candidates: NDArray[np.float64], keys: Keys | None, *, bins: bool = False
    ) -> NDArray[np.int64]:
        """Count rows between and at candidates."""
        return kernels.positions(self.collect(_needed(value, keys)), value, candidates, keys)

    def distinct(self, value: str, keys: Keys | None) -> NDArray[np.int64]:
        """Count distinct cells."""
        return kernels.distinct(self.collect(_needed(value, keys)), value, keys)

    def pairs(self, person: str, keys: Keys | None) -> Iterator[tuple[Table, NDArray[np.int64]]]:
        """Return the pairs of person and key's columns that occur."""
        yield self.classes([person, *(keys.by if keys is not None else ())])

    def fingerprint(self, key: bytes) -> str | None:
        """Return a keyed digest of the frame's contents."""
        return None if self._digest is None else self._digest(key)


def _needed(value: str, keys: Keys | None) -> tuple[str, ...]:
    return (value, *(keys.by if keys is not None else ()))


def of_pandas(frame: Any, digest: Callable[[bytes], str | None] | None = None) -> EagerEngine:
    """Return the engine of a pandas frame, by those of its columns whose names are texts that stand once."""
    from privkit.tally.cells.reading import cells_of_series, kind_of_pandas

    places: dict[str, int] = {}
    doubled: set[str] = set()
    for place, name in enumerate(frame.columns.tolist()):
        if isinstance(name, str):
            doubled |= {name} & places.keys()
            places[name] = place
    kept = {name: place for name, place in places.items() if name not in doubled}
    dtypes = pandas_dtypes(frame)
    schema = {name: kind_of_pandas(dtypes[place]) for name, place in kept.items()}
    return EagerEngine(schema, lambda name: cells_of_series(frame.iloc[:, kept[name]]), len(frame), digest)


def of_arrow(table: Any, digest: Callable[[bytes], str | None] | None = None) -> EagerEngine:
    """Return the engine of an Arrow table."""
    from privkit.tally.cells.arrow import cells_of_arrow, kind_of_arrow

    schema = {field.name: kind_of_arrow(field.type) for field in table.schema}
    return EagerEngine(schema, lambda name: cells_of_arrow(table.column(name)), table.num_rows, digest, "pyarrow")
