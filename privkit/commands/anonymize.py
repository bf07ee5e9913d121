"""``privkit anonymize``: a file in which every class has at least k rows."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.commands.criteria import add_criteria, criteria_of, given_criteria
from privkit.commands.table import (
    absent_word,
    add_table,
    as_number,
    as_value,
    check_output,
    form,
    names,
    read_table,
    write_table,
)
from privkit.commands.telling import asked, at_work, columns, tell, tell_json
from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.tally.selection import without_traces
from privkit.transform.anonymize import Allowed, anonymize
from privkit.transform.generalize import read_hierarchies, write_hierarchies
from privkit.transform.hierarchies.ladder import Table

if TYPE_CHECKING:
    import pandas as pd

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
        table = _table(options)
        absent = _absent(table, options, hierarchies)
        gaps = table.assign(**{name: table[name].mask(table[name] == word) for name, word in absent.items()})
        looked_at = _looked_at(gaps, options, hierarchies)
        out = anonymize(
            looked_at,
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
        out = _without_counted(out, options)
        write_table(_as_they_came(out, table, options, absent), options.out, options.sep, options.encoding)
    if options.save_hierarchies:
        write_hierarchies(options.save_hierarchies, out.hierarchies)
    if options.json:
        tell_json({**summary(out), **({"taken_for_missing": absent} if absent else {})})
        return 0
    leaving = out.leaving_.direct
    without = ["anonymize", *_again(options), "--drop", columns([*options.drop, *leaving]), "--force"]
    cells = [f"{int((table[name] == word).sum()):,} cells {word} of {name}" for name, word in absent.items()]
    more = f"Taken for missing values, and written as they came: {'; '.join(cells)}." if cells else ""
    tell(out, *([without] if leaving else []), _check(options), more=more)
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
        check_output(options.save_hierarchies, options.force, options.file, options.out)
    if options.hierarchies is None:
        return None
    return read_hierarchies(options.hierarchies)


def _counted(options: argparse.Namespace) -> list[str]:
    """Return the columns that are left out, but are in the goal: they go when the search has counted them."""
    return [name for name in options.drop if name in (options.unit, options.sensitive)]


def _without_counted(out: Anonymized, options: argparse.Namespace) -> Anonymized:
    return replace(out, frame=out.frame.drop(columns=_counted(options)))


def _table(options: argparse.Namespace) -> pd.DataFrame:
    """Return the table as it is searched, without the columns that are left out and in no goal.

    Raises
    ------
    ColumnNotFoundError
    ParameterError
        If a quasi-identifier is left out.
    """
    table = read_table(options)
    for argument, named in {"qi": options.qi, "drop": options.drop}.items():
        if missing := [name for name in named if name not in table.columns]:
            raise ColumnNotFoundError.of(argument, named, missing, list(table.columns))
    if both := [name for name in options.drop if name in options.qi]:
        rule = f"{', '.join(map(repr, both))} cannot be left out and generalized: take it from --drop or from --qi."
        raise ParameterError.together(["--drop", "--qi"], rule)
    return table.drop(columns=[name for name in options.drop if name not in _counted(options)])


def _others(table: pd.DataFrame, options: argparse.Namespace) -> list[str]:
    """Return the columns that no criterion is about: a sensitive attribute is compared as text."""
    used = (*options.qi, options.sensitive, options.unit, *(_aggregates(options) or ()))
    return [name for name in table.columns if name not in used]


def _absent(
    table: pd.DataFrame, options: argparse.Namespace, hierarchies: Mapping[str, Hierarchy] | None
) -> dict[str, str]:
    """Return the words for missing values among numbers and days of quasi-identifiers, but those that a table lists."""
    words = {name: word for name in options.qi if (word := absent_word(table[name])) is not None}
    tables = {name: one.source for name, one in (hierarchies or {}).items() if isinstance(one.source, Table)}
    return {name: word for name, word in words.items() if name not in tables or word not in tables[name].places}


def _looked_at(
    table: pd.DataFrame, options: argparse.Namespace, hierarchies: Mapping[str, Hierarchy] | None
) -> pd.DataFrame:
    """Return the table with numbers and days as such; quasi-identifiers whose values a table lists are its texts."""
    listed = [name for name, one in (hierarchies or {}).items() if isinstance(one.source, Table)]
    exactly = options.method == "local"  # which leaves single cells as they are
    taken = [] if options.method == "cells" else [name for name in options.qi if name not in listed]
    numbers = {name: as_number(table[name], exactly=exactly) for name in taken}
    numbers |= {name: as_number(table[name]) for name in _aggregates(options) or () if name in table}
    return table.assign(**{name: as_value(table[name]) for name in _others(table, options)}, **numbers)


def _as_they_came(
    out: Anonymized, table: pd.DataFrame, options: argparse.Namespace, absent: Mapping[str, str]
) -> pd.DataFrame:
    """Return the result with the file's texts in all columns that were not generalized, and its words for missing."""
    whole = [name for name in options.qi if options.method == "optimal" and out.levels_.get(name) == 0]
    same = {name: table.loc[out.kept_, name].array for name in (*_others(table, options), *whole)}
    words = {
        name: out.frame[name].map(str, na_action="ignore").astype(object).fillna(word)
        for name, word in absent.items()
        if name not in whole
    }
    return without_traces(out.frame.assign(**same, **words))


def summary(out: Anonymized) -> dict[str, Any]:
    """Return the result's figures as JSON values."""
    left = out.leaving_
    errors = {name: one.mean_squared_error for name, one in out.report.aggregates.items()}
    return {
        "levels": out.levels_,
        "suppressed": out.suppressed_,
        "loss": out.loss_,
        "utility": out.utility,
        "optimal": bool(out.optimal_),
        "proposed": list(out.proposed_),
        **({"mean_squared_errors": errors} if errors else {}),
        "direct_identifiers_left": list(left.direct),
        "told_again": {twin: list(quasi) for twin, quasi in out.twins_.items()},
        "other_columns_left": {"quasi": list(left.quasi), "sensitive": list(left.sensitive), "other": list(left.other)},
    }
