"""What a recipe gives back: the events in the shape in which they came, and an account of what was done.

What a recipe did, and how exposed its result is, in figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.values.show import Plotted, Shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.events.recipes.recipe import Recipe
    from privkit.events.run.closures import Account, SetApart


@dataclass(frozen=True)
class RuleCount:
    """What one rule did.

    Attributes
    ----------
    number : int
        Its place in the recipe, from 0.
    op : str
        Its name.
    paths : tuple of str
        The fields.
    count : int
        How many values it touched; of sampling and merging, how many events.
    """

    number: int
    op: str
    paths: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Linked:
    """How records meet a register.

    Attributes
    ----------
    none, one, several : int
        Records that meet nobody, exactly one person, or several persons of the register.
    """

    none: int
    one: int
    several: int


@dataclass(frozen=True)
class Exposure:
    """How exposed events are, before or after a recipe.

    Attributes
    ----------
    qi : tuple of str
        The columns that others may know.
    n_events, k, n_unique : int
        Events; the smallest number that share their quasi-identifiers; events that share them with no other.
    n_persons, k_persons, n_alone : int or None
        Persons; the smallest number of persons in one class; classes that hold one person alone.
    n_unique_persons : int or None
        Persons whose whole set of records no other person has.
    linked : Linked or None
        How the events meet the register.
    linked_persons : Linked or None
        How the persons do: one where some of their events meet exactly one, and all of these the same.
    """

    qi: tuple[str, ...]
    n_events: int
    k: int
    n_unique: int
    n_persons: int | None = None
    k_persons: int | None = None
    n_alone: int | None = None
    n_unique_persons: int | None = None
    linked: Linked | None = None
    linked_persons: Linked | None = None


@dataclass(frozen=True, repr=False)
class EventsReport(Plotted):
    """What a recipe did, and how exposed its result is. Exact, for the owner's eyes; no release.

    Attributes
    ----------
    recipe, version : str
        The recipe.
    n_in, n_out, n_apart, n_sampled_out, n_merged, n_groups_left_out : int
        Events that came in, went out, were set apart, were dropped by sampling, went into groups; groups left out.
    rules : tuple of RuleCount
        What each rule touched.
    unmatched : tuple of str
        Fields without a rule that were met.
    before, after : Exposure or None
        Of the input, where it can be read again, and of the result.
    warnings : tuple of str
        What may still identify persons, or was left undone.
    """

    recipe: str
    version: str
    n_in: int
    n_out: int
    n_apart: int
    n_sampled_out: int
    n_merged: int
    n_groups_left_out: int
    rules: tuple[RuleCount, ...]
    unmatched: tuple[str, ...]
    before: Exposure | None
    after: Exposure | None
    warnings: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per rule: `rule`, `paths`, `count`."""
        import pandas as pd

        rows = [{"rule": rule.op, "paths": ", ".join(rule.paths), "count": rule.count} for rule in self.rules]
        return pd.DataFrame(rows, columns=["rule", "paths", "count"])


def rule_counts(recipe: Recipe, account: Account) -> tuple[RuleCount, ...]:
    """Return what each rule touched."""
    return tuple(
        RuleCount(number, operation.op, tuple(operation.targets()), count[0])
        for number, (operation, count) in enumerate(zip(recipe.operations, account.rules, strict=True))
    )


@dataclass(frozen=True, eq=False, repr=False)
class EventsResult(Shown):
    """The events after a recipe.

    Attributes
    ----------
    recipe : Recipe
        What was applied.
    events : list, iterator, Path or frame
        In the shape of the input; of a file the path of the output.
    account : Account
        What was counted; of an iterator so far.
    """

    recipe: Recipe
    events: Any
    account: Account
    source: Any = field(default=None, repr=False)
    subject: str | None = None

    @property
    def n_in(self) -> int:
        """How many events came in."""
        return self.account.n_in

    @property
    def n_out(self) -> int:
        """How many events went out."""
        return self.account.n_out

    @property
    def quarantined(self) -> tuple[SetApart, ...]:
        """The events that were set apart (the first thousand): their numbers and why, without a value."""
        return tuple(self.account.apart)

    @property
    def rules(self) -> tuple[RuleCount, ...]:
        """What each rule touched."""
        return rule_counts(self.recipe, self.account)

    def to_frame(self) -> pd.DataFrame:
        """Return the events as a flat pandas frame: one row per event, dotted columns. Lists become JSON text."""
        from privkit.events.run.flatten import flatten

        return flatten(self.events)

    def report(
        self,
        qi: str | Sequence[str] | None = None,
        *,
        register: object = None,
        on: Mapping[str, str] | None = None,
        on_before: Mapping[str, str] | None = None,
        before: bool = True,
    ) -> EventsReport:
        """Tell what was touched, and how exposed the result is: k, uniques, links to a register, identifiers left.

        Exact, for the owner's eyes; reads rows, spends nothing. Files are read whole.

        Parameters
        ----------
        qi : str or sequence of str, optional
            The quasi-identifiers: flat columns of the result, as ``"shipping.zip"``. By default every column but the
            keyed tokens and numbers that the recipe made.
        register : dataframe, optional
            A list of named persons to link with.
        on : mapping of str to str, optional
            Which column of the result meets which of the register.
        on_before : mapping of str to str, optional
            The same for the input, where values were other ones; by default `on`, if no rule changes its fields.
        before : bool
            Whether to look at the input too, where it can be read again.

        Returns
        -------
        EventsReport

        Raises
        ------
        ColumnNotFoundError, ParameterError

        Examples
        --------
        >>> from privkit import events as ev
        >>> recipe = ev.Recipe([ev.drop("to"), ev.coarsen("zip", prefix=2)])
        >>> result = recipe.apply([{"to": "Ada", "zip": "8004"}, {"to": "Bob", "zip": "8005"}], subject="to")
        >>> report = result.report()
        >>> report.before.k, report.after.k, report.after.k_persons
        (1, 2, 2)
        """
        # Joins several rooms, so it lives above this one and is loaded by name, as the views are.
        check = import_module("privkit.study.events_check")
        report: EventsReport = check.report(self, qi, register=register, on=on, on_before=on_before, before=before)
        return report

    @property
    def can_be_read_again(self) -> bool:
        """Whether the events are there to be looked at, and not an iterator."""
        return not isinstance(self.events, Iterator)

    @property
    def file(self) -> Path | None:
        """The file that was written, if one was."""
        return self.events if isinstance(self.events, Path) else None
