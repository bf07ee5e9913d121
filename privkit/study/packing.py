"""What may be packaged: releases of the project, what is made of them, and anonymized rows whose goal holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from privkit.anonymity.reports import check
from privkit.disclosure.check import OutputCheck, output_check
from privkit.dp.answers.derived import Derived
from privkit.dp.answers.release import Release
from privkit.dp.answers.synthetic_rows import synthetic_of
from privkit.errors import PrivkitError, listed
from privkit.errors.root import type_told
from privkit.project.release import answers
from privkit.study.archive import Packed
from privkit.study.together import CHECKED, recorded
from privkit.tally.columns.facts import column_facts
from privkit.transform.anonymized import Anonymized
from privkit.values.show import Shown, is_simulated

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.account import Account
    from privkit.budget.entry import Entry
    from privkit.values.loss import PrivacyLoss

#: Names that Windows keeps for itself.
_KEPT = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
#: Columns with more different values for each row tell nearly every row apart, where there are more rows than a few.
_APART, _FEW = 0.9, 10
#: The longest name of a table.
_LONGEST = 60


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
            told = f"table {_shown(name)}" if isinstance(given, Mapping) else f"table {place}"
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
                self.problems.append(f"the name {_shown(name)} of a table {why}")
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
        if entry.time != place.time or entry.cost != release.loss or not _answers(release, entry):
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


def unfit_name(name: object) -> str:
    """Return why something cannot be the name of a table's file; empty if it can.

    Letters and digits of any script, ``-``, ``_`` and blanks within it, so that it is one file, in its folder, on every
    system.

    Examples
    --------
    >>> unfit_name("visits by month"), unfit_name("../x")
    ('', 'holds other characters than letters, digits, -, _ and blanks within')
    """
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or len(name.encode(errors="replace")) > 2 * _LONGEST:
        return f"is no text of 1 to {_LONGEST} letters"
    if name != name.strip() or not all(char.isalnum() or char in "-_ " for char in name) or name.startswith("-"):
        return "holds other characters than letters, digits, -, _ and blanks within"
    return "is kept by Windows for itself" if _KEPT.fullmatch(name) else ""


def _shown(name: object) -> str:
    return repr(name[:_LONGEST]) if isinstance(name, str) else type_told(name)


def _answers(release: Release, entry: Entry) -> bool:
    assert entry.answer is not None  # looked at before
    return answers(release, entry.answer)


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
