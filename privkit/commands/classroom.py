"""``privkit classroom``: one budget for a class, what its students type, and a board for the beamer."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from privkit.commands.telling import tell, tell_json
from privkit.errors import FileError, LedgerBusyError, LedgerUnreachableError, ParameterError
from privkit.study.written import writing
from privkit.teach.blackboard import Board, board
from privkit.teach.roster import classroom
from privkit.values.unit import ROW

T = TypeVar("T")

_CLEAR = "\x1b[H\x1b[2J"
#: A list of names is not longer, in bytes.
_LONGEST = 2_000_000
#: How many seconds pass at most until the board is drawn again.
_SELDOM = 3600


def arguments_classroom(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--students", type=int, metavar="N", help="how many there are; they get numbers")
    who.add_argument("--names", type=Path, metavar="FILE", help="who they are: a text file, a name in each line")
    who.add_argument("--board", action="store_true", help="who asked, what is left; on a terminal until Ctrl-C")
    parser.add_argument("--epsilon", type=Fraction, metavar="E", help="the budget of all together")
    parser.add_argument("--project", default="class", metavar="NAME", help="the name of the class (class)")
    parser.add_argument("--unit", metavar="COLUMN", help="whose values tell persons apart; by default each row is one")
    parser.add_argument("--store", help="a SQLAlchemy URL of PostgreSQL, or a file (.privkit/ledger.db)")
    parser.add_argument(
        "--truth",
        action="append",
        default=[],
        metavar="COLUMN=NUMBER",
        help="with --board: the exact median, which who watches learns about",
    )
    parser.add_argument(
        "--bounds",
        action="append",
        default=[],
        metavar="COLUMN=LOWER:UPPER",
        help="with --truth: between which bounds all look for the median; others are not compared",
    )
    parser.add_argument("--every", type=float, default=2.0, metavar="SECONDS", help="how often the board is drawn (2)")
    parser.add_argument("--json", action="store_true", help="print JSON, once")


def run_classroom(options: argparse.Namespace) -> int:
    """Begin a class, or show its board; return 0."""
    if options.board:
        _refuse("board", options, "epsilon", "unit")
        _show(options)
        return 0
    _refuse("students", options, "truth", "bounds")
    students = _listed(options.names) if options.names is not None else options.students
    if students is None or options.epsilon is None:
        raise ParameterError.together(("students", "epsilon"), "a class needs --students or --names, and --epsilon.")
    made = classroom(
        options.project, students=students, epsilon=options.epsilon, store=options.store, unit=options.unit or ROW
    )
    if options.json:
        told = {"project": made.project, "budget": made.budget, "left": made.left, "each": made.each}
        tell_json({**told, "names": list(made.names), "line": made.line})
    else:
        store = ["--store", options.store] if options.store and "@" not in options.store else ["--store", made.store]
        tell(made, ["classroom", "--board", "--project", made.project, *store])
    return 0


def _refuse(beside: str, options: argparse.Namespace, *names: str) -> None:
    """Refuse options that have no meaning beside another one."""
    if given := [name for name in names if getattr(options, name)]:
        raise ParameterError.together(given, f"--{given[0]} has no meaning beside --{beside}.")


def _listed(path: Path) -> list[str]:
    """Return the names in a file; blank lines are none."""
    with writing(path, "read"):
        if path.stat().st_size > _LONGEST:
            raise FileError.of(path.name, "it is too large for a list of names")
        found = path.read_bytes()
    try:
        text = found.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError.of(path.name, "it is no text in UTF-8", "Save it anew as UTF-8.") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def _by_column(given: list[str], option: str, form: str, example: str, read: Callable[[str], T]) -> Mapping[str, T]:
    """Return what an option gives each column, as COLUMN=VALUE."""
    told = {}
    for one in given:
        column, _, value = one.rpartition("=")
        try:
            told[column] = read(value)
        except ValueError:
            column = ""
        if not column:
            raise ParameterError.of(option, repr(one[:40]), form, f"Example: --{option} {example}.")
    return told


def _ends(text: str) -> tuple[float, float]:
    lower, _, upper = text.partition(":")
    return float(lower), float(upper)


def _show(options: argparse.Namespace) -> None:
    """Print the board; on a terminal again and again, in place."""
    truth = _by_column(options.truth, "truth", "COLUMN=NUMBER", "age=44", float)
    bounds = _by_column(options.bounds, "bounds", "COLUMN=LOWER:UPPER", "age=0:120", _ends)
    asked: dict[str, Any] = {"store": options.store, "truth": truth, "bounds": bounds}
    if not 0 < options.every <= _SELDOM:
        raise ParameterError.of("every", f"{options.every:g}", f"a number of seconds above 0, {_SELDOM} at most")
    found = board(options.project, **asked)
    if options.json:
        tell_json(_figures(found))
        return
    if not sys.stdout.isatty():
        tell(found)
        return
    while True:
        sys.stdout.write(_CLEAR)
        tell(found)
        print("Ctrl-C ends it.", flush=True)
        time.sleep(options.every)
        try:
            found = board(options.project, **asked)
        except (LedgerBusyError, LedgerUnreachableError):  # a server that starts anew: the last board stands meanwhile
            continue


def _figures(found: Board) -> dict[str, object]:
    more = ("answers", "column", "median", "off")
    seats = [
        {
            "name": one.name,
            "spent": one.spent.main,
            "left": one.left.main,
            **{name: getattr(one, name) for name in more},
        }
        for one in found.seats
    ]
    told = {"project": found.project, "students": found.students, "budget": found.budget, "spent": found.spent}
    others = {"strangers": list(found.strangers), "apart": list(found.apart)}
    return {**told, "left": found.left, "seats": seats, **others}
