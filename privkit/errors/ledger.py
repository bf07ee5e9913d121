"""Errors of the ledger: every one refuses, none begins an empty ledger in the place of a lost one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privkit.errors.root import NOTHING_SPENT, PrivkitError, listed

if TYPE_CHECKING:
    from collections.abc import Sequence


class LedgerError(PrivkitError, OSError):
    """The ledger cannot be read or written, so nothing may be released.

    Attributes
    ----------
    store : str
        Where the ledger is, without passwords.
    uncertain : bool
        Whether the write may have arrived all the same (the connection broke while it was being confirmed).
    """

    store: str = ""
    uncertain: bool = False

    # OSError.__str__ would show errno and filename.
    __str__ = PrivkitError.__str__

    @classmethod
    def at(cls, store: str, text: str, *, budget: str | None = None) -> LedgerError:
        """Something about the ledger at `store`, told by `text`."""
        error = cls(text, budget=budget)
        error.store = store
        return error

    @classmethod
    def unknown(cls, store: str, kind: str, *, budget: str | None = None) -> LedgerError:
        """The database refused with an error of a `kind` that privkit does not tell apart."""
        return cls.at(
            store,
            f"the ledger at {store} could not be used ({kind}). Look at it: privkit ledger doctor.",
            budget=budget,
        )


class LedgerBusyError(LedgerError, TimeoutError):
    """Another process held the ledger for too long."""

    @classmethod
    def of(cls, store: str, seconds: float, *, budget: str | None = None) -> LedgerError:
        """The ledger stayed locked for `seconds`."""
        return cls.at(
            store,
            f"the ledger at {store} was locked by another process for {seconds:g} s. "
            "Run the cell again; if it stays locked, look for a program that has the file open.",
            budget=budget,
        )

    @classmethod
    def of_server(cls, store: str, seconds: float, *, budget: str | None = None) -> LedgerError:
        """A transaction of another session held the project for `seconds`, or won a race for it."""
        return cls.at(
            store,
            f"the project in the ledger at {store} was locked by another session of its server for up to "
            f"{seconds:g} s. Run the cell again; if it stays locked, look for a transaction that was left open.",
            budget=budget,
        )

    @classmethod
    def crowded(cls, store: str, seconds: float, *, budget: str | None = None) -> LedgerError:
        """All connections that the server, the database or the role may have were in use."""
        return cls.at(
            store,
            f"the server of the ledger at {store} had no connection left for {seconds:g} s: others use all that it may "
            "have. Run the cell again; if it recurs, close programs that keep connections open (earlier versions of "
            "privkit kept two for each kernel), or raise max_connections.",
            budget=budget,
        )

    @classmethod
    def stopped(cls, store: str, *, budget: str | None = None) -> LedgerError:
        """The server ended the statement: its time limit, or somebody's will."""
        return cls.at(
            store,
            f"the server of the ledger at {store} stopped the statement (its statement_timeout is too short, or "
            "somebody cancelled it). Run the cell again; if it recurs, raise statement_timeout for this role.",
            budget=budget,
        )


class LedgerReadOnlyError(LedgerError, PermissionError):
    """The ledger can be read but not written, so nothing can be charged."""

    @classmethod
    def of(cls, store: str, *, budget: str | None = None) -> LedgerError:
        """The file, its folder or the connection is read-only."""
        return cls.at(
            store,
            f"the ledger at {store} is read-only, and a release must be charged before it is drawn. "
            "Make the file and its folder writable; earlier releases still replay.",
            budget=budget,
        )

    @classmethod
    def interrupted(cls, store: str, *, budget: str | None = None) -> LedgerError:
        """A program was killed while it wrote, and what it began can only be undone by somebody who may write."""
        return cls.at(
            store,
            f"the ledger at {store} was left in the midst of a write by a program that was killed (a journal lies "
            "beside it), and this user may not settle that. Let somebody who may write into the folder open its "
            "project once: nothing that was released is lost.",
            budget=budget,
        )

    @classmethod
    def denied(cls, store: str, *, budget: str | None = NOTHING_SPENT) -> LedgerError:
        """The file, or a folder above it, may not even be read by this user."""
        return cls.at(
            store,
            f"the ledger at {store} may not be read by you: its file or a folder above it belongs to somebody else. "
            "Ask its owner for the right to read (and to write, if you are to release), or name another place.",
            budget=budget,
        )

    @classmethod
    def of_server(cls, store: str, *, budget: str | None = None) -> LedgerError:
        """The role of the connection lacks a right, or the server takes no writes."""
        return cls.at(
            store,
            f"the server of the ledger at {store} refused: this role lacks a right, or the server is a read-only copy. "
            "Writing needs SELECT and INSERT on the tables privkit_ledger, privkit_project and privkit_record, and "
            "UPDATE on privkit_project, for its lock; whoever may read still replays earlier releases.",
            budget=budget,
        )


