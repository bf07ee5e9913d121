"""How an error of privkit looks in a notebook: its own card and the person's own line, not forty lines of ours.

IPython asks an error for its traceback (``_render_traceback_``), and sends what it gets wherever it runs: a terminal,
JupyterLab, a converted notebook. Python itself and other tools do not ask, and show what they always do. The whole
traceback is there on demand: ``%tb Plain`` for once, ``%xmode Plain`` from then on.

No cell value is in a card. What it shows of the error is its message, which holds none; of the person, source code; of
other errors in a chain, their kinds alone, since their texts are not ours.
"""

from __future__ import annotations

import linecache
import os
import re
import shutil
import sys
import sysconfig
import textwrap
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from privkit.errors.root import PrivkitError

#: What is typed for the whole traceback.
WHOLE = "%tb Plain"
#: The mode of tracebacks in which cards stand in: IPython's own, unless a person chose another.
_MODE = "context"
#: How wide a card is at most, how many lines of one statement it shows, and how many errors of a chain.
_WIDEST, _LINES, _CHAIN = 80, 8, 5
_INDENT = 8
_OURS = os.path.join(str(Path(__file__).resolve().parents[1]), "")  # noqa: PTH118 - with the separator at its end
_ELSEWHERE = tuple(
    {os.path.join(path, "") for name, path in sysconfig.get_paths().items() if name in ("stdlib", "purelib", "platlib")}  # noqa: PTH118
)
#: How a sentence begins that tells what to type.
_NEXT = re.compile(
    r"(?:\()?(?:Examples?:|Close match|Columns:|Ways on|Give |Leave |Raise |Type |Declare |Take |Add |Correct |Write "
    r"|Make |Set |Name |Use |Rename |Reopen |Run |Put |Say |To begin|To ask|Install |Ask |Choose |Open |Keep |Wait "
    r"|Move |Drop |pip install)"
)
_SENTENCE = re.compile(r"(?<=[.!?)])\s+(?=[(A-Z])")
#: A line with a sign under one of its characters (`privkit.errors.expression.pointed`): drawn, so never wrapped.
_POINTED = re.compile(r"\n {4}[^\n]*\n {4} *\^(?=\n|$)")


class Style(NamedTuple):
    """What comes before words of each sort in a terminal, and after them; nothing where it has no colors.

    Bold letters alone: red and blue ones have hardly any contrast on the ground that JupyterLab gives errors, least of
    all in its dark theme.
    """

    title: str = "\x1b[1m"
    strong: str = "\x1b[1m"
    label: str = "\x1b[1m"
    end: str = "\x1b[0m"


PLAIN = Style("", "", "", "")


class Said(NamedTuple):
    """A message, taken apart: no word of it is lost or added.

    Attributes
    ----------
    what, why, then : str
        What is wrong, the reason, and what to type.
    """

    what: str
    why: str
    then: str

    @classmethod
    def of(cls, message: str) -> Said:
        """Take a message apart by its sentences.

        Examples
        --------
        >>> Said.of("dp_sum('age') needs bounds=. They limit a person. Example: bounds=(0, 99).")
        Said(what="dp_sum('age') needs bounds=.", why='They limit a person.', then='Example: bounds=(0, 99).')
        """
        drawn = _POINTED.search(message)
        head, message_left = (message[: drawn.end()], message[drawn.end() + 1 :]) if drawn else ("", message)
        parts = [part for line in message_left.split("\n") for part in _SENTENCE.split(line)]
        what, *rest = [head, *parts] if drawn else parts
        if what.endswith((":", "g.")) or not what:  # a list follows, or it is cut within "e.g."
            return cls(message, "", "")
        first = next((place for place, part in enumerate(rest) if _NEXT.match(part)), len(rest))
        return cls(what, " ".join(rest[:first]), "\n".join(rest[first:]))


class Place(NamedTuple):
    """A line that a person wrote.

    Attributes
    ----------
    where : str
        The cell, or the file.
    line : int
    source : tuple of str
        The whole statement.
    """

    where: str
    line: int
    source: tuple[str, ...]


def card(error: PrivkitError, style: Style = PLAIN, width: int = _WIDEST) -> list[str]:
    """Return the lines of an error's card.

    Examples
    --------
    >>> from privkit.errors import KeysError
    >>> error = KeysError("dp_count() needs keys=. Example: keys=['a'].", budget="No budget was spent.")
    >>> print(*card(error), sep=chr(10))
    KeysError
    dp_count() needs keys=.
    <BLANKLINE>
    type    Example: keys=['a'].
    budget  No budget was spent.
    <BLANKLINE>
    The whole traceback: %tb Plain
    """
    said = Said.of(error.message)
    told = [("why", said.why), ("type", said.then), ("budget", error.budget or "")]
    told += [("note", note) for note in getattr(error, "__notes__", ())]
    lines = [f"{style.title}{type(error).__name__}{style.end}"]
    lines += [f"{style.strong}{line}{style.end}" for line in _wrapped(said.what, width)]
    facts = [line for label, text in told if text for line in _labeled(label, text, style, width)]
    lines += ["", *facts] if facts else []
    for label, place in zip(("your line", "then"), own_lines(error.__traceback__), strict=False):
        lines += ["", *_shown(place, style, label)]
    for link in islice(chained(error), _CHAIN):
        lines += ["", *_linked(link, style, width)] if _tells(link) else []
    return [*lines, "", f"The whole traceback: {style.label}{WHOLE}{style.end}"]


