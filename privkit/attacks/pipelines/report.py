"""What an audit of a pipeline found: proofs that a claim is broken, what the usual proof lacks, what was not seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from privkit.attacks.pipelines.runs import Run
from privkit.values.arguments import public
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd

    from privkit.attacks.pipelines.counted import Event
    from privkit.attacks.pipelines.recorded import Seen
    from privkit.values.loss import PrivacyLoss

Level = Literal["broken", "suspect", "note"]


@public
@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an audit found. It holds no value of a cell.

    Attributes
    ----------
    kind : str
        Such as ``"answers"``, ``"recorded"``, ``"enters"``, ``"past the noise"``, ``"seed"``, ``"reused"``.
    level : {"broken", "suspect", "note"}
        Whether it contradicts the claim; or only means that the usual proof does not hold; or says what was not seen.
    text : str
    neighbors : str
        How the neighbors were chosen on which it was found; empty where it is of all.
    epsilon : float or None
        The ε that it amounts to.
    """

    kind: str
    level: Level
    text: str
    neighbors: str = ""
    epsilon: float | None = None


def at_least(lower: float, claimed: float = math.inf) -> str:
    """Return a lower bound in two digits, rounded down; in more where it would read as what is claimed.

    Examples
    --------
    >>> at_least(2.3999), at_least(1.0004, 1.0), at_least(0.0)
    ('2.3', '1.0003', '0')
    """
    if not lower > 0 or math.isinf(lower):
        return f"{max(lower, 0.0):g}"
    for digits in (2, 5, 9):
        step = 10.0 ** (math.floor(math.log10(lower)) + 1 - digits)
        told = f"{math.floor(lower / step) * step:.{digits}g}"
        if not claimed < lower or float(told) > claimed:
            break
    return told


def of_pairs(found: Sequence[Seen], epsilon: float, delta: float) -> list[Finding]:
    """Return what recorded runs tell against the usual proof: the worst pair of each kind."""
    told = []
    known = [one for one in found if not math.isnan(one.loss)]
    worst = max(known, key=lambda one: one.loss, default=None)
    if worst is not None and worst.loss > epsilon * (1 + 1e-6):
        loss = _capped(worst.loss, epsilon)
        told.append(Finding("enters", "suspect", _enters(worst, epsilon, delta), worst.pair.why, loss))
    for kind, which, text in (
        ("past the noise", lambda one: one.bare, _BARE),
        ("shape", lambda one: one.shaped, _SHAPED),
        ("raises", lambda one: one.raises, _RAISES),
        ("scale", lambda one: one.scaled, _SCALED),
    ):
        first = next((one for one in found if which(one)), None)
        if first is not None:
            told.append(Finding(kind, "suspect", text, first.pair.why))
    return told


def _capped(loss: float, epsilon: float) -> float:
    """Return a loss that tells how far a value lies off no better than it must."""
    return loss if math.isinf(loss) else min(loss, max(20.0, 2 * epsilon))


def _enters(worst: Seen, epsilon: float, delta: float) -> str:
    if math.isinf(worst.loss) and delta == 0 and any(entry.kind == "normal" for entry in worst.runs[0].entries):
        return (
            "Normal noise was added to a value that differs between neighbors: no ε holds at δ = 0. Claim a δ, or add "
            "Laplace noise."
        )
    far = worst.loss > max(20.0, 2 * epsilon)
    amount = f"the usual proof gives {'far more than' if far else 'about'} ε = {2 * epsilon if far else worst.loss:.2g}"
    amount = "no ε holds" if math.isinf(worst.loss) else amount
    return (
        f"What enters the noise differs by more between neighbors than its scale allows: {amount}, where {epsilon:.3g} "
        "is claimed. The sensitivity is too small, a bound is missing or comes after the noise, or losses were not "
        "added up."
    )


_BARE = (
    "The answers differ although all that came out of the noise was the same: something of the data passes by the "
    "noise, such as a cell without noise, an exact count, or which one is the largest."
)
_SHAPED = (
    "Which values the answer holds differs between neighbors: keys, groups or a length are taken from the data. "
    "Name them beforehand, or publish only those above a threshold that pays for it with δ."
)
_RAISES = "It raises an error on one of two neighbors alone: whether it fails tells about a person."
_SCALED = (
    "The scale of the noise differs between neighbors: a bound, a sensitivity or a count that it is made of comes from "
    "the data."
)


def alike(one: Run, other: Run) -> bool:
    """Whether two runs drew the very same numbers."""
    drawn = [[draw.result for draw in run.draws] for run in (one, other)]
    return bool(drawn[0]) and len(drawn[0]) == len(drawn[1]) and all(map(_same, *drawn))


