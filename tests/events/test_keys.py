"""Keys stay secret, are long enough, and make tokens as RFC 2104 says."""

from __future__ import annotations

import copy
import hashlib
import hmac
import os
import pickle
import traceback

import pytest

from privkit import events as ev
from privkit.errors.events import SecretKeyError, SecretLeakError

SECRET = bytes(range(100, 132))


def hmac_by_hand(secret, message):
    """HMAC-SHA-256 from its definition, for keys of at most 64 bytes."""
    block = secret.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()


def with_length(part):
    return len(part).to_bytes(8, "big") + part


def test_a_token_is_hmac_of_domain_column_and_value():
    token = ev.Recipe([ev.pseudonymize("shipping.to", key=SECRET)]).apply([{"shipping": {"to": "Ada"}}]).events
    parts = [b"privkit.events/pseudonym/1", b"path:shipping.to", b"sAda"]
    expected = hmac_by_hand(SECRET, b"".join(map(with_length, parts)))[:16].hex()
    assert token == [{"shipping": {"to": expected}}]


@pytest.mark.parametrize("length", [32, 63, 64, 65, 200])
def test_the_prepared_hashes_are_hmac(length):
    key = ev.Key(bytes(range(length)))
    for message in (b"", b"x", b"x" * 1000):
        expected = hmac.new(bytes(range(length)), message, "sha256").digest()
        assert key.signer()(message) == expected
        assert key.digest([message]) == key.hasher()(message) == key.signer()(with_length(message))


@pytest.mark.parametrize(("form", "length"), [("hex", 32), ("base32", 26), ("base64", 22)])
def test_tokens_of_every_form_hold_128_bits(form, length):
    token = ev.Recipe([ev.pseudonymize("a", key=SECRET, form=form)]).apply([{"a": "x"}]).events[0]["a"]
    assert len(token) == length


def test_more_bits_and_a_prefix():
    token = ev.Recipe([ev.pseudonymize("a", key=SECRET, bits=256, prefix="c_")]).apply([{"a": 1}]).events[0]["a"]
    assert token.startswith("c_")
    assert len(token) == 2 + 64


def test_the_same_value_of_two_tenants_has_two_tokens():
    rows = [{"t": 1, "a": "x"}, {"t": 2, "a": "x"}, {"t": 1, "a": "x"}, {"a": "x"}]
    out = ev.Recipe([ev.pseudonymize("a", key=SECRET, per="t"), ev.keep("t")]).apply(rows).events
    one, two, again, without = [event["a"] for event in out]
    assert one == again
    assert len({one, two, without}) == 3


@pytest.mark.parametrize("length", [0, 16, 31])
def test_short_keys_are_refused_without_being_shown(length):
    secret = b"Q" * length
    with pytest.raises(SecretKeyError, match=f"{length}") as caught:
        ev.pseudonymize("a", key=secret)
    assert "QQ" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("key", ["a" * 64, 7, ["x"]])
def test_what_is_no_key_is_refused_without_being_shown(key):
    with pytest.raises(SecretKeyError) as caught:
        ev.pseudonymize("a", key=key)
    assert str(key) not in str(caught.value)


def test_a_rule_without_a_key_is_a_problem_of_the_recipe():
    with pytest.raises(ValueError, match=r"operations\[0\].key: is needed"):
        ev.Recipe([ev.pseudonymize("a")])


def test_a_key_shows_its_id_alone():
    key = ev.Key(SECRET)
    assert repr(key) == f"<key id={key.id}>"
    told = repr([key, ev.pseudonymize("a", key=key), ev.shift_dates("t", by="a", days=3, key=key)])
    assert SECRET.hex() not in told
    assert repr(SECRET)[2:-1] not in told
    assert not hasattr(key, "__dict__")


def test_a_key_is_not_pickled_and_copies_are_itself():
    key = ev.Key(SECRET)
    with pytest.raises(SecretLeakError):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        pickle.dumps(ev.Recipe([ev.pseudonymize("a", key=key)]))
    assert copy.deepcopy(key) is key
    assert copy.copy(key) is key
    assert key == ev.Key(SECRET)
    assert key != ev.Key.generate()


@pytest.mark.parametrize("text", [SECRET.hex(), "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=", SECRET.hex().upper()])
def test_keys_come_from_the_environment(monkeypatch, text):
    monkeypatch.setenv("SHOP_KEY", text)
    assert ev.Key.from_env("SHOP_KEY") == ev.Key(SECRET)


def test_a_missing_or_short_environment_key_says_what_to_do(monkeypatch):
    monkeypatch.delenv("SHOP_KEY", raising=False)
    with pytest.raises(SecretKeyError, match=r"SHOP_KEY.*export"):
        ev.Key.from_env("SHOP_KEY")
    monkeypatch.setenv("SHOP_KEY", "correct horse battery staple")
    with pytest.raises(SecretKeyError) as caught:
        ev.Key.from_env("SHOP_KEY")
    assert "horse" not in str(caught.value)


def test_key_files_are_private(tmp_path):
    path = tmp_path / "shop.key"
    key = ev.Key.create_file(path)
    assert ev.Key.from_file(path) == key
    with pytest.raises(FileExistsError):
        ev.Key.create_file(path)
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o640)
        with pytest.raises(SecretKeyError, match="chmod 600"):
            ev.Key.from_file(path)
    with pytest.raises(SecretKeyError, match="create_file"):
        ev.Key.from_file(tmp_path / "none.key")


def test_keys_come_from_the_keyring(monkeypatch):
    keyring = pytest.importorskip("keyring")

    class InMemory(keyring.backend.KeyringBackend):
        priority = 1

        def get_password(self, service, username):
            return SECRET.hex() if (service, username) == ("shop", "pseudonyms") else None

        def set_password(self, service, username, password):
            raise NotImplementedError

        def delete_password(self, service, username):
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(InMemory())
    try:
        assert ev.Key.from_keyring("shop", "pseudonyms") == ev.Key(SECRET)
        with pytest.raises(SecretKeyError, match="keyring set"):
            ev.Key.from_keyring("shop", "other")
        from keyring.backends import fail

        keyring.set_keyring(fail.Keyring())  # what a machine without a keyring has
        with pytest.raises(SecretKeyError, match="key file"):
            ev.Key.from_keyring("shop", "pseudonyms")
    finally:
        keyring.set_keyring(before)


def test_large_floats_that_readers_of_json_confuse_are_refused(key):
    recipe = ev.Recipe([ev.pseudonymize("id", key=key)])
    with pytest.raises(ValueError, match="write ids as text"):
        recipe.apply([{"id": 12345678901234567890.0}])
