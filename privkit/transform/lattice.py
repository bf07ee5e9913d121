"""`lattice`: every node with its loss, its suppressed records and its k, for an explorer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.anonymity.kanonymity import KAnonymity
from privkit.errors import ParameterError
from privkit.errors.anonymity import HierarchyError
from privkit.transform.anonymized import Anonymized, finished
from privkit.transform.search.node_classes import Classes, Rollup
from privkit.transform.search.search import Found
from privkit.transform.search.task import Task, prepare
from privkit.transform.source import Known
from privkit.values.arguments import public, typed
from privkit.values.show import Paneled, Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Criterion
    from privkit.tally.classes import Tally
    from privkit.transform.anonymize import Allowed

_LARGEST = 1_000_000


@public
@dataclass(frozen=True, eq=False, repr=False)
class Lattice(Paneled, Plotted):
    """All nodes of a generalization lattice, exact. For the owner's eyes; spends nothing.

    Attributes
    ----------
    task : Task
        The table and what is asked of it.
    data : dataframe
        What it was made from.
    """

    task: Task
    data: Any

    @property
    def columns(self) -> tuple[str, ...]:
        """The quasi-identifiers, in the order that was asked."""
        return self.task.qi

    @property
    def shape(self) -> dict[str, int]:
        """How many levels each column has."""
        sizes = dict(zip(self.task.coding.columns, self.task.coding.shape, strict=True))
        return {name: sizes[name] for name in self.task.qi}

    @property
    def n_nodes(self) -> int:
        """How many nodes there are, those outside of the allowed levels left out."""
        return math.prod(most + 1 - least for least, most in self.task.allowed)

    def level_names(self) -> dict[str, list[str]]:
        """Return the names of each column's levels."""
        names = {ladder.column: [level.name for level in ladder.levels] for ladder in self.task.coding.ladders}
        return {name: names[name] for name in self.task.qi}

    def node(self, levels: Mapping[str, int | str]) -> dict[str, Any]:
        """Return one node's figures: suppressed, k, classes, loss, feasible."""
        rollup = Rollup(self.task.coding)
        return self._figures(rollup, rollup.at(self._levels(levels)))

    def sizes(self, levels: Mapping[str, int | str]) -> NDArray[np.int64]:
        """Return the rows of each class at a node, before any is suppressed."""
        return Rollup(self.task.coding).at(self._levels(levels)).sizes

    def at_k(self, k: int) -> Lattice:
        """Return the same lattice, judged by k-anonymity alone."""
        return replace(self, task=replace(self.task, criterion=KAnonymity(k)))

    def apply(self, levels: Mapping[str, int | str]) -> Anonymized:
        """Return the table at a node, its violating classes suppressed.

        Raises
        ------
        InfeasibleError
            If that needs more records suppressed than allowed.
        ParameterError
            If a level is not among those that are allowed.
        """
        from privkit.transform.anonymize import _suppressed_combos, infeasible

        node = self._levels(levels)
        if not self._is_allowed(node):
            allowed = dict(zip(self.task.coding.columns, self.task.allowed, strict=True))
            raise ParameterError.of("levels", repr(dict(levels)), f"within {allowed}")
        gone = _suppressed_combos(self.task, node)
        suppressed = int(self.task.coding.counts[gone].sum())
        found = Found(node, float("nan"), suppressed, False, 0.0, 1, "", (node, suppressed))
        if suppressed > self.task.limit:
            raise infeasible(self.task, found)
        return finished(self.task, found, np.array(node, dtype=np.int64)[:, None], gone, method="node")

    def nodes(self) -> pd.DataFrame:
        """Return every node: its levels, then `loss`, `suppressed`, `k` (of what is kept), `classes`, `feasible`.

        Raises
        ------
        ParameterError
            If there are more than a million nodes.
        """
        import pandas as pd

        if self.n_nodes > _LARGEST:
            raise ParameterError.of(
                "the lattice",
                f"{self.n_nodes:,} nodes",
                f"of at most {_LARGEST:,}",
                "Ask for single nodes: .node({...}).",
            )
        table = pd.DataFrame.from_records(list(self._walk())).sort_values(list(self.task.qi), ignore_index=True)
        return table[[*self.task.qi, "loss", "suppressed", "k", "classes", "feasible"]]

    def _walk(self) -> Iterator[dict[str, Any]]:
        """Yield all nodes, column by column: each node's classes are merged from those one column before."""
        rollup, coding = Rollup(self.task.coding), self.task.coding
        # Columns that merge most come first, so that the many nodes at the end start from few classes.
        order = sorted(range(len(coding.shape)), key=lambda place: -len(coding.ladders[place].values))

        def below(classes: Classes, depth: int) -> Iterator[dict[str, Any]]:
            if depth == len(order):
                yield self._figures(rollup, classes)
                return
            place = order[depth]
            least, most = self.task.allowed[place]
            for level in range(least, most + 1):
                node = (*classes.node[:place], level, *classes.node[place + 1 :])
                yield from below(classes if level == 0 else rollup.merged(classes, node), depth + 1)

        yield from below(rollup.raw, 0)

    def _figures(self, rollup: Rollup, classes: Classes) -> dict[str, Any]:
        task = self.task
        violating = task.judge.violating(classes)
        kept = classes.sizes[~violating]
        suppressed = int(classes.sizes.sum() - kept.sum())
        return dict(zip(task.coding.columns, classes.node, strict=True)) | {
            "loss": task.measure.value(rollup, classes, violating),
            "suppressed": suppressed,
            "k": int(kept.min()) if len(kept) else 0,
            "classes": len(kept),
            "feasible": suppressed <= task.limit and self._is_allowed(classes.node),
        }

    def _is_allowed(self, node: Sequence[int]) -> bool:
        return all(least <= level <= most for level, (least, most) in zip(node, self.task.allowed, strict=True))

    def _levels(self, levels: Mapping[str, int | str]) -> tuple[int, ...]:
        if unknown := [name for name in levels if name not in self.task.qi]:
            raise HierarchyError.not_quasi(unknown, self.task.qi)
        return tuple(ladder.number(levels.get(ladder.column, 0)) for ladder in self.task.coding.ladders)


