"""Names of questions, as a ledger holds them: of the question alone, then of the question on its data.

A name of the present form is ``v3:``, 32 digits that tell the question, and 64 that tell the question on its data. All
of them are keyed. So one range of the index holds every entry that asked the same question, of whatever data. The 64
digits alone were the name in the form before (``v2:``), so what was asked under it is found by the same look-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

#: What names of the present form begin with, and those of the one before. Those of the first are hexadecimal digits.
FORM, SECOND = "v3:", "v2:"
#: How many digits tell the question.
QUESTION = 32


class Alike(NamedTuple):
    """An entry that asked the same question.

    Attributes
    ----------
    entry : int
    key : str
        Its name, which tells on which data.
    question : Mapping
        What was recorded.
    """

    entry: int
    key: str
    question: Mapping[str, Any]


def joined(question: str, data: str) -> str:
    """Return the name of a question on its data.

    Examples
    --------
    >>> joined("a" * 64, "b" * 64) == "v3:" + "a" * 32 + "b" * 64
    True
    """
    return f"{FORM}{question[:QUESTION]}{data}"


def older(name: str) -> str:
    """Return what the form before would have called the same question on the same data.

    Examples
    --------
    >>> older(joined("a" * 64, "b" * 64)) == "v2:" + "b" * 64
    True
    """
    return SECOND + name[len(FORM) + QUESTION :] if name.startswith(FORM) else name


def alike(name: str) -> tuple[str, str] | None:
    """Return from where, and up to where, the names of the same question lie; None for other forms.

    Digits are compared alike in every collation, and "g" comes after them.
    """
    if not name.startswith(FORM):
        return None
    same = name[: len(FORM) + QUESTION]
    return same, f"{same}g"
