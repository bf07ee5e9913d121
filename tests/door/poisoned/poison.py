"""The poison search: no row of any value changes what can be seen of a call, but for what the noise covers.

A pair is a frame D and a neighbor D′, which has one row (and with it one person) more, whose cell in the column ``v``
holds some value of that column's type. Asked of both is the same question. What can be seen must be the same: the
answer's form or the error with its text, the ledger's entries and the loss, whether asking again replays, what is
printed and warned of. And what gets noise must differ by at most what the plan claims, for one salt of the bounding.
"""

from __future__ import annotations

import gc
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from door_cells import cells, too_far
from door_pairs import ENGINES, LAZY, Pair, pairs
from door_schema import Row
from door_watching import Seen, watched

import privkit as pk

_IN_MEMORY = "/dev/shm"


class Projects:
    """Projects of all units in one ledger file, begun anew before they grow long."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.made, self.open = folder, 0, {}

    def of(self, pair: Pair) -> pk.Project:
        terms = {
            "row": (pk.ROW, None),
            "person": ("who", None),
            "window": ("who", "t"),
            "own id": ("v", None),
            "own id in a window": ("v", "t"),
            "own time": ("who", "v"),
        }[pair.unit]
        key = (*terms, pair.per if terms[1] else None)
        held, asked = self.open.get(key, (None, 0))
        if held is None or asked >= 100:
            self.made += 1
            window = {"per": pair.per, "time": terms[1]} if terms[1] else {}
            held = pk.open_project(
                f"p{self.made}",
                epsilon=1e6,
                delta=0.9,
                unit=terms[0],
                ceiling=100,
                store=self.folder / "l.db",
                **window,
            )
            asked = 0
        self.open[key] = (held, asked + 1)
        return held


def _bounded(pair: Pair) -> dict[str, Any]:
    """Return the arguments that bound one person's rows."""
    asked = pair.asking
    if pair.unit == "row" or not asked.function.startswith("dp_"):
        return {}
    if asked.persons:
        return {"max_groups": 2} if len(asked.args) > 1 or "keys" in asked.given else {}
    most = 1 + pair.number % 4 // 2
    if "delta" in asked.given or pair.number % 2:
        return {"max_groups": 1, "per_group": most}
    return {"max_rows": most}


def ask(pair: Pair, rows: Sequence[Row], project: pk.Project, side: str) -> Seen:
    """Ask twice, and return what can be seen."""
    seen, frame = Seen(), pair.frame(rows)
    given = {**pair.asking.given, **_bounded(pair)}
    spending = pair.asking.function.startswith("dp_")
    if spending:
        given |= {"project": project, "epsilon": 1}
        if pair.schema.engine in LAZY:
            given["version"] = f"{pair.number} {side}"
    before = len(project.ledger)
    for turn in ("first", "again"):
        with watched(seen, turn):
            answer = getattr(pk, pair.asking.function)(frame, *pair.asking.args, **given)
            seen.what[f"{turn} outcome"] = "answer"
            if spending:
                seen.what[f"{turn} replayed"] = answer.replayed
                seen.plan = answer.plan
    entries = project.account.entries()[before:] if spending else []
    seen.what["entries"] = [(entry.state, entry.kind, str(entry.cost)) for entry in entries]
    return seen


# -- judging ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be."""

    fault: str
    told: str
    pair: Pair

    def __str__(self) -> str:
        return f"{self.fault}: {self.told} [{self.pair}]"


def judged(pair: Pair, projects: Projects) -> tuple[str, list[Finding]]:
    """Return the outcome in a word (answer, refused or failed), and what is not as it must be."""
    project = projects.of(pair)
    one, two = ask(pair, pair.rows, project, "D"), ask(pair, pair.neighbor, project, "D'")
    found = [Finding(fault, told, pair) for fault, told in (*_differing(one, two), *_wrong(one), *_wrong(two))]
    outcome = one.what["first outcome"]
    plan = one.plan or two.plan
    if plan is not None:
        found += _moved(pair, project, one.plan, two.plan)
    word = "answer" if outcome == "answer" else "failed" if "Measurement" in outcome else "refused"
    return word, _without_consequences(list({(one.fault, one.told): one for one in found}.values()))


