"""What the owner of a table has not said of its columns, and must be asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from privkit.errors.root import listed

if TYPE_CHECKING:
    from privkit.inventory.column_entry import ColumnEntry

_ASKS = {
    "purpose": "What are these columns needed for",
    "legal_basis": "On what legal basis are these columns held",
    "retention": "Until when may these columns be kept",
}
#: So many columns are named where a paper must stay one page; the inventory has them all.
_FEW = 8
_MORE = {
    "source": "Where do these columns come from: the persons themselves, or whom else",
    "recipients": "Who receives these columns, if anybody",
    "stored": "Where are these columns stored",
    "access": "Who has access to these columns",
}


class Open(NamedTuple):
    """A question that stays open: how it is called, and what is asked."""

    id: str
    ask: str


def open_facts(entries: Iterable[ColumnEntry], *, every: bool = False) -> Iterator[Open]:
    """Yield what the owner has not said of columns: of those that tell persons, what each must have; or all of all.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.inventory.audit import audit
    >>> found = audit(pd.DataFrame({"email": ["a@x.org"], "spend": [3]})).assign("email", purpose="letters")
    >>> next(open_facts(found)).id, next(open_facts(found, every=True))
    ('inventory.legal_basis', Open(id='inventory.purpose', ask="What are these columns needed for: 'spend'?"))
    """
    known = [entry for entry in entries if every or entry.personal]
    for fact, ask in {**_ASKS, **(_MORE if every else {})}.items():
        if names := [entry.name for entry in known if not getattr(entry, fact)]:
            shown = listed(names if not every or len(names) <= _FEW else names[:_FEW])
            more = f" and {len(names) - _FEW:,} more" if every and len(names) > _FEW else ""
            yield Open(f"inventory.{fact}", f"{ask}: {shown}{more}?")
