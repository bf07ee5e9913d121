"""Tables in files, for the commands that read one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from privkit.errors import FrameError, LibraryRequiredError

if TYPE_CHECKING:
    import pandas as pd

#: The exit code where a table was read and falls short of what was asked.
FALLS_SHORT = 3


def add_table(parser: argparse.ArgumentParser) -> None:
    """Add the file, its separator and the quasi-identifiers."""
    parser.add_argument("file", type=Path, help="a CSV or Parquet file")
    parser.add_argument("--qi", required=True, type=names, metavar="A,B", help="the quasi-identifiers")
    parser.add_argument("--sep", default=",", help="what separates the cells of a CSV file (,)")
    parser.add_argument("--unit", help="a column of ids: count distinct persons instead of rows")
    parser.add_argument("--json", action="store_true", help="print JSON")


def names(text: str) -> list[str]:
    """Return the names in ``a,b``."""
    return [name.strip() for name in text.split(",") if name.strip()]


def read_table(file: Path, sep: str = ",") -> pd.DataFrame:
    """Read a table; codes with leading zeros stay text.

    Raises
    ------
    FrameError
        If the file is not there or is no table.
    LibraryRequiredError
        If it is a Parquet file and pyarrow is not installed.
    """
    import pandas as pd

    try:
        if file.suffix == ".parquet":
            return pd.read_parquet(file)
        raw = pd.read_csv(file, sep=sep, dtype="str")
    except ImportError:
        raise LibraryRequiredError.of("privkit", "pyarrow", "parquet") from None
    except (OSError, ValueError):  # pandas' parser errors are ValueErrors, and may quote a line
        raise FrameError.unsupported("privkit", f"{file.name}, which cannot be read as a table") from None
    for name in raw.columns:
        if not raw[name].str.match(r"[+-]?0\d").any():
            number = pd.to_numeric(raw[name], errors="coerce")
            if number.notna().equals(raw[name].notna()):
                raw[name] = number
    return raw
