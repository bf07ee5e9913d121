"""Keyed and random tokens in the place of identifiers.

Sequential numbers in the place of values.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from privkit.events.operations.operation import Operation, Problem, by_problems, key_problems, paths_of
from privkit.events.run.plain import encoded, encoded_or_none
from privkit.events.run.walk import Change, Step, each_value, each_value_by, for_texts, parse_path
from privkit.events.secrets.key import Key, KeySource, as_key
from privkit.events.secrets.mapping_store import MappingStore, as_store, column_of, column_per
from privkit.values.arguments import typed

if TYPE_CHECKING:
    from pathlib import Path

    from privkit.events.run.run import Run
    from privkit.events.run.walk import FieldPath


_DOMAIN = b"privkit.events/pseudonym/1"
_DOMAIN_PER = b"privkit.events/pseudonym-per/1"

_FORMS: dict[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "base32": lambda token: base64.b32encode(token).decode().rstrip("=").lower(),
    "base64": lambda token: base64.urlsafe_b64encode(token).decode().rstrip("="),
}


@dataclass(frozen=True)
class Pseudonymize(Operation):
    """Puts a token in the place of each value: the same for the same value, in its scope."""

    paths: tuple[str, ...]
    key: Key | KeySource | None = None
    scope: str | None = None
    per: str | None = None
    mapping: MappingStore | None = None
    bits: int = 128
    form: str = "hex"
    prefix: str = ""

    op = "pseudonymize"
    _hides_by = "tokens"

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        if self.mapping is None:
            yield from key_problems(self.key)
        elif self.key is not None:
            yield "mapping", "and key exclude each other: keyed tokens could be made again after the store is forgotten"
        if self.scope is not None and (not isinstance(self.scope, str) or not self.scope):
            yield "scope", "must be a name that fields share"
        if self.bits not in range(128, 257, 8):
            yield "bits", "must be a multiple of 8 from 128 to 256: shorter tokens collide, or can be guessed"
        if not isinstance(self.form, str) or self.form not in _FORMS:
            yield "form", f"must be one of {', '.join(_FORMS)}"
        if not isinstance(self.prefix, str):
            yield "prefix", "must be a text"
        if isinstance(self.per, str):
            yield from by_problems(self.targets(), self.per, "per")

    def phrase(self) -> str:
        """Return what becomes of a field."""
        how = f"keyed tokens, {self.key}" if self.mapping is None else f"random tokens, reversible by {self.mapping}"
        scope = f", shared in the scope {self.scope!r}" if self.scope else ""
        return f"pseudonymized ({how}{scope}{f', other tokens for each {self.per}' if self.per else ''})"

    def _anew(self, other: Callable[[Any], Key]) -> Pseudonymize:
        return replace(self, key=other(self.key or "mapping"), mapping=None)

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return one step per path."""
        return [run.told(self._step(run, path, count), path, self) for path in self.parsed()]

    def _step(self, run: Run, path: FieldPath, count: list[int]) -> Step:
        column = column_of(path, self.scope)
        if self.per is None:
            return each_value(path, for_texts(self._token(run, column)), count)
        token = self._token_per(run, column)
        return each_value_by(path, parse_path(self.per), lambda value, per, at: token(value, per), count)

    def _token(self, run: Run, column: str) -> Change:
        shape = self._shape()
        if self.mapping is not None:
            return self._stored(run, column, shape)
        hashed = run.key(self.key).hasher(_DOMAIN, column.encode())
        return lambda value: shape(hashed(encoded(value)))

    def _token_per(self, run: Run, column: str) -> Callable[[Any, Any], str]:
        shape = self._shape()
        if self.mapping is not None:
            session = run.session(self.mapping)
            return lambda value, per: session.token(column_per(column, per), encoded(value), self._random(shape))
        hashed = run.key(self.key).hasher(_DOMAIN_PER, column.encode())
        return lambda value, per: shape(hashed(encoded_or_none(per), encoded(value)))

    def _stored(self, run: Run, column: str, shape: Callable[[bytes], str]) -> Change:
        assert self.mapping is not None
        session, random = run.session(self.mapping), self._random(shape)
        return lambda value: session.token(column, encoded(value), random)

    def _random(self, shape: Callable[[bytes], str]) -> Callable[[], str]:
        return lambda: shape(secrets.token_bytes(32))

    def _shape(self) -> Callable[[bytes], str]:
        size, form, prefix = self.bits // 8, _FORMS[self.form], self.prefix
        return (lambda token: prefix + form(token[:size])) if prefix else lambda token: form(token[:size])


