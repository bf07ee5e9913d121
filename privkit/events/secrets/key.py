"""Secret keys: bytes that are never shown, pickled or written to a recipe, and where to get them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from privkit.errors.engines import LibraryRequiredError
from privkit.errors.events import SecretKeyError, SecretLeakError
from privkit.errors.root import type_told
from privkit.events.run.plain import joined
from privkit.values.arguments import public

_SHORTEST = 32
_LENGTHS = [length.to_bytes(8, "big") for length in range(256)]
_URL_SAFE = str.maketrans("-_", "+/")


@public
class Key:
    """A secret of at least 32 random bytes.

    Its repr tells a short id, a keyed hash of the secret, by which a wrong key is noticed. It cannot be pickled, and a
    recipe file stores where it came from, never the key. Keep keys outside the project's folder and the data's.

    Parameters
    ----------
    secret : bytes
        At least 32 random bytes.

    Raises
    ------
    SecretKeyError
        If the secret is shorter, or no bytes.

    Examples
    --------
    >>> Key(bytes(range(32)))
    <key id=1b398903>
    """

    __slots__ = ("_secret", "id", "source")

    def __init__(self, secret: bytes, *, source: KeySource | None = None) -> None:
        if not isinstance(secret, bytes | bytearray):
            kind = type_told(secret)
            del secret  # verbose tracebacks print the locals of every frame
            raise SecretKeyError.kind(kind)
        if len(secret) < _SHORTEST:
            length = len(secret)
            del secret
            raise SecretKeyError.short(length)
        self._secret = bytes(secret)
        self.id = hmac.digest(self._secret, b"privkit.events/key-id/1", "sha256")[:4].hex()
        self.source = source

    @classmethod
    def generate(cls) -> Key:
        """Return a new random key that is stored nowhere: pseudonyms by it cannot be made again."""
        return cls(secrets.token_bytes(_SHORTEST))

    @classmethod
    def from_env(cls, name: str) -> Key:
        """Return the key in the environment variable `name` (hexadecimal or Base64).

        Raises
        ------
        SecretKeyError
            If there is none, or it is too short.
        """
        return KeySource("env", name).load()

    @classmethod
    def from_file(cls, path: str | Path) -> Key:
        """Return the key in a file (hexadecimal or Base64) that its owner alone can read (mode 0600).

        Raises
        ------
        SecretKeyError
            If there is none, others can read it, or it is too short.
        """
        return KeySource("file", str(path)).load()

    @classmethod
    def from_keyring(cls, service: str, name: str) -> Key:
        """Return the key that the system's keyring holds for `service` and `name`; needs the library keyring.

        Raises
        ------
        SecretKeyError, LibraryRequiredError
        """
        return KeySource("keyring", f"{service}/{name}").load()

    @classmethod
    def create_file(cls, path: str | Path) -> Key:
        """Write a new random key to a file of mode 0600, and return it.

        Raises
        ------
        FileExistsError
            If the file is there: a key that is overwritten is lost.
        """
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_SHORTEST) + "\n")
        return cls.from_file(path)

    def digest(self, parts: Iterable[bytes]) -> bytes:
        """Return HMAC-SHA-256 of the parts, each with its length before it (RFC 2104): 32 bytes."""
        return hmac.digest(self._secret, joined(parts), "sha256")

    def hasher(self, *head: bytes) -> Callable[..., bytes]:
        """Return :meth:`digest` of `head` and further parts, made once for many values."""
        sign, start, lengths = self.signer(), joined(head), _LENGTHS

        def hashed(part: bytes, *more: bytes) -> bytes:
            length = len(part)
            message = start + (lengths[length] if length < 256 else length.to_bytes(8, "big")) + part
            return sign(message + joined(more) if more else message)

        return hashed

    def signer(self) -> Callable[[bytes], bytes]:
        """Return the function from a message, whose parts have their lengths before them, to its HMAC-SHA-256.

        The two hashes of RFC 2104 are prepared once and copied for each message: measured 2 to 3 times as fast as
        ``hmac.digest``, which sets them up anew.
        """
        block = (self._secret if len(self._secret) <= 64 else hashlib.sha256(self._secret).digest()).ljust(64, b"\0")
        inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block)).copy
        outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block)).copy
        del block

        def sign(message: bytes) -> bytes:
            first, second = inner(), outer()
            first.update(message)
            second.update(first.digest())
            return second.digest()

        return sign

    def integer(self, parts: Iterable[bytes], below: int) -> int:
        """Return a keyed number from 0 to below - 1, uniform but for 2**-200 times `below`."""
        return int.from_bytes(self.digest(parts), "big") % below

    def __repr__(self) -> str:
        return f"<key id={self.id}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and hmac.compare_digest(self._secret, other._secret)

    def __hash__(self) -> int:
        return hash(self.id)

    def __copy__(self) -> Key:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Key:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise SecretLeakError.pickle()


@dataclass(frozen=True)
class KeySource:
    """Where a key is: what recipe files hold instead of it. The key is read when a recipe is applied.

    Attributes
    ----------
    kind : str
        ``"env"``, ``"file"``, ``"keyring"``, or ``"id"`` for a key that the caller brings.
    name : str
        The variable, the path, or ``service/name``.
    id : str or None
        The id that the key must have.
    """

    kind: str
    name: str
    id: str | None = None

    KINDS = ("env", "file", "keyring", "id")

    def load(self) -> Key:
        """Return the key.

        Raises
        ------
        SecretKeyError
            If there is none, or it is not the one that was meant.
        LibraryRequiredError
            If keyring is needed and not installed.
        """
        key = Key(getattr(self, f"_{self.kind}")(), source=self)
        if self.id is not None and key.id != self.id:
            raise SecretKeyError.other(self._place, self.id, key.id)
        return key

    @property
    def _place(self) -> str:
        kinds = {"env": "the environment variable", "file": "the file", "keyring": "the keyring under"}
        return f"{kinds[self.kind]} {self.name!r}"

    def _env(self) -> bytes:
        text = os.environ.get(self.name)
        if not text:
            raise SecretKeyError.missing(self._place, f"Set it: export {self.name}=$(openssl rand -hex 32).")
        return self._decoded(text)

    def _file(self) -> bytes:
        path = Path(self.name).expanduser()
        try:
            mode = path.stat().st_mode & 0o777
        except OSError:
            mode = None
        if mode is None:
            raise SecretKeyError.missing(self._place, f"Make one: ev.Key.create_file({self.name!r}).")
        if os.name == "posix" and mode & 0o077:
            raise SecretKeyError.open_to_others(self.name, mode)
        return self._decoded(path.read_text(encoding="ascii", errors="replace"))

    def _keyring(self) -> bytes:
        try:
            import keyring
        except ImportError:
            raise LibraryRequiredError.of("keyring", "events") from None
        service, _, name = self.name.partition("/")
        try:
            text = keyring.get_password(service, name)
        except keyring.errors.KeyringError:
            text = None
        if not text:
            how = "Store one: python -m keyring set <service> <name>; a machine without a keyring takes a key file."
            raise SecretKeyError.missing(self._place, how)
        return self._decoded(text)

    def _id(self) -> bytes:
        raise SecretKeyError.unsourced(self.name)

    def _decoded(self, text: str) -> bytes:
        secret = _bytes(text.strip())
        del text
        if len(secret) < _SHORTEST:
            del secret
            raise SecretKeyError.unreadable(self._place)
        return secret


def _bytes(text: str) -> bytes:
    """Return what hexadecimal or Base64 text stands for; nothing if it is neither."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        pass
    try:
        return base64.b64decode(text.translate(_URL_SAFE) + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        return b""


def as_key(key: object) -> Key | KeySource | None:
    """Return what a user gave as a key; bytes become a Key at once, so that no value ever holds them bare.

    Raises
    ------
    SecretKeyError
        If it is too short, or something else.
    """
    if key is None or isinstance(key, Key | KeySource):
        return key
    if isinstance(key, bytes | bytearray):
        return Key(bytes(key))
    kind = type_told(key)
    del key
    raise SecretKeyError.kind(kind)
