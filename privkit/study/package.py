"""A package for a partner: what was agreed on and nothing more, in one archive, registered before it is there whole.

It may hold releases of the project, what is made of them, tables of counts that were checked, and anonymized rows
whose goal holds.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from privkit.anonymity.reports import check
from privkit.budget.names import alike
from privkit.disclosure.check import OutputCheck, output_check
from privkit.dp.answers.derived import Derived
from privkit.dp.answers.release import Release
from privkit.dp.answers.synthetic_rows import synthetic_of
from privkit.errors import ParameterError, PrivkitError, listed
from privkit.errors.calls import called
from privkit.errors.ledger import LedgerError
from privkit.errors.root import type_told
from privkit.errors.study import PackageError
from privkit.inventory.column_entry import day
from privkit.project.release import answers
from privkit.study.archive import CHECKED, Packed, recorded, shown_name, unfit_name, write_archive
from privkit.study.register import PACKAGE, account_of, legible, today
from privkit.study.shared_package import SharedPackage, required_approvals
from privkit.study.sharing import Sharing
from privkit.study.written import writing
from privkit.tally.columns.facts import column_facts
from privkit.transform.anonymized import Anonymized
from privkit.values.arguments import words
from privkit.values.files import whole_file
from privkit.values.show import Shown, is_simulated

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.account import Account
    from privkit.budget.entry import Entry, Reservation
    from privkit.values.loss import PrivacyLoss


T = TypeVar("T")


def package(project: Any, results: object, *, path: object, **agreed: object) -> SharedPackage:
    """Write a package and register it: see :meth:`privkit.values.accountable.Accountable.package`.

    Its entry is begun in the ledger, then the archive is written beside its place and gets its name, then the entry is
    ended with the archive's checksum. So a package that stands in the register has its archive; a process that dies in
    between leaves an entry that is told as unfinished, and a file under the package's name is whole, if there is one.
    """
    account = account_of(project)
    packing = Packing(account)
    packing.take(results)
    target = _kept(packing.problems, _place, path)
    terms = _terms(packing.problems, agreed)
    count = len({alike(name) for name in terms["approvals"]})
    _enough(packing.problems, count, account.registered(), account)
    if packing.problems or target is None:
        raise PackageError.of(packing.problems)
    tables = [{"name": one.name, "kind": one.kind, "entries": list(one.entries)} for one in packing.tables]
    record = {"what": PACKAGE, "file": target.name, **terms, "tables": tables}

    def check(entries: Sequence[Entry]) -> None:
        problems: list[str] = []
        _enough(problems, count, entries, account)
        if problems:
            raise PackageError.of(problems)

    held = account.begin_record(record, check)
    with account.ending(held):
        _written(account, held, target, packing, {"project": account.name, "package": held.seq, **terms})
    return Sharing(project)[held.seq]


def _written(account: Account, held: Reservation, target: Path, packing: Packing, terms: dict[str, Any]) -> None:
    """Write the archive, and let its entry stand; where that fails, the archive is gone again.

    It stays where the register has it all the same: interrupted, or unanswered, after the entry had ended.
    """
    with writing(target), whole_file(target, durable=True, new=True) as draft:
        sha256 = write_archive(draft, packing.tables, terms, packing.costs)
    try:
        account.commit(held, json.dumps({"sha256": sha256}))
    except BaseException:
        if not _stands(account, held):
            target.unlink(missing_ok=True)
        raise


def _stands(account: Account, held: Reservation) -> bool:
    """Return whether an entry is known to have ended well."""
    with suppress(LedgerError):
        found = account.entry(held.seq)
        return found is not None and found.state == "committed"
    return False


def _terms(problems: list[str], agreed: dict[str, object]) -> dict[str, Any]:
    """Return what was agreed on, as JSON holds it."""
    texts = {name: _kept(problems, words, agreed[name], name) or "" for name in ("recipient", "purpose", "basis")}
    means = _kept(problems, _optional, agreed["means"]) or ""
    expires = _kept(problems, _to_come, agreed["expires"])
    approvals = _kept(problems, _approvals, agreed["approvals"]) or []
    return {**texts, "means": means, "expires": "" if expires is None else expires.isoformat(), "approvals": approvals}


def _kept(problems: list[str], read: Callable[..., T], *given: object) -> T | None:
    """Return what is read; what is refused is kept as a problem, to be told with the others."""
    try:
        return read(*given)
    except ParameterError as error:
        problems.append(error.message.removeprefix(f"{called()} "))
        return None


def _optional(value: object) -> str:
    return words(value, "means", needed=False)


def _to_come(value: object) -> date:
    found = day(value, "expires")
    if found < today():
        raise ParameterError.of("expires", "a day that is past", "today or later (in UTC)")
    return found


def _approvals(value: object) -> list[str]:
    allowed = "a list of names, each once"
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise ParameterError.of("approvals", type_told(value), allowed)
    names = [words(name, "approvals") for name in value]
    if not all(name.isprintable() for name in names):  # two of them would look like one
        raise ParameterError.of("approvals", "a name with a character that is not seen", allowed)
    if len({alike(name) for name in names}) < len(names):
        raise ParameterError.of("approvals", "one name twice", allowed)
    return names


def _enough(problems: list[str], count: int, entries: Sequence[Entry], account: Account) -> None:
    """Add that approvals are missing, by what the project requires."""
    if count < (needed := legible(account.store, required_approvals, entries)):
        problems.append(f"has {count} of the {needed} approvals that the project requires: approvals=[...] names who")


def _place(path: object) -> Path:
    """Return where the archive goes, or refuse a place that is none, or taken."""
    allowed = "the path of a new file that ends in .zip, in a folder that is there"
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str):
        raise ParameterError.of("path", type_told(path), allowed)
    target = Path(path)
    if target.suffix != ".zip" or not target.name.isprintable() or len(target.name.encode(errors="replace")) > 200:
        raise ParameterError.of("path", "a name that does not end in .zip, or is none", allowed)
    try:
        taken, there = os.path.lexists(target), target.parent.is_dir()
    except (OSError, ValueError):  # a folder's name with a null character
        raise ParameterError.of("path", "a place that cannot be looked at", allowed) from None
    if taken or not there:
        found = "the path of something that is there" if taken else "a path into a folder that is not there"
        raise ParameterError.of("path", found, allowed)
    return target


#: Columns with more different values for each row tell nearly every row apart, where there are more rows than a few.
_APART, _FEW = 0.9, 10


class Packing:
    """The tables of a package, and everything that keeps them from being packaged.

    Parameters
    ----------
    account : Account
        Of the project: what it did not release is not packaged.

    Attributes
    ----------
    tables : list of Packed
    costs : dict
        Entry of the ledger → what it was charged.
    problems : list of str
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.tables: list[Packed] = []
        self.costs: dict[int, PrivacyLoss] = {}
        self.problems: list[str] = []

    def take(self, given: object) -> None:
        """Take what was given: one result, several, or a mapping from a table's name to a result."""
        if isinstance(given, Mapping):
            self._named(given)
            values = list(given.items())
        elif isinstance(given, Sequence) and not isinstance(given, str | bytes):
            values = [("", value) for value in given]
        else:
            values = [("", given)]
        if not values:
            self.problems.append("there is nothing to package: name a release, or several")
        for place, (name, value) in enumerate(values, 1):
            told = f"table {shown_name(name)}" if isinstance(given, Mapping) else f"table {place}"
            try:
                found = _checked(value) if isinstance(value, OutputCheck) else self._table(value)
            except PrivkitError as error:
                found = f"cannot be looked at ({error.message.splitlines()[0]})"
            if isinstance(found, str):
                self.problems.append(f"{told} {found}")
                continue
            several = found if isinstance(found, list) else [found]
            for at, (kind, about, entries, frame, provenance) in enumerate(several, 1):
                called = f"{name}-{at}" if name and len(several) > 1 else name or self._called(kind, entries)
                self.tables.append(Packed(called, kind, about, entries, frame, provenance))

    def _named(self, given: Mapping[Any, object]) -> None:
        """Look at the names of tables: they become names of files."""
        seen: set[str] = set()
        for name in given:
            if why := unfit_name(name):
                self.problems.append(f"the name {shown_name(name)} of a table {why}")
            elif (folded := unicodedata.normalize("NFKC", name).casefold()) in seen:
                self.problems.append(f"the name {name!r} stands for two tables, where case counts for nothing")
            else:
                seen.add(folded)

    def _called(self, kind: str, entries: Sequence[int]) -> str:
        first = f"entry-{entries[0]}" if kind == "release" else kind.replace(" ", "-")
        taken = {table.name for table in self.tables}
        return next(
            name
            for place in range(1, len(taken) + 2)
            if (name := first if place == 1 else f"{first}-{place}") not in taken
        )

    def _table(self, value: object) -> _Found | str:
        """Return what a table is packed as, or why it is not."""
        if is_simulated(value):
            return "is SIMULATED: it is for teaching, and never handed out"
        if isinstance(value, Release):
            return self._release(value)
        if isinstance(value, Derived):
            return self._derived(value)
        if isinstance(value, Anonymized):
            return _anonymized(value)
        if isinstance(value, Shown):
            return f"is {type_told(value)}: exact figures are for the owner's eyes, and no release"
        if hasattr(value, "columns") or hasattr(value, "dtype"):
            return (
                f"is {type_told(value)}: raw rows are not handed out. Give the release itself, or what "
                "df.privacy.anonymize() returned, not its frame"
            )
        return f"is {type_told(value)}, and no release, nothing derived from one, and no anonymized table"

    def _entry(self, project: str, number: int) -> Entry | str:
        """Return the entry of a release of this project, or what it is instead."""
        if project != self.account.name:
            return f"is of project {project!r}, not of {self.account.name!r}"
        entry = self.account.entry(number)
        if entry is None or entry.state != "committed" or entry.answer is None:
            return f"says that it is entry {number}, under which the ledger of {self.account.name!r} has no answer"
        return entry

    def _release(self, release: Release) -> _Found | str:
        place = release.provenance
        entry = self._entry(place.project, place.entry)
        if isinstance(entry, str):
            return entry
        same = (entry.time, entry.cost) == (place.time, release.loss)
        if not same or entry.answer is None or not answers(release, entry.answer):
            return f"is not what the ledger of {self.account.name!r} holds as entry {place.entry}"
        self.costs[entry.seq] = entry.cost
        rows = synthetic_of(release) is not None
        frame = release.frame if rows else _indexed(release.to_frame())
        kind = "synthetic rows" if rows else "release"
        return kind, place.line, (entry.seq,), frame, place.to_dict()

    def _derived(self, derived: Derived) -> _Found | str:
        numbers = []
        for source in derived.sources:
            entry = self._entry(source.project, source.entry)
            if isinstance(entry, str):
                return entry
            if entry.cost != source.loss:
                return f"is not made of what the ledger of {self.account.name!r} holds as entry {source.entry}"
            self.costs[entry.seq] = entry.cost
            numbers.append(entry.seq)
        if not numbers:
            return "names no release that it is made of"
        told = {"derived": derived.name, "steps": list(derived.steps), "sources": [str(one) for one in derived.sources]}
        about = f"Computed from released numbers alone: {'; '.join([derived.name, *derived.steps])}."
        return "derived", about, tuple(dict.fromkeys(numbers)), _indexed(derived.to_frame()), told


