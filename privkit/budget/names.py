"""Names of projects: which are one name, and which only look alike (L11)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def tidy(name: str) -> str:
    r"""Return a name as it is recorded: composed (NFC), without blanks around it.

    Examples
    --------
    >>> tidy(" cafe\u0301 ")
    'café'
    """
    return unicodedata.normalize("NFC", name).strip()


def alike(name: str) -> str:
    r"""Return what names that look alike have in common: case, width, and blanks count for nothing.

    Examples
    --------
    >>> alike("Café  2") == alike("CAFE\u0301 ２")
    True
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())


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
