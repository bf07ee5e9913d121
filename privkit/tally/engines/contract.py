"""The engine contract: everything that privkit asks of rows, in some ten aggregates.

`privkit.tally.engines.eager.EagerEngine` answers them on cells with NumPy: pandas, Polars, Arrow. The lazy engines
(Polars lazy, DuckDB, Ibis, PySpark) push an aggregate down where their own expressions keep the laws of
`privkit.tally.cells`, and else collect what it needs, by name, and answer as the eager one does. One suite of tests
holds all engines to the same answers.

Which engine's own columns and tables a lazy frame has. Each engine's module is loaded when its first frame comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import narwhals as nw
    import numpy as np
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Kind, Table
    from privkit.tally.cells.numbers import Grid
    from privkit.tally.engines.native import Native
    from privkit.values.expression.selection import Selection
    from privkit.values.keys import Keys


@runtime_checkable
class Engine(Protocol):
    """Rows, wherever they lie. Nothing of the data is read before an aggregate is asked for."""

    @property
    def schema(self) -> Mapping[str, Kind]:
        """The kind of each column, in the frame's order. Reads no row."""

    @property
    def library(self) -> str:
        """The module of the frame's library, whose words advice is in: "pandas", "polars" and the like."""

    @property
    def is_lazy(self) -> bool:
        """Whether rows lie elsewhere, so that `collect` fetches them."""

    def selected(self, chosen: Selection, keep: Sequence[str]) -> Engine:
        """Return the rows that the filter keeps, with the derived columns, missing values dealt with, and `keep` alone.

        Each step looks at one row alone. Kinds of derived columns follow from the schema.
        """

    def n_rows(self) -> int:
        """Count the rows."""

    def collect(self, columns: Sequence[str]) -> Table:
        """Fetch the named columns of all rows, as cells. Told in plans before it happens; counted in tests."""

    def parts(self, person: str, columns: Sequence[str]) -> Iterator[Table]:
        """Fetch the named columns in parts, all rows of one value of `person` in one part; so that memory is bounded.

        Rows in which `person` is missing may be left out. Eager engines give one part.
        """

    def classes(self, columns: Sequence[str]) -> tuple[Table, NDArray[np.int64]]:
        """Return the distinct combinations of cells of some columns, missing being one, and how many rows have each."""

    def keyed_counts(self, keys: Keys) -> NDArray[np.int64]:
        """Count the rows of each public key; shape (len(keys),). Rows of no key are left out."""

    def power_sums(self, value: str, grid: Grid, keys: Keys | None, degree: int) -> NDArray[np.int64]:
        """Count rows and sum v, and with degree 2 also q; shape (cells, degree + 1).

        ``v = clip(floor(x / step + 1/2), low, high) - low``, from 0 to the grid's range M; for squares
        ``q = floor(v * v / max(M, 1) + 1/2)`` in 64-bit floats, from 0 to v: one line in every engine, and 2**31 rows
        fit in 64 bits. Missing values are left out; infinities are clipped.
        """

    def positions(
        self, value: str, candidates: NDArray[np.float64], keys: Keys | None, *, bins: bool = False
    ) -> NDArray[np.int64]:
        """Count rows between and at ascending candidates; shape (cells, 2 · len(candidates) + 1).

        With `bins` only those between the candidates are wanted, each closed on the left, the last one on both sides:
        rows outside may be left out, and one at a candidate may stand at any position of its bin.
        """

    def distinct(self, value: str, keys: Keys | None) -> NDArray[np.int64]:
        """Count the distinct cells of a column in each key's rows, missing ones left out; shape (cells,)."""

    def pairs(self, person: str, keys: Keys | None) -> Iterator[tuple[Table, NDArray[np.int64]]]:
        """Return, in parts, the pairs of person and key's columns that occur (as columns), and the rows of each pair.

        All pairs of one person are in one part. Rows without a person may be left out.
        """

    def fingerprint(self, key: bytes) -> str | None:
        """Return a keyed digest of all contents; None where the schema has a kind that has none, and if lazy."""


def native_of(frame: nw.LazyFrame[Any]) -> Native | None:
    """Return what brings a lazy frame's columns, or None for engines that are not known."""
    found = frame.implementation
    if found.is_polars():
        from privkit.tally.engines.of_polars import PolarsNative

        return PolarsNative()
    if found.is_duckdb():
        from privkit.tally.engines.of_duckdb import DuckdbNative

        return DuckdbNative()
    if found.is_ibis():
        from privkit.tally.engines.of_ibis import ibis_native

        return ibis_native(frame.to_native())
    if found.is_pyspark() or found.is_pyspark_connect():
        from privkit.tally.engines.of_spark import SparkNative

        return SparkNative()
    return None
