"""What a question selects: derived columns, a filter, and what becomes of missing values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.values.expression.left_out import LEFT_OUT, MISSING, counted_as, left_out_notes, notes_of
from privkit.values.expression.nodes import DatePart, Expression, Literal, Scalar, inlined, normal
from privkit.values.expression.parsing import parsed
from privkit.values.vouched import vouched

DROP = "drop"


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows and columns that a question is asked of: no data.

    Columns are derived first, from the frame's own; then rows are kept where the filter is True; then missing values
    are left out or replaced.

    Attributes
    ----------
    where : Expression or None
        The filter, over the frame's columns and the derived ones.
    derive : tuple of (name, Expression)
        The derived columns, by name.
    missing : tuple of (name, value or None)
        What stands for missing in a column; None: rows without a value are left out.
    """

    where: Expression | None = None
    derive: tuple[tuple[str, Expression], ...] = ()
    missing: tuple[tuple[str, Scalar | None], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is selected at all."""
        return self.where is not None or bool(self.derive) or bool(self.missing)

    @property
    def derived(self) -> tuple[str, ...]:
        """The names of the derived columns."""
        return tuple(name for name, _ in self.derive)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the frame that it reads."""
        if not self:
            return ()
        read = {column for _, expression in self.derive for column in expression.columns}
        read |= set(self.where.columns if self.where is not None else ()) - set(self.derived)
        return tuple(sorted(read | {name for name, _ in self.missing} - set(self.derived)))

    def used_by(self, columns: Iterable[str]) -> Selection:
        """Return the selection without what makes no difference to a statistic that reads these `columns`.

        *Claim.* Rows and cells of the columns stay the same. *Proof.* A derived column is made of the frame's own, so
        nothing but the filter, what stands for its missing values, and the statistic reads it. A value that stands for
        missing is put in after the filter, so that only the statistic reads it; leaving out rows without one stays. ∎
        """
        if not self:
            return self
        read = set(columns)
        missing = tuple((name, value) for name, value in self.missing if value is None or name in read)
        read |= set(() if self.where is None else self.where.columns) | {name for name, _ in missing}
        derive = tuple((name, expression) for name, expression in self.derive if name in read)
        return replace(self, derive=derive, missing=missing)

    def fills(self, column: str) -> bool:
        """Whether a value stands for a column's missing ones."""
        return any(name == column and value is not None for name, value in self.missing)

    def with_condition(self, name: str, used: Iterable[str]) -> dict[str, Expression]:
        """Return the derived columns with one more, the filter itself, made of the frame's own columns.

        It is told of a row before anything stands for its missing values, as a filter is. A column that it alone names
        is left out, unless it is among those `used`.
        """
        assert self.where is not None
        made, kept = dict(self.derive), set(used)
        left = {one: each for one, each in made.items() if one in kept or one not in self.where.columns}
        return {**left, name: inlined(self.where, made)}

    @property
    def parts_of_dates(self) -> frozenset[str]:
        """The derived columns that are parts of dates."""
        return frozenset(name for name, expression in self.derive if isinstance(expression, DatePart))

    def labels(self, column: str) -> tuple[Scalar, ...] | None:
        """Return the public keys that a derived column has by its making, as a cut has its labels; else None."""
        expression = dict(self.derive).get(column)
        if expression is None or (found := expression.brings) is None:
            return None
        extra = dict(self.missing).get(column)
        return found if extra is None or extra in found else (*found, extra)

    def notes(self, used: Iterable[str], kept: Iterable[str] = ()) -> tuple[str, ...]:
        """Say what becomes of rows with missing values, in the filter and in the derived columns that are `used`.

        Parameters
        ----------
        used : iterable of str
            The columns that the statistic reads.
        kept : iterable of str
            Those among them of which missing values make a group.
        """
        if not self:
            return ()
        made, fates, kept = dict(self.derive), dict.fromkeys(used, LEFT_OUT), set(kept)
        told = notes_of(self.where, made, fates)
        fates |= {name: MISSING for name in fates if name in kept}
        fates |= {name: counted_as(value) for name, value in self.missing if name in fates}
        fates |= dict.fromkeys(() if self.where is None else self.where.columns, MISSING)  # it is looked at before
        each = (left_out_notes(name, made[name], fate) for name, fate in fates.items() if name in made)
        return (*told, *(note for notes in each for note in notes))

    def canonical(self) -> dict[str, object]:
        """Return the selection as JSON values, the same for every way of saying the same."""
        return {
            "where": None if self.where is None else self.where.canonical(),
            "derive": {name: expression.canonical() for name, expression in self.derive},
            "missing": {
                name: "drop" if value is None else normal(Literal(value)).text() for name, value in self.missing
            },
        }


def selection(
    where: object = None, derive: object = None, missing: object = None, *, column: str | None = None
) -> Selection:
    """Return what the arguments `where=`, `derive=` and `missing=` select; not yet checked against a frame.

    Parameters
    ----------
    where : str or Expression, optional
    derive : dict of name → str or Expression, optional
    missing : "drop", a value, or a dict of column → one of them, optional
        Without a dict it is about `column`.
    column : str, optional
        The column that the statistic is about.

    Raises
    ------
    ExpressionError, ParameterError

    Examples
    --------
    >>> chosen = selection("age_band == 'old'", {"age_band": "age >= 65"})
    >>> chosen.columns, chosen.derived
    (('age',), ('age_band',))
    """
    filtering = None if where is None else parsed(where, "where")
    return Selection(filtering, _derived(derive), _missing(missing, column))


def _derived(derive: object) -> tuple[tuple[str, Expression], ...]:
    if derive is None:
        return ()
    if not isinstance(derive, Mapping) or any(not isinstance(name, str) or not name for name in derive):
        raise ParameterError.of(
            "derive",
            type_told(derive),
            "a dict of name: expression",
            "Example: {'year': pk.year('joined')}.",
        )
    return tuple((name, parsed(derive[name], f"derive[{name!r}]")) for name in sorted(derive))


def _missing(missing: object, column: str | None) -> tuple[tuple[str, Scalar | None], ...]:
    if missing is None:
        return ()
    if not isinstance(missing, Mapping):
        if column is None:
            raise ParameterError.of(
                "missing",
                type_told(missing),
                "a dict of column: 'drop' or a value",
                "Example: {'plan': 'none'}.",
            )
        missing = {column: missing}
    given: Mapping[object, object] = vouched(missing)[0]
    plain: list[tuple[str, Scalar | None]] = []
    for name in sorted(given, key=str):
        value = given[name]
        if not isinstance(name, str) or not isinstance(value, str | int | float) or value != value:  # noqa: PLR0124
            allowed = "a dict of column: 'drop', text, a number or a boolean"
            raise ParameterError.of("missing", f"a dict with {type_told(value)}", allowed)
        plain.append((name, None if value == DROP else value))
    return tuple(plain)
