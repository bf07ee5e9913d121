"""Answers without noise and with the sampler's salt fixed, and canonical questions, of every kind of call."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import tempfile
import warnings
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pinned_asked import NOISELESS, answered, asked, begun, numbers_of, people
from pinned_landed import in_its_own_state, salted

from privkit.budget.canonical import canonical
from privkit.project.naming import ASKED_BEFORE, FRAME

#: Longer questions (those with hundreds of candidates) are pinned by their hash alone.
_SHOWN = 3000
#: All candidates between two ages in the middle of an even number of people are as good as each other, and drawn among.
#: (The questions called untied have no such.)
_QUANTILES = {"middle", "25%", "50%", "75%", "quantile", "median"}
_TIED = 15
#: What is left of the noise, where the steps of a sum are fine.
_LEFT = 0.02


def answers_and_questions() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what each question answers without noise and for one salt, and how the ledger writes it."""
    answers: dict[str, Any] = {}
    questions: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as made, in_its_own_state(Path(made)), warnings.catch_warnings(), salted():
        warnings.simplefilter("ignore")
        for kind, all_asked in asked().items():
            project = begun(kind, Path(made) / "ledger.db", endless=True)
            there = {}  # two that are one question have one entry
            for name, question in all_asked.items():
                release = answered(question, project, NOISELESS, people())
                answers[f"{kind}.{name}"] = numbers_of(release, intervals=False)
                there[name] = str(release.provenance.entry)
            entries = {entry["entry"]: entry for entry in csv.DictReader(io.StringIO(project.ledger.to_csv()))}
            for name, number in there.items():
                questions[f"{kind}.{name}"] = _entry(entries[number])
    return answers, questions


def _entry(entry: dict[str, str]) -> dict[str, str]:
    """Return a question byte for byte, as it is named, with its hash and its charge."""
    told = json.loads(entry["question"])
    for name in (FRAME, ASKED_BEFORE):  # of which frame it was asked is recorded beside it, and is no part of it
        told.pop(name, None)
    question = canonical(told)
    shown = question if len(question) <= _SHOWN else f"{question[:200]}... ({len(question)} characters)"
    charged = {name: entry[name] for name in ("epsilon", "rho", "delta") if name in entry}
    return {"question": shown, "sha256": hashlib.sha256(question.encode()).hexdigest(), **charged}


def same(name: str, before: Any, now: Any) -> bool:
    """Whether two answers to the question of a name are equal but for what is left of the noise."""
    if before.keys() != now.keys():
        return False
    tied = set() if "untied" in name else _QUANTILES
    return all(
        _near(*cells, _TIED if column in tied else _LEFT)
        for column in before
        for cells in zip_longest(before[column], now[column])
    )


def _near(before: Any, now: Any, within: float) -> bool:
    if isinstance(before, int | float) and isinstance(now, int | float):
        return math.isclose(before, now, rel_tol=1e-5, abs_tol=within)
    return list(before or ()) == list(now or ())  # texts, and the lists of a choice


def kept(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Return the answers of now, with those of before where they are the same: so that a file keeps its lines."""
    return {
        name: before[name] if name in before and same(name, before[name], one) else one for name, one in now.items()
    }


def read(path: Path) -> Any:
    """Return what a file of JSON holds."""
    return json.loads(path.read_text(encoding="utf-8"))
