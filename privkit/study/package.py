"""A package for a partner: what was agreed on and nothing more, in one archive, registered before it is there whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from privkit.budget.names import alike
from privkit.errors import ParameterError
from privkit.errors.calls import called
from privkit.errors.ledger import LedgerError
from privkit.errors.root import type_told
from privkit.errors.study import PackageError
from privkit.inventory.column_entry import day
from privkit.study.archive import write_archive
from privkit.study.packing import Packing
from privkit.study.register import PACKAGE, account_of, legible, today
from privkit.study.shared_package import SharedPackage, required_approvals
from privkit.study.sharing import Sharing
from privkit.study.written import writing
from privkit.values.arguments import words
from privkit.values.files import whole_file

if TYPE_CHECKING:
    from privkit.budget.account import Account
    from privkit.budget.entry import Entry, Reservation

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
