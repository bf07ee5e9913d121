"""What to type next: calls as one types them, with the arguments of the call that they follow."""

from __future__ import annotations

from collections.abc import Sequence

from privkit.anonymity.criterion import Criterion
from privkit.values.show import Shown
from privkit.view.parts.words import argument

#: A longer criterion is not typed again.
_LONGEST = 80


def call(asked: Shown, name: str, columns: Sequence[object] | None = None, /, *more: object, **named: object) -> str:
    """Return a call of privkit on the frame that `asked` is about.

    A frame that has no accessor is given to the function. Named arguments that are None are left out. "" where the
    columns are too many to be typed: a call that does not run as it stands is none.

    Parameters
    ----------
    asked : Shown
        The report whose next step it is.
    columns : sequence of str, optional
        The columns that the call takes first.

    Examples
    --------
    >>> from privkit.values.show import Shown
    >>> call(Shown(), "anonymize", ["zip"], k=5, unit="who", weights=None)
    "df.privacy.anonymize(['zip'], k=5, unit='who')"
    """
    told = [] if columns is None else [argument(columns)]
    if "" in told:
        return ""
    told += [_typed(one) for one in more]
    told += [f"{key}={_typed(one)}" for key, one in named.items() if one is not None]
    if asked.has_accessor:
        return f"df.privacy.{name}({', '.join(told)})"
    return f"pk.{name}({', '.join(['df', *told])})"


def _typed(value: object) -> str:
    return " & ".join(f"pk.{part!r}" for part in value.parts) if isinstance(value, Criterion) else repr(value)


def typeable(criterion: Criterion | None) -> bool:
    """Return whether a criterion can be typed as it is shown: it is short, and holds no table and no hierarchy."""
    typed = repr(criterion)
    return criterion is not None and "..." not in typed and len(typed) < _LONGEST
