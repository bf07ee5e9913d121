"""Each error is a PrivkitError and the builtin that a user would catch, and carries its facts."""

from __future__ import annotations

import pytest

from privkit.errors import LibraryRequiredError, PrivkitError
from privkit.errors import events as errors

MADE = [
    (errors.PathError.of("a..b", "a name is empty"), ValueError, {"path": "a..b"}),
    (errors.RecipeError.of("it", ["x: y"]), ValueError, {"problems": ("x: y",)}),
    (errors.UnmatchedFieldsError.of("r", ["a", "b"]), ValueError, {"paths": ("a", "b")}),
    (errors.EventError.of(3, "line", "a", "bad"), ValueError, {"position": 3, "path": "a", "reason": "bad"}),
    (errors.MalformedLineError.of(4, "bad"), ValueError, {"line": 4, "reason": "bad"}),
    (errors.SecretKeyError.short(3), ValueError, {}),
    (errors.SecretLeakError.pickle(), TypeError, {}),
    (errors.MappingStoreError.busy("x.db"), RuntimeError, {}),
    (errors.EventsInputError.kind("an int"), TypeError, {}),
]


@pytest.mark.parametrize(("error", "builtin", "facts"), MADE, ids=lambda value: type(value).__name__)
def test_errors_have_their_builtin_and_facts(error, builtin, facts):
    assert isinstance(error, PrivkitError)
    assert isinstance(error, builtin)
    assert {name: getattr(error, name) for name in facts} == facts
    assert str(error)


def test_missing_libraries_are_named(monkeypatch, tmp_path):
    import sys

    from privkit import events as ev

    monkeypatch.setitem(sys.modules, "yaml", None)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(LibraryRequiredError, match=r"^save\(\) needs PyYAML.*jupyter-privkit\[events\]"):
        ev.Recipe([ev.keep("a")]).save(tmp_path / "r.yaml")
    with pytest.raises(LibraryRequiredError, match="keyring"):
        ev.Key.from_keyring("a", "b")


def test_long_lists_of_fields_are_cut():
    told = str(errors.UnmatchedFieldsError.of("r", [f"field{number}" for number in range(200)]))
    assert "150 more" in told
