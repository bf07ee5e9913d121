"""Hiding all but the ends of a text, as on receipts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from privkit.events.operations.operation import Problem, ValueOperation, paths_of
from privkit.events.run.plain import Unfit
from privkit.events.run.walk import Change, FieldPath
from privkit.values.arguments import typed

if TYPE_CHECKING:
    from privkit.events.run.run import Run

_SIDES = ("end", "start")


@dataclass(frozen=True)
class Mask(ValueOperation):
    """Shows the last or the first characters of a text, and a mark for each of the others, or one for all."""

    paths: tuple[str, ...]
    shown: int = 4
    side: str = "end"
    mark: str = "*"
    length: bool = False

    op = "mask"

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        if not isinstance(self.shown, int) or isinstance(self.shown, bool) or self.shown < 0:
            yield "shown", "must be a whole number of characters, 0 or more"
        if self.side not in _SIDES:
            yield "side", "must be 'end' or 'start'"
        if not isinstance(self.mark, str) or len(self.mark) != 1:
            yield "mark", "must be one character"
        if not isinstance(self.length, bool):
            yield "length", "must be true or false"

    def phrase(self) -> str:
        """Return what becomes of a field."""
        where = "last" if self.side == "end" else "first"
        rest = "each other character masked, so that lengths stay" if self.length else "the rest masked"
        return f"masked: the {where} {self.shown} characters stay, {rest}"

    def change(self, run: Run, path: FieldPath) -> Change:
        """Return the function from value to value."""
        shown, mark, at_end = self.shown, self.mark, self.side == "end"
        every = self.length

        def masked(value: Any) -> str:
            if not isinstance(value, str):
                raise Unfit.of("a text", value)
            hidden = mark * (len(value) if len(value) <= shown else len(value) - shown) if every else mark * 4
            if len(value) <= shown:  # nothing of a text that is no longer than what is shown of others
                return hidden
            return hidden + value[len(value) - shown :] if at_end else value[:shown] + hidden

        return masked


@typed
def mask(
    path: str | Sequence[str],
    *,
    shown: int = 4,
    side: Literal["end", "start"] = "end",
    mark: str = "*",
    length: bool = False,
) -> Mask:
    """Show the ends of texts alone, as on receipts: ``****1234``.

    Masking hides a part from who reads; it is no pseudonym and no anonymity: what is shown still tells records apart,
    and may single a person out together with other fields. A text that has no more characters than are shown is
    masked whole. Numbers are refused: their last digits are no end of a text.

    Parameters
    ----------
    path : str or sequence of str
        Fields that hold text.
    shown : int
        How many characters stay.
    side : "end" or "start"
        Which end they stand at.
    mark : str
        One character in the place of what is hidden.
    length : bool
        Whether there are as many marks as characters. By default there are four, so that lengths are hidden too.

    Returns
    -------
    Mask
        An operation of a :class:`Recipe`.

    Examples
    --------
    >>> from privkit import events as ev
    >>> ev.Recipe([ev.mask(["iban", "pin"])]).apply([{"iban": "CH9300762011623852957", "pin": "1234"}]).events
    [{'iban': '****2957', 'pin': '****'}]
    """
    return Mask(paths_of([path]), shown, side, mark, length)
