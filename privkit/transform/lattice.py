"""`lattice`: every node with its loss, its suppressed records and its k, for an explorer."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.anonymity.class_sizes import Sizes
from privkit.anonymity.criterion import all_of
from privkit.anonymity.crowds import persons_of
from privkit.anonymity.kanonymity import KAnonymity
from privkit.errors import ParameterError
from privkit.errors.anonymity import HierarchyError, InfeasibleError
from privkit.transform.anonymized import Anonymized, finished
from privkit.transform.search.found import Found
from privkit.transform.search.node_classes import Classes, Rollup
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
    from privkit.values.inputs import Frame, Share

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
        return self._figures(self._rollup, self._rollup.at(self._levels(levels)))

    def sizes(self, levels: Mapping[str, int | str]) -> NDArray[np.int64]:
        """Return the rows of each class at a node, before any is suppressed."""
        return self._rollup.at(self._levels(levels)).sizes

    def measured(self, levels: Mapping[str, int | str]) -> Sizes:
        """Return the same classes by their size: in persons where a criterion counts them, else in rows."""
        classes = self._rollup.at(self._levels(levels))
        return Sizes.of(classes.counts(self.unit, self.task.coding), classes.sizes)

    @cached_property
    def _rollup(self) -> Rollup:
        """What groups the rows at a node: kept, as who looks at one node looks at those beside it."""
        return Rollup(self.task.coding)

    @property
    def unit(self) -> str | None:
        """The column of persons, where a criterion counts them."""
        return persons_of(self.task.criterion)

    def at_k(self, k: int) -> Lattice:
        """Return the same lattice, judged by another k; whatever else the criterion says stays as it is.

        Where no part of it has a k, k-anonymity is asked beside it, of persons where it counts these.
        """
        return replace(self, task=replace(self.task, criterion=at_k(self.task.criterion, k)))

    def apply(self, levels: Mapping[str, int | str], *, keep_index: bool = False) -> Anonymized:
        """Return the table at a node, its violating classes suppressed; under plain row numbers or its own index.

        Raises
        ------
        InfeasibleError
            If that needs more records suppressed than allowed.
        ParameterError
            If a level is not among those that are allowed.
        """
        from privkit.transform.anonymize import _suppressed_combos

        node = self._levels(levels)
        if not self._is_allowed(node):
            allowed = dict(zip(self.task.coding.columns, self.task.allowed, strict=True))
            raise ParameterError.of("levels", repr(dict(levels)), f"within {allowed}")
        gone = _suppressed_combos(self.task, node)
        suppressed = int(self.task.coding.counts[gone].sum())
        if suppressed > self.task.limit:
            raise self._too_many(node, suppressed)
        found = Found(node, float("nan"), suppressed, False, 0.0, 1)
        chosen = np.array(node, dtype=np.int64)[:, None]
        return finished(self.task, found, chosen, gone, method="node", keep_index=keep_index)

    def _too_many(self, node: tuple[int, ...], suppressed: int) -> InfeasibleError:
        task = self.task
        levels = dict(zip(task.coding.columns, node, strict=True))
        return InfeasibleError.this_node(
            repr(task.criterion),
            suppressed=suppressed,
            limit=task.limit,
            rows=task.coding.n_rows,
            levels={name: levels[name] for name in task.qi},
        )

    def nodes(self) -> pd.DataFrame:
        """Return every node: its levels, then `loss`, `suppressed`, `k` (of what is kept), `classes`, `feasible`.

        Where a criterion counts persons, `k` is of persons.

        Raises
        ------
        ParameterError
            If there are more than a million nodes.
        """
        if self.n_nodes > _LARGEST:
            raise ParameterError.of(
                "the lattice",
                f"{self.n_nodes:,} nodes",
                f"of at most {_LARGEST:,}",
                "Ask for single nodes: .node({...}).",
            )
        return self._told(list(self._walk()))

    def _told(self, nodes: list[dict[str, Any]]) -> pd.DataFrame:
        import pandas as pd

        table = pd.DataFrame.from_records(nodes).sort_values(list(self.task.qi), ignore_index=True)
        return table[[*self.task.qi, "loss", "suppressed", "k", "classes", "feasible"]]

    def _walk(self) -> Iterator[dict[str, Any]]:
        """Yield all nodes, column by column: each node's classes are merged from those one column before."""
        rollup, coding = self._rollup, self.task.coding
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
        kept = classes.counts(persons_of(task.criterion), task.coding)[~violating]
        suppressed = int(classes.sizes[violating].sum())
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


