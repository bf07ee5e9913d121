"""Pieces on tables: a crowd that shrinks to one by a few harmless facts; and k, l and t on a map of the lattice.

The map has all ways to make a table coarser, and whose secret is out in each.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import TYPE_CHECKING

from privkit.teach.piece import Piece, Still, page_of
from privkit.values.arguments import typed

if TYPE_CHECKING:
    import pandas as pd

_STUDENTS = 120
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


@cache
def _students() -> tuple[tuple[int, ...], ...]:
    """Return which value each student has of each fact; the same students every time."""
    drawn = Random(24)  # noqa: S311 - nothing secret; `random()` is promised to be the same in every version of Python
    return tuple(tuple(int(len(one) * drawn.random() ** 1.5) for one in _FACTS.values()) for _ in range(_STUDENTS))


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

    named = [[values[place] for values, place in zip(_FACTS.values(), row, strict=True)] for row in _students()]
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
        f"Of {_STUDENTS} students, {sizes[0]} share the classmate's {facts[0]}, {shared}: "
        "three harmless facts found one person."
    )
    data = {"who": who, "facts": [name.replace("_", " ") for name in _FACTS], "values": list(_FACTS.values())}
    title = "Find your classmate"
    page = page_of("classmate", title, {**data, "rows": _students()})
    then = 'pk.kanon(pk.teach.students(), ["sport", "birth_month", "pet"])'
    return Piece(title, sentence, page, _still_crowd(sentence, who, facts), 500, (then,))


def _found(known: int = 3) -> tuple[int, list[int]]:
    """Return the first student whom the first facts find, and how many fit one, two, three of them.

    Each fact leaves out somebody, and only the last leaves one.
    """
    for who in range(_STUDENTS):
        sizes = [len(_fitting(who, count)) for count in range(1, known + 1)]
        if sizes[-1] == 1 < sizes[-2] < sizes[-3]:
            return who, sizes
    raise AssertionError("the students are the same every time")


def _fitting(who: int, known: int) -> list[int]:
    rows = _students()
    return [place for place, row in enumerate(rows) if row[:known] == rows[who][:known]]


def _still_crowd(sentence: str, who: int, facts: list[str]) -> str:
    """Draw the crowd once for each fact more: who still fits, and the classmate."""
    picture = Still(360, 290, sentence)
    for known in range(len(facts) + 1):
        left, top = 8 + 180 * (known % 2), 22 + 145 * (known // 2)
        fits = _fitting(who, known)
        picture.words(f"{'+ ' + facts[known - 1] if known else 'everybody'}: {len(fits)}", left, top)
        for place in range(_STUDENTS):
            kind = "b" if place == who else "a" if place in fits else "l"
            picture.dot(kind, left + 6 + 11 * (place % 15), top + 16 + 13 * (place // 15), 4)
    return picture.svg()


# -- k, l and t on a map -------------------------------------------------------------------------------------------

_PATIENTS = 48
_ZIPS = tuple(f"8{a}{b}{c}" for a in "01" for b in "04" for c in "1234")
#: Their first letters stand for them in the pictures.
_ILLNESSES = ("flu", "asthma", "diabetes", "migraine", "heart disease")
#: Which illness is the most frequent in each of three generations.
_TYPICAL = (0, 3, 4)
#: How the two columns are made coarser, level by level.
_ZIP_LEVELS, _AGE_LEVELS = ("whole zip", "3 digits", "2 digits", "no zip"), ("years", "tens", "twenties", "no age")
#: The levels that the sentence and the still picture tell of.
_TOLD = (2, 2)


@cache
def _patients() -> tuple[tuple[str, int, int], ...]:
    """Return zip, age and illness of each patient; the same every time."""
    drawn = Random(32)  # noqa: S311 - nothing secret
    rows = []
    for _ in range(_PATIENTS):
        code, age = _ZIPS[int(len(_ZIPS) * drawn.random())], 20 + int(60 * drawn.random())
        typical = drawn.random() < 0.55
        rows.append((code, age, _TYPICAL[(age - 20) // 20] if typical else int(len(_ILLNESSES) * drawn.random())))
    return tuple(rows)


@typed
def patients() -> pd.DataFrame:
    """Return the patients of `klt_map` as a frame, to go on with: synthetic, and the same every time.

    Returns
    -------
    pandas.DataFrame
        48 rows, one per patient: `zip` (text of four digits), `age` (whole years, 20 to 79) and `illness` (text).

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.patients().shape
    (48, 3)
    >>> pk.kanon(pk.teach.patients(), ["zip", "age"]).k
    1
    """
    import pandas as pd

    frame = pd.DataFrame(_patients(), columns=["zip", "age", "illness"])
    return frame.assign(zip=frame["zip"].astype("str"), illness=frame["illness"].map(dict(enumerate(_ILLNESSES))))


@typed
def klt_map() -> Piece:
    """Return a piece on k, l and t: a map of all ways to make a table coarser, to walk over.

    48 synthetic patients have a zip, an age and an illness. Each field of the map is a level of both columns; it tells
    k, and of how many the illness is out to whoever knows zip and age. One sees that k grows while secrets stay out,
    and what of the table is left where none is. Reads no rows of anybody; spends nothing.

    Returns
    -------
    Piece

    Notes
    -----
    Patients with the same zip and age, at the levels chosen, are one class. `k` is the size of the smallest class, `l`
    the least number of illnesses in one, `t` the greatest distance 1/2 Σ abs(p − q) of its shares of illnesses from the
    table's. Whoever is in a class of one illness has it: these are counted. They are the figures of ``pk.kanon``,
    ``pk.ldiv`` and ``pk.tclose`` for ``pk.teach.patients()`` at these levels. Source: Sweeney, "k-anonymity" (2002);
    Machanavajjhala and others, "l-diversity" (2007); Li, Li and Venkatasubramanian, "t-closeness" (2007).

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.klt_map()
    k, l and t on a map.
    With zips to 2 digits and ages in twenties, each of 48 patients looks like at least 3 others (k = 4), and still the
    illness of 6 is out: all who look like them have the same one (l = 1).
    next: pk.ldiv(pk.teach.patients(), ["zip", "age"], "illness")
    """
    sizes = [len(one) for one in _classes(*_TOLD)]
    out = sum(len(one) for one in _classes(*_TOLD) if len({_patients()[place][2] for place in one}) == 1)
    sentence = (
        f"With zips to {_ZIP_LEVELS[_TOLD[0]]} and ages in {_AGE_LEVELS[_TOLD[1]]}, each of {_PATIENTS} patients looks "
        f"like at least {min(sizes) - 1} others (k = {min(sizes)}), and still the illness of {out} is out: all who "
        "look like them have the same one (l = 1)."
    )
    rows = [
        [[_zip_at(code, level) for level in range(4)], [_age_at(age, level) for level in range(4)], illness]
        for code, age, illness in _patients()
    ]
    data = {"rows": rows, "secrets": _ILLNESSES, "zips": _ZIP_LEVELS, "ages": _AGE_LEVELS}
    title = "k, l and t on a map"
    page = page_of("klt_map", title, data)
    then = 'pk.ldiv(pk.teach.patients(), ["zip", "age"], "illness")'
    return Piece(title, sentence, page, _still_map(sentence), 600, (then,))


def _zip_at(code: str, level: int) -> str:
    return "*" if level == 3 else code[: 4 - level] + "*" * level


def _age_at(age: int, level: int) -> str:
    if level in (0, 3):
        return "*" if level else str(age)
    low = 20 + (age - 20) // (10 * level) * 10 * level
    return f"{low}-{low + 10 * level - 1}"


def _classes(zip_level: int, age_level: int) -> list[list[int]]:
    """Return the places of the patients who look alike, class by class."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, (code, age, _) in enumerate(_patients()):
        found.setdefault((_zip_at(code, zip_level), _age_at(age, age_level)), []).append(place)
    return [found[key] for key in sorted(found)]


def _still_map(sentence: str) -> str:
    """Draw each class of the levels that are told of, with the letters of its illnesses."""
    classes = _classes(*_TOLD)
    picture = Still(360, 40 + 34 * len(classes), sentence)
    picture.words("Patients who look alike, and their illnesses", 8, 22)
    for row, places in enumerate(classes):
        top, illnesses = 40 + 34 * row, [_patients()[place][2] for place in places]
        picture.bar("b" if len(set(illnesses)) == 1 else "a", 8, top, 8, 26)
        picture.words(" ".join(_ILLNESSES[one][0].upper() for one in sorted(illnesses)), 24, top + 18)
    return picture.svg()
