"""Whom attacks find: by how many people are alike, and by group; beside a count by hand."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.attacks.claims import SIZE, by_column, by_size, claimed

mpl.use("Agg")
CANARY = "CANARY-7f3a"


def people(n: int, seed: int) -> pd.DataFrame:
    """Return persons of whom the few have values of their own, and the many are all alike."""
    random = np.random.default_rng(seed)
    few = random.random(n) < 0.3
    return pd.DataFrame(
        {
            "group": np.where(few, "few", "many"),
            "a": np.where(few, random.integers(0, 1000, n), 1).astype(str),
            "b": np.where(few, random.integers(0, 1000, n), 1).astype(str),
            "c": np.where(few, random.integers(0, 9, n), 1).astype(str),
        }
    )


@pytest.fixture(scope="module")
def found():
    members, controls = people(600, 1), people(600, 2)
    return pk.attack(members, members[["a", "b", "c"]], control=controls, columns=["a", "b", "c"], by="group")


def test_a_copy_finds_those_who_are_alone_and_not_those_in_a_crowd(found):
    by_class = found.by_class("membership").to_frame()
    assert by_class.index.name == SIZE
    assert by_class.loc["1", "low"] > 0.8
    assert by_class.loc["50 or more", "high"] < 0.1
    groups = found.by_group("singling_out").to_frame()
    assert groups.loc["few", "low"] > 0.8
    assert groups.loc["many", "rate"] == 0


@pytest.mark.parametrize("attack", ["singling_out", "linkability", "inference", "nearest", "membership"])
def test_parts_are_all_persons_and_their_claims_add_up(found, attack):
    for parts in (found.by_class(attack).parts, found.by_group(attack).parts):
        for side in ("rate", "control"):
            whole, each = getattr(found[attack], side), [getattr(one, side) for one in parts]
            assert sum(one.n for one in each) == whole.n == 600
            assert sum(one.hits for one in each) == whole.hits


def test_sizes_are_counted_among_members_and_controls_alike():
    random = np.random.default_rng(0)
    cells = random.integers(0, 6, (200, 2))
    names = by_size(cells)
    for place, cell in enumerate(cells):
        n = int((cells == cell).all(axis=1).sum())
        told = names.names[names.codes[place]]
        low, _, high = told.partition(" to ")
        assert told == "50 or more" if n >= 50 else int(low) <= n <= int(high or low)


def test_parts_count_claims_as_a_loop_does():
    column = by_column(pd.Series(["x", None, "y", "x", "y", "x"], name="g"))
    scores, judges = np.array([5.0, 1.0, 9.0]), np.array([2.0, 3.0, 4.0])
    found, alarms = claimed(scores, judges), claimed(judges, judges)
    members, controls = np.array([0, 1, 2]), np.array([3, 4, 5])
    told = {one.name: one for one in column.parts(members, found, controls, alarms)}
    values = ["x", "missing", "y", "x", "y", "x"]
    for name in ("x", "y"):
        inside = [at for at in members if values[at] == name]
        assert told[name].rate.n == len(inside)
        assert told[name].rate.hits == sum(bool(found[at]) for at in inside)
        assert told[name].control.n == sum(values[at] == name for at in controls)
    assert sum(one.rate.n + one.control.n for one in told.values()) == 6


def test_results_tell_groups_too(found):
    frame = people(400, 3)
    out = pk.pram(frame, ["c"], keep=0.9, seed=1)
    assert [one.name for one in out.attack(by="group").by_group("singling_out").parts] == ["few", "many"]
    recipe = pk.events.Recipe([pk.events.drop("group"), pk.events.keep("a", "b", "c")])
    events = recipe.apply(frame).attack(by="group")
    assert [one.name for one in events.by_group("nearest").parts] == ["few", "many"]


def test_the_parts_are_shown_and_the_report_shows_no_group(found):
    shown = repr(found) + found._repr_html_()
    assert "few" not in shown.replace("Few rows", "")
    parts = found.by_group("membership")
    assert "most surely few" in repr(parts)
    parts.plot()
    assert "in no part" in repr(pk.attack(people(100, 1), people(100, 4), control=people(100, 5)).by_class("nearest"))


WRONG = {
    "no control": (lambda: pk.attack(people(50, 1), people(50, 1), by="group"), pk.AttackError, "control="),
    "no by": (lambda: pk.attack(people(50, 1), people(50, 1), control=people(50, 2)).by_group("nearest"),
              pk.AttackError, "by="),
    "no class": (lambda: pk.attack(people(50, 1), people(50, 1)).by_class("nearest"), pk.AttackError, "control="),
    "another attack": (lambda: pk.attack(people(50, 1), people(50, 1), control=people(50, 2)).by_class("near"),
                       pk.ParameterError, "'nearest'"),
    "many": (lambda: pk.attack(*[people(90, 1)] * 2, by="group",
                               control=people(90, 2).assign(group=[*map(str, range(90))])),
             pk.ParameterError, "at most 50"),
    "the classes' name": (
        lambda: pk.attack(*[people(50, 1).assign(**{"people alike": 1})] * 2, by="people alike",
                          control=people(50, 2).assign(**{"people alike": 1})), pk.ParameterError, "another name"),
    "no column": (lambda: pk.attack(people(50, 1), people(50, 1), control=people(50, 2).drop(columns="group"),
                                    columns=["a", "b"], by="group"), pk.ColumnNotFoundError, "group"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_has_no_parts_is_told(name):
    call, error, words = WRONG[name]
    with pytest.raises(error, match=words) as caught:
        call()
    assert CANARY not in str(caught.value)
