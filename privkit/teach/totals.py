"""Pieces on totals: what two exact ones tell of whoever is in one of them; clipping; and a budget that is shared out.

Bounds that are low cut off what is there, bounds that are high let the noise grow. In the game eight wishes share one
ε, and errors say how well it was shared out.
"""

from __future__ import annotations

import math
from functools import cache
from random import Random
from typing import NamedTuple

from privkit.teach.piece import Piece, Still, deviation, page_of
from privkit.values.arguments import typed

#: Who is in the class, what nobody's pocket money is above, and the loss of each total.
_CLASS = "Ada Ben Cleo Dana Emil Finn Gina Hugo Ida Jan Kim Lea Max Nora Otto Pia Quin Rosa Sam Tara Udo Vera Wim Zoe"
_NAMES = tuple(_CLASS.split())
_MOST, _EACH = 50, 1.0


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
    every, error = sum(_francs()), math.sqrt(2) * deviation(_EACH / _MOST)
    sentence = (
        f"A class has {every} francs on Monday, and {every - _francs()[0]} on Tuesday without {_NAMES[0]}: so "
        f"{_NAMES[0]} has {_francs()[0]}. With noise at ε = {_EACH:g} in each total, the difference errs by "
        f"{error:.0f}, which is more than anybody has."
    )
    data = {"names": _NAMES, "values": _francs(), "most": _MOST, "epsilon": _EACH}
    title = "Two totals, one person"
    page = page_of("two_totals", title, data)
    return Piece(title, sentence, page, _still_totals(sentence), 600, ("pk.teach.clipping()",))


def _still_totals(sentence: str) -> str:
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


# -- clipping ------------------------------------------------------------------------------------------------------

#: How many students there are, the upper bounds that one can choose, and the loss and the bound where the piece begins.
_ONLINE, _UPPERS, _EPSILON, _UPPER = 60, tuple(range(20, 601, 20)), 0.3, 60


@cache
def _minutes() -> tuple[int, ...]:
    """Return how many minutes each student was online, in ascending order: most a little, some very long."""
    drawn = Random(24)  # noqa: S311 - nothing secret
    return tuple(sorted(min(_UPPERS[-1], int(60 / (1 - drawn.random()) ** 0.5 - 50)) for _ in range(_ONLINE)))


@typed
def clipping() -> Piece:
    """Return a piece on the bounds of a total: one chooses the upper one, and sees bias against noise.

    What a student was online above the bound is cut off: the total is too small by it. What one student can move the
    total by is the bound, so the noise grows with it. Between the two lies the least error, and it moves with ε. Reads
    no rows of anybody; spends nothing.

    Returns
    -------
    Piece

    Notes
    -----
    Of numbers x clipped to [0, u] the total is too small by Σ max(0, x − u), the bias. One student moves it by at most
    u, so its noise is a discrete Laplace of scale u/ε: with a = e^(−ε/u) its standard deviation is √(2a)/(1 − a). The
    error is the root of the mean square of both: √(bias² + deviation²).

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.clipping()
    Clipping.
    60 students were online for 5,776 minutes. At ε = 0.3 that total errs by 4,660 if each is clipped to 20 (bias),
    by 2,828 if to 600 (noise), and by 1,794 if to 280.
    next: pk.teach.budget_game()
    """
    low, mid, high = _UPPERS[0], best_upper(), _UPPERS[-1]
    sentence = (
        f"{_ONLINE} students were online for {sum(_minutes()):,} minutes. At ε = {_EPSILON} that total errs by "
        f"{_clipped_error(low):,.0f} if each is clipped to {low} (bias), by {_clipped_error(high):,.0f} if to {high} "
        f"(noise), and by {_clipped_error(mid):,.0f} if to {mid}."
    )
    data = {"values": _minutes(), "uppers": _UPPERS, "upper": _UPPER, "epsilon": _EPSILON}
    title = "Clipping"
    page = page_of("clipping", title, data)
    return Piece(title, sentence, page, _still_clipping(sentence), 690, ("pk.teach.budget_game()",))


def best_upper() -> int:
    """Return the upper bound of the least error at the piece's first ε.

    Examples
    --------
    >>> best_upper() in _UPPERS
    True
    """
    return min(_UPPERS, key=_clipped_error)


def _bias(upper: int) -> int:
    return sum(max(0, one - upper) for one in _minutes())


def _clipped_error(upper: int) -> float:
    return math.hypot(_bias(upper), deviation(_EPSILON / upper))


