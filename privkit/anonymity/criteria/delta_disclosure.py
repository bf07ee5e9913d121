"""δ-disclosure privacy: no value of a sensitive attribute becomes much more, or much less, likely within a class."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from privkit.anonymity.criteria.criterion import Criterion, column, positive
from privkit.errors import ParameterError

if TYPE_CHECKING:
    from privkit.anonymity.criteria.criterion import Number
    from privkit.values.exact import Exact


@dataclass(frozen=True, slots=True, repr=False)
class DeltaDisclosure(Criterion):
    """|log2(p / q)| < δ, strictly, for the shares p and q of each value in a class and in the table.

    Brickell and Shmatikov 2008, definition 5. To the letter, a value that a class lacks breaks it (log 0), so that
    every class would need every value. As ARX does, values are compared where they occur; ``absent=True``
    takes the letter.

    Parameters
    ----------
    sensitive : str
        The sensitive attribute.
    delta : number
        Above 0.
    absent : bool
        Whether a value that a class lacks breaks the criterion.

    Examples
    --------
    >>> DeltaDisclosure("ill", 1.5)
    DeltaDisclosure('ill', 1.5)
    """

    paper: ClassVar[str] = "Brickell and Shmatikov 2008, The cost of privacy, KDD, definition 5"

    sensitive: str
    delta: Exact
    absent: bool = field(default=False, kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, sensitive: str, delta: Number, *, absent: bool = False) -> None: ...

    def __post_init__(self) -> None:
        column(self.sensitive, "DeltaDisclosure")
        object.__setattr__(self, "delta", positive(self.delta, "DeltaDisclosure", "delta"))
        if not isinstance(self.absent, bool):
            raise ParameterError.of("DeltaDisclosure", "absent", f"a {type(self.absent).__name__}", "True or False")

    @property
    def merges(self) -> bool:
        """Whether merging keeps it: only where absent values break it.

        Else a class that lacks a value, merged with one that has it just often enough, has it too rarely.
        """
        return self.absent

    @property
    def columns(self) -> tuple[str, ...]:
        """The sensitive attribute."""
        return (self.sensitive,)

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return f"DeltaDisclosure({self.sensitive!r}, {self.delta}{', absent=True' if self.absent else ''})"
