"""Errors about policies, dossiers, papers, packages and the register: all that is wrong at once, and no value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from privkit.errors.calls import called
from privkit.errors.root import PrivkitError

#: So many numbers are named.
_FEW = 10


class PolicyError(PrivkitError, ValueError):
    """A policy cannot be used. Nothing was judged.

    Attributes
    ----------
    problems : tuple of (int or None, str)
        Everything that is wrong: the line of the file, where it is known, and what is wrong there.
    """

    problems: tuple[tuple[int | None, str], ...] = ()

    @classmethod
    def of(cls, problems: Sequence[tuple[int | None, str]]) -> PolicyError:
        """Tell all `problems` at once, in the order of the lines; those of no line come last."""
        ordered = sorted(problems, key=lambda one: (one[0] is None, one[0] or 0))
        told = [f"- {text}" if line is None else f"- line {line}: {text}" for line, text in ordered]
        error = cls("\n".join([f"{called()} cannot use this policy:", *told]))
        error.problems = tuple(ordered)
        return error


class _UnmadeError(PrivkitError, ValueError):
    """A document cannot be made of what was given. Nothing was read, and nothing written.

    Attributes
    ----------
    problems : tuple of str
        Everything that is wrong.
    """

    problems: tuple[str, ...] = ()
    _made = ""

    @classmethod
    def of(cls, problems: Sequence[str]) -> Self:
        """Tell all `problems` at once."""
        error = cls("\n".join([f"{called()} cannot make {cls._made}:", *(f"- {text}" for text in problems)]))
        error.problems = tuple(problems)
        return error


class DossierError(_UnmadeError):
    """A dossier cannot be made of what was given: `problems` has everything that is wrong. Nothing was written."""

    _made = "this dossier"


class PapersError(_UnmadeError):
    """Papers cannot be made of what was given: `problems` has everything that is wrong. Nothing was written."""

    _made = "these papers"


class PackageError(PrivkitError, ValueError):
    """Something cannot be packaged, or is no package that may still be used.

    Attributes
    ----------
    problems : tuple of str
        Everything that is wrong.
    """

    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, problems: Sequence[str]) -> PackageError:
        """Tell all `problems` of a package that is to be made at once."""
        told = [f"- {text}" for text in problems]
        error = cls("\n".join([f"{called()} made no package; nothing was written, and nothing registered:", *told]))
        error.problems = tuple(problems)
        return error

    @classmethod
    def unusable(cls, file: str, why: str) -> PackageError:
        """A file is no package of the project, or one that is not to be used any more."""
        error = cls(f"{called()}: {file!r} {why}.")
        error.problems = (why,)
        return error

    @classmethod
    def unread(cls, problems: Sequence[str]) -> PackageError:
        """Archives are missing, or not as they were handed out."""
        ways = (
            "Give the archives as they were written, wherever they lie; confirm_deletion(id, by=...) where the "
            "recipient deleted one, or leave it out knowingly: without=[id]."
        )
        told = "\n".join(
            [f"{called()} looked at no table, since archives are missing:", *(f"- {one}" for one in problems)]
        )
        error = cls(f"{told}\n{ways}")
        error.problems = tuple(problems)
        return error

    @classmethod
    def no_tables(cls) -> PackageError:
        """No package has a table of exact counts."""
        return cls(
            f"{called()} found no table of counts: no package that is still out has one. What is released under "
            "differential privacy is bounded by its cost, project.spent; rows are judged when they are packaged. "
            "To try one before it is handed out: beside=pk.output_check(table)."
        )


class RegisterError(PrivkitError, LookupError):
    """The register has no such entry, or one of which this cannot be noted. Nothing was noted."""

    @classmethod
    def unknown(cls, what: str, number: object, known: Sequence[int]) -> RegisterError:
        """It has no package, or request, of this number."""
        begun = {
            "package": "Make one: project.package(...)",
            "request": "Open one: project.requests.open('access')",
            "measurement": "Record one: project.record(df.privacy.audit())",
        }
        one_of = f"Give one of {', '.join(map(str, known[-_FEW:]))}"
        there = one_of if known else f"It has none yet. {begun.get(what, 'Look at project.ledger')}"
        return cls(f"{called()} got {number}, but the register has no {what} of that number. {there}.")

    @classmethod
    def unfit(cls, what: str, number: int, why: str) -> RegisterError:
        """What was to be noted of an entry does not fit it."""
        return cls(f"{called()}: {what} {number} {why}. Nothing was noted.")
