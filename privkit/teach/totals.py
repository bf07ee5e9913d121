"""Two totals, one person: what two exact totals tell of whoever is in the one and not in the other."""

from __future__ import annotations

import math
from functools import cache
from random import Random

from privkit.teach.noise import deviation
from privkit.teach.piece import Piece, Still, page_of
from privkit.values.arguments import typed

#: Who is in the class, what nobody's pocket money is above, and the loss of each total.
_CLASS = "Ada Ben Cleo Dana Emil Finn Gina Hugo Ida Jan Kim Lea Max Nora Otto Pia Quin Rosa Sam Tara Udo Vera Wim Zoe"
_NAMES = tuple(_CLASS.split())
_MOST, _EPSILON = 50, 1.0
_TITLE = "Two totals, one person"


@cache
def _francs() -> tuple[int, ...]:
    """Return what each has."""
    drawn = Random(24)  # noqa: S311 - nothing secret
    return tuple(5 + int((_MOST - 4) * drawn.random()) for _ in _NAMES)


@typed
def two_totals() -> Piece:
    """Return a piece on differences: a class's total with somebody, the total without, and what they tell together.

    One chooses who leaves between Monday and Tuesday. Exact totals differ by what that person has. With noise in both,
    the difference errs by more than anybody has. Reads no rows of anybody; spends nothing.

    Returns
    -------
    Piece

    Notes
    -----
    Nobody has more than m = 50, so the noise of each total is a discrete Laplace of scale m/ε. With a = e^(−ε/m), the
    difference D of two independent ones has P(D = d) = ((1 − a)/(1 + a))²·a^|d|·(|d| + (1 + a²)/(1 − a²)), and √2 times
    the standard deviation of one. Whoever is in both totals pays for both: 2·ε (basic composition).

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.two_totals()
    Two totals, one person.
    A class has 749 francs on Monday, and 712 on Tuesday without Ada: so Ada has 37. With noise at ε = 1 in each total,
    the difference errs by 100, which is more than anybody has.
    next: pk.teach.clipping()
    """
    every, error = sum(_francs()), math.sqrt(2) * deviation(_EPSILON / _MOST)
    sentence = (
        f"A class has {every} francs on Monday, and {every - _francs()[0]} on Tuesday without {_NAMES[0]}: so "
        f"{_NAMES[0]} has {_francs()[0]}. With noise at ε = {_EPSILON:g} in each total, the difference errs by "
        f"{error:.0f}, which is more than anybody has."
    )
    data = {"names": _NAMES, "values": _francs(), "most": _MOST, "epsilon": _EPSILON}
    page = page_of("two_totals", _TITLE, data)
    return Piece(_TITLE, sentence, page, _still(sentence), 600, ("pk.teach.clipping()",))


def _still(sentence: str) -> str:
    """Draw what each has on both days: who left is missing on the second."""
    picture, every = Still(360, 240, sentence), sum(_francs())
    for row, (words, left) in enumerate([("Monday", None), (f"Tuesday, without {_NAMES[0]}", 0)]):
        ground = 100 + 115 * row
        picture.words(f"{words}: {every - (0 if left is None else _francs()[left])} francs", 8, ground - 78)
        picture.bar("l", 8, ground, 344, 1)
        for place, one in enumerate(_francs()):
            if place != left:
                picture.bar("a" if place else "b", 10 + 14 * place, ground - 1.3 * one, 11, 1.3 * one)
    return picture.svg()
