"""What the ends of intervals are called in the frame of a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def limit_names(name: str, first: str) -> tuple[str, str]:
    """Return the columns of a number's interval; those of the release's `first` number have no name in front.

    Examples
    --------
    >>> limit_names("mean", "mean"), limit_names("count", "mean")
    (('lower', 'upper'), ('count_lower', 'count_upper'))
    """
    prefix = "" if name == first else f"{name}_"
    return f"{prefix}lower", f"{prefix}upper"


def limits_in(frame: pd.DataFrame, name: str, first: str) -> tuple[pd.Series, pd.Series] | None:
    """Return both columns of a number's interval; None where it has no interval."""
    lower, upper = limit_names(name, first)
    return (frame[lower], frame[upper]) if lower in frame else None
