"""Tables in files, for the commands that read and write them: text stays text, byte for byte."""

from __future__ import annotations

import argparse
import csv
import re
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.errors import FileError, LibraryRequiredError
from privkit.values.files import whole_file

if TYPE_CHECKING:
    import pandas as pd

#: The exit code where a table was read and falls short of what was asked.
FALLS_SHORT = 3
#: What a file's name says of its form; pandas would tell it by the draft's name when it writes.
_PACKED: dict[str, Any] = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}
_FORMS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet"}
_FORMS |= {".arrow": "arrow", ".feather": "arrow", ".ndjson": "ndjson", ".jsonl": "ndjson"}
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
#: Numbers whose text is told by their value, so that writing them gives the same text.
_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,6})\.\d{0,6}[1-9]|-?[1-9]\d{0,6}\.0|0\.0")


def add_table(parser: argparse.ArgumentParser, *, qi: bool = True) -> None:
    """Add the file, how it is read, and the quasi-identifiers."""
    forms = "CSV, TSV, Parquet, Arrow or NDJSON; text may be packed (.gz)"
    parser.add_argument("file", type=Path, help=f"a table: {forms}")
    if qi:
        several = "the quasi-identifiers; a name with a comma in quotes, or one --qi for each"
        parser.add_argument("--qi", required=True, action="extend", type=names, metavar="A,B", help=several)
        parser.add_argument("--unit", help="a column of ids: count distinct persons instead of rows")
    parser.add_argument("--sep", help="what separates the cells of a CSV file (, or a tab for .tsv)")
    parser.add_argument("--encoding", default="utf-8-sig", help="the encoding of a text file (utf-8)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def names(text: str) -> list[str]:
    r"""Return the names in ``a,b``; one with a comma stands in quotes.

    Examples
    --------
    >>> names('zip, "last, first"')
    ['zip', 'last, first']
    """
    return [name.strip() for name in next(csv.reader([text], skipinitialspace=True), []) if name.strip()]


def form(file: Path) -> str:
    """Return what a file's name says it is: "csv", "parquet", "arrow" or "ndjson".

    Raises
    ------
    FileError
    """
    suffix = Path(file.stem).suffix if file.suffix in _PACKED else file.suffix
    if (found := _FORMS.get(suffix.lower())) is None:
        raise FileError.of(file.name, f"its name ends with none of {', '.join(_FORMS)}", "They say what a file holds.")
    return found


def read_table(options: argparse.Namespace, numbers: Collection[str] = ()) -> pd.DataFrame:
    """Read a table as text, byte for byte.

    Parameters
    ----------
    options : Namespace
        With the file, the separator and the encoding.
    numbers : collection of str
        Columns that are read as numbers, where each of their texts is what its number is written as: ``7``, ``1.5``;
        not ``007``, ``1.50``, ``1E5``.

    Returns
    -------
    DataFrame
        Empty cells are missing; ``NA`` is a text.

    Raises
    ------
    FileError
        If the file is not there, is no table, or cannot be read by its encoding.
    LibraryRequiredError
        If it needs pyarrow, and that is not installed.
    """
    table = read_file(options.file, options.sep, options.encoding, numbers)
    wanted = [*getattr(options, "qi", ()), *getattr(options, "on", ())]
    if len(table.columns) == 1 and not set(wanted) <= set(table.columns):
        for other, told in _SEPARATORS.items():
            if other in table.columns[0]:
                hint = f"--sep {other!r}?" if other != "\t" else "--sep $'\\t'?"
                raise FileError.of(options.file.name, f"its header is one name with a {told} in it", hint)
    return table


def read_file(
    file: Path, sep: str | None = None, encoding: str = "utf-8-sig", numbers: Collection[str] = ()
) -> pd.DataFrame:
    """Read one table; see :func:`read_table`."""
    import pandas as pd

    kind = form(file)
    try:
        if kind == "parquet":
            return pd.read_parquet(file, dtype_backend="pyarrow")
        if kind == "arrow":
            return pd.read_feather(file, dtype_backend="pyarrow")
        if kind == "ndjson":
            return _read_lines(file, encoding)
        return _read_csv(file, sep or _separator(file), encoding, numbers)
    except FileError:
        raise
    except ImportError:
        raise LibraryRequiredError.of("privkit", "pyarrow", "parquet") from None
    except FileNotFoundError:
        raise FileError.of(file.name, f"there is no such file in {file.parent.resolve().name!r}") from None
    except OSError as error:
        raise FileError.of(file.name, f"it cannot be read ({error.strerror or 'its content is damaged'})") from None
    except (UnicodeDecodeError, LookupError):
        hint = "Name its encoding: --encoding cp1252, latin-1, utf-16."
        raise FileError.of(file.name, f"it is no text in {encoding.removesuffix('-sig')}", hint) from None
    except (ValueError, EOFError):  # parsers' errors are ValueErrors, and may quote a line
        hint = f"A row with more cells than the header, or an open quote? The separator is {sep!r} (--sep)."
        raise FileError.of(file.name, f"it cannot be read as {kind}", hint if kind == "csv" and sep else "") from None


def _separator(file: Path) -> str:
    return "\t" if ".tsv" in file.suffixes else ","


def _read_csv(file: Path, sep: str, encoding: str, numbers: Collection[str]) -> pd.DataFrame:
    import pandas as pd

    as_text: dict[str, Any] = {"sep": sep, "dtype": "str", "keep_default_na": False, "na_values": [""]}
    as_text |= {"encoding": encoding, "skip_blank_lines": True, "compression": _PACKED.get(file.suffix)}
    head = pd.read_csv(file, header=None, nrows=1, **as_text)
    header = ["" if pd.isna(name) else str(name) for name in head.iloc[0]] if len(head) else []
    if doubled := sorted({name for name in header if header.count(name) > 1}):
        raise FileError.of(file.name, f"its header names {doubled[0]!r} more than once")
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # cells beyond the header would be left out
        try:
            table = pd.read_csv(file, header=0, names=header, index_col=False, **as_text)
        except (pd.errors.ParserWarning, pd.errors.ParserError) as error:
            if isinstance(error, pd.errors.ParserError) and "Expected" not in str(error):
                raise
            hint = "Is a cell with the separator in it in quotes?"
            raise FileError.of(file.name, "a row has more cells than the header", hint) from None
    for name in (name for name in table.columns if name in numbers):
        table[name] = as_number(table[name])
    return table


def as_number(column: pd.Series) -> pd.Series:
    """Return a column of texts as numbers, if each is what its number is written as; else as it is.

    Examples
    --------
    >>> import pandas as pd
    >>> [str(as_number(pd.Series(texts)).dtype) for texts in (["7", None], ["1.5", "2.0"])]
    ['Int64', 'float64']
    >>> [as_number(pd.Series(texts)).tolist() for texts in (["007"], ["1.50"], ["1E5"], ["+41"], ["1", "1.5"])]
    [['007'], ['1.50'], ['1E5'], ['+41'], ['1', '1.5']]
    """
    texts = column.dropna().unique()
    if len(texts) and all(_WHOLE.fullmatch(text) for text in texts):
        return column.map({text: int(text) for text in texts}).astype("Int64")
    if len(texts) and all(_DECIMAL.fullmatch(text) for text in texts):
        return column.map({text: float(text) for text in texts}).astype("float64")
    return column


def as_value(column: pd.Series) -> pd.Series:
    """Return a column of texts as what a reader takes it for: amounts are numbers, codes and long ids are texts.

    For looking alone: the numbers' texts may differ from those that came.

    Examples
    --------
    >>> import pandas as pd
    >>> [as_value(pd.Series(texts)).tolist() for texts in (["12.30", "7"], ["007"], ["1234567890123456789"])]
    [[12.3, 7.0], ['007'], ['1234567890123456789']]
    """
    import pandas as pd

    if not isinstance(column.dtype, pd.StringDtype) and column.dtype != object:
        return column  # of a file that has types
    texts = column.dropna()
    if not len(texts) or not all(isinstance(text, str) for text in texts):
        return column
    if (texts.str.len() > 15).any() or texts.str.match(r"[+-]?0\d|\+").any():
        return column
    number = pd.to_numeric(column, errors="coerce")
    return number if number.notna().equals(column.notna()) else column


def _read_lines(file: Path, encoding: str) -> pd.DataFrame:
    """Read events, one JSON object a line, as a flat table; numbers keep their digits."""
    from privkit.events import flatten

    if encoding.removesuffix("-sig").lower().replace("_", "-") not in ("utf-8", "utf8"):
        raise FileError.of(file.name, "NDJSON is always UTF-8")
    return flatten(str(file))


def shared_name(file: Path) -> str:
    """Return a name for what is made of a file, beside it.

    Examples
    --------
    >>> shared_name(Path("data/customers.csv.gz"))
    'customers-shared.csv.gz'
    """
    stem, *suffixes = file.name.split(".")
    return ".".join([f"{stem}-shared", *suffixes])


def check_output(out: Path, force: bool, *inputs: Path) -> None:
    """Refuse to write over an input, ever, and over another file without `force`.

    Raises
    ------
    FileError
    """
    form(out)
    for source in inputs:
        if out.exists() and source.exists() and out.samefile(source):
            raise FileError.of(out.name, "it is the input, which is never overwritten", "Name another file.")
    if out.exists() and not force:
        raise FileError.of(out.name, "it is there already", "Name another file, or add --force.")
    if not out.resolve().parent.is_dir():
        raise FileError.of(out.name, f"there is no folder {str(out.parent)!r}")


def write_table(frame: pd.DataFrame, file: Path, sep: str | None = None, encoding: str = "utf-8") -> None:
    """Write a table in the form that the file's name says, so that it is there whole or not at all."""
    kind = form(file)
    with whole_file(file) as draft:
        if kind == "parquet":
            frame.to_parquet(draft, index=False)
        elif kind == "arrow":
            frame.reset_index(drop=True).to_feather(draft)
        elif kind == "ndjson":
            packed = _PACKED.get(file.suffix)
            frame.to_json(draft, orient="records", lines=True, force_ascii=False, compression=packed)
        else:
            packed = _PACKED.get(file.suffix)
            text: dict[str, Any] = {"sep": sep or _separator(file), "encoding": encoding.removesuffix("-sig")}
            frame.to_csv(draft, index=False, compression=packed, **text)
