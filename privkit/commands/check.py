"""``privkit check``: whether a file meets criteria."""

from __future__ import annotations

import argparse

from privkit.anonymity.reports import check
from privkit.commands.criteria import add_criteria, criteria_of, given_criteria
from privkit.commands.large import table_of
from privkit.commands.table import FALLS_SHORT, add_table, shared_name
from privkit.commands.telling import asked, at_work, tell, tell_json


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser)
    add_criteria(parser, k=False)


def run(options: argparse.Namespace) -> int:
    """Print which criteria are met; return 0, or 3 if one is not."""
    criteria = criteria_of(options)
    with at_work("reading and counting"):
        report = check(table_of(options), options.qi, criteria)
    if options.json:
        parts = [
            {"criterion": repr(part.criterion), "met": part.met, "figure": part.figure} for part in report.findings
        ]
        figures = {"satisfied": report.satisfied, "rows_short": report.rows_short, "n_rows": report.n_rows}
        tell_json({**figures, "parts": parts})
    else:
        least = [] if options.k else ["--k", 1]  # which anonymize asks for, and every class has
        following = ["anonymize", *asked(options), *least, *given_criteria(options), "--out", shared_name(options.file)]
        tell(report, *([following] if not report.satisfied and report.n_rows else []))
    return 0 if report.satisfied else FALLS_SHORT
