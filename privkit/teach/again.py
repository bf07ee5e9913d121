"""Ask again: noise that is drawn anew is averaged away, and the budget with it; a stored answer stays what it was."""

from __future__ import annotations

import math

from privkit.teach.noise import deviation
from privkit.teach.piece import Piece, Still, page_of
from privkit.values.arguments import typed

#: The loss of one question, how many take part without you, and how far from there answers are drawn.
_EPSILON, _OTHERS, _REACH = 0.5, 40, 12
#: How often the sentence asks.
_TIMES = 100
_TITLE = "Ask again"


@typed
def ask_again() -> Piece:
    """Return a piece on asking one question many times: with fresh noise each time, and by replay.

    One asks again and again. Fresh answers spread around the truth, so their mean closes in on it, and each is paid
    for. A replayed answer is the first one once more: nothing is learned, and nothing is spent. Reads no rows; spends
    nothing.

    Returns
    -------
    Piece

    Notes
    -----
    The noise is a discrete Laplace of scale 1/ε: its standard deviation is √(2a)/(1 − a) for a = e^(−ε). The mean of n
    independent answers has 1/√n of it, and they cost n·ε together (basic composition). At that loss a guess whether you
    took part is right in at most 1/(1 + e^(−n·ε)) of cases, as in `two_worlds`. A replay is a function of the answer
    that is out already, so it costs nothing (postprocessing).

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.ask_again()
    Ask again.
    One noisy count at ε = 0.5 errs by 2.8 (standard error), the mean of 100 fresh ones by 0.28, and they cost ε = 50.
    A replayed answer stays what it was, and costs nothing again.
    next: pk.teach.two_totals()
    """
    error = deviation(_EPSILON)
    sentence = (
        f"One noisy count at ε = {_EPSILON} errs by {error:.1f} (standard error), the mean of {_TIMES} fresh ones by "
        f"{error / math.sqrt(_TIMES):.2f}, and they cost ε = {_TIMES * _EPSILON:g}. "
        "A replayed answer stays what it was, and costs nothing again."
    )
    page = page_of("ask_again", _TITLE, {"epsilon": _EPSILON, "others": _OTHERS, "reach": _REACH})
    return Piece(_TITLE, sentence, page, _still(sentence), 560, ("pk.teach.two_totals()",))


def _still(sentence: str) -> str:
    """Draw how far from the truth the mean of answers lies, two standard errors to each side, and what they cost."""
    picture, error = Still(360, 230, sentence), deviation(_EPSILON)
    rows = [("1 answer", 1, 1), ("10 fresh answers", 10, 10), ("100 fresh answers", 100, 100), ("100 replays", 1, 1)]
    for row, (words, averaged, paid) in enumerate(rows):
        top, half = 22 + 54 * row, 28 * error / math.sqrt(averaged)
        picture.words(f"{words}: off by {error / math.sqrt(averaged):.1f}, cost ε = {paid * _EPSILON:g}", 8, top)
        picture.bar("l", 8, top + 19, 344, 1)
        picture.bar("a", 180 - half, top + 11, 2 * half, 16)
        picture.bar("b", 179, top + 7, 2, 24)
    return picture.svg()
