"""Find your classmate: a few harmless facts, and a crowd that shrinks to one."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import TYPE_CHECKING

from privkit.teach.piece import Piece, Still, page_of
from privkit.values.arguments import typed

if TYPE_CHECKING:
    import pandas as pd

_SIZE = 120
_MONTHS = "January February March April May June July August September October November December"
#: What is known of each student; the first values are the most frequent.
_FACTS = {
    "sport": ("football", "swimming", "dancing", "climbing", "none"),
    "birth_month": tuple(_MONTHS.split()),
    "pet": ("none", "cat", "dog", "fish"),
    "bus": ("line 1", "line 2", "line 3", "line 4", "line 5", "on foot"),
    "instrument": ("none", "piano", "guitar", "violin", "drums"),
    "siblings": ("one", "none", "two", "three or more"),
}
_TITLE = "Find your classmate"


@cache
def _rows() -> tuple[tuple[int, ...], ...]:
    """Return which value each student has of each fact; the same students every time."""
    drawn = Random(24)  # noqa: S311 - nothing secret; `random()` is promised to be the same in every version of Python
    return tuple(tuple(int(len(one) * drawn.random() ** 1.5) for one in _FACTS.values()) for _ in range(_SIZE))


@typed
def students() -> pd.DataFrame:
    """Return the students of `classmate` as a frame, to go on with: synthetic, and the same every time.

    Returns
    -------
    pandas.DataFrame
        120 rows, one per student, with six columns of texts: `sport`, `birth_month`, `pet`, `bus`, `instrument` and
        `siblings`.

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.students().shape
    (120, 6)
    >>> pk.kanon(pk.teach.students(), ["sport", "birth_month", "pet"]).k
    1
    """
    import pandas as pd

    named = [[values[place] for values, place in zip(_FACTS.values(), row, strict=True)] for row in _rows()]
    return pd.DataFrame(named, columns=list(_FACTS), dtype="str")


@typed
def classmate() -> Piece:
    """Return a piece on why tables without names find people: pick facts, and watch a crowd shrink to one.

    120 synthetic students are dots. One picks what one knows of a classmate; those whom it does not fit fade. Next
    to it is the number of students whom the same facts single out. Reads no rows of anybody; spends nothing.

    Returns
    -------
    Piece

    Notes
    -----
    Students with the same values of the picked facts are one class: `k` is the size of the smallest, and who is alone
    is in a class of one. They are the figures of ``pk.kanon(pk.teach.students(), facts)``.

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.classmate()
    Find your classmate.
    Of 120 students, 15 share the classmate's sport, 2 the birth month too, 1 the pet too: three harmless facts found
    one person.
    next: pk.kanon(pk.teach.students(), ["sport", "birth_month", "pet"])
    """
    who, sizes = _found()
    facts = [name.replace("_", " ") for name in _FACTS][: len(sizes)]
    shared = ", ".join(f"{size} the {fact} too" for size, fact in zip(sizes[1:], facts[1:], strict=True))
    sentence = (
        f"Of {_SIZE} students, {sizes[0]} share the classmate's {facts[0]}, {shared}: "
        "three harmless facts found one person."
    )
    data = {"who": who, "facts": [name.replace("_", " ") for name in _FACTS], "values": list(_FACTS.values())}
    page = page_of("classmate", _TITLE, {**data, "rows": _rows()})
    then = 'pk.kanon(pk.teach.students(), ["sport", "birth_month", "pet"])'
    return Piece(_TITLE, sentence, page, _still(sentence, who, facts), 500, (then,))


def _found(known: int = 3) -> tuple[int, list[int]]:
    """Return the first student whom the first facts find, and how many fit one, two, three of them.

    Each fact leaves out somebody, and only the last leaves one.
    """
    for who in range(_SIZE):
        sizes = [len(_fitting(who, count)) for count in range(1, known + 1)]
        if sizes[-1] == 1 < sizes[-2] < sizes[-3]:
            return who, sizes
    raise AssertionError("the students are the same every time")


def _fitting(who: int, known: int) -> list[int]:
    rows = _rows()
    return [place for place, row in enumerate(rows) if row[:known] == rows[who][:known]]


def _still(sentence: str, who: int, facts: list[str]) -> str:
    """Draw the crowd once for each fact more: who still fits, and the classmate."""
    picture = Still(360, 290, sentence)
    for known in range(len(facts) + 1):
        left, top = 8 + 180 * (known % 2), 22 + 145 * (known // 2)
        fits = _fitting(who, known)
        picture.words(f"{'+ ' + facts[known - 1] if known else 'everybody'}: {len(fits)}", left, top)
        for place in range(_SIZE):
            kind = "b" if place == who else "a" if place in fits else "l"
            picture.dot(kind, left + 6 + 11 * (place % 15), top + 16 + 13 * (place // 15), 4)
    return picture.svg()