#: What is packed: kind, what it is, entries, its frame and its provenance.
_Found = tuple[str, str, tuple[int, ...], "pd.DataFrame", Mapping[str, Any]]


def _indexed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with its groups as columns; numbers of rows are none."""
    named = any(name is not None for name in frame.index.names)
    return frame.reset_index(drop=not named)


def _checked(out: OutputCheck) -> list[_Found] | str:
    """Return tables of counts of which no small count is told, by their frames as they are now.

    Their counts are in the provenance too, cell by cell: what all packages tell together is worked out of these.
    """
    if out.method == "audit" or not out.counts:
        return "is an audit, or holds sums: what output_check(...) made of tables of counts is handed out"
    now = output_check(
        list(out.frames), filters=list(out.filters), margin=out.margin, threshold=out.threshold, method="audit"
    )
    if not now.protected:
        return (
            f"tells {now.n_exposed:,} counts above 0 and below {out.threshold:,}, as its frames are now. The default "
            "method and protection hide them; whom a filter leaves out needs a table of their own, with its filter"
        )
    found: list[_Found] = []
    for frame, of in zip(out.frames, out.filters, strict=True):
        whom = "everybody" if of is None else f"those of {of}"
        about = (
            f"Counts of {whom}; {out.rule} was unsafe, and an empty cell is suppressed. It is disclosure control, and "
            "no differential privacy: beside other tables of the same people it may tell more."
        )
        told = {"threshold": out.threshold, "filter": of, "cells": recorded(frame, out.margin)}
        # Categories are names of columns: a text each, which may be that of a column of the index too.
        flat = frame.set_axis([_text(one) for one in frame.columns], axis=1)
        named = any(name is not None for name in frame.index.names)
        found.append((CHECKED, about, (), flat.reset_index(drop=not named, allow_duplicates=True), told))
    return found


def _text(label: object) -> str:
    return " / ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _asks_nothing(out: Anonymized) -> bool:
    """Return whether a table in which no two rows are alike in any column meets the goal too."""
    import pandas as pd

    unlike = pd.DataFrame(dict.fromkeys({*out.qi, *out.criteria.columns}, range(100)))
    try:
        return bool(check(unlike, list(out.qi), out.criteria).satisfied)
    except PrivkitError:  # a criterion that knows the values that it may find
        return False


def _anonymized(out: Anonymized) -> _Found | str:
    """Return anonymized rows, where their goal holds of the frame as it is now and nothing else in it tells persons.

    The frame may have been changed since, so that its goal is checked anew; columns that were left as they were are
    looked at, since the goal says nothing of them.
    """
    import pandas as pd

    if not isinstance(out.frame, pd.DataFrame):
        return "is no pandas frame: anonymize one, to hand it out"
    out = replace(out)  # without what was looked up of its frame before
    frame = out.frame
    if not check(frame, list(out.qi), out.criteria).satisfied:
        return f"does not meet its goal {out.criteria!r}, as its frame is now"
    if _asks_nothing(out):
        return f"has the goal {out.criteria!r}, which any table meets: these are raw rows"
    if direct := out.identifying_:
        return f"still has direct identifiers: {listed(direct)}. Drop or pseudonymize them before"
    if left := out.leaving_.quasi:
        return (
            f"has quasi-identifiers that its goal does not name: {listed(left)}. Name them in qi, or drop them before"
        )
    facts = list(column_facts(frame, out.leaving_.columns))
    if unseen := [one.name for one in facts if one.left_out]:
        return f"has columns at whose values nobody looked (lists, objects): {listed(unseen)}. Flatten or drop them"
    if telling := [one.name for one in facts if one.rows > _FEW and (one.distinction or 0) > _APART]:
        return (
            f"has columns that tell nearly every row apart: {listed(telling)}. By them its rows are found again in "
            "another table. Round them, name them in the goal, or drop them before"
        )
    if twins := out.twins_:
        return f"has columns that tell generalized values again: {listed(twins)}. Drop them before"
    told = {"criteria": repr(out.criteria), "method": out.method, "levels": dict(out.levels_)}
    about = (
        f"Rows of persons, made coarser until they met {out.criteria!r}. It is no differential privacy: for whoever "
        "knows more of somebody they may be personal data."
    )
    return "anonymized rows", about, (), frame.reset_index(drop=True), told
