"""The register of what was handed out: who got what, for what, on what basis, until when, and what became of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import canonical
from privkit.errors.study import PackageError, RegisterError
from privkit.inventory.column_entry import day
from privkit.study.archive import checksum, told_together
from privkit.study.register import (
    APPROVALS,
    DELETION,
    PACKAGE,
    REVOCATION,
    Register,
    legible,
    past_day,
    plain_number,
    today,
    told,
)
from privkit.study.shared_package import SharedPackage, packages_of, required_approvals
from privkit.study.written import in_a_cell, writing, written
from privkit.values.arguments import public, whole, words
from privkit.values.show import Shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.entry import Entry
    from privkit.disclosure.check import OutputCheck


@public
@dataclass(frozen=True, eq=False, repr=False)
class DeletionCertificate(Shown):
    """That a recipient deleted a package, as it was confirmed and registered.

    Attributes
    ----------
    package : SharedPackage
    entry : int
        The ledger's entry that has the confirmation.
    registered, by : str
        When it was registered, in UTC, and by whom.
    hash : str
        That of the entry's last record: it ties the certificate to the chain of the ledger.
    """

    package: SharedPackage
    entry: int
    registered: str
    by: str
    hash: str

    @property
    def facts(self) -> dict[str, Any]:
        """What is certified, as JSON holds it."""
        one = self.package
        return {
            "project": one.project,
            "package": one.id,
            "file": one.file,
            "package_sha256": one.sha256,
            "recipient": one.recipient,
            "purpose": one.purpose,
            "basis": one.basis,
            "handed_out": one.made,
            "expires": one.expires.isoformat(),
            "deleted": None if one.deleted is None else one.deleted.isoformat(),
            "confirmed_by": one.confirmed_by,
            "registered": self.registered,
            "registered_by": self.by,
            "ledger_entry": self.entry,
            "ledger_hash": self.hash,
        }

    @property
    def sha256(self) -> str:
        """Of the facts as canonical JSON: sorted keys, no spaces, ASCII."""
        return hashlib.sha256(canonical(self.facts).encode()).hexdigest()

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the certificate as JSON with its checksum, and write it to `path` where given.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        facts = {**self.facts, "sha256": self.sha256}
        return written(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", path)

    def to_markdown(self, path: str | Path | None = None) -> str:
        """Return the certificate as Markdown, to be signed, and write it to `path` where given.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        rows = [f"| {name.replace('_', ' ')} | {in_a_cell(value)} |" for name, value in self.facts.items()]
        lines = [
            f"# Deletion of package {self.package.id}",
            "",
            "| | |",
            "|---|---|",
            *rows,
            "",
            f"SHA-256 of these facts as canonical JSON: `{self.sha256}`",
            "",
            "What a recipient confirms cannot be seen from here. Signed:",
        ]
        return written("\n".join(lines) + "\n", path)


