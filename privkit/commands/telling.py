"""What a command prints: the report in its words, what to type next in the shell's, and JSON.

A terminal gets colors and lines that fit its width; a pipe or a file the plain text.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TextIO

from privkit.errors.root import close_matches

#: After how many seconds a command says that it is at work, and how often it does so where nobody watches.
_PATIENCE, _SELDOM = 2.0, 30.0

#: What says that hierarchies can be had.
_SAVES = "--save-hierarchies FILE writes them"

#: What reports and errors say in Python, and what the shell has in its place.
_IN_SHELL = {
    r"could not run the frame's own plan\. .*": "could not read all rows of the file. Is there a "
    "row with more cells than the header, or an open quote? Or does --sep name another separator?",
    r"\bmethod='(\w+)' would lose": r"--method \1 would lose",
    r"look at \.hierarchies": _SAVES,
    r"List them \(they are personal data\): hierarchy\.missing\(.*\); add a row for each, or take hierarchy\.or_other"
    r"\('OTHER'\)": "Add a row for each to its table in --hierarchies FILE",
    r"hierarchies=\{.*?\}": "--hierarchies FILE",
    r"pk\.Hierarchy\.dates\(format='(.*?)'\)(?=, say, reads)": r'dates with format = "\1" in --hierarchies FILE',
    r"say apply\(\.\.\., unmatched='drop'\) or unmatched='keep'": "say --unmatched drop or --unmatched keep",
    r"df\[df\[.*?\]\.ne\('\*'\)\.any\(axis=1\)\] leaves them out": "leave them out of the file",
    r"bytes, or ev\.Key\.from_env\('NAME'\), \.from_file\(path\), \.from_keyring\(service, name\)": "say where it "
    'lies: key = {env = "NAME"}, {file = "PATH"} or {keyring = "service/name"}',
    r"pk\.teach\.classroom\((.*?), students=\.\.\., epsilon=\.\.\..*?\)": r"privkit classroom --project \1 --students N"
    " --epsilon E",
    r"got students=a list whose (.*), but students must be": r"got --names FILE whose \1, but it must hold",
    r"bounds=\{'(.*?)': \(lower, upper\)\} says which count": r"--bounds '\1=LOWER:UPPER' says which count",
    r"a dict from columns to pairs \(lower, upper\) of finite numbers": "COLUMN=LOWER:UPPER, with finite numbers",
    "Another class takes another name": "Another class takes another --project",
    r" \(all of them: \.names\)": " (all of them: --json)",
    "then run the cell again": "then run it again",
    r"pk\.Hierarchy\.dates\(format=(.*?)\); or convert the column .*": r"format = \1 beside dates in "
    "--hierarchies FILE.",
    r"a dict column → level, or column → \(lowest level, highest level\)": "COLUMN=LEVEL or COLUMN=LOWEST:HIGHEST",
    r"about the quasi-identifiers \[(.*)\] that keep= does not name": r"about the quasi-identifiers (\1)",
    r"levels=levels of \[(.*?)\]": r"--levels of \1",
    r"method='cells' keeps a cell or (.*), without hierarchies=; importance= is its weights=": "--method cells keeps a "
    r"cell or \1, without --hierarchies",
    r"apply\(\.\.\., on_error='quarantine'\)": "--quarantine FILE",
    r"Recipe\.load\(path, keys=.*?\}\)": "--key FILE",
    r" \(the default is \.privkit/ledger\.db beside the notebook\), or begin one: .*?unit=pk\.ROW\)": " or --store",
    r"a table of the population or its number of persons \((.*?)\)": r"the number of persons of the population (\1)",
    r", or a table of all of them": "",
    r"ev\.Key\.create_file\('([^']*)'\)": r"python -c \"from privkit import events as ev; ev.Key.create_file('\1')\"",
    r"( earlier entries): \.to_frame\(\)": r"\1",
    r"(and [\d,]+ more): \.open_questions": r"\1",
    r"(and [\d,]+ more): \.open\b": r"\1, in the papers and by --json",
    r"Say overwrite=True": "--force writes over it",
    r"Convert one of them, for example .*?(?=, and mind)": "Write both the same way in the files",
    r"( set apart): \.quarantined": r"\1, in the file of --quarantine.",
    "population= tells more": "--population tells more",
    "pass hierarchies=": "pass --hierarchies",
    "Drop (it|them), or name (?:it|them) in qi": r"Leave \1 out (--drop), or name \1 in --qi",
    "drop or pseudonymize them": "leave them out (--drop)",
    "drop or pseudonymize it": "leave it out (--drop)",
    "and unit= counts persons": "and --unit counts persons",
    r"Columns that tell nearly every row apart were not looked for: .*; nor were (columns .*)\.": r"Of a large file \1 "
    "are not looked for.",
    r"\bev\.(?!Key)(\w+)\(.*?\)": r'op = "\1"',  # what follows the others, which are longer
}


def tell(report: object, *following: Sequence[object], more: str = "", hierarchies: object = None) -> None:
    """Print a report without its hints, which are Python, one more line, and what to type next in the shell.

    Of hierarchies that were written to a file, it says so.
    """
    told = in_shell(re.sub(r"\nnext: .*\Z", "", str(report), flags=re.DOTALL))
    lines = [told.replace(_SAVES, f"{hierarchies} has them") if hierarchies else told, *([more] if more else [])]
    lines += [f"next: privkit {shlex.join(str(part) for part in command)}" for command in following]
    print(shown("\n".join(lines)))


def in_shell(text: str, options: Iterable[str] = ()) -> str:
    r"""Return what a report or an error says in the shell's words: options for arguments, no calls.

    Examples
    --------
    >>> in_shell("anonymize() got time_limit=-1.0, but time_limit must be a number of seconds above 0.", ["time_limit"])
    'anonymize got --time-limit -1.0, but --time-limit must be a number of seconds above 0.'
    >>> in_shell("kanon() got qi=['agee', 'zip'], but 'agee' is not a column.", ["qi"])
    "kanon got --qi agee,zip, but 'agee' is not a column."
    """
    for python, shell in _IN_SHELL.items():
        text = re.sub(python, shell, text)
    for name in options:
        option = f"--{name.replace('_', '-')}"
        text = re.sub(rf"(?<![\w.'-])(?:--)?{name}=(?=[\s,.:;)]|$)", option, text)  # its name, and no value behind it
        text = re.sub(rf"(?<![\w.'-])(?:--)?{name}=", f"{option} ", text)
        text = re.sub(rf"(?<![\w.'-]){name}(?= (?:must|needs|with)\b)|(?<= got ){name}(?= )", option, text)
        text = re.sub(rf"(?<= as ){name}(?= and |\.)|(?<= out of ){name}(?=:)", option, text)
    text = re.sub(r"(--[\w-]+):? \[((?:'[^']*'(?:, )?)*)\]", _listed, text)
    text = re.sub(r"(?<=^Close matches: ).*", _in_quotes, text, flags=re.MULTILINE)
    return re.sub(r"\b(\w+)\(\)", r"\1", text)


def _listed(found: re.Match[str]) -> str:
    names = re.findall(r"'([^']*)'", found[2])
    return f"{found[1]} {columns(names)}"


def _in_quotes(found: re.Match[str]) -> str:
    """Return close matches so that they can be typed: blanks around an option's names are no part of them."""
    return re.sub(r"'([^']*)'", lambda name: f"""'"{name[1]}"'""" if name[1] != name[1].strip() else name[0], found[0])


