"""Errors about projects and their budgets.

Errors of reservations: what was charged and is not answered, yet or for good.
"""

from __future__ import annotations

from collections.abc import Sequence

from privkit.errors.calls import called
from privkit.errors.root import NOTHING_SPENT, PrivkitError, close_matches, listed


def _in_a_worker() -> str:
    """Return what is said besides in a process that another one started; elsewhere nothing."""
    from multiprocessing import parent_process

    told = (
        "\nNo project comes along into a process that works for another one: with scikit-learn, say n_jobs=1, or "
        "joblib.parallel_config(backend='threading')."
    )
    return told if parent_process() else ""


class NoProjectError(PrivkitError, LookupError):
    """A release was asked for while no project is open."""

    @classmethod
    def of(cls) -> NoProjectError:
        """The call needs a project."""
        return cls(
            f"{called()} needs an open project, which holds the privacy budget.\n"
            f"Example: pk.open_project('churn', epsilon=1.0, unit=pk.ROW).{_in_a_worker()}"
        )

    @classmethod
    def elsewhere(cls, name: str) -> NoProjectError:
        """The call asks a project that was open in the process from which a model comes, and is not current here."""
        return cls(
            f"{called()} asks the project {name!r}, as the model did where it was pickled, and that one is not the "
            f"current project here. Open it: pk.open_project({name!r}, store=...).{_in_a_worker()}"
        )


class ProjectNotFoundError(PrivkitError, LookupError):
    """A project was opened by name alone, and the ledger does not hold it."""

    @classmethod
    def of(cls, name: str, known: Sequence[str]) -> ProjectNotFoundError:
        """No project of this `name`."""
        near = close_matches(name, known)
        held = f" It holds {listed(known)}." if known else ""
        held += f" If you mean it: pk.open_project({near[0]!r})." if near else ""
        return cls(
            f"the ledger has no project {name!r}.{held} To begin it, say its budget and whom it protects: "
            f"pk.open_project({name!r}, epsilon=1.0, unit='customer_id' or pk.ROW)."
        )

    @classmethod
    def of_class(cls, name: str, known: Sequence[str]) -> ProjectNotFoundError:
        """No class of this `name`. Who opened a project by its name alone would be charged as a stranger to it."""
        held = f" It holds {listed(known)}: the line that your teacher's command printed says which." if known else ""
        return cls(
            f"the ledger has no class {name!r}.{held} To begin it: "
            f"pk.teach.classroom({name!r}, students=..., epsilon=..., store=...)."
        )


class ProjectCopyError(PrivkitError, TypeError):
    """A project, an account or a ledger was to be pickled or copied."""

    @classmethod
    def of(cls, kind: str, name: str) -> ProjectCopyError:
        """What is to be copied is a `kind`, of the project `name`."""
        return cls(
            f"{kind} is a handle of a ledger in this process, and is not pickled or copied: a copy would carry neither "
            "its connection nor the address's secrets. In the other process, open the project there: "
            f"pk.open_project({name!r}, store=...). Releases are pickled as they are."
        )


class ProjectNameError(PrivkitError, ValueError):
    """A new project would have a name that looks like that of another one.

    Attributes
    ----------
    known : tuple of str
        The names that look like it.
    """

    known: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, known: Sequence[str]) -> ProjectNameError:
        """A project of this `name` would be begun beside those that are `known`."""
        seen = ", ".join(ascii(other) if not other.isascii() and len(known) > 1 else repr(other) for other in known)
        error = cls(
            f"project {name!r} would begin with a fresh budget, and the ledger holds {seen}, which looks like it.\n"
            f"If you mean that one: pk.open_project({known[0]!r}). If it is about other people, say so: "
            f"pk.open_project({name!r}, ..., new=True, reason='...').",
            budget=NOTHING_SPENT,
        )
        error.known = tuple(known)
        return error


