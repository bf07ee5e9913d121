"""The archive of a package: tables that no spreadsheet runs, words, provenance, cost and checksums, in one zip file.

Members have names of ours, or such as a person gave and were checked: none leads out of the folder that it is unpacked
in. ``SHA256SUMS`` is read by ``sha256sum --check``. What differs between two packages of the same tables is a random
``salt``: so the checksum of the archive, which the register keeps, tells nobody who guesses its tables that he guessed
right.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import amounts
from privkit.values.files import spreadsheet_cell
from privkit.values.show import printable
from privkit.values.writing import chance

if TYPE_CHECKING:
    import pandas as pd

    from privkit.values.loss import PrivacyLoss

#: What a zip file cannot tell in years before; the same for every member, so that none tells when it was made.
_MOMENT = (1980, 1, 1, 0, 0, 0)


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
