"""Errors about statistics under differential privacy: bounds of values, mechanisms, what an accuracy needs.

Errors about computing with released numbers. None of them involves data or budget.
"""

from __future__ import annotations

from collections.abc import Sequence

from privkit.errors.arguments import BoundsRequiredError, ParameterError
from privkit.errors.calls import called
from privkit.errors.root import PrivkitError, listed, type_told, with_article


class ValueBoundsRequiredError(BoundsRequiredError):
    """A statistic of values needs their public bounds.

    Attributes
    ----------
    column : str
    """

    column: str = ""

    @classmethod
    def of(cls, column: str, argument: str = "bounds") -> ValueBoundsRequiredError:
        """The call of `column` came without bounds."""
        error = cls(
            f"{called(repr(column))} needs {argument}=(lower, upper).\n"
            "They limit what one person can change, so they must come from public knowledge, not from this data "
            f"(df[{column!r}].min() would leak). Values outside are clipped. Example: {argument}=(0, 200_000)."
        )
        error.column = column
        return error

    @classmethod
    def among(cls, column: str) -> ValueBoundsRequiredError:
        """One of several columns came without bounds."""
        error = cls(
            f"{called()} needs the bounds of {column!r}: bounds={{{column!r}: (lower, upper), ...}}.\n"
            "They limit what one person can change, so they must come from public knowledge, not from this data "
            f"(df[{column!r}].min() would leak). Values outside are clipped."
        )
        error.column = column
        return error

    @classmethod
    def dates(cls, column: str) -> ValueBoundsRequiredError:
        """The bounds of a column of dates are missing."""
        error = cls(
            f"{called(repr(column))} needs bounds=(first, last), two days.\n"
            "They must come from public knowledge, not from this data. Example: bounds=('2026-01-01', '2026-12-31')."
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
    def of_column(cls, column: str, argument: str, found: str) -> ValueBoundsError:
        """`found` says what is wrong with the bounds of `column`."""
        error = cls(
            f"{called(repr(column))} got {argument} {found}, but {argument} must be two finite numbers "
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
    def unfit(cls, mechanism: object, measure: str, allowed: Sequence[str], way: str = "") -> MechanismError:
        """Only the `allowed` mechanisms fit; `way` tells how another one would."""
        shown = repr(mechanism) if isinstance(mechanism, str) else type_told(mechanism)
        error = cls(
            f"{called()} got mechanism={shown}, but for this statistic in a project that counts in {measure} "
            f"it must be one of {listed(allowed)}, or left out.{way}"
        )
        error.argument, error.mechanism, error.allowed = "mechanism", str(mechanism), tuple(allowed)
        return error


class PriceError(ParameterError):
    """A release was priced in none, in several or in unfitting ways."""

    @classmethod
    def choose(cls, main: str, *, accuracy: bool) -> PriceError:
        """Neither or both of the two ways to price were given."""
        ways = ", advantage=, accuracy= or relative=, one of them. Examples" if accuracy else ". Example"
        more = "; advantage=0.1; accuracy=10" if accuracy else ""
        return cls(f"{called()}: give {main}={ways}: {main}=0.2{more}.")._naming(f"{main}, accuracy")

    @classmethod
    def measure(cls, argument: str, measure: str, instead: str) -> PriceError:
        """The project's measure has no such amount."""
        return cls(f"{called()} got {argument}=, but the project counts in {measure}. {instead}")._naming(argument)

    @classmethod
    def advantage_needs_delta(cls, measure: str) -> PriceError:
        """What an advantage allows depends on δ, where the measure has one."""
        return cls(
            f"{called('advantage=...')} needs delta=: the project counts in {measure}, and an attacker's advantage "
            "comes from both. Say how much of δ it may be. Examples: delta=1e-7; delta=0."
        )._naming("delta")

    @classmethod
    def advantage_below_delta(cls, advantage: str, delta: str) -> PriceError:
        """δ by itself is an advantage as large."""
        return cls(
            f"{called()} got advantage={advantage} with delta={delta}, but δ by itself allows an advantage of {delta}. "
            "Ask for a larger advantage, or for a smaller δ."
        )._naming("advantage")

    @classmethod
    def advantage_too_small(cls, advantage: str, symbol: str, least: str) -> PriceError:
        """No amount that privkit offers allows as little."""
        return cls(
            f"{called()} got advantage={advantage}, which would need {symbol} below {least}, the least there is. "
            "Example: advantage=0.1."
        )._naming("advantage")

    @classmethod
    def needs_rows(cls, statistic: str, argument: str = "accuracy") -> PriceError:
        """The accuracy of this statistic depends on how many rows there are, which is private."""
        article = "an" if statistic[0] in "aeiou" else "a"
        return cls(
            f"{called(f'{argument}=...')} needs assume_rows=: how accurate {article} {statistic} is depends on how "
            "many rows each group has, and that is private. Say what you take for granted, from public knowledge. "
            "Example: assume_rows=5_000."
        )._naming("assume_rows")

    @classmethod
    def no_accuracy(cls, statistic: str, argument: str, main: str) -> PriceError:
        """What is asked, like a coefficient of a model, has no accuracy by which it could be priced."""
        return cls(
            f"{called(f'{argument}=...')}: {statistic!r} has no interval, so that no price follows from its accuracy. "
            f"Give {main}= in its place. Example: {main}=1."
        )._naming(argument)

    @classmethod
    def of_ranks(cls, accuracy: str) -> PriceError:
        """The accuracy of a quantile is a share of ranks, and this is more than any rank can be off."""
        return cls(
            f"{called(f'accuracy={accuracy}')}: the accuracy of a quantile is a share of ranks, at most 0.5: with "
            "0.01 its rank is within 1 % of the rows at 95 %. In the unit of the column the answer has an interval. "
            "Example: accuracy=0.01."
        )._naming("accuracy")

    @classmethod
    def no_reference(cls, statistic: str) -> PriceError:
        """Nothing is known in advance of which a relative accuracy would be a share."""
        return cls(
            f"{called('relative=...')}: of this {statistic} nothing is known in advance that a relative accuracy would "
            "be a share of. Give accuracy= in its own units."
        )._naming("relative")

    @classmethod
    def unreachable(cls, accuracy: str, rows: int | None = None) -> PriceError:
        """No loss that privkit offers reaches the accuracy: with the rows that are assumed, if any are."""
        few = "" if rows is None else f" with {rows:,} rows, which may tell no more even without noise"
        return cls(
            f"{called()} cannot reach accuracy={accuracy}{few}, at any ε or ρ up to 1000. Ask for a larger accuracy=, "
            f"half the width of a wider interval{'' if rows is None else '; or assume more rows, if there are'}."
        )._naming("accuracy")


class IntervalError(PrivkitError, TypeError):
    """The answer was chosen by noisy numbers, or computed of them, and has no interval."""

    @classmethod
    def of(cls, statistic: str, others: Sequence[str] = ()) -> IntervalError:
        """A `statistic` has none; `others` of the same release have one."""
        known = (
            f" {listed(others)} of the same release can be asked: .estimate({others[0]!r}).interval()."
            if others
            else ""
        )
        return cls(
            f"{called()}: {statistic!r} has no interval of its own, since it is chosen by noisy numbers or computed of "
            "them. What is known of its error stands in .plan.notes, and where an accuracy is told (of some with "
            f"assume_rows=) in .plan.accuracy.{known}"
        )


class UnitColumnError(ParameterError):
    """The column that tells persons apart is asked to be grouped by, or to be computed with.

    Attributes
    ----------
    column : str
    """

    column: str = ""

    @classmethod
    def of_unit(cls, column: str) -> UnitColumnError:
        """`column` is the project's unit."""
        error = cls(
            f"{called()} got {column!r}, which tells persons apart: a group or a value of it is one person. "
            "To count persons: dp_count(of='persons')."
        )
        error.column = column
        return error

    @classmethod
    def of_missing(cls, column: str) -> UnitColumnError:
        """A value is to stand for missing in `column`, which tells units apart."""
        error = cls(
            f"{called()} got missing with a value for {column!r}, which tells apart what is protected: rows without "
            "one would become rows of a person who has others. Leave it out: rows without one are not counted."
        )
        error.column = column
        return error


class NotReleasedError(ParameterError, TypeError):
    """What was given is no released number, so its error is unknown.

    Attributes
    ----------
    found : str
    """

    found: str = ""

    @classmethod
    def of_type(cls, found: str) -> NotReleasedError:
        """The call got a `found`."""
        error = cls(
            f"{called()} got {with_article(found)}, but it computes with released numbers, whose errors are known: "
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
    def of(cls, name: str, others: Sequence[str] = ()) -> NotLinearError:
        """The estimate `name` is no such sum; `others` of the same release are."""
        instead = (
            f"Of the same release, {listed(others)} can be used: .estimate({others[0]!r})."
            if others
            else "Use counts and sums; a mean is their ratio, with its interval in the release itself."
        )
        error = cls(
            f"{called()}: {with_article(name)} is no weighted sum of noisy numbers, so errors of sums and ratios of "
            f"it are not known. {instead}"
        )
        error.name = name
        return error

    @classmethod
    def of_several(cls, names: Sequence[str], others: Sequence[str]) -> NotLinearError:
        """The answer is several numbers, of which `others` are such sums."""
        which = (
            f"Of these {listed(others)} can be computed with, by name: .estimate({others[0]!r})."
            if others
            else ("None of them is a weighted sum of noisy numbers, whose errors add up; each has its interval.")
        )
        return cls(f"{called()}: the answer is several numbers: {listed(names)}. {which}")

    @classmethod
    def of_tables(cls) -> NotLinearError:
        """The answer is several tables."""
        return cls(f"{called()}: the answer is several tables. Take one of them: .total('a', 'b'), by its columns.")

    @classmethod
    def of_dates(cls, name: str) -> NotLinearError:
        """The estimate `name` is a date."""
        error = cls(
            f"{called()}: {with_article(name)} of dates is a date, with which nothing is computed. Take .interval()."
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
    def of_sizes(cls, left: int, right: int) -> KeysDifferError:
        """The lists have other keys, or other columns of groups."""
        error = cls(
            f"{called()}: the two sides stand for different groups ({left} and {right} keys). Give two results by "
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
    def columns_of(cls, unknown: Sequence[str], finest: Sequence[str]) -> TotalsError:
        """Some tables are grouped by columns that the finest one does not have."""
        error = cls(
            f"{called()}: {listed(unknown)} cannot be found from the finest table, which is by {listed(finest)}. "
            f"Say how: within={{{unknown[0]!r}: ({finest[0] if finest else '...'!r}, {{fine: coarse, ...}})}}."
        )
        error.argument, error.columns = "within", tuple(unknown)
        return error

    @classmethod
    def keys_of(cls, by: Sequence[str], missing: int) -> TotalsError:
        """The keys of a coarse table and the groups of the finest one do not match."""
        error = cls(
            f"{called()}: {missing} keys of the table by {listed(by)} and the keys of the finest table do not match. "
            "Every key of one must lie in the other."
        )
        error.argument, error.columns = "parts", tuple(by)
        return error

    @classmethod
    def statistics(cls, names: Sequence[str]) -> TotalsError:
        """The tables hold different statistics."""
        return cls(
            f"{called()}: the tables hold {listed(names)}, but one statistic is made consistent at a time. "
            "Give all counts, or all sums."
        )._naming("parts")

    @classmethod
    def size(cls, cells: int, most: int) -> TotalsError:
        """The finest table is larger than a dense least-squares solution takes."""
        return cls(
            f"{called()}: the finest table has {cells:,} groups; at most {most:,} are taken. Make parts consistent "
            "one by one, or leave the finest table out."
        )._naming("parts")
