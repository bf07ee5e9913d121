"""Names of columns, which in pandas may be any objects, told exactly."""

from __future__ import annotations

from typing import Any

from privkit.tally.cells.scalars import scalar_text, teller_of
from privkit.tally.prints.streams import UntoldError


def column_name(name: object) -> tuple[str, list[Any]]:
    """Return a column's name for reading, and what tells it exactly, as nested lists of text.

    Raises
    ------
    UntoldError
        If it is an object whose type is not one of those that cells may have.

    Examples
    --------
    >>> column_name("zip"), column_name(("a", 1))
    (('zip', ['szip']), ('(a, n1)', ['tuple', ['sa'], ['n1']]))
    """
    import pandas as pd

    if type(name) is str:
        return name, ["s" + name]
    if type(name) is tuple:
        parts = [column_name(part) for part in name]
        return f"({', '.join(label for label, _ in parts)})", ["tuple", *(told for _, told in parts)]
    text = scalar_text(name)
    if text is None and not (name is None or name is pd.NA or name is pd.NaT or teller_of(type(name)) is not None):
        raise UntoldError
    return text or "missing", [text]
