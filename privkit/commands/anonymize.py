"""``privkit anonymize``: a file in which every class has at least k rows."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.commands.criteria import add_criteria, criteria_of, given_criteria
from privkit.commands.rows import Rows, rows_of
from privkit.commands.table import add_table, check_output, form, names
from privkit.commands.telling import asked, at_work, columns, tell, tell_json
from privkit.errors import ParameterError
from privkit.transform.anonymize import Allowed, anonymize
from privkit.transform.generalize import read_hierarchies, write_hierarchies

if TYPE_CHECKING:
    from privkit.transform.anonymized import Anonymized
    from privkit.transform.hierarchies.hierarchy import Hierarchy


_DEFAULTS: dict[str, Any] = {"suppress": 0.02, "method": "optimal", "utility": "loss"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser)
    add_criteria(parser, k=True)
    parser.add_argument(
        "--suppress", type=float, default=_DEFAULTS["suppress"], help="the share of records that may be left out (0.02)"
    )
    parser.add_argument("--hierarchies", type=Path, help="a TOML file of hierarchies; others are proposed from types")
    parser.add_argument("--save-hierarchies", type=Path, help="write the hierarchies that were used to a TOML file")
    parser.add_argument(
        "--method", choices=["optimal", "local", "cells"], default=_DEFAULTS["method"], help="the search"
    )
    bounds = "the level of a column, or its lowest and highest (age=1 or age=1:3), by number or name"
    parser.add_argument("--levels", action="extend", type=names, default=[], metavar="A=1,B=0:2", help=bounds)
    inside = "numbers that become the mean, or median, of their class (age=mean)"
    parser.add_argument("--microaggregate", action="extend", type=names, default=[], metavar="A=mean", help=inside)
    worth = "with --method cells: how much a cell of a column is worth keeping (age=3); 1 by default"
    parser.add_argument("--importance", action="extend", type=names, default=[], metavar="A=3,B=1", help=worth)
    parser.add_argument("--utility", default=_DEFAULTS["utility"], help="what to minimize (loss)")
    parser.add_argument("--drop", action="extend", type=names, default=[], metavar="A,B", help="columns to leave out")
    parser.add_argument("--time-limit", type=float, help="seconds after which the best so far is taken")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def run(options: argparse.Namespace) -> int:
    """Write the anonymized table, whole or not at all, and print what it cost; return 0."""
    criteria = criteria_of(options)
    hierarchies = _hierarchies(options)
    with at_work("reading and searching") as work:
        rows = rows_of(options, hierarchies, _aggregates(options) or ())
        out = anonymize(
            rows.searched,
            options.qi,
            criteria,
            hierarchies=hierarchies,
            suppress=options.suppress,
            utility=options.utility,
            levels=_levels(options.levels),
            microaggregate=_aggregates(options),
            importance=_importance(options),
            method=options.method,
            time_limit=options.time_limit,
            progress=work.say,
        )
        options.unless_interrupted()  # a search that is interrupted gives the best so far: here, nothing
        out = rows.without_counted(out)
        rows.write(out)
        leaving = out.identifying_
    if options.save_hierarchies:
        write_hierarchies(options.save_hierarchies, out.hierarchies)
    if options.json:
        tell_json({**summary(out), **({"taken_for_missing": rows.absent} if rows.absent else {})})
        return 0
    without = ["anonymize", *_again(options), "--drop", columns([*options.drop, *leaving]), "--force"]
    more = "\n".join(_more(rows, [name for name in leaving if name not in out.leaving_.direct]))
    following = [*([without] if leaving else []), _check(options)]
    tell(out, *following, more=more, hierarchies=options.save_hierarchies)
    return 0


def _check(options: argparse.Namespace) -> list[str]:
    """Return the call that judges what was written, by as much of the goal as its columns allow."""
    there = argparse.Namespace(**vars(options))
    if options.unit in options.drop:
        there.unit = None  # k persons are k rows and more
    if options.sensitive in options.drop:
        there.sensitive = there.l = there.t = there.beta = None
    return ["check" if there.sensitive else "kanon", *asked(there, options.out), *given_criteria(there)]


def _again(options: argparse.Namespace) -> list[str]:
    """Return the command's own options, for a hint, but for what is left out."""
    words = [*asked(options), *given_criteria(options)]
    for name in ("suppress", "hierarchies", "method", "utility", "time_limit", "out"):
        value = getattr(options, name)
        if value is not None and value != _DEFAULTS.get(name):
            words += [f"--{name.replace('_', '-')}", str(value)]
    for name in ("levels", "microaggregate", "importance"):
        if given := getattr(options, name):
            words += [f"--{name}", columns(given)]
    return words