def tell_json(figures: Mapping[str, Any]) -> None:
    """Print figures as one line of JSON; what is not finite is null."""
    print(json.dumps(_plain(figures), allow_nan=False))


def _plain(value: Any) -> Any:
    if hasattr(value, "item") and getattr(value, "shape", ()) == ():
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return value if value - value == 0 else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def columns(qi: Sequence[str]) -> str:
    r"""Return columns as one option takes them: a name with a comma, or with blanks around it, in quotes.

    Examples
    --------
    >>> columns(["zip", "last, first", "", " age"])
    'zip,"last, first",""," age"'
    """
    bare = (name and name == name.strip() and not set(name) & set(',"') for name in qi)
    return ",".join(
        name if plain else f'"{name.replace(chr(34), chr(34) * 2)}"' for name, plain in zip(qi, bare, strict=True)
    )


def asked(options: argparse.Namespace, file: Path | None = None) -> list[str]:
    """Return how the table of a command is read, for the next one: its file, encoding, columns and unit."""
    name = str(options.file if file is None else file)
    words = [f"./{name}" if name.startswith("-") else name]
    if options.sep is not None:
        words += ["--sep", options.sep]
    if options.encoding != "utf-8-sig":
        words += ["--encoding", options.encoding]
    if getattr(options, "qi", None):
        words += ["--qi", columns(options.qi)]
    return words + (["--unit", options.unit] if getattr(options, "unit", None) else [])


