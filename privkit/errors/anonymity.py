"""Errors about criteria and the roles of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privkit.errors.base import PrivkitError

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    def of(cls, function: str, column: str, roles: tuple[str, str], hint: str) -> RoleConflictError:
        """Say that `column` stands in both of the arguments `roles`; `hint` says why it cannot."""
        error = cls(f"{function}() got column {column!r} as {roles[0]} and as {roles[1]}. {hint}")
        error.column, error.roles = column, roles
        return error

    @classmethod
    def sensitive(cls, function: str, column: str, qi: Sequence[str]) -> RoleConflictError:
        """Refuse a sensitive attribute among the quasi-identifiers."""
        rest = [name for name in qi if name != column]
        hint = (
            "Within a class all quasi-identifiers are equal, so it would have one value in each class. "
            f"Leave it out of qi: {rest!r}."
        )
        return cls.of(function, column, ("qi", "sensitive"), hint)

    @classmethod
    def unit(cls, function: str, column: str, qi: Sequence[str]) -> RoleConflictError:
        """Refuse a column that tells persons apart among the quasi-identifiers."""
        rest = [name for name in qi if name != column]
        hint = f"A class by {column!r} holds one person by construction. Leave it out of qi: {rest!r}."
        return cls.of(function, column, ("qi", "unit"), hint)
