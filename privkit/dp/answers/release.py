"""Releases: noisy answers that may be published, with their uncertainty and where they come from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.answers.arithmetic import Released, estimate, index_of
from privkit.dp.answers.derived import Derived, Interval, Source
from privkit.dp.answers.linear import Errors
from privkit.dp.answers.postprocess import non_negative, rounded, suppressed, total
from privkit.dp.answers.provenance import Provenance
from privkit.dp.dates import told_dates
from privkit.dp.noise.noise import ALPHA, Noise
from privkit.dp.plan import Plan, miss
from privkit.errors.dp import IntervalError, NotLinearError
from privkit.values.arguments import spending

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.loss import PrivacyLoss


_LIBRARIES = ("jupyter-privkit", "opendp", "narwhals", "pandas", "numpy")


@spending
@dataclass(frozen=True, repr=False, eq=False)
class Release(Released):
    """A noisy answer, free to publish: what is left of the data is only what the budget paid for.

    Attributes
    ----------
    plan : Plan
        What was asked and paid.
    drawn : array of int64, shape (groups, width)
        The noisy integers as they were drawn, in steps of the plan's grid; everything else is computed from them.
    provenance : Provenance
    replayed : bool
        Whether this is the stored answer of an earlier release, at no cost.
    asked_before : int or None
        The ledger's entry that had asked the same question of other data, when this one was charged.
    """

    plan: Plan
    drawn: NDArray[np.int64]
    provenance: Provenance
    replayed: bool
    asked_before: int | None = None

    @cached_property
    def estimates(self) -> dict[str, NDArray[Any]]:
        """Every number that the answer gives, by name; the statistic itself first."""
        found = self.plan.question.asked.estimates(self.drawn)
        kind = self.plan.question.dates
        return found if kind is None else {name: told_dates(kind, counts) for name, counts in found.items()}

    @property
    def cells(self) -> tuple[Any, ...]:
        """The statistic's noisy numbers, in the order of the keys. Counts are signed: clip for display if you must."""
        return tuple(self.estimates[self._name].tolist())

    @property
    def value(self) -> Any:
        """The answer: an int or float, or a Series of int64 or float64 indexed by the keys; of dates, dates."""
        if self.plan.question.asked.framed:
            import pandas as pd

            return pd.DataFrame(self.estimates, index=self._index())
        return self._shaped(self.estimates[self._name])

    @property
    def loss(self) -> PrivacyLoss:
        """What the release cost when it was drawn."""
        return self.plan.loss

    @property
    def advantage(self) -> float:
        """The greatest advantage that any attacker can have on one unit by the answer: see :attr:`Plan.advantage`."""
        return self.plan.advantage

    @property
    def attack_success(self) -> float:
        """How often an attacker with 1 % false alarms finds a unit that is there, at most; rounded up."""
        return self.plan.attack_success

    @property
    def noise(self) -> Noise:
        """The noise that was added."""
        return self.plan.noise

    @property
    def accuracy(self) -> Any:
        """Half the width of the 95 % interval: one number where all answers share it, else one for each key."""
        planned = None if self.plan.question.asked.needs_rows else self.plan.accuracy
        if planned is not None:
            return planned
        if not self.has_interval:
            return None
        lower, upper = self._limits(ALPHA)[self._name]
        return self._shaped((upper - lower) / 2)

    @property
    def has_interval(self) -> bool:
        """Whether the answer has an interval; a choice among candidates has none."""
        return self._name in self._limits(ALPHA)

    @property
    def possible(self) -> pd.DataFrame | None:
        """The values that could be among the k most frequent, together with 95 %; None where it is not told.

        A row for each, the most frequent first: its noisy `count` with a 95 % interval, and whether it was `named`.
        `dp_top_k` tells it where it is answered by a noisy count of every value.
        """
        told = self.plan.question.asked.possible(self.drawn, self.noise, ALPHA)
        if told is None:
            return None
        import pandas as pd

        return pd.DataFrame(told)

    @property
    def dominated(self) -> Any:
        """Whether noise dominates an answer: its 95 % interval holds 0, or half of all that is possible."""
        if not self.has_interval or self.plan.question.dates is not None:
            return None
        lower, upper = self._limits(ALPHA)[self._name]
        return self._shaped(self.plan.question.asked.dominated(lower, upper))

    def interval(self, level: float = 1 - ALPHA) -> Interval:
        """Return an interval around each number that holds the exact bounded answer with probability `level`.

        Each answer's interval stands for itself; all of them together hold less often. With contribution bounds the
        exact answer is that after bounding. Post-processing: costs nothing.

        Parameters
        ----------
        level : float
            Between 0 and 1.

        Returns
        -------
        Interval
            `lower` and `upper`, of the shape of `value`.
        """
        alpha = miss(level)
        if not self.has_interval:
            raise IntervalError.of(self._name)
        lower, upper = self._limits(alpha)[self._name]
        return Interval(self._shaped(lower), self._shaped(upper))

    def to_frame(self, level: float = 1 - ALPHA) -> pd.DataFrame:
        """Return a frame with a row per key: the answer, its interval, and what else came with it."""
        import pandas as pd

        limits = self._limits(miss(level))
        columns: dict[str, Any] = {}
        for name, values in self.estimates.items():
            columns[name] = values
            if name in limits:
                prefix = "" if name == self._name else f"{name}_"
                columns[f"{prefix}lower"], columns[f"{prefix}upper"] = limits[name]
        found = pd.DataFrame(columns, index=self._index())
        if clips := self.plan.question.asked.clips:  # over the columns: of what the intervals are
            found.columns.name = clips.lstrip(", ")
        return found

    def estimate(self, name: str | None = None) -> Derived:
        """Return the answer, or one of its estimates, for free computations: sums, differences, ratios."""
        return estimate(self, name)

    def non_negative(self) -> Derived:
        """Return the answer clipped at 0; a post-processing, which biases small cells upwards."""
        return non_negative(self)

    def rounded(self, base: float = 1) -> Derived:
        """Return the answer rounded to multiples of `base`; a post-processing."""
        return rounded(self, base)

    def suppressed(self, below: float) -> Derived:
        """Return the answer without its cells below a limit; a post-processing."""
        return suppressed(self, below)

    def total(self, by: str | list[str] | None = None) -> Derived:
        """Return the sum of the cells, or of those that agree in the columns `by`; a post-processing."""
        return total(self, by)

    def __add__(self, other: object) -> Derived:
        return self.estimate() + other

    def __sub__(self, other: object) -> Derived:
        return self.estimate() - other

    def __truediv__(self, other: object) -> Derived:
        return self.estimate() / other

    @property
    def _named(self) -> tuple[str, ...]:  # type: ignore[override]
        return () if self.plan.question.dates is not None else tuple(self._limits(ALPHA))

    def _derived(self, name: str | None) -> Derived:
        name = name or self._name
        if name not in self._named:
            raise NotLinearError.of(name, self._named)
        question, place = self.plan.question, self.provenance
        simulated = bool(getattr(self, "simulated", False))
        bounded = f"the numbers are those after bounding: {question.bounds}"
        return Derived(
            name,
            np.asarray(self.estimates[name]),
            None if question.keys is None else self._index(),
            lambda alpha: self._limits(alpha)[name],
            (Source(place.project, place.entry, place.question, self.loss, simulated),),
            errors=Errors.of_release(self, name),
            notes=() if question.unit.is_row else (bounded,),
        )

    @property
    def _name(self) -> str:
        return self.plan.question.statistic

    @cached_property
    def _known(self) -> dict[float, dict[str, tuple[NDArray[Any], NDArray[Any]]]]:
        return {}

    def _limits(self, alpha: float) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
        if alpha not in self._known:  # text, HTML and plot ask for the same, again and again
            found: dict[str, Any] = self.plan.question.asked.limits(self.drawn, self.noise, alpha)
            if (kind := self.plan.question.dates) is not None:
                found = {
                    n: (told_dates(kind, low), told_dates(kind, high, up=True)) for n, (low, high) in found.items()
                }
            self._known[alpha] = found
        return self._known[alpha]

    def _index(self) -> Any:
        import pandas as pd

        keys = self.plan.question.keys
        if keys is None:
            return pd.RangeIndex(1)
        return index_of(keys)

    def _shaped(self, values: NDArray[Any]) -> Any:
        if self.plan.question.keys is None:
            return values[0].item() if hasattr(values[0], "item") else values[0]
        import pandas as pd

        return pd.Series(values, index=self._index(), name=self._name, copy=True)


