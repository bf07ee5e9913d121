"""The same operations on flat frames, as typed functions: what ``df.privacy`` delegates to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from privkit.errors.events import EventsInputError
from privkit.errors.root import type_told
from privkit.events.operations.drop import keep
from privkit.events.operations.pseudonymize import pseudonymize as _pseudonymize
from privkit.events.recipes.recipe import Recipe
from privkit.events.run.flatten import is_frame, library
from privkit.events.run.walk import FieldPath
from privkit.events.secrets.mapping_store import MappingStore
from privkit.inventory.column_roles import leaving
from privkit.tally.frame import column_names, open_frame
from privkit.tally.selection import handed_out, without_traces
from privkit.values.arguments import typed
from privkit.values.show import printable, warn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from privkit.events.run.result import EventsResult
    from privkit.events.secrets.key import Key, KeySource
    from privkit.values.inputs import Frame


@typed
def events(
    data: Any,
    recipe: Recipe,
    *,
    unmatched: Literal["refuse", "drop", "keep"] = "refuse",
    on_error: Literal["raise", "quarantine"] = "raise",
    subject: str | None = None,
    keep_index: bool = False,
) -> EventsResult:
    """Carry a recipe out on a frame, whose rows are events and whose columns, nested or not, are their fields.

    Reads rows; spends nothing; the frame stays as it is.

    Parameters
    ----------
    data : pandas or Polars frame
        The events.
    recipe : Recipe
        What becomes of each field.
    unmatched : {"refuse", "drop", "keep"}
        What is done with columns and fields that no rule covers.
    on_error : {"raise", "quarantine"}
        What is done with a row that a rule cannot treat.
    subject : str, optional
        The field of the person, for the report.
    keep_index : bool
        Whether the index of a pandas frame stays. By default the result has plain row numbers: labels, and gaps between
        them, tell who the rows are of.

    Returns
    -------
    EventsResult
        ``.events`` is a frame of the same library. Columns that are kept keep their dtype.

    Raises
    ------
    UnmatchedFieldsError, EventError, SecretKeyError, MappingStoreError, EventsInputError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit import events as ev
    >>> calls = pd.DataFrame({"zip": ["8004", "8005"], "minutes": [3.25, 4.5]})
    >>> events(calls, ev.Recipe([ev.coarsen("zip", prefix=2), ev.keep("minutes")])).events
      zip  minutes
    0  80     3.25
    1  80     4.50
    """
    _frame(data)
    return recipe.apply(data, unmatched=unmatched, on_error=on_error, subject=subject, keep_index=keep_index)


@typed
def pseudonymize(
    data: Frame,
    columns: str | Sequence[str],
    *,
    key: bytes | Key | KeySource | None = None,
    scope: str | None = None,
    per: str | None = None,
    mapping: MappingStore | str | Path | None = None,
    bits: int = 128,
    form: Literal["hex", "base32", "base64"] = "hex",
    prefix: str = "",
    keep_index: bool = False,
) -> Any:
    """Replace each value of some columns by a token; all other columns stay as they are.

    The tokens are those of :func:`privkit.events.pseudonymize`: HMAC-SHA-256(key, domain | column | value),
    or random ones in a mapping store. Missing stays missing. Pseudonymized data is still personal data. Where other
    columns are direct identifiers by the audit's judgement, a warning names them. Reads rows; spends nothing.

    Parameters
    ----------
    data : pandas or Polars frame
        The table.
    columns : str or sequence of str
        The identifiers.
    key : bytes, Key or KeySource
        At least 32 random bytes.
    scope : str, optional
        A name. Columns of one scope have one token for one value, in this and other tables; by default each column
        is a scope of its own, by its name.
    per : str, optional
        A column. Tokens differ between its values.
    mapping : MappingStore or path, optional
        Where random tokens are kept, in place of a key.
    bits : int
        Length of the token, 128 to 256.
    form : {"hex", "base32", "base64"}
        How it is written.
    prefix : str
        Stands before each token.
    keep_index : bool
        Whether the index of a pandas frame stays. By default the result has plain row numbers: labels, and gaps between
        them, tell who the rows are of.

    Returns
    -------
    frame
        A new frame of the same library.

    Raises
    ------
    ColumnNotFoundError, EventsInputError, RecipeError, SecretKeyError, MappingStoreError

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"email": ["a@b.org", "c@d.org", "a@b.org"], "spend": [1, 2, 3]})
    >>> hidden = pseudonymize(table, "email", key=bytes(range(32)))        # a public key: for the example alone
    >>> hidden["email"].nunique(), hidden["email"].str.len().unique().tolist(), hidden["spend"].tolist()
    (2, [32], [1, 2, 3])
    """
    _frame(data)
    names = column_names(columns, "columns")
    open_frame(data, [*names, *([per] if per is not None else [])], "columns")
    paths = [_path(name) for name in names]
    rule = _pseudonymize(
        *paths,
        key=key,
        scope=scope,
        per=None if per is None else _path(per),
        mapping=mapping,
        bits=bits,
        form=form,
        prefix=prefix,
    )
    frame: Any = data
    # The other columns are not events' fields: they stay as they are, whatever their names and types.
    used = list(dict.fromkeys([*names, *([per] if per is not None else [])]))
    operations = [rule] if per is None or per in names else [rule, keep(_path(per))]
    made = Recipe(operations, name="pseudonymize").apply(frame[used], keep_index=True).events
    _say_what_stays(data, names)
    if library(data) == "polars":
        return frame.with_columns(*(made[name] for name in names))
    hidden = without_traces(frame)
    for name in names:
        hidden[name] = made[name]
    return handed_out(hidden, keep_index=keep_index)


def _say_what_stays(data: Any, names: Sequence[str]) -> None:
    """Warn of direct identifiers that nobody asked to hide."""
    if direct := leaving(data, names).direct:
        columns = ", ".join(repr(printable(name)) for name in direct)
        warn(f"pseudonymize() leaves what tells persons apart as it is: {columns}. Hide or drop it as well.")


def _frame(data: Any) -> None:
    if not is_frame(data):
        raise EventsInputError.output(
            f"it needs a pandas or Polars frame with its rows, but got {type_told(data)}. "
            "Of a lazy frame: .collect() it first."
        )


def _path(name: str) -> str:
    """Return the path of one column, whatever its name holds."""
    return str(FieldPath((name,)))
