"""Labels of a de-identified table in the archive of NIST's Collaborative Research Cycle, which SDNist evaluates.

A table there is a CSV file, and beside it a JSON file of labels under the same name. The keys are those of the archive
(version 1.1) and of SDNist 2.3.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from privkit.dp.answers.provenance import loss_amounts
from privkit.dp.answers.release import Release
from privkit.dp.answers.synthetic_rows import synthetic_of
from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.inventory.column_entry import day_or_today
from privkit.study.written import written
from privkit.transform.anonymized import Anonymized
from privkit.values.arguments import typed
from privkit.values.show import is_simulated, printable

#: The tables that are de-identified for the archive.
TARGETS = ("ma2019", "tx2019", "national2019")
#: Features of their schema, and what the set of all of them is called.
_ALL, _WHOLE = 24, "all-features"


@typed
def sdnist_labels(
    result: Anonymized | Release,
    *,
    target: str,
    team: str,
    path: str | os.PathLike[str] | None = None,
    number: int = 1,
    variant: str = "",
    today: date | str | None = None,
) -> str:
    """Return the labels of a table for NIST's archive of de-identified data, and write them to `path` where given.

    What the result knows is filled in: the kind of protection, its parameters, the features. It holds no row: the table
    itself goes beside it as CSV. Which of the archive's types an algorithm is, and papers on it, a person adds.

    Parameters
    ----------
    result : Anonymized or Release
        What `anonymize` returned, or a release of `dp_synthetic`, made of one of the target tables.
    target : {"ma2019", "tx2019", "national2019"}
        Which of the Diverse Communities Excerpts it was made of.
    team : str
    path : path, optional
    number : int
        Of the team's submissions.
    variant : str
        What tells it from others by the same algorithm; by default its parameters.
    today : date or str, optional
        The day of the submission; by default today in UTC, as in the ledger.

    Raises
    ------
    ParameterError
        For another result, such as a raw table, a simulated release or one without synthetic rows.
    FileError
        If it cannot be written.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"AGEP": [30, 30, 41, 41], "SEX": [1, 1, 2, 2]})
    >>> made = pk.anonymize(people, ["AGEP", "SEX"], k=2)
    >>> label = json.loads(pk.sdnist_labels(made, target="ma2019", team="privkit", today="2026-11-30"))["labels"]
    >>> label["privacy category"], label["features list"], label["privacy label detail"]
    ('sdc', 'AGEP, SEX', 'KAnonymity(2)')
    """
    if target not in TARGETS:
        found = repr(target) if isinstance(target, str) else type_told(target)
        raise ParameterError.of("target", found, f"one of {list(TARGETS)}")
    if not isinstance(team, str) or not team.strip():
        raise ParameterError.of("team", type_told(team), "the name of a team")
    if type(number) is not int or number < 1:
        raise ParameterError.of("number", type_told(number), "a whole number from 1")
    sent = day_or_today(today, "today")
    labels = {
        "team": printable(team),
        "submission timestamp": f"{sent.month}/{sent.day}/{sent.year} 00:00:00",
        "submission number": number,
        "target dataset": target,
        "library name": "privkit",
        **_about(result),
        **({"variant label": printable(variant)} if variant else {}),
    }
    text = json.dumps({"labels": labels}, ensure_ascii=False, indent=4) + "\n"
    return written(text, None if path is None else Path(path))


def _about(result: object) -> dict[str, Any]:
    """Return what a result says of itself."""
    simulated = is_simulated(result)
    if isinstance(result, Anonymized):
        return {**dict(_anonymized(result)), **_features(list(result.frame.columns))}
    if isinstance(result, Release) and not simulated and synthetic_of(result) is not None:
        return {**dict(_noisy(result)), **_features(list(result.frame.columns))}
    found = f"{type_told(result)}{' that was drawn by the simulator' if simulated else ''}"
    raise ParameterError.of("result", found, "what anonymize returned, or a release of dp_synthetic")


def _features(names: list[Any]) -> dict[str, str]:
    label = _WHOLE if len(names) == _ALL else f"custom-features-{len(names)}"
    return {"feature set name": label, "features list": printable(", ".join(map(str, names)))}


def _anonymized(result: Anonymized) -> Iterator[tuple[str, str]]:
    yield "algorithm name", f"{result.method} recoding"
    yield "algorithm type", "sdc"
    yield "privacy category", "sdc"
    yield "privacy label detail", printable(repr(result.criteria))
    yield "quasi identifiers subset", printable(", ".join(map(str, result.qi)))
    yield "variant label", printable(", ".join(f"{name} {level}" for name, level in result.levels_.items()))


def _noisy(result: Release) -> Iterator[tuple[str, str]]:
    amounts = loss_amounts(result.loss)
    yield "algorithm name", "noisy tables"
    yield "privacy category", "dp"
    yield "privacy label detail", printable(f"{result.loss}, by OpenDP's noise; protected is {result.provenance.unit}.")
    yield from ((name, str(amount)) for name, amount in amounts.items() if amount is not None)
    yield "variant label", str(result.loss)
