"""A board for the beamer: who of a class asked, what is left, whose median is nearest."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING

from privkit.budget.ledger import Ledger
from privkit.dp.recorded import recorded_candidates, recorded_number
from privkit.dp.statistics.quantile import public_candidates
from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.errors.root import close_matches, type_told
from privkit.project.ledger_view import describe
from privkit.teach.roster import account_of, seats_of
from privkit.values.arguments import public, typed
from privkit.values.loss import PrivacyLoss
from privkit.values.show import Shown

if TYPE_CHECKING:
    import os

    import pandas as pd

    from privkit.budget.account import Account

#: How a question for a median is told.
_MEDIAN = "median of "


@public
@dataclass(frozen=True, slots=True)
class Seat:
    """How it goes for one student.

    Attributes
    ----------
    name : str
    spent, left : PrivacyLoss
        Of the student's own allotment; never more left than the class has.
    answers : int
        How many of the student's questions were charged.
    column : str or None
        Of which column the last median is that the student bought, of those whose exact value was given, and that
        were looked for between the bounds of the class where these are given.
    median, off : float or None
        That median, and by how much it is off.
    """

    name: str
    spent: PrivacyLoss
    left: PrivacyLoss
    answers: int
    column: str | None = None
    median: float | None = None
    off: float | None = None


@public
@dataclass(frozen=True, slots=True, repr=False)
class Board(Shown):
    """How it goes for a class, at one moment. Get it from :func:`board`.

    Attributes
    ----------
    project : str
    budget, spent, left : PrivacyLoss
        Of all together; what is being measured now counts as spent.
    students : int
        How many are in the class.
    seats : tuple of Seat
        Those who asked: nearest first, then by name.
    strangers : tuple of str
        Who was charged and is not in the class.
    unasked : tuple of str
        Columns whose truth is given and whose median nobody has asked for.
    apart : tuple of str
        Students whose median was looked for between other bounds than those of the class, and is not compared.
    mixed : tuple of str
        Columns whose medians are compared although they were looked for between different bounds.
    """

    project: str
    budget: PrivacyLoss
    spent: PrivacyLoss
    left: PrivacyLoss
    students: int
    seats: tuple[Seat, ...]
    strangers: tuple[str, ...]
    unasked: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a frame with a row per student who asked; amounts are floats, for reading."""
        import pandas as pd

        heads = ["student", "spent", "left", "answers", "column", "median", "off"]
        rows = [
            (one.name, float(one.spent.main), float(one.left.main), one.answers, one.column, one.median, one.off)
            for one in self.seats
        ]
        return pd.DataFrame(rows, columns=heads)


@typed
def board(
    name: str = "class",
    *,
    store: str | os.PathLike[str] | None = None,
    truth: Mapping[str, float] | None = None,
    bounds: Mapping[str, object] | None = None,
) -> Board:
    """Return how it goes for a class: who asked, what is left, whose median is nearest. Spends nothing, reads no rows.

    Parameters
    ----------
    name : str
        The project's name.
    store : path or SQLAlchemy URL, optional
        Where the ledger lies.
    truth : dict of column → number, optional
        The exact medians. Who sees the board learns about them, so say them of a table without real people alone.
    bounds : dict of column → (lower, upper), optional
        Between which bounds all of the class look for these medians. One that was looked for otherwise is not compared:
        narrow bounds around a guess give an answer near the guess, whatever the data are.

    Returns
    -------
    Board

    Raises
    ------
    ParameterError
        For a truth that is no finite number, bounds that are none, or bounds of a column whose truth is not given.
    ColumnNotFoundError
        For the truth of a column whose median nobody asked for, where one with nearly that name was asked for.
    ProjectNotFoundError, LedgerError
        If there is no such class, or its ledger cannot be read.

    Examples
    --------
    >>> import privkit as pk
    >>> made = pk.teach.classroom("history", students=2, epsilon=2, store=ledger_path)
    >>> project = pk.teach.join("history", 1, store=ledger_path)
    >>> release = pk.dp_count(pk.teach.students(), epsilon=0.5)
    >>> pk.teach.board("history", store=ledger_path)
    class 'history': 1 of 2 students asked, ε = 1.5 of 2 left
      student    spent    left     answers
      student 1  ε = 0.5  ε = 0.5  1
    next: .to_frame()
    """
    told = {column: _finite(value) for column, value in (truth or {}).items()}
    among = _agreed(bounds, told)
    account = account_of(Ledger.open(store, create=False, read_only=True, adopt=True), name)
    names, terms = seats_of(account), account.terms
    balance = account.balance()
    charged = {by: loss for by, loss in account.charged_by(until=balance.entries).items() if loss.main}
    answers, medians, asked = _asked(account, balance.entries, told)
    counted = {by: kept for by, bought in medians.items() if (kept := [one for one in bought if one.counts(among)])}
    seats = []
    for by in names:
        if by in charged and (each := terms.limit_of(by)) is not None:
            left = min(each - charged[by], balance.remaining, key=lambda loss: loss.main)
            seat = Seat(by, charged[by], left, answers[by])
            if by in counted:
                last = counted[by][-1]
                seat = replace(seat, column=last.column, median=last.number, off=abs(last.number - told[last.column]))
            seats.append(seat)
    return Board(
        account.name,
        balance.budget,
        balance.budget - balance.remaining,
        balance.remaining,
        len(names),
        tuple(sorted(seats, key=lambda seat: (seat.off is None, seat.off or 0.0))),
        tuple(by for by in charged if by not in names),
        _unasked(told, asked),
        tuple(by for by in names if by in medians and by not in counted),
        _mixed([counted[by][-1] for by in names if by in counted]),
    )


