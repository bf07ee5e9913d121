"""What was measured of data and models, day by day: a file of JSON lines beside the ledger, held by its chain.

Exact figures of raw rows have no place in a ledger, which others may read. So a line with the figures goes to a file
for its owner alone, and the ledger's register gets the line's SHA-256, in which is a random salt. The line is written
under the ledger's lock, before the entry: two processes write one after the other, and a kill between both leaves a
line that no entry knows, which counts for nothing. What stands in the register and no more in the file is missing, and
is told: nobody changes a line, or takes one out, unseen.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from privkit.attacks.models.report import ModelAttackReport
from privkit.attacks.tables import AttackReport
from privkit.budget.canonical import canonical
from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.inventory.inventory import Inventory
from privkit.risk.report import RiskReport
from privkit.study.assessments.assessment import ModelAssessment
from privkit.study.register import MEASUREMENT, Register, account_of, legible, past_day, told
from privkit.study.written import writing
from privkit.values.arguments import public, words
from privkit.values.files import whole_file
from privkit.values.frozen import Frozen
from privkit.values.show import Shown, refuse_simulated

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.account import Account
    from privkit.budget.entry import Entry

#: The version of a line.
_VERSION = 1

Kind = Literal["inventory", "risk", "attack", "model attack", "model"]


@public
@dataclass(frozen=True, eq=False, repr=False)
class Measurement(Shown):
    """What was measured of a table or a model on one day. Exact figures, for the owner's eyes. Holds no cell value.

    Attributes
    ----------
    id : int
        The number of its entry in the project's ledger.
    on : datetime.date
    table : str
        What the owner calls the table.
    what : {"inventory", "risk", "attack", "model attack", "model"}
    figures : Mapping of str to object
        Figures and names of columns, as JSON holds them.
    by : str
        Who recorded it.
    """

    id: int
    on: date
    table: str
    what: Kind
    figures: Mapping[str, Any]
    by: str

    @property
    def uniqueness(self) -> float | None:
        """The share of rows, or persons, that are alone by the quasi-identifiers; None where it is not about that."""
        uniques, rows = self.figures.get("uniques"), self.figures.get("rows")
        return None if uniques is None or not rows else uniques / rows

    @property
    def risk(self) -> float | None:
        """The average risk of a prosecutor; None of other than `risk`."""
        return self.figures.get("average")

    @property
    def auc(self) -> float | None:
        """How often the strongest attack puts a training row above another; None where no model was attacked."""
        return self.figures.get("auc")

    @property
    def retention(self) -> dict[str, date] | None:
        """Until when columns may be kept, by name; None of other than an inventory."""
        kept = self.figures.get("retention")
        return None if kept is None else {name: date.fromisoformat(until) for name, until in kept.items()}

    def overdue(self, on: date) -> tuple[str, ...]:
        """Return the columns that may no longer be kept on a day, by the inventory that was measured."""
        return tuple(name for name, until in (self.retention or {}).items() if until < on)


@public
class Measurements(Register[Measurement]):
    """What was measured in a project, day by day. Get it from ``project.measured``; iterate for all, in order."""

    _what = "measurement"

    def __init__(self, project: Any) -> None:
        super().__init__(project)
        self._lines: dict[str, dict[str, Any]] | None = None

    def as_it_stands(self) -> Self:
        """Return what was measured until now: what is recorded later does not change it."""
        found = super().as_it_stands()
        found._lines = self._stored()
        return found

    @property
    def path(self) -> Path:
        """The file, beside the ledger: for its owner alone, since its figures are exact. Back it up with the ledger."""
        return _place(self.account)

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers of what was recorded and is not in the file as it was: it was changed, or is elsewhere."""
        entries = self._entries()  # before the lines, of which each is there before its entry
        lines = self._stored()
        return tuple(entry.seq for entry, record in told(entries, MEASUREMENT) if record["sha256"] not in lines)

    def _stored(self) -> dict[str, dict[str, Any]]:
        return _lines_of(self.path) if self._lines is None else self._lines

    def _read(self, entries: Iterable[Entry]) -> dict[int, Measurement]:
        lines = self._stored()
        return {
            entry.seq: _measurement(entry, lines[record["sha256"]])
            for entry, record in told(entries, MEASUREMENT)
            if record["sha256"] in lines
        }

    def to_frame(self) -> pd.DataFrame:
        """Return a row per measurement: `id`, `on`, `table`, `what`, `uniqueness`, `risk`, `auc`, `by`."""
        import pandas as pd

        names = ["id", "on", "table", "what", "uniqueness", "risk", "auc", "by"]
        frame = pd.DataFrame([[getattr(one, name) for name in names] for one in self], columns=names)
        return frame.astype(dict.fromkeys(["uniqueness", "risk", "auc"], "float64"))


def _measurement(entry: Entry, line: Mapping[str, Any]) -> Measurement:
    if line["privkit_measurement"] != _VERSION or not isinstance(line["figures"], dict):
        raise ValueError
    figures = Frozen(line["figures"])
    return Measurement(
        entry.seq, date.fromisoformat(line["on"]), str(line["table"]), line["what"], figures, entry.analyst
    )


def _place(account: Account) -> Path:
    return account.folder / f"measured-{account.uid[:16]}.jsonl"


