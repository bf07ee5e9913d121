"""A hierarchy proposed from a column's type and range, with a note that says so."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from privkit.transform.hierarchies.hierarchy import Hierarchy

if TYPE_CHECKING:
    import pandas as pd

_FEW = 12


def proposal(column: pd.Series) -> Hierarchy:
    """Return intervals for numbers, periods for dates, redaction for codes of one length, else keep-or-star.

    Examples
    --------
    >>> import pandas as pd
    >>> proposal(pd.Series(["8004", "8051", "3012"], name="zip")).note
    'Proposed from the type of zip: text of one length; hides one character more at each level.'
    """
    import pandas as pd

    values = column.dropna()
    name, dtype = column.name, column.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return _noted(Hierarchy.star(), name, "yes or no; keeps the value or hides it")
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return _noted(Hierarchy.dates(), name, "dates; day, month, quarter, year, decade")
    if pd.api.types.is_numeric_dtype(dtype) and values.nunique() > _FEW:
        widths = _widths(float(values.max()) - float(values.min()))
        shown = ", ".join(f"{width:g}" for width in widths)
        return _noted(Hierarchy.intervals(*widths), name, f"numbers; intervals of width {shown}")
    if pd.api.types.is_string_dtype(dtype) and len(values):
        texts = values.astype(str)
        if (
            values.nunique() > _FEW
            and texts.str.len().nunique() == 1
            and 1 < len(texts.iloc[0]) <= 12
            and texts.str.isalnum().all()
        ):
            return _noted(Hierarchy.redact(), name, "text of one length; hides one character more at each level")
        if len(texts.iloc[0]) > 1 and texts.str.fullmatch(r"[0-9]+").all() and texts.str.len().nunique() == 1:
            return _noted(Hierarchy.redact(), name, "text of one length; hides one character more at each level")
    return _noted(Hierarchy.star(), name, "categories; keeps the value or hides it")


def _noted(hierarchy: Hierarchy, name: object, what: str) -> Hierarchy:
    return replace(hierarchy, note=f"Proposed from the type of {name}: {what}.")


def _widths(span: float) -> list[float]:
    """Return about four nested widths, from a twentieth of the span up to about half of it."""
    if not (span > 0 and math.isfinite(span)):
        return [1.0]
    scale = 10 ** math.floor(math.log10(span / 20))
    width = next(step * scale for step in (1, 2, 5, 10) if step * scale >= span / 20)
    widths = [width]
    while widths[-1] * 2 < span:
        widths.append(widths[-1] * 2)
    return widths
