"""Tables too large for memory: DuckDB reads them from their file, where it is installed, and privkit's door asks it."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.commands.table import as_value, form, read_table, separator_of
from privkit.errors import FileError
from privkit.values.files import whole_file

if TYPE_CHECKING:
    import pandas as pd

#: Bytes of a file beyond which it is not read into memory; a packed one counts as five of them.
LARGE = 1 << 28
_PACKED = {".gz": 5, ".zst": 5}
#: Texts that are read as amounts for a look: no codes (007), no long ids; a float has up to 17 digits.
_AMOUNT, _LONGEST = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", 15


def table_of(options: argparse.Namespace, named: list[str] | None = None) -> Any:
    """Return the table of a command: a pandas frame, or a DuckDB relation where the file is large.

    Both hold the same: text stays text, and empty cells are missing. Of a large file the columns that the command
    names, or `named`, are held.
    """
    if not is_large(options):
        return read_table(options)
    with reading(options.file):
        return relation_of(options, lambda header: _named(options, header, named))[1]


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Tell what DuckDB cannot read by its file's name: its own text may hold a line."""
    import duckdb

    try:
        yield
    except duckdb.Error:
        hint = "Is there a row with more cells than the header, or an open quote?" if form(file) == "csv" else ""
        raise FileError.of(file.name, f"it cannot be read as {form(file)}", hint) from None


def is_large(options: argparse.Namespace) -> bool:
    """Return whether a command's file is too large to be read into memory, and DuckDB is there to read it."""
    file: Path = options.file
    read = form(file) in ("csv", "parquet") and file.suffix not in (".bz2", ".xz")  # what DuckDB reads and unpacks
    plain = options.encoding.lower().replace("_", "-").removesuffix("-sig") in ("utf-8", "utf8")
    if not (read and plain and file.is_file()) or find_spec("duckdb") is None:
        return False
    return file.stat().st_size * _PACKED.get(file.suffix, 1) > LARGE


def relation_of(options: argparse.Namespace, chosen: Callable[[list[str]], list[str] | None]) -> tuple[Any, Any]:
    """Return a connection and its relation over columns of a file: read once, and spilled where memory ends.

    Parameters
    ----------
    chosen : callable
        Takes the columns of the file and returns those that are held; None where none need be.
    """
    import duckdb

    spill = Path(tempfile.gettempdir()) / f"privkit-{os.getpid()}"  # DuckDB makes and removes it
    connection = duckdb.connect(config={"temp_directory": str(spill)})
    if form(options.file) == "parquet":
        relation = connection.read_parquet(str(options.file))  # which is read by columns anyhow
        named = chosen(list(relation.columns))
        return connection, relation if named is None else relation.project(", ".join(map(quoted, named)))
    header = list(read_table(options, rows=0).columns)
    named = chosen(header)
    try:
        return connection, _held(connection, _of_csv(connection, options, header, parallel=True), named)
    except duckdb.Error:  # a line's end within quotes, or no table at all
        return connection, _held(connection, _of_csv(connection, options, header, parallel=False), named)


def _named(options: argparse.Namespace, header: list[str], named: list[str] | None) -> list[str] | None:
    """Return the columns that a command names, or all; None where one is not there, which the command tells."""
    arguments = getattr(options, "qi", header) if named is None else named
    asked = {*arguments, getattr(options, "unit", None), getattr(options, "sensitive", None)}
    return None if asked - {*header, None} else [name for name in header if name in asked]


def _of_csv(connection: Any, options: argparse.Namespace, header: list[str], *, parallel: bool) -> Any:
    return connection.read_csv(
        str(options.file),
        header=True,
        auto_detect=False,
        columns=dict.fromkeys(header, "VARCHAR"),
        sep=options.sep or separator_of(options.file),
        quotechar='"',
        escapechar='"',
        na_values="",
        encoding="utf-8",
        null_padding=True,  # a row that ends early, as in memory
        parallel=parallel,
    )


def _held(connection: Any, found: Any, named: list[str] | None) -> Any:
    """Return columns as a table of DuckDB's own, which it spills."""
    if named is None:
        return found
    found.project(", ".join(map(quoted, named))).create_view("file")
    connection.execute("CREATE OR REPLACE TEMP TABLE held AS SELECT * FROM file")
    return connection.table("held")


def replaced(connection: Any, relation: Any, tables: Mapping[str, pd.DataFrame]) -> Any:
    """Return a relation in which each text or value of a column is what its table has for it; another is missing.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Column → the values that are there, in the first column, and what stands for each, in the second.
    """
    for name, table in tables.items():
        key, other = (_unlike(relation.columns, word) for word in ("key", "other"))
        there = connection.from_df(table.set_axis([key, other], axis=1))
        joined = relation.join(there, f"{quoted(name)} = {quoted(key)}", how="left")
        columns = (f"{quoted(other)} AS {quoted(name)}" if one == name else quoted(one) for one in relation.columns)
        relation = joined.project(", ".join(columns))
    return relation


def _unlike(names: list[str], word: str) -> str:
    """Return a name that no column has; DuckDB's names have no case."""
    taken = {name.lower() for name in names}
    while word in taken:
        word += "_"
    return word


def write(relation: Any, out: Path, sep: str | None) -> None:
    """Write a relation as CSV or Parquet, so that the file is there whole or not at all.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    import duckdb

    with whole_file(out) as draft:
        try:
            if form(out) == "parquet":
                relation.write_parquet(str(draft))
                return
            alone = len(relation.columns) == 1  # then an empty line would be no row
            relation.write_csv(
                str(draft),
                sep=sep or separator_of(out),
                na_rep='""' if alone else "",
                quotechar='"',
                escapechar='"',
                header=True,
                compression={".gz": "gzip", ".zst": "zstd"}.get(out.suffix, "none"),
            )
        except duckdb.Error:  # its own text may hold a cell
            raise FileError.of(out.name, f"it cannot be written as {form(out)}", "Is the disk full?") from None


def valued(relation: Any, file: Path, among: Sequence[str] | None = None) -> Any:
    """Return a relation whose columns of amounts, or those of `among`, are numbers, as `table.as_value` has them."""
    kinds_of = zip(relation.columns, relation.types, strict=True)
    texts = [name for name, kind in kinds_of if str(kind) == "VARCHAR" and (among is None or name in among)]
    if not texts:
        return relation
    asked = []
    for name in map(quoted, texts):
        short = f"(length({name}) <= {_LONGEST} OR contains({name}, '.'))"
        amount = f"{short} AND regexp_full_match({name}, '{_AMOUNT}')"
        asked.append(f"count({name}) > 0 AND bool_and({name} IS NULL OR ({amount}))")
        asked.append(f"bool_and({name} IS NULL OR NOT regexp_matches({name}, '[.eE]'))")
    with reading(file):
        (found,) = relation.aggregate(", ".join(asked)).fetchall()
    kinds = {
        name: "BIGINT" if found[2 * place + 1] else "DOUBLE" for place, name in enumerate(texts) if found[2 * place]
    }
    shown = (
        f"CAST({quoted(name)} AS {kinds[name]}) AS {quoted(name)}" if name in kinds else quoted(name)
        for name in relation.columns
    )
    return relation.project(", ".join(shown))


def looked_at(table: Any, file: Path) -> Any:
    """Return a command's table with amounts as numbers, for a look; it leaves as it came."""
    return table.apply(as_value) if hasattr(table, "iloc") else valued(table, file)


def quoted(name: str) -> str:
    """Return a name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'
