"""Coarser numbers, codes and places."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from privkit.events.operations.operation import Problem, ValueOperation, number, number_problem, paths_of
from privkit.events.run.plain import Unfit
from privkit.values.arguments import typed

if TYPE_CHECKING:
    from privkit.events.run.run import Run
    from privkit.events.run.walk import Change, FieldPath

_INFINITY = float("inf")


@dataclass(frozen=True)
class Coarsen(ValueOperation):
    """Rounds, bins, bounds or shortens values."""

    paths: tuple[str, ...]
    round: float | None = None
    bins: tuple[float, ...] | None = None
    bottom: float | None = None
    top: float | None = None
    prefix: int | None = None

    op = "coarsen"

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        bounded = self.bottom is not None or self.top is not None
        ways = [self.round is not None, self.bins is not None, self.prefix is not None]
        if not any(ways) and not bounded:
            yield "round", "or bins, prefix, bottom or top is needed: how coarse?"
        elif sum(ways) > 1 or (bounded and (self.bins is not None or self.prefix is not None)):
            yield "round", "bins and prefix exclude each other, and bottom and top go with round alone"
        if self.round is not None:
            yield from number_problem("round", self.round, 0, _INFINITY, open_low=True)
        for name in ("bottom", "top"):
            if getattr(self, name) is not None:
                yield from number_problem(name, getattr(self, name), -1e308, 1e308)
        if self.prefix is not None and (
            isinstance(self.prefix, bool) or not isinstance(self.prefix, int) or self.prefix < 1
        ):
            yield "prefix", "must be a whole number from 1: how many characters stay"
        yield from self._bounds_problems()

    def _bounds_problems(self) -> Iterator[Problem]:
        if isinstance(self.bottom, int | float) and isinstance(self.top, int | float) and self.bottom >= self.top:
            yield "top", "must be above bottom"
        if self.bins is not None:
            numbers = isinstance(self.bins, Sequence) and all(type(edge) in (int, float) for edge in self.bins)
            if not numbers or len(self.bins) < 2 or any(a >= b for a, b in pairwise(self.bins)):
                yield "bins", "must be two edges or more, ascending"

    def phrase(self) -> str:
        """Return what becomes of a field."""
        if self.bins is not None:
            return f"put into the bins between {', '.join(f'{edge:g}' for edge in self.bins)}"
        if self.prefix is not None:
            return f"cut to the first {self.prefix} characters" if self.prefix > 1 else "cut to the first character"
        told = [
            f"rounded to multiples of {self.round:g}" if self.round is not None else "",
            f"bottom-coded at {self.bottom:g}" if self.bottom is not None else "",
            f"top-coded at {self.top:g}" if self.top is not None else "",
        ]
        return ", ".join(part for part in told if part)

    def change(self, run: Run, path: FieldPath) -> Change:
        """Return the function from value to value."""
        if self.prefix is not None:
            return _shortened(self.prefix)
        return _binned(self.bins) if self.bins is not None else self._rounded()

    def _rounded(self) -> Change:
        bottom, top, grid = self.bottom, self.top, self.round
        whole = int(grid) if grid is not None and float(grid).is_integer() else None
        exact = None if grid is None else Decimal(str(grid))

        def change(value: Any) -> Any:
            value = number(value)
            if top is not None and value > top:
                value = top
            if bottom is not None and value < bottom:
                value = bottom
            if exact is None:
                return value
            if whole is not None and isinstance(value, int):
                return _nearest(value, whole)
            return float((Decimal(str(value)) / exact).to_integral_value() * exact)

        return change


def _nearest(value: int, step: int) -> int:
    """Return the multiple of `step` next to a whole number, of two equally near the even one."""
    times, rest = divmod(value, step)
    return (times + (2 * rest > step or (2 * rest == step and times % 2 == 1))) * step


def _shortened(length: int) -> Change:
    def change(value: Any) -> str:
        if not isinstance(value, str):
            raise Unfit.of("a text", value)
        return value[:length]

    return change


def _binned(edges: Sequence[float]) -> Change:
    labels = [
        f"< {edges[0]:g}",
        *(f"[{a:g}, {b:g})" for a, b in pairwise(edges)),
        f">= {edges[-1]:g}",
    ]
    return lambda value: labels[bisect_right(edges, number(value))]


@typed
def coarsen(
    path: str | Sequence[str],
    *,
    round: float | None = None,
    bins: Sequence[float] | None = None,
    bottom: float | None = None,
    top: float | None = None,
    prefix: int | None = None,
) -> Coarsen:
    """Round, bin, bound or shorten values: generalization of one field.

    Parameters
    ----------
    path : str or sequence of str
        Fields that hold one value each.
    round : number, optional
        Numbers become the nearest multiple of it (halves to the even one).
    bins : sequence of number, optional
        Ascending edges. A number becomes the text of its bin, ``"[10, 50)"``, ``"< 10"`` or ``">= 50"``.
    bottom, top : number, optional
        Bottom- and top-coding: smaller and larger numbers become it. Goes with `round`.
    prefix : int, optional
        Texts keep their first characters: a zip code its area.

    Returns
    -------
    Coarsen

    Examples
    --------
    >>> from privkit import events as ev
    >>> recipe = ev.Recipe([
    ...     ev.coarsen("zip", prefix=3), ev.coarsen("price", round=0.5, top=100), ev.coarsen("age", bins=[18, 40, 65])
    ... ])
    >>> recipe.apply([{"zip": "28472", "price": 3.9, "age": 40}, {"zip": "98326", "price": 250, "age": 70}]).events
    [{'zip': '284', 'price': 4.0, 'age': '[40, 65)'}, {'zip': '983', 'price': 100.0, 'age': '>= 65'}]
    """
    edges = tuple(bins) if isinstance(bins, list | tuple) else bins
    return Coarsen(paths_of([path]), round, edges, bottom, top, prefix)  # type: ignore[arg-type]
