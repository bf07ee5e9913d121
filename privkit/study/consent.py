"""Consent: the rows that a purpose may use."""

from __future__ import annotations

from datetime import date
from typing import Any

from privkit.errors import ParameterError
from privkit.study.inventory.inventory import day
from privkit.tally.selection import eager_frame, ids_consenting, kept_rows, rows_consenting, rows_in
from privkit.values.arguments import typed


@typed
def consented(
    data: Any,
    purpose: str,
    *,
    column: str = "consent",
    consents: object = None,
    on: str | None = None,
    today: date | str | None = None,
) -> Any:
    """Return the rows whose consent covers a purpose, in a new frame of the same kind. Missing is no consent.

    Reads rows; spends nothing. A purpose that no consent names gives a table without rows.

    Parameters
    ----------
    data : dataframe
        pandas or eager Polars.
    purpose : str
        As the consents name it, exactly.
    column : str
        Where the consent of a row stands: texts of purposes between ``;``, ``,`` or ``|``, lists of them, or true and
        false. Not used with `consents`.
    consents : dataframe, optional
        A table of consents instead: the id (`on`), `purpose`, and optionally the dates `given`, `withdrawn`, `until`.
    on : str, optional
        The id's column, in `data` and in `consents`.
    today : date or str, optional
        The day to judge by; by default the machine's.

    Raises
    ------
    ColumnNotFoundError, FrameError, LinkError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"id": [1, 2, 3], "consent": ["research; marketing", "marketing", None]})
    >>> consented(people, "research")["id"].tolist()
    [1]
    """
    if not isinstance(purpose, str) or not purpose.strip():
        found = "an empty text" if isinstance(purpose, str) else f"a {type(purpose).__name__}"
        raise ParameterError.of("consented", "purpose", found, "the name of one purpose")
    if (consents is None) != (on is None):
        rule = "consents= and on= belong together: a table of consents, and the id's column. Example: on='customer_id'."
        raise ParameterError.together("consented", ("consents", "on"), rule)
    if consents is None:
        eager_frame(data, "consented", [column], "column")
        return kept_rows(data, rows_consenting(data, column, purpose.strip(), function="consented"))
    assert on is not None  # by the rule above
    eager_frame(data, "consented", [on], "on")
    judged = date.today() if today is None else day(today, "consented", "today")
    ids = ids_consenting(consents, on, purpose.strip(), judged, function="consented")
    return kept_rows(data, rows_in(data, on, ids, function="consented"))