@typed
def lattice(
    data: object,
    qi: str | Sequence[str],
    criteria: Criterion | None = None,
    *,
    k: int | None = None,
    hierarchies: Mapping[str, object] | None = None,
    suppress: float = 0.02,
    utility: str = "loss",
    weights: Mapping[str, float] | None = None,
    levels: Mapping[str, Allowed] | None = None,
    unit: str | None = None,
) -> Lattice:
    """Return the generalization lattice of a table, to look at all nodes instead of the best one.

    Parameters and errors as in `anonymize`. Reads rows; exact; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.transform.hierarchies.hierarchy import Hierarchy
    >>> people = pd.DataFrame({"zip": ["8004", "8005", "8051", "8052"], "sex": list("mfmf")})
    >>> found = lattice(people, ["zip", "sex"], k=2, suppress=0)
    >>> found.n_nodes, int(found.nodes()["feasible"].sum())
    (10, 7)
    """
    task = prepare(
        data, qi, criteria, k=k, hierarchies=hierarchies, suppress=suppress, utility=utility, weights=weights, keep=(),
        levels=levels, unit=unit,
    )  # fmt: skip
    return Lattice(task, data)


def lattice_of(tally: Tally, *, k: int, hierarchies: Mapping[str, object], suppress: float = 0.02) -> Lattice:
    """Return the lattice of a table of which only the classes are known: it has no rows to `apply` a node to.

    Raises
    ------
    ParameterError
        If the classes are measured in persons, who cannot be told apart from them.
    HierarchyError
    """
    if tally.persons is not None:
        rule = "hierarchies= explores rows, and this report counts persons. Use df.privacy.lattice(..., unit=...)."
        raise ParameterError.together(("hierarchies", "unit"), rule)
    return lattice(Known(tally.keys, tally.sizes), list(tally.by), k=k, hierarchies=hierarchies, suppress=suppress)
