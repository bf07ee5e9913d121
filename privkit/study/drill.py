"""A breach drill: what would be concerned and whom one would have to call, with the hours by which (GDPR, Art. 33, 34).

It reads the inventory and the register, never a row: how many persons are concerned is what the person says who holds
the drill. It is kept in the project's ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.inventory.inventory import Inventory
from privkit.study.register import DRILL, OLDEST, account_of, legible, told
from privkit.study.shared_package import packages_of
from privkit.study.written import in_a_cell, written
from privkit.values.arguments import public, whole, words
from privkit.values.show import Shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.entry import Entry

#: Hours within which the authority is told, from when the breach became known (Art. 33(1)).
HOURS = 72
#: What is done by when, in hours; what a person fills in stays open.
STEPS = (
    (0, "Write down when and how it became known, and who decides from here on (Art. 33(5))."),
    (4, "Stop it: change keys and passwords, take down what leaks, keep the traces."),
    (
        24,
        "Say what happened: which tables, which kinds of persons, about how many persons and records (Art. 33(3)(a)).",
    ),
    (24, "Call each recipient of a package: do they still have it, is it concerned, what do they see?"),
    (48, "Say what may come of it for the persons, and what is done against it (Art. 33(3)(c), (d))."),
    (HOURS, "Tell the authority, unless no risk to persons is likely; what is late needs its reasons (Art. 33(1))."),
    (HOURS, "Where the risk is high, tell the persons without undue delay, in plain words (Art. 34)."),
)
#: Read alone: strftime writes years before 1000 without their zeros, on some systems.
_FORM = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class ConcernedTable:
    """A table of a drill, by its inventory.

    Attributes
    ----------
    name : str
    direct, quasi, sensitive : tuple of str
        Its columns by their roles.
    recipients : tuple of str
        Who receives it, by the owner's word.
    """

    name: str
    direct: tuple[str, ...]
    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    recipients: tuple[str, ...]


@public
@dataclass(frozen=True, eq=False, repr=False)
class BreachDrill(Shown):
    """A drill as the register has it: what would be concerned, whom to call, and by when. Holds no cell value.

    Attributes
    ----------
    id : int
        The number of its entry in the project's ledger.
    project, scenario : str
        What the drill supposes.
    known_since : datetime.datetime
        When the breach became known, in UTC: from here on the hours run.
    persons : int
        How many persons are concerned, as somebody said; no row was read.
    tables : tuple of ConcernedTable
    packages : tuple of (int, str)
        Number and recipient of each package that was not confirmed as deleted.
    by : str
        Who held it.
    """

    id: int
    project: str
    scenario: str
    known_since: datetime
    persons: int
    tables: tuple[ConcernedTable, ...]
    packages: tuple[tuple[int, str], ...]
    by: str

    @property
    def deadline(self) -> datetime:
        """When the authority must have been notified: 72 hours after the breach became known, to the second."""
        return self.known_since + timedelta(hours=HOURS)

    @property
    def calls(self) -> dict[str, tuple[int, ...]]:
        """Whom to call → the packages that they have; none where the inventory alone names them."""
        found: dict[str, tuple[int, ...]] = {}
        for number, recipient in self.packages:
            found[recipient] = (*found.get(recipient, ()), number)
        for table in self.tables:
            found |= {name: () for name in table.recipients if name not in found}
        return found

    @property
    def steps(self) -> tuple[tuple[datetime, str], ...]:
        """What is done, and by when in UTC."""
        return tuple((self.known_since + timedelta(hours=hours), text) for hours, text in STEPS)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per step: `by` (in UTC), `hours` and `step`."""
        import pandas as pd

        rows = [(self.known_since + timedelta(hours=hours), hours, text) for hours, text in STEPS]
        return pd.DataFrame(rows, columns=["by", "hours", "step"])

    def to_markdown(self, path: str | Path | None = None) -> str:
        """Return the timed sheet as Markdown, to be filled in, and write it to `path` where given.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        return written("\n".join(self._lines()) + "\n", path)

    def _lines(self) -> Iterator[str]:
        yield from (f"# Breach drill {self.id} of project {in_a_cell(self.project)}", "")
        yield from (f"Supposed: {in_a_cell(self.scenario)}", "")
        yield f"Known since {_moment(self.known_since)}; the authority is to be told by {_moment(self.deadline)}."
        yield from (f"Persons concerned, as said: {self.persons:,}. Held by {in_a_cell(self.by)}.", "")
        yield from (
            "## Tables",
            "",
            "| table | direct identifiers | quasi-identifiers | sensitive |",
            "|---|---|---|---|",
        )
        for table in self.tables:
            cells = (", ".join(map(in_a_cell, names)) for names in (table.direct, table.quasi, table.sensitive))
            yield f"| {in_a_cell(table.name)} | {' | '.join(cells)} |"
        yield from ("", "## Whom to call", "", "| recipient | packages | called at | answer |", "|---|---|---|---|")
        for name, numbers in self.calls.items():
            yield f"| {in_a_cell(name)} | {', '.join(map(str, numbers))} | | |"
        yield from ("", "## By when", "", "| by | step | done at | by whom |", "|---|---|---|---|")
        yield from (f"| {_moment(by)} | {text} | | |" for by, text in self.steps)


def _moment(found: datetime) -> str:
    return f"{found:%Y-%m-%d %H:%M} UTC"


def drills_of(project: str, entries: Iterable[Entry]) -> tuple[BreachDrill, ...]:
    """Return the drills that stand in a register."""
    return tuple(
        BreachDrill(
            entry.seq,
            project,
            record["scenario"],
            datetime.strptime(record["known_since"].zfill(20), _FORM).replace(tzinfo=UTC),
            record["persons"],
            tuple(ConcernedTable(**{name: _frozen(value) for name, value in one.items()}) for one in record["tables"]),
            tuple((number, recipient) for number, recipient in record["packages"]),
            entry.analyst,
        )
        for entry, record in told(entries, DRILL)
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def drills(project: Any) -> tuple[BreachDrill, ...]:
    """Return the drills of a project, in order."""
    account = account_of(project)
    return legible(account.store, partial(drills_of, account.name), account.registered())


def breach_drill(
    project: Any, inventory: object, *, persons: object, scenario: object, known_since: object
) -> BreachDrill:
    """Hold a drill and register it: see :meth:`privkit.values.accountable.Accountable.breach_drill`."""
    account = account_of(project)
    record = {
        "what": DRILL,
        "scenario": words(scenario, "scenario"),
        "known_since": _since(known_since).isoformat().replace("+00:00", "Z"),
        "persons": whole(persons, "persons", below=2**40),
        "tables": [_table(name, one) for name, one in _inventories(inventory).items()],
    }
    shared = legible(account.store, partial(packages_of, account.name), account.registered())
    record["packages"] = [[one.id, one.recipient] for one in shared.values() if one.deleted is None]
    entry = account.register(record, lambda _: None)
    return drills_of(account.name, [entry])[0]


def _since(given: object) -> datetime:
    """Return a moment in UTC, to the second; now where none is given."""
    if given is None:
        return datetime.now(UTC).replace(microsecond=0)
    allowed = "a time with its zone that is past, or its text as '2026-11-29T08:30+01:00'"
    try:
        found = datetime.fromisoformat(given) if isinstance(given, str) else given
        if not isinstance(found, datetime) or found.tzinfo is None:
            raise ParameterError.of("known_since", f"{type_told(given)} without a zone, or none", allowed)
        found = datetime(*found.astimezone(UTC).timetuple()[:6], tzinfo=UTC)  # a Timestamp has nanoseconds
    except (ValueError, OverflowError):
        raise ParameterError.of("known_since", type_told(given), allowed) from None
    if found > datetime.now(UTC):
        raise ParameterError.of("known_since", "a time to come", allowed)
    if found.date() < OLDEST:
        raise ParameterError.of("known_since", f"a time of the year {found.year}", f"{allowed}, from {OLDEST} on")
    return found


def _inventories(given: object) -> dict[str, Inventory]:
    named = {"data": given} if isinstance(given, Inventory) else given
    good = isinstance(named, Mapping) and all(
        isinstance(name, str) and isinstance(one, Inventory) for name, one in named.items()
    )
    if not good or not named:
        raise ParameterError.of(
            "inventory",
            type_told(given),
            "an Inventory, or a mapping from tables' names to theirs",
            "Example: inventory=df.privacy.audit().",
        )
    told = {words(name, "inventory"): one for name, one in dict(named).items()}  # type: ignore[call-overload]
    if len(told) < len(named):  # type: ignore[arg-type]
        raise ParameterError.of("inventory", "one name twice, but for blanks around it", "a name for each table")
    return told


def _table(name: str, inventory: Inventory) -> dict[str, Any]:
    recipients: Sequence[str] = [who for entry in inventory for who in entry.recipients]
    columns = {"direct": inventory.direct, "quasi": inventory.qi, "sensitive": inventory.sensitive}
    return {"name": name, **columns, "recipients": list(dict.fromkeys(recipients))}
