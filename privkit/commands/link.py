"""``privkit link``: how many rows of a file another file betrays."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from privkit.commands.large import table_of, valued
from privkit.commands.table import absent_word, add_table, as_number, names, shared_name
from privkit.commands.telling import asked, at_work, columns, tell, tell_json
from privkit.risk.link import link


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser, qi=False)
    parser.add_argument("other", type=Path, help="the table that somebody else may have, read the same way")
    parser.add_argument("--on", required=True, action="extend", type=names, metavar="A,B", help="columns of both")
    parser.add_argument("--fuzzy", action="store_true", help="find partners in spite of typing errors (Splink)")


def run(options: argparse.Namespace) -> int:
    """Print how many rows match exactly one; return 0."""
    with at_work("reading and matching"):
        files = options.file, options.other
        mine, other = (table_of(argparse.Namespace(**{**vars(options), "file": one}), options.on) for one in files)
        mine, other = _as_typed(mine, other, options.on, files[0]), _as_typed(other, mine, options.on, files[1])
        report = link(mine, other, on=options.on, fuzzy=options.fuzzy)
    if options.json:
        figures = ("n_rows", "n_other", "n_single", "n_several", "n_none", "n_pairs")
        tell_json({name: getattr(report, name) for name in figures})
    else:
        following = ["anonymize", *asked(options), "--qi", columns(options.on), "--k", 5]
        tell(report, *([[*following, "--out", shared_name(options.file)]] if report.n_single else []))
    return 0


def _as_typed(table: Any, other: Any, on: Sequence[str], file: Path) -> Any:
    """Return a table whose texts are numbers or days in columns that are no text in the other one.

    A text file has texts alone, one of Parquet has types: 7 there is "7" here. A column is read so where all of its
    texts are such, and distinct ones are distinct values; a word for what is missing among them is missing.
    """
    wanted = {name: kind for name, kind in _kinds(other, on).items() if kind is not None}
    texts = [name for name, kind in _kinds(table, on).items() if kind is None and name in wanted]
    if not texts:
        return table
    if not hasattr(table, "assign"):  # a large file, in its engine
        return valued(table, file, texts)
    read = {}
    for name in texts:
        column = table[name]
        number = as_number(column.mask(column == absent_word(column)))
        days = wanted[name].startswith("date32") and str(number.dtype).startswith("datetime")
        read[name] = column if number.dtype == column.dtype else number.astype(wanted[name]) if days else number
    return table.assign(**read)


def _kinds(table: Any, on: Sequence[str]) -> dict[str, Any]:
    """Return the types of a table's columns among `on`: None for texts."""
    kinds = zip(table.columns, map(str, table.dtypes), strict=True)
    texts = ("str", "string", "string[pyarrow]", "large_string[pyarrow]", "object", "VARCHAR")
    return {name: None if kind in texts else kind for name, kind in kinds if name in on}
