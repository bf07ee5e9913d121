"""The numbers of a release, one by one, as text, HTML and plots show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from privkit.view.words import label, number

if TYPE_CHECKING:
    from privkit.dp.release import Release

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


def cells(release: Release, most: int | None = MOST) -> list[Cell]:
    """Return the first `most` numbers of a release, in the order of its keys."""
    keys = release.plan.question.keys
    if not release.has_interval:
        names = [""] if keys is None else [key_name(key) for key in keys.values[:most]]
        return [Cell(name, value, value, value) for name, value in zip(names, release.cells[:most], strict=True)]
    lower, upper = release.interval()
    names = [""] if keys is None else [key_name(key) for key in keys.values[:most]]
    limits = ([lower], [upper]) if keys is None else (lower.tolist()[:most], upper.tolist()[:most])
    return [Cell(*cell) for cell in zip(names, release.cells[:most], *limits, strict=True)]


def table_of(release: Release, most: int = MOST) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of a release of several numbers: each with the half-width of its interval."""
    keys, frame = release.plan.question.keys, release.to_frame()
    numbers = release.plan.question.asked.numbers
    rows = [["" if key is None else key_name(key)] for key in ((None,) if keys is None else keys.values[:most])]
    for name in numbers:
        prefix = "" if name == numbers[0] else f"{name}_"
        lower, upper = (frame.get(f"{prefix}{end}") for end in ("lower", "upper"))
        for place, row in enumerate(rows):
            told = number(frame[name].iloc[place])
            if lower is not None and upper is not None:
                told += f" ± {number((upper.iloc[place] - lower.iloc[place]) / 2)}"
            row.append(told)
    return ["" if keys is None else ", ".join(label(name, 40) for name in keys.by), *map(label, numbers)], rows


def key_name(key: tuple[object, ...]) -> str:
    """Return a public key in a form that is fit to print.

    Examples
    --------
    >>> key_name(("103", None))
    '103, missing'
    """
    return ", ".join("missing" if value is None else label(value, 40) for value in key)