def _wrapped(text: str, width: int) -> list[str]:
    """Return text in lines of this width; a word that is longer stays whole, so that it can be copied."""
    if drawn := _POINTED.search(text):
        before, after = text[: drawn.start()], text[drawn.end() + 1 :]
        return [*_wrapped(before, width), *drawn[0][1:].split("\n"), *(_wrapped(after, width) if after else [])]
    return [
        line
        for part in text.split("\n")
        for line in textwrap.wrap(
            part, width, break_long_words=False, break_on_hyphens=False, subsequent_indent=" " * _indent(part)
        )
        or [""]
    ]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _labeled(label: str, text: str, style: Style, width: int) -> list[str]:
    first, *rest = _wrapped(text, max(width - _INDENT, 20))
    head = f"{style.label}{label}{style.end}" + " " * (_INDENT - len(label))
    return [head + first, *(" " * _INDENT + line for line in rest)]


def _shown(place: Place, style: Style, label: str = "your line") -> list[str]:
    """Return a person's statement under the place where it stands."""
    head = f"{style.label}{label}{style.end}: {place.where}, line {place.line}"
    shown = [f"    {line}" for line in place.source[:_LINES]]
    return [head, *shown, *(["    …"] if len(place.source) > _LINES else [])]


def _tells(error: BaseException) -> bool:
    """Whether a link of a chain is a person's, or ours; what a library met and dealt with inside tells nothing."""
    return _is_ours(error) or bool(own_lines(error.__traceback__))


def _is_ours(error: BaseException) -> bool:
    """Whether an error is one of privkit's, whose text holds no value."""
    return any(base.__module__.startswith("privkit.errors.") for base in type(error).__mro__)


def _linked(error: BaseException, style: Style, width: int) -> list[str]:
    """Return what led to an error: in words where they are ours, else its kind alone."""
    lines = [f"It came while this was handled: {style.title}{type(error).__name__}{style.end}"]
    if _is_ours(error):
        lines += [f"    {line}" for line in _wrapped(str(error), width - 4)]
    for place in own_lines(error.__traceback__)[-1:]:
        lines += _shown(place, style)
    return lines


def chained(error: BaseException) -> Iterator[BaseException]:
    """Give the errors that led to one, the nearest first; each once."""
    seen = {id(error)}
    link: BaseException | None = error
    while link is not None:
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
        if link is None or id(link) in seen:
            return
        seen.add(id(link))
        yield link


# -- whose line it is --------------------------------------------------------------------------------------------------


def own_lines(traceback: TracebackType | None) -> list[Place]:
    """Return the person's own lines on the way to an error: where they began, and the last one before a library's."""
    found = []
    while traceback is not None:
        path = traceback.tb_frame.f_code.co_filename
        if not _is_foreign(path) and (place := _place(traceback, path)) is not None:
            found.append(place)
        traceback = traceback.tb_next
    return found if len(found) < 2 else [found[0], found[-1]]


def _is_foreign(path: str) -> bool:
    """Whether a file is privkit's, another library's, or Python's own; cells and scripts are the person's."""
    known = os.path.abspath(path) if not path.startswith("<") else path  # noqa: PTH100 - links are left alone
    if path.startswith("<") and not path.startswith(("<ipython-input", "<stdin", "<string")):
        return True
    return known.startswith((_OURS, *_ELSEWHERE)) or "site-packages" in known or "dist-packages" in known


def _place(traceback: TracebackType, path: str) -> Place | None:
    code = traceback.tb_frame.f_code
    spans = islice(code.co_positions(), max(traceback.tb_lasti, 0) // 2, None)
    first, last, *_ = next(spans, (None, None, None, None))
    first, last = first or traceback.tb_lineno, last or traceback.tb_lineno
    source = [linecache.getline(path, number).rstrip("\n") for number in range(first, min(last, first + _LINES) + 1)]
    if not any(source):  # nothing is known of it but its number
        return None
    return Place(_named(path), first, tuple(textwrap.dedent("\n".join(source)).split("\n")))


def _named(path: str) -> str:
    """Return how a person calls a cell, or a file."""
    try:
        kind, name = _shell().compile.format_code_name(path)
    except Exception:  # noqa: BLE001 - no cell, or an IPython that has no such name
        return os.path.relpath(path) if os.path.exists(path) else path  # noqa: PTH110
    return f"{kind} {name}"


# -- IPython -----------------------------------------------------------------------------------------------------------


def _shell() -> Any:
    """Return the running IPython; it is loaded, since nobody else asks."""
    return sys.modules["IPython"].get_ipython()


def rendered(error: PrivkitError) -> list[str]:
    """Return what IPython shows of an error: its card; the whole traceback where a person chose a mode for it."""
    shell = _shell()
    if str(shell.InteractiveTB.mode).lower() != _MODE:
        return list(shell.InteractiveTB.structured_traceback(type(error), error, error.__traceback__))
    plain = os.environ.get("NO_COLOR") or str(getattr(shell, "colors", "")).lower() == "nocolor"
    width = min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns)
    return card(error, PLAIN if plain else Style(), width)


def card_or_traceback(error: PrivkitError) -> Sequence[str]:
    """Return the card; whatever should go wrong with it, Python's own traceback, so that an error is never hidden."""
    try:
        return rendered(error)
    except Exception:  # noqa: BLE001
        from traceback import format_exception

        return "".join(format_exception(type(error), error, error.__traceback__)).splitlines()
