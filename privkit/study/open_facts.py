"""What only a person can say: the questions that stay open, and the answers, as a mapping or a TOML file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from privkit.errors import ParameterError
from privkit.errors.root import listed, type_told
from privkit.errors.study import DossierError
from privkit.study.written import writing

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


def read_answers(answers: object) -> dict[Any, Any]:
    """Return answers by the ids of their fields, from a mapping (nested or with dots) or a TOML file.

    Raises
    ------
    DossierError
        If the file is no TOML.
    FileError
        If it cannot be read.
    ParameterError

    Examples
    --------
    >>> read_answers({"registry": {"basic": {"data_curators": ["Ada"]}}, "nist.8": "nothing"})
    {'registry.basic.data_curators': ['Ada'], 'nist.8': 'nothing'}
    """
    if answers is None:
        return {}
    if isinstance(answers, Mapping):
        return dict(_flat(answers))
    if not isinstance(answers, str | os.PathLike):
        raise ParameterError.of("answers", type_told(answers), "a mapping of fields, or the path of a TOML file")
    place = Path(answers)
    with writing(place, "read"):
        text = place.read_bytes()
    try:
        return dict(_flat(tomllib.loads(text.decode("utf-8-sig"))))
    except (ValueError, RecursionError):  # its text quotes the file
        raise DossierError.of([f"The answers in {place.name!r} are no TOML."]) from None


def _flat(said: Mapping[Any, Any], before: str = "") -> Iterator[tuple[Any, Any]]:
    for name, value in said.items():
        whole = f"{before}.{name}" if before else name
        if isinstance(value, Mapping):
            yield from _flat(value, str(whole))
        else:
            yield whole, value
