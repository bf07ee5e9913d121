"""``privkit anonymize``: a file in which every class has at least k rows."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.anonymity.criterion import Criterion
from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ldiversity import LDiversity
from privkit.commands.table import add_table, names, read_table
from privkit.transform.anonymize import anonymize
from privkit.transform.generalize import read_hierarchies, write_hierarchies
from privkit.values.files import whole_file

if TYPE_CHECKING:
    import pandas as pd

    from privkit.transform.anonymized import Anonymized


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser)
    parser.add_argument("--k", type=int, required=True, help="the least size of a class")
    parser.add_argument("--l", type=int, help="distinct l-diversity of --sensitive")
    parser.add_argument("--sensitive", help="the sensitive attribute")
    parser.add_argument("--suppress", type=float, default=0.02, help="the share of records that may be left out (0.02)")
    parser.add_argument("--hierarchies", type=Path, help="a TOML file of hierarchies; others are proposed from types")
    parser.add_argument("--save-hierarchies", type=Path, help="write the hierarchies that were used to a TOML file")
    parser.add_argument("--method", choices=["optimal", "local"], default="optimal", help="the search")
    parser.add_argument("--utility", default="loss", help="what to minimize (loss)")
    parser.add_argument("--drop", type=names, default=[], metavar="A,B", help="columns to leave out")
    parser.add_argument("--time-limit", type=float, help="seconds after which the best so far is taken")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")


def run(options: argparse.Namespace) -> int:
    """Write the anonymized table, whole or not at all, and print what it cost; return 0."""
    table = read_table(options.file, options.sep).drop(columns=options.drop)
    criteria: Criterion = KAnonymity(options.k, unit=options.unit) if options.unit else KAnonymity(options.k)
    if options.l is not None:
        criteria = criteria & LDiversity(options.sensitive, options.l)
    out = anonymize(
        table,
        options.qi,
        criteria,
        hierarchies=read_hierarchies(options.hierarchies) if options.hierarchies else None,
        suppress=options.suppress,
        utility=options.utility,
        method=options.method,
        time_limit=options.time_limit,
    )
    write_table(out.frame, options.out, options.sep)
    if options.save_hierarchies:
        write_hierarchies(options.save_hierarchies, out.hierarchies, table)
    print(json.dumps(summary(out)) if options.json else out)
    return 0


def summary(out: Anonymized) -> dict[str, object]:
    """Return the result's figures as JSON values."""
    return {
        "levels": out.levels_,
        "suppressed": out.suppressed_,
        "loss": out.loss_,
        "utility": out.utility,
        "optimal": bool(out.optimal_),
        "proposed": list(out.proposed_),
    }


#: pandas would tell it by the draft's name.
_PACKED: dict[str, Any] = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}


def write_table(frame: pd.DataFrame, file: Path, sep: str) -> None:
    """Write a table so that the file appears only when it is complete."""
    with whole_file(file) as draft:
        if file.suffix == ".parquet":
            frame.to_parquet(draft, index=False)
        else:
            frame.to_csv(draft, sep=sep, index=False, compression=_PACKED.get(file.suffix))
