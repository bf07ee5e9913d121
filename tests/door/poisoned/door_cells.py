"""What gets noise, and how far it may move: the one place of these tests that looks behind the public functions."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from unittest import mock

import numpy as np

from privkit.dp.measurement import exact_cells
from privkit.dp.question import Question
from privkit.dp.statistics.books.tables import Tables
from privkit.dp.statistics.open_groups import OpenCount, OpenGroups
from privkit.dp.statistics.quantile import Quantile
from privkit.dp.statistics.several import Several
from privkit.dp.statistics.top_k import TopK
from privkit.dp.training.steps import Steps


def cells(question: Question, data: object, salt: int = 0) -> Any:
    """Return the exact integers that get noise, or counts by the texts of open groups.

    The salt of the bounding is the same on both neighbors, and another one for each pair.
    """
    drawn = sha256(salt.to_bytes(8, "little")).digest()
    with mock.patch("secrets.token_bytes", lambda n=32: (drawn * 2)[:n]):
        if isinstance(question.asked, OpenGroups):
            question = question.asked.groups_of(question)
        if isinstance(question.asked, OpenCount):
            return question.asked.counted(data, question)
        if isinstance(question.asked, Steps):
            return _stepped(question, data)
        return exact_cells(data, question).reshape(question.groups, -1)


def _stepped(question: Question, data: object) -> Any:
    """Return the exact answers to all steps, along one way for both neighbors: answers are public where steps begin.

    What a step answers depends on where it stands, which noisy answers have decided: without noise, and with a way of
    its own for each neighbor, no bound of one step would hold.
    """
    asked: Any = question.asked
    design, state, found = asked.design(question.rows(data), question), asked.begun(), []
    random = np.random.default_rng(7)
    for _ in range(asked.steps):
        found.append(asked.summed(design, state))
        far = 20 * question.sensitivity.linf
        state = asked.moved(state, np.abs(random.integers(-far, far, size=found[-1].size)))
    return np.array(found)


def _norms(difference: Any) -> dict[str, float]:
    moved = np.abs(np.asarray(difference, dtype=float))
    return {"l1": moved.sum(), "l2": float(np.sqrt((moved**2).sum())), "linf": moved.max(initial=0)}


def declared(question: Question) -> dict[str, float]:
    """Return what the question says that one person moves, in each norm that prices noise."""
    found = question.sensitivity
    return {"l1": found.l1, "l2": found.l2, "linf": found.linf}


def too_far(question: Question, whole: Any, rest: Any) -> str | None:
    """Return by how much the cells moved, where that is more than declared."""
    asked = question.asked
    if isinstance(asked, OpenGroups):
        question = asked.groups_of(question)
        asked = question.asked
    if isinstance(asked, Several):
        at = 0
        for part in asked.parts:
            width = len(part.candidates) if isinstance(part, Quantile) else part.reach.width
            own = Question(part, question.unit, question.bounds, question.keys)
            if found := too_far(own, whole[:, at : at + width], rest[:, at : at + width]):
                return found
            at += width
        return None
    claimed = declared(question)
    if isinstance(asked, Steps):  # the price of all is the sum over steps of what is declared of one
        return next((told for pair in zip(whole, rest, strict=True) if (told := _beyond(claimed, *pair))), None)
    if isinstance(asked, Tables):  # and of tables, over those that are measured
        each = [(whole[0, span], rest[0, span]) for span in asked.fit.spans]
        return next((told for pair in each if (told := _beyond(claimed, *pair))), None)
    if isinstance(whole, dict):
        moved = [whole.get(key, 0) - rest.get(key, 0) for key in {*whole, *rest}]
    elif isinstance(asked, Quantile):
        most = np.abs(whole - rest).max(axis=1)
        moved = [most.sum() if question.bounds.max_rows is not None else most.max(initial=0)]
    elif type(asked) is TopK:
        moved = [np.abs(whole - rest).max()]
        if (whole < rest).any():
            return "a score fell"
    else:
        moved = (whole - rest).ravel()
    return _beyond(claimed, moved)


def _beyond(claimed: dict[str, float], whole: Any, rest: Any = 0) -> str | None:
    """Return the first norm in which cells moved farther than is claimed."""
    for norm, found in _norms(np.asarray(whole) - rest).items():
        if found > claimed[norm] * (1 + 1e-12):
            return f"{norm} {found:g} where {claimed[norm]:g} is declared"
    return None
