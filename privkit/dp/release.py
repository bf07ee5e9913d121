"""Releases: noisy answers that may be published, with their uncertainty and where they come from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, NamedTuple

from privkit.dp.noise import ALPHA, Laplace
from privkit.dp.plan import Plan, miss
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd

    from privkit.values.loss import PrivacyLoss

_LIBRARIES = ("jupyter-privkit", "opendp", "narwhals", "pandas", "numpy")


class Interval(NamedTuple):
    """An interval around each released number; `lower` and `upper` are numbers, or Series indexed by the keys."""

    lower: Any
    upper: Any


@dataclass(frozen=True)
class Provenance(Mapping[str, Any]):
    """Where a released number comes from: public facts, which may be published beside it.

    Attributes
    ----------
    question : str
        In words.
    unit, bounds : str
        Whom the answer protects, and how much of one person counts.
    mechanism : str
    scale : float
        The noise, in units of the answer.
    project : str
    entry : int
        The ledger's number of the release.
    time : str
        When its budget was reserved, UTC.
    versions : dict
        The libraries that drew the noise.
    """

    question: str
    unit: str
    bounds: str
    mechanism: str
    scale: float
    project: str
    entry: int
    time: str
    versions: dict[str, str]

    def __getitem__(self, name: str) -> Any:
        """Return a field by its name."""
        if name not in tuple(self):
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(field.name for field in fields(self))

    def __len__(self) -> int:
        return len(fields(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dict of plain values."""
        return asdict(self)


@dataclass(frozen=True, repr=False, eq=False)
class Release(Plotted):
    """A noisy answer, free to publish: what is left of the data is only what the budget paid for.

    Attributes
    ----------
    plan : Plan
        What was asked and paid.
    cells : tuple of int
        The noisy numbers, in the order of the keys. Counts are signed: clip for display if you must, and say so.
    provenance : Provenance
    replayed : bool
        Whether this is the stored answer of an earlier release, at no cost.
    """

    plan: Plan
    cells: tuple[int, ...]
    provenance: Provenance
    replayed: bool

    @property
    def value(self) -> int | pd.Series:
        """The answer: an int, or a Series of int64 indexed by the keys."""
        return self._series(list(self.cells))

    @property
    def loss(self) -> PrivacyLoss:
        """What the release cost when it was drawn."""
        return self.plan.loss

    @property
    def noise(self) -> Laplace:
        """The noise that was added."""
        return self.plan.noise

    @property
    def accuracy(self) -> int:
        """Half the width of the 95 % interval of each cell."""
        return self.plan.accuracy

    def interval(self, level: float = 1 - ALPHA) -> Interval:
        """Return an interval around each number that holds the exact bounded answer with probability `level`.

        Each cell's interval stands for itself; all of them together hold less often. With contribution bounds the
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
        width = self.noise.half_width(miss(level, "interval"))
        return Interval(self._series([cell - width for cell in self.cells]), self._series([c + width for c in self.cells]))

    def to_frame(self, level: float = 1 - ALPHA) -> pd.DataFrame:
        """Return a frame with a row per key: the answer and its interval."""
        import pandas as pd

        lower, upper = self.interval(level)
        columns = {self.plan.question.statistic: self.value, "lower": lower, "upper": upper}
        return pd.DataFrame(columns) if self.plan.question.keys is not None else pd.DataFrame(columns, index=[0])

    def _series(self, cells: list[int]) -> Any:
        keys = self.plan.question.keys
        if keys is None:
            return cells[0]
        import pandas as pd

        if len(keys.by) == 1:
            index: pd.Index = pd.Index([key[0] for key in keys.values], name=keys.by[0])
        else:
            index = pd.MultiIndex.from_tuples(keys.values, names=keys.by)
        return pd.Series(cells, index=index, name=self.plan.question.statistic, dtype="int64")


def encode_answer(plan: Plan, cells: list[int]) -> str:
    """Return the noisy numbers as the text that the ledger stores: in canonical order of the keys, with versions."""
    keys = plan.question.keys
    ordered = cells if keys is None else [cells[place] for place in keys.canonical_order()]
    return json.dumps({"cells": ordered, "versions": _versions()}, separators=(",", ":"), sort_keys=True)


def decode_answer(plan: Plan, answer: str, *, project: str, entry: int, time: str, replayed: bool) -> Release:
    """Return the release that a stored answer holds, in the order in which the plan's keys were asked."""
    stored = json.loads(answer)
    cells = stored["cells"]
    if (keys := plan.question.keys) is not None:
        places = keys.canonical_order()
        cells = [cell for _, cell in sorted(zip(places, cells, strict=True))]
    question = plan.question
    provenance = Provenance(
        question=str(question),
        unit=str(question.unit),
        bounds=str(question.bounds),
        mechanism=plan.mechanism,
        scale=plan.scale,
        project=project,
        entry=entry,
        time=time,
        versions=stored["versions"],
    )
    return Release(plan, tuple(cells), provenance, replayed)


@cache
def _versions() -> dict[str, str]:
    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # run from a checkout
            found[library] = "not installed"
    return found