@public
class Sharing(Register[SharedPackage]):
    """What a project handed out, and what became of it. Get it from ``project.sharing``; iterate for the packages."""

    _what = "package"

    @property
    def packages(self) -> tuple[SharedPackage, ...]:
        """All packages, in order; what was begun and never finished is none."""
        return self._all()

    def _read(self, entries: Iterable[Entry]) -> dict[int, SharedPackage]:
        return packages_of(self.project, entries)

    @property
    def unfinished(self) -> tuple[int, ...]:
        """The entries of packages that were begun and not finished: nobody gets a file of such, if there is one."""
        begun = [one for one in self._entries() if one.question["record"].get("what") == PACKAGE]
        return tuple(one.seq for one in begun if one.state != "committed")

    @property
    def approvals(self) -> int:
        """How many persons must approve a package."""
        return legible(self.account.store, required_approvals, self._entries())

    def require_approvals(self, count: int, *, reason: str) -> None:
        """Say how many persons must approve each package from now on; it is registered, with who said it and why.

        Parameters
        ----------
        count : int
            2 for two pairs of eyes.
        reason : str

        Raises
        ------
        ParameterError
        """
        count = whole(count, "count", below=2**7)
        self.account.register({"what": APPROVALS, "approvals": count, "reason": words(reason, "reason")}, _anything)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per package: `id`, `state`, `recipient`, `purpose`, `basis`, `made`, `expires`, and the rest."""
        import pandas as pd

        names = ["id", "state", "recipient", "purpose", "basis", "made", "expires", "deleted", "by", "file", "sha256"]
        rows = [[*(getattr(one, name) for name in names), ", ".join(one.approvals)] for one in self.packages]
        return pd.DataFrame(rows, columns=[*names, "approvals"])

    def due(self, on: date | str | None = None) -> tuple[SharedPackage, ...]:
        """Return the packages whose deletion is to be confirmed by a day: revoked, or with this as their last day.

        Parameters
        ----------
        on : date or str, optional
            Today, in UTC, by default.

        Raises
        ------
        ParameterError
        """
        judged = today() if on is None else day(on, "on")
        return tuple(one for one in self.packages if one.is_due(judged))

    def confirm_deletion(self, id: int, *, by: str, on: date | str | None = None) -> DeletionCertificate:
        """Register that a recipient deleted a package, and return the certificate.

        Parameters
        ----------
        id : int
        by : str
            Who confirmed it, at the recipient's.
        on : date or str, optional
            When it was deleted; today by default.

        Returns
        -------
        DeletionCertificate
            With ``.to_markdown(path)`` and ``.to_json(path)``.

        Raises
        ------
        RegisterError
            If there is no such package, or its deletion is confirmed already.
        ParameterError
        """
        deleted = past_day(on, "on").isoformat()
        record = {"what": DELETION, "package": plain_number(id), "by": words(by, "by"), "on": deleted}

        def check(entries: Sequence[Entry]) -> None:
            known = self._one(entries, id)
            if known.deleted is not None:
                raise RegisterError.unfit("package", known.id, f"was deleted on {known.deleted}, as is registered")
            if deleted < known.made[:10]:
                raise RegisterError.unfit("package", known.id, f"was not there before {known.made[:10]}")

        self.account.register(record, check)
        return self.certificate(id)

    def certificate(self, id: int) -> DeletionCertificate:
        """Return the certificate of a package whose deletion was confirmed.

        Raises
        ------
        RegisterError
        """
        entries = self.account.registered()
        package = self._one(entries, id)
        for entry, record in told(entries, DELETION):
            if record["package"] == package.id:
                return DeletionCertificate(package, entry.seq, entry.time, entry.analyst, entry.hash)
        raise RegisterError.unfit("package", package.id, "is not confirmed as deleted: .confirm_deletion(id, by=...)")

    def revoke(self, id: int, *, reason: str) -> SharedPackage:
        """Register that a package must not be used any more: from now on its deletion is due.

        Parameters
        ----------
        id : int
        reason : str

        Raises
        ------
        RegisterError
            If there is no such package, or it is revoked or deleted already.
        ParameterError
        """
        record = {"what": REVOCATION, "package": plain_number(id), "reason": words(reason, "reason")}

        def check(entries: Sequence[Entry]) -> None:
            known = self._one(entries, id)
            if known.state in ("deleted", "revoked"):
                raise RegisterError.unfit("package", known.id, f"is {known.state} already")

        self.account.register(record, check)
        return self[id]

    def verify(self, path: str | Path) -> SharedPackage:
        """Return which package a file is, if it may still be used: by its checksum alone, without opening it.

        Parameters
        ----------
        path : path

        Raises
        ------
        PackageError
            If it is none of this project as it was handed out, or one that is expired, revoked or deleted.
        FileError
            If it cannot be read.
        """
        with writing(path, "read"):
            found = checksum(Path(path))
        name = Path(path).name
        for package in self.packages:
            if package.sha256 == found:
                if package.state != "handed out":
                    why = f"is package {package.id}, which is {package.state}: it must not be used any more"
                    raise PackageError.unusable(name, why)
                return package
        raise PackageError.unusable(name, f"is no package of project {self.project!r}, or not as it was handed out")

    def output_check(
        self,
        archives: str | Path | Sequence[str | Path],
        *,
        beside: OutputCheck | None = None,
        without: Sequence[int] = (),
        threshold: int = 5,
        audit_seconds: int | None = None,
    ) -> OutputCheck:
        """Return what the tables of counts of all packages tell together, of whoever was counted in them.

        Two tables that are safe may subtract to one person: everybody, and all of 20 and more. So the tables of every
        package that is not confirmed as deleted are audited together, each with its filter (``pk.output_check`` with
        ``method="audit"``). Reads archives, no rows; spends nothing. Releases under differential privacy do not go in:
        their differences are noise, and what they tell together is bounded by what they cost. Nor do anonymized rows:
        their goal holds of each package, and not of two.

        Parameters
        ----------
        archives : path, or sequence of paths
            A folder in which the archives lie, or they themselves, whatever their names are now: each is known by its
            checksum.
        beside : OutputCheck, optional
            Tables that are to be handed out next.
        without : sequence of int
            Packages to leave out, knowingly.
        threshold : int
            The least count that is safe.
        audit_seconds : int, optional
            How long to audit; by default until it is whole.

        Returns
        -------
        OutputCheck
            With ``.protected`` and ``.audit``, a row for each count that can be worked out.

        Raises
        ------
        PackageError
            If an archive is missing or was changed, or there is no table of counts. Tells all of them at once.
        DisclosureError
            If the tables contradict each other: they are not of the same people, or a filter is missing.
        FileError, LibraryRequiredError, ParameterError
        """
        given = {"beside": beside, "without": without, "threshold": threshold, "audit_seconds": audit_seconds}
        return told_together(self.packages, archives, **given)  # type: ignore[arg-type]


def _anything(_: Sequence[Entry]) -> None:
    """Refuse nothing."""
