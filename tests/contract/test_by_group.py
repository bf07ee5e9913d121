"""What a change or a release costs each group is told by every one of them (NIST SP 800-226, hazards 10 to 13)."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.disclosure.published import Published
from privkit.dp.answers.arithmetic import Released
from privkit.errors.dp import IntervalError, NotLinearError
from privkit.transform.generalize import Generalized
from privkit.values.show import Attackable, AttackableRows

#: What hands out changed rows, cells or numbers: one of these stands behind each class that does.
KINDS = (Attackable, AttackableRows, Released, Published, Generalized)
#: Names under which something is handed out.
HANDED = ("frame", "frames", "events", "value", "values", "drawn")
#: What hands out something, and is neither a change nor a release of anybody's rows.
NEITHER = {
    "PublicValues": "what an owner vouches for",
    "Provenance": "facts of a release",
    "PrivacyAccessor": "the door to the calls of events",
    "PersonFrames": "exact rows laid out for their owner",
    "ErasureReport": "the same tables without one person, who asked for it",
    "Description": "what a recipe does with every field, in words",
    "IsIn": "a condition of the question",
    "Threshold": "a condition of the question",
}


def grouped(value):
    """Return what a value tells by group, of a column of its own; None where it says why it cannot."""
    if isinstance(value, Released):
        try:
            return value.by_group()
        except (IntervalError, NotLinearError) as error:  # dates, and what is chosen among candidates
            told = str(error)
        assert "interval" in told or "dates" in told
        return None
    if isinstance(value, Published):
        names = [name for side in (value.frame.index, value.frame.columns) for name in side.names if name]
        return value.by_group(names[0])
    if isinstance(value, pk.Anonymized):
        return value.by_group(value.qi[0])
    if isinstance(value, Generalized):
        return value.by_group(next(iter(value.levels_)))
    if isinstance(value, pk.events.EventsResult):
        return value.by_group("tenant")
    return value.by_group(value.columns[0])


def test_every_change_and_every_release_tells_what_it_costs_each_group(shown):
    """Of each in the register; each kind is there."""
    seen = set()
    for name, value in shown[1].items():
        if not isinstance(value, KINDS) or name in ("anonymize_lazy", "events_result_file"):
            continue  # the rows of the one stayed in their engine, the file of the other is gone with its folder
        told = grouped(value)
        if told is None:
            continue
        seen.add(type(value).__name__)
        first, *figures = told.columns
        assert isinstance(told, pd.DataFrame), name
        assert first in ("rows", "cells", "answers"), name
        assert len(figures) > 0, name
        assert (told[first] > 0).all(), name
        shares = told[[one for one in figures if one in ("suppressed", "changed", "dominated", "left out", "loss")]]
        assert ((shares >= 0) & (shares <= 1)).all(axis=None), name
    assert seen >= {
        "Anonymized", "Generalized", "Perturbed", "EventsResult", "OutputCheck", "CellKeyTables", "Release", "Derived",
        "SimulatedRelease",
    }  # fmt: skip


def test_nothing_else_hands_out_changed_data(shown):
    silent = {}
    for value in shown[1].values():
        own = {*dir(type(value)), *getattr(value, "__dict__", {})} - set(
            dir(Mapping) if isinstance(value, Mapping) else ()
        )
        handed = [one for one in HANDED if one in own]
        if handed and not isinstance(value, KINDS) and type(value).__name__ not in NEITHER:
            silent[type(value).__name__] = handed
    assert not silent, f"these hand out something and tell nothing by group: {sorted(silent.items())}"


# -- against counts by hand ------------------------------------------------------------------------------------------


def test_levels_that_are_chosen_cost_each_group_what_a_search_that_finds_them_says():
    adult = pk.example("adult").head(1000)
    searched = pk.anonymize(adult, ["age", "sex"], k=3, suppress=1)
    chosen = pk.generalize(adult, searched.levels_, hierarchies=searched.hierarchies)
    told, other = chosen.by_group("race"), searched.by_group("race")
    kept = other["suppressed"] == 0
    assert kept.any()
    for name in ("loss", "loss of age", "loss of sex"):
        assert told.loc[kept, name].to_numpy() == pytest.approx(other.loc[kept, name].to_numpy())
    assert told["loss of age"].max() > 0
    assert (pk.generalize(adult, {"age": "*", "sex": 0}).by_group("race")["loss"] == 0.5).all()
    for saved in (copy.deepcopy(chosen), pickle.loads(pickle.dumps(chosen))):
        with pytest.raises(pk.FrameError, match="by_group"):
            saved.by_group("race")


def test_suppressed_cells_of_each_group_are_those_of_the_table():
    adult = pk.example("adult").head(3000)
    table = pd.crosstab([adult["race"], adult["sex"]], adult["education"], margins=True)
    out = pk.output_check(table, method="fast")
    told = out.by_group("race")
    for race, one in told.iterrows():
        own = out.frame.loc[[race]]
        assert one["cells"] == own.size
        assert one["suppressed"] == pytest.approx(own.isna().to_numpy().mean())
    assert told["cells"].sum() == table.size
    assert (told["suppressed"] @ told["cells"]).round(9) == out.n_suppressed
    by_both = out.by_group(["sex", "education"])
    assert by_both.index.names == ["sex", "education"]
    assert by_both["cells"].sum() == table.size
    with pytest.raises(pk.ColumnNotFoundError, match="educaton"):
        out.by_group("educaton")


def test_keyed_noise_weighs_most_on_small_groups():
    people = pd.DataFrame({"land": ["big"] * 990 + ["small"] * 10, "sex": ["f", "m"] * 500}).reset_index(names="id")
    table = pd.crosstab(people["land"], people["sex"])
    out = pk.output_check(table, method="cell-key", rows=people, unit="id", key=bytes(range(32)))
    told = out.by_group("land")["relative_error"]
    assert told["small"] > 20 * told["big"]
    assert told["big"] == pytest.approx(np.median(2**0.5 / out.frame.loc["big"].to_numpy(float)))


def test_what_a_recipe_leaves_of_each_group_is_what_is_seen_in_the_events():
    from privkit import events as ev

    orders = [{"land": "CH" if n % 3 else "LI", "zip": f"{n % 7}0", "n": n % 5, "note": "x"} for n in range(300)]
    rules = [ev.keep("land"), ev.coarsen("zip", prefix=1), ev.rename("zip", "area"), ev.drop("note"), ev.keep("n")]
    out = ev.Recipe([*rules, ev.sample(0.5, key=ev.Key(bytes(range(32))), by="n")]).apply(orders)
    told = out.by_group("land")
    kept = pd.Series([one["land"] for one in out.events]).value_counts()
    given = pd.Series([one["land"] for one in orders]).value_counts()
    for land, one in told.iterrows():
        assert one["rows"] == given[land]
        assert one["left out"] == pytest.approx(1 - kept[land] / given[land])
        assert one["changed n"] == pytest.approx(one["left out"])
        assert one["changed note"] == one["changed zip"] == 1
    merged = ev.Recipe([ev.merge(by="land", count="n", at_least=5)]).apply(orders)
    with pytest.raises(pk.EventsInputError, match="merges events"):
        merged.by_group("land")
    with pytest.raises(pk.EventsInputError, match="iterator"):
        ev.Recipe([ev.keep("land", "zip", "n", "note")]).apply(iter(orders)).by_group("land")


def test_numbers_that_are_computed_on_are_weighed_as_released_ones_are(tmp_path):
    people = pd.DataFrame({"sex": ["f", "m"] * 1000, "land": ["big"] * 1996 + ["small"] * 4})
    project = pk.open_project("groups", epsilon=200, ceiling=200, unit=pk.ROW, store=tmp_path / "ledger.db")
    keys = {"sex": ["f", "m"], "land": ["big", "small"]}
    release = people.privacy.dp_count(by=["sex", "land"], keys=keys, epsilon=100, project=project)
    totals = release.total(by="land")
    told, interval = totals.by_group("land"), totals.interval()
    assert told["answers"].tolist() == [1, 1]
    half = (interval.upper - interval.lower) / 2 / totals.value.abs()
    assert told["relative_error"].to_numpy() == pytest.approx(half.to_numpy())
    assert not told["dominated"].any()
    assert (release - release).by_group()["dominated"].all()
    with pytest.raises(pk.ColumnNotFoundError, match="town"):
        totals.by_group("town")
