"""What a lazy engine must bring: its columns in plain types of its own, and its tables as Arrow.

An engine's own columns become *plain* ones by expressions that fail on no value: equal cells, and they alone, have
equal plain values under the engine's own grouping. Text stands there as its bytes where the engine has collations;
times are whole numbers; NaN is null and 0.0 has no sign. What comes back is brought to the types of `Column.arrow`,
again without failing on a value.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw

from privkit.errors.arguments import FrameError
from privkit.errors.column_kind import TEXT, cast
from privkit.errors.engines import EngineError
from privkit.tally.cells.cells import OTHER, Kind
from privkit.tally.cells.columns import kind_of_arrow

if TYPE_CHECKING:
    import pyarrow as pa

#: How a plain column stands in the engine: as its own type; as the whole number of a time; as the bytes of a text; as a
#: wide number that travels as text; or as nothing, where the type has no values.
OWN, COUNT, ENCODED, WORDED, VOID = "own", "count", "encoded", "worded", "void"
#: A float that may be NaN: of the number alone, where it is clipped next.
RAW = "raw"


#: What stands for the names of columns while these are grouped by.
BY = "__privkit_by"
#: Rows that travel together.
BATCH = 1 << 20


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a lazy frame.

    Attributes
    ----------
    kind : Kind
    arrow : pyarrow.DataType or None
        What it is when it has arrived; None where it is refused.
    form : str
        How it stands in the engine when it is plain.
    native : str
        The engine's own type.
    """

    kind: Kind
    arrow: Any
    form: str = OWN
    native: str = ""

    @classmethod
    def of(cls, arrow: Any, form: str = OWN, native: str = "") -> Column:
        """Return a column by the type in which it arrives."""
        return cls(replace(kind_of_arrow(arrow), shown=native or str(arrow)), arrow, form, native)

    @classmethod
    def refused(cls, native: str) -> Column:
        """Return a column of a type that has no cells."""
        return cls(Kind(OTHER, shown=native), None, OWN, native)


@dataclass(frozen=True, slots=True)
class Fetch:
    """What came from an engine: a table's columns and rows.

    Attributes
    ----------
    what : {"rows", "tally"}
        Columns of all rows, or an aggregate.
    columns : tuple of str
    rows : int
    """

    what: str
    columns: tuple[str, ...]
    rows: int


_watched: ContextVar[list[Fetch] | None] = ContextVar("watched", default=None)


@contextmanager
def fetched() -> Iterator[list[Fetch]]:
    """Give a list that grows by what lazy engines send while the block runs."""
    found: list[Fetch] = []
    token = _watched.set(found)
    try:
        yield found
    finally:
        _watched.reset(token)


def note(what: str, columns: Sequence[str], rows: int) -> None:
    """Note what came from an engine."""
    watched = _watched.get()
    if watched is not None:
        watched.append(Fetch(what, tuple(columns), rows))


class NotAsked(Exception):  # noqa: N818  # it goes no further than to the columns being fetched
    """What is not asked of an engine, since it may fail on a value there or be another one."""


@contextmanager
def untold() -> Iterator[None]:
    """Turn whatever an engine throws, of any class, into an error that tells nothing of it.

    A panic in Rust is no `Exception`, and no interrupt: of those there are the real ones alone.

    Raises
    ------
    EngineError
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, EngineError, FrameError, NotAsked):
        raise
    except BaseException:  # noqa: BLE001
        raise EngineError.of() from None


class Native(ABC):
    """An engine behind a lazy frame."""

    #: The module of the library whose frames they are.
    library: str
    #: Whether it runs in this process, so that fetching rows costs little.
    is_here = False
    #: Whether arithmetic on floats follows IEEE 754 whatever the values, and never raises.
    computes_floats = False
    #: Whether a product that is too small for a float is 0, and no error.
    rounds_to_zero = False
    #: Whether, moreover, floats are divided by a literal, and not multiplied by its inverse.
    divides = False
    #: Whether plain text stands as its bytes.
    encodes_text = True
    #: Whether frames are grouped by a column of any name; else a name is read as SQL would read it.
    groups_by_any_name = True
    #: Whether frames are joined by decimals; else by their texts, which are one for each where the scale is.
    joins_decimals = True
    #: Whether moments in nanoseconds may be infinite: those are counts of years that have dates, 1677 and 2262.
    has_infinite_nanoseconds = False

    @abstractmethod
    def columns(self, frame: Any) -> dict[str, Column]:
        """Return the columns of the engine's own frame, by its schema alone."""

    @abstractmethod
    def plain(self, frame: Any, columns: Mapping[str, Column]) -> Any:
        """Return the engine's own frame with the named columns alone, plain."""

    @abstractmethod
    def joined(self, frame: Any, columns: Mapping[str, tuple[str, Column]]) -> Any:
        """Return the engine's own frame, as it is, with more columns: plain ones of its own, under new names."""

    @abstractmethod
    def sent(self, frame: Any, table: pa.Table) -> Any:
        """Return a small table as a frame of the engine that `frame` lives in, so that the two can be joined."""

    @abstractmethod
    def within(self, frame: Any, name: str, column: Column, low: int | None, high: int | None) -> Any:
        """Return a plain frame in which a column of wide numbers is one of floats, clipped to `low` and `high` before.

        `low` and `high` fit in the column's type; where one is None, the type itself ends before the bound.
        """

    def headed(self, frame: nw.LazyFrame[Any], heads: Mapping[str, tuple[str, int]]) -> nw.LazyFrame[Any]:
        """Return a frame with more columns: the first characters of columns of text, by their names and lengths."""
        return frame.with_columns(
            **{new: nw.col(name).cast(nw.String).str.head(length) for new, (name, length) in heads.items()}
        )

    def on_grid(self, frame: Any, name: str, least: float, most: float, factor: float) -> Any | None:
        """Return a plain frame in which a column of floats is ``floor(clip(x, least, most) * factor + 1/2)``, whole.

        NaN becomes null. None where the engine has no cheaper way to that than by choices, as in `lazy_numbers`.
        """
        return None

    @abstractmethod
    def in_parts(self, frame: Any, person: str, name: str, parts: int) -> Any:
        """Return a plain frame with one more column: a number from 0 to `parts` - 1 that `person` alone decides."""

    @abstractmethod
    def arrow(self, frame: Any) -> pa.Table:
        """Run the engine's own frame."""

    def batches(self, frame: Any) -> Iterator[pa.Table]:
        """Run the engine's own frame, and give its rows in tables as they come, in any order."""
        yield self.arrow(frame)

    def real(self, value: float) -> nw.Expr:
        """Return exactly this float as a literal."""
        return nw.lit(value, nw.Float64)

    def unsigned(self, value: int) -> nw.Expr:
        """Return a whole number below 2**64 as a literal."""
        return nw.lit(value, nw.UInt64) if value >= 2**63 else nw.lit(value)

    def text(self, text: str) -> nw.Expr:
        """Return a text as a plain column holds it, as a literal."""
        return nw.lit(text.encode() if self.encodes_text else text)

    def texts(self, texts: Sequence[str]) -> list[Any]:
        """Return texts as a plain column holds them, to be compared with all at once."""
        return [text.encode() if self.encodes_text else text for text in texts]

    def renamed(self, name: str) -> str | None:
        """Return what gives a column another name, if the engine cannot call it by its own."""
        return None

    def can_name(self, text: str) -> bool:
        """Whether a text can stand in the engine's plan."""
        return not any("\ud800" <= letter <= "\udfff" for letter in text)


