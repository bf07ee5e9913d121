"""``privkit kanon``: the k-anonymity of a file."""

from __future__ import annotations

import argparse

from privkit.anonymity.kanonymity import kanon
from privkit.anonymity.ksets import ksets
from privkit.commands.criteria import add_of
from privkit.commands.large import table_of
from privkit.commands.table import FALLS_SHORT, add_table, shared_name
from privkit.commands.telling import asked, at_work, tell, tell_json


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser)
    parser.add_argument("--k", type=int, help="the k to judge by: exit code 3 where rows fall short")
    add_of(parser)


def run(options: argparse.Namespace) -> int:
    """Print the report; return 0, or 3 if rows fall short of the k that was asked."""
    if options.of is not None:
        return _by_sets(options)
    with at_work("reading and counting"):
        report = kanon(table_of(options), options.qi, k=options.k, unit=options.unit)
    if options.json:
        tell_json(
            {
                "k": report.k,
                "n_rows": report.n_rows,
                "n_classes": report.n_classes,
                "n_unique": report.n_unique,
                "required": options.k,
                "satisfied": report.satisfied,
                "rows_short": report.rows_short,
            }
        )
    else:
        anonymize = ["anonymize", *asked(options), "--k", options.k or 5, "--out", shared_name(options.file)]
        tell(report, ["risk", *asked(options)], *([anonymize] if report.k < (options.k or 5) and report.n_rows else []))
    return FALLS_SHORT if report.satisfied is False else 0


def _by_sets(options: argparse.Namespace) -> int:
    """Print the report on every set of so many columns; return 0, or 3 if rows fall short."""
    with at_work("reading and counting"):
        report = ksets(table_of(options), options.qi, of=options.of, k=options.k, unit=options.unit)
    if options.json:
        sets = [
            {"columns": list(columns), "k": int(k)}
            for columns, k in report.to_frame()[["columns", "k"]].itertuples(index=False)
        ]
        figures = {"k": report.k, "of": report.of, "n_rows": report.n_rows, "n_unique": report.n_unique}
        judged = {"required": options.k, "satisfied": report.satisfied, "rows_short": report.rows_short}
        tell_json({**figures, **judged, "sets": sets})
    else:
        wanted = ["--k", options.k or 5, "--of", options.of, "--out", shared_name(options.file)]
        short = report.k < (options.k or 5) and report.n_rows
        tell(report, *([["anonymize", *asked(options), *wanted]] if short else []))
    return FALLS_SHORT if report.satisfied is False else 0
