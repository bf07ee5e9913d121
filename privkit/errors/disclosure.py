"""Errors about tables of counts: what a book of them needs, what is no such table, what contradicts another.

None of them involves budget; those of books no data.
"""

from __future__ import annotations

from collections.abc import Sequence

from privkit.errors.arguments import KeysError, ParameterError
from privkit.errors.calls import called
from privkit.errors.root import PrivkitError, listed

_SHAPE = "Give a pandas frame or Series of counts as pd.crosstab, or df.value_counts(), gives it"


class DisclosureError(PrivkitError, ValueError):
    """Tables of counts could not be checked."""

    @classmethod
    def no_table(cls, place: int, found: str) -> DisclosureError:
        """The table at `place` is `found`, and no frame of counts."""
        return cls(f"{called()} got {found} as table {place + 1}. {_SHAPE}.")

    @classmethod
    def no_tables(cls) -> DisclosureError:
        """There is no table, or none with a count above 0."""
        return cls(f"{called()} found no count above 0 in these tables: there is nothing to suppress. {_SHAPE}.")

    @classmethod
    def totals_named(cls, place: int, name: str, margin: str) -> DisclosureError:
        """The totals of the table at `place` are called `name`, and not `margin`."""
        return cls(
            f"{called()} found that {name!r} in table {place + 1} is the sum of all other categories, while totals are "
            f"those called {margin!r}: taken for a category, it would give away what is suppressed. Say "
            f"margin={name!r}, and call the totals of all tables so; or leave them out."
        )

    @classmethod
    def gaps(cls, place: int, missing: int) -> DisclosureError:
        """`missing` cells of the table at `place` are missing, and nobody says why."""
        return cls(
            f"{called()} found {missing:,} missing {'cell' if missing == 1 else 'cells'} in table {place + 1}. If "
            "nobody is counted there, say so: table.fillna(0), as pd.crosstab does and .unstack() and .pivot_table() "
            "do not. If they were suppressed, give the table as it was before; what it tells as it is: method='audit'."
        )

    @classmethod
    def no_counts(cls, place: int) -> DisclosureError:
        """A cell of the table at `place` is no whole number of at least 0."""
        return cls(
            f"{called()} found cells of table {place + 1} that are no counts: every cell must be a whole number >= 0. "
            "Give the table before anything is suppressed or rounded, and of sums the rows too, rows= and value=: "
            "output_check(table, rows=df, value='turnover', p_percent=10). Weighted counts are not checked. What "
            "tables tell that were published with suppressed cells missing: method='audit'."
        )

    @classmethod
    def no_amounts(cls, column: str) -> DisclosureError:
        """The column that is added up holds something else than whole numbers of at least 0."""
        return cls(
            f"{called()} found amounts in {column!r} that are no whole numbers >= 0, or missing. Tables of sums are "
            "checked in whole numbers, so that every figure is exact: give cents, or round to units, in the rows and "
            "in the tables alike; fill what is missing, df.fillna(0)."
        )

    @classmethod
    def too_great(cls, most: int) -> DisclosureError:
        """An amount, or a total, has more digits than the solver."""
        return cls(f"{called()} found an amount or a total above {most:,}. Give thousands, or millions, of it.")

    @classmethod
    def rows_apart(cls) -> DisclosureError:
        """The tables are not those of the rows."""
        return cls(
            f"{called()} found that these tables are not made of these rows: a cell has another figure, or a row a "
            "category that a table leaves out. Leave rows with a missing category out of both, "
            "df.dropna(subset=[...]). A filter of a table must be a condition on the rows, as 'age >= 30'."
        )

    @classmethod
    def no_ids(cls, column: str) -> DisclosureError:
        """The records' ids are missing, occur twice, or cannot be told apart."""
        return cls(
            f"{called()} found ids in {column!r} that are missing, stand in two rows, or are no text, number or date. "
            "Noise is keyed by record: each row needs an id of its own, which it keeps in every table."
        )

    @classmethod
    def no_names(cls, place: int) -> DisclosureError:
        """The rows or columns of the table at `place` have no name, or two have one name."""
        return cls(
            f"{called()} found rows or columns of table {place + 1} without a name, or one name for two. Cells of "
            "different tables are one by these names: set table.index.names and table.columns.names, as "
            "pd.crosstab(df['a'], df['b']) does by itself."
        )

    @classmethod
    def margin_inside(cls, place: int, margin: str) -> DisclosureError:
        """Some rows of the table at `place` occur twice, or a category has the margin's own name."""
        return cls(
            f"{called()} found a cell of table {place + 1} that stands there twice. Each combination of categories "
            f"has one cell, and the label of totals, margin={margin!r}, is no category: rename one of the two."
        )

    @classmethod
    def contradicting(cls) -> DisclosureError:
        """No people at all have all these counts."""
        return cls(
            f"{called()} found that no people have all these counts: the tables contradict each other, or a margin is "
            "not the sum of its cells. A combination that a table leaves out counts as 0. Missing values leave "
            "crosstab: fill them, df.fillna('missing'), for all tables alike. A table of some of the people needs a "
            "name for who they are, filters=[None, 'age >= 30'], and is read so: who is in 'age >= 40' is in it too. "
            "Another name for the totals is margin='...'."
        )

    @classmethod
    def too_large(cls, cells: int, most: int) -> DisclosureError:
        """All tables together have more joint cells than can be searched."""
        return cls(
            f"{called()} found that these tables together cross into {cells:,} joint cells, and it can search "
            f"{most:,}. Check tables that share columns together and others apart, or join categories."
        )

    @classmethod
    def unsolved(cls) -> DisclosureError:
        """The solver gave no answer to a linear program."""
        return cls(
            f"{called()} could not audit these tables: the solver of linear programs ended without an answer. "
            "Nothing is said of any cell; join categories, or check fewer tables together."
        )


