"""Checking the columns of a report before a row is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privkit.errors import ParameterError
from privkit.errors.anonymity import RoleConflictError
from privkit.tally.frame import column_names, open_frame

if TYPE_CHECKING:
    from collections.abc import Sequence


def quasi_identifiers(data: object, qi: str | Sequence[str], function: str, *, unit: object = None) -> tuple[str, ...]:
    """Return the quasi-identifiers as names of columns that the frame has.

    Reads the schema, never a row.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    RoleConflictError
        If `unit` is one of them.
    """
    columns = column_names(qi, function, "qi")
    open_frame(data, function, columns, "qi")
    if unit is None:
        return columns
    one_column(data, unit, function, "unit")
    if unit in columns:
        raise RoleConflictError.unit(function, str(unit), columns)
    return columns


def sensitive_attribute(data: object, sensitive: object, qi: Sequence[str], function: str) -> str:
    """Return the name of the sensitive attribute, a column that is no quasi-identifier.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, ParameterError
    RoleConflictError
        If it is one of the quasi-identifiers.
    """
    name = one_column(data, sensitive, function, "sensitive")
    if name in qi:
        raise RoleConflictError.sensitive(function, name, qi)
    return name


def one_column(data: object, name: object, function: str, argument: str) -> str:
    """Return the name of one column that the frame has."""
    if not isinstance(name, str):
        raise ParameterError.of(function, argument, f"a {type(name).__name__}", "the name of one column")
    open_frame(data, function, (name,), argument)
    return name
