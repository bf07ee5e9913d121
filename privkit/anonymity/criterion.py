"""What a criterion is, what each must answer, and how criteria compose; their parameters: exact, or refused."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import numpy as np

from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.values.arguments import public
from privkit.values.exact import exact_text
from privkit.values.kinds import enter

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.classes import Tally
    from privkit.values.inputs import Frame

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    #: Rows in each class, rows of each value in each class and in the table, and the levels of a tree over the values.
    OneColumn = tuple[Ints, Ints, Ints, Sequence[Ints] | None]

_SLACK = 1e-6  # taken off before rounding up, so that a float can only understate what is forced


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one part.

    Attributes
    ----------
    criterion : Criterion
    met : bool
    figure : str
        What the table reaches, as ``k = 3``.
    rows_short : int or None
        Rows in classes that break it; None for criteria on the table as a whole.
    """

    criterion: Criterion
    met: bool
    figure: str
    rows_short: int | None


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Classes as a search counts them: dense, many small tables one after the other.

    Attributes
    ----------
    sizes : array of int64, shape (n_classes,)
        Rows in each class.
    counts : dict of str to array of int64, shape (n_classes, n_values)
        Rows of each value of each column that the criterion needs, per class.
    table : dict of str to array of int64, shape (n_values,)
        The same for the whole table.
    n_rows : int, optional
        Rows of the table; by default the sum of `sizes`.
    trees : dict of Part to sequence of arrays of int64, shape (n_values,), optional
        The groups of each level, from the values upwards, for the criteria whose values form a tree.
    """

    sizes: Ints
    counts: Mapping[str, Ints]
    table: Mapping[str, Ints]
    n_rows: int | None = None
    trees: Mapping[Part, Sequence[Ints]] | None = None

    @property
    def total(self) -> int:
        """Rows of the table."""
        return int(self.sizes.sum()) if self.n_rows is None else self.n_rows

    def chosen(self, classes: Mask) -> ClassCounts:
        """Return some of the classes, of the same table."""
        counts = {name: matrix[classes] for name, matrix in self.counts.items()}
        return ClassCounts(self.sizes[classes], counts, self.table, self.total, self.trees)

    def of(self, part: Part) -> OneColumn:
        """Return what one part needs of its column."""
        column = part.columns[0]
        # Few parts have a tree; looking one up takes its hash.
        return self.sizes, self.counts[column], self.table[column], self.trees.get(part) if self.trees else None


@public
class Criterion(ABC):
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
    @abstractmethod
    def parts(self) -> tuple[Part, ...]:
        """The criteria that this one is composed of: itself, or the parts of an `AllOf`."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs beside the quasi-identifiers: sensitive attributes and unit columns."""
        return ()

    def least_size(self, n_rows: int) -> int:
        """Return a class size below which no class of a table of `n_rows` rows meets it."""
        return max(part.smallest(n_rows) for part in self.parts)

    def satisfied(self, classes: ClassCounts) -> Mask:
        """Return which classes meet every part that judges classes; parts on the whole table are left to the caller.

        Floats decide where it is clear, and exact integers near a bound: a mask never depends on rounding.
        """
        mask = classes.sizes >= self.least_size(classes.total)
        for part in self.parts:
            assert not part.compares_tables  # one table's counts say nothing about another's
            assert not part.known_together
            if part.columns:
                left = classes if mask.all() else classes.chosen(mask)
                mask[mask] = part.meets(*left.of(part))
        return mask

    def forced(self, classes: ClassCounts) -> Ints:
        """Return for each class how many rows no refinement of it can keep: the bound that prunes a search.

        Most criteria bound a convex function of a class's distribution. If every part of a split class that is kept
        meets such a criterion, their union K meets it too. At the class C there is a linear functional w with
        ``criterion(K) => Σ w_v (share of v in K) <= b`` (a supporting plane). With e = Σ w_v c_v - b n > 0 at C, taking
        one row away lowers the excess by at most max(w) - b, so at least ``e / (max(w) - b)`` rows are not in K.
        The bound holds for C itself and for every refinement of it. Classes that are too small are the caller's.
        """
        answer = np.zeros(len(classes.sizes), dtype=np.int64)
        for part in self.parts:
            if part.columns:
                rows = np.ceil(part.rows_lost(*classes.of(part)) - _SLACK)
                np.maximum(answer, np.minimum(rows, classes.sizes).astype(np.int64), out=answer)
        return answer

    def __bool__(self) -> bool:
        """Refuse: ``a and b`` would be `b` alone, ``a or b`` would be `a`."""
        raise ParameterError.no_truth(repr(self))

    def __and__(self, other: object) -> Criterion:
        """Return the criterion that asks for both."""
        return all_of(self, other) if isinstance(other, Criterion) else NotImplemented


