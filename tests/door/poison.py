"""The poison search: no row of any value changes what can be seen of a call, but for what the noise covers.

A pair is a frame D and a neighbor D′, which has one row (and with it one person) more, whose cell in the column ``v``
holds some value of that column's type. Asked of both is the same question. What can be seen must be the same: the
answer's form or the error with its text, the ledger's entries and the loss, whether asking again replays, what is
printed and warned of. And what gets noise must differ by at most what the plan claims, for one salt of the bounding.
"""

from __future__ import annotations

import gc
import io
import os
import random
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import door_arrow
import door_duckdb
import door_pandas
import door_polars
import numpy as np
from door_questions import UNITS, Asking, questions
from door_schema import Row, Schema

import privkit as pk
from privkit.dp.open_groups import OpenGroups
from privkit.dp.quantile import Quantile
from privkit.dp.question import Question
from privkit.dp.several import Several
from privkit.dp.stability import exact_cells
from privkit.dp.threshold import OpenCount
from privkit.dp.topk import TopK

SALT = b"0123456789abcdef" * 2
#: Each engine with its types and how rows become a frame of it.
ENGINES = {
    "pandas": (door_pandas.SCHEMAS, door_pandas.frame),
    "pandas arrow": (door_arrow.PANDAS, door_pandas.frame),
    "pyarrow": (door_arrow.SCHEMAS, door_arrow.frame),
    "polars": (door_polars.SCHEMAS, door_polars.frame),
    "polars lazy": (door_polars.LAZY, door_polars.frame),
    "duckdb": (door_duckdb.SCHEMAS, door_duckdb.frame),
}
LAZY = ("polars lazy", "duckdb")
_IN_MEMORY = "/dev/shm"


@dataclass(frozen=True)
class Pair:
    """Neighbors, and what is asked of them."""

    number: int
    schema: Schema
    unit: str
    per: str
    asking: Asking
    rows: tuple[Row, ...]
    place: int
    added: Row

    @property
    def neighbor(self) -> tuple[Row, ...]:
        return (*self.rows[: self.place], self.added, *self.rows[self.place :])

    def frame(self, rows: Sequence[Row]) -> Any:
        return ENGINES[self.schema.engine][1](self.schema, list(rows), f"pair{self.number}")

    def __str__(self) -> str:
        value = f"{type(self.added.v).__name__} #{_place(self.added.v, self.schema)}"
        return f"{self.schema.name}, {self.unit}: {self.asking.name}, {len(self.rows)} rows and {value} (pair {self.number})"


def _place(value: Any, schema: Schema) -> int:
    return next(place for place, other in enumerate((*schema.odd, *schema.plain)) if other is value)


# -- making pairs --------------------------------------------------------------------------------------------------


def pairs(seed: int, number: int, engines: Sequence[str] = tuple(ENGINES)) -> Iterator[Pair]:
    """Yield pairs: every engine, type and unit by turns, questions, values and frames drawn from the seed."""
    drawn = random.Random(seed)
    turns = [
        (schema, unit) for engine in engines for schema in ENGINES[engine][0] for unit in UNITS if _fits(schema, unit)
    ]
    made = 0
    while True:
        drawn.shuffle(turns)
        for schema, unit in turns:
            if made == number:
                return
            made += 1
            yield pair(drawn, made + seed * 10**6, schema, unit)


def _fits(schema: Schema, unit: str) -> bool:
    return unit != "own time" or schema.kind in ("date", "instant", "any")


def pair(drawn: random.Random, number: int, schema: Schema, unit: str) -> Pair:
    asked = drawn.choice([one for one in questions(schema, unit) if unit != "row" or not one.persons])
    value = drawn.choice(schema.odd or schema.plain)
    pool, rows = _pool(drawn, schema, value), []
    sizes = drawn.choice([0, 6, 12, 12])
    for place in range(sizes):
        person = drawn.choice(["p", "q", "r", None])
        rows.append(
            Row(drawn.choice(pool), drawn.choice("ab"), person, drawn.choice([1.0, 4.0, 9.5, None]), 20_454 + place)
        )
    # A new person's row: under "own id" the value itself is the id.
    added = Row(
        value, drawn.choice(["a", "b", None]), "new", drawn.choice([0.0, 10.0, 1e9]), 20_454 + drawn.randrange(90)
    )
    per = drawn.choice(["day", "week", "month", "quarter", "year"])
    return Pair(number, schema, unit, per, asked, tuple(rows), drawn.randrange(sizes + 1), added)


