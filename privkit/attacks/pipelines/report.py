"""What an audit of a pipeline hands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from privkit.attacks.pipelines.findings import Finding
from privkit.values.arguments import public
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd

    from privkit.attacks.pipelines.bound import Event
    from privkit.values.loss import PrivacyLoss


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
