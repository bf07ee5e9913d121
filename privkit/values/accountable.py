"""What a project accounts for beside its budget: packages, requests, drills. It names `privkit.study`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from privkit.values.arguments import public

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime


@public
class Accountable:
    """A project that hands packages out, and keeps a register of them, of persons' requests and of drills.

    The register stands in the project's ledger, in its chain, at no cost; it goes on when the project is closed.
    """

    __slots__ = ()

    def package(
        self,
        results: object,
        *,
        path: str | os.PathLike[str],
        recipient: str,
        purpose: str,
        basis: str,
        expires: date | str,
        approvals: Sequence[str] = (),
        means: str = "",
    ) -> Any:
        """Write what a partner needs, and nothing more, as one zip file, and register who gets it. Spends nothing.

        It holds the tables as CSV that no spreadsheet runs, a README in words, provenance and cost as JSON, and
        checksums. Raw rows and exact reports are refused, and so is whatever the project's ledger did not release.

        Parameters
        ----------
        results : Release, Derived, Anonymized, or several
            Releases of this project, synthetic rows among them; what is computed from them; and anonymized rows
            (``df.privacy.anonymize(...)``) that meet their goal and hold nothing else that tells persons. A list, or a
            mapping from the names of the tables' files.
        path : path
            Of a new file that ends in ``.zip``.
        recipient, purpose, basis : str
            Who gets it, what for, and on what legal basis. They are registered, so no value of a person.
        expires : date or str
            Until when the recipient may keep it.
        approvals : sequence of str
            Who approved it: as many as ``project.sharing.require_approvals`` asks for.
        means : str
            Which means of re-identification the recipient has.

        Returns
        -------
        SharedPackage

        Raises
        ------
        PackageError
            Tells everything that is wrong at once. Nothing was written, and nothing registered.
        FileError
            If the archive cannot be written. The register has an entry that is told as unfinished.
        LedgerError

        Examples
        --------
        >>> import pandas as pd, privkit as pk
        >>> df = pd.DataFrame({"plan": ["basic", "plus"] * 50})
        >>> project = pk.open_project("handing", epsilon=1, unit=pk.ROW, store=ledger_path)
        >>> release = df.privacy.dp_count("plan", keys=["basic", "plus"], epsilon=0.5, project=project)
        >>> agreed = dict(recipient="Uni Bern", purpose="teaching", basis="contract of 2 May", expires="2099-12-31")
        >>> package = project.package({"plans": release}, path=ledger_path.parent / "plans.zip", **agreed)
        >>> package.id, package.state, package.tables
        (2, 'handed out', (('plans', 'release', (1,)),))
        >>> project.package(df, path="a.zip", **agreed)
        Traceback (most recent call last):
        ...
        privkit.errors.study.PackageError: package() made no package; nothing was written, and nothing registered:
        - table 1 is a DataFrame: raw rows are not handed out. Give the release itself, or what df.privacy.anonymize()
          returned, not its frame
        """
        agreed = {"recipient": recipient, "purpose": purpose, "basis": basis, "expires": expires}
        written = import_module("privkit.study.package").package
        return written(self, results, path=path, approvals=approvals, means=means, **agreed)

    @property
    def sharing(self) -> Any:
        """What was handed out and what became of it: ``.due()``, ``.confirm_deletion(...)``, ``.revoke(...)``."""
        return import_module("privkit.study.sharing").Sharing(self)

    @property
    def trail(self) -> Any:
        """Who did what, when and from where: iterate it, ``.to_frame()``, ``.unusual()``."""
        return import_module("privkit.study.trail").Trail(self)

    @property
    def requests(self) -> Any:
        """What data subjects asked for, with a clock: ``.open("access")``, ``.due()``, ``.answer(id, proof=...)``."""
        return import_module("privkit.study.requests").SubjectRequests(self)

    @property
    def drills(self) -> Any:
        """The breach drills that were held."""
        return import_module("privkit.study.drill").drills(self)

    def breach_drill(
        self,
        inventory: Mapping[str, object] | object,
        *,
        persons: int,
        scenario: str,
        known_since: datetime | str | None = None,
    ) -> Any:
        """Hold a breach drill: which tables and persons, whom to call, and by when. It is registered. Reads no rows.

        Parameters
        ----------
        inventory : Inventory, or mapping of str to Inventory
            Of the table that is concerned, or of several by their names.
        persons : int
            How many are concerned, as somebody says who knows.
        scenario : str
            What is supposed to have happened.
        known_since : datetime or str, optional
            When it became known, with its zone; now by default. The 72 hours run from here.

        Returns
        -------
        BreachDrill
            With ``.to_markdown(path)``, a sheet to fill in.

        Raises
        ------
        ParameterError

        Examples
        --------
        >>> import pandas as pd, privkit as pk
        >>> found = pk.audit(pd.DataFrame({"email": ["a@x.org", "b@x.org"]})).assign("email", recipients="post office")
        >>> project = pk.open_project("drilled", epsilon=1, unit=pk.ROW, store=ledger_path)
        >>> since = "2026-03-02T08:00+01:00"
        >>> drill = project.breach_drill(found, persons=2, scenario="a lost disk", known_since=since)
        >>> drill.deadline.isoformat(), drill.calls
        ('2026-03-05T07:00:00+00:00', {'post office': ()})
        """
        hold = import_module("privkit.study.drill").breach_drill
        return hold(self, inventory, persons=persons, scenario=scenario, known_since=known_since)
