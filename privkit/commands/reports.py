"""The commands that report on a table in a file: audit, kanon, check, risk, link and gate.

What its columns are, whether it meets criteria, how likely its rows are re-identified, by another file too; and
whether it, its inventory and its ledger meet a policy.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from privkit.anonymity.kanonymity import KAnonymityReport, kanon
from privkit.anonymity.ksets import KSetsReport, ksets
from privkit.anonymity.reports import check
from privkit.commands.criteria import add_criteria, add_of, criteria_of, given_criteria
from privkit.commands.large import looked_at, table_of, valued
from privkit.commands.table import FALLS_SHORT, absent_word, add_table, as_number, check_output, names, shared_name
from privkit.commands.telling import asked, at_work, columns, tell, tell_json
from privkit.errors import FileError
from privkit.inventory.audit import audit
from privkit.risk.link import link
from privkit.risk.report import risk


def _answered(
    options: argparse.Namespace, report: object, figures: Mapping[str, Any], *following: Sequence[object], short: bool
) -> int:
    """Print a report, as JSON where that is asked, else with what to type next; return 0, or 3 if it falls `short`."""
    if options.json:
        tell_json(figures)
    else:
        tell(report, *following)
    return FALLS_SHORT if short else 0


def _anonymize(options: argparse.Namespace, *goal: object) -> list[object]:
    """Return the command that makes another file, in which a goal is met."""
    return ["anonymize", *asked(options), *goal, "--out", shared_name(options.file)]


def arguments_audit(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser, qi=False)


def run_audit(options: argparse.Namespace) -> int:
    """Print the proposed roles; return 0."""
    with at_work("reading and looking"):
        table = table_of(options)
        report = audit(looked_at(table, options.file))
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


def arguments_kanon(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser)
    parser.add_argument("--k", type=int, help="the k to judge by: exit code 3 where rows fall short")
    add_of(parser)


def run_kanon(options: argparse.Namespace) -> int:
    """Print the report; return 0, or 3 if rows fall short of the k that was asked."""
    if options.of is not None:
        return _run_ksets(options)
    with at_work("reading and counting"):
        report = kanon(table_of(options), options.qi, k=options.k, unit=options.unit)
    figures = {"k": report.k, "n_rows": report.n_rows, "n_classes": report.n_classes, "n_unique": report.n_unique}
    following: list[list[object]] = [["risk", *asked(options)]]
    if report.k < (options.k or 5) and report.n_rows:
        following.append(_anonymize(options, "--k", options.k or 5))
    return _answered(options, report, {**figures, **_judged(report)}, *following, short=report.satisfied is False)


def _judged(report: KAnonymityReport | KSetsReport) -> dict[str, object]:
    return {"required": report.required, "satisfied": report.satisfied, "rows_short": report.rows_short}


def _run_ksets(options: argparse.Namespace) -> int:
    """Print the report on every set of so many columns; return 0, or 3 if rows fall short."""
    with at_work("reading and counting"):
        report = ksets(table_of(options), options.qi, of=options.of, k=options.k, unit=options.unit)
    each = report.to_frame()[["columns", "k"]].itertuples(index=False)
    figures: dict[str, object] = {"k": report.k, "of": report.of, "n_rows": report.n_rows, "n_unique": report.n_unique}
    figures |= {**_judged(report), "sets": [{"columns": list(columns), "k": int(k)} for columns, k in each]}
    better = [_anonymize(options, "--k", options.k or 5, "--of", options.of)]
    following = better if report.k < (options.k or 5) and report.n_rows else []
    return _answered(options, report, figures, *following, short=report.satisfied is False)


def arguments_check(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser)
    add_criteria(parser, k=False)


def run_check(options: argparse.Namespace) -> int:
    """Print which criteria are met; return 0, or 3 if one is not."""
    criteria = criteria_of(options)
    with at_work("reading and counting"):
        report = check(table_of(options), options.qi, criteria)
    parts = [{"criterion": repr(part.criterion), "met": part.met, "figure": part.figure} for part in report.findings]
    figures = {"satisfied": report.satisfied, "rows_short": report.rows_short, "n_rows": report.n_rows, "parts": parts}
    least = [] if options.k else ["--k", 1]  # which anonymize asks for, and every class has
    better = [_anonymize(options, *least, *given_criteria(options))]
    following = better if not report.satisfied and report.n_rows else []
    return _answered(options, report, figures, *following, short=not report.satisfied)


def arguments_risk(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser)
    parser.add_argument("--population", type=int, help="how many persons the population has")
    parser.add_argument("--household", help="a column of households: who finds one of its persons has found all")
    parser.add_argument("--weights", help="a column of sampling weights: how many of the population a row stands for")
    presets = "or a preset: cell_3, cell_5, cell_11, cell_20, ema_0070"
    told = f"the risk that no row shall exceed (0.2), {presets}"
    parser.add_argument("--threshold", type=_risk_limit, default=0.2, metavar="RISK", help=told)


def _risk_limit(text: str) -> float | str:
    """Return a share, or what may be a preset's name."""
    try:
        return float(text)
    except ValueError:
        return text


