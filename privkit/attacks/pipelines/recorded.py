"""What recorded runs on two neighbors tell: what enters the noise, what of it is published, and the loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.attacks.pipelines.counted import Outcome, chernoff, outcome
from privkit.attacks.pipelines.mechanisms import loss_between
from privkit.attacks.pipelines.runs import LAWS, Entry, Run
from privkit.attacks.pipelines.sources import recording
from privkit.errors import PrivkitError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.attacks.pipelines.neighbors import Pair

    Floats = NDArray[np.float64]

#: How many losses are drawn, the shares of answers of which an event is made, and its chance of being a wrong bound.
_DRAWN, _SHARES, _ERROR = 40_000, (0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01), 1e-6
#: How many answers must have a place, and how many must not have it, before it is said to be taken from the data.
_ANSWERS = 8
#: How many answers are looked at for whether they show what came out of the noise.
_WITNESSES = 6


def ran(function: Callable[..., Any], frame: pd.DataFrame, script: Run | None = None) -> Run:
    """Return a recorded run of a function, its errors by the names of their classes; `script` is played back.

    Raises
    ------
    PrivkitError
        What a call of privkit in it raises.
    """
    run = Run(script)
    given = frame.copy()
    with recording(function, run):
        try:
            run.answer = function(given)
        except PrivkitError:
            raise
        except Exception as error:  # noqa: BLE001 - that it fails is an answer
            run.raised = type(error).__name__
    return run


def told(run: Run) -> Outcome:
    """Return what a run answered."""
    return outcome(run.answer, run.raised)


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen on one pair of neighbors.

    Attributes
    ----------
    pair : Pair
    runs : tuple of Run
        On the first, and on the other with the noise of the first.
    steady : bool
        Whether the first run, played back, had the same answer, so that all noise in it is known; tried where the two
        answers differ.
    differs : bool
        Whether the two answers differ.
    shaped : bool
        Whether some value has a place in all of some answers on one of the two, and in none on the other.
    loss : float
        What the usual proof needs: the losses of all that entered noise, added up; NaN where it is not known.
    """

    pair: Pair
    runs: tuple[Run, Run]
    steady: bool
    differs: bool
    shaped: bool
    loss: float

    @property
    def follows(self) -> bool:
        """Whether both runs drew the same, and met it in the same places."""
        return self.runs[1].follows

    @property
    def bare(self) -> bool:
        """Whether the answers differ though all that came out of the noise was the same, and all noise is known."""
        unknown = any(run.unmet for run in self.runs) or any(
            entry.mechanism is None and entry.kind == "mechanism" for entry in self.runs[0].entries
        )
        return self.steady and self.follows and self.differs and not unknown

    @property
    def raises(self) -> bool:
        """Whether one of the two raised an error, or another one."""
        return self.runs[0].raised != self.runs[1].raised

    @property
    def scaled(self) -> bool:
        """Whether the scale of the noise differs."""
        return self.follows and any(
            one.kind in LAWS and not np.array_equal(one.scale, other.scale)
            for one, other in zip(self.runs[0].entries, self.runs[1].entries, strict=True)
        )

    @property
    def promise(self) -> float:
        """How much the pair promises to tell: for the order in which pairs are looked at more closely."""
        loss = 0.0 if math.isnan(self.loss) else min(self.loss, 50.0)
        return loss + 20.0 * self.raises + 10.0 * (self.shaped or self.bare) + 2.0 * self.scaled + 1.0 * self.differs


def seen(function: Callable[..., Any], pair: Pair, delta: float, first: Run | None = None) -> Seen:
    """Run a function on both neighbors, with the noise of the first; `first` is a run of it that was made before."""
    one = first or ran(function, pair.one)
    other = ran(function, pair.other, one)
    differs = told(one) != told(other)
    steady = not differs or told(ran(function, pair.one, one)) == told(one)
    apart = abs(len(pair.one) - len(pair.other))
    rows = apart if apart else 2 if pair.replaced == 1 else None
    persons = 2 if pair.replaced else 1
    loss = added_up(one.entries, other.entries, delta, persons, rows) if other.follows else math.nan
    raised = one.raised or other.raised
    shaped = not raised and set(told(one)) != set(told(other)) and _shaped(function, pair)
    return Seen(pair, (one, other), steady, differs, shaped, loss)


def _shaped(function: Callable[..., Any], pair: Pair) -> bool:
    """Whether a value has a place in each of some answers on one frame, and in none on the other."""
    always, ever = zip(*(_places(function, frame) for frame in (pair.one, pair.other)), strict=True)
    return bool(always[0] - ever[1] or always[1] - ever[0])


def _places(function: Callable[..., Any], frame: pd.DataFrame) -> tuple[set[Any], set[Any]]:
    found = [set(told(ran(function, frame))) for _ in range(_ANSWERS)]
    return set.intersection(*found), set.union(*found)


