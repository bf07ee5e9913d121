"""What a call takes from the project's public facts where it says nothing itself.

What is said in the call wins. Facts are looked up in the ledger only where something was left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from privkit.dp.answers.release import Release
from privkit.dp.question import PublicSource
from privkit.dp.statistics.histogram import bin_edges
from privkit.dp.statistics.quantile import public_candidates
from privkit.errors import KeysError, NoProjectError, NotPublicError, ParameterError
from privkit.errors.disclosure import LevelsError
from privkit.errors.root import type_told
from privkit.project.current import current_project
from privkit.values.bounds import value_bounds
from privkit.values.expression.days import is_day
from privkit.values.vouched import PublicValues, vouched

if TYPE_CHECKING:
    from privkit.project.facts import Fact, PublicFacts
    from privkit.values.bounds import ValueBounds
    from privkit.values.expression.selection import Selection


class Known:
    """The public facts that one call may use, and the record of those that it does.

    Parameters
    ----------
    asking : Mapping
        The call's shared arguments: its project is the one whose facts count.
    """

    def __init__(self, asking: Mapping[str, Any]) -> None:
        self._project = asking.get("project")
        self._sources: dict[tuple[str, str], PublicSource] = {}

    @property
    def sources(self) -> tuple[PublicSource, ...]:
        """Where public values come from that were not typed out in the call, in the order in which they were asked."""
        return tuple(self._sources.values())

    @cached_property
    def _facts(self) -> PublicFacts | None:
        try:
            project = current_project() if self._project is None else self._project
        except NoProjectError:  # told where the call needs one
            return None
        facts: PublicFacts | None = getattr(project, "facts", None)
        return facts

    def _fact(self, column: str, kind: str) -> Fact | None:
        return None if self._facts is None else self._facts.find(column, kind)

    def declares(self, kind: str, column: str) -> bool:
        """Return whether the project declares a fact of this kind (bounds, keys, bins, candidates) of a column."""
        return self._fact(column, kind) is not None

    def days(self, column: str, given: Mapping[str, object]) -> dict[str, Any] | None:
        """Return the windows of a histogram of dates; None where nothing tells that its bins are of dates.

        Parameters
        ----------
        column : str
        given : Mapping
            What the call says: `bins`, `every`, `start`, `end`.

        Returns
        -------
        dict or None
            `edges`, or `every`, `start` and `end`. Declared bounds of dates stand for the first and the last day.
        """
        calendar = {name: given[name] for name in ("every", "start", "end")}
        bins, reason = vouched(given["bins"])
        if any(one is not None for one in calendar.values()):
            if bins is not None:
                raise ParameterError.together(
                    ("bins", *calendar), "give bins=, or in its place every=, start= and end=."
                )
            return self._span(column, calendar)
        if isinstance(bins, list | tuple) and bins and all(is_day(edge) for edge in bins):
            self.vouched("bins", column, reason)
            return {"edges": bins}
        fact = self._fact(column, "bins") if bins is None else None
        if fact is None or not isinstance(fact.value[0], date):
            return None
        self._used(fact)
        return {"edges": list(fact.value)}

    def _span(self, column: str, calendar: dict[str, Any]) -> dict[str, Any]:
        fact = self._fact(column, "bounds") if None in (calendar["start"], calendar["end"]) else None
        if fact is None or not isinstance(fact.value[0], date):
            return calendar
        self._used(fact)
        ends = [one.date() if isinstance(one, datetime) else one for one in fact.value]
        first, last = (calendar["start"], calendar["end"])
        return {**calendar, "start": ends[0] if first is None else first, "end": ends[1] if last is None else last}

    def dates(self, column: str, bounds: object, candidates: object) -> tuple[object, object]:
        """Return the bounds and the candidates of a quantile of dates, one of which is None.

        Of two facts the candidates count, as of numbers.
        """
        if bounds is None and candidates is None:
            for kind in ("candidates", "bounds"):
                if (fact := self._fact(column, kind)) is not None:
                    self._used(fact)
                    return (None, list(fact.value)) if kind == "candidates" else (fact.value, None)
        for kind, given in (("bounds", bounds), ("candidates", candidates)):
            self.vouched(kind, column, vouched(given)[1])
        return vouched(bounds)[0], vouched(candidates)[0]

    def _used(self, fact: Fact) -> None:
        self._sources[fact.kind, fact.column] = fact.source

    def vouched(self, kind: str, column: str, reason: str | None) -> None:
        """Record why a public value of the call is public, where a reason was given."""
        if reason is not None:
            self._sources[kind, column] = PublicSource(kind, column, reason=reason)

    def bounds(self, column: str, given: object, argument: str = "bounds") -> ValueBounds:
        """Return the bounds of a column's values: those of the call, else the project's fact.

        Raises
        ------
        ValueBoundsRequiredError, ValueBoundsError, NotPublicError
        """
        if given is None and argument == "bounds" and (fact := self._fact(column, "bounds")) is not None:
            self._used(fact)
            return value_bounds(fact.value, column)
        found = value_bounds(given, column, argument)
        self.vouched(argument, column, found.reason)
        return replace(found, reason=None)

    def bins(self, column: str, given: object) -> tuple[float, ...]:
        """Return the edges of a histogram's bins.

        Raises
        ------
        ParameterError, NotPublicError
        """
        if given is None and (fact := self._fact(column, "bins")) is not None:
            self._used(fact)
            return bin_edges(fact.value)
        self.vouched("bins", column, vouched(given)[1])
        return bin_edges(given)

    def candidates(self, column: str, bounds: object, candidates: object) -> tuple[float, ...]:
        """Return a quantile's candidates, or those within its bounds; of two facts the candidates count.

        Raises
        ------
        ValueBoundsRequiredError, ValueBoundsError, ParameterError, NotPublicError
        """
        if bounds is None and candidates is None:
            if (fact := self._fact(column, "candidates")) is not None:
                self._used(fact)
                return public_candidates(None, fact.value, column)
            return public_candidates(self.bounds(column, None), None, column)
        if candidates is None:
            return public_candidates(self.bounds(column, bounds), None, column)
        self.vouched("candidates", column, vouched(candidates)[1])
        return public_candidates(bounds, candidates, column)

    def keys(
        self, columns: Sequence[str], given: object, selected: Selection | None = None, *, declared: bool = True
    ) -> object:
        """Return the keys of a call, completed by labels that derived columns bring, and by facts of the others.

        An earlier release stands for the keys that it has: they are public, since they were released.

        Parameters
        ----------
        columns : sequence of str
        given : object
            What the call says.
        selected : Selection, optional
        declared : bool
            Whether facts count: not where groups shall show up by themselves.
        """
        if given is None and not columns:
            return None
        if isinstance(given, PublicValues) and isinstance(given.values, Release):
            given = given.values
        if isinstance(given, Release):
            return self._released(given)
        if given is not None and not isinstance(given, Mapping):
            self.vouched("keys", ", ".join(columns), vouched(given)[1])
            return given
        said: dict[Any, Any] = dict(given or {})
        for name, part in said.items():
            self.vouched("keys", str(name), vouched([part])[1] if isinstance(part, PublicValues) else None)
        labels = {
            name: found for name in columns if selected is not None and (found := selected.labels(name)) is not None
        }
        left = [name for name in columns if name not in said and name not in labels]
        facts = {name: fact for name in left if declared and (fact := self._fact(name, "keys")) is not None}
        complete = {**{name: list(found) for name, found in labels.items()}, **said}
        if len(facts) < len(left) or complete.keys() | facts.keys() != set(columns) or not columns:
            return given
        for fact in facts.values():
            self._used(fact)
        return {**complete, **{name: list(fact.value) for name, fact in facts.items()}}

    def levels(self, names: Sequence[str], given: object, selected: Selection) -> dict[str, object]:
        """Return the keys of each column by itself, None where nothing tells them: as :meth:`keys` does for several.

        Parameters
        ----------
        names : sequence of str
        given : object
            What the call says: a dict, a release by some of the columns, or for one column its list.
        selected : Selection

        Raises
        ------
        LevelsError, NotPublicError
        """
        if isinstance(given, PublicValues) and isinstance(given.values, Mapping):
            given, reason = vouched(given)
            self.vouched("keys", ", ".join(names), reason)
        bare = given.values if isinstance(given, PublicValues) else given
        if isinstance(bare, Release):
            said: dict[Any, Any] = dict.fromkeys(bare.plan.question.by, given)
        elif isinstance(given, Mapping):
            said = dict(given)
        elif given is None:
            said = {}
        elif hasattr(given, "dtype") or hasattr(given, "columns"):
            raise NotPublicError.of("keys", type(given).__name__)
        elif len(names) == 1:
            said = {names[0]: given}
        else:
            raise LevelsError.shape(f"as {type_told(given)}", "a dict with a list for each column")
        if unknown := [name for name in said if name not in names]:
            raise LevelsError.unknown(unknown)
        return {name: self.keys((name,), said.get(name), selected) for name in names}

    def _released(self, release: Release) -> object:
        keys = release.plan.question.keys
        if keys is None:
            raise KeysError.shape("as a release without groups", "a release by groups, a list, or a dict of lists")
        place = release.provenance
        self.vouched("keys", ", ".join(keys.by), f"released as entry {place.entry} of project {place.project!r}")
        return keys
