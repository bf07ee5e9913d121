"""Answers as the ledger stores them: the noisy integers, and with which versions they were drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.answers.provenance import Provenance
from privkit.dp.answers.release import Release
from privkit.dp.noise.noise import ALPHA

if TYPE_CHECKING:
    from privkit.dp.plan import Plan

_LIBRARIES = ("jupyter-privkit", "opendp", "narwhals", "pandas", "numpy")


def encode_answer(plan: Plan, drawn: Sequence[int] | Mapping[str, int | Sequence[int]]) -> str:
    """Return the noisy integers as the text that the ledger stores: in canonical order of the keys, with versions."""
    if isinstance(drawn, Mapping):  # the groups showed up by their noisy counts
        keys_ = sorted(drawn)
        cells = [int(cell) for key in keys_ for cell in np.atleast_1d(drawn[key])]
        found = {"keys": keys_, "cells": cells, "versions": _versions()}
        return json.dumps(found, separators=(",", ":"), sort_keys=True)
    cells = [int(cell) for cell in drawn]
    if (keys := plan.question.keys) is not None:
        width = len(cells) // len(keys)
        cells = [cell for place in keys.canonical_order for cell in cells[place * width : (place + 1) * width]]
    return json.dumps({"cells": cells, "versions": _versions()}, separators=(",", ":"), sort_keys=True)


def decode_answer(
    plan: Plan,
    answer: str,
    *,
    project: str,
    entry: int,
    time: str,
    replayed: bool,
    before: int | None = None,
    replays: bool = True,
) -> Release:
    """Return the release that a stored answer holds, in the order in which the plan's keys were asked."""
    stored = json.loads(answer)
    noise, used = plan.question.asked.noise_told(plan.noise), plan.noise.used
    plan = plan.question.asked.answered(plan, stored.get("keys"))
    question, cells = plan.question, np.array(stored["cells"], dtype=np.int64)
    cells = cells.reshape(question.groups, -1) if question.groups else cells.reshape(0, question.asked.width)
    if "keys" not in stored and (keys := question.keys) is not None:
        ordered = np.empty_like(cells)
        ordered[keys.canonical_order] = cells
        cells = ordered
    place: dict[str, Any] = {"project": project, "entry": entry, "time": time, "versions": stored["versions"]}
    known = question.asked.limits(cells[:1], plan.noise, ALPHA) if len(cells) else {}
    return Release(plan, cells, Provenance.of(plan, known, noise, used, **place), replayed, before, replays)


def answers(release: Release, stored: str) -> bool:
    """Whether a stored answer is that of a release: the same noisy integers, in whatever order the keys were asked."""
    told = json.loads(stored)
    if "keys" in told:  # found groups stand in the order in which they are stored
        return np.array_equal(release.drawn.ravel(), told["cells"])
    return bool(json.loads(encode_answer(release.plan, [*map(int, release.drawn.ravel())]))["cells"] == told["cells"])


@cache
def _versions() -> dict[str, str]:
    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # run from a checkout
            found[library] = "not installed"
    return found
