"""What the tables of counts of all packages tell together: two that are safe, and subtract to one person.

A package's tables are read from its archive, which the register knows by its checksum. What recipients were told to
delete, and confirmed, is left out; what is expired or revoked is not: it may still be there.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.disclosure.cells import table_keys
from privkit.disclosure.check import OutputCheck, output_check
from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.errors.study import PackageError
from privkit.study.archive import checksum
from privkit.study.written import writing

if TYPE_CHECKING:
    import pandas as pd

    from privkit.study.shared_package import SharedPackage

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
