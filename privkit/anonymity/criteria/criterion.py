"""What a criterion is, and how criteria compose.

Parameters of criteria: exact, or refused.

A tree over the values of an attribute, for distances between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

from privkit.errors import ParameterError
from privkit.values.exact import Exact, exact


class Criterion:
    """A condition on the equivalence classes of a table: a frozen value that reads no data.

    A table meets it, or not, by exact arithmetic; each class names the paper that defines it.

    Attributes
    ----------
    paper : str
        Where the criterion is defined.
    per_class : bool
        Whether every class is judged by itself; else the table is judged as a whole.
    merges : bool
        Whether merging classes that meet it gives a class that meets it, so that generalizing further never breaks
        it. Suppressing rows is no merging: criteria that compare a class with the table may break by it.
    """

    __slots__ = ()

    paper: ClassVar[str] = ""
    per_class: ClassVar[bool] = True

    @property
    def merges(self) -> bool:
        """Whether merging classes keeps the criterion."""
        return True

    @property
    def parts(self) -> tuple[Criterion, ...]:
        """The criteria that this one is composed of: itself, or the parts of an `AllOf`."""
        return (self,)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs beside the quasi-identifiers: sensitive attributes and unit columns."""
        return ()

    def __and__(self, other: object) -> Criterion:
        """Return the criterion that asks for both."""
        return all_of(self, other) if isinstance(other, Criterion) else NotImplemented


@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class AllOf(Criterion):
    """Several criteria at once. Nested ones are flattened, and each is held once; their order means nothing.

    Attributes
    ----------
    criteria : tuple of Criterion

    Examples
    --------
    >>> from privkit.anonymity.criteria import KAnonymity, LDiversity
    >>> both = KAnonymity(5) & LDiversity("churned", 2)
    >>> both
    KAnonymity(5) & LDiversity('churned', 2)
    >>> both & KAnonymity(5) == both
    True
    """

    criteria: tuple[Criterion, ...]

    def __init__(self, *criteria: Criterion) -> None:
        flat = [part for criterion in criteria for part in _checked(criterion).parts]
        if not flat:
            raise ParameterError.of("AllOf", "criteria", "nothing", "at least one criterion")
        object.__setattr__(self, "criteria", tuple(dict.fromkeys(flat)))

    @property
    def per_class(self) -> bool:  # type: ignore[override]
        """Whether every part judges classes by themselves."""
        return all(part.per_class for part in self.criteria)

    @property
    def merges(self) -> bool:
        """Whether merging classes keeps every part."""
        return all(part.merges for part in self.criteria)

    @property
    def parts(self) -> tuple[Criterion, ...]:
        """The criteria, none of them composed."""
        return self.criteria

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the parts need, each once."""
        return tuple(dict.fromkeys(column for part in self.criteria for column in part.columns))

    def __eq__(self, other: object) -> bool:
        """Compare as sets of criteria; one criterion equals the composition of it alone."""
        return set(self.criteria) == set(other.parts) if isinstance(other, Criterion) else NotImplemented

    def __hash__(self) -> int:
        """Hash as a set of criteria."""
        return hash(self.criteria[0]) if len(self.criteria) == 1 else hash(frozenset(self.criteria))

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return " & ".join(map(repr, self.criteria))


def all_of(*criteria: Criterion) -> Criterion:
    """Return the criterion that asks for all of `criteria`; the criterion itself where they are one."""
    together = AllOf(*criteria)
    return together if len(together.criteria) > 1 else together.criteria[0]


def _checked(criterion: object) -> Criterion:
    if isinstance(criterion, Criterion):
        return criterion
    raise ParameterError.of(
        "AllOf", "criteria", f"a {type(criterion).__name__}", "criteria", "Example: pk.KAnonymity(5)."
    )


#: What a user may give for an exact amount: floats count as the decimals that they print as.
Number: TypeAlias = "int | float | Decimal | Fraction"


def column(name: object, function: str, argument: str = "sensitive") -> str:
    """Return the name of one column."""
    if isinstance(name, str):
        return name
    raise ParameterError.of(function, argument, f"a {type(name).__name__}", "the name of one column (str)")


def share(value: object, function: str, argument: str, *, zero: bool = True) -> Exact:
    """Return a share between 0 and 1, exactly as the decimal that was written."""
    amount = exact(value, function, argument, zero=zero, smallest=Fraction(0))
    if amount > 1:
        raise ParameterError.of(function, argument, str(amount), "a share between 0 and 1", "Example: 0.05 for 5 %.")
    return amount


def positive(value: object, function: str, argument: str) -> Exact:
    """Return a number above 0, exactly as the decimal that was written."""
    return exact(value, function, argument, smallest=Fraction(0))


def typed(name: str, *arguments: object, **named: object) -> str:
    """Return a call as one types it, leaving out named arguments that are None.

    Examples
    --------
    >>> typed("LDiversity", "ill", 3, kind="recursive", c=None)
    "LDiversity('ill', 3, kind='recursive')"
    """
    told = [repr(argument) for argument in arguments]
    told += [f"{key}={value!r}" for key, value in named.items() if value is not None]
    return f"{name}({', '.join(told)})"


@runtime_checkable
class ValueTree(Protocol):
    """What a hierarchy offers to a criterion: the group of each value, level by level, up to one root.

    `pk.Hierarchy` is one. A mapping from each value to its label, or its labels at level 1, 2, ..., serves as well.
    """

    def lay(self, values: Any, column: str, function: str) -> Any:
        """Return an object whose ``levels``, from the values to the root, have ``codes``: one group per value."""
        ...


def is_tree(distance: object) -> bool:
    """Return whether `distance` gives groups of values.

    Examples
    --------
    >>> is_tree({"flu": "lung", "ulcer": "stomach"}), is_tree("flu")
    (True, False)
    """
    return isinstance(distance, Mapping | ValueTree)
