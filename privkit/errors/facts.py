"""Errors about what is declared of a project: public facts, that it is simulated, closed, or was removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from privkit.errors.arguments import ParameterError
from privkit.errors.calls import call_name, called
from privkit.errors.root import NOTHING_SPENT, PrivkitError, listed

#: So many entries are named.
_FEW = 5


class FactsError(ParameterError):
    """Public facts that contradict each other, or that are none.

    Attributes
    ----------
    column : str
        Whose they are; empty where it is no column's.
    """

    column: str = ""

    @classmethod
    def contradiction(cls, column: str, what: str, way: str) -> FactsError:
        """Two facts of a column cannot both hold: `what` they say, and `way` on."""
        return cls._of(column, f"{called()} got facts of {column!r} that contradict each other: {what}. {way}")

    @classmethod
    def ambiguous(cls, column: str, words: str) -> FactsError:
        """Two numbers or dates (`words`) in a list may be bounds or keys."""
        example = "(18, 100)" if words == "numbers" else "('2026-01-01', '2026-12-31')"
        return cls._of(
            column,
            f"{called()} got a list of two {words} for {column!r}, which may be bounds or the only two keys. Say "
            f"which: {column!r}: {{'bounds': [...]}} or {column!r}: {{'keys': [...]}}; in a TOML file, "
            f"{{ bounds = [...] }} or {{ keys = [...] }}. In Python a tuple of two {words} is bounds: {example}.",
        )

    @classmethod
    def shape(cls, column: str, found: str) -> FactsError:
        """The fact of a column is nothing that could be one."""
        return cls._of(
            column,
            f"{called()} got {found} for {column!r}, but a public fact is (lower, upper), a list of keys, or a dict "
            "with bounds, keys, bins, candidates and a reason. Example: age=(18, 100), plan=['basic', 'plus'].",
        )

    @classmethod
    def unknown(cls, column: str, kinds: Sequence[str], allowed: Sequence[str], close: Sequence[str]) -> FactsError:
        """A dict of facts names what is no kind of fact."""
        near = f" Close matches: {listed(close)}." if close else ""
        return cls._of(
            column, f"{called()} got {listed(kinds)} for {column!r}, but facts of a column are {listed(allowed)}.{near}"
        )

    @classmethod
    def missing(cls, column: str, kind: str) -> FactsError:
        """A key of the facts stands for missing, or for an instant, in a way that a file or a ledger cannot hold."""
        told = f"{called()} got {kind} among the keys of {column!r}, which cannot be written down whole."
        return cls._of(column, told)

    @classmethod
    def none_such(cls, column: str, kind: str, known: Sequence[tuple[str, str]]) -> FactsError:
        """Nothing of the kind is declared of a column, so nothing is withdrawn."""
        told = ", ".join(f"{one} of {name!r}" for name, one in known) or "none"
        what = f"{kind} of {column!r}" if kind else f"facts of {column!r}"
        return cls._of(column, f"{called()} finds no {what} in force. What is on record: {told}.")

    @classmethod
    def of_unit(cls, column: str) -> FactsError:
        """The column tells persons apart: its values are no public fact."""
        return cls._of(
            column,
            f"{called()} got facts of {column!r}, which tells persons apart in this project. Its values are persons; "
            "they are never public, and would stand in the ledger. Leave it out.",
        )

    @classmethod
    def file(cls, name: str, why: str) -> FactsError:
        """A file holds no facts that can be read; no line of it is shown."""
        return cls._of("", f"{called()} cannot read public facts from {name}: {why}.")

    @classmethod
    def twice(cls, column: str) -> FactsError:
        """A column is in the dict and among the arguments."""
        return cls._of(column, f"{called()} got {column!r} twice, in the dict and by name. Say it once.")

    @classmethod
    def two_files(cls) -> FactsError:
        """Two paths were given at once."""
        return cls._of("", f"{called()} takes one file: project.public('facts.toml'), or file='facts.toml'.")

    @classmethod
    def _of(cls, column: str, message: str) -> FactsError:
        error = cls(message, budget=NOTHING_SPENT)
        error.argument = error.column = column
        return error


class FactsChangedError(PrivkitError, ValueError):
    """A public fact that a release used was declared otherwise, or withdrawn.

    Attributes
    ----------
    facts : tuple of (str, str)
        Column and kind of each.
    entries : tuple of int
        The releases that used them, by their numbers in the ledger.
    """

    facts: tuple[tuple[str, str], ...] = ()
    entries: tuple[int, ...] = ()

    @classmethod
    def of(cls, project: str, used: Mapping[tuple[str, str], Sequence[int]]) -> FactsChangedError:
        """These facts would change or go, which the releases of these entries used."""
        told = ", ".join(
            f"{kind} of {column!r} (used by {_entries(numbers)})" for (column, kind), numbers in used.items()
        )
        column, kind = next(iter(used))
        error = cls(
            f"project {project!r} has other facts on record, by which it released something: {told}. A public fact "
            "that was used holds for all that was released by it, so it neither changes nor is withdrawn. What is on "
            "record: project.public().\n"
            f"To ask with others, say it in the call, which wins over a fact: {kind}=... (of {column!r}). Or begin "
            "another project, whose facts are its own.",
            budget=NOTHING_SPENT,
        )
        error.facts = tuple(used)
        error.entries = tuple(sorted({number for numbers in used.values() for number in numbers}))
        return error


def _entries(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"entry {numbers[0]}"
    rest = f" and {len(numbers) - _FEW:,} more" if len(numbers) > _FEW else ""
    return f"entries {', '.join(map(str, numbers[:_FEW]))}{rest}"


def _ended(time: str, analyst: str, reason: str) -> str:
    return f"on {time[:10]} by {analyst} ({reason})"


class ProjectClosedError(PrivkitError, ValueError):
    """A project was closed: what it answered replays, and nothing more is charged to it."""

    @classmethod
    def of(cls, name: str, time: str, analyst: str, reason: str) -> ProjectClosedError:
        """It was closed at this `time`."""
        return cls(
            f"project {name!r} was closed {_ended(time, analyst, reason)}. What it answered replays at no cost; "
            "nothing new is charged to it, and no public fact is noted.\n"
            "To ask something new, begin another project under another name.",
            budget=NOTHING_SPENT,
        )

    @classmethod
    def anew(cls, name: str, time: str, analyst: str, reason: str) -> ProjectClosedError:
        """A new project was to begin instead of one that was closed at this `time`."""
        return cls(
            f"project {name!r} was closed {_ended(time, analyst, reason)}, and its name stays its own: new=True begins "
            "none in its place.\n"
            f"To replay what it answered: pk.open_project({name!r}). To ask something new, begin one under another "
            f"name: pk.open_project({name + ' 2'!r}, epsilon=1.0, unit='customer_id' or pk.ROW).",
            budget=NOTHING_SPENT,
        )


class ProjectRemovedError(PrivkitError, LookupError):
    """A project was removed before anything was charged to it."""

    @classmethod
    def of(cls, name: str, time: str, analyst: str, reason: str) -> ProjectRemovedError:
        """It was removed at this `time`."""
        return cls(
            f"project {name!r} was removed {_ended(time, analyst, reason)}, before anything was charged to it. "
            "To begin one of that name, say so, with its terms: "
            f"pk.open_project({name!r}, epsilon=1.0, unit='customer_id' or pk.ROW, new=True, reason='...').",
            budget=NOTHING_SPENT,
        )


class ProjectUsedError(PrivkitError, ValueError):
    """A project to which something was charged was to be removed."""

    @classmethod
    def of(cls, name: str, spent: object) -> ProjectUsedError:
        """So much was `spent`."""
        return cls(
            f"project {name!r} has {spent} charged, so it is not removed: what was released about its people stays "
            "released. To charge nothing more to it: project.close(reason='...').",
            budget=NOTHING_SPENT,
        )


class SimulatedError(PrivkitError, TypeError):
    """Something simulated was used as if it were real, or the other way round.

    Attributes
    ----------
    function : str
        What refused.
    """

    function: str = ""

    def _by(self, function: str) -> Self:
        """Return the error, in which this function refused."""
        self.function = function
        return self

    @classmethod
    def refused(cls) -> SimulatedError:
        """The call takes nothing that is simulated."""
        return cls(
            f"{called()} got something SIMULATED. The simulator's noise comes from a seed, so it protects nobody; "
            "its answers are for teaching and are never stored, exported or packaged. "
            "Ask in a real project: pk.open_project(name, ...) without simulate=True."
        )._by(call_name())

    @classmethod
    def real(cls) -> SimulatedError:
        """The call was to draw for a real project."""
        return cls(f"{called()} draws for simulated projects alone: a real ledger holds no simulated answer.")._by(
            call_name()
        )

    @classmethod
    def unknown(cls, mechanism: str) -> SimulatedError:
        """The simulator has no such noise."""
        return cls(f"{called()}: the simulator knows no {mechanism} noise. Ask this in a real project.")._by(
            call_name()
        )

    @classmethod
    def fleeting(cls, name: str) -> SimulatedError:
        """There is nothing to remove."""
        return cls(f"project {name!r} is kept in memory alone, and ends with its session: it needs no removing.")._by(
            "remove"
        )

    @classmethod
    def extended(cls, name: str) -> SimulatedError:
        """There is no budget to extend."""
        return cls(
            f"project {name!r} is kept in memory alone, and its budget protects nobody: it is not extended. Begin "
            "another with a higher one: pk.open_project(..., epsilon=..., simulate=True)."
        )._by("extend")

    @classmethod
    def verify(cls, name: str) -> SimulatedError:
        """There is no chain to check."""
        return cls(f"project {name!r} is kept in memory alone: it has no ledger that could be verified.")._by("verify")