class LedgerFullError(LedgerError):
    """There is no room left to write the charge."""

    @classmethod
    def of(cls, store: str, *, budget: str | None = None) -> LedgerError:
        """The disk, a quota or a size limit is reached."""
        return cls.at(
            store, f"the disk of the ledger at {store} is full. Make room and run the cell again.", budget=budget
        )


class LedgerDamagedError(LedgerError, ValueError):
    """The ledger's file is not what privkit wrote."""

    @classmethod
    def of(cls, store: str, found: str, *, budget: str | None = NOTHING_SPENT) -> LedgerError:
        """The ledger is damaged, as `found` tells."""
        return cls.at(
            store,
            f"the ledger at {store} is damaged: {found}. privkit does not begin an empty one in its place, "
            "since that would forget what was spent.\n"
            "Restore the file from a backup, or look at it: privkit ledger doctor.",
            budget=budget,
        )

    @classmethod
    def of_server(cls, store: str, *, budget: str | None = NOTHING_SPENT) -> LedgerError:
        """The server lacks a table or column of the ledger, or shows another schema."""
        return cls.at(
            store,
            f"the database at {store} lacks a table or column of the ledger: this role sees another schema "
            "(search_path), or they were dropped. Check the address and the role; else restore the database's backup.",
            budget=budget,
        )

    @classmethod
    def anchor(cls, path: str) -> LedgerError:
        """What this machine remembers of a project cannot be read."""
        return cls.at(
            path,
            f"what this machine remembers of a project, in {path}, is damaged, so it cannot be told whether the "
            "ledger is the latest. Check the ledger (privkit ledger verify), then move that file away.",
            budget=NOTHING_SPENT,
        )


class LedgerMissingError(LedgerError, FileNotFoundError):
    """There is no ledger where one is expected."""

    @classmethod
    def of(cls, store: str) -> LedgerError:
        """No file at `store`, and none may be made."""
        return cls.at(
            store,
            f"there is no ledger at {store}. Check the folder (the default is .privkit/ledger.db beside the notebook), "
            "or begin one: pk.open_project('churn', epsilon=1.0, unit=pk.ROW).",
            budget=NOTHING_SPENT,
        )

    @classmethod
    def gone(cls, store: str, projects: Sequence[str]) -> LedgerError:
        """A ledger was at `store` and is no longer there."""
        return cls.at(
            store,
            f"the ledger at {store} is gone; it held {listed(projects)}. privkit does not begin an empty one in its "
            "place, since that would forget what was spent.\n"
            "Restore the file; or begin anew and say why: pk.open_project(..., new=True, reason='...').",
            budget=NOTHING_SPENT,
        )


class LedgerVersionError(LedgerError):
    """The ledger was written by another version of privkit."""

    @classmethod
    def newer(cls, store: str, found: int, known: int) -> LedgerError:
        """The ledger's format is `found`, newer than `known`."""
        return cls.at(
            store,
            f"the ledger at {store} has format {found}, and this privkit knows formats up to {known}. "
            "Update privkit: pip install -U jupyter-privkit.",
            budget=NOTHING_SPENT,
        )

    @classmethod
    def older(cls, store: str, found: int, known: int) -> LedgerError:
        """The ledger's format is `found`, older than `known`, and it cannot be brought up to date from here."""
        if found < 1:
            return LedgerDamagedError.of(store, f"it says that its format is {found}, which no privkit writes")
        return cls.at(
            store,
            f"the ledger at {store} has format {found}, and this privkit writes format {known}. Open it anew where "
            "it can be written, and it is brought up to date, with every entry kept.",
            budget=NOTHING_SPENT,
        )


class LedgerPlaceError(LedgerError, ValueError):
    """A ledger cannot be kept at such a place."""

    @classmethod
    def of(cls, store: str, why: str, instead: str) -> LedgerError:
        """`store` cannot hold a ledger because of `why`."""
        return cls.at(store, f"store={store!r} cannot hold a ledger: {why}. {instead}", budget=NOTHING_SPENT)


class LedgerUnreachableError(LedgerError, ConnectionError):
    """The ledger's server does not answer."""

    @classmethod
    def of(cls, store: str, *, budget: str | None = None) -> LedgerError:
        """No connection, or it broke."""
        return cls.at(
            store,
            f"the ledger's server at {store} cannot be reached, or the connection broke. "
            "Check the address, whether the server has this database, the network and your rights, then run the cell "
            "again.",
            budget=budget,
        )