def grouped_by(
    native: Native, frame: nw.LazyFrame[Any], by: Sequence[str], aggregates: Sequence[nw.Expr]
) -> nw.LazyFrame[Any]:
    """Return a plan of a plain frame's groups by some columns, whatever these are called.

    Raises
    ------
    EngineError
    """
    named = (
        {} if native.groups_by_any_name else {name: f"{BY}_{n}" for n, name in enumerate(by) if not _plain_name(name)}
    )
    with untold():
        if not named:
            return frame.group_by(*by).agg(*aggregates)
        found = frame.rename(named).group_by(*(named.get(name, name) for name in by)).agg(*aggregates)
        return found.rename({new: name for name, new in named.items()})


def _plain_name(name: str) -> bool:
    return name.isascii() and name.isidentifier()


def refuse_names(native: Native, names: Sequence[str]) -> None:
    """Refuse columns that the engine cannot call by their names.

    Raises
    ------
    FrameError
    """
    for name in names:
        if (hint := native.renamed(name)) is not None:
            raise FrameError.column_name(name, f"Rename it first: {hint}.")


def refuse_other(columns: Mapping[str, Column], names: Sequence[str], native: Native) -> None:
    """Refuse columns of a type that has no cells, or of a name that the engine takes for another.

    Raises
    ------
    FrameError
    """
    refuse_names(native, names)
    for name in names:
        if columns[name].kind.name == OTHER:
            text = cast(native.library, name, TEXT, OTHER)
            hint = f"Cast it to text in the engine, {text}, or take its parts as columns of their own."
            raise FrameError.column_type(name, columns[name].native, hint)


def beyond(low: int | None, high: int | None) -> list[tuple[str, int]]:
    """Return the bounds that there are, each with how a number beyond it compares with it."""
    return [(sign, end) for sign, end in (("<", low), (">", high)) if end is not None]


def sql_clipped(own: str, wide: str, low: int | None, high: int | None) -> str:
    """Return SQL that clips a column of type `wide` to bounds of that type; null stays null."""
    cases = " ".join(
        f"WHEN {own} {sign} CAST('{end}' AS {wide}) THEN CAST('{end}' AS {wide})" for sign, end in beyond(low, high)
    )
    return f"CASE {cases} ELSE {own} END" if cases else own


def arrived(table: pa.Table, columns: Mapping[str, Column]) -> pa.Table:
    """Return what came of plain columns in the types that they arrive in. No value fails."""
    import pyarrow as pa

    chunks = {name: _arrived(table.column(name), column) for name, column in columns.items()}
    return pa.table(chunks) if chunks else table.select([])


def run_in_batches(native: Native, frame: Any) -> Iterator[pa.Table]:
    """Run the engine's own frame of plain columns, and give its rows in tables; of no rows one without any."""
    with untold():
        batches = native.batches(frame)
    some = False
    while True:
        with untold():
            found = next(batches, None)
        if found is None:
            break
        note("rows", found.column_names, found.num_rows)
        some = True
        yield found
    if not some:
        with untold():
            found = native.arrow(frame)
        yield found


def _arrived(found: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.form == VOID:
        return pa.chunked_array([pa.nulls(len(found))])
    if column.form == WORDED:
        return pc.cast(found, column.arrow)
    if column.form == ENCODED:
        return pa.chunked_array([_as_text(chunk) for chunk in found.chunks], type=column.arrow)
    if column.form == COUNT:
        whole = found.cast(pa.int32() if column.arrow.bit_width == 32 else pa.int64())
        return pa.chunked_array([chunk.view(column.arrow) for chunk in whole.chunks], type=column.arrow)
    return found if found.type == column.arrow else found.cast(column.arrow)


def _as_text(encoded: pa.Array) -> pa.Array:
    """Return bytes as the text that they encode, without looking at them."""
    import pyarrow as pa

    return encoded.cast(pa.large_binary()).view(pa.large_string())
