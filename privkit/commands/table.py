"""Tables in files, for the commands that read and write them: text stays text, byte for byte."""

from __future__ import annotations

import argparse
import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.errors import FileError, LibraryRequiredError, PrivkitError
from privkit.tally.columns.shapes import absent_among
from privkit.values.files import line_end, whole_file

if TYPE_CHECKING:
    import pandas as pd

#: The exit code where a table was read and falls short of what was asked.
FALLS_SHORT = 3
#: What a file's name says of its form; pandas would tell it by the draft's name when it writes.
_PACKED: dict[str, Any] = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}
_FORMS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet"}
_FORMS |= {".arrow": "arrow", ".feather": "arrow", ".ndjson": "ndjson", ".jsonl": "ndjson"}
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
#: A name among several, in quotes or not, and the comma behind it.
_NAME = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*,')
#: Texts that people write numbers and days as; codes (007), ids of more digits and 1E5 are texts.
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,14})?")
#: A float by all its digits, as pandas, R and Python write it.
_FLOAT = re.compile(r"-?\d+(\.\d+)?(e-\d+)?")
_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?)?")


def add_table(parser: argparse.ArgumentParser, *, qi: bool = True, optional: bool = False) -> None:
    """Add the file, how it is read, and the quasi-identifiers."""
    forms = "CSV, TSV, Parquet, Arrow or NDJSON; text may be packed (.gz)"
    parser.add_argument("file", type=Path, nargs="?" if optional else None, help=f"a table: {forms}")
    if qi:
        several = "the quasi-identifiers; a name with a comma in quotes, or one --qi for each"
        parser.add_argument("--qi", required=True, action="extend", type=names, metavar="A,B", help=several)
        parser.add_argument("--unit", help="a column of ids: count distinct persons instead of rows")
    parser.add_argument("--sep", type=separator, help="what separates the cells of a CSV file (, or a tab for .tsv)")
    parser.add_argument("--encoding", default="utf-8-sig", help="the encoding of a text file (utf-8)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def separator(text: str) -> str:
    """Return a separator: one character, a tab also as its two letters."""
    text = "\t" if text in ("\\t", "tab") else text
    if len(text) != 1:
        raise argparse.ArgumentTypeError("must be one character")
    return text


def names(text: str) -> list[str]:
    r"""Return the names in ``a,b``; one with a comma, or with blanks around it, stands in quotes.

    Examples
    --------
    >>> names('zip, "last, first"," age"')
    ['zip', 'last, first', ' age']
    """
    found = _NAME.finditer(text + ",") if text.strip() else ()
    return [
        plain.strip() if quoted is None else quoted.replace('""', '"')
        for quoted, plain in (one.groups() for one in found)
    ]


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


def read_table(options: argparse.Namespace, rows: int | None = None) -> pd.DataFrame:
    """Read a table as text, byte for byte.

    Parameters
    ----------
    options : Namespace
        With the file, the separator and the encoding.
    rows : int, optional
        How many rows of a CSV file are read; all by default.

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
    table = read_file(options.file, options.sep, options.encoding, rows)
    wanted = [*getattr(options, "qi", ()), *getattr(options, "on", ())]
    if len(table.columns) == 1 and (not wanted or not set(wanted) <= set(table.columns)):
        for other, told in _SEPARATORS.items():
            if other in table.columns[0]:
                hint = f"--sep {other!r}?" if other != "\t" else "--sep $'\\t'?"
                raise FileError.of(options.file.name, f"its header is one name with a {told} in it", hint)
    return table


def read_file(file: Path, sep: str | None = None, encoding: str = "utf-8-sig", rows: int | None = None) -> pd.DataFrame:
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
        return _read_csv(file, sep or separator_of(file), encoding, rows)
    except PrivkitError:
        raise
    except ImportError:
        raise LibraryRequiredError.of("pyarrow", "parquet") from None
    except FileNotFoundError:
        raise FileError.of(file.name, f"there is no such file in {file.parent.resolve().name!r}") from None
    except OSError as error:
        raise FileError.of(file.name, f"it cannot be read ({error.strerror or 'its content is damaged'})") from None
    except LookupError:
        raise FileError.of(file.name, f"there is no encoding called {encoding!r}") from None
    except UnicodeDecodeError:
        hint = "Name its encoding: --encoding cp1252, latin-1, utf-16."
        raise FileError.of(file.name, f"it is no text in {encoding.removesuffix('-sig')}", hint) from None
    except pd.errors.EmptyDataError:
        raise FileError.of(file.name, "it is empty: a table has a header at least") from None
    except (ValueError, EOFError):  # parsers' errors are ValueErrors, and may quote a line
        hint = f"A row with more cells than the header, or an open quote? The separator is {sep!r} (--sep)."
        raise FileError.of(file.name, f"it cannot be read as {kind}", hint if kind == "csv" and sep else "") from None


def separator_of(file: Path) -> str:
    """Return what separates the cells of a file of this name."""
    return "\t" if ".tsv" in file.suffixes else ","


def _read_csv(file: Path, sep: str, encoding: str, rows: int | None) -> pd.DataFrame:
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
            table = pd.read_csv(file, header=0, names=header, index_col=False, nrows=rows, **as_text)
        except (pd.errors.ParserWarning, pd.errors.ParserError) as error:
            if isinstance(error, pd.errors.ParserError) and "Expected" not in str(error):
                raise
            hint = f"Is a cell with the separator in it in quotes? Or is the separator not {sep!r} (--sep)?"
            raise FileError.of(file.name, "a row has more cells than the header", hint) from None
    return table


def as_number(column: pd.Series, *, exactly: bool = False) -> pd.Series:
    """Return a column of texts as numbers or days, if each of its texts is one, and distinct texts are distinct ones.

    Parameters
    ----------
    exactly : bool
        Whether each text must be what its number is written as, since single cells of it leave.

    Examples
    --------
    >>> import pandas as pd
    >>> [str(as_number(pd.Series(texts)).dtype) for texts in (["7", None], ["1.50", "2"], ["2026-11-28"])]
    ['Int64', 'float64', 'datetime64[us]']
    >>> [as_number(pd.Series(texts)).tolist() for texts in (["007"], ["1E5"], ["+41"], ["1", "1.0"])]
    [['007'], ['1E5'], ['+41'], ['1', '1.0']]
    >>> as_number(pd.Series(["0.30000000000000004", "6.6e-05"])).tolist()
    [0.30000000000000004, 6.6e-05]
    >>> as_number(pd.Series(["1.50"]), exactly=True).tolist()
    ['1.50']
    """
    import pandas as pd

    texts = column.dropna().unique()
    if not len(texts) or not all(isinstance(text, str) for text in texts):
        return column
    if all(_WHOLE.fullmatch(text) for text in texts):
        return column.map({text: int(text) for text in texts}).astype("Int64")
    if all(_NUMBER.fullmatch(text) or (_FLOAT.fullmatch(text) and repr(float(text)) == text) for text in texts):
        numbers = {text: float(text) for text in texts}
        kept = not exactly or all(repr(number) == text for text, number in numbers.items())
        return column.map(numbers).astype("float64") if kept and len(set(numbers.values())) == len(texts) else column
    if not exactly and all(_DAY.fullmatch(text) for text in texts):
        days = pd.to_datetime(column, format="ISO8601", errors="coerce")
        return days if days.notna().equals(column.notna()) and days.nunique() == len(texts) else column
    return column


def absent_word(column: pd.Series) -> str | None:
    """Return the word that stands for a missing value among texts that are all numbers or days; None where none does.

    Nor where some cells are empty or there are two words: whichever stood in a cell could not be told afterwards.

    Examples
    --------
    >>> import pandas as pd
    >>> [absent_word(pd.Series(texts)) for texts in (["17", "NA"], ["17", "NA", None], ["17", "NA", "."], ["a", "NA"])]
    ['NA', None, None, None]
    """
    texts = column.unique()
    if not all(isinstance(text, str) for text in texts):
        return None
    words, rest = absent_among(texts.tolist())
    if len(words) != 1 or not rest or as_number(column[column != words[0]]).dtype == column.dtype:
        return None
    return words[0]


def as_value(column: pd.Series) -> pd.Series:
    """Return a column of texts as what a reader takes it for: amounts are numbers, codes and long ids are texts.

    For looking alone: the numbers' texts may differ from those that came.

    Examples
    --------
    >>> import pandas as pd
    >>> [as_value(pd.Series(texts)).tolist() for texts in (["12.30", "7"], ["007"], ["1234567890123456789"])]
    [[12.3, 7.0], ['007'], ['1234567890123456789']]
    >>> as_value(pd.Series(["0.30000000000000004"])).tolist()
    [0.30000000000000004]
    """
    import pandas as pd

    if not isinstance(column.dtype, pd.StringDtype) and column.dtype != object:
        return column  # of a file that has types
    texts = column.dropna()
    if not len(texts) or not all(isinstance(text, str) for text in texts):
        return column
    if ((texts.str.len() > 15) & ~texts.str.contains(".", regex=False)).any() or texts.str.match(r"[+-]?0\d|\+").any():
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


def check_output(out: Path, force: bool, *inputs: Path | None, beside: Path | None = None) -> None:
    """Refuse to write over an input, or what else is written, ever, and over another file without `force`.

    Raises
    ------
    FileError
    """
    for source in filter(None, (*inputs, beside)):
        same = out.samefile(source) if out.exists() and source.exists() else out.absolute() == source.absolute()
        if same:
            why = "it is the input, which is never overwritten" if source != beside else "--out names this file too"
            raise FileError.of(out.name, why, "Name another file.")
    if out.exists() and not force:
        raise FileError.of(out.name, "it is there already", "Name another file, or add --force.")
    if not out.resolve().parent.is_dir():
        raise FileError.of(out.name, f"there is no folder {str(out.parent)!r}")


def write_table(frame: pd.DataFrame, file: Path, sep: str | None = None, encoding: str = "utf-8") -> None:
    """Write a table in the form that the file's name says, so that it is there whole or not at all."""
    kind = form(file)
    with whole_file(file) as draft:
        try:
            if kind in ("parquet", "arrow"):
                plain = frame.reset_index(drop=True)
                plain.to_parquet(draft, index=False) if kind == "parquet" else plain.to_feather(draft)
            elif kind == "ndjson":
                _write_lines(frame, draft, _PACKED.get(file.suffix))
            else:
                text: dict[str, Any] = {"sep": sep or separator_of(file), "encoding": encoding.removesuffix("-sig")}
                text["lineterminator"] = line_end(_texts(frame))
                frame.to_csv(draft, index=False, compression=_PACKED.get(file.suffix), **text)
        except ImportError:
            raise LibraryRequiredError.of("pyarrow", "parquet") from None
        except (ValueError, TypeError, OverflowError, NotImplementedError, ArithmeticError):  # may quote a cell
            hint = "CSV takes any." if kind != "csv" else "Name another encoding: --encoding utf-8."
            raise FileError.of(file.name, f"its columns cannot all be written as {kind}", hint) from None


def _texts(frame: pd.DataFrame) -> Iterator[object]:
    """Yield the names of a table, and the different values of its columns that are no numbers."""
    yield from frame.columns
    for name in frame.select_dtypes(exclude="number").columns:
        yield from frame[name].drop_duplicates()


def _write_lines(frame: pd.DataFrame, file: Path, packed: str | None) -> None:
    """Write a table as NDJSON: numbers by all their digits, what is missing as null."""
    from pandas.io.common import get_handle

    from privkit.events.run.flatten import rows_of

    with get_handle(file, "w", encoding="utf-8", compression=packed) as opened:
        for row in rows_of(frame):
            line = json.dumps(row, ensure_ascii=False, default=_plain_cell)
            opened.handle.write(line + "\n")  # type: ignore[call-overload]


def _plain_cell(cell: Any) -> Any:
    return cell.item() if hasattr(cell, "item") else cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