def _levels(given: list[str]) -> dict[str, Allowed] | None:
    """Return what `--levels` allows each column: a level, or its lowest and highest, of which one may be left out.

    Examples
    --------
    >>> _levels(["age=1:3", "zip=:2", "born=month"])
    {'age': (1, 3), 'zip': (None, 2), 'born': 'month'}
    """
    found: dict[str, Allowed] = {}
    for text in given:
        name, _, asked = text.rpartition("=")
        if not name or not asked.strip() or name in found:
            rule = "--levels takes one COLUMN=LEVEL or COLUMN=LOWEST:HIGHEST for each column."
            raise ParameterError.together(["--levels"], rule)
        low, colon, high = asked.partition(":")
        found[name] = (_level(low), _level(high)) if colon else _level(asked) or 0
    return found or None


def _pairs(given: list[str], option: str, example: str) -> dict[str, str]:
    """Return what an option gives each column, as COLUMN=WORD."""
    found: dict[str, str] = {}
    for text in given:
        name, _, word = text.rpartition("=")
        if not name or not word.strip() or name in found:
            raise ParameterError.together([option], f"{option} takes one {example} for each column.")
        found[name] = word.strip()
    return found


def _aggregates(options: argparse.Namespace) -> dict[str, str] | None:
    return _pairs(options.microaggregate, "--microaggregate", "COLUMN=mean or COLUMN=median") or None


def _importance(options: argparse.Namespace) -> dict[str, float] | None:
    found = _pairs(options.importance, "--importance", "COLUMN=NUMBER")
    try:
        return {name: float(word) for name, word in found.items()} or None
    except ValueError:
        raise ParameterError.together(["--importance"], "give one COLUMN=NUMBER for each column.") from None


def _level(text: str) -> int | str | None:
    text = text.strip()
    return int(text) if text.removeprefix("-").isdecimal() else text or None


def _hierarchies(options: argparse.Namespace) -> dict[str, Hierarchy] | None:
    """Return the hierarchies that are given, after the files that are named were checked."""
    form(options.out)
    check_output(options.out, options.force, options.file, options.hierarchies)
    if options.save_hierarchies is not None:
        check_output(options.save_hierarchies, options.force, options.file, beside=options.out)
    if options.hierarchies is None:
        return None
    return read_hierarchies(options.hierarchies)


def _more(rows: Rows, telling: list[str]) -> Iterator[str]:
    """Return what else a reader must know of the file that was written."""
    if telling:
        those = f"{columns(telling)} {'tells' if len(telling) == 1 else 'tell'} nearly every row apart"
        yield f"{those}: leave {'it' if len(telling) == 1 else 'them'} out (--drop)."
    if cells := [f"{rows.cells(name, word):,} cells {word} of {name}" for name, word in rows.absent.items()]:
        yield f"Taken for missing values, and written as they came: {'; '.join(cells)}."
    if rows.note:
        yield rows.note


def summary(out: Anonymized) -> dict[str, Any]:
    """Return the result's figures as JSON values."""
    left = out.leaving_
    errors = {name: one.mean_squared_error for name, one in out.report.aggregates.items()}
    hidden = {name: one.hidden_values for name, one in out.report.aggregates.items()}
    return {
        "levels": out.levels_,
        "suppressed": out.suppressed_,
        "loss": out.loss_,
        "utility": out.utility,
        "optimal": bool(out.optimal_),
        "proposed": list(out.proposed_),
        **({"mean_squared_errors": errors, "hidden_values": hidden} if errors else {}),
        "direct_identifiers_left": list(out.identifying_),
        "told_again": {twin: list(quasi) for twin, quasi in out.twins_.items()},
        "other_columns_left": {"quasi": list(left.quasi), "sensitive": list(left.sensitive), "other": list(left.other)},
    }
