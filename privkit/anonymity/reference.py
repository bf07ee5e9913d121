"""Criteria that compare each class with a whole table: with which one, and what is left of them where rows leave it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Literal

from privkit.anonymity.criterion import SensitivePart
from privkit.errors import ParameterError
from privkit.errors.root import type_told

if TYPE_CHECKING:
    from privkit.anonymity.criterion import Ints, Part

Reference = Literal["kept", "input"]


class ReferencePart(SensitivePart):
    """A criterion on the values of a sensitive attribute in each class beside those in the whole table.

    Attributes
    ----------
    reference : {"kept", "input"}
        With which table a transformation compares its classes: with what it keeps, as everyone does who receives it;
        or with the table as it was given, suppressed rows included, as ARX does.
    """

    __slots__ = ()

    reference: Reference

    @property
    def moves(self) -> bool:
        """Whether suppressing rows moves what classes are compared with."""
        return self.reference == "kept"

    @abstractmethod
    def loosened(self, gone: int, table: Ints) -> Part | None:
        """Return what a class meets beside the `table` where it meets this beside what at most `gone` rows have left.

        What is returned may be weaker, never stronger: a search rules nodes out by it. None where nothing follows.
        """


def reference_table(reference: object) -> None:
    """Refuse what is no reference."""
    if not isinstance(reference, str) or reference not in ("kept", "input"):
        found = repr(reference) if isinstance(reference, str) else type_told(reference)
        raise ParameterError.of("reference", found, "'kept' or 'input'")


def reference_text(reference: Reference) -> str | None:
    """Return what a user types for a reference; None for the usual one."""
    return None if reference == "kept" else reference
