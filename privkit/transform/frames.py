"""Frames in and out: the work is done on pandas, and an eager Polars or Arrow frame comes back as what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from privkit.tally.frame import open_frame

if TYPE_CHECKING:
    import pandas as pd


def pandas_frame(data: object, function: str) -> pd.DataFrame:
    """Return `data` as a pandas frame: itself where it is one, else collected."""
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data
    frame = open_frame(data, function)
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return eager.to_pandas()


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
