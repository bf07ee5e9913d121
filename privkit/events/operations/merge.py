"""Merging events into coarser ones: totals per group, with a smallest group size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privkit.events.operations.operation import Operation, Problem, number, path_problems
from privkit.events.run.plain import Unfit, encoded, encoded_or_none, joined
from privkit.events.run.walk import Change, Step, parse_path, reader, values_at
from privkit.values.arguments import typed

if TYPE_CHECKING:
    from privkit.events.recipes.trace import Trace
    from privkit.events.run.run import Run


@dataclass(frozen=True)
class Merge(Operation):
    """Sums events up by group, and leaves small groups out."""

    by: tuple[str, ...]
    sums: tuple[tuple[str, str], ...]
    count: str | None
    at_least: int
    unit: str | None = None

    op = "merge"
    _of_events = True

    def targets(self) -> tuple[str, ...]:
        """Return the paths that it reads."""
        return (*self.by, *(path for _, path in self.sums))

    def reads(self) -> dict[str, str]:
        """Return the path of the persons."""
        return {} if self.unit is None else {"unit": self.unit}

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        for path in self.by:
            yield from path_problems("by", path)
        for name, path in self.sums:
            yield from path_problems("sum", path)
            if not isinstance(name, str) or not name:
                yield "sum", "needs a name for each total"
        if self.unit is not None:
            yield from path_problems("unit", self.unit)
        for path in filter(None, (*self.by, self.unit)):
            if isinstance(path, str) and "[]" in path:
                yield "by", f"{path!r} lies in a list; groups are told by fields of the event"
        if isinstance(self.at_least, bool) or not isinstance(self.at_least, int) or self.at_least < 1:
            yield "at_least", "must be a whole number from 1: the smallest group that is shown"
        count = [self.count] if self.count is not None else []
        names = [*self.by, *(name for name, _ in self.sums), *count]
        if len(set(names)) < len(names):
            yield "sum", "gives two fields of the merged event one name"
        if not self.sums and self.count is None:
            yield "sum", "or count is needed: what is told about a group?"

    def phrase(self) -> str:
        """Return what becomes of the events."""
        members = f"different {self.unit}" if self.unit else "events"
        totals = [f"the sum {name} of {path}" for name, path in self.sums]
        if self.count is not None:
            totals.append(f"the number of events {self.count}")
        groups = ", ".join(self.by) or "all events together"
        return (
            f"merged by {groups} into {', '.join(totals)}; groups of fewer than {self.at_least} {members} "
            "are left out; all other fields are dropped"
        )

    @property
    def _names_by(self) -> str:
        return "by"

    def _told_of_field(self) -> str:
        return "read for the merged events"

    def _follow(self, trace: Trace, place: str) -> None:
        names = [name for name, _ in self.sums if isinstance(name, str)]
        trace.merges(self.by, [*names, *([self.count] if isinstance(self.count, str) else [])])

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return no step: events are taken in, and totals come at the end."""
        return []

    def collector(self, run: Run, count: list[int]) -> Groups:
        """Return what takes the events in."""
        return Groups(self, run, count)