@dataclass(frozen=True, slots=True)
class _Bought:
    """A median that somebody bought, and the candidates among which it was chosen."""

    column: str
    number: float
    candidates: tuple[float, ...]

    def counts(self, among: Mapping[str, tuple[float, ...]]) -> bool:
        """Return whether it was looked for where the class agreed to, if it did."""
        return self.candidates == among.get(self.column, self.candidates)


def _agreed(bounds: Mapping[str, object] | None, truth: Mapping[str, float]) -> dict[str, tuple[float, ...]]:
    """Return the candidates that the bounds of each column come to."""
    if others := [repr(column) for column in bounds or {} if column not in truth]:
        told = f"bounds= names {', '.join(others)}, whose exact median truth= does not give."
        raise ParameterError.together(("bounds", "truth"), told)
    allowed = "a dict from columns to pairs (lower, upper) of finite numbers"
    for pair in (bounds or {}).values():
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ParameterError.of("bounds", f"{type_told(pair)} for a column", allowed)
        if not _finite(pair[0], "bounds", allowed) <= _finite(pair[1], "bounds", allowed):
            raise ParameterError.of("bounds", "a pair with the lower above the upper", allowed)
    return {column: public_candidates(pair, None, column) for column, pair in (bounds or {}).items()}


def _mixed(compared: Sequence[_Bought]) -> tuple[str, ...]:
    """Return the columns whose medians were not all chosen among the same candidates."""
    kinds = Counter(column for column, _ in {(one.column, one.candidates) for one in compared})
    return tuple(column for column, several in kinds.items() if several > 1)


def _finite(value: object, argument: str = "truth", allowed: str = "a dict from columns to finite numbers") -> float:
    with suppress(OverflowError):  # a whole number beyond all floats
        if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    found = "an infinite number" if isinstance(value, Real) and not isinstance(value, bool) else type_told(value)
    raise ParameterError.of(argument, f"{found} for a column", allowed)


def _unasked(truth: Mapping[str, float], asked: set[str]) -> tuple[str, ...]:
    """Return of which columns nobody asked for the median; a misspelled one would be of these, and is refused."""
    unasked = [column for column in truth if column not in asked]
    others = sorted(asked - set(truth))
    if misspelled := [column for column in unasked if close_matches(column, others)]:
        hint = "These are the columns whose medians were asked for."
        raise ColumnNotFoundError.of("truth", list(truth), misspelled, others, hint)
    return tuple(unasked)


def _asked(
    account: Account, until: int, truth: Mapping[str, float]
) -> tuple[Counter[str], dict[str, list[_Bought]], set[str]]:
    """Return how many questions of each were charged, and each one's medians of columns whose truth is told.

    And of which columns somebody asked for the median.
    """
    answers: Counter[str] = Counter()
    asked: set[str] = set()
    medians: dict[str, list[_Bought]] = {}
    wanted = {f"{_MEDIAN}{column}": column for column in truth}  # of all rows: neither by groups nor under a condition
    for entry in account.each():
        if entry.seq > until or not entry.cost.main:
            continue
        answers[entry.analyst] += 1
        text = describe(entry.question)
        if text.startswith(_MEDIAN):
            asked.add(text.removeprefix(_MEDIAN))
        column = wanted.get(text)
        if column is not None and (number := recorded_number(entry.question, entry.answer)) is not None:
            bought = _Bought(column, number, recorded_candidates(entry.question))
            medians.setdefault(entry.analyst, []).append(bought)
    return answers, medians, asked