@public
class Part(Criterion):
    """One criterion, not composed. What is abstract here is what a new criterion must answer.

    Attributes
    ----------
    kinds : dict of str to type
        All criteria by name: each class that names its paper. One that leaves out what it must answer is refused.
    counts_units : bool
        Whether its column holds ids of persons, and no sensitive attribute.
    rows_added : bool
        Whether a class that meets it meets it with any rows added.
    compares_tables : bool
        Whether it needs a table of the population, so that the table's own counts cannot decide it.
    known_together : int or None
        How many columns are known, where it is about every such set: classes are judged together.
    rows_needed : int
        Tables of fewer rows meet it only where they have none.
    """

    __slots__ = ()

    kinds: ClassVar[dict[str, type[Part]]] = {}
    counts_units: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        left = [one for one in ("meets", "rows_lost") if getattr(cls, one) is getattr(Part, one)]
        asked = cls.per_class and cls.columns is not Criterion.columns  # the table as a whole is judged elsewhere
        enter(Part.kinds, cls, "criterion", says="paper", also=left if asked else ())

    @property
    def parts(self) -> tuple[Part, ...]:
        """The criteria that this one is composed of: itself, or the parts of an `AllOf`."""
        return (self,)

    @property
    def rows_added(self) -> bool:
        """Whether a class that meets it meets it with any rows added."""
        return False

    @property
    def compares_tables(self) -> bool:
        """Whether it needs a table of the population."""
        return False

    @property
    def known_together(self) -> int | None:
        """How many quasi-identifiers are known together; None for all of them."""

    @property
    def rows_needed(self) -> int:
        """The rows without which no table meets it."""
        return 0

    @abstractmethod
    def smallest(self, n_rows: int) -> int:
        """Return a class size below which no class of a table of `n_rows` rows meets it; 1 where there is none."""

    @abstractmethod
    def find(self, data: Frame, qi: tuple[str, ...], classes: Tally) -> tuple[Finding, Mask]:
        """Return what a table reaches, and which of its `classes` by `qi` break the criterion."""

    def meets(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Mask:
        """Return which classes of that size or more meet it; asked where it has a column and judges classes."""
        raise NotImplementedError

    def rows_lost(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Floats:
        """Return how many rows of each class no refinement keeps, at least; asked where `meets` is."""
        raise NotImplementedError

    def with_unit(self, unit: str) -> Part:
        """Return the criterion on persons instead of rows, where it knows persons; else itself."""
        return self

    def tree_levels(self, values: pd.Index) -> Sequence[Ints] | None:
        """Return the groups of its column's values at each level, where it has a tree over them."""
        return None

    def __repr__(self) -> str:
        """Return what a user types for it, ``...`` for tables and hierarchies; what is as by default is left out."""
        told = []
        for one in fields(self):  # type: ignore[arg-type]  # each is a dataclass
            text = _typed(getattr(self, one.name))
            if one.default is MISSING and not one.kw_only:
                told.append(text)
            elif one.default is MISSING or text != _typed(one.default):
                told.append(f"{one.name}={text}")
        return f"{type(self).__name__}({', '.join(told)})"

    def _key(self) -> tuple[object, ...]:
        given = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]  # each is a dataclass
        return tuple(one if one is None or isinstance(one, str | int | Fraction) else id(one) for one in given)

    def __eq__(self, other: object) -> bool:
        """Compare the parameters; tables and hierarchies are one where they are the same object."""
        return self._key() == other._key() if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        """Hash by the parameters."""
        return hash(self._key())


@public
class SensitivePart(Part):
    """A criterion on how the values of a sensitive attribute spread over the classes.

    Attributes
    ----------
    sensitive : str
        The sensitive attribute.
    """

    __slots__ = ()

    sensitive: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The sensitive attribute."""
        return (self.sensitive,)

    def smallest(self, n_rows: int) -> int:
        """Return 1: a class of any size may meet it."""
        return 1

    @abstractmethod
    def meets(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Mask:
        """Return which classes of at least the smallest size meet it."""

    @abstractmethod
    def rows_lost(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Floats:
        """Return how many rows of each class no refinement keeps, at least."""


@public
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class AllOf(Criterion):
    """Several criteria at once. Nested ones are flattened, and each is held once; their order means nothing.

    Attributes
    ----------
    criteria : tuple of Criterion

    Examples
    --------
    >>> from privkit import KAnonymity, LDiversity
    >>> both = KAnonymity(5) & LDiversity("churned", 2)
    >>> both
    KAnonymity(5) & LDiversity('churned', 2)
    >>> both & KAnonymity(5) == both
    True
    """

    criteria: tuple[Part, ...]

    def __init__(self, *criteria: Criterion) -> None:
        object.__setattr__(self, "criteria", _parts(criteria))

    @property
    def per_class(self) -> bool:  # type: ignore[override]
        """Whether every part judges classes by themselves."""
        return all(part.per_class for part in self.criteria)

    @property
    def merges(self) -> bool:
        """Whether merging classes keeps every part."""
        return all(part.merges for part in self.criteria)

    @property
    def parts(self) -> tuple[Part, ...]:
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
    parts = _parts(criteria)
    return AllOf(*parts) if len(parts) > 1 else parts[0]


def _parts(criteria: Sequence[object]) -> tuple[Part, ...]:
    """Return the parts of several criteria, each once; what is no criterion, or none at all, is refused."""
    flat: dict[Part, None] = {}
    for criterion in criteria:
        if not isinstance(criterion, Criterion):
            raise ParameterError.of("criteria", type_told(criterion), "criteria", "Example: pk.KAnonymity(5).")
        flat |= dict.fromkeys(criterion.parts)
    if not flat:
        raise ParameterError.of("criteria", "nothing", "at least one criterion")
    return tuple(flat)


#: What a user may give for an exact amount: floats count as the decimals that they print as.
Number: TypeAlias = "int | float | Decimal | Fraction"


def _typed(given: object) -> str:
    if isinstance(given, Fraction):
        return exact_text(given)
    return repr(given) if isinstance(given, str | int) else "..."
