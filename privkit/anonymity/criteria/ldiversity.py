"""l-diversity: each class holds well-represented values of a sensitive attribute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from privkit.anonymity.criteria.criterion import Criterion, column, positive, typed
from privkit.errors import ParameterError
from privkit.values.bounds import positive_int

if TYPE_CHECKING:
    from fractions import Fraction

    from privkit.anonymity.criteria.criterion import Number
    from privkit.values.exact import Exact

Kind = Literal["distinct", "entropy", "recursive"]


@dataclass(frozen=True, slots=True, repr=False)
class LDiversity(Criterion):
    """Each class is diverse in a sensitive attribute (Machanavajjhala et al. 2007).

    With r1 >= r2 >= ... >= rm the counts of the values in a class, n their sum:

    - ``"distinct"``: m >= l;
    - ``"entropy"``: exp(-Σ ri/n ln(ri/n)) >= l (definition 4.1, with l and not ln l on the right);
    - ``"recursive"``: r1 < c (rl + ... + rm), strictly (definition 4.2).

    A missing value is a value like any other. All three are kept when classes merge.

    Parameters
    ----------
    sensitive : str
        The sensitive attribute.
    l : int, or for entropy any number
        At least 1.
    kind : {"distinct", "entropy", "recursive"}
    c : number, optional
        For ``"recursive"`` alone, and needed there; above 0.

    Examples
    --------
    >>> LDiversity("ill", 3, kind="recursive", c=4)
    LDiversity('ill', 3, kind='recursive', c=4)
    """

    paper: ClassVar[str] = "Machanavajjhala et al. 2007, l-diversity: privacy beyond k-anonymity, TKDD 1(1)"

    sensitive: str
    l: int | Exact  # noqa: E741  # the criterion's name
    kind: Kind = field(default="distinct", kw_only=True)
    c: Exact | None = field(default=None, kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, sensitive: str, l: Number, *, kind: Kind = "distinct", c: Number | None = None) -> None: ...  # noqa: E741

    def __post_init__(self) -> None:
        column(self.sensitive, "LDiversity")
        object.__setattr__(self, "kind", diversity_kind(self.kind, "LDiversity"))
        object.__setattr__(self, "l", diversity_bound(self.l, self.kind, "LDiversity"))
        object.__setattr__(self, "c", recursive_factor(self.c, self.kind, "LDiversity"))

    @property
    def columns(self) -> tuple[str, ...]:
        """The sensitive attribute."""
        return (self.sensitive,)

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return typed(
            "LDiversity", self.sensitive, self.l, kind=None if self.kind == "distinct" else self.kind, c=self.c
        )


def diversity_kind(kind: object, function: str) -> Kind:
    """Return the kind of l-diversity, or refuse it."""
    for known in get_args(Kind):
        if isinstance(kind, str) and kind == known:
            return known  # type: ignore[no-any-return]
    raise ParameterError.of(
        function,
        "kind",
        repr(kind) if isinstance(kind, str) else f"a {type(kind).__name__}",
        "'distinct', 'entropy' or 'recursive'",
    )


def diversity_bound(bound: object, kind: Kind, function: str) -> int | Exact:
    """Return l: a whole number, or any number for entropy, of at least 1."""
    if kind != "entropy":
        return positive_int(bound, function, "l")
    number = positive(bound, function, "l")
    if number < 1:
        raise ParameterError.of(function, "l", str(number), "a number >= 1")
    return number


def recursive_factor(c: object, kind: Kind, function: str) -> Exact | None:
    """Return c, which the recursive kind needs and the others have no use for."""
    if kind == "recursive":
        if c is None:
            rule = (
                "kind='recursive' needs c=: the most frequent value may occur less than c times as often as the rest."
            )
            raise ParameterError.together(function, ("kind", "c"), f"{rule} Example: c=4.")
        return positive(c, function, "c")
    if c is not None:
        raise ParameterError.together(function, ("kind", "c"), f"c= belongs to kind='recursive', not to {kind!r}.")
    return None


def is_recursive(counts: tuple[int, ...], bound: int, c: Fraction) -> bool:
    """Return whether counts of one class satisfy recursive (c, l), exactly.

    Examples
    --------
    >>> from fractions import Fraction
    >>> [is_recursive((3, 2, 1), 2, Fraction(c)) for c in ("1", "1.01")]
    [False, True]
    """
    ordered = sorted(counts, reverse=True)
    return ordered[0] < c * sum(ordered[bound - 1 :])
