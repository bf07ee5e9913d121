"""The rows of a release that holds some, and how far they are from the tables that they were drawn to fit. No data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privkit.dp.synthesis.synthetic import Synthetic
from privkit.errors.synthetic import SyntheticError

if TYPE_CHECKING:
    import pandas as pd

    from privkit.dp.answers.release import Release


def synthetic_of(release: Release) -> Synthetic | None:
    """Return what is asked, where it is rows."""
    asked = release.plan.question.asked
    return asked if isinstance(asked, Synthetic) else None


def rows_of(release: Release) -> pd.DataFrame:
    """Return the rows, in the original schema; of simulated ones a column more says that they are simulated.

    Raises
    ------
    SyntheticError
    """
    if (asked := synthetic_of(release)) is None:
        raise SyntheticError.no_rows()
    found = asked.frame(release.drawn)
    if not bool(getattr(release, "simulated", False)):
        return found
    mark = "simulated"
    while mark in found:
        mark += "_"
    return found.assign(**{mark: True})


def distances_of(release: Release) -> pd.DataFrame:
    """Return how far the rows lie from each noisy table.

    Raises
    ------
    SyntheticError
    """
    if (asked := synthetic_of(release)) is None:
        raise SyntheticError.no_rows()
    return asked.distances(release.drawn, release.noise)
