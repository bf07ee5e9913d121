"""What public calls take, as type checkers and readers see it.

At run time a call says in its own words what does not fit, and tells apart what these types cannot: they are no check.
They stand in one place, so that the same argument is of the same type in every call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date
    from decimal import Decimal
    from fractions import Fraction
    from typing import Any, Protocol, TypeVar, overload
    from uuid import UUID

    import numpy as np
    import pandas as pd
    from narwhals.typing import IntoFrame

    from privkit.values.bounds import ValueBounds
    from privkit.values.expression.nodes import Expression
    from privkit.values.keys import Keys
    from privkit.values.loss import PrivacyLoss
    from privkit.values.vouched import PublicValues

    T_co = TypeVar("T_co", covariant=True)

    class Several(Protocol[T_co]):  # noqa: PLW1641 - a list has no hash
        """A list, tuple or range: a text, which is a sequence of texts to type checkers, is none, nor is an array."""

        @overload
        def __getitem__(self, index: int, /) -> T_co: ...
        @overload
        def __getitem__(self, index: slice, /) -> object: ...
        def __contains__(self, value: object, /) -> bool: ...
        def __len__(self) -> int: ...
        def __iter__(self) -> Iterator[T_co]: ...
        def __reversed__(self) -> Iterator[T_co]: ...
        def __eq__(self, other: object, /) -> bool: ...  # of a Series it is a Series


#: A table of pandas, Polars, Arrow, DuckDB, Ibis or Spark.
Frame: TypeAlias = "IntoFrame"
#: Tables in which the same persons are: one, several, or by their names.
Frames: TypeAlias = "Frame | Sequence[Frame] | Mapping[str, Frame]"
#: Tables of numbers that are to be published.
Tables: TypeAlias = "pd.DataFrame | pd.Series[Any] | Sequence[pd.DataFrame | pd.Series[Any]]"
#: What a person is known by in the column of ids.
Identifier: TypeAlias = "str | int | float | Decimal | date | UUID | bytes | np.integer[Any]"
#: A width, a threshold, an amount.
Quantity: TypeAlias = "int | float | Decimal | Fraction | np.integer[Any] | np.floating[Any]"
#: A share of a whole, or another number that the caller writes down: those of NumPy may be computed from the data.
Share: TypeAlias = "int | float | Decimal | Fraction"
#: How exact an answer is to be; of several statistics one for each, by their names.
Accuracy: TypeAlias = "Quantity | Mapping[str, Quantity]"
#: What is spent of a budget; of a loss, the amount that the argument names.
Amount: TypeAlias = "Quantity | PrivacyLoss"
#: What each analyst may spend: all the same, or by their names; under None who is not named. Keys of a mapping are
#: invariant, and of two mappings none would be inferred, so that keys are of any type.
Allotments: TypeAlias = "Amount | Mapping[Any, Amount]"
#: A condition on single rows, or what is made of one.
Condition: TypeAlias = "str | Expression"
#: Columns made row by row, by their names.
Derivations: TypeAlias = "Mapping[str, str | Expression]"
#: What stands for missing values: "drop", one value, or one for each column.
Fill: TypeAlias = "str | int | float | PublicValues | Mapping[str, str | int | float | PublicValues]"
#: Values of one column that are known to everybody.
Listed: TypeAlias = "Several[Any] | set[Any] | frozenset[Any] | PublicValues"
#: The groups to release: of one column a list, of several a dict of lists or a list of tuples.
Groups: TypeAlias = "Listed | Mapping[str, Listed] | Keys"
#: A day or moment, as a date or a text.
Day: TypeAlias = "date | str"
#: A number, or a day or moment.
Point: TypeAlias = "int | float | Day"
#: The lower and the upper bound of a column of numbers.
Pair: TypeAlias = "tuple[Share | PublicValues, Share | PublicValues] | list[Any] | ValueBounds | PublicValues"
#: The same of a column of numbers, or of days.
Ends: TypeAlias = "Pair | tuple[Day | PublicValues, Day | PublicValues]"
#: Bounds by their columns.
Pairs: TypeAlias = "Mapping[str, Pair]"
#: The edges of bins, or the candidates of a quantile.
Points: TypeAlias = "Several[Point | PublicValues] | PublicValues"
#: Labels of bins, from the lowest upwards.
Labels: TypeAlias = "Several[str | PublicValues] | PublicValues"
#: Names of several columns.
Names: TypeAlias = "Several[str]"
#: Names of several columns, for each of several tables.
NestedNames: TypeAlias = "Several[Several[str] | str]"
#: Values of one column to compare with, each a text, a number or a boolean.
Values: TypeAlias = "Several[str | int | float | PublicValues] | PublicValues"
