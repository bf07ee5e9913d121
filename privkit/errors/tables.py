"""Errors about books of tables: what they need to be planned. None of them involves data or budget."""

from __future__ import annotations

from collections.abc import Sequence

from privkit.errors.arguments import KeysError, ParameterError
from privkit.errors.calls import called
from privkit.errors.root import listed


class TablesError(ParameterError):
    """The tables that were asked for cannot be planned, or a table is asked that the release does not hold."""

    @classmethod
    def shape(cls, found: str) -> TablesError:
        """What was given as tables is something else."""
        error = cls(
            f"{called()} got tables {found}, but tables must be a list of tuples of columns, or leave it out and give "
            "order= and columns=. Examples: tables=[('sex', 'age_band'), ('city',)]; order=2, columns=['sex', 'city']."
        )
        error.argument = "tables"
        return error

    @classmethod
    def twice(cls, what: str) -> TablesError:
        """A table has a column twice, or is itself named twice."""
        error = cls(f"{called()} got {what} twice. A table is a set of columns, and each is asked for once.")
        error.argument = "tables"
        return error

    @classmethod
    def order(cls, found: str, most: int) -> TablesError:
        """The order is no number of columns that there are."""
        error = cls(
            f"{called()} got order={found}, but order must be a whole number from 1 to {most}: of how many columns a "
            "table is made at most. Example: order=2, for all tables of one and two columns."
        )
        error.argument = "order"
        return error

    @classmethod
    def cells(cls, table: str, cells: int, most: int) -> TablesError:
        """The tables have more cells than are planned."""
        error = cls(
            f"{called()}: the tables have {cells:,} cells together, more than {most:,}; the largest is {table}. "
            "Most would be empty, and hold noise alone. Leave it out, or give its columns fewer keys: "
            "derive={'age_band': pk.cut('age', [18, 40, 65])}."
        )
        error.argument = "tables"
        return error

    @classmethod
    def sets(cls, found: int, most: int) -> TablesError:
        """There are more tables than are planned."""
        error = cls(
            f"{called()}: the tables and those within them are {found:,}, more than {most:,}. Ask for fewer columns, "
            "or a smaller order=."
        )
        error.argument = "tables"
        return error

    @classmethod
    def apart(cls) -> TablesError:
        """A person's rows cannot be told apart by two numbers."""
        error = cls(
            f"{called()}: the columns have so many combinations of keys that a person's rows cannot be told apart. "
            "Ask for some of the columns in a release of their own."
        )
        error.argument = "tables"
        return error

    @classmethod
    def persons(cls) -> TablesError:
        """Distinct persons do not add up."""
        error = cls(
            f"{called('of=...')}: tables count rows. Distinct persons do not add up: one who is in two cells is "
            "in their margin once. Count them table by table: dp_count(of='persons')."
        )
        error.argument = "of"
        return error

    @classmethod
    def importance(cls, found: str) -> TablesError:
        """The importance is no dict from tables to numbers."""
        error = cls(
            f"{called()} got importance {found}, but importance must be a dict from tables that are asked for to "
            "numbers above 0; others have 1; or 'cells'. Example: importance={('sex', 'city'): 4}."
        )
        error.argument = "importance"
        return error

    @classmethod
    def not_held(cls, names: Sequence[object], tables: Sequence[str]) -> TablesError:
        """The release holds no table by these columns."""
        few = ", ".join(tables[:6]) + (f" and {len(tables) - 6:,} more" if len(tables) > 6 else "")
        error = cls(
            f"{called()} got {listed(list(names))}, but the release holds {few}, and what lies within one of them."
        )
        error.argument = "columns"
        return error


class LevelsError(KeysError):
    """The public values of a column of a table are missing, or clash with the level for all else."""

    @classmethod
    def required(cls, by: Sequence[str], *, with_delta: bool = True) -> LevelsError:
        """Columns came without their public values."""
        example = {name: ["a", "b"] for name in by}
        first = by[0]
        found = (
            "\nWhere they are not public, find them by a release of their own first, in a project with a δ, and give "
            f"it: found = df.privacy.dp_count({first!r}, delta=1e-7, epsilon=0.1), then keys={{{first!r}: found}}. "
            "What it does not show counts as '(other or missing)'."
        )
        return cls(
            f"{called()} needs keys= for {listed(list(by))}: their values, as a public fact. "
            f"Example: keys={example!r}. A column that is cut needs none: derive={{'band': pk.cut('age', [18, 65])}}."
            + (found if with_delta else "")
        )

    @classmethod
    def reserved(cls, column: str, level: str) -> LevelsError:
        """A value is called like the level for all else."""
        return cls(
            f"{called()} got {level!r} among the keys of {column!r}, which stands for all other values. Rename it."
        )

    @classmethod
    def unknown(cls, names: Sequence[object]) -> LevelsError:
        """Keys were given for what is a column of no table."""
        return cls(f"{called()} got keys for {listed(list(names))}, which no table has. Leave them out.")
