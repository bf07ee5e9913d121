"""What values are called where the level differs from row to row."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.transform.hierarchies.ladder import text

if TYPE_CHECKING:
    from privkit.transform.hierarchies.ladder import Ladder


def mixed_labels(ladder: Ladder) -> list[Any]:
    """Return the labels of all groups of all levels as text; one text never stands for two different groups."""
    names: list[Any] = []
    meaning: dict[str, frozenset[int]] = {}
    level_of: dict[str, int] = {}
    for number, step in enumerate(ladder.levels):
        for code, label in enumerate(step.labels):
            if label is None:
                names.append(None)
                continue
            leaves = frozenset(np.flatnonzero(step.codes == code).tolist())
            name = text(label)
            if meaning.setdefault(name, leaves) != leaves:
                # Of one level are values that are written alike: 1 and the text "1".
                alike = level_of[name] == number
                name = f"{name} ({_type_word(label) if alike else f'level {number}'})"
                while meaning.setdefault(name, leaves) != leaves:
                    name += f" ({number})"
            level_of.setdefault(name, number)
            names.append(name)
    return names


def _type_word(label: object) -> str:
    """Return what a value is, in a word.

    Examples
    --------
    >>> _type_word("1"), _type_word(1), _type_word(1.5)
    ('text', 'number', 'number')
    """
    if isinstance(label, str):
        return "text"
    number = isinstance(label, Real | Decimal) and not isinstance(label, bool | np.bool_)
    return "number" if number else type(label).__name__
