"""A small total language for filters and derived columns: row by row, without surprises, never Python code."""

from privkit.values.expression.builders import cut, day, hour, isin, month, prefix, weekday, year
from privkit.values.expression.choosing import lookup, recode, when
from privkit.values.expression.nodes import Expression
from privkit.values.expression.parsing import parsed
from privkit.values.expression.selection import Selection, selection

__all__ = [
    "Expression",
    "Selection",
    "cut",
    "day",
    "hour",
    "isin",
    "lookup",
    "month",
    "parsed",
    "prefix",
    "recode",
    "selection",
    "weekday",
    "when",
    "year",
]
