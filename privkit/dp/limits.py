"""What the ends of intervals are called in the frame of a release, and how an accuracy is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privkit.values.writing import error_percent, error_text

if TYPE_CHECKING:
    import pandas as pd

    from privkit.dp.statistics.statistic import Statistic


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


def accuracy_told(asked: Statistic, width: float | None) -> str:
    """Return an accuracy in what it is told: the answer's unit, ranks, rows, or counts of bins; "" for none."""
    if width is None:
        return ""
    if asked.of_ranks:
        return f"± {error_percent(width)} of ranks"
    if asked.falls_short:
        return f"none short by more than {error_text(width)} rows"
    return f"by counts of bins ± {error_text(width)}" if asked.of_bins else f"± {error_text(width)}"
