"""Whether values look like names of persons: words alone, and common given names among them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

_WORDS = re.compile(r"[^\W\d_][\w'’.-]*(?:,? [^\W\d_][\w'’.-]*){0,3}")
_SPLIT = re.compile(r"[ ,.-]+")
#: Places that carry a saint's name.
_PLACES = frozenset({"san", "santa", "santo", "são", "sao", "saint", "sainte", "st", "sankt", "fort", "port", "mount"})
#: What nearly all values must be for any to count.
_MOST = 0.95


def person_share(values: Sequence[str]) -> float:
    """Return the share of values that have a common given name among their words; 0 unless nearly all are words.

    Up to four words of letters are taken for a name, in any case, with hyphens, apostrophes, initials or a comma.

    Examples
    --------
    >>> person_share(["Susan Kraus", "Dorn, Martin", "Anna-Lena Weiss"]), person_share(["San Juan", "New York", "Bern"])
    (0.6666666666666666, 0.0)
    """
    if not values or sum(_WORDS.fullmatch(value) is not None for value in values) < _MOST * len(values):
        return 0.0
    return sum(map(_given, values)) / len(values)


def _given(value: str) -> bool:
    words = _SPLIT.split(value.casefold())
    return words[0] not in _PLACES and any(word in _given_names() for word in words)


@cache
def _given_names() -> frozenset[str]:
    text = files("privkit.tally.columns").joinpath("given_names.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