def _lines_of(path: Path) -> dict[str, dict[str, Any]]:
    """Return the lines of a file by their SHA-256; what is none is left out, since no entry knows it.

    Raises
    ------
    FileError
        If it is there and cannot be read.
    """
    with writing(path, "read"):
        found = path.read_bytes() if path.exists() else b""
    lines: dict[str, dict[str, Any]] = {}
    for line in found.split(b"\n"):
        try:
            read = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(read, dict):
            lines[hashlib.sha256(line).hexdigest()] = read
    return lines


# -- recording -----------------------------------------------------------------------------------------------------


def record(project: Any, value: object, *, table: object, on: object) -> Measurement:
    """Record figures: see :meth:`privkit.values.accountable.Accountable.record`."""
    account = account_of(project)
    what, figures = _figures(value)
    line = canonical(
        {
            "privkit_measurement": _VERSION,
            "on": past_day(on, "on").isoformat(),
            "table": words(table, "table"),
            "what": what,
            "figures": figures,
            "salt": secrets.token_hex(16),
        }
    ).encode()
    digest = hashlib.sha256(line).hexdigest()
    entry = account.register({"what": MEASUREMENT, "sha256": digest}, lambda _: _append(_place(account), line))
    return legible(account.store, Measurements(project)._read, [entry])[entry.seq]


def _append(path: Path, line: bytes) -> None:
    """Add a line to a file, whole or not at all, under the ledger's lock. What stands there stays as it is.

    Raises
    ------
    FileError
    """
    with writing(path):
        path.parent.mkdir(exist_ok=True)
        before = path.read_bytes() if path.exists() else b""
        if before and not before.endswith(b"\n"):  # somebody wrote into it
            before += b"\n"
        with whole_file(path, private=True, durable=True) as draft:
            draft.write_bytes(before + line + b"\n")


def _figures(value: object) -> tuple[Kind, dict[str, Any]]:
    """Return what is kept of a value over time: figures and names of columns, and no value of a cell.

    Raises
    ------
    ParameterError
        If nothing is kept of such a value.
    SimulatedError
    """
    refuse_simulated(value)
    for kind, (what, figures) in _KEPT.items():
        if isinstance(value, kind):
            return what, dict(figures(value))
    kinds = ", ".join(sorted(kind.__name__ for kind in _KEPT))
    example = "Example: project.record(df.privacy.audit(), table='customers')."
    raise ParameterError.of("value", type_told(value), f"one of {kinds}", example)


def _of_inventory(found: Inventory) -> Iterable[tuple[str, Any]]:
    yield "rows", found.rows
    yield "uniques", found.uniques
    yield "qi", found.qi
    yield "direct", found.direct
    yield "high", [entry.name for entry in found if entry.rating == "high"]
    yield "retention", {entry.name: entry.retention.isoformat() for entry in found if entry.retention is not None}


def _of_risk(found: RiskReport) -> Iterable[tuple[str, Any]]:
    yield "rows", found.n_counted
    yield "uniques", found.n_unique
    yield "qi", list(found.qi)
    yield "highest", found.prosecutor.highest
    yield "average", found.prosecutor.average


def _of_attack(found: AttackReport) -> Iterable[tuple[str, Any]]:
    yield "excess", {name: one.excess for name, one in found.items()}
    yield "interval", {name: list(one.interval) for name, one in found.items()}


def _of_model_attack(found: ModelAttackReport) -> Iterable[tuple[str, Any]]:
    one = found.strongest
    yield "attacked", found.model
    yield "attack", one.name
    yield "auc", one.auc
    yield "auc_interval", None if one.auc_interval is None else list(one.auc_interval)
    yield "excess", {name: each.excess for name, each in found.items()}


def _of_model(one: ModelAssessment) -> Iterable[tuple[str, Any]]:
    yield "model", one.model
    yield "measure", one.measure
    yield "rows", one.train.performance.rows
    yield from ((f"score_{each.name}", each.score) for each in one.sets)
    yield "leaks", one.leaks
    yield "shared_persons", sum(each.shared_persons or 0 for each in one.sets)
    yield "repeated", max(each.repeated.observed for each in one.sets[1:])
    yield "features", len(one.features)
    yield "without_source", len(one.without_source)
    yield "groups", len(one.groups)
    yield "worse_groups", len(one.worse)
    yield "worst_excess", max((each.excess for each in one.groups if each.excess is not None), default=None)
    yield from () if one.attack is None else _of_model_attack(one.attack)


#: What is kept of each kind of value.
_KEPT: Mapping[type[Any], tuple[Kind, Callable[[Any], Iterable[tuple[str, Any]]]]] = {
    Inventory: ("inventory", _of_inventory),
    RiskReport: ("risk", _of_risk),
    AttackReport: ("attack", _of_attack),
    ModelAttackReport: ("model attack", _of_model_attack),
    ModelAssessment: ("model", _of_model),
}


def last_of_each(
    ones: Iterable[Measurement], told: Callable[[Measurement], object] = lambda one: one
) -> list[Measurement]:
    """Return of each table the last measurement, by its day, of which `told` is not None."""
    last: dict[str, Measurement] = {}
    for one in ones:
        if told(one) is not None and (one.table not in last or last[one.table].on <= one.on):
            last[one.table] = one
    return list(last.values())
