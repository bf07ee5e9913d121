"""The `privkit` command: a small dispatcher, one module of `privkit.commands` per command."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Each command with its one line of help; its module has ``arguments(parser)`` and ``run(options) -> int``.
COMMANDS = {
    "demo": "tell the story of the first notebook in this terminal, in a temporary folder",
    "kanon": "report the k-anonymity of a table in a file",
    "anonymize": "generalize a table in a file until it is k-anonymous",
    "ledger": "list, show, verify, export or examine a ledger",
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    import privkit

    top = argparse.ArgumentParser(prog="privkit", description="The privacy workbench that lives where the data is.")
    top.add_argument("--version", action="version", version=f"privkit {privkit.__version__}")
    commands = top.add_subparsers(dest="command", metavar="command")
    for name, told in COMMANDS.items():
        _module(name).arguments(commands.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}."))
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 1 refused, 2 a mistake in the arguments, 3 falls short."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without ε shows "?"
            stream.reconfigure(errors="replace")
    top = parser()
    options = top.parse_args(arguments)
    if options.command is None:
        top.print_help()
        return 0
    from privkit.errors import PrivkitError

    try:
        code: int = _module(options.command).run(options)
        sys.stdout.flush()
    except PrivkitError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader has enough, as in `| head`; Python would complain once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _module(name: str) -> Any:
    return import_module(f"privkit.commands.{name}")


if __name__ == "__main__":
    sys.exit(main())
