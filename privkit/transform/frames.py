"""Frames in and out: work that needs rows is done on pandas, and an eager Polars or Arrow frame comes back as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from privkit.tally.engines.native import note, untold
from privkit.tally.frame import open_frame

if TYPE_CHECKING:
    import pandas as pd


def is_lazy(data: object) -> bool:
    """Whether the rows of a frame lie in an engine."""
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return False
    return isinstance(nw.from_native(data, pass_through=True), nw.LazyFrame)  # type: ignore[call-overload]


def pandas_frame(data: object, function: str) -> pd.DataFrame:
    """Return `data` as a pandas frame: itself where it is one, else with all its rows and columns, fetched."""
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data
    frame = open_frame(data, function)
    if not isinstance(frame, nw.LazyFrame):
        return frame.to_pandas()
    with untold(function):
        fetched = frame.collect().to_pandas()
    note("rows", list(fetched.columns), len(fetched))
    return fetched


def native(frame: pd.DataFrame, like: object) -> Any:
    """Return `frame` in the engine of `like` where that is eager Polars or Arrow; else as pandas."""
    import pandas as pd

    if isinstance(like, pd.DataFrame):
        return frame
    kind = nw.from_native(like, pass_through=True)  # type: ignore[call-overload]
    if isinstance(kind, nw.DataFrame):
        plain = frame.reset_index(drop=True)
        if kind.implementation.is_polars():
            return nw.from_native(plain).to_polars()
        if kind.implementation.is_pyarrow():
            return nw.from_native(plain).to_arrow()
    return frame