def _still_clipping(sentence: str) -> str:
    """Draw bias, noise and error of some upper bounds."""
    picture, shown = Still(360, 290, sentence), _UPPERS[2::3]
    most = max(map(_clipped_error, shown))
    for row, (words, figure) in enumerate(
        [("bias", _bias), ("noise", lambda upper: deviation(_EPSILON / upper)), ("both", _clipped_error)]
    ):
        ground = 85 + 90 * row
        picture.words(f"{words}, for upper bounds from {shown[0]} to {shown[-1]}", 8, ground - 66)
        picture.bar("l", 8, ground, 344, 1)
        for place, upper in enumerate(shown):
            high = 60 * figure(upper) / most
            best = figure is _clipped_error and upper == min(shown, key=_clipped_error)
            picture.bar("b" if best else "a", 12 + 340 / len(shown) * place, ground - high, 24, high)
    return picture.svg()


# -- the budget game -----------------------------------------------------------------------------------------------


class _Wish(NamedTuple):
    """What is asked: its words, the truth, what one student moves it by at most, and the error that is wished for."""

    words: str
    truth: int
    most: int
    wished: int


_WISHES = (
    _Wish("students", 412, 1, 20),
    _Wish("left-handed", 47, 1, 3),
    _Wish("with a pet", 198, 1, 40),
    _Wish("vegetarians", 61, 1, 1),
    _Wish("minutes of way", 9_140, 60, 1_000),
    _Wish("days absent", 1_630, 10, 10),
    _Wish("siblings", 538, 5, 100),
    _Wish("francs for lunch", 5_020, 20, 80),
)
#: What one part of the budget is as a share of ε = 1, and how many there are: 40 parts of 1/20.
_PARTS_OF_ONE, _PARTS = 20, 40


@typed
def budget_game() -> Piece:
    """Return a game on budgets: a school wishes for eight figures, and one ε is to be shared out among them.

    Each wish gets its part of ε, and errs the less, the more it gets. What is more than the budget is refused. The
    errors, each by what was wished for, make the score. Reads no rows of anybody; spends nothing.

    Returns
    -------
    Piece

    Notes
    -----
    One student moves a wish by m at most, so at its part ε its noise is a discrete Laplace of scale m/ε: with
    a = e^(−ε/m), its mean absolute error is 2a/(1 − a²) = 1/sinh(ε/m). Parts add up (basic composition). The score is
    the mean of the errors, each divided by what is wished for. 1/sinh is convex, so giving each next part to the wish
    whose error it lessens most leads to the least score: no other sharing of the same parts has a lower one.

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.budget_game()
    The budget game.
    Eight wishes share ε = 2. In equal parts the errors are 1.38 times what was wished for, on average; in the best
    parts, 0.96 times.
    next: pk.teach.ask_again()
    """
    equal, best = [_PARTS // len(_WISHES)] * len(_WISHES), _best()
    sentence = (
        f"Eight wishes share ε = {_PARTS / _PARTS_OF_ONE:g}. In equal parts the errors are {_score(equal):.2f} times "
        f"what was wished for, on average; in the best parts, {_score(best):.2f} times."
    )
    data = {"wishes": [one._asdict() for one in _WISHES], "parts": _PARTS, "of_one": _PARTS_OF_ONE}
    title = "The budget game"
    page = page_of("budget_game", title, data)
    return Piece(title, sentence, page, _still_game(sentence, equal, best), 700, ("pk.teach.ask_again()",))


def _wish_error(wish: _Wish, parts: int) -> float:
    """Return the mean absolute error, by what is wished for."""
    return 1 / math.sinh(parts / _PARTS_OF_ONE / wish.most) / wish.wished


def _score(parts: list[int]) -> float:
    return sum(map(_wish_error, _WISHES, parts)) / len(_WISHES)


def _best() -> list[int]:
    """Return the parts of the least score: each next one goes where it lessens the error most."""
    parts = [1] * len(_WISHES)
    while sum(parts) < _PARTS:
        gains = [_wish_error(wish, one) - _wish_error(wish, one + 1) for wish, one in zip(_WISHES, parts, strict=True)]
        parts[gains.index(max(gains))] += 1
    return parts


def _still_game(sentence: str, equal: list[int], best: list[int]) -> str:
    """Draw each wish's error in equal parts and in the best."""
    picture, long = Still(360, 40 + 30 * len(_WISHES), sentence), 190 / max(map(_wish_error, _WISHES, equal))
    picture.words("Errors in equal parts (gray), in the best (blue)", 8, 20)
    for row, (wish, one, other) in enumerate(zip(_WISHES, equal, best, strict=True)):
        top = 36 + 30 * row
        picture.words(wish.words, 8, top + 15)
        picture.bar("l", 150, top, long * _wish_error(wish, one), 10)
        picture.bar("a", 150, top + 11, long * _wish_error(wish, other), 10)
    return picture.svg()