def _without_consequences(found: list[Finding]) -> list[Finding]:
    """Leave out what follows of itself: an answer that fails has other entries, and is not replayed."""
    faults = {finding.fault for finding in found}
    dropped: set[str] = set()
    if faults & {"charged and failed", "a raw error", "outcome differs"}:
        dropped |= {"entries differs", "replayed differs", "exact cells fail"}
    if faults & {"charged and failed", "a raw error"}:
        dropped |= {"outcome differs"}
    if "replayed differs" in faults:
        dropped |= {"entries differs"}
    if "printed" in faults:
        dropped |= {"printed differs"}
    return [finding for finding in found if finding.fault not in dropped]


def _differing(one: Seen, two: Seen) -> Iterator[tuple[str, str]]:
    for name in one.what.keys() | two.what.keys():
        left, right = one.what.get(name), two.what.get(name)
        if left != right and name.endswith(("outcome", "entries", "replayed", "warned", "printed")):
            yield f"{name.split()[-1]} differs", f"{_short(left)} | {_short(right)}"


def _wrong(seen: Seen) -> Iterator[tuple[str, str]]:
    for turn in ("first", "again"):
        outcome = seen.what[f"{turn} outcome"]
        if "(raw)" in outcome:
            yield "a raw error", outcome
        elif outcome.startswith("MeasurementError"):
            yield "charged and failed", outcome.split(".")[0]
        elif "with a context" in outcome:
            yield "an error leads to its cause", outcome
        if seen.what[f"{turn} printed"]:
            yield "printed", _short(seen.what[f"{turn} printed"])
    if "orphaned" in str(seen.what["entries"]):
        yield "orphaned", _short(seen.what["entries"])


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) < 160 else f"{text[:150]} ..."


def _moved(pair: Pair, project: pk.Project, *plans: Any) -> Iterator[Finding]:
    planned = getattr(pk.plan, pair.asking.function)
    given = {**pair.asking.given, **_bounded(pair), "project": project, "epsilon": 1}
    small, large = pair.frame(pair.rows), pair.frame(pair.neighbor)
    question = planned(small, *pair.asking.args, **given).question
    if question.canonical() != planned(large, *pair.asking.args, **given).question.canonical():
        yield Finding("plan differs", "", pair)
    silent = Seen()
    with watched(silent, "cells"):
        rest, whole = cells(question, small, pair.number), cells(question, large, pair.number)
        if told := too_far(question, whole, rest):
            yield Finding("moved too far", told, pair)
    if (told := silent.what.get("cells outcome")) and None not in plans:
        yield Finding("exact cells fail", told, pair)


def searched(seed: int, number: int, engines: Sequence[str] = tuple(ENGINES)) -> tuple[Counter, list[Finding]]:
    """Judge a number of pairs; return how many were answered, refused or failed, and the findings.

    The ledger lies in memory where the machine has a folder there: durable writes are not what is looked at.
    """
    with tempfile.TemporaryDirectory(dir=_IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None) as folder:
        with mock.patch.dict(os.environ, {"PRIVKIT_STATE_DIR": f"{folder}/state"}):
            return _searched(seed, number, Path(folder), engines)


def _searched(seed: int, number: int, folder: Path, engines: Sequence[str]) -> tuple[Counter, list[Finding]]:
    projects, outcomes, findings = Projects(folder), Counter(), []
    for one in pairs(seed, number, engines):
        word, found = judged(one, projects)
        outcomes[word] += 1
        findings += found
    gc.collect()
    return outcomes, findings


def by_fault(findings: Sequence[Finding]) -> str:
    """Return the findings in lines: each fault once per kind of column, how often it was found, and one pair."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for found in findings:
        schema = found.pair.schema
        key = (found.fault, schema.kind, schema.engine, found.pair.asking.function, _cause(found))
        groups.setdefault(key, []).append(found)
    ordered = sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1])))
    return "\n".join(f"{len(found):5} × {found[0]}" for _, found in ordered)


def _cause(found: Finding) -> str:
    return found.told.split(":")[0] if found.fault in ("a raw error", "charged and failed") else ""
