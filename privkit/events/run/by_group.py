"""What a recipe cost the events of each group: which are left out, and which of their values are gone or others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors.events import EventsInputError
from privkit.events.operations.merge import Merge
from privkit.events.run.closures import Options
from privkit.events.run.flatten import flatten, read_events
from privkit.events.run.walk import parse_path
from privkit.tally.codes import factorized
from privkit.tally.row_classes import by_group

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.events.run.result import EventsResult

    Floats = NDArray[np.float64]


def lost_by_group(result: EventsResult, columns: str | Sequence[str]) -> pd.DataFrame:
    """Carry the recipe out anew, and compare: see `EventsResult.by_group`."""
    if any(isinstance(operation, Merge) for operation in result.recipe.operations):
        raise EventsInputError.no_groups("its recipe merges events, and no row of it is one event's")
    if result.source is None or hasattr(result.source, "__next__"):
        raise EventsInputError.no_groups("its events came from an iterator, which cannot be read again")
    events = list(read_events(result.source))
    before = flatten(events)
    engine = Options(unmatched=result._unmatched, on_error="quarantine").engine(result.recipe)
    done = []
    try:  # no new mapping is stored: the run is not committed
        for place, event in enumerate(events):
            if (out := engine.treat(event, place + 1)) is not None:
                done.append((place, out))
    finally:
        engine.close()
    after, kept = flatten([event for _, event in done]), np.array([place for place, _ in done], dtype=np.int64)
    left = np.ones(len(before))
    left[kept] = 0.0
    figures = {"left out": left}
    for name in before.columns:
        new = str(result.recipe.trace.output(parse_path(name)))
        figures[f"changed {name}"] = _changed(before[name], after.get(new), kept)
    return by_group(before, columns, figures)


def _changed(before: pd.Series, after: pd.Series | None, kept: NDArray[np.int64]) -> Floats:
    """Return 1 for each event whose value is gone, or another one; 0 for one that is as it was."""
    import pandas as pd

    found = np.ones(len(before))
    if after is not None:
        codes, _ = factorized(pd.concat([before.iloc[kept].astype(object), after.astype(object)], ignore_index=True))
        found[kept] = codes[: len(kept)] != codes[len(kept) :]
    return found