def added_up(
    one: Sequence[Entry], other: Sequence[Entry], delta: float, persons: int = 1, rows: int | None = 1
) -> float:
    """Return the loss of all that enters noise, by composition; NaN where a law is not known and the values differ.

    Of Laplace noise Σ |v − v'|/b, of two-sided geometric noise the same with b = −1/ln(1 − p); of normal noise the ε
    at δ of μ = √Σ (v − v')²/σ² (Balle and Wang 2018, ICML), infinite at δ = 0; of a choice max |ln p/p'|. It reads
    what was recorded.
    """
    total, square = 0.0, 0.0
    for first, second in zip(one, other, strict=True):
        if first.kind == "mechanism":
            loss = loss_between(first, second, persons, rows) if first.mechanism is not None else None
            total += math.nan if loss is None else loss
        elif first.kind == "choice":
            with np.errstate(divide="ignore", invalid="ignore"):
                apart = np.abs(np.log(first.value) - np.log(second.value))
            total += float(np.nan_to_num(apart, nan=0.0, posinf=math.inf).max(initial=0.0))
        else:
            apart = np.abs(first.value - second.value)
            apart = np.where(np.isnan(apart), 0.0, apart)
            if not apart.any() and np.array_equal(first.scale, second.scale):
                continue
            with np.errstate(divide="ignore", invalid="ignore"):
                each = np.where(apart > 0, apart / np.minimum(first.scale, second.scale), 0.0)
            if first.kind == "normal":
                square += float((each**2).sum())
            elif first.kind in LAWS:
                total += float(each.sum())
            else:
                total = math.nan
    return total + gaussian_epsilon(math.sqrt(square), delta) if square else total


def gaussian_epsilon(mu: float, delta: float) -> float:
    """Return the ε at δ of normal noise of scale 1 on values that differ by μ: Balle and Wang 2018, theorem 8.

    Examples
    --------
    >>> round(gaussian_epsilon(1.0, 1e-5), 2)
    4.38
    """
    if delta <= 0:
        return math.inf
    low, high = 0.0, mu * mu / 2 + mu * 10 + 10
    for _ in range(80):
        middle = (low + high) / 2
        less = _normal(mu / 2 - middle / mu) - math.exp(min(middle, 700.0)) * _normal(-mu / 2 - middle / mu)
        low, high = (middle, high) if less > delta else (low, middle)
    return high


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


@dataclass(frozen=True, eq=False)
class _Published:
    """Numbers that came out of noise of a known law and stand in the answer, on both neighbors."""

    kinds: Any
    values: tuple[Floats, Floats]
    scales: tuple[Floats, Floats]
    places: tuple[tuple[int, int], ...]

    @property
    def rounding(self) -> float:
        """How far off the losses may be, since values are floats."""
        size = sum(np.abs(v) / np.minimum(*self.scales) for v in self.values)
        return 1e-9 + 8 * float(np.finfo(float).eps) * float(np.sum(size))

    def losses(self, drawn: Floats, side: int) -> Floats:
        """Return ln p/q of answers, p being the law on one side, and q on the other."""
        one, other = side, 1 - side
        logs = [np.zeros(drawn.shape), np.zeros(drawn.shape)]
        for place, of in enumerate((one, other)):
            away = np.abs(drawn - self.values[of]) / self.scales[of]
            logs[place] = np.where(self.kinds == "normal", -(away**2) / 2, -away) - np.log(self.scales[of])
        return (logs[0] - logs[1]).sum(axis=-1)

    def drawn(self, side: int, random: np.random.Generator, count: int) -> Floats:
        """Return answers as they are drawn on one side."""
        shape = (count, len(self.kinds))
        standard = np.where(self.kinds == "normal", random.standard_normal(shape), random.laplace(size=shape))
        whole = self.kinds == "two-sided geometric"
        if whole.any():
            chance = -np.expm1(-1.0 / self.scales[side][whole])
            size = (count, int(whole.sum()))
            both = random.geometric(chance, size) - random.geometric(chance, size)
            standard[:, whole] = both / self.scales[side][whole]
        return self.values[side] + self.scales[side] * standard


