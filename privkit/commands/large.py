"""Tables too large for memory: DuckDB reads them from their file, where it is installed, and privkit's door asks it."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from privkit.commands.table import form, read_table, separator_of
from privkit.errors import FileError

#: Bytes of a file beyond which it is not read into memory; a packed one counts as five of them.
LARGE = 1 << 28
_PACKED = {".gz": 5, ".zst": 5}
#: Texts that are read as amounts for a look: no codes (007), no long ids.
_AMOUNT, _LONGEST = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", 15


def table_of(options: argparse.Namespace) -> Any:
    """Return the table of a command: a pandas frame, or a DuckDB relation where the file is large.

    Both hold the same: text stays text, and empty cells are missing.
    """
    if not _is_large(options):
        return read_table(options)
    with _told(options.file):
        return relation_of(options)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Tell what DuckDB cannot read by its file's name: its own text may hold a line."""
    import duckdb

    try:
        yield
    except duckdb.Error:
        hint = "Is there a row with more cells than the header, or an open quote?" if form(file) == "csv" else ""
        raise FileError.of(file.name, f"it cannot be read as {form(file)}", hint) from None


def _is_large(options: argparse.Namespace) -> bool:
    file: Path = options.file
    read = form(file) in ("csv", "parquet") and file.suffix not in (".bz2", ".xz")  # what DuckDB reads and unpacks
    plain = options.encoding.lower().replace("_", "-").removesuffix("-sig") in ("utf-8", "utf8")
    if not (read and plain and file.is_file()) or find_spec("duckdb") is None:
        return False
    return file.stat().st_size * _PACKED.get(file.suffix, 1) > LARGE


def relation_of(options: argparse.Namespace) -> Any:
    """Return a relation over the columns of a file that a command needs: read once, and spilled where memory ends."""
    import duckdb

    spill = Path(tempfile.gettempdir()) / f"privkit-{os.getpid()}"  # DuckDB makes and removes it
    connection = duckdb.connect(config={"temp_directory": str(spill)})
    if form(options.file) == "parquet":
        return connection.read_parquet(str(options.file))  # which is read by columns anyhow
    header = list(read_table(options, rows=0).columns)
    try:
        found = _of_csv(connection, options, header, parallel=True)
        return _held(connection, found, options, header)
    except duckdb.Error:  # a line's end within quotes, or no table at all
        found = _of_csv(connection, options, header, parallel=False)
        return _held(connection, found, options, header)


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


def _held(connection: Any, found: Any, options: argparse.Namespace, header: list[str]) -> Any:
    """Return the columns that a command names, or all, as a table of DuckDB's own, which it spills."""
    asked = {*getattr(options, "qi", header), getattr(options, "unit", None), getattr(options, "sensitive", None)}
    named = [name for name in header if name in asked]
    if asked - {*header, None}:
        return found  # the command tells which column is not there
    found.project(", ".join(map(_quoted, named))).create_view("file")
    connection.execute("CREATE OR REPLACE TEMP TABLE held AS SELECT * FROM file")
    return connection.table("held")


def valued(relation: Any, file: Path) -> Any:
    """Return a relation whose columns of amounts are numbers, as `table.as_value` has them in memory."""
    texts = [name for name, kind in zip(relation.columns, relation.types, strict=True) if str(kind) == "VARCHAR"]
    if not texts:
        return relation
    asked = []
    for name in map(_quoted, texts):
        amount = f"length({name}) <= {_LONGEST} AND regexp_full_match({name}, '{_AMOUNT}')"
        asked.append(f"count({name}) > 0 AND bool_and({name} IS NULL OR ({amount}))")
        asked.append(f"bool_and({name} IS NULL OR NOT regexp_matches({name}, '[.eE]'))")
    with _told(file):
        (found,) = relation.aggregate(", ".join(asked)).fetchall()
    kinds = {
        name: "BIGINT" if found[2 * place + 1] else "DOUBLE" for place, name in enumerate(texts) if found[2 * place]
    }
    shown = (
        f"CAST({_quoted(name)} AS {kinds[name]}) AS {_quoted(name)}" if name in kinds else _quoted(name)
        for name in relation.columns
    )
    return relation.project(", ".join(shown))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
