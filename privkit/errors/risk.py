"""Errors about populations, weights, truth tables, inventories and optional libraries."""

from __future__ import annotations

from collections.abc import Sequence

from privkit.errors.calls import called
from privkit.errors.root import PrivkitError, listed


class PopulationError(PrivkitError, ValueError):
    """A population cannot be one from which the data was drawn.

    Attributes
    ----------
    population, rows : int
        How many persons the population has, and how many the data.
    """

    population: int = 0
    rows: int = 0

    @classmethod
    def smaller(cls, population: int, rows: int) -> PopulationError:
        """The population has fewer persons than the data."""
        error = cls(
            f"{called()} got a population of {population:,}, but the data has {rows:,} "
            f"{'person' if rows == 1 else 'persons'}. The data must be a part of the population: "
            "give the number of persons it was drawn from, or a table of all of them."
        )
        error.population, error.rows = population, rows
        return error


class WeightsError(PrivkitError, ValueError):
    """Sampling weights are no numbers of persons.

    Attributes
    ----------
    column : str
        The column of weights.
    missing, infinite, not_positive : int
        How many rows have no weight, an infinite one, one of zero or below.
    """

    column: str = ""
    missing: int = 0
    infinite: int = 0
    not_positive: int = 0

    @classmethod
    def of(cls, column: str, missing: int, infinite: int, not_positive: int) -> WeightsError:
        """Some rows of `column` hold no weight above 0."""
        found = [
            f"{count:,} {word}"
            for count, word in ((missing, "missing"), (infinite, "infinite"), (not_positive, "zero or negative"))
            if count
        ]
        error = cls(
            f"{called()} got weights={column!r} with {', '.join(found)}. A weight is how many persons of the "
            f"population a row stands for: a finite number > 0. Drop these rows or mend their weights first."
        )
        error.column, error.missing, error.infinite, error.not_positive = column, missing, infinite, not_positive
        return error

    @classmethod
    def type(cls, column: str, dtype: str) -> WeightsError:
        """The column holds no numbers."""
        error = cls(f"{called()} got weights={column!r} of type {dtype}. Weights must be numbers > 0.")
        error.column = column
        return error


class LinkError(PrivkitError, TypeError):
    """Two tables cannot be matched on a column, because their types differ.

    Attributes
    ----------
    column : str
        The column of the data.
    types : (str, str)
        Its type, and that of its partner in the other table.
    """

    column: str = ""
    types: tuple[str, str] = ("", "")

    @classmethod
    def types_differ(cls, column: str, types: tuple[str, str], *, labeled: bool = False) -> LinkError:
        """`column` holds values of another kind than its partner: nothing would match, without a word."""
        way = (
            "One of them holds labels of intervals or hidden characters: bring the other to the same levels, "
            "or compare the values as they were."
            if labeled
            else "Convert one of them, for example both to text, and mind leading zeros."
        )
        error = cls(
            f"{called()} cannot match {column!r}: it is {types[0]} in the data and {types[1]} in the other table, so "
            f"that no value would equal another. {way}"
        )
        error.column, error.types = column, types
        return error


class LinkageError(PrivkitError, RuntimeError):
    """The library that compares two tables fuzzily failed."""

    @classmethod
    def of(cls) -> LinkageError:
        """What the call asked of it could not be done."""
        return cls(
            f"{called('fuzzy=...')} got no answer from Splink. The cause is not told, since its text may hold values. "
            "Ways on: compare fewer columns, or fuzzy={column: 'exact'} for those of unusual values, or exactly "
            "(fuzzy=False)."
        )


class TruthError(PrivkitError, ValueError):
    """A truth table does not say which rows of two tables belong together.

    Attributes
    ----------
    columns : tuple of str
        Its columns.
    """

    columns: tuple[str, ...] = ()

    @classmethod
    def columns_unclear(cls, columns: Sequence[str], left: int, right: int) -> TruthError:
        """`truth` needs one column of each table; it has `left` of the data's and `right` of the other's."""
        error = cls(
            f"{called()} got truth with the columns {listed(columns)}: {left} of them stand in the data alone and "
            f"{right} in the other table alone, where one of each is needed. "
            "Give two columns: the id in the data and the id in the other table, under their names there; "
            "or the name of one id column that both tables have."
        )
        error.columns = tuple(columns)
        return error

    @classmethod
    def misspelled(cls, column: str, near: str) -> TruthError:
        """`column` is in neither table, but a column with nearly its name does, and is not in the truth."""
        error = cls(
            f"{called()} got truth with a column {column!r}, which neither table has; {near!r} stands in one, and not "
            f"in truth. Rename it, truth.rename(columns={{{column!r}: {near!r}}}); or, if it is something else, leave "
            "it out: truth needs two columns alone."
        )
        error.columns = (column,)
        return error

    @classmethod
    def unknown_ids(cls, column: str, ids: int, table: str) -> TruthError:
        """None of the ids in `column` is known in the table that they should point to."""
        error = cls(
            f"{called()} got truth whose {ids:,} ids in {column!r} are all unknown in {table}. "
            "Are they of the same kind, with the same leading zeros and the same pseudonyms?"
        )
        error.columns = (column,)
        return error


class SearchLimitError(PrivkitError, ValueError):
    """A search was asked for more than can be listed in bounded time."""

    @classmethod
    def columns(cls, columns: int, most: int) -> SearchLimitError:
        """There are more columns than the subsets of one size could be walked through."""
        return cls(
            f"{called()} got {columns} columns, where at most {most} are allowed: their subsets are too many. "
            "Choose the columns that others may know; df.privacy.audit() proposes some."
        )


class InventoryError(PrivkitError, ValueError):
    """A data inventory, or what was written to one, is malformed.

    Attributes
    ----------
    problems : tuple of str
        What is wrong, one entry each.
    """

    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, problems: Sequence[str]) -> InventoryError:
        """Tell all `problems` at once."""
        text = "\n".join(f"- {problem}" for problem in problems)
        error = cls(f"{called()} cannot use this inventory:\n{text}")
        error.problems = tuple(problems)
        return error
