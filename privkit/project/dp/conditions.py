"""A condition as a column: what is true or false for a row, asked of as such."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from privkit.errors import ParameterError
from privkit.tally.predicate import check_selection
from privkit.values.expression.parsing import parsed
from privkit.values.expression.selection import selection


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