def published_bound(function: Callable[..., Any], found: Seen, delta: float, random: np.random.Generator) -> float:
    """Return a lower bound of ε from numbers that came out of recorded noise and stand in the answer as they are.

    Claim: where noise is drawn by the law that its function states, what enters does not depend on the noise, and the
    numbers stand in the answer, no claim below the bound holds of these two neighbors, but for a chance of 1e-6.
    Proof: looking at these numbers alone is post-processing of the answer. They are independent, so L = ln p/q is a
    sum. For E = {L > τ}, Q(E) = ∫_E q ≤ e^{−τ} ∫_E p = e^{−τ} P(E). So P(E) ≤ e^ε Q(E) + δ gives
    ε ≥ τ + ln(1 − δ/P(E)). τ is a quantile of one half of the losses that are drawn, P(E) has Chernoff's lower
    limit from the other half. ∎ That what enters does not depend on the noise, and that the numbers stand in
    the answer, is tried: on two runs of each side, and on answers within E that are put in the place of what came out
    of the noise on both. Returns 0 where one of these does not hold.
    """
    if not found.follows or not found.steady:
        return 0.0
    again = [ran(function, frame) for frame in (found.pair.one, found.pair.other)]
    shown = _shown(found.runs, again)
    if shown is None:
        return 0.0
    best = 0.0
    for side in (0, 1):
        losses, answers = [], []
        for _ in range(2):
            answers.append(shown.drawn(side, random, max(2_000, _DRAWN // (1 + len(shown.kinds) // 10))))
            losses.append(shown.losses(answers[-1], side))
        chosen = _event(losses, delta, shown.rounding)
        if chosen is None or chosen[0] <= best:
            continue
        within = answers[1][losses[1] > chosen[1]][:_WITNESSES]
        if all(_stands(function, found, shown, one) for one in within):
            best = chosen[0]
    return best


def _event(losses: Sequence[Floats], delta: float, rounding: float) -> tuple[float, float] | None:
    """Return the bound of the best event, and its threshold; None where none gives one above 0."""
    best: tuple[float, float] | None = None
    for share in _SHARES:
        cut = float(np.quantile(losses[0], 1 - share))
        cut -= rounding + 1e-9 * abs(cut)  # so that what lies on the threshold is above it, and no rounding accuses
        hits, n = int((losses[1] > cut).sum()), len(losses[1])
        low = chernoff(hits, n, _ERROR / len(_SHARES))
        if low > delta and (best is None or cut + math.log1p(-delta / low) > best[0]):
            best = cut + math.log1p(-delta / low), cut
    return best


def _shown(runs: Sequence[Run], again: Sequence[Run]) -> _Published | None:
    """Return the numbers that stand in the answers of all four runs, and whose values do not depend on the noise."""
    one, other, one_again, other_again = (*runs, *again)
    if any(len(run.entries) != len(one.entries) for run in (other, one_again, other_again)):
        return None
    numbers = [{value for value in told(run).values() if isinstance(value, float)} for run in (*runs, *again)]
    used: set[tuple[int, int]] = set()
    places, kinds, values, scales = [], [], [], []
    for place, entries in enumerate(zip(*(run.entries for run in (one, other, one_again, other_again)), strict=True)):
        if len({entry.kind for entry in entries}) > 1 or entries[0].kind not in LAWS:
            continue
        if len({np.shape(entry.total) for entry in entries}) > 1:
            continue
        for at in range(int(np.size(entries[0].total))):
            four = [_flat(entry, at) for entry in entries]
            steady = [four[side][:2] == four[side + 2][:2] for side in (0, 1)]
            there = [total in found for (_, _, total), found in zip(four, numbers, strict=True)]
            finite = all(math.isfinite(v) and 0 < b < math.inf for v, b, _ in four)
            law = entries[0].kind != "two-sided geometric" or four[0][1] == four[1][1]
            met = _met_at(entries[0], at)
            if all(steady) and all(there) and finite and law and not (met & used):
                used |= met
                places.append((place, at))
                kinds.append(entries[0].kind)
                values.append((four[0][0], four[1][0]))
                scales.append((four[0][1], four[1][1]))
    if not places:
        return None
    v, b = np.array(values), np.array(scales)
    return _Published(np.array(kinds), (v[:, 0], v[:, 1]), (b[:, 0], b[:, 1]), tuple(places))


def _met_at(entry: Entry, at: int) -> set[tuple[int, int]]:
    """Return which drawn numbers are in one of the sums."""
    size = int(np.size(entry.total))
    return {entry.drawn[place] for place in range(at, len(entry.drawn), size)} or {(-1 - id(entry), at)}


def _flat(entry: Entry, at: int) -> tuple[float, float, float]:
    size = np.shape(entry.total)
    scale = np.broadcast_to(entry.scale, size).ravel()[at]
    return float(np.ravel(entry.value)[at]), float(scale), float(np.ravel(entry.total)[at])


def _stands(function: Callable[..., Any], found: Seen, shown: _Published, answer: Floats) -> bool:
    """Whether an answer that is put in the place of what came out of the noise stands in what both neighbors answer."""
    script = _with_totals(found.runs[0], shown, answer)
    for frame in (found.pair.one, found.pair.other):
        run = ran(function, frame, script)
        numbers = {value for value in told(run).values() if isinstance(value, float)}
        if not run.follows or not all(float(one) in numbers for one in answer):
            return False
    return True


def _with_totals(run: Run, shown: _Published, answer: Floats) -> Run:
    """Return a run in which other numbers came out of the noise."""
    entries = []
    for entry in run.entries:
        total = np.array(entry.total, copy=True) if isinstance(entry.total, np.ndarray) else entry.total
        new = Entry(entry.kind, entry.value, entry.scale, total, entry.drawn, entry.terms, entry.mechanism, entry.name)
        entries.append(new)
    for (place, at), one in zip(shown.places, answer, strict=True):
        entry = entries[place]
        if isinstance(entry.total, np.ndarray) and entry.total.ndim:
            entry.total.ravel()[at] = one
        else:
            entry.total = type(entry.total)(one)
    return Run(None, run.draws, entries)
