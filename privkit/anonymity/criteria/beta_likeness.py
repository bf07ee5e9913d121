"""β-likeness: no value of a sensitive attribute becomes much more likely within a class."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from privkit.anonymity.criteria.criterion import Criterion, column, positive, typed
from privkit.errors import ParameterError

if TYPE_CHECKING:
    from privkit.anonymity.criteria.criterion import Number
    from privkit.values.exact import Exact


@dataclass(frozen=True, slots=True, repr=False)
class BetaLikeness(Criterion):
    """No value gains more than β in relative frequency (Cao and Karras 2012).

    With p and q the shares of a value in a class and in the table, for each value with p > q:

    - ``"basic"`` (definition 2): (p - q) / q <= β;
    - ``"enhanced"`` (definition 3): (p - q) / q <= min(β, -ln q).

    Parameters
    ----------
    sensitive : str
        The sensitive attribute.
    beta : number
        Above 0.
    kind : {"basic", "enhanced"}

    Examples
    --------
    >>> BetaLikeness("ill", 1, kind="enhanced")
    BetaLikeness('ill', 1, kind='enhanced')
    """

    paper: ClassVar[str] = "Cao and Karras 2012, Publishing microdata with a robust privacy guarantee, PVLDB 5(11)"

    sensitive: str
    beta: Exact
    kind: Literal["basic", "enhanced"] = field(default="basic", kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, sensitive: str, beta: Number, *, kind: Literal["basic", "enhanced"] = "basic") -> None: ...

    def __post_init__(self) -> None:
        column(self.sensitive, "BetaLikeness")
        object.__setattr__(self, "beta", positive(self.beta, "BetaLikeness", "beta"))
        likeness_kind(self.kind, "BetaLikeness")

    @property
    def columns(self) -> tuple[str, ...]:
        """The sensitive attribute."""
        return (self.sensitive,)

    def __repr__(self) -> str:
        """Return what a user types for it."""
        return typed("BetaLikeness", self.sensitive, self.beta, kind=None if self.kind == "basic" else self.kind)


def likeness_kind(kind: object, function: str) -> None:
    """Refuse what is no kind of β-likeness."""
    if not isinstance(kind, str) or kind not in ("basic", "enhanced"):
        raise ParameterError.of(
            function,
            "kind",
            repr(kind) if isinstance(kind, str) else f"a {type(kind).__name__}",
            "'basic' or 'enhanced'",
        )
