"""What a recipe did, and how exposed its result is, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd

    from privkit.events.engine import Account
    from privkit.events.recipe import Recipe


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
