"""What a recipe gives back: the events in the shape in which they came, and an account of what was done.

What a recipe did, and how exposed its result is, in figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from privkit.events.run.exposure import EventsReport, RuleCount, reported, rule_counts
from privkit.values.arguments import public
from privkit.values.show import Attackable, Shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.events.recipes.recipe import Recipe
    from privkit.events.run.closures import Account, SetApart


#: Rules that change no value, or count events.
_UNCOUNTED = ("keep", "sample", "merge")


@public
@dataclass(frozen=True, eq=False, repr=False)
class EventsResult(Attackable, Shown):
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
    #: What was done with fields without a rule.
    _unmatched: str = field(default="refuse", repr=False)

    _attacked_in: ClassVar[str] = "event_halves"

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
    def idle(self) -> tuple[RuleCount, ...]:
        """The rules that should change values and met none: nothing was there, or a path is mistyped."""
        met = self.account.n_in and self.account.complete
        return tuple(rule for rule in self.rules if not rule.count and rule.op not in _UNCOUNTED) if met else ()

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
        return reported(self, qi, register=register, on=on, on_before=on_before, before=before)

    @property
    def can_be_read_again(self) -> bool:
        """Whether the events are there to be looked at, and not an iterator."""
        return not isinstance(self.events, Iterator)

    @property
    def file(self) -> Path | None:
        """The file that was written, if one was."""
        return self.events if isinstance(self.events, Path) else None
