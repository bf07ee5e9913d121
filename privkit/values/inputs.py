"""What public calls take, as type checkers and readers see it.

At run time a call says in its own words what does not fit, and tells apart what these types cannot: they are no check.
They stand in one place, so that the same argument is of the same type in every call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal
    from fractions import Fraction
    from typing import Any

    import pandas as pd
    from narwhals.typing import IntoFrame

    from privkit.values.bounds import ValueBounds
    from privkit.values.expression.nodes import Expression
    from privkit.values.keys import Keys
    from privkit.values.loss import PrivacyLoss
    from privkit.values.vouched import PublicValues

#: A table of pandas, Polars, Arrow, DuckDB, Ibis or Spark.
Frame: TypeAlias = "IntoFrame"
#: Tables in which the same persons are: one, several, or by their names.
Frames: TypeAlias = "Frame | Sequence[Frame] | Mapping[str, Frame]"
#: Tables of numbers that are to be published.
Tables: TypeAlias = "pd.DataFrame | pd.Series[Any] | Sequence[pd.DataFrame | pd.Series[Any]]"
#: What a person is known by in the column of ids.
Identifier: TypeAlias = "str | int | float | Decimal | date"
#: A share, a width, a threshold.
Quantity: TypeAlias = "int | float | Decimal | Fraction"
#: What is spent of a budget; of a loss, the amount that the argument names.
Amount: TypeAlias = "Quantity | PrivacyLoss"
#: What each analyst may spend: all the same, or by their names.
Allotments: TypeAlias = "Amount | Mapping[str, Amount]"
#: A condition on single rows, or what is made of one.
Condition: TypeAlias = "str | Expression"
#: Columns made row by row, by their names.
Derivations: TypeAlias = "Mapping[str, str | Expression]"
#: What stands for missing values: "drop", one value, or one for each column.
Fill: TypeAlias = "str | int | float | bool | Mapping[str, str | int | float | bool] | PublicValues"
#: Values of one column that are known to everybody.
Listed: TypeAlias = "list[Any] | tuple[Any, ...] | range | set[Any] | frozenset[Any] | PublicValues"
#: The groups to release: of one column a list, of several a dict of lists or a list of tuples.
Groups: TypeAlias = "Listed | Mapping[str, Listed] | Keys"
#: A number, or a day or moment as a date or a text.
Point: TypeAlias = "int | float | Decimal | Fraction | date | str"
#: The lower and the upper bound of a column.
Pair: TypeAlias = "tuple[Point | PublicValues, Point | PublicValues] | list[Point] | ValueBounds | PublicValues"
#: Bounds by their columns.
Pairs: TypeAlias = "Mapping[str, Pair]"
#: The edges of bins, or the candidates of a quantile.
Points: TypeAlias = "Sequence[Point] | PublicValues"
