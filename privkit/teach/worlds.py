"""Two worlds: the same count with you and without you, and an attacker who guesses which of them answered."""

from __future__ import annotations

import math
from fractions import Fraction

from privkit.teach.piece import Piece, Still, page_of
from privkit.values.arguments import typed
from privkit.values.loss import advantage

#: How many take part without you, and how far from there answers are drawn.
_OTHERS, _REACH = 40, 12
_TITLE = "Two worlds: with you, and without you"


@typed
def two_worlds() -> Piece:
    """Return a piece on what ε is: one count, answered in a world with you and in a world without you.

    One moves ε, and sees how far the answers of both worlds lie apart, and how often an attacker is right who guesses
    by the answer whether you took part. Reads no rows; spends nothing.

    Returns
    -------
    Piece

    Notes
    -----
    A count moves by one where one person joins. Its noise is a discrete Laplace of scale 1/ε: with a = e^(−ε),
    P(x) = (1 − a)/(1 + a)·a^|x|. The attacker says "with you" from the larger count on. He is right with probability
    1/(1 + a) in either world, which is what the likelihood ratio allows at most, and is (1 + t)/2 for the advantage
    t = (e^ε − 1)/(e^ε + 1) that privkit tells of a release; decision 18 has the proof.

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.two_worlds()
    Two worlds: with you, and without you.
    At ε = 1, whoever guesses by a noisy count whether you took part is right in at most 73.11 of 100 cases; blind
    guesses are right in 50.
    next: pk.teach.classmate()
    """
    sentence = (
        "At ε = 1, whoever guesses by a noisy count whether you took part is right in at most "
        f"{_rounded_up(right_at_most(Fraction(1)))} of 100 cases; blind guesses are right in 50."
    )
    page = page_of("two_worlds", _TITLE, {"others": _OTHERS, "reach": _REACH})
    return Piece(_TITLE, sentence, page, _still(sentence), 560, ("pk.teach.classmate()",))


def right_at_most(epsilon: Fraction) -> float:
    """Return in what share of cases a guess between two equally likely worlds is right at most.

    Examples
    --------
    >>> right_at_most(Fraction(0))
    0.5
    """
    return (1 + advantage(epsilon, Fraction(0), concentrated=False)) / 2


def _rounded_up(share: float) -> str:
    return f"{math.ceil(10_000 * share) / 100:.2f}"


def _still(sentence: str) -> str:
    """Draw the probabilities of both worlds' answers at ε = 1."""
    picture, decay = Still(360, 230, sentence), math.exp(-1)
    for row, (kind, count, words) in enumerate(
        [("a", _OTHERS, f"without you: {_OTHERS}"), ("b", _OTHERS + 1, f"with you: {_OTHERS + 1}")]
    ):
        ground = 105 + 110 * row
        picture.words(words, 8, ground - 78)
        picture.bar("l", 8, ground, 344, 1)
        for place in range(2 * _REACH + 2):
            chance = (1 - decay) / (1 + decay) * decay ** abs(_OTHERS - _REACH + place - count)
            picture.bar(kind, 12 + 13 * place, ground - 160 * chance, 11, 160 * chance)
    return picture.svg()