def of_runs(one: Run, again: Run, found: Sequence[Seen], *, fixed: bool, published: bool) -> list[Finding]:
    """Return what two runs on the same frame tell, and what was not seen."""
    told = []
    if fixed:
        told.append(Finding("seed", "suspect", _SEED))
    if _reused(one):
        told.append(Finding("reused", "suspect", _REUSED))
    if stored(one, again):
        told.append(Finding("stored", "note", _STORED))
    if not one.draws and not one.entries:
        told.append(Finding("no noise", "note", _NO_NOISE))
    if any(not pair.steady for pair in found):
        told.append(Finding("unseen noise", "note", _UNSEEN))
    elif one.unmet:
        told.append(Finding("loose noise", "note", _LOOSE))
    if any(entry.kind == "mechanism" and entry.mechanism is not None for entry in one.entries):
        told.append(Finding("library", "note", _LIBRARY))
    if published:
        told.append(Finding("floats", "note", _FLOATS))
    return told


def stored(one: Run, again: Run) -> bool:
    """Whether a second run on the same frame drew no noise where the first did: its answer was kept."""
    return bool(one.draws or one.entries) and not (again.draws or again.entries)


def _same(one: object, other: object) -> bool:
    import numpy as np

    mine, theirs = np.asarray(one), np.asarray(other)
    return bool(mine.shape == theirs.shape and np.all(mine == theirs))


def _reused(run: Run) -> bool:
    met: set[tuple[int, int]] = set()
    for entry in run.entries:
        here = set(entry.drawn)
        if len(here) < len(entry.drawn) or here & met:
            return True
        met |= here
    return False


_SEED = (
    "Two runs drew the very same noise: a seed is set inside. Who knows the code takes the noise off. Draw it from "
    "numpy.random.default_rng() without a seed."
)
_REUSED = "One drawn number was added to more than one value: their difference is published without noise."
_STORED = (
    "The second run on the same frame drew no noise: answers are stored and told again, so they cannot be counted. "
    "Let the function open a project of its own each time."
)
_NO_NOISE = (
    "No noise was seen: it draws none, or from where it is not seen (secrets, other threads or processes, a generator "
    "in a library)."
)
_UNSEEN = (
    "It draws noise from where it is not seen (secrets, other threads or processes, a generator in a library): of what "
    "enters, nothing is known, and only the answers were judged."
)
_LOOSE = (
    "Some drawn numbers met no value in sight, as where a coin decides: of what they hide, only answers were judged."
)
_LIBRARY = "OpenDP's measurements are taken at their word: what a measurement says of its own loss was not tried."
_FLOATS = (
    "Noise in floats is published as it is. Its last bits tell more than the proof on real numbers allows (Mironov "
    "2012); floats=True lets events read them. Round, or add discrete noise."
)


@public
@dataclass(frozen=True, eq=False, repr=False)
class PipelineAudit(Plotted):
    """What an audit of somebody's own private function found. For the owner's eyes; it holds no value of a cell.

    Attributes
    ----------
    claim : PrivacyLoss
        What the function is said to spend.
    lower : float
        What the loss is at least, as ε at the claimed δ; 0 where nothing is known of it. It is wrong with a chance of
        at most 1 − `confidence`.
    broken : bool
        Whether `lower` is above the claimed ε. False is no proof that the claim holds.
    findings : tuple of Finding
        The gravest first.
    confidence : float
    n_pairs : int
        How many pairs of neighbors it was recorded on.
    n_runs : int
        How often it was called in all.
    by : {"", "answers", "recorded"}
        Where `lower` comes from: answers that were counted, or noise that was recorded.
    event : Event or None
        How often the answers' event came on either side, where answers were counted.
    reach : float
        The most that counting could have shown with so many runs; 0 where nothing was counted.
    stopped : bool
        Whether the time was up before all was done.
    unit : str or None
    neighbors : {"remove", "replace"}
    bounds : tuple of (str, float, str)
        The lower bounds that were found: how, ε, and of which neighbors.
    """

    claim: PrivacyLoss
    lower: float
    broken: bool
    findings: tuple[Finding, ...]
    confidence: float
    n_pairs: int
    n_runs: int
    by: Literal["", "answers", "recorded"]
    event: Event | None
    reach: float
    stopped: bool
    unit: str | None
    neighbors: Literal["remove", "replace"]
    bounds: tuple[tuple[str, float, str], ...]

    @property
    def suspects(self) -> tuple[Finding, ...]:
        """What the usual proof lacks, whether or not it breaks the claim."""
        return tuple(one for one in self.findings if one.level == "suspect")

    def to_frame(self) -> pd.DataFrame:
        """Return a row per finding: `kind`, `level`, `epsilon`, `neighbors`, `text`."""
        import pandas as pd

        rows = [(one.kind, one.level, one.epsilon, one.neighbors, one.text) for one in self.findings]
        return pd.DataFrame(rows, columns=["kind", "level", "epsilon", "neighbors", "text"])
