"""An account in memory for the teaching simulator: the arithmetic of a real one, and no way into a ledger."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import accumulate
from threading import RLock
from typing import TYPE_CHECKING, Any, NoReturn

from privkit.budget.abstract_account import BaseAccount, notify
from privkit.budget.canonical import canonical
from privkit.budget.chain import Sums
from privkit.budget.entry import Balance, Charged, Entry, Reservation, State
from privkit.budget.notes import CLOSED, FACTS, NAMES, NOTED, Ending, Uses, changed, merged, news
from privkit.budget.odometer import Before, Ways, admit, in_measure, limits_left, window_start
from privkit.budget.store.query import Alike, alike
from privkit.errors.facts import FactsChangedError, SimulatedError
from privkit.errors.project import OrphanedReleaseError, PendingReleaseError, ReservationError
from privkit.errors.root import nothing_spent
from privkit.values.loss import PrivacyLoss
from privkit.values.show import PickledIfReal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from privkit.budget.abstract_account import Turn
    from privkit.budget.notes import Declared
    from privkit.budget.terms import ProjectTerms


class SimulatedAccount(PickledIfReal, BaseAccount):
    """A project's account that lives and dies with the session. It has the interface of a ledger's account.

    Limits, ceiling, replay and refusals are those of a real account, by the same functions; nothing is durable, and
    nothing can be: there is no store behind it, and it refuses to be pickled. Its name begins with SIMULATED, so that
    everything that names the project says so.

    Attributes
    ----------
    key : bytes
        For replay within the session.
    seed : int
    """

    simulated = True
    #: It is never a copy of another.
    note = ""
    #: No file lies beside it.
    folder = None

    def __init__(self, name: str, terms: ProjectTerms, seed: int) -> None:
        uid = f"simulated-{secrets.token_hex(8)}"
        super().__init__(
            f"SIMULATED {name}",
            uid,
            store="memory (SIMULATED)",
            begun=_now(),
            analyst="simulated",
        )
        self._terms = terms.completed()
        self.seed = seed
        self.key = secrets.token_bytes(32)
        self._zero = PrivacyLoss.zero(terms.budget.measure)
        self._sums = Sums.start(self._zero)
        self._entries: list[Entry] = []
        self._tokens: dict[int, str] = {}
        self._version = 0
        self.fresh = True
        self.ended: Ending | None = None
        self._lock = RLock()

    # -- what it says ----------------------------------------------------------------------------------------------

    @property
    def terms(self) -> ProjectTerms:
        """The project's terms; they are not extended."""
        return self._terms

    def balance(self) -> Balance:
        """Return what is spent, reserved and left."""
        with self._lock:
            budget, sums = self.terms.budget, self._sums
            left = budget - sums.spent
            spent = sums.spent - sums.held
            return Balance(budget, spent, sums.held, left, sums.entries, seq=self._version, hash="SIMULATED")

    def entries(self, *, after: int = 0, until: int | None = None, most: int | None = None) -> list[Entry]:
        """Return the first `most` entries numbered above `after` and up to `until`, in order; by default all."""
        with self._lock:
            return self._entries[after:until][:most]

    def charged_at(self, numbers: Sequence[int]) -> list[Charged]:
        """Return when the entries with these numbers were charged, and the total then."""
        with self._lock:
            totals = list(accumulate((entry.cost for entry in self._entries), initial=self._zero))
            known = [number for number in sorted(set(numbers)) if 0 < number <= len(self._entries)]
            return [Charged(number, self._entries[number - 1].time, totals[number]) for number in known]

    def charged_between(self, begin: date, end: date) -> PrivacyLoss:
        """Return what was charged from the beginning of one day to that of another, in UTC."""
        days = [entry for entry in self.entries() if begin.isoformat() <= entry.time[:10] < end.isoformat()]
        return sum((entry.cost for entry in days), self._zero)

    def sought(self, words: Sequence[str], *, after: int, until: int, most: int) -> list[Entry]:
        """Return the last `most` entries from above `after` up to `until`, backwards: any may hold the words."""
        return self.entries(after=after, until=until)[::-1][:most]

    def numbers_of(self, state: State, most: int) -> list[int]:
        """Return the numbers of the first `most` entries in a state."""
        with self._lock:
            return [entry.seq for entry in self._entries if entry.state == state][:most]

    def costs(self) -> Counter[PrivacyLoss]:
        """Return how many times each price was charged."""
        with self._lock:
            return Counter(entry.cost for entry in self._entries)

    def charged_by(self, *, until: int) -> dict[str, PrivacyLoss]:
        """Return what each analyst was charged up to an entry, in the order in which they first asked."""
        owned: dict[str, PrivacyLoss] = {}
        for entry in self.entries(until=until):
            owned[entry.analyst] = owned.get(entry.analyst, self._zero) + entry.cost
        return owned

    def entry(self, seq: int) -> Entry | None:
        """Return one entry, or None."""
        with self._lock:
            return self._entries[seq - 1] if 0 < seq <= len(self._entries) else None

    def _limits(self) -> list[tuple[str, PrivacyLoss, PrivacyLoss]]:
        with self._lock:
            now = max(_now(), self._sums.clock)
            return limits_left(self.terms, self._before(now))

    def records(self, tell: Callable[[int], None] | None = None) -> NoReturn:
        """There is no chain of records.

        Raises
        ------
        SimulatedError
        """
        raise SimulatedError.verify(self.name)

    def verify(self, progress: Callable[[int, int], None] | None = None) -> NoReturn:
        """There is nothing to verify.

        Raises
        ------
        SimulatedError
        """
        raise SimulatedError.verify(self.name)

    # -- reserve ---------------------------------------------------------------------------------------------------

    def find(self, key: str | None) -> Entry | None:
        """Return the answer that this session already has; None if there is none."""
        entry = self._asked(key)
        return entry if entry is not None and entry.state == "committed" else None

    def asked(self, key: str) -> tuple[Entry | None, list[Alike]]:
        """Return the answer that this session already has; where there is none, who asked the same of whatever data."""
        if (entry := self.find(key)) is not None:
            return entry, []
        low, high = alike(key) or ("", "")
        with self._lock:
            found = [
                Alike(one.seq, one.key, one.question) for one in self._entries if one.key and low <= one.key < high
            ]
        return None, found[::-1]

    def reserve(
        self,
        key: str | None,
        question: Mapping[str, Any],
        cost: PrivacyLoss,
        *,
        again: bool = False,
        ways: Ways | None = None,
        wait: float = 0.0,
        turn: Turn | None = None,
        looked: bool = False,
    ) -> Reservation | Entry:
        """Charge the cost of a question, or return the answer it already has; as a ledger's account does.

        Raises
        ------
        InsufficientBudgetError, CeilingError, MeasureMismatchError, PendingReleaseError, OrphanedReleaseError
        """
        with nothing_spent(), self._lock:
            cost = in_measure(self.name, self.terms, cost)
            canonical(question)  # refuses what a ledger would refuse
            earlier = self._asked(key)
            if not again and earlier is not None:
                return self._replayed(earlier, cost, wait)
            if self.ended is not None:
                self.ended.refuse(self.name)
            now = max(_now(), self._sums.clock)
            admit(self.name, self.terms, cost, self._before(now), ways=ways)
            held = Reservation(len(self._entries) + 1, cost, now)
            if turn is not None:
                turn.held = held
            draw = earlier.draw + 1 if earlier is not None else 1
            entry = Entry(held.seq, "reserved", now, self.analyst, question, cost, draw=draw, key=key, hash="SIMULATED")
            self._sums = self._sums.reserved(cost, now, self._sums.spent)
            self._entries.append(entry)
            self._tokens[held.seq] = held.token
        self._changed()
        return held

    def _replayed(self, earlier: Entry, cost: PrivacyLoss, wait: float) -> Entry:
        if earlier.state == "committed":
            return earlier
        if earlier.state == "reserved":
            raise PendingReleaseError.of(self.name, earlier.seq, earlier.time, wait)
        raise OrphanedReleaseError.of(self.name, entry=earlier.seq, state=earlier.state, cost=earlier.cost, price=cost)

    def _asked(self, key: str | None) -> Entry | None:
        """Return the last entry of a question, answered ones first."""
        with self._lock:
            same = [entry for entry in self._entries if key is not None and entry.key == key]
        answered = [entry for entry in same if entry.state == "committed"]
        last = (answered or same)[-1:]
        return last[0] if last else None

    def _before(self, now: str) -> Before:
        return Before(self._sums.spent, self._sums.spent, self._recent(now), self.analyst)

    def _recent(self, now: str) -> PrivacyLoss:
        if self.terms.window is None:
            return self._zero
        start = window_start(self.terms.window, now)
        return sum((entry.cost for entry in self._entries if entry.time > start), start=self._zero)

    # -- notes -----------------------------------------------------------------------------------------------------

    @property
    def n_noted(self) -> tuple[int, int, int, int]:
        """How many entries declare public facts, end the project, are of the register, and extend the budget."""
        return len(self.facts()), int(self.ended is not None), 0, 0  # nothing simulated is handed out, or extended

    def extend(self, to: Mapping[str, Any], reason: str) -> NoReturn:
        """Its budget stays as it is.

        Raises
        ------
        SimulatedError
        """
        raise SimulatedError.extended(self.name)

    def registered(self) -> list[Entry]:
        """Return no entry."""
        return []

    def register(self, record: Mapping[str, Any], check: Callable[[Sequence[Entry]], None]) -> NoReturn:
        """Nothing of a simulated project is registered.

        Raises
        ------
        SimulatedError
        """
        raise SimulatedError.refused()

    begin_record = register

    def facts(self) -> list[Entry]:
        """Return the entries that declare public facts, in order."""
        with self._lock:
            return [entry for entry in self._entries if entry.key == NAMES[FACTS]]

    def declare(self, told: Mapping[str, Any], check: Callable[[Mapping[str, Any]], None]) -> Entry | None:
        """Note public facts, by the rules of a ledger; return None where all of them are known. Costs nothing.

        Raises
        ------
        FactsChangedError, ProjectClosedError
        """
        with self._lock:
            known: Declared = {}
            for entry in self.facts():
                known = merged(known, entry.question["facts"])
            if not (new := news(known, told)):
                return None
            if self.ended is not None:
                self.ended.refuse(self.name)
            if changed(known, new) and (used := self._uses().of(new)):
                raise FactsChangedError.of(self.name, used)
            check(merged(known, new))
            return self._noted({"statistic": FACTS, "facts": new})

    def _uses(self) -> Uses:
        found = Uses()
        for entry in self._entries:
            found.take(entry.seq, entry.key, entry.question)
        return found

    def close(self, reason: str, *, removed: bool = False) -> None:
        """Charge nothing more. It is not removed: it ends with its session.

        Raises
        ------
        ProjectClosedError, SimulatedError
        """
        if removed:
            raise SimulatedError.fleeting(self.name)
        with self._lock:
            if self.ended is not None:
                self.ended.refuse(self.name)
            entry = self._noted({"statistic": CLOSED, "reason": reason})
            self.ended = Ending(False, entry.time, entry.analyst, reason)

    def _noted(self, question: Mapping[str, Any]) -> Entry:
        now, key = max(_now(), self._sums.clock), NAMES[question["statistic"]]
        number = len(self._entries) + 1
        entry = Entry(
            number, "committed", now, self.analyst, question, self._zero, answer=NOTED, key=key, hash="SIMULATED"
        )
        self._sums = self._sums.reserved(self._zero, now, self._sums.spent).ended(self._zero)
        self._entries.append(entry)
        self._changed()
        return entry

    # -- end -------------------------------------------------------------------------------------------------------

    def _ended(
        self, reservation: Reservation, state: State, *, answer: str | None = None, kind: str | None = None
    ) -> Entry:
        with self._lock:
            known = self.entry(reservation.seq)
            if known is None or self._tokens.get(reservation.seq) != reservation.token or known.state != "reserved":
                found = "unknown" if known is None else known.state
                raise ReservationError.closed(self.name, reservation.seq, found, reservation.cost)
            entry = replace(known, state=state, answer=answer, kind=kind)
            self._entries[reservation.seq - 1] = entry
            self._sums = self._sums.ended(reservation.cost)
        self._changed()
        return entry

    def set_clock_back(self, reason: str) -> NoReturn:
        """A session's clock needs no setting back.

        Raises
        ------
        SimulatedError
        """
        raise SimulatedError.verify(self.name)

    def settle(self, reservation: Reservation) -> Entry | None:
        """End a reservation as orphaned, unless it has an end; return its entry, or None."""
        with self._lock:
            known = self.entry(reservation.seq)
            if known is None or self._tokens.get(reservation.seq) != reservation.token:
                return None
            return self.orphan(reservation) if known.state == "reserved" else known

    def _changed(self) -> None:
        self._version += 1
        notify(self.store, self.uid)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
