"""``privkit gate``: whether a file, its inventory and its ledger meet a policy."""

from __future__ import annotations

import argparse
from pathlib import Path

from privkit.commands.large import table_of, valued
from privkit.commands.table import FALLS_SHORT, add_table, as_value, check_output
from privkit.commands.telling import at_work, tell, tell_json
from privkit.errors import FileError
from privkit.study.gate import judged
from privkit.study.policy import policy_of
from privkit.study.rulings import plain


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser, qi=False)
    parser.add_argument("--policy", type=Path, required=True, help="the rules: a TOML file")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="also write JUnit XML, a test case per rule")
    parser.add_argument("--sarif", type=Path, metavar="FILE", help="also write SARIF, a result per rule not met")


def run(options: argparse.Namespace) -> int:
    """Print what each rule found; return 0, or 3 if one is not met."""
    policy = policy_of(options.policy)
    outputs = [out for out in (options.junit, options.sarif) if out is not None]
    for out in outputs:  # a report of an earlier run is written over
        check_output(out, True, options.file, options.policy, policy.inventory)
    if len({out.absolute() for out in outputs}) < len(outputs):
        raise FileError.of(outputs[0].name, "JUnit XML and SARIF cannot both be this file", "Name another file.")
    with at_work("reading and judging"):
        table = table_of(options)
        looked = table.apply(as_value) if hasattr(table, "iloc") else valued(table, options.file)
        report = judged(table, policy, looked=looked)
    if options.junit is not None:
        report.to_junit(options.junit)
    if options.sarif is not None:
        report.to_sarif(options.sarif)
    if options.json:
        tell_json(plain(report.policy, report.rulings, report.left_out))
    else:
        tell(report)
    return 0 if report.passed else FALLS_SHORT
