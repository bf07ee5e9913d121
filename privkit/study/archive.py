"""The archive of a package: tables that no spreadsheet runs, words, provenance, cost and checksums, in one zip file.

Members have names of ours, or such as a person gave and were checked: none leads out of the folder that it is unpacked
in. ``SHA256SUMS`` is read by ``sha256sum --check``. What differs between two packages of the same tables is a random
``salt``: so the checksum of the archive, which the register keeps, tells nobody who guesses its tables that he guessed
right.

What the tables of counts of all packages tell together is read from their archives, which the register knows by their
checksums: two tables that are safe may subtract to one person. What recipients were told to delete, and confirmed, is
left out; what is expired or revoked is not: it may still be there.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import amounts
from privkit.disclosure.cells import table_keys
from privkit.disclosure.check import OutputCheck, output_check
from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.errors.study import PackageError
from privkit.study.written import writing
from privkit.values.files import spreadsheet_cell
from privkit.values.show import printable
from privkit.values.writing import chance

if TYPE_CHECKING:
    import pandas as pd

    from privkit.study.shared_package import SharedPackage
    from privkit.values.loss import PrivacyLoss

#: What a zip file cannot tell in years before; the same for every member, so that none tells when it was made.
_MOMENT = (1980, 1, 1, 0, 0, 0)
#: Names that Windows keeps for itself.
_KEPT = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
#: The longest name of a table.
_LONGEST = 60


@dataclass(frozen=True)
class Packed:
    """A table that goes into a package.

    Attributes
    ----------
    name : str
        Of its file, without ``.csv``.
    kind : str
        "release", "synthetic rows", "derived", "anonymized rows" or "checked counts".
    about : str
        What it is, in a sentence.
    entries : tuple of int
        The ledger's entries that it comes from.
    frame : pandas.DataFrame
        As it is written, without an index.
    provenance : Mapping
        What JSON holds.
    """

    name: str
    kind: str
    about: str
    entries: tuple[int, ...]
    frame: pd.DataFrame
    provenance: Mapping[str, Any]

    @property
    def member(self) -> str:
        """Its file in the archive."""
        return f"tables/{self.name}.csv"


def unfit_name(name: object) -> str:
    """Return why something cannot be the name of a table's file; empty if it can.

    Letters and digits of any script, ``-``, ``_`` and blanks within it, so that it is one file, in its folder, on every
    system.

    Examples
    --------
    >>> unfit_name("visits by month"), unfit_name("../x")
    ('', 'holds other characters than letters, digits, -, _ and blanks within')
    """
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or len(name.encode(errors="replace")) > 2 * _LONGEST:
        return f"is no text of 1 to {_LONGEST} letters"
    if name != name.strip() or not all(char.isalnum() or char in "-_ " for char in name) or name.startswith("-"):
        return "holds other characters than letters, digits, -, _ and blanks within"
    return "is kept by Windows for itself" if _KEPT.fullmatch(name) else ""


def shown_name(name: object) -> str:
    """Return a name as an error tells it."""
    return repr(name[:_LONGEST]) if isinstance(name, str) else type_told(name)


def as_csv(frame: pd.DataFrame) -> str:
    r"""Return a table as CSV that no spreadsheet runs, its heads included; a missing value is an empty cell.

    Examples
    --------
    >>> import pandas as pd
    >>> as_csv(pd.DataFrame({"=a": ["@b", None], "n": [-1.5, 2.0]}))
    '"\'=a","n"\r\n"\'@b","-1.5"\r\n"","2.0"\r\n'
    """
    import csv

    import pandas as pd

    # By its place: names may stand twice.
    columns = [_guarded(frame.iloc[:, place]) for place in range(frame.shape[1])]
    whole = pd.concat(columns, axis=1) if columns else frame
    whole.columns = pd.Index([spreadsheet_cell(str(name)) for name in frame.columns])
    return whole.to_csv(index=False, lineterminator="\r\n", quoting=csv.QUOTE_ALL)


def _guarded(column: pd.Series) -> pd.Series:
    """Return a column whose texts are guarded; one of finite numbers, or of dates, as it is."""
    import numpy as np
    from pandas.api import types

    kind = column.dtype
    if types.is_datetime64_any_dtype(kind) or types.is_bool_dtype(kind) or types.is_integer_dtype(kind):
        return column
    if types.is_float_dtype(kind) and not np.isinf(column.to_numpy("float64", na_value=np.nan)).any():
        return column
    return column.astype(object).map(lambda value: spreadsheet_cell(str(value)), na_action="ignore")


def write_archive(
    path: Path, tables: Sequence[Packed], terms: Mapping[str, Any], costs: Mapping[int, PrivacyLoss]
) -> str:
    """Write the archive of these tables, and return its SHA-256.

    Parameters
    ----------
    terms : Mapping
        What the README tells and ``provenance.json`` holds: project, package, recipient, and what else was agreed on.
    costs : Mapping
        What each of the ledger's entries was charged.
    """
    members = {table.member: as_csv(table.frame) for table in tables}
    described = [
        {"file": one.member, "kind": one.kind, "entries": list(one.entries), "provenance": dict(one.provenance)}
        for one in tables
    ]
    whole = {**terms, "salt": secrets.token_hex(16), "tables": described}
    members["provenance.json"] = json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
    members["cost.json"] = json.dumps(_cost(costs), ensure_ascii=False, indent=2) + "\n"
    members["README.txt"] = readme(tables, terms, costs)
    sums = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in members.items()}
    members["SHA256SUMS"] = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(_member(name), text)
    return checksum(path)


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _MOMENT)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises
    ------
    OSError
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _total(costs: Mapping[int, PrivacyLoss]) -> PrivacyLoss | None:
    losses = list(costs.values())
    return sum(losses[1:], start=losses[0]) if losses else None


def _cost(costs: Mapping[int, PrivacyLoss]) -> dict[str, Any]:
    """Return what the releases cost: amounts are exact, as text; the advantage is rounded up."""
    total = _total(costs)
    releases = [{"entry": entry, **_amounts(loss)} for entry, loss in costs.items()]
    return {"releases": releases, "total": None if total is None else {**_amounts(total), "advantage": total.advantage}}


def _amounts(loss: PrivacyLoss) -> dict[str, str]:
    main, delta = amounts(loss)
    return {"measure": loss.measure.value, "main": main, "delta": delta}


def readme(tables: Sequence[Packed], terms: Mapping[str, Any], costs: Mapping[int, PrivacyLoss]) -> str:
    """Return in words what the package holds, for whom and what for, and what is to be done with it."""
    approved = ", ".join(terms["approvals"]) or "nobody was asked to"
    lines = [
        f"Package {terms['package']} of project '{terms['project']}'",
        "",
        f"For:           {terms['recipient']}",
        f"Purpose:       {terms['purpose']}",
        f"Legal basis:   {terms['basis']}",
        f"To be deleted: on {terms['expires']} at the latest; then tell whoever gave it to you",
        f"Approved by:   {approved}",
        *([f"Means of re-identification that you have, as told: {terms['means']}"] if terms["means"] else []),
        "",
        "It is for this purpose and this recipient alone. Do not try to find persons in it, and do not hand it on.",
        "",
        "What is in it",
        *(f"- {one.member} ({one.kind}): {one.about}" for one in tables),
        "- provenance.json: where each table comes from, for programs",
        "- cost.json: what the releases cost in privacy loss, exactly",
        "- SHA256SUMS: checksums of all files; check them by: sha256sum --check SHA256SUMS",
        "",
        *_loss_told(costs),
        "In the tables a ' stands before what a spreadsheet would run as a formula. An empty cell is a missing value.",
    ]
    return "\n".join(printable(line) for line in lines) + "\n"


def _loss_told(costs: Mapping[int, PrivacyLoss]) -> list[str]:
    if (total := _total(costs)) is None:
        return []
    entries = ", ".join(map(str, costs))
    gain = (
        f"Whoever has them gains an advantage of at most {chance(total.advantage)} on any one protected unit by them."
    )
    return [f"The released numbers come from ledger entries {entries} and cost {total} together.", gain, ""]


#: The kind of a table of counts that `output_check` made.
CHECKED = "checked counts"
#: The label of totals, of tables that are read again; no category of theirs has it.
_TOTAL = "\0total"


def recorded(frame: pd.DataFrame, margin: str) -> list[dict[str, Any]]:
    """Return the cells of a table as JSON holds them: categories by column, those it sums over left out, and count.

    Examples
    --------
    >>> import pandas as pd
    >>> recorded(pd.DataFrame({"n": [7, None]}, index=pd.Index(["north", "All"], name="town")), "All")
    [{'of': {'town': 'north'}, 'count': 7}, {'of': {}, 'count': None}]
    """
    import pandas as pd

    counts = [None if pd.isna(one) else int(one) for one in frame.to_numpy(dtype=object).ravel()]
    keys = table_keys(frame, margin)
    return [
        {"of": {str(name): _plain(value) for (_, name), value in key}, "count": count}
        for key, count in zip(keys, counts, strict=True)
    ]


def _plain(value: Any) -> Any:
    """Return a category as JSON holds it; of another type than a number, a truth or a text, its text."""
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, str | int | float | bool) else str(value)


def table_of(cells: Sequence[Mapping[str, Any]]) -> pd.Series:
    """Return the table of such cells, with `_TOTAL` where it sums over a column."""
    import pandas as pd

    names = sorted({name for cell in cells for name in cell["of"]})
    labels = [tuple(cell["of"].get(name, _TOTAL) for name in names) for cell in cells]
    index = pd.MultiIndex.from_tuples(labels, names=names)
    return pd.Series([cell["count"] for cell in cells], index=index, dtype="Int64")


def told_together(
    packages: Iterable[SharedPackage],
    archives: object,
    *,
    beside: object = None,
    without: object = (),
    threshold: int = 5,
    audit_seconds: int | None = None,
) -> OutputCheck:
    """Return what the tables of packages tell: see :meth:`privkit.study.sharing.Sharing.output_check`."""
    if beside is not None and not (isinstance(beside, OutputCheck) and beside.counts and beside.method != "audit"):
        raise ParameterError.of("beside", type_told(beside), "what output_check(...) made of tables of counts")
    held = [one for one in packages if one.deleted is None and any(kind == CHECKED for _, kind, _ in one.tables)]
    left = _numbers(without, [one.id for one in held])
    found = list(_read([one for one in held if one.id not in left], _archives(archives)))
    if beside is not None:
        pairs = zip(beside.frames, beside.filters, strict=True)
        found += [(table_of(recorded(frame, beside.margin)), of) for frame, of in pairs]
    if not found:
        raise PackageError.no_tables()
    tables, filters = zip(*found, strict=True)
    out = output_check(
        list(tables),
        filters=list(filters),
        threshold=threshold,
        method="audit",
        margin=_TOTAL,
        audit_seconds=audit_seconds,
    )
    assert isinstance(out, OutputCheck)  # not of keyed noise
    return out


def _numbers(given: object, known: Sequence[int]) -> frozenset[int]:
    numbers = [given] if isinstance(given, int) else given
    if not isinstance(numbers, list | tuple | set | frozenset) or not all(one in known for one in numbers):
        raise ParameterError.of(
            "without", type_told(given), f"numbers of packages with tables of counts: {list(known)}"
        )
    return frozenset(numbers)


def _archives(given: object) -> list[Path]:
    """Return the archives in a folder, or those that were named."""
    allowed = "a folder of archives, or a list of their paths"
    if isinstance(given, str | Path):
        folder = Path(given)
        with writing(folder, "read"):
            return sorted(folder.glob("*.zip")) if folder.is_dir() else [folder]
    if not isinstance(given, list | tuple) or not all(isinstance(one, str | Path) for one in given):
        raise ParameterError.of("archives", type_told(given), allowed)
    return [Path(one) for one in given]


def _read(packages: Sequence[SharedPackage], paths: Sequence[Path]) -> Iterator[tuple[pd.Series, str | None]]:
    """Yield each package's tables of counts and whom they count; refuse where an archive is not as it was handed out.

    Raises
    ------
    PackageError
        Tells all of them at once: nothing is said of some tables without the others.
    FileError
    """
    by: dict[str, Path] = {}
    for path in paths:
        with writing(path, "read"):
            by[checksum(path)] = path
    names = {path.name for path in paths}
    problems = [
        f"package {one.id} ({one.file!r}, for {one.recipient}) "
        + ("was changed: its checksum is another" if one.file in names else "is not there")
        for one in packages
        if one.sha256 not in by
    ]
    if problems:
        raise PackageError.unread(problems)
    for one in packages:
        with writing(by[one.sha256], "read"), zipfile.ZipFile(by[one.sha256]) as archive:
            told = json.loads(archive.read("provenance.json"))
        for table in told["tables"]:
            if table["kind"] == CHECKED:
                yield table_of(table["provenance"]["cells"]), table["provenance"]["filter"]
