"""The budget game: eight wishes, one ε, and errors that say how well it was shared out."""

from __future__ import annotations

import math
from typing import NamedTuple

from privkit.teach.piece import Piece, Still, page_of
from privkit.values.arguments import typed


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
_TITLE = "The budget game"


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
    page = page_of("budget_game", _TITLE, data)
    return Piece(_TITLE, sentence, page, _still(sentence, equal, best), 700, ("pk.teach.ask_again()",))


def _error(wish: _Wish, parts: int) -> float:
    """Return the mean absolute error, by what is wished for."""
    return 1 / math.sinh(parts / _PARTS_OF_ONE / wish.most) / wish.wished


def _score(parts: list[int]) -> float:
    return sum(map(_error, _WISHES, parts)) / len(_WISHES)


def _best() -> list[int]:
    """Return the parts of the least score: each next one goes where it lessens the error most."""
    parts = [1] * len(_WISHES)
    while sum(parts) < _PARTS:
        gains = [_error(wish, one) - _error(wish, one + 1) for wish, one in zip(_WISHES, parts, strict=True)]
        parts[gains.index(max(gains))] += 1
    return parts


def _still(sentence: str, equal: list[int], best: list[int]) -> str:
    """Draw each wish's error in equal parts and in the best."""
    picture, long = Still(360, 40 + 30 * len(_WISHES), sentence), 190 / max(map(_error, _WISHES, equal))
    picture.words("Errors in equal parts (gray), in the best (blue)", 8, 20)
    for row, (wish, one, other) in enumerate(zip(_WISHES, equal, best, strict=True)):
        top = 36 + 30 * row
        picture.words(wish.words, 8, top + 15)
        picture.bar("l", 150, top, long * _error(wish, one), 10)
        picture.bar("a", 150, top + 11, long * _error(wish, other), 10)
    return picture.svg()
