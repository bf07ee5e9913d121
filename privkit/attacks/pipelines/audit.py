"""`audit_pipeline`: somebody's own private function on neighboring frames, against what it claims."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from privkit.attacks.pipelines.counted import LEAST_RUNS, Event, Outcome, bounded, learned, outcome, read_whole
from privkit.attacks.pipelines.neighbors import Neighbors
from privkit.attacks.pipelines.recorded import Seen, published_bound, ran, seen
from privkit.attacks.pipelines.report import Finding, PipelineAudit, alike, at_least, of_pairs, of_runs, stored
from privkit.attacks.pipelines.runs import LAWS, Run
from privkit.errors import ColumnNotFoundError, ParameterError, PrivkitError
from privkit.errors.attacks import AttackError
from privkit.errors.root import type_told
from privkit.tally.codes import factorized
from privkit.tally.selection import all_columns
from privkit.values.arguments import column_name, positive_int, true_or_false, typed, whole
from privkit.values.loss import PrivacyLoss

if TYPE_CHECKING:
    import pandas as pd

    from privkit.values.inputs import Amount, Frame

#: Of fewer persons there are no two neighbors that say anything.
LEAST_PERSONS = 3
#: A bound is told up to here, or twice the claim: a larger one says no more, but how far a value lies off.
MOST = 20.0
#: How many pairs are run often, and how many are tried a little to find these.
_CLOSELY, _TRIED, _TRIALS = 3, 10, 120
#: The share of the chance of error that counting has; what was recorded has the rest, 16 events of 1e-6 each.
_COUNTED = 0.8
#: How often whole numbers must be drawn alike before a seed is the reason.
_REPEATS = 40
#: The share of the time in which pairs are looked for.
_LOOKING = 0.3


@typed
def audit_pipeline(
    function: Callable[..., Any],
    data: Frame,
    *,
    epsilon: Amount,
    delta: Amount = 0,
    unit: str | None = None,
    neighbors: Literal["remove", "replace"] = "remove",
    runs: int = 4_000,
    seconds: int = 60,
    confidence: float = 0.999,
    floats: bool = False,
    seed: int = 0,
) -> PipelineAudit:
    """Audit somebody's own private function: does it spend what it claims? Found nothing is never proved.

    It runs the function on frames that differ by one person, all made of rows of `data`: without the person of the
    largest number, of the rarest value, of most rows, in all of it and in small parts of it.

    1. *Recorded.* Noise of NumPy, `random`, diffprivlib and OpenDP is recorded where it meets a value, and played back
       on the neighbor: what came out of the noise is made the same, and what entered is compared. Where such numbers
       are in the answer unchanged, ε is at least what follows from the law of the noise
       (`privkit.attacks.pipelines.recorded` has the proof).
    2. *Counted.* The function runs some thousand times on a few pairs. An event that is learned from half of the
       answers is counted in the other half: ε ≥ ln((p − δ)/q), with Clopper and Pearson's limits p and q of its shares
       (`privkit.attacks.pipelines.counted`). Each of the pairs and both directions share the chance of a wrong bound.

    **Power.** With n runs counting shows about ln(n/10) at most, and hardly a tenth of ε above a claim; it sees what
    changes on these neighbors. Findings of level ``"suspect"`` say that the usual proof does not hold; they are no
    proof that the claim is broken, since what is done afterwards may hide it (as in a noisy maximum).

    Reads rows, and hands frames of rows to `function`. **What `function` spends is spent**: let it open a project of
    its own. Itself it spends nothing. While it records, the generators are patched for this thread, and restored
    whatever happens.

    Parameters
    ----------
    function : callable
        From a pandas frame to what it publishes: numbers, words, and tables and containers of them.
    data : pandas.DataFrame
        Give rows as extreme as they may come: neighbors are made of these.
    epsilon : float
        What is claimed.
    delta : float
        What is claimed beside it.
    unit : str, optional
        The column of who a row is of; a row is a person by default. Rows without one are left out.
    neighbors : {"remove", "replace"}
        Whether neighbors lack a person, or have another in the place, as where the number of rows is public.
    runs : int
        How often the function runs on each frame of a pair that is looked at closely.
    seconds : int
        After so many seconds what was found until then is reported. A call that is under way is not stopped.
    confidence : float
        How sure `lower` is, at least: an accusation is wrong once in 1,000 audits at most, by default.
    floats : bool
        Whether events may read the last bits of numbers, by which most noise in floats is told apart.
    seed : int
        Of the persons who are drawn. The function's noise has no seed.

    Returns
    -------
    PipelineAudit

    Raises
    ------
    AttackError
        If there are fewer than 3 persons, or the function fails on `data` itself.
    ColumnNotFoundError, FrameError, ParameterError
    PrivkitError
        What a call of privkit in `function` raises, such as that a budget is spent.

    References
    ----------
    Ding, Wang, Wang, Zhang and Kifer 2018 (CCS), Detecting violations of differential privacy; Jagielski, Ullman and
    Oprea 2020 (NeurIPS), Auditing differentially private machine learning.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> people = pd.DataFrame({"spend": [5.0, 20.0, 80.0, 400.0] * 10})
    >>> def total(frame):          # one person changes the sum by up to 400, not by 1
    ...     return frame["spend"].sum() + np.random.default_rng().laplace(0, 1 / 0.5)
    >>> audit = audit_pipeline(total, people, epsilon=0.5, runs=400)
    >>> audit.broken, audit.lower > 5, audit.findings[0].kind
    (True, True, 'recorded')
    """
    frame, claim = _frame(function, data), PrivacyLoss.of(epsilon=epsilon, delta=None if _is_none(delta) else delta)
    if not isinstance(neighbors, str) or neighbors not in ("remove", "replace"):
        told = repr(neighbors) if isinstance(neighbors, str) else type_told(neighbors)
        raise ParameterError.of("neighbors", told, "'remove' or 'replace'")
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not 0.5 <= confidence <= 0.9999:
        raise ParameterError.of("confidence", type_told(confidence), "a number from 0.5 to 0.9999")
    people = _people(frame, unit)
    frame, people = frame[people >= 0], people[people >= 0]  # rows without an id are nobody's
    start = whole(seed, "seed")
    made = Neighbors(frame, people, unit, neighbors, np.random.default_rng(start))
    if made.count < LEAST_PERSONS:
        raise AttackError.too_few("the frame" if unit is None else "the frame, by person,", made.count, LEAST_PERSONS)
    counted = positive_int(runs, "runs")
    if counted < LEAST_RUNS:
        raise ParameterError.of("runs", str(counted), f"{LEAST_RUNS} or more")
    end = positive_int(seconds, "seconds")
    events = true_or_false(floats, "floats")
    return _Audit(function, claim, made, counted, monotonic(), end, float(confidence), events).report()


def _is_none(delta: object) -> bool:
    """Whether no δ is claimed: 0, as one writes it."""
    return isinstance(delta, (int, float)) and not isinstance(delta, bool) and delta == 0


def _frame(function: object, data: object) -> pd.DataFrame:
    import pandas as pd

    if not callable(function):
        raise ParameterError.of("function", type_told(function), "a function from a frame to what it publishes")
    if not isinstance(data, pd.DataFrame):
        raise ParameterError.of("data", type_told(data), "a pandas frame, which the function is given: df.to_pandas()")
    all_columns(data)
    return data


def _people(frame: pd.DataFrame, unit: str | None) -> Any:
    if unit is None:
        return np.arange(len(frame))
    if column_name(unit, "unit") not in frame.columns:
        raise ColumnNotFoundError.of("unit", unit, (unit,), frame.columns)
    return factorized(frame[unit])[0]


@dataclass(eq=False)
class _Audit:
    """An audit under way."""

    function: Callable[..., Any]
    claim: PrivacyLoss
    made: Neighbors
    runs: int
    began: float
    seconds: int
    confidence: float
    floats: bool
    calls: int = 0
    stopped: bool = False
    bounds: list[tuple[str, float, str]] = field(default_factory=list)
    event: Event | None = None
    reach: float = 0.0

    @property
    def epsilon(self) -> float:
        return float(self.claim.epsilon or 0)

    @property
    def delta(self) -> float:
        return float(self.claim.delta)

    def _late(self, share: float = 1.0) -> bool:
        return monotonic() - self.began > share * self.seconds

    def report(self) -> PipelineAudit:
        """Record, count, and tell."""
        one = self._first()
        again = ran(self.function, self.made.frame)
        found = self._recorded()
        shown = self._published(found)
        if not stored(one, again):
            self._counted(found)
        best = max(self.bounds, key=lambda told: told[1], default=("", 0.0, ""))
        findings = [
            *self._broken(),
            *of_pairs(found, self.epsilon, self.delta),
            *of_runs(one, again, found, fixed=self._fixed(one, again), published=shown),
        ]
        if not read_whole(one.answer):
            findings.append(Finding("unread", "note", _UNREAD))
        order = {"broken": 0, "suspect": 1, "note": 2}
        return PipelineAudit(
            claim=self.claim, lower=best[1], broken=best[1] > self.epsilon,
            findings=tuple(sorted(findings, key=lambda told: order[told.level])), confidence=self.confidence,
            n_pairs=len(found), n_runs=self.calls, by=best[0],  # type: ignore[arg-type]
            event=self.event, reach=self.reach, stopped=self.stopped, unit=self.made.unit, neighbors=self.made.kind,
            bounds=tuple(sorted(self.bounds, key=lambda told: -told[1])),
        )  # fmt: skip

    def _first(self) -> Run:
        """Run it once on fewer rows, so that all libraries are loaded, and once recorded.

        On fewer, since a function may keep its answers, and the recorded run is to be the first on its frame.
        """
        self.calls += 3
        with contextlib.suppress(Exception):
            self.function(self.made.frame.iloc[1:].copy())
        one = ran(self.function, self.made.frame)
        if one.raised:
            raise AttackError.pipeline_failed(one.raised)
        return one

    def _fixed(self, one: Run, again: Run) -> bool:
        """Whether every run draws the same: by two runs, or by many where the numbers are few and a seed was set."""
        if not alike(one, again):
            return False
        if any(draw.fine for draw in one.draws):
            return True
        self.calls += _REPEATS
        return one.seeds > 0 and all(alike(one, ran(self.function, self.made.frame)) for _ in range(_REPEATS))

    def _recorded(self) -> list[Seen]:
        """Record the function on pairs of neighbors, the most telling first."""
        found: list[Seen] = []
        for pair in self.made.pairs():
            if found and self._late(_LOOKING):
                self.stopped = True
                break
            first = found[-1].runs[0] if found and found[-1].pair.one is pair.one else None
            found.append(seen(self.function, pair, self.delta, first))
            self.calls += 1 + (first is None) + found[-1].differs
        return sorted(found, key=lambda one: -one.promise)

    def _published(self, found: Sequence[Seen]) -> bool:
        """Bound ε by what came out of recorded noise and stands in the answer; return whether floats do."""
        random = np.random.default_rng(0)
        known = sorted((one for one in found if one.differs or one.loss > 0 or one.scaled), key=_likely)
        for one in known[:8]:
            if self._late(2 * _LOOKING):
                break
            bound = published_bound(self.function, one, self.delta, random)
            self.calls += 2
            if bound > 0:
                self.bounds.append(("recorded", min(bound, max(MOST, 2 * self.epsilon)), one.pair.why))
        floats = [entry for one in found[:1] for entry in one.runs[0].entries if entry.kind in LAWS[:2]]
        numbers = set(outcome(found[0].runs[0].answer).values()) if found and not found[0].runs[0].raised else set()
        return any(float(total) in numbers for entry in floats for total in np.ravel(entry.total))

    def _counted(self, found: Sequence[Seen]) -> None:
        """Run the function often on the pairs that tell most, and bound ε by what it answers."""
        pairs = self._telling(found)
        chance = _COUNTED * (1 - self.confidence) / max(len(pairs), 1)
        for place, one in enumerate(pairs):
            if self.bounds and max(bound for _, bound, _ in self.bounds) > self.epsilon and place:
                break
            until = 2 * _LOOKING + (1 - 2 * _LOOKING) * (place + 1) / len(pairs)
            sides = self._answers(one, self.runs, until)
            if len(sides[0]) < LEAST_RUNS:
                continue
            events = learned(sides[0], sides[1], delta=self.delta, chance=chance, floats=self.floats)
            best = max(events, key=lambda event: event.lower)
            most = bounded(best.n, best.n, 0, best.other_n, delta=self.delta, chance=chance / 2)
            self.reach = max(self.reach, most)
            if self.event is None or best.lower > self.event.lower:
                self.event = best
            self.bounds.append(("answers", best.lower, one.pair.why))

    def _telling(self, found: Sequence[Seen]) -> list[Seen]:
        """Return the pairs that tell most in a few runs, of those that promise most; other runs judge them."""
        known = max(self.bounds, key=lambda told: told[1], default=None)
        if known is not None and known[1] > self.epsilon:  # it is broken: counting says it once more, in other words
            return [one for one in found if one.pair.why == known[2]][:1]
        tried = []
        for one in _mixed(found, _TRIED):
            if self._late(2 * _LOOKING):
                break
            sides = self._answers(one, _TRIALS, 2 * _LOOKING)
            if len(sides[0]) >= LEAST_RUNS // 2:
                events = learned(sides[0], sides[1], delta=self.delta, chance=0.5, floats=self.floats)
                tried.append((max(event.lower for event in events), one))
        best = sorted(tried, key=lambda told: -told[0])[:_CLOSELY]
        return [one for _, one in best] or list(found[:1])

    def _answers(self, one: Seen, runs: int, until: float) -> tuple[list[Outcome], list[Outcome]]:
        """Run the function on both neighbors, in an order of no meaning, until the time is up."""
        sides: tuple[list[Outcome], list[Outcome]] = ([], [])
        for _ in range(runs):
            order = (0, 1) if self.made.random.random() < 0.5 else (1, 0)
            for side in order:
                sides[side].append(self._answer((one.pair.one, one.pair.other)[side]))
            self.calls += 2
            if self._late(until):
                self.stopped = self.stopped or runs == self.runs
                break
        return sides

    def _answer(self, frame: pd.DataFrame) -> Outcome:
        given = frame.copy()
        try:
            answer = self.function(given)
        except PrivkitError:
            raise
        except Exception as error:  # noqa: BLE001 - that it fails is an answer
            return outcome(None, type(error).__name__)
        return outcome(answer)

    def _broken(self) -> Iterator[Finding]:
        """Return the bounds that are above the claim."""
        for by in ("recorded", "answers"):
            told = max((one for one in self.bounds if one[0] == by), key=lambda one: one[1], default=None)
            if told is not None and told[1] > self.epsilon:
                text = _BROKEN[by].format(at_least(told[1], self.epsilon), self.epsilon)
                yield Finding(by, "broken", text, told[2], told[1])


_BROKEN = {
    "recorded": (
        "Noise whose scale was recorded stands in the answer, and what entered it differs: ε is at least {}, where "
        "{:.3g} is claimed."
    ),
    "answers": "The answers on two neighbors differ too often: ε is at least {}, where {:.3g} is claimed.",
}
_UNREAD = (
    "Some of what it answers was not read: only numbers, words, and tables and containers of up to 300 of them are."
)


def _likely(one: Seen) -> tuple[bool, float]:
    """Return what pairs are ordered by for a bound from recorded noise."""
    return not one.scaled, -(0.0 if math.isnan(one.loss) else one.loss)


def _mixed(found: Sequence[Seen], most: int) -> list[Seen]:
    """Return the first of each kind of pair, and then the others that promise most."""
    firsts: dict[str, Seen] = {}
    for one in found:
        firsts.setdefault(one.pair.why.rpartition(",")[2], one)
    chosen = [*found[: most // 2], *firsts.values(), *found]
    return list({id(one): one for one in chosen}.values())[:most]
