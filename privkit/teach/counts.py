"""Pieces on a noisy count: thirty coins, where each answer is noisy before anybody hears it; two worlds; asking again.

Of two worlds, with you and without you, an attacker guesses which of them answered. Noise that is drawn anew is
averaged away, and the budget with it; a stored answer stays what it was.
"""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

from privkit.teach.piece import Piece, Still, deviation, page_of
from privkit.values.arguments import typed
from privkit.values.loss import advantage

#: How many students there are, and of how many the answer is yes where the piece begins.
_COINS, _YES = 30, 12
#: How probable a yes is of whose answer is yes; of the others it is what is left.
_KEPT = 0.75


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
    error = math.sqrt(_COINS * _KEPT * (1 - _KEPT)) / (2 * _KEPT - 1)
    sentence = (
        "Thirty students let coins answer half of the time: no answer tells on its student more than "
        f"ε = {math.log(_KEPT / (1 - _KEPT)):.1f} allows, and of how many the truth is yes is known all the same, "
        f"give or take {error:.1f}."
    )
    title = "Thirty coins"
    page = page_of("thirty_coins", title, {"size": _COINS, "yes": _YES})
    return Piece(title, sentence, page, _still_coins(sentence), 480, ("pk.teach.two_worlds()",))


def _still_coins(sentence: str) -> str:
    """Draw what is true of each, and what each said in one round."""
    picture, drawn = Still(360, 170, sentence), Random(24)  # noqa: S311 - nothing secret
    said = [(place < _YES) == (drawn.random() < _KEPT) for place in range(_COINS)]
    rows = {"the truth": [place < _YES for place in range(_COINS)], "what they said": said}
    for row, (words, answers) in enumerate(rows.items()):
        top = 22 + 80 * row
        picture.words(f"{words}: {sum(answers)} times yes", 8, top)
        for place, answer in enumerate(answers):
            picture.dot("a" if answer else "l", 18 + 22 * (place % 15), top + 20 + 22 * (place // 15), 8)
    return picture.svg()


# -- two worlds ----------------------------------------------------------------------------------------------------

#: How many take part without you, here and in what is asked again, and how far from there answers are drawn.
_OTHERS, _REACH = 40, 12


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
    title = "Two worlds: with you, and without you"
    page = page_of("two_worlds", title, {"others": _OTHERS, "reach": _REACH})
    return Piece(title, sentence, page, _still_worlds(sentence), 560, ("pk.teach.classmate()",))


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


def _still_worlds(sentence: str) -> str:
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


# -- ask again -----------------------------------------------------------------------------------------------------

#: The loss of one question.
_EPSILON = 0.5
#: How often the sentence asks.
_TIMES = 100


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
    title = "Ask again"
    page = page_of("ask_again", title, {"epsilon": _EPSILON, "others": _OTHERS, "reach": _REACH})
    return Piece(title, sentence, page, _still_again(sentence), 560, ("pk.teach.two_totals()",))


def _still_again(sentence: str) -> str:
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
