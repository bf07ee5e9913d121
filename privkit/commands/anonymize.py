"""``privkit anonymize``: a file in which every class has at least k rows; and where those lie, in memory or a file."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.commands.criteria import add_criteria, criteria_of, given_criteria
from privkit.commands.large import is_large, quoted, reading, relation_of, replaced, write
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


def arguments_anonymize(parser: argparse.ArgumentParser) -> None:
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


def run_anonymize(options: argparse.Namespace) -> int:
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


class Rows(ABC):
    """The rows of a command's file.

    Attributes
    ----------
    absent : dict of str to str
        The word for missing values among numbers and days, of quasi-identifiers that have one.
    searched : dataframe
        What the search looks at: numbers and days as such, without the columns that are left out and in no goal.
    note : str
        What a reader must know of the file that is written.
    """

    absent: dict[str, str]
    searched: Any
    note: str = ""

    def __init__(self, options: argparse.Namespace, hierarchies: Mapping[str, Hierarchy] | None) -> None:
        self.options = options
        sources = {name: one.source for name, one in (hierarchies or {}).items()}
        #: Columns whose values a table lists are its texts.
        self.listed = {name: source for name, source in sources.items() if isinstance(source, Table)}

    @abstractmethod
    def without_counted(self, out: Anonymized) -> Anonymized:
        """Return a result without the columns that are left out, which its goal has counted."""

    @abstractmethod
    def write(self, out: Anonymized) -> None:
        """Write the rows with the file's texts in all columns that were not generalized, and its words for missing."""

    @abstractmethod
    def cells(self, name: str, word: str) -> int:
        """Return how many cells of a column are `word`."""

    def _counted(self) -> list[str]:
        """Return the columns that are left out, but are in the goal: they go when the search has counted them."""
        goal = (self.options.unit, self.options.sensitive)
        return [name for name in self.options.drop if name in goal]

    def _left(self, columns: Sequence[str]) -> list[str]:
        """Return the columns that are searched, after the arguments that name columns were checked."""
        options = self.options
        for argument, named in {"qi": options.qi, "drop": options.drop}.items():
            if missing := [name for name in named if name not in columns]:
                raise ColumnNotFoundError.of(argument, named, missing, list(columns))
        if both := [name for name in options.drop if name in options.qi]:
            rule = f"{', '.join(map(repr, both))} cannot be left out and generalized: take it from --drop or from --qi."
            raise ParameterError.together(["--drop", "--qi"], rule)
        counted = self._counted()
        return [name for name in columns if name not in options.drop or name in counted]

    def _word(self, name: str, values: pd.Series) -> str | None:
        """Return the word for a missing value among the values of a column, unless a table lists it."""
        word = absent_word(values)
        return None if word is None or (name in self.listed and word in self.listed[name].places) else word

    def _whole(self, out: Anonymized) -> list[str]:
        """Return the quasi-identifiers that leave as they came."""
        optimal = self.options.method == "optimal"
        return [name for name in self.options.qi if optimal and out.levels_.get(name) == 0]


class InMemory(Rows):
    """Rows of a table that was read whole."""

    def __init__(
        self, options: argparse.Namespace, hierarchies: Mapping[str, Hierarchy] | None, aggregated: Iterable[str]
    ) -> None:
        super().__init__(options, hierarchies)
        table = read_table(options)
        self.table = table[self._left(list(table.columns))]
        self.aggregated = tuple(aggregated)
        words = {name: self._word(name, self.table[name]) for name in options.qi}
        self.absent = {name: word for name, word in words.items() if word is not None}
        gaps = {name: self.table[name].mask(self.table[name] == word) for name, word in self.absent.items()}
        self.searched = self._valued(self.table.assign(**gaps))

    def _valued(self, table: pd.DataFrame) -> pd.DataFrame:
        exactly = self.options.method == "local"  # which leaves single cells as they are
        taken = [] if self.options.method == "cells" else [name for name in self.options.qi if name not in self.listed]
        numbers = {name: as_number(table[name], exactly=exactly) for name in taken}
        numbers |= {name: as_number(table[name]) for name in self.aggregated if name in table}
        return table.assign(**{name: as_value(table[name]) for name in self._others()}, **numbers)

    def _others(self) -> list[str]:
        """Return the columns that no criterion is about: a sensitive attribute is compared as text."""
        used = (*self.options.qi, self.options.sensitive, self.options.unit, *self.aggregated)
        return [name for name in self.table.columns if name not in used]

    def without_counted(self, out: Anonymized) -> Anonymized:
        """Return a result without the columns that are left out, which its goal has counted."""
        return replace(out, frame=out.frame.drop(columns=self._counted()))

    def write(self, out: Anonymized) -> None:
        """Write the rows; see :class:`Rows`."""
        whole = self._whole(out)
        same = {name: self.table.loc[out.kept_, name].array for name in (*self._others(), *whole)}
        words = {
            name: out.frame[name].map(str, na_action="ignore").astype(object).fillna(word)
            for name, word in self.absent.items()
            if name not in whole
        }
        frame = without_traces(out.frame.assign(**same, **words))
        write_table(frame, self.options.out, self.options.sep, self.options.encoding)

    def cells(self, name: str, word: str) -> int:
        """Return how many cells of a column are `word`."""
        return int((self.table[name] == word).sum())


