"""What a project accounts for beside its budget: packages, requests, drills, measurements. It names `privkit.study`."""

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
    """A project that hands packages out, and keeps a register of them, of requests, of drills, and of what is measured.

    The register is part of the project's ledger, in its chain, at no cost; it goes on when the project is closed.
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
            If the archive cannot be written. The register has an entry that is listed as unfinished.
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

    def record(self, value: object, *, table: str = "data", on: date | str | None = None) -> Any:
        """Keep the figures of a report over time, in a file for you alone beside the ledger. Reads no rows.

        Figures and names of columns are kept, and no value of a cell. The ledger's register holds the checksum of each
        line, and none of its figures: what is changed in the file later is told as missing.

        Parameters
        ----------
        value : Inventory, RiskReport, AttackReport, ModelAttackReport or ModelAssessment
            What ``audit``, ``risk``, ``attack``, ``attack_model`` or ``assess_model`` told. An inventory brings its
            days of retention.
        table : str
            What you call the table, or the model: figures of one name follow each other over time.
        on : date or str, optional
            When it was measured; today, in UTC, by default.

        Returns
        -------
        Measurement

        Raises
        ------
        ParameterError
            For another value, or a day to come.
        FileError
            If the file cannot be written. Nothing was recorded.
        LedgerError, SimulatedError

        Examples
        --------
        >>> import pandas as pd, privkit as pk
        >>> project = pk.open_project("measured", epsilon=1, unit=pk.ROW, store=ledger_path)
        >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005", "8006"], "plan": ["basic", "plus"] * 2})
        >>> kept = project.record(pk.risk(people, ["zip"]), table="customers", on="2026-03-31")
        >>> kept.id, kept.what, kept.uniqueness, kept.risk
        (1, 'risk', 0.5, 0.75)
        >>> project.record(people)
        Traceback (most recent call last):
        ...
        privkit.errors.arguments.ParameterError: record() got value=a DataFrame, but value must be one of AttackReport,
        Inventory, ModelAssessment, ModelAttackReport, RiskReport. Example: project.record(df.privacy.audit(),
        table='customers').
        """
        return import_module("privkit.study.assessments.measured").record(self, value, table=table, on=on)

    @property
    def measured(self) -> Any:
        """What was recorded, day by day: iterate, ``.to_frame()``, ``.missing``, ``.path``."""
        return import_module("privkit.study.assessments.measured").Measurements(self)

    def quarters(self) -> Any:
        """Return the project quarter by quarter: uniqueness, risk, ε, overdue retention, requests, sharing. No rows.

        Quarters are those of the calendar, in UTC, from the first day of which anything is known until today. What was
        spent, asked and shared is read from the ledger; uniqueness, risk, attacks and retention from what was recorded
        by :meth:`record`. Quarters without anything are there, and said to be empty.

        Returns
        -------
        Quarters
            With ``.to_frame()``, ``.plot()``, ``.to_json()``, ``.empty`` and ``.missing``.

        Raises
        ------
        LedgerError, SimulatedError
        FileError
            If the file of what was recorded cannot be read.

        Examples
        --------
        >>> import pandas as pd, privkit as pk
        >>> project = pk.open_project("by quarter", epsilon=1, unit=pk.ROW, store=ledger_path)
        >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005", "8006"], "plan": ["basic", "plus"] * 2})
        >>> release = people.privacy.dp_count("plan", keys=["basic", "plus"], epsilon=0.25, project=project)
        >>> last = project.quarters().quarters[-1]
        >>> last.charged, last.uniqueness, last.open
        (ε = 0.25, None, 0)
        """
        return import_module("privkit.study.assessments.quarters").quarters(self)
