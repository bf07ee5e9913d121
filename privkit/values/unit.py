"""The privacy unit: what one protected person is in a table."""

from __future__ import annotations

from dataclasses import dataclass

from privkit.errors import ParameterError


@dataclass(frozen=True, slots=True)
class PrivacyUnit:
    """A row, or all rows with one id.

    Attributes
    ----------
    column : str or None
        The id's column; None where every row is a person of its own.
    """

    column: str | None = None

    @property
    def is_row(self) -> bool:
        """Whether one row is one person."""
        return self.column is None

    def __str__(self) -> str:
        """Return whom the unit protects, in words."""
        return "one row" if self.column is None else f"all rows of one {self.column!r}"

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return "pk.ROW" if self.column is None else f"unit={self.column!r}"


#: Every row is a person of its own. It must be said: ``unit=pk.ROW``.
ROW = PrivacyUnit()


def privacy_unit(unit: object, function: str = "open_project") -> PrivacyUnit:
    """Return the unit that the user named, by ``pk.ROW`` or a column.

    Raises
    ------
    ParameterError
        For None and for anything that names neither.

    Examples
    --------
    >>> privacy_unit("customer_id").column
    'customer_id'
    """
    if isinstance(unit, PrivacyUnit):
        return unit
    if isinstance(unit, str) and unit:
        return PrivacyUnit(unit)
    raise ParameterError.of(
        function,
        "unit",
        "None" if unit is None else f"a {type(unit).__name__}",
        "the column that tells persons apart, or pk.ROW",
        "It says whom the budget protects. Examples: unit='customer_id'; unit=pk.ROW if one row is one person.",
    )
