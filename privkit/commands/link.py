"""``privkit link``: how many rows of a file another file betrays."""

from __future__ import annotations

import argparse
from pathlib import Path

from privkit.commands.large import table_of
from privkit.commands.table import add_table, names
from privkit.commands.telling import at_work, tell, tell_json
from privkit.risk.linkage.link import link


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser, qi=False)
    parser.add_argument("other", type=Path, help="the table that somebody else may have, read the same way")
    parser.add_argument("--on", required=True, action="extend", type=names, metavar="A,B", help="columns of both")
    parser.add_argument("--fuzzy", action="store_true", help="find partners in spite of typing errors (Splink)")


def run(options: argparse.Namespace) -> int:
    """Print how many rows match exactly one; return 0."""
    with at_work("reading and matching"):
        other = table_of(argparse.Namespace(**{**vars(options), "file": options.other}), options.on)
        report = link(table_of(options, options.on), other, on=options.on, fuzzy=options.fuzzy)
    if options.json:
        figures = ("n_rows", "n_other", "n_single", "n_several", "n_none", "n_pairs")
        tell_json({name: getattr(report, name) for name in figures})
    else:
        tell(report)
    return 0
