"""Errors about policies: rules that nobody knows, limits that are none, files that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence

from privkit.errors.calls import called
from privkit.errors.root import PrivkitError


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


class DossierError(PrivkitError, ValueError):
    """A dossier cannot be made of what was given. Nothing was read, and nothing written.

    Attributes
    ----------
    problems : tuple of str
        Everything that is wrong.
    """

    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, problems: Sequence[str]) -> DossierError:
        """Tell all `problems` at once."""
        error = cls("\n".join([f"{called()} cannot make this dossier:", *(f"- {text}" for text in problems)]))
        error.problems = tuple(problems)
        return error