@typed
def pseudonymize(
    *paths: str,
    key: bytes | Key | KeySource | None = None,
    scope: str | None = None,
    per: str | None = None,
    mapping: MappingStore | str | Path | None = None,
    bits: int = 128,
    form: Literal["hex", "base32", "base64"] = "hex",
    prefix: str = "",
) -> Pseudonymize:
    """Replace each value by a token: the same token for the same value, in its scope.

    With `key`, the token is the first `bits` of HMAC-SHA-256(key, domain | column | value), each part with its length
    before it (RFC 2104): consistent across runs and machines, and without the key neither reversed nor guessed, not
    even from a list of all possible values. Two values of one scope share a token with probability below
    n² / 2**(bits + 1). With `mapping`, the token is random and kept in a store, which can reverse it until it is
    forgotten. Null stays null; 5 and 5.0 are one value, 5 and "5" are two.

    A pseudonym is still personal data for whoever has the key, and everything else in the event still tells about
    its person.

    Parameters
    ----------
    *paths : str
        Fields that hold one value each.
    key : bytes, Key or KeySource
        At least 32 random bytes.
    scope : str, optional
        A name. Fields of one scope have one token for one value (buyer and recipient); by default each field
        is a scope of its own.
    per : str, optional
        A field. Tokens differ between its values (one scope per tenant). It is read when the rule's turn comes.
    mapping : MappingStore or path, optional
        Where random tokens are kept, in place of a key.
    bits : int
        Length of the token, 128 to 256.
    form : {"hex", "base32", "base64"}
        How it is written (base64 in the alphabet for URLs).
    prefix : str
        Stands before each token.

    Returns
    -------
    Pseudonymize

    Raises
    ------
    SecretKeyError
        If the key is shorter than 32 bytes, or no key.

    Examples
    --------
    >>> from privkit import events as ev
    >>> key = bytes(range(32))                        # public: never use it for data
    >>> recipe = ev.Recipe([ev.pseudonymize("from", "to", key=key, scope="person")])
    >>> recipe.apply([{"from": "Ada", "to": "Bob"}, {"from": "Bob", "to": None}]).events[1]
    {'from': '...', 'to': None}
    """
    return Pseudonymize(paths_of(paths), as_key(key), scope, per, as_store(mapping), bits, form, prefix)


@dataclass(frozen=True)
class Number(Operation):
    """Puts 1, 2, 3 ... in the place of values, in the order in which they first appear."""

    paths: tuple[str, ...]
    scope: str | None = None
    per: str | None = None
    start: int = 1
    mapping: MappingStore | None = None

    op = "number"
    _hides_by = "tokens"

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        if self.scope is not None and (not isinstance(self.scope, str) or not self.scope):
            yield "scope", "must be a name that fields share"
        if isinstance(self.start, bool) or not isinstance(self.start, int):
            yield "start", "must be a whole number"
        if isinstance(self.per, str):
            yield from by_problems(self.targets(), self.per, "per")

    def phrase(self) -> str:
        """Return what becomes of a field."""
        scope = f", shared in the scope {self.scope!r}" if self.scope else ""
        stored = f", kept in {self.mapping}" if self.mapping is not None else ""
        return f"numbered from {self.start}{scope}{f', anew for each {self.per}' if self.per else ''}{stored}"

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return one step per path."""
        return [run.told(self._step(run, path, count), path, self) for path in self.parsed()]

    def _step(self, run: Run, path: FieldPath, count: list[int]) -> Step:
        column, start = column_of(path, self.scope), self.start
        assign = run.numbers if self.mapping is None else run.session(self.mapping).number

        if self.per is None:
            return each_value(path, for_texts(lambda value: assign(column, encoded(value), start)), count)

        def change(value: Any, per: Any, at: tuple[int, ...]) -> int:
            return assign(column_per(column, per), encoded(value), start)

        return each_value_by(path, parse_path(self.per), change, count)


@typed
def number(
    *paths: str,
    scope: str | None = None,
    per: str | None = None,
    start: int = 1,
    mapping: MappingStore | str | Path | None = None,
) -> Number:
    """Replace values by 1, 2, 3 ..., in the order in which they first appear.

    Needs no key, and tells the order of first appearance. Every distinct value is remembered while the recipe runs,
    and, with a store, for the runs after it.

    Parameters
    ----------
    *paths : str
        Fields that hold one value each.
    scope : str, optional
        A name. Fields of one scope are numbered together; by default each field by itself.
    per : str, optional
        A field. Numbers start anew for each of its values.
    start : int
        The first number.
    mapping : MappingStore or path, optional
        Where the numbers are kept for later runs.

    Returns
    -------
    Number

    Examples
    --------
    >>> from privkit import events as ev
    >>> recipe = ev.Recipe([ev.number("items[].id")])
    >>> recipe.apply([{"items": [{"id": "p7"}, {"id": "p2"}]}, {"items": [{"id": "p2"}]}]).events
    [{'items': [{'id': 1}, {'id': 2}]}, {'items': [{'id': 2}]}]
    """
    return Number(paths_of(paths), scope, per, start, as_store(mapping))
