"""``privkit risk``: how likely it is that a row of a file is re-identified."""

from __future__ import annotations

import argparse

from privkit.commands.large import table_of
from privkit.commands.table import FALLS_SHORT, add_table, shared_name
from privkit.commands.telling import asked, at_work, tell, tell_json
from privkit.risk.report import risk


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser)
    parser.add_argument("--population", type=int, help="how many persons the population has")
    parser.add_argument("--household", help="a column of households: who finds one of its persons has found all")
    parser.add_argument("--weights", help="a column of sampling weights: how many of the population a row stands for")
    presets = "or a preset: cell_3, cell_5, cell_11, cell_20, ema_0070"
    told = f"the risk that no row shall exceed (0.2), {presets}"
    parser.add_argument("--threshold", type=_risk, default=0.2, metavar="RISK", help=told)


def _risk(text: str) -> float | str:
    """Return a share, or what may be a preset's name."""
    try:
        return float(text)
    except ValueError:
        return text


def run(options: argparse.Namespace) -> int:
    """Print the report; return 0, or 3 if rows are above the threshold."""
    with at_work("reading and counting"):
        report = risk(
            table_of(options),
            options.qi,
            population=options.population,
            threshold=options.threshold,
            unit=options.unit,
            household=options.household,
            weights=options.weights,
        )
    if options.json:
        attackers: dict[str, object] = {
            who.attacker: {"highest": who.highest, "average": who.average, "share_at_risk": who.share_at_risk}
            for who in report.attackers
        }
        persons = {} if report.unit is None else {"n_persons": report.n_persons}
        if report.household is not None:
            household = report.household
            attackers["household"] = {"expected": household.expected, "average": household.average}
        counted = {"n_rows": report.n_rows, **persons, "n_unique": report.n_unique}
        tell_json({**counted, "exceeds": report.exceeds, **attackers})
    else:
        k = report.threshold.cell  # 0 where no class is large enough
        following = ["anonymize", *asked(options), "--k", k, "--out", shared_name(options.file)]
        tell(report, *([following] if report.exceeds and k else []))
    return FALLS_SHORT if report.exceeds else 0
