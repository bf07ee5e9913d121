"""Requests of data subjects, with their clock: opened, due, extended, answered or refused (GDPR, Art. 12 and 15 to 22).

A request is known by its number, that of its entry in the ledger. Who asked is not stored: whoever answers keeps the
number beside the letter. What is stored of an answer are the names of the tables that were searched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.errors.study import RegisterError
from privkit.inventory.column_entry import day
from privkit.inventory.subject import ErasureReport, SubjectReport
from privkit.study.register import (
    ANSWER,
    EXTENSION,
    REFUSAL,
    REQUEST,
    Register,
    months_after,
    past_day,
    plain_number,
    today,
    told,
)
from privkit.values.arguments import public, words
from privkit.values.show import Shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.entry import Entry

#: What may be asked for → the article of the GDPR.
ARTICLES = {"access": 15, "correction": 16, "erasure": 17, "objection": 21}
#: Months to answer in, and with an extension (Art. 12(3)).
_MONTHS, _EXTENDED = 1, 3


@public
@dataclass(frozen=True, eq=False, repr=False)
class SubjectRequest(Shown):
    """A request of a data subject, as the register knows it. Says nothing of who it is.

    Attributes
    ----------
    id : int
        The number of its entry in the project's ledger.
    kind : str
        "access", "correction", "erasure" or "objection".
    received : datetime.date
    state : str
        "open", "answered" or "refused".
    extended : str
        Why two more months are needed; empty where they are not.
    ended : datetime.date or None
        When it was answered or refused.
    reason : str
        Why it was refused, or what is to be known of the answer.
    searched, not_searched : tuple of str
        The tables of the report that is kept as proof of the answer.
    """

    id: int
    kind: str
    received: date
    state: str = "open"
    extended: str = ""
    ended: date | None = None
    reason: str = ""
    searched: tuple[str, ...] = ()
    not_searched: tuple[str, ...] = ()

    @property
    def article(self) -> int:
        """The article of the GDPR."""
        return ARTICLES[self.kind]

    @property
    def due(self) -> date:
        """The last day to answer: one month after it was received, or three where it was extended (Art. 12(3))."""
        return months_after(self.received, _EXTENDED if self.extended else _MONTHS)

    @property
    def in_time(self) -> bool:
        """Whether it was ended by the day on which it was due; while it is open, whether that can still be done."""
        return (self.ended or today()) <= self.due


def requests_of(entries: Iterable[Entry]) -> dict[int, SubjectRequest]:
    """Return the requests that stand in a register, by their numbers, as later records left them."""
    found: dict[int, SubjectRequest] = {}
    for entry, record in told(entries, REQUEST, EXTENSION, ANSWER, REFUSAL):
        if record["what"] == REQUEST:
            if record["kind"] not in ARTICLES:
                raise ValueError
            found[entry.seq] = SubjectRequest(entry.seq, record["kind"], date.fromisoformat(record["received"]))
            continue
        known = found[record["request"]]
        if record["what"] == EXTENSION:
            found[known.id] = replace(known, extended=record["reason"])
            continue
        found[known.id] = replace(
            known,
            state="answered" if record["what"] == ANSWER else "refused",
            ended=date.fromisoformat(entry.time[:10]),
            reason=record["reason"],
            searched=tuple(record.get("searched", ())),
            not_searched=tuple(record.get("not_searched", ())),
        )
    return found


@public
class SubjectRequests(Register[SubjectRequest]):
    """What data subjects asked for, and until when they are to be answered. Get it from ``project.requests``."""

    _what = "request"

    @property
    def requests(self) -> tuple[SubjectRequest, ...]:
        """All requests, in order."""
        return self._all()

    def _read(self, entries: Iterable[Entry]) -> dict[int, SubjectRequest]:
        return requests_of(entries)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per request: `id`, `kind`, `article`, `received`, `due`, `state`, `ended`, `in_time`."""
        import pandas as pd

        names = ["id", "kind", "article", "received", "due", "state", "ended", "in_time"]
        return pd.DataFrame([[getattr(one, name) for name in names] for one in self.requests], columns=names)

    def due(self, on: date | str | None = None) -> tuple[SubjectRequest, ...]:
        """Return the open requests that are due by a day, the earliest first.

        Parameters
        ----------
        on : date or str, optional
            Today, in UTC, by default.

        Raises
        ------
        ParameterError
        """
        judged = today() if on is None else day(on, "on")
        found = [one for one in self.requests if one.state == "open" and one.due <= judged]
        return tuple(sorted(found, key=lambda one: one.due))

    def open(self, kind: str, *, received: date | str | None = None) -> SubjectRequest:
        """Open a request, whose clock runs from the day on which it was received. Write down its number, not here who.

        Parameters
        ----------
        kind : {"access", "correction", "erasure", "objection"}
        received : date or str, optional
            Today by default.

        Raises
        ------
        ParameterError
        """
        if not isinstance(kind, str) or kind not in ARTICLES:
            raise ParameterError.of(
                "kind", type_told(kind), f"one of {list(ARTICLES)}", "Example: project.requests.open('access')."
            )
        record = {"what": REQUEST, "kind": kind, "received": past_day(received, "received").isoformat()}
        return self[self.account.register(record, lambda _: None).seq]

    def extend(self, id: int, *, reason: str) -> SubjectRequest:
        """Extend a request by two further months; whoever asked must be told within the first one, with the reason.

        Parameters
        ----------
        id : int
        reason : str
            How many or how complex the requests are (Art. 12(3)). No name, and no value of anybody.

        Raises
        ------
        RegisterError
            If there is no such request, or it is extended, ended, or more than one month old.
        ParameterError
        """

        def check(known: SubjectRequest) -> str:
            if known.extended:
                return "is extended already"
            late = f"was due on {known.due}: an extension must be told within the first month (Art. 12(3))"
            return late if known.due < today() else ""

        return self._noted(id, {"what": EXTENSION, "reason": words(reason, "reason")}, check)

    def answer(self, id: int, *, proof: object = None, note: str = "") -> SubjectRequest:
        """Register that a request was answered.

        Parameters
        ----------
        id : int
        proof : SubjectReport or ErasureReport, optional
            What `find_subject` or `erase_subject` told of the tables: access needs the first, erasure the second or a
            search that finds nothing any more. The names of the tables are kept of it.
        note : str
            What else is to be known. No name, and no value of anybody.

        Raises
        ------
        RegisterError
            If there is no such request, it is ended, or the proof is missing or shows that it is not done.
        ParameterError
        """
        if proof is not None and not isinstance(proof, SubjectReport | ErasureReport):
            raise ParameterError.of("proof", type_told(proof), "what find_subject() or erase_subject() told")
        record = {"what": ANSWER, "reason": words(note, "note", needed=False), **_tables(proof)}
        return self._noted(id, record, lambda known: _unproved(known.kind, proof))

    def refuse(self, id: int, *, reason: str) -> SubjectRequest:
        """Register that a request was refused; whoever asked must be told why, and where to complain (Art. 12(4)).

        Parameters
        ----------
        id : int
        reason : str
            No name, and no value of anybody.

        Raises
        ------
        RegisterError
            If there is no such request, or it is ended.
        ParameterError
        """
        return self._noted(id, {"what": REFUSAL, "reason": words(reason, "reason")}, lambda _: "")

    def _noted(self, id: int, record: dict[str, Any], unfit: Any) -> SubjectRequest:
        """Note something of an open request, unless `unfit` says why it cannot be."""

        def check(entries: Sequence[Entry]) -> None:
            known = self._one(entries, id)
            why = f"is {known.state} already" if known.state != "open" else unfit(known)
            if why:
                raise RegisterError.unfit("request", known.id, why)

        self.account.register({**record, "request": plain_number(id)}, check)
        return self[id]


def _tables(proof: SubjectReport | ErasureReport | None) -> dict[str, list[str]]:
    if proof is None:
        return {}
    searched = proof.removed if isinstance(proof, ErasureReport) else proof.searched
    return {"searched": list(searched), "not_searched": list(proof.not_searched)}


def _unproved(kind: str, proof: SubjectReport | ErasureReport | None) -> str:
    """Return what a request of this kind lacks to be answered; empty where nothing does."""
    if kind == "access" and not isinstance(proof, SubjectReport):
        return "needs proof=find_subject(tables, id): that all tables were searched"
    if kind == "erasure" and proof is None:
        return "needs proof=erase_subject(tables, id, on=...), or a search that finds nothing any more"
    if kind == "erasure" and isinstance(proof, SubjectReport) and proof.found:
        return "is not done: by its proof the person still stands in a table"
    return ""