def _pool(drawn: random.Random, schema: Schema, value: Any) -> list[Any]:
    """Return what D holds: ordinary values, or also odd ones, but never the added value itself."""
    pool = list(schema.plain)
    if drawn.random() < 0.3:
        others = [other for other in schema.odd if other is not value and not _one(other, value)]
        pool += drawn.sample(others, min(4, len(others)))
    return pool


def _one(left: Any, right: Any) -> bool:
    """Whether two values may be one; foreign objects are not asked."""
    plain = (int, float, str, bytes, type(None))
    return type(left) in plain and type(right) in plain and (left == right or (left != left and right != right))  # noqa: PLR0124


# -- asking --------------------------------------------------------------------------------------------------------


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
    if "delta" in asked.given or pair.number % 2:
        return {"max_groups": 1, "per_group": 2}
    return {"max_rows": 2}


@dataclass
class Seen:
    """What can be seen of a call, by name; and the plan that was made."""

    what: dict[str, Any] = field(default_factory=dict)
    plan: Any = None


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


@contextmanager
def watched(seen: Seen, turn: str) -> Iterator[None]:
    """Catch whatever is raised, printed or warned of; printed is what either of the process's streams gets."""
    with tempfile.TemporaryFile() as caught, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        kept = [os.dup(stream) for stream in (1, 2)]
        for stream in (1, 2):
            os.dup2(caught.fileno(), stream)
        said = io.StringIO()
        try:
            with redirect_stdout(said), redirect_stderr(said):
                yield
        except BaseException as error:  # noqa: BLE001
            seen.what[f"{turn} outcome"] = _told(error)
        finally:
            for stream, descriptor in zip((1, 2), kept, strict=True):
                os.dup2(descriptor, stream)
                os.close(descriptor)
        caught.seek(0)
        seen.what[f"{turn} printed"] = caught.read().decode("utf-8", "replace") + said.getvalue()
        seen.what[f"{turn} warned"] = sorted({f"{w.category.__name__}: {w.message}" for w in warned if _ours(w)})


def _ours(warning: warnings.WarningMessage) -> bool:
    return not issubclass(warning.category, ResourceWarning)


def _told(error: BaseException) -> str:
    import re

    ours = isinstance(error, pk.PrivkitError)
    text = re.sub(r"entry \d+|t\d+|p\d+|\d+ left|\d[\d,.]* of", "N", str(error)) if ours else "(raw)"
    return f"{type(error).__name__}: {text}" + ("" if error.__context__ is None or not ours else " with a context")


# -- what gets noise -----------------------------------------------------------------------------------------------


def cells(question: Question, data: object) -> Any:
    """Return the exact integers that get noise, or counts by the texts of open groups."""
    with mock.patch("secrets.token_bytes", lambda n=32: SALT[:n]):
        if isinstance(question.asked, OpenGroups):
            question = question.asked.groups_of(question)
        if isinstance(question.asked, OpenCount):
            return question.asked.counted(data, question)
        return exact_cells(data, question).reshape(question.groups, -1)


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
    if isinstance(whole, dict):
        moved = [whole.get(key, 0) - rest.get(key, 0) for key in {*whole, *rest}]
    elif isinstance(asked, Quantile):
        most = np.abs(whole - rest).max(axis=1)
        moved = [most.sum() if question.bounds.max_rows is not None else most.max(initial=0)]
    elif isinstance(asked, TopK):
        moved = [np.abs(whole - rest).max()]
        if (whole < rest).any():
            return "a score fell"
    else:
        moved = (whole - rest).ravel()
    for norm, found in _norms(moved).items():
        if found > claimed[norm] * (1 + 1e-12):
            return f"{norm} {found:g} where {claimed[norm]:g} is declared"
    return None


# -- judging -------------------------------------------------------------------------------------------------------


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
        rest, whole = cells(question, small), cells(question, large)
        if told := too_far(question, whole, rest):
            yield Finding("moved too far", told, pair)
    if told := silent.what.get("cells outcome"):
        if None not in plans:
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