def run_risk(options: argparse.Namespace) -> int:
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
    attackers: dict[str, object] = {
        who.attacker: {"highest": who.highest, "average": who.average, "share_at_risk": who.share_at_risk}
        for who in report.attackers
    }
    if (household := report.household) is not None:
        attackers["household"] = {"expected": household.expected, "average": household.average}
    persons = {} if report.unit is None else {"n_persons": report.n_persons}
    figures = {"n_rows": report.n_rows, **persons, "n_unique": report.n_unique, "exceeds": report.exceeds, **attackers}
    k = report.threshold.cell  # 0 where no class is large enough
    following = [_anonymize(options, "--k", k)] if report.exceeds and k else []
    return _answered(options, report, figures, *following, short=report.exceeds)


def arguments_link(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser, qi=False)
    parser.add_argument("other", type=Path, help="the table that somebody else may have, read the same way")
    parser.add_argument("--on", required=True, action="extend", type=names, metavar="A,B", help="columns of both")
    parser.add_argument("--fuzzy", action="store_true", help="find partners in spite of typing errors (Splink)")


def run_link(options: argparse.Namespace) -> int:
    """Print how many rows match exactly one; return 0."""
    with at_work("reading and matching"):
        files = options.file, options.other
        mine, other = (table_of(argparse.Namespace(**{**vars(options), "file": one}), options.on) for one in files)
        mine, other = _as_typed(mine, other, options.on, files[0]), _as_typed(other, mine, options.on, files[1])
        report = link(mine, other, on=options.on, fuzzy=options.fuzzy)
    figures = ("n_rows", "n_other", "n_single", "n_several", "n_none", "n_pairs")
    following = [_anonymize(options, "--qi", columns(options.on), "--k", 5)] if report.n_single else []
    return _answered(options, report, {name: getattr(report, name) for name in figures}, *following, short=False)


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


def arguments_gate(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser, qi=False)
    parser.add_argument("--policy", type=Path, required=True, help="the rules: a TOML file")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="also write JUnit XML, a test case per rule")
    parser.add_argument("--sarif", type=Path, metavar="FILE", help="also write SARIF, a result per rule not met")


def run_gate(options: argparse.Namespace) -> int:
    """Print what each rule found; return 0, or 3 if one is not met."""
    from privkit.study.gate import judged  # what the other commands need not load
    from privkit.study.policy import policy_of
    from privkit.study.rulings import plain

    policy = policy_of(options.policy)
    outputs = [out for out in (options.junit, options.sarif) if out is not None]
    for out in outputs:  # a report of an earlier run is written over
        check_output(out, True, options.file, options.policy, policy.inventory)
    if len({out.absolute() for out in outputs}) < len(outputs):
        raise FileError.of(outputs[0].name, "JUnit XML and SARIF cannot both be this file", "Name another file.")
    with at_work("reading and judging"):
        table = table_of(options)
        report = judged(table, policy, looked=looked_at(table, options.file))
    if options.junit is not None:
        report.to_junit(options.junit)
    if options.sarif is not None:
        report.to_sarif(options.sarif)
    figures = plain(report.policy, report.rulings, report.left_out)
    return _answered(options, report, figures, short=not report.passed)
