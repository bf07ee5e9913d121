"""The name of a question on its data, under which its answer is stored and found again."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, NamedTuple

from privkit.budget.machine.keys import first_request_key, request_key
from privkit.errors import ParameterError, PrivkitError
from privkit.errors.project import EarlierReleaseError
from privkit.tally.fingerprints.fingerprint import fingerprint
from privkit.tally.fingerprints.first_form import first_fingerprint
from privkit.tally.frame import exact_schema
from privkit.values.interrupts import INTERRUPTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from privkit.budget.machine.keys import FirstForm
    from privkit.project.project import Project


#: What changed in questions for variances, and for means within narrow bounds far from 0, since the first form.
_GRID = frozenset({"grid", "scale"})


class Name(NamedTuple):
    """The key of a question on its data.

    Attributes
    ----------
    key : str or None
        None: there is no replay, and the question is charged.
    failed : bool
        Whether reading the rows for it failed. That may depend on them, so it is charged as a failed measurement.
    """

    key: str | None
    failed: bool = False


def name_of(
    project: Project, question: Mapping[str, object], data: object, *, version: str | None, again: bool, function: str
) -> Name:
    """Return the name of a question on its data: of their fingerprint, or of their declared version and schema.

    Where an earlier version of privkit asked the same question of the same frame, it is the name that it gave.

    *Claim.* What is charged depends on the rows only through "it is a frame that was asked before". *Proof.* Whether
    there is a fingerprint depends on the schema, and it is equal for equal frames alone
    (`privkit.tally.fingerprints.fingerprint`); for the first form see `privkit.tally.fingerprints.first_form`. If
    reading fails all the same, as for lack of memory, the price is charged and nothing is released: as where the
    measurement itself fails.

    Raises
    ------
    ParameterError
        If the version is no text.
    EarlierReleaseError
        If an earlier version answered the question for this declared version, of a table that it did not note.
    """
    secret = project.account.key
    if version is not None:
        return Name(_of_version(project, secret, question, data, version, again=again, function=function))
    if secret is None:
        return Name(None)
    try:
        found = fingerprint(data, secret, function=function)
    except (PrivkitError, *INTERRUPTS):
        raise
    except BaseException:  # noqa: BLE001 - the cause may hold what rows hold
        return Name(None, failed=True)
    key = None if found is None else request_key(secret, question, bytes.fromhex(found))
    first = project.account.first_form
    if first is None or again or project.account.find(key) is not None:
        return Name(key)
    return Name(_first_name(project, first, secret, question, data) or key)


def _of_version(
    project: Project,
    secret: bytes | None,
    question: Mapping[str, object],
    data: object,
    version: object,
    *,
    again: bool,
    function: str,
) -> str | None:
    if not isinstance(version, str) or not version:
        raise ParameterError.of(
            function, "version", f"a {type(version).__name__}", "text", "Example: version='2026-11'."
        )
    key = request_key(secret, question, version, exact_schema(data, function))
    first = project.account.first_form
    if first is not None and not again and project.account.find(key) is None:
        entry = first.entry(first_request_key(secret, question, version))
        if entry is not None:
            raise EarlierReleaseError.of(project.name, entry, version)
    return key


def _first_name(
    project: Project, first: FirstForm, secret: bytes, question: Mapping[str, object], data: object
) -> str | None:
    """Return the name that the first form gave, if it is in the ledger; say so where that cannot be known."""
    found = first_fingerprint(data, secret)
    if found is not None:
        key = first_request_key(secret, question, bytes.fromhex(found))
        if first.entry(key) is not None:
            return key
        if '"grid"' in json.dumps(question) and (entry := first.alike(question, but=_GRID)) is not None:
            warnings.warn(
                f"entry {entry} of project {project.name!r} asked the same question by an earlier version of privkit, "
                "on a grid of other steps. It is asked anew, and charged. "
                "What was asked before: project.ledger.",
                UserWarning,
                stacklevel=2,
            )
        return None
    if (entry := first.alike(question)) is not None:
        warnings.warn(
            f"entry {entry} of project {project.name!r} asked the same question by an earlier version of privkit, "
            "which knew data again in another way. Whether these are the same cannot be told, so the question is "
            "charged. What was asked before: project.ledger.",
            UserWarning,
            stacklevel=2,
        )
    return None
