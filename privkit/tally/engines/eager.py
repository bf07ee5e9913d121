"""The engine of frames that lie in memory: pandas, Polars, Arrow, and what a lazy engine has fetched.

The aggregates are NumPy's, on cells: one pass over the rows, in blocks, by threads where there are many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.cells import Cells, Kind, Table
from privkit.tally.cells.coding import classes_of, coded
from privkit.tally.cells.columns import pandas_dtypes
from privkit.tally.cells.numbers import Grid, positions_of, steps_of, whole_offsets
from privkit.tally.rows import KeptRows, Source, known_rows, over_blocks, source_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.values.expression.selection import Selection
    from privkit.values.keys import Keys


#: Up to this many counters each block has its own.
_COUNTERS = 1 << 14


def squares(number: NDArray[Any], full: int) -> NDArray[np.float64]:
    """Return floor(v² / full + 1/2) of whole numbers from 0 to `full`, as floats: from 0 to v, in every engine."""
    whole = np.asarray(number, dtype=np.float64)
    return np.floor(whole * whole / max(full, 1) + 0.5)


def _block_sums(
    place: NDArray[np.int64], number: NDArray[np.float64], cells: int, degree: int, full: int
) -> NDArray[np.int64]:
    """Sum in one block; floats hold the sums exactly, since 2**16 rows of 2**31 stay below 2**53."""
    sums = np.empty((cells, degree + 1), dtype=np.int64)
    sums[:, 0] = np.bincount(place, minlength=cells + 1)[:cells]
    sums[:, 1] = np.bincount(place, weights=number, minlength=cells + 1)[:cells]
    if degree > 1:
        sums[:, 2] = np.bincount(place, weights=squares(number, full), minlength=cells + 1)[:cells]
    return sums


def summed(rows: KeptRows, cells: int, degree: int, full: int = 0) -> NDArray[np.int64]:
    """Count and sum rows that count, and their squares on a range of `full`; shape (cells, degree + 1)."""
    sums = np.zeros((cells, degree + 1), dtype=np.int64)
    np.add.at(sums[:, 0], rows.place, 1)
    np.add.at(sums[:, 1], rows.place, rows.values)
    if degree > 1:
        np.add.at(sums[:, 2], rows.place, squares(rows.values, full).astype(np.int64))
    return sums


def _whole_positions(
    offsets: Callable[[slice], NDArray[np.int64]], place: NDArray[np.int64], rows: int, width: int
) -> NDArray[np.int64]:
    blocks = over_blocks(lambda part: np.bincount(offsets(part), minlength=len(place)), rows)
    counts = np.sum([np.zeros(len(place), dtype=np.int64), *blocks], axis=0)
    found = np.zeros((1, width), dtype=np.int64)
    np.add.at(found[0], place, counts)
    return found


def told_apart(codes: NDArray[np.int64]):  # type: ignore[no-untyped-def]
    """Return codes as numbers, -1 for missing."""

    def value(rows: slice) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
        block = codes[rows]
        missing = block < 0
        return block, missing if missing.any() else None

    return value


def distinct_pairs(rows: KeptRows, cells: int, values: int) -> NDArray[np.int64]:
    """Count the distinct values of each key among rows that count, their values being codes."""
    import pandas as pd

    pairs = rows.place * values + rows.values
    if cells * values <= 4 * len(pairs) + 1024:
        seen = np.zeros(cells * values, dtype=bool)
        seen[pairs] = True
        return seen.reshape(cells, values).sum(axis=1).astype(np.int64)
    return np.bincount(pd.unique(pairs) // max(values, 1), minlength=cells).astype(np.int64)


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
        table = self.collect(columns)
        if not table.columns:
            return Table({}, min(table.rows, 1)), np.array([table.rows] if table.rows else [], dtype=np.int64)
        _, first, sizes = classes_of(list(table.columns.values()))
        return table.at(first), sizes

    def keyed_counts(self, keys: Keys) -> NDArray[np.int64]:
        """Count the rows of each public key."""
        source = self._source([], keys)
        blocks = over_blocks(lambda rows: np.bincount(source.place(rows), minlength=len(keys) + 1), len(source))
        counts: NDArray[np.int64] = np.sum([np.zeros(len(keys) + 1, dtype=np.int64), *blocks], axis=0)
        return counts[:-1]

    def _source(self, columns: Sequence[str], keys: Keys | None) -> Source:
        """Return all rows with their keys."""
        return source_of(self.collect([*columns, *(keys.by if keys is not None else ())]), keys)

    def power_sums(self, value: str, grid: Grid, keys: Keys | None, degree: int) -> NDArray[np.int64]:
        """Sum a column's numbers in each key's rows, and their squares, in steps from the grid's lower end."""
        source, steps = self._source([value], keys), steps_of(self.cells(value), grid)
        if source.cells > _COUNTERS:
            rows = known_rows(source, steps)[1]
            return summed(KeptRows(rows.place, rows.values - grid.low), source.cells, degree, grid.range)

        def work(rows: slice) -> NDArray[np.int64]:
            place = source.place(rows)
            number, missing = steps(rows)
            number -= grid.low
            if missing is not None:
                place = np.where(missing, source.cells, place)
            return _block_sums(place, number, source.cells, degree, grid.range)

        sums = np.zeros((source.cells, degree + 1), dtype=np.int64)
        for block in over_blocks(work, len(source)):
            sums += block
        return sums

    def positions(
        self, value: str, candidates: NDArray[np.float64], keys: Keys | None, *, bins: bool = False
    ) -> NDArray[np.int64]:
        """Count the rows of each key at each position among ascending candidates."""
        width = 2 * len(candidates) + 1
        if keys is None and (whole := whole_offsets(self.cells(value), candidates)) is not None:
            return _whole_positions(*whole, self._rows, width)
        source, find = self._source([value], keys), positions_of(self.cells(value), candidates)
        own = source.cells * width <= _COUNTERS

        def work(rows: slice) -> NDArray[np.int64]:
            place = source.place(rows).astype(np.int64)
            position, missing = find(rows)
            known = place < source.cells
            if missing is not None:
                known &= ~missing
            code = (place * width + position)[known]
            return np.bincount(code, minlength=source.cells * width) if own else code

        total = np.zeros(source.cells * width, dtype=np.int64)
        for block in over_blocks(work, len(source)):
            total += block if own else np.bincount(block, minlength=len(total))
        return total.reshape(source.cells, width)

    def distinct(self, value: str, keys: Keys | None) -> NDArray[np.int64]:
        """Count the distinct cells of a column in each key's rows."""
        source = self._source([value], keys)
        codes, known = coded(self.cells(value))
        return distinct_pairs(known_rows(source, told_apart(codes))[1], source.cells, len(known))

    def pairs(self, person: str, keys: Keys | None) -> Iterator[tuple[Table, NDArray[np.int64]]]:
        """Return the pairs of person and key's columns that occur."""
        yield self.classes([person, *(keys.by if keys is not None else ())])

    def fingerprint(self, key: bytes) -> str | None:
        """Return a keyed digest of the frame's contents."""
        return None if self._digest is None else self._digest(key)


def of_pandas(frame: Any, digest: Callable[[bytes], str | None] | None = None) -> EagerEngine:
    """Return the engine of a pandas frame, by those of its columns whose names are texts that stand once."""
    from privkit.tally.cells.columns import cells_of_series, kind_of_pandas

    places: dict[str, int] = {}
    doubled: set[str] = set()
    for place, name in enumerate(frame.columns.tolist()):
        if isinstance(name, str):
            doubled |= {name} & places.keys()
            places[name] = place
    for name in doubled:
        del places[name]
    dtypes = pandas_dtypes(frame)
    schema = {name: kind_of_pandas(dtypes[place]) for name, place in places.items()}
    return EagerEngine(schema, lambda name: cells_of_series(frame.iloc[:, places[name]]), len(frame), digest)


def of_arrow(table: Any, digest: Callable[[bytes], str | None] | None = None) -> EagerEngine:
    """Return the engine of an Arrow table."""
    from privkit.tally.cells.columns import cells_of_arrow, kind_of_arrow

    schema = {field.name: kind_of_arrow(field.type) for field in table.schema}
    return EagerEngine(schema, lambda name: cells_of_arrow(table.column(name)), table.num_rows, digest, "pyarrow")
