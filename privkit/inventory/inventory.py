"""The data inventory: every column with its role, its risk, and what the owner says of it.

An inventory as YAML, and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.errors.engines import LibraryRequiredError
from privkit.errors.risk import InventoryError
from privkit.inventory.column_entry import OWNER, ColumnEntry, fact_names, owner_facts, role_of
from privkit.inventory.column_names import DIRECT, HIPAA, QUASI, SENSITIVE
from privkit.inventory.inventory_check import InventoryCheck, check_inventory
from privkit.tally.columns.facts import BANDS
from privkit.values.arguments import public
from privkit.values.files import write_whole
from privkit.values.frozen import Frozen
from privkit.values.show import Plotted

if TYPE_CHECKING:
    from types import ModuleType

    import pandas as pd

    from privkit.values.inputs import Frame


_VERSION = 1
#: HIPAA's letters of codes that persons have; and of what several persons share, or that is no code at all.
_CODES, _NO_CODES = "HIR", "ABNQ"
_NUMBERS = (
    "missing_share",
    "distinct",
    "distinction",
    "separation",
    "unique_share",
    "uniques_with_others",
    "dirty",
    "rows",
)
#: Bands of frequencies.
_BANDS = len(BANDS)
_TEXTS = ("name", "dtype", "what", "left_out")


def dumped(inventory: Inventory) -> str:
    """Return the inventory as YAML."""
    columns = [_plain(entry) for entry in inventory.entries]
    whole = {
        "privkit_inventory": _VERSION,
        "rows": inventory.rows,
        "uniques": inventory.uniques,
        "pairs": [[*pair, alone] for pair, alone in inventory.pairs.items()],
        "left_out": list(inventory.left_out),
        "columns": columns,
    }
    text: str = _yaml().safe_dump(whole, sort_keys=False, allow_unicode=True, width=100)
    return text


def _plain(entry: ColumnEntry) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in fact_names():
        value = getattr(entry, name)
        if value is None or (value in ("", ()) and name != "name"):
            continue
        told[name] = list(value) if isinstance(value, tuple) else value
    return told


def loaded(text: str) -> Inventory:
    """Read an inventory, or tell everything that is wrong with it."""
    yaml = _yaml()
    try:
        whole = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):  # its text quotes the file
        raise InventoryError.of(["It is no YAML."]) from None
    if not isinstance(whole, dict) or not isinstance(whole.get("columns"), list):
        raise InventoryError.of(["It has no list 'columns'."])
    problems = []
    if whole.get("privkit_inventory") != _VERSION:
        problems.append(f"'privkit_inventory' must be {_VERSION}, the version of the format.")
    entries = [_entry(place, column, problems) for place, column in enumerate(whole["columns"], 1)]
    names = [entry.name for entry in entries if entry is not None]
    problems += [f"Column {name!r} stands more than once." for name in sorted({n for n in names if names.count(n) > 1})]
    problems += _wrong_numbers(whole, ("rows", "uniques"), "The inventory")
    pairs = _pairs(whole.get("pairs") or [], names, problems)
    if problems:
        raise InventoryError.of(problems)
    left_out = tuple(str(item) for item in whole.get("left_out") or ())
    rows, uniques = int(whole.get("rows") or 0), whole.get("uniques")
    return Inventory(tuple(entry for entry in entries if entry), rows, uniques, left_out, pairs)


def _pairs(found: object, names: Sequence[str], problems: list[str]) -> dict[tuple[str, str], int]:
    """Return the rows that are alone by two columns, each given as two names and a number."""
    told: dict[tuple[str, str], int] = {}
    for pair in found if isinstance(found, list) else [found]:
        if (
            not isinstance(pair, list)
            or len(pair) != 3
            or not _counts(pair[2:])
            or any(name not in names for name in pair[:2])
            or pair[0] == pair[1]
        ):
            problems.append("'pairs' must be lists of two columns and a whole number.")
            return {}
        told[pair[0], pair[1]] = pair[2]
    return told


def _counts(found: object) -> bool:
    """Return whether something is a list of numbers of rows or values."""
    return isinstance(found, list) and all(type(count) is int and count >= 0 for count in found)


def _entry(place: int, column: object, problems: list[str]) -> ColumnEntry | None:
    if not isinstance(column, dict) or not isinstance(column.get("name"), str):
        problems.append(f"Column {place} has no 'name'.")
        return None
    told: dict[str, Any] = {}
    where = f"Column {place}"
    if unknown := sorted({str(name) for name in column} - set(fact_names())):
        problems.append(f"{where} has unknown fields: {', '.join(map(repr, unknown))}.")
    for name in _TEXTS:
        if name in column:
            told[name] = str(column[name])
    problems += _wrong_numbers(column, _NUMBERS, where)
    told.update({name: column[name] for name in _NUMBERS if name in column})
    try:
        role = role_of(column.get("role"), "role")
        told.update(role=role, proposed=role_of(column.get("proposed", role), "proposed"))
        told.update(owner_facts({name: column[name] for name in OWNER if name in column}))
    except ParameterError as error:
        problems.append(f"{where}: {error.message}")
        return None
    evidence = column.get("evidence") or []
    if not isinstance(evidence, list) or column.get("hipaa", "A") not in HIPAA:
        problems.append(f"{where}: 'evidence' must be a list and 'hipaa' one of {', '.join(HIPAA)}.")
        return None
    frequencies = column.get("frequencies") or []
    if not _counts(frequencies) or len(frequencies) not in (0, _BANDS):
        problems.append(f"{where}: 'frequencies' must be a list of {_BANDS} whole numbers.")
        return None
    told.update(evidence=tuple(map(str, evidence)), hipaa=column.get("hipaa", ""), frequencies=tuple(frequencies))
    return ColumnEntry(**{"dtype": "", **told})


def _wrong_numbers(found: dict[str, Any], names: tuple[str, ...], where: str) -> list[str]:
    return [
        f"{where}: {name!r} must be a number."
        for name in names
        if isinstance(found.get(name), bool) or not isinstance(found.get(name, 0), int | float | None)
    ]


def _yaml() -> ModuleType:
    try:
        import yaml
    except ImportError:
        raise LibraryRequiredError.of("PyYAML", "yaml") from None
    module: ModuleType = yaml
    return module


@public
@dataclass(frozen=True, eq=False, repr=False)
class Inventory(Plotted):
    """What a table holds about people, column by column. Exact figures, for the owner's eyes; no release.

    It proposes; the owner decides (`assign`). Holds no cell value.

    Attributes
    ----------
    entries : tuple of ColumnEntry
        In the order of the table.
    rows : int
        How many rows were looked at.
    uniques : int or None
        Sample uniques by all proposed quasi-identifiers together; None where there are none, or time did not allow.
    left_out : tuple of str
        What was not looked at, and why.
    pairs : dict
        Sample uniques by each two quasi-identifiers: (column, column) → rows, in the order of the table. Of the eight
        that tell most where there are more.
    """

    entries: tuple[ColumnEntry, ...]
    rows: int
    uniques: int | None = None
    left_out: tuple[str, ...] = ()
    pairs: Mapping[tuple[str, str], int] = field(default_factory=lambda: Frozen({}))

    def __getitem__(self, name: str) -> ColumnEntry:
        """Return the entry of a column.

        Raises
        ------
        ColumnNotFoundError
        """
        for entry in self.entries:
            if entry.name == name:
                return entry
        raise ColumnNotFoundError.of("name", name, [name], self.columns)

    def __iter__(self) -> Iterator[ColumnEntry]:
        """Iterate over the entries."""
        return iter(self.entries)

    def __len__(self) -> int:
        """Return how many columns there are."""
        return len(self.entries)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns."""
        return tuple(entry.name for entry in self.entries)

    def by_role(self, role: str) -> list[str]:
        """Return the columns of a role, ready to be typed: ``df.privacy.kanon(inventory.by_role("quasi"))``."""
        wanted = role_of(role, "role")
        return [entry.name for entry in self.entries if entry.role == wanted]

    @property
    def direct(self) -> list[str]:
        """The direct identifiers."""
        return self.by_role(DIRECT)

    @property
    def qi(self) -> list[str]:
        """The quasi-identifiers."""
        return self.by_role(QUASI)

    @property
    def sensitive(self) -> list[str]:
        """The sensitive attributes."""
        return self.by_role(SENSITIVE)

    @property
    def unit(self) -> str | None:
        """The column to name as ``unit=``: the first direct identifier whose values repeat, codes before the others.

        Several rows with one id are those of one person, and k counts persons. None where no id repeats.
        """
        repeating = [entry for entry in self.entries if entry.role == DIRECT and entry.repeats]
        codes = [entry for entry in repeating if entry.hipaa in _CODES]
        return next((entry.name for entry in (*codes, *repeating) if entry.hipaa not in _NO_CODES), None)

    def assign(self, columns: str | Sequence[str], **facts: object) -> Inventory:
        """Return the inventory with the owner's word on some columns.

        Parameters
        ----------
        columns : str or sequence of str
        **facts
            `role`, `purpose`, `source`, `stored`, `access`, `legal_basis`, `consent` (texts), `retention` (a date, or
            its ISO text: until when it may be kept) and `recipients` (a text or several).

        Raises
        ------
        ColumnNotFoundError, ParameterError

        Examples
        --------
        >>> import pandas as pd
        >>> from privkit.inventory.audit import audit
        >>> inventory = audit(pd.DataFrame({"zip": ["8004"]})).assign("zip", purpose="delivery", retention="2027-12-31")
        >>> inventory["zip"].purpose, inventory["zip"].retention.year
        ('delivery', 2027)
        """
        names = [columns] if isinstance(columns, str) else list(columns)
        if missing := [name for name in names if name not in self.columns]:
            raise ColumnNotFoundError.of("columns", names, missing, self.columns)
        told = owner_facts(facts)
        entries = (replace(entry, **told) if entry.name in names else entry for entry in self.entries)  # type: ignore[arg-type]
        return replace(self, entries=tuple(entries))

    def to_frame(self) -> pd.DataFrame:
        """Return a row per column: role, evidence, figures, HIPAA class, rating, action, the owner's facts."""
        import pandas as pd

        return pd.DataFrame([_row(entry) for entry in self.entries], columns=_COLUMNS)

    def to_yaml(self, path: str | Path | None = None) -> str:
        """Return the inventory as YAML, and write it to `path` where given. Needs PyYAML (the extra ``yaml``).

        No cell value is in it; column names and the owner's words are.

        Raises
        ------
        LibraryRequiredError
        """
        text = dumped(self)
        if path is not None:
            write_whole(path, text)
        return text

    @classmethod
    def from_yaml(cls, source: str | Path) -> Inventory:
        """Read an inventory from a file, or from the text of one (which has line breaks).

        Raises
        ------
        InventoryError
            Lists everything that is wrong at once.
        LibraryRequiredError
        """
        whole = isinstance(source, str) and "\n" in source
        return loaded(str(source) if whole else Path(source).read_text(encoding="utf-8"))

    def to_html(self, path: str | Path | None = None) -> str:
        """Return the inventory as an HTML page without scripts or outside files, and write it to `path` where given."""
        page = _PAGE.replace("BODY", self._repr_html_())
        if path is not None:
            write_whole(path, page)
        return page

    def check(self, data: Frame, *, today: date | str | None = None) -> InventoryCheck:
        """Compare data with the inventory: see :func:`privkit.inventory.inventory_check.check_inventory`."""
        return check_inventory(self, data, today=today)


_PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Data inventory</title>'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    "</head><body>\nBODY\n</body></html>\n"
)

_COLUMNS = (
    "column", "role", "proposed_role", "rating", "what", "action", "hipaa", "evidence", "dtype", "missing_share",
    "distinct", "distinction", "separation", "unique_share", "uniques_with_others", "dirty", *OWNER, "left_out",
)  # fmt: skip


def _row(entry: ColumnEntry) -> dict[str, object]:
    told: dict[str, object] = {"column": entry.name, "proposed_role": entry.proposed, "hipaa": entry.hipaa_class}
    told["evidence"], told["recipients"] = "; ".join(entry.evidence), ", ".join(entry.recipients)
    return {name: told[name] if name in told else getattr(entry, name) for name in _COLUMNS}
