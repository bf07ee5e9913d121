"""Less precise values: coarser numbers, codes and places; and bounded noise on numbers, whose sums stay unbiased."""

from __future__ import annotations

import math
import secrets
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from privkit.events.operations.operation import (
    Operation,
    Problem,
    ValueOperation,
    by_problems,
    number,
    number_problem,
    paths_of,
)
from privkit.events.run.plain import Unfit, joined
from privkit.events.run.walk import Step, each_value_by, parse_path
from privkit.events.secrets.key import Key, KeySource, as_key
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


_DOMAIN = b"privkit.events/perturb/1"


@dataclass(frozen=True)
class Perturb(Operation):
    """Adds bounded noise of mean zero. No differential privacy."""

    paths: tuple[str, ...]
    within: float
    by: str | None = None
    key: Key | KeySource | None = None
    step: float | None = None

    op = "perturb"
    _hides_by = "numbers"

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        bad = list(number_problem("within", self.within, 0, 1e15, open_low=True))
        if self.step is not None:
            bad += number_problem("step", self.step, 0, 1e15, open_low=True)
        yield from bad
        if not bad and self.grid > self.within:
            yield "within", f"must be at least one step of {self.grid:g}, or there is no noise"
        if (self.key is None) != (self.by is None):
            yield "by", "and key go together: the noise is drawn by HMAC(key, subject | path), or by nobody's key"
        if self.key is not None and not isinstance(self.key, Key | KeySource):
            yield "key", "must be bytes, an ev.Key or an ev.KeySource"
        if isinstance(self.by, str):
            yield from by_problems(self.targets(), self.by)

    @property
    def grid(self) -> float:
        """The step of the noise: 1 where the bound is a whole number, else 0.01, unless another was named."""
        return self.step if self.step is not None else 1 if isinstance(self.within, int) else 0.01

    def phrase(self) -> str:
        """Return what becomes of a field."""
        source = f"by HMAC(key, {self.by} | path), {self.key}" if self.by else "drawn anew in every run"
        return (
            f"perturbed by noise within ±{self.within:g} in steps of {self.grid:g}, {source}; no differential privacy"
        )

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return one step per path."""
        by = parse_path(self.by) if self.by else None
        return [run.told(each_value_by(path, by, self._noisy(run, path), count), path, self) for path in self.parsed()]

    def _noisy(self, run: Run, path: FieldPath) -> Any:
        sign = run.key(self.key).signer() if self.key is not None else None
        grid = Decimal(str(self.grid))
        most = math.floor(Decimal(str(self.within)) / grid)
        add, width, random = _adder(grid), 2 * most + 1, secrets.SystemRandom().randrange
        head, tail = _last_subject(run), _places(path)

        def change(value: Any, subject: Any, at: tuple[int, ...]) -> Any:
            if sign is None:
                return add(number(value), random(width) - most)
            return add(number(value), int.from_bytes(sign(head(subject) + tail(at)), "big") % width - most)

        return change


def _last_subject(run: Run) -> Callable[[Any], bytes]:
    """Return the function from a subject to the first parts of the message; the last one is remembered."""
    last: Any = None
    parts = b""

    def head(subject: Any) -> bytes:
        nonlocal last, parts
        if subject is None or subject is not last:
            last, parts = subject, joined((_DOMAIN, run.subject(subject)))
        return parts

    return head


def _places(path: FieldPath) -> Callable[[tuple[int, ...]], bytes]:
    """Return the function from positions to the last part of the message, the path with positions."""
    template, known = path.template().encode(), dict[tuple[int, ...], bytes]()

    def tail(at: tuple[int, ...]) -> bytes:
        found = known.get(at)
        if found is None:
            found = joined((template % at,))
            if len(known) < 1024:
                known[at] = found
        return found

    return tail


def _adder(grid: Decimal) -> Callable[[Any, int], Any]:
    """Return the exact sum of a value and so many steps of the grid: as a float, the one next to it.

    Where a value is r / n, n = 10**decimals, the float (r + steps) / n is that: division rounds correctly.
    """
    decimals = max(0, -int(grid.normalize().as_tuple().exponent))
    unit, steps = 10**decimals, int(grid * 10**decimals)

    def add(value: Any, times: int) -> Any:
        if unit == 1 and isinstance(value, int):
            return value + times * steps
        near = round(value * unit)
        if near / unit == value and -(2**53) < near < 2**53:
            return (near + times * steps) / unit
        return float(Decimal(str(value)) + times * grid)

    return add


@typed
def perturb(
    path: str | Sequence[str],
    within: float,
    *,
    by: str | None = None,
    key: bytes | Key | KeySource | None = None,
    step: float | None = None,
) -> Perturb:
    """Add bounded noise of mean zero to numbers, so that sums stay unbiased. This is no differential privacy.

    The noise is uniform on the multiples of `step` from -`within` to `within`: symmetric about zero, so that the
    expectation of any sum is the true sum, with a variance of ``step**2 * m * (m + 1) / 3`` per value, where m is
    within / step.
    It is added in decimal arithmetic and never clipped, which would bias it: a small amount may turn negative.

    With `by` and `key` the noise is drawn by HMAC-SHA-256(key, domain | subject | path), where the path has positions
    (``products[0].price``). So a second run gives the same numbers, and averaging runs tells nothing more. The subject
    is what one noise belongs to: by an order's id every amount has its own noise; by a customer, equal places of all
    their orders share it, and differences between them show through.

    Bounded noise hides a value among 2 m + 1 neighbors and no more: 100 changed by at most 5 is not 200.

    Parameters
    ----------
    path : str or sequence of str
        Fields that hold one number each.
    within : number
        The bound.
    by : str, optional
        The field of the subject; goes with `key`. Without both, noise is drawn from the system in every run.
    key : bytes, Key or KeySource, optional
        At least 32 random bytes.
    step : number, optional
        The grid of the noise: 1 where `within` is an int, else 0.01.

    Returns
    -------
    Perturb

    Examples
    --------
    >>> from privkit import events as ev
    >>> key = bytes(range(32))                        # public: never use it for data
    >>> recipe = ev.Recipe([ev.keep("id"), ev.perturb("price", within=0.5, by="id", key=key)])
    >>> noisy = recipe.apply([{"id": number, "price": 10.0} for number in range(400)]).events
    >>> max(abs(event["price"] - 10) for event in noisy) <= 0.5
    True
    """
    return Perturb(paths_of([path]), within, by, as_key(key), step)