class ProjectMismatchError(PrivkitError, ValueError):
    """A project was reopened with terms that differ from those it was begun with.

    Attributes
    ----------
    differences : tuple of str
        The names of the terms that differ.
    """

    differences: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, differences: Sequence[tuple[str, str, str]]) -> ProjectMismatchError:
        """The `differences` are (term, as recorded, as given)."""
        told = "; ".join(f"{term} is {recorded}, not {given}" for term, recorded, given in differences)
        alone = [term for term, _, _ in differences] == ["budget"]
        owner = (
            ", except that its owner may raise the budget on record: project.extend(..., reason='...')" if alone else ""
        )
        error = cls(
            f"project {name!r} was begun on other terms: {told}. A project's terms are fixed{owner}.\n"
            f"Reopen it by its name alone: pk.open_project({name!r}); or begin another project under another name."
        )
        error.differences = tuple(term for term, _, _ in differences)
        return error


class InsufficientBudgetError(PrivkitError, ValueError):
    """A release would cost more than the project has left.

    Attributes
    ----------
    project : str
        The project's name.
    needed, left, limit, short : PrivacyLoss
        What the plan needs, what is left, the limit that refuses, and by how much it falls short.
    """

    project: str = ""
    needed: object = None
    left: object = None
    limit: object = None
    short: object = None

    @classmethod
    def of(
        cls,
        project: str,
        *,
        needed: object,
        left: object,
        limit: object,
        short: object,
        scope: str = "",
        ways: str = "",
        why: str = "",
    ) -> InsufficientBudgetError:
        """The plan needs more than is left; `scope` says for whom or when, `ways` how to go on, `why` what is odd."""
        ways_on = ways or "ask for less, or replay an earlier release: project.ledger"
        error = cls(
            f"this plan needs {needed}; project {project!r} has {left} of {_amount(limit)} left{scope} "
            f"(short by {_amount(short)}).\n{why}"
            f"Ways on: {ways_on}.",
            budget=NOTHING_SPENT,
        )
        error.project, error.needed, error.left, error.limit, error.short = project, needed, left, limit, short
        return error


class ClockError(PrivkitError, ValueError):
    """The ledger's clock is not ahead, so it cannot be set back."""

    @classmethod
    def of(cls, project: str, clock: str, now: str) -> ClockError:
        """The last entry is of `clock`, and it is `now`."""
        return cls(
            f"the clock of project {project!r} stands at {clock or 'no time'}, its last entry's, and it is {now}: "
            "it is not more than a day ahead, so it is not set back. (Is this machine's own clock right?)",
            budget=NOTHING_SPENT,
        )


class CeilingError(PrivkitError, ValueError):
    """One release costs more than the project's ceiling for a single release."""

    @classmethod
    def of(cls, project: str, needed: object, ceiling: object) -> CeilingError:
        """A single release above `ceiling` is refused."""
        return cls(
            f"this plan needs {needed} at once; project {project!r} refuses one release above {ceiling} "
            f"(so large a loss promises little).\nAsk for {_argument(ceiling)} at most. The ceiling is one of the "
            "project's terms, fixed when it began; another project may begin with a higher one, under another name: "
            "pk.open_project(..., ceiling=...).",
            budget=NOTHING_SPENT,
        )


class MeasurementError(PrivkitError, RuntimeError):
    """The noisy measurement failed after its budget was reserved.

    The message is the same for every cause, because the cause may depend on the data.
    """

    @classmethod
    def of(cls, cost: object, entry: int) -> MeasurementError:
        """The measurement of ledger entry `entry` failed; its `cost` stays spent."""
        return cls(
            "the measurement failed, and nothing was released. The cause is not told, since it may depend on the data. "
            "Asking the same again, by again=True, would cost as much and, as a rule, fail alike: look at the frame "
            "first, by what reads it without spending.",
            budget=f"{cost} stays spent (ledger entry {entry}): what failed may have looked at the data.",
        )


