"""Thirty coins: randomized response, where each answer is noisy before anybody hears it."""

from __future__ import annotations

import math
from random import Random

from privkit.teach.piece import Piece, Still, page_of
from privkit.values.arguments import typed

#: How many students there are, and of how many the answer is yes where the piece begins.
_SIZE, _YES = 30, 12
#: How probable a yes is of whose answer is yes; of the others it is what is left.
_KEPT = 0.75
_TITLE = "Thirty coins"


@typed
def thirty_coins() -> Piece:
    """Return a piece on randomized response: thirty students answer by coins, and the share is found all the same.

    Each tosses a coin: heads, and he says the truth; tails, and a second coin says yes or no for him. One chooses of
    how many the truth is yes, lets them toss, and sees what each said beside what is estimated of all. Reads no rows of
    anybody; spends nothing.

    Returns
    -------
    Piece

    Notes
    -----
    Whose truth is yes says so with p = 3/4, the others with 1 − p = 1/4. No answer is more than 3 times as probable by
    one truth as by the other, so each costs ε = ln 3. Of n students with t true yes, t·p + (n − t)·(1 − p) say yes on
    average, so (said − n/4)·2 is t on average; its standard error is 2·√(n·p·(1 − p)), whatever t is. Source: Warner,
    "Randomized Response" (JASA 1965), with two coins.

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.thirty_coins()
    Thirty coins.
    Thirty students let coins answer half of the time: no answer tells on its student more than ε = 1.1 allows, and
    of how many the truth is yes is known all the same, give or take 4.7.
    next: pk.teach.two_worlds()
    """
    error = math.sqrt(_SIZE * _KEPT * (1 - _KEPT)) / (2 * _KEPT - 1)
    sentence = (
        "Thirty students let coins answer half of the time: no answer tells on its student more than "
        f"ε = {math.log(_KEPT / (1 - _KEPT)):.1f} allows, and of how many the truth is yes is known all the same, "
        f"give or take {error:.1f}."
    )
    page = page_of("thirty_coins", _TITLE, {"size": _SIZE, "yes": _YES})
    return Piece(_TITLE, sentence, page, _still(sentence), 480, ("pk.teach.two_worlds()",))


def _still(sentence: str) -> str:
    """Draw what is true of each, and what each said in one round."""
    picture, drawn = Still(360, 170, sentence), Random(24)  # noqa: S311 - nothing secret
    said = [(place < _YES) == (drawn.random() < _KEPT) for place in range(_SIZE)]
    rows = {"the truth": [place < _YES for place in range(_SIZE)], "what they said": said}
    for row, (words, answers) in enumerate(rows.items()):
        top = 22 + 80 * row
        picture.words(f"{words}: {sum(answers)} times yes", 8, top)
        for place, answer in enumerate(answers):
            picture.dot("a" if answer else "l", 18 + 22 * (place % 15), top + 20 + 22 * (place // 15), 8)
    return picture.svg()
