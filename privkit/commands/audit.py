"""``privkit audit``: what the columns of a file are, and what each adds to the risk."""

from __future__ import annotations

import argparse

from privkit.commands.large import table_of, valued
from privkit.commands.table import add_table, as_value
from privkit.commands.telling import asked, at_work, columns, tell, tell_json
from privkit.inventory.audit import audit


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser, qi=False)


def run(options: argparse.Namespace) -> int:
    """Print the proposed roles; return 0."""
    with at_work("reading and looking"):
        table = table_of(options)
        report = audit(table.apply(as_value) if hasattr(table, "iloc") else valued(table, options.file))
    if options.json:
        roles = {
            entry.name: {"role": str(entry.role), "what": entry.what, "evidence": list(entry.evidence)}
            for entry in report.entries
        }
        tell_json({"rows": report.rows, "uniques": report.uniques, "unit": report.unit, "columns": roles})
        return 0
    if report.entries:
        print(report.to_frame()[["column", "role", "rating", "action"]].to_string(index=False))
        print()
    unit = [] if report.unit is None else ["--unit", report.unit]
    tell(report, *([["kanon", *asked(options), "--qi", columns(report.qi), *unit]] if report.qi else []))
    return 0