def encode_answer(plan: Plan, drawn: Sequence[int] | Mapping[str, int | Sequence[int]]) -> str:
    """Return the noisy integers as the text that the ledger stores: in canonical order of the keys, with versions."""
    if isinstance(drawn, Mapping):  # the groups showed up by their noisy counts
        keys_ = sorted(drawn)
        cells = [int(cell) for key in keys_ for cell in np.atleast_1d(drawn[key])]
        found = {"keys": keys_, "cells": cells, "versions": _versions()}
        return json.dumps(found, separators=(",", ":"), sort_keys=True)
    cells = [int(cell) for cell in drawn]
    if (keys := plan.question.keys) is not None:
        width = len(cells) // len(keys)
        cells = [cell for place in keys.canonical_order for cell in cells[place * width : (place + 1) * width]]
    return json.dumps({"cells": cells, "versions": _versions()}, separators=(",", ":"), sort_keys=True)


def decode_answer(
    plan: Plan, answer: str, *, project: str, entry: int, time: str, replayed: bool, before: int | None = None
) -> Release:
    """Return the release that a stored answer holds, in the order in which the plan's keys were asked."""
    stored = json.loads(answer)
    plan = plan.question.asked.answered(plan, stored.get("keys"))
    question, cells = plan.question, np.array(stored["cells"], dtype=np.int64)
    cells = cells.reshape(question.groups, -1) if question.groups else cells.reshape(0, question.asked.width)
    if "keys" not in stored and (keys := question.keys) is not None:
        ordered = np.empty_like(cells)
        ordered[keys.canonical_order] = cells
        cells = ordered
    place: dict[str, Any] = {"project": project, "entry": entry, "time": time, "versions": stored["versions"]}
    known = question.asked.limits(cells[:1], plan.noise, ALPHA) if len(cells) else {}
    return Release(plan, cells, Provenance.of(plan, known, **place), replayed, before)


@cache
def _versions() -> dict[str, str]:
    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # run from a checkout
            found[library] = "not installed"
    return found
