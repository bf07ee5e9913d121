"""What leaves with a table that was changed, beside the columns that somebody looked at: by the audit's judgement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from privkit.inventory.column_names import DIRECT, OTHER, QUASI, SENSITIVE, said_by
from privkit.inventory.column_roles import propose_all
from privkit.tally.columns.facts import ColumnFacts, all_columns, column_facts, few_rows, index_tells

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Rows that are looked at: enough to tell what a column is.
_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Leaving:
    """The columns that leave with a table as they are, by their proposed roles. No value is held.

    Attributes
    ----------
    direct, quasi, sensitive, other : tuple of str
    index : bool
        Whether the index of a pandas frame leaves as well, and holds more than numbers of rows.
    looked : bool
        Whether some values were looked at; else names alone were.
    """

    direct: tuple[str, ...]
    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    other: tuple[str, ...]
    index: bool
    looked: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.direct, *self.quasi, *self.sensitive, *self.other)


def leaving(data: object, used: Collection[str], *, units: Collection[str] = ()) -> Leaving:
    """Tell what a table holds beside the columns that a goal is about.

    Names, and a bounded look at values, judged as `audit` does; that a column tells nearly every row apart is judged by
    all its rows. Of a lazy frame the names alone. Reads rows; spends nothing.

    Parameters
    ----------
    data : dataframe
    used : collection of str
        Columns that somebody looks after: they were generalized, or are in the goal.
    units : collection of str
        Columns that are known to be ids of persons.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"name": ["Ann Lee", "Bo Day"], "age": ["20-29", "20-29"], "town": ["Rome", "Bern"]})
    >>> found = leaving(people, ["age"])
    >>> found.direct, found.quasi
    (('name',), ('town',))
    """
    names = all_columns(data)
    beside = [name for name in names if name not in used]
    some, whole = few_rows(data, beside, _ROWS)
    facts = () if some is None else column_facts(some, beside, look=said_by)
    looked = {one.name: one for one in facts}
    roles = _roles(names, looked)
    codes = [] if whole else [name for name in looked if roles[name] == (DIRECT, "unique code")]
    if codes:  # in a sample, what repeats may seem to be unique
        looked |= {one.name: one for one in column_facts(data, codes, look=said_by)}
        roles = _roles(names, looked)
    roles |= dict.fromkeys(units, (DIRECT, ""))

    def of(role: str) -> tuple[str, ...]:
        return tuple(name for name in beside if roles[name][0] == role)

    return Leaving(of(DIRECT), of(QUASI), of(SENSITIVE), of(OTHER), index_tells(data), some is not None)


def _roles(names: Sequence[str], looked: dict[str, ColumnFacts]) -> dict[str, tuple[str, str]]:
    """Return the role of each column, and what it seems to be; what was not looked at is judged by its name."""
    table = [looked.get(name) or ColumnFacts(name, "", "any", 0, left_out="its name alone") for name in names]
    return {facts.name: (one.role, one.what) for facts, one in zip(table, propose_all(table), strict=True)}
