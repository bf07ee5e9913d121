"""Names of projects and analysts: which are one name, and which only look alike (L11)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from privkit.errors import ParameterError
from privkit.errors.root import type_told


def check_name(name: object, argument: str = "name") -> None:
    """Refuse what is no name of a project or an analyst.

    Raises
    ------
    ParameterError
    """
    if not isinstance(name, str):
        raise ParameterError.of(argument, type_told(name), "a name (str)")
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise ParameterError.of(
            argument,
            repr(name[:40]),
            "1 to 200 printable characters",
            "Example: 'churn'." if argument == "name" else "Set PRIVKIT_ANALYST.",
        )


def tidy(name: str) -> str:
    r"""Return a name as it is recorded: composed (NFC), without blanks around it.

    Examples
    --------
    >>> tidy(" cafe\u0301 ")
    'café'
    """
    return unicodedata.normalize("NFC", name).strip()


#: Letters of Cyrillic and Greek that have the shape of a Latin one, small or capital (Unicode TS 39, confusables).
_SHAPES = str.maketrans("авекмнорстухіјѕһԁԛԝѵαβεζηικμνορτυχ", "abekmhopctyxijshdqwvabezhikmnoptyx")


def alike(name: str) -> str:
    r"""Return what names that look alike have in common: case, width, blanks, and the script count for nothing.

    A Cyrillic or Greek letter is the Latin one of its shape: a keyboard's other layout makes no other name.

    Examples
    --------
    >>> alike("Café  2") == alike("CAFE\u0301 ２")
    True
    >>> alike("Ada") == alike("\u0410d\u0430"), alike("Ada") == alike("Ida")
    (True, False)
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(unicodedata.normalize("NFKC", apart.translate(_SHAPES)).split())


def known_as(name: str, known: Sequence[str]) -> str | None:
    r"""Return the known name that a given one means; None if it means none.

    An earlier version recorded names as they were typed. So the name as it stands comes first, then the tidy one, then
    the only one that is the same when it is tidied.

    Examples
    --------
    >>> known_as("café", ["cafe\u0301"]) == "cafe\u0301"
    True
    """
    for candidate in (name, tidy(name)):
        if candidate in known:
            return candidate
    same = [other for other in known if tidy(other) == tidy(name)]
    return same[0] if len(same) == 1 else None


def lookalikes(name: str, known: Sequence[str]) -> list[str]:
    """Return the known names that look like a given one; none if it means one of them.

    Examples
    --------
    >>> lookalikes("Churn", ["churn", "sales"]), lookalikes("churn ", ["churn", "sales"])
    (['churn'], [])
    """
    return [] if known_as(name, known) is not None else [other for other in known if alike(other) == alike(name)]


def called(recorded: str) -> str:
    r"""Return what a project is called that is recorded under this name: without the number of those begun anew.

    Examples
    --------
    >>> called("churn"), called("churn\n2")
    ('churn', 'churn')
    """
    return recorded.partition("\n")[0]


def close_names(name: str, known: Sequence[str]) -> list[str]:
    """Return the known names that a given one may be a slip of, nearest first; none that look alike or are meant.

    Two names are close where, without regard to case, width and blanks, one becomes the other by a slip or two: a
    character put in, left out, taken for another, or changed places with the next (Damerau 1964; names of up to five
    characters by one, of up to three by none). Names that differ in their digits alone are a series, as of years, and
    are not.

    Examples
    --------
    >>> close_names("loan 2026", ["loans 2026", "loan 2025", "churn", "Loan 2026"])
    ['loans 2026']
    """
    mine = alike(name)
    found = []
    for other in known:
        theirs = alike(other)
        most = _most(max(len(mine), len(theirs)))
        if mine == theirs or _without_digits(mine) == _without_digits(theirs):
            continue
        if abs(len(mine) - len(theirs)) <= most and (slips := _slips(mine, theirs)) <= most:
            found.append((slips, other))
    return [other for _, other in sorted(found)]


def close_words(name: str, near: Sequence[str], budget: str) -> str:
    """Return what to know of a project that was begun under a name close to others."""
    held = ", ".join(map(repr, near))
    return (
        f"project {name!r} is begun now, with a fresh budget of {budget}; the ledger holds {held}, of a close name. "
        f"If you meant that one: project.remove(reason='a slip'), while nothing is charged to this one, then "
        f"pk.open_project({near[0]!r})."
    )


def _most(length: int) -> int:
    """Return how many slips may lie between two names of this length."""
    return 0 if length <= 3 else 1 if length <= 5 else 2


def _without_digits(name: str) -> str:
    return "".join("0" if char.isdigit() else char for char in name)


def _slips(left: str, right: str) -> int:
    """Return the least number of slips between two names (optimal string alignment)."""
    rows = [list(range(len(right) + 1))]
    for i, char in enumerate(left, 1):
        row = [i]
        for j, other in enumerate(right, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (char != other))
            if i > 1 and j > 1 and (char, left[i - 2]) == (right[j - 2], other):
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
