"""The numbers of a release, each with its key and its interval, as they are listed and drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from privkit.values.writing import ends, to_error, with_interval
from privkit.view.parts.words import label, number

if TYPE_CHECKING:
    import pandas as pd

    from privkit.dp.answers.release import Release

#: How many numbers are listed; the rest is in ``.to_frame()``.
MOST = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """One released number.

    Attributes
    ----------
    name : str
        Its key, fit to print; empty for a total.
    value, lower, upper : int or float
        The number and its interval.
    """

    name: str
    value: float
    lower: float
    upper: float

    @property
    def shown(self) -> str:
        """The number, rounded to its error."""
        return "left out" if math.isnan(self.value) else to_error(self.value, (self.upper - self.lower) / 2)

    @property
    def whole(self) -> str:
        """The number with its error, or with its interval where that reaches farther on one side."""
        return "left out" if math.isnan(self.value) else with_interval(self.value, self.lower, self.upper)

    @property
    def span(self) -> str:
        """Its interval, rounded outwards."""
        return "left out" if math.isnan(self.value) else " to ".join(ends(self.lower, self.upper))


def number_told(values: pd.Series, limits: tuple[pd.Series, pd.Series] | None, place: int) -> str:
    """Return one number of a column with its error or interval, where it has one."""
    value = values.iloc[place]
    if limits is None:
        return number(value)
    return Cell("", value, *(ends.iloc[place] for ends in limits)).whole


def cells(release: Release, most: int | None = MOST) -> list[Cell]:
    """Return the first `most` numbers of a release, in the order of its keys."""
    keys = release.plan.question.keys
    if not release.has_interval:
        names = [""] if keys is None else [key_text(key) for key in keys.values[:most]]
        return [Cell(name, value, value, value) for name, value in zip(names, release.cells[:most], strict=True)]
    lower, upper = release.interval()
    names = [""] if keys is None else [key_text(key) for key in keys.values[:most]]
    limits = ([lower], [upper]) if keys is None else (lower.tolist()[:most], upper.tolist()[:most])
    return [Cell(*cell) for cell in zip(names, release.cells[:most], *limits, strict=True)]


def key_text(key: tuple[object, ...]) -> str:
    """Return a public key in a form that is fit to print.

    Examples
    --------
    >>> key_text(("103", None))
    '103, missing'
    """
    return ", ".join("missing" if value is None else label(value, 40) for value in key)


def chosen(value: object) -> str:
    """Return a number, or a list of numbers or public values, in a form that is fit to print.

    Examples
    --------
    >>> chosen([0.0, 256.0]), chosen(["a", None, 3]), chosen(1024.0)
    ('0, 256', 'a, missing, 3', '1,024')
    """
    if isinstance(value, list | tuple):
        return ", ".join(_item(item) for item in value)
    return number(float(str(value)))


def _item(item: object) -> str:
    if item is None:
        return "missing"
    return number(item) if isinstance(item, float) else label(item, 40)
