"""Errors about hierarchies, and about criteria that no transformation meets.

Errors about criteria and the roles of columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from privkit.errors.calls import called
from privkit.errors.root import PrivkitError, close_matches, listed

if TYPE_CHECKING:
    from collections.abc import Sequence


class HierarchyError(PrivkitError, ValueError):
    """A hierarchy is malformed, or does not know every value of its column.

    Attributes
    ----------
    column : str or None
        The column, where one is concerned.
    missing : int
        How many distinct values the hierarchy lacks.
    """

    column: str | None = None
    missing: int = 0

    @classmethod
    def unmapped(cls, column: str, missing: int, distinct: int) -> HierarchyError:
        """The hierarchy of `column` lacks `missing` of its `distinct` values."""
        error = cls(
            f"{called()}: the hierarchy of {column!r} lacks {missing} of the {distinct} distinct values "
            "in the column.\n"
            f"List them (they are personal data): hierarchy.missing(df[{column!r}]); "
            "add a row for each, or take hierarchy.or_other('OTHER')."
        )
        error.column, error.missing = column, missing
        return error

    @classmethod
    def ragged(cls, row: int, found: int, expected: int) -> HierarchyError:
        """Row number `row` has another number of levels than the first."""
        return cls(
            f"{called()}: row {row} of the hierarchy has {found} levels, the first row {expected}. "
            "Every value needs one label per level; repeat a label where nothing changes."
        )

    @classmethod
    def encoding(cls, encoding: str) -> HierarchyError:
        """The file is no text in `encoding`."""
        return cls(
            f"{called()}: the file is no text in {encoding}. "
            "Name its encoding: encoding='cp1252', 'latin-1' or 'utf-16'."
        )

    @classmethod
    def empty(cls) -> HierarchyError:
        """The hierarchy has no rows."""
        return cls(f"{called()} got a hierarchy without values. It needs one row per value: value;level 1;...;*")

    @classmethod
    def doubled(cls, count: int) -> HierarchyError:
        """Values occur in several rows with different labels."""
        return cls(
            f"{called()} got a hierarchy in which {count} {'value stands' if count == 1 else 'values stand'} "
            "in several rows with different labels. Keep one row per value."
        )

    @classmethod
    def column_type(cls, column: str, needs: str, found: str) -> HierarchyError:
        """The column holds values that this kind of hierarchy cannot read."""
        error = cls(
            f"{called()}: the hierarchy of {column!r} needs {needs}, but the column holds {found}. "
            f"Convert the column first, or give another hierarchy: hierarchies={{{column!r}: ...}}."
        )
        error.column = column
        return error

    @classmethod
    def too_long(cls, column: str) -> HierarchyError:
        """The column holds numbers that nobody would write out."""
        error = cls(
            f"{called()}: {column!r} holds numbers of more than 400 digits, which are not written out in labels. "
            f"Round the column first, or give another hierarchy: hierarchies={{{column!r}: ...}}."
        )
        error.column = column
        return error

    @classmethod
    def dates(cls, column: str, found: str, *, count: int, distinct: int, written: str | None) -> HierarchyError:
        """`count` of the values are no dates, or are texts that may be read in several ways."""
        asked = "dates, or texts as ISO 8601 writes them (2026-01-31)" if written is None else f"dates as {written!r}"
        error = cls(
            f"{called()}: the hierarchy of {column!r} needs {asked}, but {count} of its {distinct} distinct values "
            f"are none; the column holds {found}.\n"
            "Whether 01/02 is in January or in February is not guessed. Say how they are written: "
            'pk.Hierarchy.dates(format="%d.%m.%Y"); or convert the column to dates first.'
        )
        error.column = column
        return error

    @classmethod
    def level(cls, column: str, level: object, names: Sequence[str]) -> HierarchyError:
        """`level` is none of the levels."""
        error = cls(
            f"{called()} got level {level!r} for {column!r}, but its levels are 0 to {len(names) - 1}: "
            f"{', '.join(f'{number} {name}' for number, name in enumerate(names))}."
        )
        error.column = column
        return error

    @classmethod
    def not_quasi(cls, columns: Sequence[str], qi: Sequence[str]) -> HierarchyError:
        """Hierarchies were given for columns that are not quasi-identifiers."""
        matches = [match for name in columns for match in close_matches(name, qi)]
        error = cls(
            f"{called()} got hierarchies for {listed(columns)}, which are not among the quasi-identifiers "
            f"{listed(qi)}." + (f" Close matches: {listed(matches)}." if matches else "")
        )
        error.column = columns[0]
        return error


class InfeasibleError(PrivkitError, ValueError):
    """No transformation meets the criteria within the suppression limit.

    Attributes
    ----------
    suppressed : int or None
        The records that the node, or the recoding, that the message tells of would suppress.
    limit : int or None
        How many may be suppressed.
    """

    suppressed: int | None = None
    limit: int | None = None

    @classmethod
    def no_node(
        cls,
        criteria: str,
        *,
        suppressed: int,
        limit: int,
        rows: int,
        levels: object,
        least: bool = False,
        everybody: bool = False,
    ) -> InfeasibleError:
        """The nearest that was found suppresses `suppressed` records.

        `least` says that no node suppresses fewer, `everybody` that a criterion lets none be suppressed at all.
        """
        share = suppressed / rows if rows else 0.0
        more = ["a larger suppress=" if suppressed == rows else f"suppress={share + 0.0005:.3f}"]  # all is no way
        ways = [] if everybody or (least and suppressed == rows) else more
        ways += ["weaker criteria", "fewer quasi-identifiers", "or coarser hierarchies"]
        error = cls(
            f"{called()}: no node of the lattice meets {criteria} with at most {limit:,} of {rows:,} records "
            "suppressed.\n"
            f"{'The best one' if least else 'The nearest that was found'}, levels {levels}, would suppress "
            f"{suppressed:,} ({100 * share:.1f} %){'' if least else '; others may need fewer'}.\n"
            f"Ways on: {', '.join(ways)}."
        )
        error.suppressed, error.limit = suppressed, limit
        return error

    @classmethod
    def this_node(cls, criteria: str, *, suppressed: int, limit: int, rows: int, levels: object) -> InfeasibleError:
        """The node that was chosen needs more records gone than may be; of others nothing is known."""
        error = cls(
            f"{called()}: levels {levels} would suppress {suppressed:,} of {rows:,} records so that {criteria} "
            f"holds, and at most {limit:,} may be.\n"
            "Ways on: another node (.nodes() tells which are feasible), a larger suppress= of the lattice, or weaker "
            "criteria."
        )
        error.suppressed, error.limit = suppressed, limit
        return error

    @classmethod
    def none_so_far(cls, criteria: str, reason: str, judged: int) -> InfeasibleError:
        """The search ended early, before it met a node that is feasible."""
        return cls(
            f"{called()}: {reason} after {judged:,} nodes, and none of them meets {criteria} within the suppression "
            "limit. A longer time_limit=, a larger suppress= or weaker criteria may find one."
        )

    @classmethod
    def too_few_rows(cls, k: int, rows: int, what: str = "rows") -> InfeasibleError:
        """`k` is larger than the table."""
        one, space, more = what.partition(" ")
        has = f"{rows} {one.removesuffix('s') if rows == 1 else one}{space}{more}"
        error = cls(
            f"{called(f'k={k}')}: the table has {has}, so that no class can hold {k}. "
            f"Take k of at most {rows}, or collect more data."
        )
        error.suppressed, error.limit = rows, None
        return error

    @classmethod
    def too_few_values(cls, criterion: str, column: str, found: int, rows: int) -> InfeasibleError:
        """No class of the values of the column meets the criterion, even if it holds each equally often."""
        has = "1 value" if found == 1 else f"{found:,} different values"
        error = cls(
            f"{called()}: {column!r} has {has}, so that no class can meet {criterion}: not even one that holds each "
            "equally often does. Weaken it, or name another column."
        )
        error.suppressed, error.limit = rows, None
        return error

    @classmethod
    def too_few_persons(cls, criterion: str, found: int, rows: int) -> InfeasibleError:
        """The whole population is too small for the criterion."""
        error = cls(
            f"{called()}: the population has {found:,} {'person' if found == 1 else 'persons'}, so that no class can "
            f"meet {criterion}. Weaken it, or take a table of a larger population."
        )
        error.suppressed, error.limit = rows, None
        return error


class PromiseBrokenError(PrivkitError, ValueError):
    """New rows, treated as the fitted ones, do not meet the fitted criteria.

    Attributes
    ----------
    rows : int
        How many of the new rows fall short.
    """

    rows: int = 0

    @classmethod
    def of(cls, criteria: str, rows: int, total: int) -> PromiseBrokenError:
        """`rows` of `total` new rows lie in classes that violate the criteria."""
        error = cls(
            f"{called()}: with the fitted levels {rows:,} of {total:,} new rows lie in classes "
            f"that do not meet {criteria}.\n"
            "Ways on: transform(..., broken='suppress') leaves them out, or fit() again on the new rows."
        )
        error.rows = rows
        return error


class RoleConflictError(PrivkitError, ValueError):
    """One column is asked to play two roles that exclude each other.

    Attributes
    ----------
    column : str
        The column.
    roles : (str, str)
        The arguments that name it.
    """

    column: str = ""
    roles: tuple[str, str] = ("", "")

    @classmethod
    def of(cls, column: str, roles: tuple[str, str], hint: str) -> RoleConflictError:
        """Say that `column` is in both of the arguments `roles`; `hint` says why it cannot."""
        error = cls(f"{called()} got column {column!r} as {roles[0]} and as {roles[1]}. {hint}")
        error.column, error.roles = column, roles
        return error

    @classmethod
    def sensitive(cls, column: str, qi: Sequence[str]) -> RoleConflictError:
        """Refuse a sensitive attribute among the quasi-identifiers."""
        why = "Within a class all quasi-identifiers are equal, so it would have one value in each class."
        return cls.among(column, "sensitive", qi, why)

    @classmethod
    def unit(cls, column: str, qi: Sequence[str]) -> RoleConflictError:
        """Refuse a column that tells persons apart among the quasi-identifiers."""
        return cls.among(column, "unit", qi, f"A class by {column!r} holds one person by construction.")

    @classmethod
    def among(cls, column: str, argument: str, qi: Sequence[str], why: str = "") -> RoleConflictError:
        """Refuse a column that `argument` names among the quasi-identifiers, and say which of them are left."""
        rest = [name for name in qi if name != column]
        way = f"Leave it out: qi={rest!r}." if rest else f"Name another column for one: {column!r} is all of qi."
        return cls.of(column, ("qi", argument), f"{why} {way}".strip())
