"""What a model is told of its columns: public bounds of numbers, public levels and classes.

A condition as a column: what is true or false for a row, asked of as such.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from privkit.dp.question import EVERY_ROW
from privkit.dp.statistics.arranged import canonical_levels
from privkit.errors import DuplicateColumnError, KeysError, ParameterError, ValueBoundsRequiredError
from privkit.errors.root import listed, type_told
from privkit.tally.frame import column_names, engine_of
from privkit.tally.groups import check_key_types, column_kind, dated_keys
from privkit.tally.predicate import check_selection
from privkit.values.bounds import ValueBounds
from privkit.values.expression.parsing import parsed
from privkit.values.expression.selection import selection
from privkit.values.keys import Keys, public_keys
from privkit.values.vouched import PublicValues

if TYPE_CHECKING:
    from privkit.project.known import Known
    from privkit.values.expression.selection import Selection


def condition_column(
    data: object, where: object, argument: str, asking: MutableMapping[str, Any], by: Sequence[str] = ()
) -> str:
    """Return the name of the derived column that is a condition, and enter it in what is asked. Reads the schema.

    Parameters
    ----------
    by : sequence of str
        The columns of the groups, which are derived as they were.

    Raises
    ------
    ExpressionError, ColumnNotFoundError, ParameterError
    """
    condition = parsed(where, argument)
    chosen = selection(condition, asking.get("derive"))
    check_selection(data, chosen)
    name = condition.text()
    name = name if name.startswith("(") else f"({name})"  # a column of true and false has that name itself
    if name in chosen.derived:
        rule = f"derive= has a column {name!r}, which is how the condition is called. Give it another name."
        raise ParameterError.together(["derive"], rule)
    others = asking.get("missing")
    used = {*by, *(others if isinstance(others, Mapping) else ())}
    asking["derive"] = chosen.with_condition(name, used)
    return name


#: More columns than these are not trained on: sums would not be exact.
MOST_COLUMNS = 200
#: Kinds of columns of numbers.
_NUMBERS = ("number", "integer")


def feature_names(x: object) -> tuple[str, ...]:
    """Return the columns that a model knows, each once."""
    names = column_names(x, "x")  # type: ignore[arg-type]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise DuplicateColumnError.in_argument("x", twice)
    if len(names) > MOST_COLUMNS:
        raise ParameterError.of("x", f"{len(names):,} columns", f"at most {MOST_COLUMNS}")
    return names


def _kind(data: object, name: str, chosen: Selection) -> str:
    """Return the kind of a column, derived or not. Reads the schema."""
    if name in chosen.derived:
        return check_selection(engine_of(data), chosen)[name]
    return column_kind(data, name)[0]


def named_keys(keys: object, names: Sequence[str]) -> dict[str, Any]:
    """Return the values that a call names, by column."""
    if keys is None:
        return {}
    if isinstance(keys, PublicValues) and isinstance(keys.values, Mapping):  # vouched for all at once
        return named_keys({name: PublicValues(part, keys.reason) for name, part in keys.values.items()}, names)
    if not isinstance(keys, Mapping):
        raise KeysError.shape(f"as {type_told(keys)}", f"a dict with a list for each column: {{{names[-1]!r}: [...]}}")
    if strange := [name for name in keys if name not in names]:
        raise KeysError.shape(f"for {len(strange):,} other columns", f"for those of x and y: {listed(names)}")
    return dict(keys)


def _public(data: object, name: str, given: object, known: Known, chosen: Selection) -> Keys | None:
    """Return the public values of one column, in the order in which they were named; None where nothing tells them."""
    found = known.keys((name,), given, chosen)
    if found is None:
        return None
    made = public_keys((name,), found)
    if name in chosen.derived:
        return made
    made = dated_keys(data, made)
    check_key_types(data, made)
    return made


def response_classes(data: object, name: str, given: object, known: Known, chosen: Selection = EVERY_ROW) -> Keys:
    """Return the public classes of a column, in the order in which they were named: two at least. Reads the schema.

    Raises
    ------
    KeysError, NotPublicError
    """
    found = _public(data, name, given, known, chosen)
    if found is None and _kind(data, name, chosen) == "boolean":
        found = Keys((name,), ((False,), (True,)))
    if found is None:
        raise KeysError.of_column(name, classes=True)
    if len(found) < 2:
        raise KeysError.shape(f"of one class of {name!r}", f"those that there are: {{{name!r}: ['no', 'yes']}}")
    return found


def feature_columns(  # noqa: PLR0917
    data: object,
    names: Sequence[str],
    bounds: object,
    keys: Mapping[str, Any],
    known: Known,
    chosen: Selection = EVERY_ROW,
) -> dict[str, ValueBounds | Keys]:
    """Return the bounds of each column of numbers, and the levels of each other one. Reads the schema, never a row.

    Raises
    ------
    KeysError, ValueBoundsRequiredError, ValueBoundsError, NotPublicError, ParameterError
    """
    given = given_bounds(bounds, names)
    if both := [name for name in names if name in given and name in keys]:
        raise ParameterError.together(
            ("bounds", "keys"), f"{both[0]!r} has bounds= and keys=: it is a column of numbers, or one of levels."
        )
    found = {name: _column(data, name, given.get(name), keys.get(name), known, chosen) for name in names}
    refuse_constant(found)
    return found


def number_columns(
    data: object, names: Sequence[str], bounds: object, known: Known, chosen: Selection
) -> dict[str, ValueBounds]:
    """Return the bounds of columns that are all of numbers, or of true and false. Reads the schema, never a row.

    Raises
    ------
    ValueBoundsRequiredError, ValueBoundsError, NotPublicError, ParameterError
    """
    given = given_bounds(bounds, names)
    flags = {name: (0, 1) for name in names if name not in given and _kind(data, name, chosen) == "boolean"}
    found = {name: column_bounds(known, name, {**flags, **given}.get(name)) for name in names}
    refuse_constant(found)
    return found


def refuse_constant(columns: Mapping[str, ValueBounds | Keys]) -> None:
    """Refuse bounds that make a column constant."""
    constant = [name for name, of in columns.items() if isinstance(of, ValueBounds) and not of.width]
    if constant:
        raise ParameterError.together(
            ("bounds",), f"the bounds of {constant[0]!r} are equal, so that it is constant: nothing follows from it."
        )


def _column(  # noqa: PLR0917
    data: object, name: str, bounds: object, keys: object, known: Known, chosen: Selection
) -> ValueBounds | Keys:
    """Return the bounds of one column, or its levels: what the call says, else what the project declares."""
    kind = _kind(data, name, chosen)
    if keys is None and bounds is None and kind == "boolean":
        return ValueBounds(0.0, 1.0)
    if bounds is None and not (keys is None and kind in _NUMBERS and known.declares("bounds", name)):
        levels = _public(data, name, keys, known, chosen)
        if levels is not None:
            return canonical_levels(levels)
        if kind not in (*_NUMBERS, "boolean"):
            raise KeysError.of_column(name)
    return column_bounds(known, name, bounds)


def column_bounds(known: Known, name: str, bounds: object) -> ValueBounds:
    """Return the bounds that a call names for one of its columns, else those that the project declares."""
    if bounds is None and not known.declares("bounds", name):
        raise ValueBoundsRequiredError.among(name)
    return known.bounds(name, bounds)


def given_bounds(bounds: object, names: Sequence[str], of: str = "x") -> dict[str, Any]:
    """Return the bounds that a call names, by column.

    Raises
    ------
    ParameterError
        If they are no dict, or of other columns than `names`, which are those `of` some arguments.
    """
    if isinstance(bounds, PublicValues) and isinstance(bounds.values, Mapping):  # vouched for all at once
        bounds = {name: PublicValues(part, bounds.reason) for name, part in bounds.values.items()}
    if bounds is not None and not isinstance(bounds, Mapping):
        example = f"Example: bounds={{{names[0]!r}: (0, 100), ...}}."
        raise ParameterError.of("bounds", type_told(bounds), "a dict of each column's bounds", example)
    given = {} if bounds is None else dict(bounds)
    if strange := [name for name in given if name not in names]:
        told = f"some of other columns: {listed(strange)}"
        raise ParameterError.of("bounds", told, f"those of {of}: {listed(names)}")
    return given
