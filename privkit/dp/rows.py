"""The frame on its way through OpenDP, which neither passes interrupts on nor keeps error texts to itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from privkit.values.interrupts import INTERRUPTS, let_in


class Rows:
    """A frame, and whether reading it was interrupted.

    An exception inside a callback of OpenDP comes out as OpenDP's own, with the text of the first, and an interrupt
    is printed and lost. So a callback reads through `read`, which lets nothing of the cause through but the fact of
    an interrupt.

    Attributes
    ----------
    interrupted : bool
    """

    __slots__ = ("_data", "interrupted")

    def __init__(self, data: object) -> None:
        self._data = data
        self.interrupted = False

    def read(self, function: Callable[[object], Any]) -> Any:
        """Return ``function(data)``; whatever it raises becomes one error without a text.

        Raises
        ------
        ValueError
        """
        try:
            with let_in():
                return function(self._data)
        except INTERRUPTS:
            self.interrupted = True
        except BaseException:  # noqa: BLE001, S110 - a panic of an engine is no Exception, and no interrupt either
            pass
        raise ValueError("the rows could not be read")
