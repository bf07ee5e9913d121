"""What people write who come from SQL, pandas or another language, and what to type in its place.

A condition that cannot be read is looked at once more, sign by sign: each sign that belongs to another language has one
that stands for it here (`mended`), and what is left of pandas' own ways is turned by `idioms`. What comes out is only
ever shown, never run: the person types it. It holds what the person typed, so no cell value.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from privkit.values.expression.idioms import turned
from privkit.values.expression.nodes import is_plain_name

_LONGEST = 2_000
_SIGNS = re.compile(
    r"""(?P<space>\s+)
    |(?P<note>\#[^\n]*)
    |(?P<text>\"{3}.*?\"{3}|'{3}.*?'{3}|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
    |(?P<curly>[‘‚‛][^’‘]*[’‘]|[“„‟][^”“]*[”“]|[«»][^«»]*[«»])
    |(?P<tick>`[^`]*`)
    |(?P<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>\w[\w\u0300-\u036f]*)
    |(?P<sign>===|!==|<=>|<>|<=|>=|==|!=|=<|=>|=~|&&|\|\||\*\*|//|:=|.)""",
    re.VERBOSE | re.DOTALL,
)
#: A sign of another language → the one that stands here in its place.
_PLAIN = {
    **{"=": "==", "===": "==", "!==": "!=", "<>": "!=", "=<": "<=", "=>": ">=", "≤": "<=", "≥": ">=", "≠": "!="},
    **{"&&": "and", "&": "and", "||": "or", "|": "or", "~": "not", "!": "not", "∧": "and", "∨": "or", "¬": "not"},
    **{":=": "==", "×": "*", "÷": "/", "−": "-", "\u2013": "-"},
}
_WORDS = ("and", "or", "not", "in", "is")
_NOTHING = ("null", "na", "nan", "none", "nil", "nat", "empty", "unknown")
_TRUTH = {"true": "True", "false": "False"}
_ENDS = ("and", "or", "&&", "||", "&", "|")
_MOST = 3


class Slip(NamedTuple):
    """What is to be typed in place of a condition that cannot be read.

    Attributes
    ----------
    position : int or None
        Where the first of the slips is, counted from 0.
    advice : tuple of str
        A sentence for each kind of slip, some at most.
    corrected : str
        The whole condition in the language's own words; empty where none can be proposed.
    """

    position: int | None
    advice: tuple[str, ...]
    corrected: str


class _Sign(NamedTuple):
    kind: str
    text: str
    place: int

    @property
    def word(self) -> str:
        """The sign as a word, whatever its case; empty for what a quote holds."""
        return self.text.lower() if self.kind in ("name", "sign") else ""


def signs(text: str) -> list[_Sign]:
    """Return a text taken apart; joined they are the text."""
    return [_Sign(str(found.lastgroup), found[0], found.start()) for found in _SIGNS.finditer(text)]


def side_by_side(text: str) -> int | None:
    """Return where two quoted texts follow each other: Python makes one of them, SQL means a quote within a text.

    Examples
    --------
    >>> side_by_side("name == 'O''Brien'"), side_by_side("name in ['O', 'Brien']")
    (11, None)
    """
    found = [sign for sign in signs(text) if sign.kind not in ("space", "note")]
    for one, two in pairwise(found):
        if one.kind == two.kind == "text":
            return two.place
    return None


def slip(text: str, reads: Callable[[str], bool]) -> Slip | None:
    """Return what to type in place of a condition that cannot be read; None if no slip is known in it.

    Parameters
    ----------
    text : str
    reads : callable
        Whether the language reads a text: only such a correction is proposed.

    Examples
    --------
    >>> slip("age = 3 && plan <> 'x'", lambda text: True)
    Slip(position=4, advice=('Write == instead of =.', "Write 'and' instead of &&.", 'Write != instead of <>.'), \
corrected="age == 3 and plan != 'x'")
    """
    if len(text) > _LONGEST:
        return None
    mending = _Mending(text)
    mended = mending.mended()
    whole, told = turned(mended)
    advice = tuple(dict.fromkeys([*mending.advice, *(sentence for sentence, _ in told)]))[:_MOST]
    if not advice:
        return None
    places = mending.places or [place for _, place in told if place is not None and mended == text]
    corrected = whole if whole != text and reads(whole) else ""
    if not (corrected or mending.advice):
        return None
    return Slip(min(places, default=None), advice, corrected)


class _Mending:
    """Goes through the signs of a text once, and puts the language's own in the place of others."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.signs = [sign for sign in signs(text) if sign.kind not in ("space", "note")]
        self.advice: list[str] = []
        self.places: list[int] = []
        self.out: list[str] = []
        self.parses = _is_python(text)

    def mended(self) -> str:
        """Return the text with its signs changed; where none is, the text itself."""
        place = depth = 0
        while place < len(self.signs):
            sign = self.signs[place]
            depth += (sign.text in "([{") - (sign.text in ")]}") if sign.kind == "sign" else 0
            place += self._step(place, depth)
        if not self.advice:
            return self._on_one_line()
        return _joined(self.out)

    def _on_one_line(self) -> str:
        """Return a text that only wants its lines joined, or the text itself."""
        if "\n" not in self.text and "\r" not in self.text:
            return self.text
        begins = re.search(r"[\r\n]\s*", self.text)
        self._say("Write it on one line, or put it in parentheses.", begins.end() if begins else None)
        return _joined([sign.text for sign in self.signs])

    def _say(self, sentence: str, place: int | None) -> None:
        self.advice.append(sentence)
        self.places += [] if place is None else [place]

    def _instead(self, new: str, old: str, place: int) -> None:
        self._say(f"Write {repr(new) if new.isalpha() else new} instead of {old}.", place)

    def _word(self, place: int) -> str:
        return self.signs[place].word if 0 <= place < len(self.signs) else ""

    def _kind(self, place: int) -> str:
        return self.signs[place].kind if 0 <= place < len(self.signs) else ""

    def _step(self, place: int, depth: int) -> int:
        """Put out what stands for the sign at a place; return how many signs it stands for."""
        for rule in (self._nothing, self._pattern, self._between, self._sided, self._quoted, self._numbered):
            if taken := rule(place, depth):
                return taken
        return self._sign(place)

    def _sign(self, place: int) -> int:
        sign = self.signs[place]
        last = place == len(self.signs) - 1
        if sign.text == "=" and self.parses:  # it names an argument of a call
            self.out.append(sign.text)
        elif sign.kind == "sign" and sign.text in _PLAIN:
            self._instead(_PLAIN[sign.text], sign.text, sign.place)
            self.out.append(_PLAIN[sign.text])
        elif (sign.text == ";" and last) or (place == 0 and sign.word in ("where", "filter") and self._kind(1)):
            self._say(f"Leave out {sign.text!r}.", sign.place)
        elif sign.word == "is" and "in" in (self._word(place + 1), self._word(place + 2)):
            self._say(f"Leave out {sign.text!r} before 'in'.", sign.place)
        elif sign.kind == "name" and sign.word in _WORDS and sign.text != sign.word:
            self._instead(sign.word, sign.text, sign.place)
            self.out.append(sign.word)
        elif sign.kind == "name" and sign.word in _TRUTH and sign.text != _TRUTH[sign.word] and not self._called(place):
            self._instead(_TRUTH[sign.word], sign.text, sign.place)
            self.out.append(_TRUTH[sign.word])
        elif sign.text == "@":
            self._say("A condition holds no variables: put the value into its text.", sign.place)
            self.out.append(sign.text)
        else:
            self.out.append(sign.text)
        return 1

    def _called(self, place: int) -> bool:
        return self._word(place + 1) == "("

    # -- missing values ------------------------------------------------------------------------------------------------

    def _nothing(self, place: int, depth: int) -> int:
        """``is null``, ``= null``, ``!= null`` and their likes."""
        word, after = self._word(place), 1
        if word not in ("is", "=", "==", "!=", "<>") or not self.out:
            return 0
        negated = word in ("!=", "<>")
        if self._word(place + 1) == "not":
            negated, after = True, 2
        if (word == "is" or after == 1) and self._word(place + after) in _NOTHING and not self._called(place + after):
            if word == "is" and self._word(place + after) == "none" and self.signs[place + after].text == "None":
                return 0  # it is read as it stands
            found = self.signs[place : place + after + 1]
            new = "is not missing" if negated else "is missing"
            self._say(f"Write '{new}' instead of {' '.join(sign.text for sign in found)}.", found[0].place)
            self.out += new.split()
            return after + 1
        return 0

    # -- like, between -------------------------------------------------------------------------------------------------

    def _operand(self) -> str:
        """Take what stands before an operator out again: a name, or what is in parentheses with its function."""
        out, depth, taken = self.out, 0, len(self.out)
        while taken:
            taken -= 1
            depth += (out[taken] in (")", "]")) - (out[taken] in ("(", "["))
            if depth == 0 and not (out[taken] in ("(", "[") and taken and _is_name(out[taken - 1])):
                if taken > 1 and out[taken - 1] == ".":
                    continue
                break
        found = _joined(out[taken:])
        del out[taken:]
        return found

    def _pattern(self, place: int, depth: int) -> int:
        """``like 'a%'`` and ``startswith 'a'``: the beginning of a text."""
        negated = self._word(place) == "not"
        at = place + negated
        if self._word(at) not in ("like", "ilike", "startswith", "starts_with") or self._kind(at + 1) != "text":
            return 0
        if not self.out or self._called(at) or self.out[-1] == ".":
            return 0
        word, pattern = self.signs[at].text, self.signs[at + 1].text[1:-1]
        start = pattern.removesuffix("%") if "like" in word.lower() else pattern
        plain = not set(start) & set("%_\\") and bool(start) and word.lower() != "ilike"
        known = "Compare a whole text by ==, and its beginning by prefix(column, n) =="
        self._say(f"{known}, not by {word}." if plain else f"{known}; there is no {word}.", self.signs[place].place)
        if not plain:
            self.out += [sign.text for sign in self.signs[place : at + 2]]
            return 2 + negated
        of = self._operand()
        if start != pattern or "like" not in word.lower():
            of = f"prefix({of}, {len(start)})"
        self.out += [of, "!=" if negated else "==", repr(start)]
        return 2 + negated

    def _between(self, place: int, depth: int) -> int:
        """``between 1 and 5``: a chain of comparisons."""
        negated = self._word(place) == "not"
        at = place + negated
        if self._word(at) != "between" or not self.out or self.out[-1] == "." or self._called(at):
            return 0
        middle = self._until(at + 1)
        if self._word(middle) != "and":
            return 0
        end = self._until(middle + 1)
        low, high = ([sign.text for sign in self.signs[a:b]] for a, b in ((at + 1, middle), (middle + 1, end)))
        self._say("Write low <= column <= high instead of between.", self.signs[place].place)
        chain = f"{_joined(low)} <= {self._operand()} <= {_joined(high)}"
        self.out.append(f"not ({chain})" if negated else chain)
        return end - place

    def _until(self, place: int) -> int:
        """Return where the value that begins at a place ends: before the next word that joins, or a closing sign."""
        depth = 0
        while place < len(self.signs):
            text = self.signs[place].text
            depth += (text in ("(", "[")) - (text in (")", "]"))
            if depth < 0 or (depth == 0 and self._word(place) in (*_ENDS, ";")):
                break
            place += 1
        return place

    def _sided(self, place: int, depth: int) -> int:
        """``age > 18 and < 65``: the column is named again."""
        if self._word(place) not in _ENDS or self._word(place + 1) not in ("<", "<=", ">", ">=", "==", "!=", "=", "<>"):
            return 0
        if len(self.out) < 3 or not _is_name(self.out[-3]):
            return 0
        word = _PLAIN.get(self._word(place), self._word(place))
        self._say(f"Name the column on both sides of '{word}'.", self.signs[place + 1].place)
        self.out += [word, self.out[-3]]
        return 1

    # -- quotes and numbers --------------------------------------------------------------------------------------------

    def _quoted(self, place: int, depth: int) -> int:
        """Curly quotes, backticks around a column, a quote within a text, a quote that is not closed."""
        sign = self.signs[place]
        if sign.kind == "curly":
            self._say("Write straight quotes, ' or \".", sign.place)
            self.out.append(repr(sign.text[1:-1]))
        elif sign.kind == "tick":
            name = sign.text[1:-1]
            self._say("Write col('name') for a column with another name than a word, without backticks.", sign.place)
            self.out.append(name if is_plain_name(name) else f"col({name!r})")
        elif sign.kind == "text" and self._kind(place + 1) == "text":
            return self._doubled(place)
        elif sign.text in ("'", '"'):
            self._say(f"The quote {sign.text} that opens here is not closed.", sign.place)
            self.out.append(sign.text)
        elif sign.word in ("date", "timestamp", "datetime") and self._kind(place + 1) == "text":
            self._say(f"Write a date as text alone, without {sign.text}.", sign.place)
        else:
            return 0
        return 1

    def _doubled(self, place: int) -> int:
        """Take texts that follow each other for one: with a quote between them if they touch, as in SQL."""
        end, inner = place + 1, self.signs[place].text[1:-1]
        while self._kind(end) == "text":
            one, two = self.signs[end - 1], self.signs[end]
            touching = two.place == one.place + len(one.text)
            inner += (two.text[0] if touching and one.text[0] == two.text[0] else " ") + two.text[1:-1]
            end += 1
        self._say("Put a text that holds a quote between quotes of the other kind.", self.signs[place + 1].place)
        self.out.append(repr(inner))
        return end - place

    def _numbered(self, place: int, depth: int) -> int:
        """``1,000`` and ``1'000``, zeros before a number, and percents."""
        sign = self.signs[place]
        if sign.kind != "number":
            return 0
        if depth == 0 and self._word(place + 1) == "," and self._kind(place + 2) == "number":
            groups = [sign.text]
            while self._word(place + 2 * len(groups) - 1) == "," and len(self._text(place + 2 * len(groups))) == 3:
                groups.append(self._text(place + 2 * len(groups)))
            if len(groups) > 1:
                self._say("Write numbers without a sign between their digits.", sign.place)
                self.out.append("".join(groups))
                return 2 * len(groups) - 1
        if day := self._day(place):
            self._say("Put a date in quotes.", sign.place)
            self.out.append(repr(day))
            return 5
        if re.fullmatch(r"0\d+", sign.text) and set(sign.text) != {"0"}:
            self._say("Put what begins with zeros, as a code does, in quotes.", sign.place)
            self.out.append(repr(sign.text))
            return 1
        return 0

    def _day(self, place: int) -> str:
        """Return a date that was typed without quotes, as 2026-01-31; else empty."""
        signs = self.signs[place : place + 5]
        day = "".join(sign.text for sign in signs)
        touching = all(one.place + len(one.text) == two.place for one, two in pairwise(signs))
        return day if touching and re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) else ""

    def _text(self, place: int) -> str:
        return self.signs[place].text if self._kind(place) == "number" else ""


def _is_python(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True


def _is_name(text: str) -> bool:
    return text.isidentifier() and text not in _WORDS


def _joined(parts: list[str]) -> str:
    """Return signs as one text, with blanks as a person would set them."""
    text = ""
    for before, part in zip(["", *parts], parts, strict=False):
        tight = (
            part in (")", "]", ",", ".")
            or before in ("(", "[", ".", "")
            or (part in ("(", "[") and _is_name(before.rpartition(".")[2]))
        )
        text += part if tight else f" {part}"
    return text
