"""Where the rows of ``privkit anonymize`` lie, in memory or in their file: what is searched, and what is written."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from privkit.commands.large import is_large, quoted, reading, relation_of, replaced, write
from privkit.commands.table import absent_word, as_number, as_value, form, read_table, write_table
from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.tally.selection import without_traces
from privkit.transform.hierarchies.ladder import Table

if TYPE_CHECKING:
    import pandas as pd

    from privkit.transform.anonymized import Anonymized
    from privkit.transform.hierarchies.hierarchy import Hierarchy


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
        self,
        options: argparse.Namespace,
        hierarchies: Mapping[str, Hierarchy] | None,
        aggregated: Iterable[str],
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
