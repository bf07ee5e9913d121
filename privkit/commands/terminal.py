"""What a terminal shows: colors and lines that fit its width; a pipe or a file gets the plain text."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable
from typing import NoReturn, TextIO

from privkit.errors.root import close_matches

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
