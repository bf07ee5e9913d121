"""The name of a question on its data, under which its answer is stored and found again.

**Replay that forgives.** An answer is replayed where *every* column of the frame that it was asked of stands unchanged
in the new frame, in the same order of rows, whatever stands beside them: adding a column to a frame, or putting its
columns in another order, costs nothing.

*What is stored.* With an entry, the names of all columns of its frame (:data:`FRAME`), which are public as schemas are,
and the keyed name of the question on that whole frame. Never a digest of each column: a ledger would then show of
every frame which column changed, and where.

*What the ledger tells of the data.* Without the project's key: of two entries that asked the same question, whether
their frames are equal, which is public (see Claim 2); a frame of one column tells it of that column. Entries of
different questions share nothing that tells it. With the key: of each entry, whether its frame is a guess that was made
of all of it; so who knows all cells but a few may find these by trying. The key belongs to who may read the rows.

*Claim 1.* An answer is replayed only if it is one to the same question on the same rows. *Proof.* Let S be the recorded
columns of an earlier frame E, and D the new frame. The name looked for is that of the question and the fingerprint of
D[S], in the order of S. Fingerprints of two frames are equal only for equal names, types, lengths, cells and order of
rows, but for a collision of hashes (`privkit.tally.fingerprints.fingerprint`), so that D[S] = E. The question was asked
of E, so S holds every column that it reads (`check_frame` refuses others, and it is looked at once more here). Rows,
groups, persons and windows are made of these alone, so the question has one answer on D and on D[S].

*Claim 2.* Whether something is charged tells of the rows only whether earlier frames stand unchanged: of each earlier
frame E, on which the same question was asked, whether D[S] = E. *Proof.* Nothing else of the rows is compared. And
whoever asks could have asked of ``frame[S]`` in place of ``frame``, whose replay or charge told the same before there
was any forgiving. That a change of data is public is what the threat model says (docs/threat-model.md).

*What never matches.* A set without columns: D[∅] has a length alone, and a replay would tell that the number of rows
has not changed. The columns that a question reads, taken alone: for a total that is the same set. So the sets are
those of whole frames that were asked of, each with a column at least. A frame that lost a column of S: what stood in it
cannot be compared, so it is other data, and is charged. Data of a declared version, lazy frames among them: its name
holds the exact schema.

How earlier versions asked a question: their answers in a ledger stand for its own.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from privkit.budget.canonical import canonical
from privkit.budget.machine.keys import first_request_key, request_key
from privkit.dp.plan import Plan, make_plan
from privkit.dp.question import Standing
from privkit.errors import ParameterError, PrivkitError
from privkit.errors.project import EarlierReleaseError
from privkit.errors.root import type_told
from privkit.tally.fingerprints.fingerprint import digests
from privkit.tally.fingerprints.first_form import first_fingerprint
from privkit.tally.schema import exact_schema
from privkit.values.interrupts import INTERRUPTS

if TYPE_CHECKING:
    from privkit.budget.abstract_account import BaseAccount
    from privkit.budget.entry import Entry
    from privkit.budget.machine.keys import FirstForm
    from privkit.budget.store.query import Alike
    from privkit.dp.price import Price
    from privkit.dp.question import Question
    from privkit.dp.statistics.statistic import Statistic
    from privkit.project.project import Project
    from privkit.tally.fingerprints.fingerprint import Digests
    from privkit.values.loss import Measure

#: What the ledger calls the names of all columns of the frame that was asked of.
FRAME = "frame"
#: What it calls the entry that had asked the same of other data.
ASKED_BEFORE = "asked_before"

#: What changed in questions for variances, and for means within narrow bounds far from 0, since the first form.
_GRID = frozenset({"grid", "scale"})


class Name(NamedTuple):
    """The key of a question on its data, and what is known of it.

    Attributes
    ----------
    key : str or None
        None: there is no replay, and the question is charged.
    failed : bool
        Whether reading the rows for it failed. That may depend on them, so it is charged as a failed measurement.
    entry : Entry or None
        The stored answer.
    looked : bool
        Whether the answer was looked for under this key.
    frame : tuple of str
        The names of the frame's columns, where it has a fingerprint.
    before : int or None
        The last entry that asked the same question of other data.
    unchanged : tuple of str
        Of an answer to a frame of fewer columns, or in another order: the columns, which are unchanged.
    """

    key: str | None
    failed: bool = False
    entry: Entry | None = None
    looked: bool = False
    frame: tuple[str, ...] = ()
    before: int | None = None
    unchanged: tuple[str, ...] = ()


def name_of(
    project: Project,
    asked: Question,
    question: Mapping[str, object],
    data: object,
    *,
    version: str | None,
    again: bool,
) -> Name:
    """Return the name of a question on its data: of their fingerprint, or of their declared version and schema.

    Where the same question was answered on a frame whose columns all stand unchanged in this one, it is the name of
    that; where an earlier version of privkit asked it of the same frame, it is the name that it gave.

    *Claim.* What is charged depends on the rows only through "it is a frame that was asked before, with columns
    besides". *Proof.* Whether there is a fingerprint depends on the schema, and it is equal for equal frames alone
    (`privkit.tally.fingerprints.fingerprint`); for frames with more columns see above, for the first form
    `privkit.tally.fingerprints.first_form`. If reading fails all the same, as for lack of memory, the price is charged
    and nothing is released: as where the measurement itself fails.

    Raises
    ------
    ParameterError
        If the version is no text.
    EarlierReleaseError
        If an earlier version answered the question for this declared version, of a table that it did not note.
    """
    secret = project.account.key
    if version is not None:
        return _of_version(project, secret, question, data, version, again=again)
    if secret is None:
        return Name(None)
    try:
        found = digests(data, secret)
    except (PrivkitError, *INTERRUPTS):
        raise
    except BaseException:  # noqa: BLE001 - the cause may hold what rows hold
        return Name(None, failed=True)
    if found is None:
        return Name(None)
    told = bytes.fromhex(found.fingerprint())
    asked_as, reasoned = _forms(question)
    key = request_key(secret, asked_as, told)
    assert key is not None
    name = Name(key, frame=tuple(found.columns))
    if again:
        return name
    entry, alike = project.account.asked(key)
    if entry is not None:
        return name._replace(entry=entry, looked=True)
    if reasoned is not None and (entry := project.account.find(request_key(secret, reasoned, told))) is not None:
        return name._replace(key=request_key(secret, reasoned, told), entry=entry, looked=True)
    first = project.account.first_form
    if first is not None and (earlier := _first_name(project, first, secret, question, data)) is not None:
        return Name(earlier)
    for one, names in _standing(alike, found, asked, lambda told: request_key(secret, asked_as, bytes.fromhex(told))):
        if (entry := project.account.find(one.key)) is not None:
            return name._replace(key=one.key, entry=entry, looked=True, unchanged=names)
    return name._replace(looked=True, before=_before(name, alike))


def _forms(question: Mapping[str, object]) -> tuple[Mapping[str, object], Mapping[str, object] | None]:
    """Return a question as it is named, and as it was once: why its keys are public makes no other question."""
    if question.get("keys_reason") is None:
        return question, None
    return {**question, "keys_reason": None}, question


def _standing(
    alike: list[Alike], found: Digests, asked: Question, named: Callable[[str], str | None]
) -> Iterator[tuple[Alike, tuple[str, ...]]]:
    """Give the entries of frames whose columns all stand unchanged in this one, and their columns; the latest first.

    Parameters
    ----------
    named : callable
        From a fingerprint to the name of the question on it.
    """
    keys: dict[tuple[str, ...], str | None] = {}
    for one in alike:
        names = _columns(one)
        if not names or not set(asked.frame_columns) <= set(names) <= found.columns.keys():
            continue
        if names not in keys:
            keys[names] = named(found.fingerprint(names))
        if keys[names] == one.key:
            yield one, names


def _columns(one: Alike) -> tuple[str, ...]:
    """Return the recorded columns of the frame of an entry; none where none were recorded."""
    told = one.question.get(FRAME)
    return tuple(told) if isinstance(told, list) and all(isinstance(name, str) for name in told) else ()


def _before(name: Name, alike: list[Alike]) -> int | None:
    """Return the last entry that asked the same of other data."""
    return next((one.entry for one in alike if one.key != name.key), None)


def standing(
    project: Project, asked: Question, question: Mapping[str, object], data: object, *, version: str | None
) -> Standing | None:
    """Return what became of the same question in this project; None where it was not asked, or that cannot be told.

    Where the question is in the ledger, all rows are read for their fingerprint, which tells what a release would:
    whether it would be charged. Spends nothing, and nothing is written.
    """
    try:
        any_data = [request_key(project.account.key, form, b"") for form in _forms(question) if form is not None]
        if not any(key is not None and project.account.asked(key)[1] for key in any_data):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is said before a charge is said by the release
            name = name_of(project, asked, question, data, version=version, again=False)
    except PrivkitError:  # which the release raises
        return None
    if name.entry is not None:
        return Standing(name.entry.seq, replays=True, unchanged=name.unchanged)
    return None if name.before is None else Standing(name.before, replays=False)


def _of_version(
    project: Project,
    secret: bytes | None,
    question: Mapping[str, object],
    data: object,
    version: object,
    *,
    again: bool,
) -> Name:
    if not isinstance(version, str) or not version:
        raise ParameterError.of("version", type_told(version), "text", "Example: version='2026-11'.")
    asked_as, reasoned = _forms(question)
    key = request_key(secret, asked_as, version, exact_schema(data))
    if key is None or again:
        return Name(key)
    entry, alike = project.account.asked(key)
    if entry is None and reasoned is not None:
        earlier_key = request_key(secret, reasoned, version, exact_schema(data))
        if (entry := project.account.find(earlier_key)) is not None:
            return Name(earlier_key, entry=entry, looked=True)
    first = project.account.first_form if entry is None else None
    if first is not None and (earlier := first.entry(first_request_key(secret, question, version))) is not None:
        raise EarlierReleaseError.of(project.name, earlier, version)
    name = Name(key, entry=entry, looked=True)
    return name._replace(before=_before(name, alike))


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


def earlier_questions(typed: Question, question: Question, account: BaseAccount) -> tuple[Question, ...]:
    """Return how earlier versions asked the same: by other statistics, and with columns that nothing uses.

    A statistic that this ledger cannot hold is left out: to price it only in order to look for it in vain took longer
    than the question itself.
    """
    if question.asked.earlier is None and typed is question:  # as a rule
        return ()
    asked, *others = _statistics(question.asked)
    before = [form for form in others if _may_hold(account, asked, form)]
    plain = [replace(question, asked=form) for form in before]
    if typed.selected == question.selected:
        return tuple(plain)
    return (*plain, *(replace(typed, asked=form) for form in (asked, *before)))


def _statistics(asked: Statistic) -> Iterator[Statistic]:
    """Give a statistic, and those as which earlier versions asked it, the latest first."""
    found: Statistic | None = asked
    while found is not None:
        yield found
        found = found.earlier


def _may_hold(account: BaseAccount, asked: Statistic, form: Statistic) -> bool:
    """Return whether the ledger may hold a question of this form; where its marks do not tell, it may."""
    now, once = _marks(asked), _marks(form)
    told = {mark["statistic"]: mark for mark in now if "told" in mark}
    gone = {mark["statistic"] for mark in once if mark not in now}
    if not gone or not gone <= told.keys():
        return True
    return any(account.holds(_text("statistic", name), _text("told", told[name]["told"])) for name in gone)


def _marks(asked: Any) -> list[dict[str, str]]:
    """Return the marks of a statistic and of those that it is made of."""
    inner = (*getattr(asked, "parts", ()), *((asked.inner,) if hasattr(asked, "inner") else ()))
    return [type(asked).mark, *(mark for each in inner for mark in _marks(each))]


def _text(name: str, value: str) -> str:
    """Return how a member of an object stands in what a ledger stores."""
    return canonical({name: value})[1:-1]


def made_earlier(questions: tuple[Question, ...], measure: Measure, price: Price) -> Plan | None:
    """Return the plan of the first of them, followed by those of the others."""
    first, *others = questions
    before = partial(made_earlier, tuple(others), measure, price) if others else None
    try:
        return replace(make_plan(first, measure, price), earlier=before)
    except PrivkitError:  # by this price it was not to be had
        return None if before is None else before()