class Groups:
    """The groups while events come in. Memory grows with the groups, and with their persons where a unit is named."""

    def __init__(self, merge: Merge, run: Run, count: list[int]) -> None:
        self._merge, self._run, self._count = merge, run, count
        self._by = [reader(parse_path(path)) for path in merge.by]
        self._sums = [parse_path(path).steps for _, path in merge.sums]
        self._unit: Change | None = reader(parse_path(merge.unit)) if merge.unit is not None else None
        self._groups: dict[bytes, _Group] = {}

    def add(self, event: dict[str, Any]) -> None:
        """Take one event in.

        Raises
        ------
        Unfit
            If a group or a total cannot be told from it.
        """
        try:
            names = [read(event) for read in self._by]
            key = joined(encoded_or_none(name) for name in names)
            amounts = [_total(values_at(event, steps)) for steps in self._sums]
            who = None if self._unit is None else _person(self._unit(event))
        except Unfit as unfit:
            raise Unfit(f"merge({list(self._merge.by)}): {unfit}") from None
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(names, [0] * len(amounts))
        group.add(amounts, who)
        self._count[0] += 1

    def finish(self) -> tuple[list[dict[str, Any]], int]:
        """Return the merged events, ordered by group and not by appearance, and how many groups were left out."""
        shown = []
        for key in sorted(self._groups):
            group = self._groups[key]
            members = group.events if self._unit is None else len(group.persons)
            if members >= self._merge.at_least:
                shown.append(self._event(group))
        left_out = len(self._groups) - len(shown)
        self._groups.clear()
        return shown, left_out

    def _event(self, group: _Group) -> dict[str, Any]:
        event: dict[str, Any] = {}
        for path, name in zip(self._merge.by, group.names, strict=True):
            *above, last = parse_path(path).steps
            branch = event
            for step in above:
                branch = branch.setdefault(str(step), {})
            branch[str(last)] = name
        for (name, _), total in zip(self._merge.sums, group.sums, strict=True):
            event[name] = _plain(total)
        if self._merge.count is not None:
            event[self._merge.count] = group.events
        return event


class _Group:
    """One group: its names, totals, events and persons."""

    __slots__ = ("events", "names", "persons", "sums")

    def __init__(self, names: list[Any], sums: list[Any]) -> None:
        self.names, self.sums = names, sums
        self.events = 0
        self.persons: set[bytes] = set()

    def add(self, amounts: list[Any], who: bytes | None) -> None:
        self.events += 1
        self.sums = [total + amount for total, amount in zip(self.sums, amounts, strict=True)]
        if who is not None:
            self.persons.add(who)


def _total(values: list[Any]) -> Any:
    """Return the exact sum: whole numbers as they are, others as fractions, so that the order does not matter."""
    from fractions import Fraction

    total: Any = 0
    for value in values:
        if value is not None:
            amount = number(value)
            total += amount if isinstance(amount, int) else Fraction(str(amount))
    return total


def _plain(total: Any) -> int | float:
    return total if isinstance(total, int) else float(total)


def _person(value: Any) -> bytes | None:
    """Return who it is; events without a person add none, which can only understate a group."""
    return None if value is None else encoded(value)


@typed
def merge(
    *,
    by: str | Sequence[str] = (),
    sum: str | Sequence[str] | Mapping[str, str] = (),
    count: str | None = "events",
    at_least: int = 5,
    unit: str | None = None,
) -> Merge:
    """Merge events into coarser ones: totals per group, where the group is large enough.

    Everything that is not named is dropped. Totals are exact sums; a total of few or of one large member still tells
    about it, and comparing overlapping totals can tell more: publish counts and sums under differential privacy where
    that matters.

    Parameters
    ----------
    by : str or sequence of str
        The fields that make a group, outside lists; truncate and coarsen them before. None: all events together.
    sum : str, sequence of str, or mapping of str to str
        Fields that are summed over the group, lists included. A mapping gives the totals names; otherwise the last
        part of the path is the name.
    count : str or None
        The name of the field for the number of events; None leaves it out.
    at_least : int
        Groups with fewer events, or persons, are left out.
    unit : str, optional
        The field of the persons. `at_least` then counts different persons, since rows are not persons.

    Returns
    -------
    Merge

    Examples
    --------
    >>> from privkit import events as ev
    >>> recipe = ev.Recipe([ev.merge(by="day", sum={"sold": "lines[].n"}, count="orders", at_least=2)])
    >>> sales = [("Mo", [1, 2]), ("Mo", [3]), ("Tu", [9])]
    >>> recipe.apply([{"day": day, "lines": [{"n": n} for n in amounts]} for day, amounts in sales]).events
    [{'day': 'Mo', 'sold': 6, 'orders': 2}]
    """
    groups = (by,) if isinstance(by, str) else tuple(by)
    if isinstance(sum, Mapping):
        sums = tuple(sum.items())
    else:
        paths = [sum] if isinstance(sum, str) else list(sum)
        sums = tuple((str(path).rpartition(".")[2].removesuffix("[]"), path) for path in paths)
    return Merge(groups, sums, count, at_least, unit)