class Work:
    """How far a command is; `say` takes words, or what a search reports."""

    def __init__(self) -> None:
        self.words = ""

    def say(self, judged: int, nodes: int, loss: float | None = None) -> None:
        """Keep what a search reports."""
        best = "" if loss is None else f", best loss {loss:.4f}"
        self.words = f": {judged:,} of {nodes:,} levels judged{best}"


@contextmanager
def at_work(what: str) -> Iterator[Work]:
    """Say on standard error that a command is at work, from two seconds on: in place on a terminal, else seldom."""
    work, over, began = Work(), threading.Event(), time.monotonic()
    watched = sys.stderr.isatty()

    def watch() -> None:
        pause = _PATIENCE
        while not over.wait(pause):
            line = f"{what}, {time.monotonic() - began:.0f} s{work.words}"
            sys.stderr.write(f"\r{line} \x1b[K" if watched else f"{line}\n")
            sys.stderr.flush()
            pause = 1.0 if watched else _SELDOM

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield work
    finally:
        over.set()
        thread.join()
        if watched and time.monotonic() - began > _PATIENCE:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


_BOLD, _RED, _CYAN, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[36m", "\x1b[0m"
#: What says that somebody is at risk or a goal is missed; a sign stands beside each, for who sees no color.
_HARM = re.compile(r"▲|✗|\b(?:falls short|fall short|is not met)\b")
_NARROW = 40


def shown(text: str, stream: TextIO | None = None) -> str:
    r"""Return a report as a stream shows it: on a terminal its answer bold, what harms red, its lines wrapped.

    Commands to type next stay one line each, so that they can be copied. ``NO_COLOR`` and a terminal that is ``dumb``
    get no colors.

    Examples
    --------
    >>> import io
    >>> shown("k = 1: the smallest class\nnext: privkit risk a.csv", io.StringIO())
    'k = 1: the smallest class\nnext: privkit risk a.csv'
    """
    stream = sys.stdout if stream is None else stream
    if not stream.isatty():
        return text
    width = max(shutil.get_terminal_size().columns, _NARROW)
    colors = "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    answer, *lines = text.split("\n")
    return "\n".join(
        [
            *_answer(answer, width, colors=colors),
            *(part for line in lines for part in _line(line, width, colors=colors)),
        ]
    )


def _answer(line: str, width: int, *, colors: bool) -> list[str]:
    parts = _wrapped(line, width)
    return [f"{_BOLD}{part}{_PLAIN}" for part in parts] if colors else parts


def _line(line: str, width: int, *, colors: bool) -> list[str]:
    if line.startswith("next: "):
        return [f"{_CYAN}{line}{_PLAIN}" if colors else line]
    parts = _wrapped(line, width)
    return [_HARM.sub(rf"{_RED}\g<0>{_PLAIN}", part) for part in parts] if colors else parts


def _wrapped(line: str, width: int) -> list[str]:
    """Return a line in parts that fit; what is laid out by spaces, such as a table, stays as it is."""
    if len(line) <= width or "  " in line.strip():
        return [line]
    indent = line[: len(line) - len(line.lstrip())] + "  "
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


class Parser(argparse.ArgumentParser):
    """A parser that says which command or option a mistyped one may mean."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and what was meant, and end with code 2."""
        super().error("\n".join([message, *self._meant(message)]))

    def _meant(self, message: str) -> Iterable[str]:
        if chosen := re.search(r"invalid choice: '?([^']*?)'? \(choose from (.*)\)", message):
            known = [word.strip().strip("'") for word in chosen[2].split(",")]
            yield from self._close(chosen[1], known)
        elif unknown := re.search(r"unrecognized arguments: (.*)", message):
            options = [option for one in self._all() for option in one._option_string_actions]
            for word in unknown[1].split():
                if word.startswith("--"):
                    yield from self._close(word.partition("=")[0], options)

    def _all(self) -> Iterable[argparse.ArgumentParser]:
        """Yield this parser and those of its commands."""
        yield self
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for one in action.choices.values():
                    yield from one._all() if isinstance(one, Parser) else [one]

    def _close(self, word: str, known: list[str]) -> Iterable[str]:
        if near := close_matches(word, known, 1):
            yield f"Did you mean {near[0]}?"
