"""A lesson as one takes it: a project to learn with, and an answer to what it asks: right and why, or a hint."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING

from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.project.opening import open_project
from privkit.project.project import Project
from privkit.teach.lessons import LESSONS, Lesson
from privkit.values.arguments import public, typed, whole
from privkit.values.show import Shown
from privkit.values.unit import PrivacyUnit

#: What stands in the ledger as the reason why a project of this name begins although another is remembered.
REASON = "a lesson"

if TYPE_CHECKING:
    from privkit.values.inputs import Allotments, Amount


@typed
def project(
    name: str,
    *,
    epsilon: Amount | None = None,
    delta: Amount | None = None,
    rho: Amount | None = None,
    unit: str | PrivacyUnit | None = None,
    max_rows: int | None = None,
    per_analyst: Allotments | None = None,
    store: str | os.PathLike[str] | None = None,
    analyst: str | None = None,
) -> Project:
    """Open a project of a lesson: a real one, which begins anew in every copy of the lesson.

    It is ``pk.open_project(..., new=True, reason="a lesson")``. A ledger of its own lies beside each copy of the
    notebook, so a lesson that was moved, copied or deleted starts over, where `open_project` would refuse: there, the
    same people must not be paid for twice. So it is for tables that come with privkit, and never for yours. Within one
    copy it is charged and replays as any project. It becomes the current project. Spends nothing; reads no rows.

    Parameters
    ----------
    name : str
    epsilon, delta, rho : number, optional
    unit : str or pk.ROW
    max_rows : int, optional
    per_analyst : number, optional
    store : path or SQLAlchemy URL, optional
    analyst : str, optional
        As of `open_project`.

    Returns
    -------
    Project

    Raises
    ------
    PrivkitError
        What `open_project` raises, `LedgerMovedError` apart.

    Examples
    --------
    >>> import privkit as pk
    >>> lesson = pk.teach.project("lesson", epsilon=1.0, unit=pk.ROW, store=ledger_path)
    >>> lesson.remaining
    ε = 1
    """
    return open_project(
        name,
        epsilon=epsilon,
        delta=delta,
        rho=rho,
        unit=unit,
        max_rows=max_rows,
        per_analyst=per_analyst,
        store=store,
        analyst=analyst,
        new=True,
        reason=REASON,
    )


@public
@dataclass(frozen=True, slots=True, repr=False)
class Answer(Shown):
    """What is said to an answer. It does not hold the solution.

    Attributes
    ----------
    lesson : int
        The lesson's number.
    asked : str
        Its question.
    right : bool or None
        Whether the answer is right; None where none was given.
    said : str
        Why it is right, or a hint.

    Examples
    --------
    >>> import privkit as pk
    >>> [pk.teach.answer(10, tried).right for tried in (..., 15, 21)]
    [None, False, True]
    """

    lesson: int
    asked: str
    right: bool | None
    said: str


@typed
def answer(lesson: int, given: object = ...) -> Answer:
    """Answer the question at the end of a lesson; with ``...``, read it.

    Whoever is right reads why; a wrong one gets a hint, and never the solution. What the answer is, the
    package counts from its synthetic tables. Reads no rows of anybody; spends nothing.

    Parameters
    ----------
    lesson : int
        The number in the name of the notebook.
    given : number or str
        The answer: a number, or the letter of a choice.

    Returns
    -------
    Answer

    Raises
    ------
    ParameterError
        If no lesson of that number has a question, or the answer is neither a finite number nor one of the letters.

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.answer(10, ...)
    Lesson 10 asks: A survey has six columns. How many tables of one or two columns does it have?
    Put your answer in the place of the dots, and run the cell.
    next: pk.teach.answer(10, ...)
    >>> pk.teach.answer(10, 15)
    Not yet: A survey has six columns. How many tables of one or two columns does it have?
    Those are the pairs. The columns alone are tables too.
    next: pk.teach.answer(10, ...)
    """
    number = whole(lesson, "lesson")
    if number not in LESSONS:
        raise ParameterError.of("lesson", str(number), f"the number of a lesson that asks: one of {list(LESSONS)}")
    asks = LESSONS[number]
    if given is ...:
        return Answer(number, asks.asked, None, "Put your answer in the place of the dots, and run the cell.")
    tried = _read(given, asks)
    right = asks.is_right(tried)
    return Answer(number, asks.asked, right, asks.why if right else asks.hint_for(tried))


def _read(given: object, asks: Lesson) -> float | str:
    """Return an answer as the number or the letter that is asked for."""
    if asks.letters:
        letter = given.strip().strip("()").lower() if isinstance(given, str) else ""
        if len(letter) == 1 and letter in asks.letters:
            return letter
        allowed = "one of the letters " + ", ".join(asks.letters)
    else:
        with suppress(OverflowError):  # a whole number beyond all floats
            if isinstance(given, Real) and not isinstance(given, bool) and math.isfinite(given):
                return float(given)
        allowed = "a finite number"
    raise ParameterError.of("given", "a text" if isinstance(given, str) else type_told(given), allowed)
