"""Errors about computing with released numbers. None of them involves data or budget."""

from __future__ import annotations

from collections.abc import Sequence

from privkit.errors.arguments import ParameterError
from privkit.errors.base import PrivkitError, listed


class NotReleasedError(ParameterError, TypeError):
    """What was given is no released number, so its error is unknown.

    Attributes
    ----------
    found : str
    """

    found: str = ""

    @classmethod
    def of_type(cls, function: str, found: str) -> NotReleasedError:
        """`function` got a `found`."""
        error = cls(
            f"{function}() got a {found}, but it computes with released numbers, whose errors are known: "
            "a Release, or what was made of one. Example: df.privacy.dp_count(...)."
        )
        error.argument, error.found = "released", found
        return error


class NotLinearError(PrivkitError, TypeError):
    """A released number is no weighted sum of noisy cells, so its error does not add up.

    Attributes
    ----------
    name : str
    """

    name: str = ""

    @classmethod
    def of(cls, function: str, name: str, others: Sequence[str] = ()) -> NotLinearError:
        """The estimate `name` is no such sum; `others` of the same release are."""
        instead = (
            f"Of the same release, {listed(others)} can be used: .estimate({others[0]!r})."
            if others
            else "Use counts and sums; a mean is their ratio, with its interval in the release itself."
        )
        error = cls(
            f"{function}(): a {name} is no weighted sum of noisy numbers, so errors of sums and ratios of it are not "
            f"known. {instead}"
        )
        error.name = name
        return error


class KeysDifferError(ParameterError):
    """Two released lists do not stand for the same groups.

    Attributes
    ----------
    left, right : int
        How many groups they have.
    """

    left: int = 0
    right: int = 0

    @classmethod
    def of_sizes(cls, function: str, left: int, right: int) -> KeysDifferError:
        """The lists have other keys, or other columns of groups."""
        error = cls(
            f"{function}(): the two sides stand for different groups ({left} and {right} keys). Give two results by "
            "the same columns and keys, or one of them a total."
        )
        error.argument, error.left, error.right = "keys", left, right
        return error


class TotalsError(ParameterError):
    """Released tables do not nest in one another.

    Attributes
    ----------
    columns : tuple of str
    """

    columns: tuple[str, ...] = ()

    @classmethod
    def columns_of(cls, function: str, unknown: Sequence[str], finest: Sequence[str]) -> TotalsError:
        """Some tables are grouped by columns that the finest one does not have."""
        error = cls(
            f"{function}(): {listed(unknown)} cannot be found from the finest table, which is by {listed(finest)}. "
            f"Say how: within={{{unknown[0]!r}: ({finest[0] if finest else '...'!r}, {{fine: coarse, ...}})}}."
        )
        error.argument, error.columns = "within", tuple(unknown)
        return error

    @classmethod
    def keys_of(cls, function: str, by: Sequence[str], missing: int) -> TotalsError:
        """The keys of a coarse table and the groups of the finest one do not match."""
        error = cls(
            f"{function}(): {missing} keys of the table by {listed(by)} and the keys of the finest table do not match. "
            "Every key of one must lie in the other."
        )
        error.argument, error.columns = "parts", tuple(by)
        return error

    @classmethod
    def statistics(cls, function: str, names: Sequence[str]) -> TotalsError:
        """The tables hold different statistics."""
        error = cls(
            f"{function}(): the tables hold {listed(names)}, but one statistic is made consistent at a time. "
            "Give all counts, or all sums."
        )
        error.argument = "parts"
        return error

    @classmethod
    def size(cls, function: str, cells: int, most: int) -> TotalsError:
        """The finest table is larger than a dense least-squares solution takes."""
        error = cls(
            f"{function}(): the finest table has {cells:,} groups; at most {most:,} are taken. Make parts consistent "
            "one by one, or leave the finest table out."
        )
        error.argument = "parts"
        return error