class Survey:
    """All nodes of a lattice, judged in pieces: whoever has other work does it in between.

    Attributes
    ----------
    lattice : Lattice
    """

    def __init__(self, lattice: Lattice) -> None:
        self.lattice = lattice
        self._walk = lattice._walk()  # its own room
        self._judged: list[dict[str, Any]] = []

    def go_on(self, seconds: float) -> bool:
        """Judge nodes for so long; return whether all are."""
        end = time.monotonic() + seconds
        for node in self._walk:
            self._judged.append(node)
            if time.monotonic() > end:
                return len(self._judged) == self.lattice.n_nodes
        return True

    @property
    def judged(self) -> int:
        """How many nodes are judged."""
        return len(self._judged)

    def nodes(self, more: Sequence[Mapping[str, Any]] = ()) -> pd.DataFrame:
        """Return what `Lattice.nodes` does, of those that are judged, and of `more` that are judged elsewhere."""
        return self.lattice._told([*self._judged, *map(dict, more)])


def at_k(criterion: Criterion, k: int) -> Criterion:
    """Return a criterion with another k in each part that has one, all else as it is.

    Examples
    --------
    >>> from privkit import LDiversity
    >>> at_k(KAnonymity(5, unit="id", of=2) & LDiversity("ill", 2), 3)
    KAnonymity(3, unit='id', of=2) & LDiversity('ill', 2)
    >>> at_k(LDiversity("ill", 2), 3)
    LDiversity('ill', 2) & KAnonymity(3)
    """
    having = [part for part in criterion.parts if "k" in {field.name for field in fields(part)}]  # type: ignore[arg-type]
    if not having:
        return criterion & KAnonymity(k, persons_of(criterion))
    other = {part: replace(part, k=k) for part in having}  # type: ignore[type-var, call-arg]
    return all_of(*(other.get(part, part) for part in criterion.parts))


@typed
def lattice(
    data: Frame,
    qi: str | Sequence[str],
    criteria: Criterion | None = None,
    *,
    k: int | None = None,
    hierarchies: Mapping[str, object] | None = None,
    suppress: Share = 0.02,
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
    >>> searched = lattice(people, ["zip", "sex"], k=2, suppress=0)
    >>> searched.n_nodes, int(searched.nodes()["feasible"].sum())
    (10, 7)
    """
    task = prepare(
        data, qi, criteria, k=k, hierarchies=hierarchies, suppress=suppress, utility=utility, weights=weights, keep=(),
        levels=levels, unit=unit,
    )  # fmt: skip
    return Lattice(task, data)


def lattice_of(
    tally: Tally, *, k: int, hierarchies: Mapping[str, object], suppress: float = 0.02, unit: str | None = None
) -> Lattice:
    """Return the lattice of a table of which only the classes are known: it has no rows to `apply` a node to.

    Parameters
    ----------
    unit : str, optional
        The column of persons, where the tally counts them.

    Raises
    ------
    HierarchyError
    """
    import pandas as pd

    keys, rows = tally.keys, tally.sizes
    if unit is not None and (members := tally.members) is not None:
        keys, rows = keys.iloc[members.class_of].reset_index(drop=True), members.rows
        ids = pd.Series(members.ids, dtype="Int64")
        keys[unit] = ids.mask(ids < 0)
    classes: Any = Known(keys, rows)  # which a search takes in place of a frame
    return lattice(classes, list(tally.by), k=k, hierarchies=hierarchies, suppress=suppress, unit=unit)
