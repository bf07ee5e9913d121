"""Errors about statistics under differential privacy: bounds of values, mechanisms, what an accuracy needs."""

from __future__ import annotations

from collections.abc import Sequence

from privkit.errors.arguments import BoundsRequiredError, ParameterError
from privkit.errors.base import PrivkitError, listed


class ValueBoundsRequiredError(BoundsRequiredError):
    """A statistic of values needs their public bounds.

    Attributes
    ----------
    column : str
    """

    column: str = ""

    @classmethod
    def of(cls, function: str, column: str, argument: str = "bounds") -> ValueBoundsRequiredError:
        """`function` of `column` came without bounds."""
        error = cls(
            f"{function}({column!r}) needs {argument}=(lower, upper).\n"
            "They limit what one person can change, so they must come from public knowledge, not from this data "
            f"(df[{column!r}].min() would leak). Values outside are clipped. Example: {argument}=(0, 200_000)."
        )
        error.column = column
        return error


class ValueBoundsError(ParameterError):
    """The bounds of a column's values are no finite interval.

    Attributes
    ----------
    column : str
    """

    column: str = ""

    @classmethod
    def of_column(cls, function: str, column: str, argument: str, found: str) -> ValueBoundsError:
        """`found` says what is wrong with the bounds of `column`."""
        error = cls(
            f"{function}({column!r}) got {argument} {found}, but {argument} must be two finite numbers "
            f"(lower, upper) with lower <= upper, each below 1e150 in size. Example: {argument}=(0, 200_000)."
        )
        error.argument, error.column = argument, column
        return error


class MechanismError(ParameterError):
    """The asked mechanism cannot answer this question in the project's measure.

    Attributes
    ----------
    mechanism : str
    allowed : tuple of str
    """

    mechanism: str = ""
    allowed: tuple[str, ...] = ()

    @classmethod
    def unfit(cls, function: str, mechanism: object, measure: str, allowed: Sequence[str]) -> MechanismError:
        """Only the `allowed` mechanisms fit."""
        shown = repr(mechanism) if isinstance(mechanism, str) else f"a {type(mechanism).__name__}"
        error = cls(
            f"{function}() got mechanism={shown}, but for this statistic in a project that counts in {measure} "
            f"it must be one of {listed(allowed)}, or left out."
        )
        error.argument, error.mechanism, error.allowed = "mechanism", str(mechanism), tuple(allowed)
        return error


class PriceError(ParameterError):
    """A release was priced in none, in several or in unfitting ways."""

    @classmethod
    def choose(cls, function: str, main: str, *, accuracy: bool) -> PriceError:
        """Neither or both of the two ways to price were given."""
        if not accuracy:
            error = cls(f"{function}(): give {main}=. Example: {main}=0.2.")
        else:
            error = cls(
                f"{function}(): give {main}= or accuracy= (or relative=), one of them. Examples: {main}=0.2; "
                "accuracy=10."
            )
        error.argument = f"{main}, accuracy"
        return error

    @classmethod
    def measure(cls, function: str, argument: str, measure: str, instead: str) -> PriceError:
        """The project's measure has no such amount."""
        error = cls(f"{function}() got {argument}=, but the project counts in {measure}. {instead}")
        error.argument = argument
        return error

    @classmethod
    def needs_rows(cls, function: str, statistic: str, argument: str = "accuracy") -> PriceError:
        """The accuracy of this statistic depends on how many rows there are, which is private."""
        error = cls(
            f"{function}({argument}=...) needs assume_rows=: how accurate a {statistic} is depends on how many rows "
            "each group has, and that is private. Say what you take for granted, from public knowledge. "
            "Example: assume_rows=5_000."
        )
        error.argument = "assume_rows"
        return error

    @classmethod
    def no_reference(cls, function: str, statistic: str) -> PriceError:
        """Nothing is known in advance of which a relative accuracy would be a share."""
        error = cls(
            f"{function}(relative=...): of this {statistic} nothing is known in advance that a relative accuracy would "
            "be a share of. Give accuracy= in its own units."
        )
        error.argument = "relative"
        return error

    @classmethod
    def unreachable(cls, function: str, accuracy: str) -> PriceError:
        """No loss that privkit offers reaches the accuracy."""
        error = cls(f"{function}() cannot reach accuracy={accuracy} at any ε or ρ up to 1000. Ask for less.")
        error.argument = "accuracy"
        return error


