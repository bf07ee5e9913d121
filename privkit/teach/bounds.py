"""Clipping: bounds that are low cut off what is there, bounds that are high let the noise grow."""

from __future__ import annotations

import math
from functools import cache
from random import Random

from privkit.teach.noise import deviation
from privkit.teach.piece import Piece, Still, page_of
from privkit.values.arguments import typed

#: How many students there are, the upper bounds that one can choose, and the loss and the bound where the piece begins.
_SIZE, _UPPERS, _EPSILON, _UPPER = 60, tuple(range(20, 601, 20)), 0.3, 60
_TITLE = "Clipping"


@cache
def _minutes() -> tuple[int, ...]:
    """Return how many minutes each student was online, in ascending order: most a little, some very long."""
    drawn = Random(24)  # noqa: S311 - nothing secret
    return tuple(sorted(min(_UPPERS[-1], int(60 / (1 - drawn.random()) ** 0.5 - 50)) for _ in range(_SIZE)))


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
        f"{_SIZE} students were online for {sum(_minutes()):,} minutes. At ε = {_EPSILON} that total errs by "
        f"{_error(low):,.0f} if each is clipped to {low} (bias), by {_error(high):,.0f} if to {high} (noise), and by "
        f"{_error(mid):,.0f} if to {mid}."
    )
    data = {"values": _minutes(), "uppers": _UPPERS, "upper": _UPPER, "epsilon": _EPSILON}
    page = page_of("clipping", _TITLE, data)
    return Piece(_TITLE, sentence, page, _still(sentence), 690, ("pk.teach.budget_game()",))


def best_upper() -> int:
    """Return the upper bound of the least error at the piece's first ε.

    Examples
    --------
    >>> best_upper() in _UPPERS
    True
    """
    return min(_UPPERS, key=_error)


def _bias(upper: int) -> int:
    return sum(max(0, one - upper) for one in _minutes())


def _error(upper: int) -> float:
    return math.hypot(_bias(upper), deviation(_EPSILON / upper))


def _still(sentence: str) -> str:
    """Draw bias, noise and error of some upper bounds."""
    picture, shown = Still(360, 290, sentence), _UPPERS[2::3]
    most = max(map(_error, shown))
    for row, (words, figure) in enumerate(
        [("bias", _bias), ("noise", lambda upper: deviation(_EPSILON / upper)), ("both", _error)]
    ):
        ground = 85 + 90 * row
        picture.words(f"{words}, for upper bounds from {shown[0]} to {shown[-1]}", 8, ground - 66)
        picture.bar("l", 8, ground, 344, 1)
        for place, upper in enumerate(shown):
            high = 60 * figure(upper) / most
            best = figure is _error and upper == min(shown, key=_error)
            picture.bar("b" if best else "a", 12 + 340 / len(shown) * place, ground - high, 24, high)
    return picture.svg()