class TablesError(ParameterError):
    """The tables that were asked for cannot be planned, or a table is asked that the release does not hold."""

    @classmethod
    def shape(cls, found: str) -> TablesError:
        """What was given as tables is something else."""
        return cls(
            f"{called()} got tables {found}, but tables must be a list of tuples of columns, or leave it out and give "
            "order= and columns=. Examples: tables=[('sex', 'age_band'), ('city',)]; order=2, columns=['sex', 'city']."
        )._naming("tables")

    @classmethod
    def twice(cls, what: str) -> TablesError:
        """A table has a column twice, or is itself named twice."""
        return cls(f"{called()} got {what} twice. A table is a set of columns, and each is asked for once.")._naming(
            "tables"
        )

    @classmethod
    def order(cls, found: str, most: int) -> TablesError:
        """The order is no number of columns that there are."""
        return cls(
            f"{called()} got order={found}, but order must be a whole number from 1 to {most}: of how many columns a "
            "table is made at most. Example: order=2, for all tables of one and two columns."
        )._naming("order")

    @classmethod
    def cells(cls, table: str, cells: int, most: int) -> TablesError:
        """The tables have more cells than are planned."""
        return cls(
            f"{called()}: the tables have {cells:,} cells together, more than {most:,}; the largest is {table}. "
            "Most would be empty, and hold noise alone. Leave it out, or give its columns fewer keys: "
            "derive={'age_band': pk.cut('age', [18, 40, 65])}."
        )._naming("tables")

    @classmethod
    def sets(cls, found: int, most: int) -> TablesError:
        """There are more tables than are planned."""
        return cls(
            f"{called()}: the tables and those within them are {found:,}, more than {most:,}. Ask for fewer columns, "
            "or a smaller order=."
        )._naming("tables")

    @classmethod
    def work(cls, largest: str, columns: int) -> TablesError:
        """Tables of many columns lie within each other in too many ways."""
        return cls(
            f"{called()}: tables of up to {columns} columns lie within each other in more ways than are planned in "
            f"minutes; the largest is {largest}. Ask for fewer tables, or for tables of fewer columns."
        )._naming("tables")

    @classmethod
    def apart(cls) -> TablesError:
        """A person's rows cannot be told apart by two numbers."""
        return cls(
            f"{called()}: the columns have so many combinations of keys that a person's rows cannot be told apart. "
            "Ask for some of the columns in a release of their own."
        )._naming("tables")

    @classmethod
    def persons(cls) -> TablesError:
        """Distinct persons do not add up."""
        return cls(
            f"{called('of=...')}: tables count rows. Distinct persons do not add up: one who is in two cells is "
            "in their margin once. Count them table by table: dp_count(of='persons')."
        )._naming("of")

    @classmethod
    def importance(cls, found: str) -> TablesError:
        """The importance is no dict from tables to numbers."""
        return cls(
            f"{called()} got importance {found}, but importance must be a dict from tables that are asked for to "
            "numbers above 0; others have 1; or 'cells'. Example: importance={('sex', 'city'): 4}."
        )._naming("importance")

    @classmethod
    def not_held(cls, names: Sequence[object], tables: Sequence[str]) -> TablesError:
        """The release holds no table by these columns."""
        few = ", ".join(tables[:6]) + (f" and {len(tables) - 6:,} more" if len(tables) > 6 else "")
        return cls(
            f"{called()} got {listed(list(names))}, but the release holds {few}, and what lies within one of them."
        )._naming("columns")


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