class EarlierReleaseError(PrivkitError, RuntimeError):
    """An earlier version of privkit answered the question for a declared version, without noting of which table.

    Attributes
    ----------
    entry : int
        The number of the entry with its answer.
    """

    entry: int = 0

    @classmethod
    def of(cls, project: str, entry: int, version: str) -> EarlierReleaseError:
        """Entry number `entry` may be the answer, or that of another table under the same `version`."""
        error = cls(
            f"this question was asked of version={version!r} before, as entry {entry} of project {project!r}, by an "
            "earlier version of privkit, which did not note of which table. If it was this one, its answer stands "
            f"there: project.account.entry({entry}).answer.\n"
            "To ask anew, at its price: again=True, once; without it the new answer is replayed from then on.",
            budget=NOTHING_SPENT,
        )
        error.entry = entry
        return error


def _argument(loss: object) -> str:
    """Return a loss as the argument that asks for it."""
    return _main(loss).replace("ε = ", "epsilon=").replace("ρ = ", "rho=")


def _main(loss: object) -> str:
    return str(loss).partition(", δ")[0]


def _amount(loss: object) -> str:
    """Return a loss without its symbol, where it has only one."""
    return str(loss).removeprefix("ε = ").removeprefix("ρ = ") if "," not in str(loss) else str(loss)


class ReservationError(PrivkitError, RuntimeError):
    """A reservation was used twice, or in another process than the one that made it."""

    @classmethod
    def closed(cls, project: str, entry: int, state: str, cost: object) -> ReservationError:
        """The reservation already came to an end, as `state`."""
        return cls(
            f"entry {entry} of project {project!r} is already {state}, so this answer cannot be stored, nor shown.",
            budget=f"{cost} stays spent (ledger entry {entry}).",
        )

    @classmethod
    def forked(cls, project: str, entry: int, cost: object) -> ReservationError:
        """The process was forked after the reservation."""
        return cls(
            f"entry {entry} of project {project!r} was reserved by another process (this one was forked from it). "
            "Ask in this process again.",
            budget=f"{cost} stays spent (ledger entry {entry}).",
        )


class PendingReleaseError(PrivkitError, TimeoutError):
    """The same question is being answered by another process.

    Attributes
    ----------
    entry : int
    """

    entry: int = 0

    # TimeoutError is an OSError, whose text would show errno.
    __str__ = PrivkitError.__str__

    @classmethod
    def of(cls, project: str, entry: int, since: str, seconds: float) -> PendingReleaseError:
        """Entry number `entry` was reserved at `since` and is still unanswered after a wait of `seconds`."""
        error = cls(
            f"the same question is being answered right now: entry {entry} of project {project!r}, "
            f"reserved at {since}, had no answer after {seconds:g} s. "
            "Run the cell again later: its answer will be replayed at no cost.",
            budget=NOTHING_SPENT,
        )
        error.entry = entry
        return error


class OrphanedReleaseError(PrivkitError, RuntimeError):
    """The same question was charged before, and never answered.

    Attributes
    ----------
    entry : int
        The charged entry.
    state : str
        ``"orphaned"`` (its process died or was interrupted) or ``"failed"``.
    cost, price : PrivacyLoss
        What the entry cost, and what asking again costs.
    """

    entry: int = 0
    state: str = "orphaned"
    cost: object = None
    price: object = None

    @classmethod
    def of(cls, project: str, *, entry: int, state: str, cost: object, price: object) -> OrphanedReleaseError:
        """Entry number `entry` of the same question ended in `state`."""
        why = (
            "its measurement failed"
            if state == "failed"
            else "its process ended, or was interrupted, before the answer was stored"
        )
        error = cls(
            f"this question was asked before, as entry {entry} of project {project!r}, and {why}. "
            f"That {cost} stays spent: what was drawn may have been seen.\n"
            f"Asking again costs {price} more: again=True."
            + (" As a rule it fails in the same way: look at the frame first." if state == "failed" else ""),
            budget="No further budget was spent.",
        )
        error.entry, error.state, error.cost, error.price = entry, state, cost, price
        return error