class LedgerMovedError(LedgerError):
    """The ledger is not the one, or not as far on, as this machine remembers.

    Attributes
    ----------
    expected, found : str
        The place that is remembered, and the one that was opened.
    """

    expected: str = ""
    found: str = ""

    @classmethod
    def _of(cls, expected: str, found: str, text: str) -> LedgerMovedError:
        error = cls(text, budget=NOTHING_SPENT)
        error.store, error.expected, error.found = found, expected, found
        return error

    @classmethod
    def elsewhere(cls, project: str, expected: str, found: str) -> LedgerMovedError:
        """The project is known at `expected`, and was opened from `found`."""
        return cls._of(
            expected,
            found,
            f"project {project!r} is known at {expected}, but this ledger is at {found}. "
            "A copy would let the same budget be spent twice.\n"
            f"To look at it, and change nothing: privkit ledger list --store {found!r}.\n"
            f"If you moved it, go on from here: pk.open_project({project!r}, store={found!r}, adopt=True).",
        )

    @classmethod
    def second(cls, project: str, expected: str, found: str, *, gone: bool = False) -> LedgerMovedError:
        """A project of this name is known at `expected`, and would be begun again at `found`."""
        return cls._of(
            expected,
            found,
            f"project {project!r} is known at {expected}{', which is no longer there' if gone else ''}; it would be "
            f"begun again at {found}, with a fresh budget for the same people.\n"
            f"{'Restore' if gone else 'Open'} the known one: pk.open_project({project!r}, store={expected!r}); "
            "choose another name; or, if it is about other people, say so: "
            "pk.open_project(..., new=True, reason='...').",
        )

    @classmethod
    def behind(cls, project: str, store: str, *, remembered: int, found: int, lost: object) -> LedgerMovedError:
        """The ledger ends before the record that this machine remembers."""
        return cls._of(
            store,
            store,
            f"the ledger at {store} is older than this machine remembers: project {project!r} had reached record "
            f"{remembered}, and here it ends at {found} (an older copy was restored, or records were cut off).\n"
            f"To look at it, and change nothing: privkit ledger list --store {store!r}.\n"
            f"Restore the newer file; or go on from this one, with the {lost} that it forgot charged again: "
            f"pk.open_project({project!r}, store={store!r}, adopt=True).",
        )

    @classmethod
    def forked(cls, project: str, store: str, record: int, lost: object) -> LedgerMovedError:
        """The ledger holds another record where this machine remembers one."""
        return cls._of(
            store,
            store,
            f"the ledger at {store} is not the one that this machine remembers: record {record} of project {project!r} "
            "differs (a copy that went its own way, or a changed record). "
            f"Compare: privkit ledger show {project!r} --store {store!r}.\n"
            f"To go on from this one, with all of the {lost} of the other charged to it too: "
            f"pk.open_project({project!r}, store={store!r}, adopt=True).",
        )

    @classmethod
    def replaced(cls, project: str, store: str, spent: object) -> LedgerMovedError:
        """The ledger at `store` no longer holds the project that was there."""
        return cls._of(
            store,
            store,
            f"the ledger at {store} held project {project!r}, with {spent} spent, and is now another one without it. "
            "Restore the earlier file.\n"
            f"To begin {project!r} anew, say why: pk.open_project(..., new=True, reason='...').",
        )


class LedgerTamperedError(LedgerError, ValueError):
    """The chain of records does not hold together.

    Attributes
    ----------
    project : str
    entry : int
        The first bad entry (0: the project's terms).
    record : int
        Its place in the chain.
    """

    project: str = ""
    entry: int = 0
    record: int = 0

    @classmethod
    def of(cls, store: str, project: str, *, entry: int, record: int, found: str) -> LedgerTamperedError:
        """Record number `record`, of `entry`, is bad as `found` tells."""
        where = f"entry {entry} (record {record})" if entry else "the project's terms"
        error = cls(
            f"the ledger at {store} was changed: in project {project!r}, {where} {found}. "
            "What comes before it holds; what comes after it does not.\n"
            "Compare with a backup, which this changes nothing of: privkit ledger show ... --store backup.db."
        )
        error.store, error.project, error.entry, error.record = store, project, entry, record
        return error


class MeasureMismatchError(PrivkitError, TypeError):
    """A cost is counted in another privacy measure than the project's budget."""

    @classmethod
    def of(cls, project: str, measure: str, given: str) -> MeasureMismatchError:
        """The project counts in `measure`, the cost came in `given`."""
        return cls(
            f"project {project!r} counts its budget in {measure}, and this release is priced in {given}. "
            "One project has one measure; begin another project for the other one.",
            budget=NOTHING_SPENT,
        )