class ColumnKindError(PrivkitError, TypeError):
    """A column's declared type does not fit the statistic.

    Attributes
    ----------
    column, dtype : str
    """

    column: str = ""
    dtype: str = ""

    @classmethod
    def numbers(cls, function: str, column: str, dtype: str) -> ColumnKindError:
        """The statistic needs a column of numbers."""
        cure = f"so that it does not depend on the rows: df.astype({{{column!r}: 'float64'}})."
        return cls._of(column, dtype, f"{function}() needs numbers, but column {column!r} has", cure)

    @classmethod
    def dates(cls, function: str, column: str, dtype: str) -> ColumnKindError:
        """The project's unit needs a column of dates."""
        asked = f"{function}() needs dates to tell a row's window, but column {column!r} has"
        return cls._of(column, dtype, asked, f"for instance by pd.to_datetime(df[{column!r}]).")

    @classmethod
    def values(cls, function: str, column: str, dtype: str) -> ColumnKindError:
        """Values of this type cannot be told apart, each by itself."""
        to = "float64" if dtype.startswith("float") else "str"
        return cls._about(
            column,
            dtype,
            f"{function}() reads column {column!r}, but values of its type, {dtype}, are not told apart one by one. "
            f"Declare another first: df.astype({{{column!r}: {to!r}}}), or take its parts as columns of their own.",
        )

    @classmethod
    def zone(cls, function: str, column: str, zone: str) -> ColumnKindError:
        """The rules of the time zone of a column of dates are not known."""
        return cls._about(
            column,
            zone,
            f"{function}() needs dates to tell a row's window, but the rules of column {column!r}'s time zone {zone!r} "
            f"are not known. Convert it first, for instance by df[{column!r}].dt.tz_convert('UTC').",
        )

    @classmethod
    def _of(cls, column: str, dtype: str, asked: str, cure: str) -> ColumnKindError:
        return cls._about(column, dtype, f"{asked} the type {dtype}. Declare its type first, {cure}")

    @classmethod
    def _about(cls, column: str, dtype: str, message: str) -> ColumnKindError:
        error = cls(message)
        error.column, error.dtype = column, dtype
        return error

    @classmethod
    def groups(cls, function: str, column: str, dtype: str) -> ColumnKindError:
        """No group can have a value of this type."""
        return cls._about(
            column,
            dtype,
            f"{function}() groups by text, numbers, booleans, dates or datetimes, but column {column!r} has the type "
            f"{dtype}. Convert it first: df.astype({{{column!r}: 'str'}}).",
        )


class IntervalError(PrivkitError, TypeError):
    """The answer is a choice among candidates, which has no interval."""

    @classmethod
    def of(cls, statistic: str) -> IntervalError:
        """A `statistic` was chosen."""
        return cls(
            f"interval(): a {statistic} is chosen among public candidates, so it has no interval of its own. "
            "How far its rank may be off stands in .plan.accuracy (with assume_rows=) and .plan.notes."
        )


class UnitColumnError(ParameterError):
    """The column that tells persons apart is asked to be grouped by, or to be computed with.

    Attributes
    ----------
    column : str
    """

    column: str = ""

    @classmethod
    def of_unit(cls, function: str, column: str) -> UnitColumnError:
        """`column` is the project's unit."""
        error = cls(
            f"{function}() got {column!r}, which tells persons apart: a group or a value of it is one person. "
            "To count persons: dp_count(of='persons')."
        )
        error.column = column
        return error

    @classmethod
    def of_missing(cls, function: str, column: str) -> UnitColumnError:
        """A value is to stand for missing in `column`, which tells units apart."""
        error = cls(
            f"{function}() got missing with a value for {column!r}, which tells apart what is protected: rows without "
            "one would become rows of a person who has others. Leave it out: rows without one are not counted."
        )
        error.column = column
        return error
