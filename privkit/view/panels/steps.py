"""The steps of sliders: 1, 2 and 5 of each power of ten, and what is shown where it lies on none of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ipywidgets import SelectionSlider


def round_steps(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 of each power of ten between two numbers, both of which are in reach.

    Examples
    --------
    >>> round_steps(0.002, 0.3), round_steps(0.3, 4)
    ([0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2], [0.5, 1.0, 2.0])
    """
    places = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    found = [float(f"{digit}e{place}") for place in places for digit in (1, 2, 5)]
    return [one for one in found if low <= one <= high]


def plain(amount: float) -> str:
    """Return an amount in digits.

    Examples
    --------
    >>> plain(0.00005), plain(20.0)
    ('0.00005', '20')
    """
    return f"{amount:.15f}".rstrip("0").rstrip(".")


class StepSlider(SelectionSlider):  # type: ignore[misc, unused-ignore]
    """A slider of round steps. What lies between them is a step too while it is shown: it tells no other number.

    Parameters
    ----------
    steps : sequence of float
        In ascending order.
    value : float
        The first number: it stays one of the steps.
    told : callable
        How a number is written.
    """

    def __init__(self, steps: Sequence[float], value: float, told: Callable[[float], str], **options: Any) -> None:
        self._steps, self._told = sorted({*steps, value}), told
        super().__init__(options=self._named(self._steps), value=value, **options)

    def _named(self, steps: Sequence[float]) -> list[tuple[str, float]]:
        return [(self._told(step), step) for step in steps]

    def put(self, value: float) -> None:
        """Show a number, whichever it is."""
        with self.hold_sync():
            steps = sorted({*self._steps, value})
            if [step for _, step in self.options] != steps:  # type: ignore[has-type]  # ipywidgets tells none
                self.options = self._named(steps)
            self.value = value
