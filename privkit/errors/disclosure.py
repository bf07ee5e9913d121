"""Errors about tables of counts that are to be published: what is no such table, and tables that contradict another."""

from __future__ import annotations

from privkit.errors.calls import called
from privkit.errors.root import PrivkitError

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
    def no_counts(cls, place: int) -> DisclosureError:
        """A cell of the table at `place` is no whole number of at least 0."""
        return cls(
            f"{called()} found cells of table {place + 1} that are no counts: every cell must be a whole number >= 0. "
            "Give the table before anything is suppressed or rounded, and of sums the rows too, rows= and value=: "
            "output_check(table, rows=df, value='turnover', p_percent=10). Weighted counts are not checked."
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
        """The records' ids are missing, stand twice, or cannot be told apart."""
        return cls(
            f"{called()} found ids in {column!r} that are missing, stand in two rows, or are no text, number or date. "
            "Noise is keyed by record: each row needs an id of its own, which it keeps in every table."
        )

    @classmethod
    def no_names(cls, place: int) -> DisclosureError:
        """The rows or columns of the table at `place` have no name, or one name stands twice."""
        return cls(
            f"{called()} found rows or columns of table {place + 1} without a name, or one name for two. Cells of "
            "different tables are one by these names: set table.index.names and table.columns.names, as "
            "pd.crosstab(df['a'], df['b']) does by itself."
        )

    @classmethod
    def margin_inside(cls, place: int, margin: str) -> DisclosureError:
        """Some rows of the table at `place` stand twice, or a category has the margin's own name."""
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
            "name for who they are, filters=[None, 'age >= 30']; another name for the totals is margin='...'."
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