class InFile(Rows):
    """Rows of a file too large for memory: DuckDB groups them for the search, and recodes and writes them."""

    note = "The file is larger than what is read into memory: its rows were written in another order."

    def __init__(self, options: argparse.Namespace, hierarchies: Mapping[str, Hierarchy] | None) -> None:
        super().__init__(options, hierarchies)
        self.absent = {}
        self.numbers: dict[str, pd.DataFrame] = {}
        with reading(options.file):
            self.connection, self.relation = relation_of(options, self._left)
            for name in options.qi:
                self._read_values(name)
            self.searched = replaced(self.connection, self.relation, self.numbers)

    def _read_values(self, name: str) -> None:
        """Keep a column's word for missing, and what number or day each of its texts is, where all of them are one."""
        values = self.relation.project(quoted(name)).distinct().df()[name]
        word = self._word(name, values)
        if word is not None:
            self.absent[name] = word
            values = values[values != word]
        number = values if name in self.listed else as_number(values)
        if number is not values or word is not None:
            import pandas as pd

            self.numbers[name] = pd.DataFrame({"text": values, "value": number}).dropna()

    def without_counted(self, out: Anonymized) -> Anonymized:
        """Return a result without the columns that are left out, which its goal has counted."""
        left = [quoted(name) for name in out.frame.columns if name not in self._counted()]
        return replace(out, frame=out.frame.project(", ".join(left)))

    def write(self, out: Anonymized) -> None:
        """Write the rows; see :class:`Rows`."""
        back = {name: self.numbers[name] for name in self._whole(out) if name in self.numbers}
        with reading(self.options.file):
            frame = replaced(self.connection, out.frame, {name: one[["value", "text"]] for name, one in back.items()})
            write(frame.project(", ".join(map(self._shown, frame.columns))), self.options.out, self.options.sep)

    def _shown(self, name: str) -> str:
        """Return a column as it is written: its word for what is missing is back."""
        if name not in self.absent:
            return quoted(name)
        word = "'" + self.absent[name].replace("'", "''") + "'"
        return f"coalesce({quoted(name)}::VARCHAR, {word}) AS {quoted(name)}"

    def cells(self, name: str, word: str) -> int:
        """Return how many cells of a column are `word`."""
        import duckdb

        here = duckdb.ColumnExpression(name) == duckdb.ConstantExpression(word)
        with reading(self.options.file):
            return int(self.relation.filter(here).aggregate("count(*)").fetchall()[0][0])


def rows_of(
    options: argparse.Namespace, hierarchies: Mapping[str, Hierarchy] | None, aggregated: Iterable[str]
) -> Rows:
    """Return a command's rows: those of a large file stay in it, where the search and the new file allow it."""
    aggregated = tuple(aggregated)
    stays = options.method == "optimal" and not aggregated
    takes = form(options.out) in ("csv", "parquet") and options.out.suffix not in (".bz2", ".xz")
    if stays and takes and is_large(options):
        return InFile(options, hierarchies)
    return InMemory(options, hierarchies, aggregated)
