"""Questions: what is asked, as frozen values that hold no data; who vouched for it; and what was asked before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from privkit.dp.dates import notes_of_moments
from privkit.tally.frame import engine_of
from privkit.values.bounds import ContributionBounds
from privkit.values.expression.nodes import Literal, normal
from privkit.values.expression.selection import Selection
from privkit.values.frozen import PickledByFields
from privkit.values.keys import Keys
from privkit.values.unit import PrivacyUnit

if TYPE_CHECKING:
    from privkit.dp.measurement import Sensitivity
    from privkit.dp.statistics.statistic import Statistic
    from privkit.tally.cells.cells import Kind
    from privkit.tally.engines.contract import Engine


#: Nothing is filtered, derived or replaced.
EVERY_ROW = Selection()


@dataclass(frozen=True)
class Question(PickledByFields):
    """A statistic, in all or by public keys, each person within contribution bounds.

    Attributes
    ----------
    asked : Statistic
        What is asked of each group.
    unit : PrivacyUnit
        Whom the answer protects.
    bounds : ContributionBounds
        How much of one person counts.
    keys : Keys or None
        The groups; None for one total.
    selected : Selection
        Derived columns, a filter, and what stands for missing: row by row, before anything is bounded.
    dates : Kind or None
        The kind of the column of dates whose counts are asked of, where the answer is one of them.
    """

    asked: Statistic
    unit: PrivacyUnit
    bounds: ContributionBounds
    keys: Keys | None = None
    selected: Selection = EVERY_ROW
    dates: Kind | None = None

    @property
    def statistic(self) -> str:
        """The statistic's name."""
        return self.asked.main

    @cached_property
    def by(self) -> tuple[str, ...]:
        """The columns of the groups."""
        return self.asked.shows if self.keys is None else self.keys.by

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column that the statistic reads, derived ones included."""
        return tuple(dict.fromkeys((*self.by, *self.asked.read, *self.unit.columns)))

    @property
    def who(self) -> PrivacyUnit | None:
        """The unit by which rows are bounded; None where no id tells persons apart."""
        return None if self.unit.is_row else self.unit

    @property
    def unused(self) -> tuple[str, ...]:
        """The derived columns, and those with a value for missing, of which nothing of the question makes use."""
        less = self.selected.used_by(self.columns)
        named = (*self.selected.derived, *(name for name, _ in self.selected.missing))
        return tuple(name for name in dict.fromkeys(named) if name not in (*less.derived, *dict(less.missing)))

    @property
    def missing_groups(self) -> tuple[str, ...]:
        """The columns of groups of which missing values make a group: of a key with None, or where groups show up."""
        if self.keys is None:
            return self.by or self.asked.missing_kept
        return tuple(name for place, name in enumerate(self.by) if any(key[place] is None for key in self.keys.values))

    @cached_property
    def frame_columns(self) -> tuple[str, ...]:
        """Every column of the frame that the answer depends on."""
        own = (name for name in self.columns if name not in self.selected.derived)
        return tuple(dict.fromkeys((*own, *self.selected.columns)))

    def rows(self, data: object) -> Engine:
        """Return the selected rows with the columns that the statistic reads. Reads rows."""
        engine = engine_of(data)
        return engine.selected(self.selected, self.columns) if self.selected else engine

    @property
    def groups(self) -> int:
        """How many groups are answered."""
        return 1 if self.keys is None else len(self.keys)

    @property
    def cells(self) -> int:
        """How many answers there are: one for each group, or the cells of all tables."""
        return self.asked.cells(self)

    @property
    def shown(self) -> Keys | None:
        """The keys by which the answers are shown: the groups, or of several tables the cells of all; None for one."""
        return self.asked.shown_keys(self)

    @cached_property
    def sensitivity(self) -> Sensitivity:
        """How far one person moves the integers that get noise."""
        return self.asked.sensitivity(self)

    def notes(self) -> tuple[str, ...]:
        """Return what a careful reader of the answer should know; of counts of dates, as dates."""
        told = self.asked.notes(self.selected, self.dates)
        filled = {name: normal(Literal(value)).text() for name, value in self.selected.missing if value is not None}
        counted = (f"missing values of {name!r} count as {value}" for name, value in filled.items())
        moments = () if self.keys is None else notes_of_moments(self.keys)
        return (*told, *counted, *self.asked.along(), *moments)

    def canonical(self) -> dict[str, Any]:
        """Return the question as JSON values, the same for every way of asking the same."""
        return {
            **self.asked.canonical(),
            "by": list(self.by),
            "keys": None if self.keys is None else self.keys.canonical(),
            "keys_reason": None if self.keys is None else self.keys.reason,
            "unit": self.unit.recorded,
            **({"unit_window": [self.unit.per, self.unit.time]} if self.unit.per else {}),
            "max_rows": self.bounds.max_rows,
            "max_groups": self.bounds.max_groups,
            "per_group": self.bounds.per_group,
            **({"selected": self.selected.canonical()} if self.selected else {}),
            **({"dates": [self.dates.name, self.dates.unit, self.dates.zone]} if self.dates is not None else {}),
        }

    def __str__(self) -> str:
        """Return the question in words."""
        where = "" if self.selected.where is None else f" where {self.selected.where}"
        keys = self.asked.told_keys(self)
        if keys is None:
            return f"{self.asked}{where}"
        noun = "found group" if keys.told else "key"
        told = f"({len(keys):,} {noun if len(keys) == 1 else noun + 's'})"
        return f"{self.asked} by {', '.join(keys.by)} {told}{where}"


def fetched(data: object, question: Question) -> tuple[str, ...] | None:
    """Say what leaves a lazy engine, beside groups and their counts; None for a frame whose rows lie here.

    Reads the schema, never a row: a filter of a lazy engine is planned, not run.

    Parameters
    ----------
    data : dataframe

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.dp.statistics.counts import Count
    >>> from privkit.dp.question import Question
    >>> from privkit.values.bounds import ONE_ROW
    >>> from privkit.values.unit import ROW
    >>> fetched(pd.DataFrame({"x": [1]}), Question(Count(), ROW, ONE_ROW)) is None
    True
    """
    if type(data).__module__.startswith("pandas"):  # asked of each plan, so the commonest case is the quickest
        return None
    if not (engine := engine_of(data)).is_lazy:
        return None
    chosen = question.rows(engine)
    told = getattr(chosen, "fetches", None)
    if told is None:  # it does not say
        return None
    return tuple(dict.fromkeys(words for read in question.asked.reads(question) for words in told(*read)))


@dataclass(frozen=True, slots=True)
class PublicSource:
    """Who says that values of a question are public.

    Attributes
    ----------
    what : str
        "bounds", "keys", "bins", "candidates" or "person_bounds".
    column : str
    entry : int or None
        Of a declared fact: where it stands in the ledger.
    analyst, time : str
        Of a declared fact: who declared it, and when.
    reason : str or None
        Why they are public, where it was said.
    after_check : bool
        Whether a fact was declared after somebody had checked a plan of its column (``plan.check``): it may have been
        read from the rows.

    Examples
    --------
    >>> str(PublicSource("bounds", "age", entry=1, analyst="ada", time="2026-11-29T10:00:00Z"))
    "bounds of 'age' (declared by ada on 2026-11-29, entry 1)"
    >>> str(PublicSource("keys", "zip", reason="list of the post office"))
    "keys of 'zip' (vouched for in the call: list of the post office)"
    """

    what: str
    column: str
    entry: int | None = None
    analyst: str = ""
    time: str = ""
    reason: str | None = None
    after_check: bool = False

    def __str__(self) -> str:
        """Return it in words."""
        why = "" if self.reason is None else f": {self.reason}"
        if self.entry is None:
            return f"{self.what} of {self.column!r} (vouched for in the call{why})"
        return f"{self.what} of {self.column!r} ({self.declared})"

    @property
    def declared(self) -> str:
        """Who declared a fact, when, where it stands in the ledger, and why; in words."""
        why = "" if self.reason is None else f": {self.reason}"
        late = ", after a check of its rows" if self.after_check else ""
        return f"declared by {self.analyst} on {self.time[:10]}, entry {self.entry}{late}{why}"

    def canonical(self) -> dict[str, object]:
        """Return it as JSON values, for the ledger's record of the question."""
        told: dict[str, object] = {"what": self.what, "column": self.column, "entry": self.entry}
        told |= {"reason": self.reason, "after_check": self.after_check or None}
        return {name: value for name, value in told.items() if value is not None}


class Standing(NamedTuple):
    """What became of a question that was asked before.

    Attributes
    ----------
    entry : int
        Of the ledger.
    replays : bool
        Whether its answer is replayed at no cost; else the question was asked of other data, and is charged.
    unchanged : tuple of str
        Where the answer is to a frame of fewer columns, or in another order: those columns, which are unchanged.
    """

    entry: int
    replays: bool
    unchanged: tuple[str, ...] = ()
