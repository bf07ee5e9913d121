"""The `privkit` command: a small dispatcher to the modules of `privkit.commands`."""

from __future__ import annotations

import argparse
import errno
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

#: Each command with its one line of help.
COMMANDS = {
    "demo": "tell the story of the first notebook in this terminal, in a temporary folder",
    "audit": "report what the columns of a table in a file are",
    "kanon": "report the k-anonymity of a table in a file",
    "check": "judge a table in a file by criteria",
    "risk": "report how likely the rows of a table in a file are re-identified",
    "link": "report how many rows of a table another table betrays",
    "anonymize": "generalize a table in a file until it is k-anonymous",
    "events": "carry a recipe out on a file of events",
    "dossier": "tell what is held, found and released, in one document",
    "papers": "draft a policy, a notice, an hour of training and questions to vendors, to edit",
    "gate": "judge a table in a file by a policy: for pipelines",
    "classroom": "begin one budget for a class, or show its board",
    "ledger": "list, show, verify, export or examine a ledger",
}
#: The modules of `privkit.commands` that have several commands; each other command has one of its own name. They have
#: ``arguments_NAME(parser)`` and ``run_NAME(options) -> int``.
_HOMES = {"reports": {"audit", "kanon", "check", "risk", "link", "gate"}, "documents": {"dossier", "papers"}}

#: What writing the answer ends with where its place is full, or broken.
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


def parser(asked: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the command line; with `asked`, of that command alone."""
    import privkit

    parser_of = _module("telling").Parser
    top: argparse.ArgumentParser = parser_of(
        prog="privkit", description="The privacy workbench that lives where the data is."
    )
    top.add_argument("--version", action="version", version=f"privkit {privkit.__version__}")
    commands = top.add_subparsers(dest="command", metavar="command", parser_class=parser_of)
    for name, told in COMMANDS.items():
        command = commands.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
        if asked in (None, name):  # the others' modules take time to load
            _part("arguments", name)(command)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    0 done, 1 refused, 2 a mistake in the arguments, 3 falls short, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without ε shows "?"
            stream.reconfigure(errors="replace")
    try:  # what is loaded takes a while: a Ctrl-C then is told as one
        return _answered(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has enough, as in `| head`; Python would complain once more at its end
        return _unheard()
    except OSError as error:  # files are told by FileError: this is the terminal, or the file that `>` names
        if error.errno not in _UNWRITABLE:
            raise
        print(f"FileError: the answer cannot be written ({os.strerror(error.errno)}).", file=sys.stderr)
        return _unheard()


def _answered(given: list[str]) -> int:
    """Return the exit code of a command; what privkit refuses is told."""
    from privkit.errors import CallError, DuplicateColumnError, ParameterError, PrivkitError, RoleConflictError

    options: argparse.Namespace | None = None
    try:
        with _interruptible() as unless_interrupted:
            top = parser(given[0] if given else "")
            options = top.parse_args(given)
            if options.command is None:
                top.print_help()
                return 0
            options.unless_interrupted = unless_interrupted
            code: int = _part("run", options.command)(options)
        sys.stdout.flush()
    except PrivkitError as error:
        asked = vars(options) if options else {}
        told = re.sub(
            r"\A(\w+(?=\()|privkit(?=:))", str(asked.get("command") or "privkit"), str(error)
        )  # check calls ldiv and others
        told = f"{type(error).__name__}: {_module('telling').in_shell(told, asked)}"
        print(_module("telling").shown(told, sys.stderr), file=sys.stderr)
        return 2 if isinstance(error, CallError | DuplicateColumnError | ParameterError | RoleConflictError) else 1
    return code


def _unheard() -> int:
    """Return 1; what is left of the answer goes nowhere, so that Python does not complain once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


@contextmanager
def _interruptible() -> Iterator[Callable[[], None]]:
    """Remember a Ctrl-C, which a search takes for "the best so far", and hand out what raises it again."""
    came: list[int] = []

    def interrupted(number: int, frame: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    def unless_interrupted() -> None:
        if came:
            raise KeyboardInterrupt

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, interrupted) if main else None
    try:
        yield unless_interrupted
    except Exception:
        unless_interrupted()  # a library that was stopped in its work may say so by an error of its own
        raise
    finally:
        if main:
            signal.signal(signal.SIGINT, before)


def _part(what: str, command: str) -> Any:
    """Return what adds a command's arguments, or runs it."""
    module = next((home for home, several in _HOMES.items() if command in several), command)
    return getattr(_module(module), f"{what}_{command}")


def _module(name: str) -> Any:
    return import_module(f"privkit.commands.{name}")


if __name__ == "__main__":
    sys.exit(main())
