"""The public names, signatures and docstrings are those of ``public_api.json``; ``make pins`` writes it anew."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pandas as pd
import pinned_api
import pytest

import privkit as pk

PINNED = json.loads((Path(__file__).parent / "public_api.json").read_text(encoding="utf-8"))


def test_public_names_signatures_and_docstrings_are_as_pinned(shown):
    now = json.loads(pinned_api.as_lines(pinned_api.public_api(shown[1])))
    changed = list(pinned_api.differences(PINNED, now))
    assert not changed, "\n".join([f"{len(changed)} public names changed (make pins, then read the diff):", *changed])


def test_differences_are_named():
    before = {"pk": {"a": {"signature": "()"}, "b": {}}}
    now = {"pk": {"a": {"signature": "(x)"}, "c": {}}}
    told = list(pinned_api.differences(before, now))
    assert told == ["pk.a.signature: was '()', is '(x)'", "pk.b is gone", "pk.c is new"]


def test_where_a_name_lives_is_not_pinned():
    assert not re.findall(r"privkit(\.[a-z_]+)+", json.dumps(PINNED))


@pytest.mark.parametrize("name", ["dp_count", "kanon", "anonymize"])
def test_the_pins_are_of_what_is_called(name):
    accessor = inspect.signature(getattr(pd.DataFrame().privacy, name))
    assert PINNED["df.privacy"][name]["signature"] == pinned_api.signature_of(getattr(pd.DataFrame().privacy, name))
    assert len(accessor.parameters) == len(inspect.signature(getattr(pk, name)).parameters) - 1
