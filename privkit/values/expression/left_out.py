"""Which rows a derived column leaves without a value, told from how it was typed: never from rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from privkit.values.expression.builders import interval
from privkit.values.expression.choosing import Recode, When
from privkit.values.expression.days import DateCut
from privkit.values.expression.nodes import Both, Cut, Expression, IsMissing, Scalar

#: So many bins are named.
_FEW = 4
#: What becomes of a row without a value.
LEFT_OUT, MISSING = "are left out", "are missing in it"
#: Of a part of a condition: "false and missing" is false.
_DECIDES = ", unless the rest of the condition decides"


def left_out_notes(name: str, expression: Expression, fate: str) -> tuple[str, ...]:
    """Say which rows have no value in a derived column, beside those in which what it is made of is missing.

    Parameters
    ----------
    name : str
        The derived column.
    fate : str
        What becomes of them: :data:`LEFT_OUT`, :data:`MISSING`, or what :func:`counted_as` says.

    Examples
    --------
    >>> from privkit.values.expression.builders import cut
    >>> left_out_notes("band", cut("age", [0, 18, 65]), LEFT_OUT)[0][:85]
    "'band': bins [0, 18), [18, 65); numbers below 0, from 65 on, and missing ones are lef"
    """
    return tuple(f"{name!r}: {told}" for told in _told(expression, fate))


def counted_as(value: Scalar | None) -> str:
    """Return what becomes of rows without a value where something stands for it."""
    return LEFT_OUT if value is None else f"count as {value!r}"


def _told(expression: Expression, fate: str) -> Iterator[str]:
    match expression:
        case When():
            if expression.other is None:
                way = "" if expression.is_closed else "; .otherwise(value) takes them"
                yield f"rows that meet no condition of when() {fate}{way}"
            return  # what its conditions are made of has no say in whether there is a value
        case IsMissing():
            return
        case Both():
            fate = fate if fate.endswith(_DECIDES) else f"{fate}{_DECIDES}"
        case Recode():
            yield _recoded(expression, fate)
        case Cut():
            yield _cut(expression, fate)
        case DateCut():
            yield _windows(expression, fate)
    for part in expression.parts():
        yield from _told(part, fate)


def _recoded(expression: Recode, fate: str) -> str:
    call = "recode()" if expression.reason is None else "lookup()"
    if expression.other is not None:
        return f"missing values stay missing in {call}, beside other= too, and {fate}"
    return f"values that {call} does not name, and missing ones, {fate}; other= takes the former"


def _cut(expression: Cut, fate: str) -> str:
    edges, right = expression.edges, expression.right
    names = [
        found if found == label else f"{label} = {found}"
        for label, found in zip(expression.labels, (interval(*ends, right) for ends in pairwise(edges)), strict=True)
    ]
    low, high = _number(edges[0]), _number(edges[-1])
    outside = [] if math.isinf(edges[0]) else [f"{low} and below" if right else f"below {low}"]
    outside += [] if math.isinf(edges[-1]) else [f"above {high}" if right else f"from {high} on"]
    numbers = f"numbers {', '.join(outside)}, and missing ones" if outside else "missing numbers"
    other = "" if right or math.isinf(edges[-1]) else f"; with right=True a bin has its upper edge, {high} too"
    return f"bins {_few(names)}; {numbers} {fate}{other}"


def _windows(expression: DateCut, fate: str) -> str:
    first, after = expression.edges[0], date.fromisoformat(expression.edges[-1])
    many = len(expression.labels)
    each = f"whole {expression.every}" if expression.every else "bin"
    bins = f"{many:,} {each}{'' if many == 1 else 's'}"
    last = (after - timedelta(days=1)).isoformat()
    return f"{bins}: the first begins on {first}, the last ends on {last}; other days, and missing ones, {fate}"


def _few(names: list[str]) -> str:
    return ", ".join(names if len(names) <= _FEW else [*names[: _FEW - 2], "…", names[-1]])


def _number(edge: float) -> str:
    return f"{edge:g}" if float(f"{edge:g}") == edge else repr(edge)
