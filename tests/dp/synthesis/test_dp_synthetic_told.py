"""What synthetic rows say of themselves where noise is all that there is: before they are paid, and afterwards."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.dp.synthesis.kept import Kept, ruled_out
from privkit.values.writing import error_text

FRAME = pd.DataFrame({"a": ["x", "y"] * 300, "b": ["x", "y", "y"] * 200, "c": [1, 2, 3, 4] * 150})
DOMAIN = {"a": ["x", "y"], "b": ["x", "y"], "c": [1, 2, 3, 4]}
ALONE = "may be drawn from noise alone"


@pytest.fixture
def project(ledger_path):
    return pk.open_project("rows", epsilon=1000, delta=1e-3, unit=pk.ROW, store=ledger_path, ceiling=100)


def ask(project, *, columns=("a", "b", "c"), frame=FRAME, **more):
    keys = {name: DOMAIN[name] for name in columns}
    return pk.dp_synthetic(frame, list(columns), keys=keys, project=project, **more)


@pytest.mark.parametrize("target", [None, "a"])
@pytest.mark.parametrize("price", [{"epsilon": 1e-7}, {"epsilon": 1e-7, "delta": 1e-9}], ids=["laplace", "gaussian"])
def test_noise_beyond_all_rows_is_warned_of_before_anything_is_spent(project, target, price):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the warning ends the call where it stands
        with pytest.raises(UserWarning, match=r"dp_synthetic\(\): .*noise alone"):
            ask(project, target=target, rows=500, **price)
    assert project.spent.main == 0
    assert not list(project.account.entries())
    with pytest.warns(UserWarning, match="noise alone") as caught:
        release = ask(project, target=target, rows=500, **price)
    told = f"± {error_text(release.plan.accuracy)} (95 %)"
    assert told in str(caught[0].message)  # the figure that the plan has, and the release's first line
    assert any(told in note and "noise alone" in note for note in release.plan.notes)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ask(project, target=target, rows=500, **price).replayed  # nothing is spent, so nobody is warned


def test_the_warning_rests_on_public_facts_alone(project):
    """Whatever the rows: as many as are drawn are compared with the noise."""
    for frame in (FRAME, FRAME.head(0), FRAME.head(1)):
        with pytest.warns(UserWarning, match="noise alone"):
            ask(project, frame=frame, rows=10, epsilon=0.5)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ask(project, frame=frame, epsilon=0.5)  # of a million rows ε = 0.5 says much
            ask(project, frame=frame, rows=500, epsilon=0.5)


def with_tables(release, first):
    """Return the release as if its first round had told these cells, of a, b and c, and no other round had been."""
    asked = release.plan.question.asked
    kept = Kept.of(first, [], 5)
    cells = asked.with_rows(kept.cells, release.noise)
    return replace(release, drawn=np.array(cells, dtype=np.int64).reshape(1, -1))


def test_a_release_says_which_columns_are_noise_by_its_own_tables(project):
    release = ask(project, epsilon=1, rows=500)  # noise of ± 30 or so
    wide = pk.dp_synthetic(FRAME, list("abc"), keys={**DOMAIN, "c": list(range(200))}, project=project, epsilon=1)
    clear = [300, 300, 0, 200, 400, 0, 150, 150, 150, 150, 0]
    assert with_tables(release, clear).remarks == ("stopped after 0 of 2 rounds: the rows fit what was measured then",)
    one = with_tables(wide, [300, 300, 0, 200, 400, 0, *[4, -9, 12, 0, 8] * 40, 3])
    told = "of 'c' no count is above 0 by more than its noise (all together, 95 %): these " + ALONE
    assert told in one.remarks
    assert f"Note: {told}." in repr(one)
    none = with_tables(release, [3, 7, -4, 0, 1, 0, 4, -9, 2, 0, 3])
    assert (
        f"of all columns no count is above 0 by more than its noise (all together, 95 %): rows {ALONE}" in none.remarks
    )


def test_shares_are_no_further_apart_than_by_all_of_them(project):
    release = ask(project, epsilon=1, rows=500)
    loud = with_tables(release, [9_000, -9_000, 40, 7_000, -6_000, 1_000, 3_000, -9_000, 2_000, 2_000, 2_000])
    assert (loud.distances["distance"] == 1).all()
    assert loud.distances["noise"].between(0, 1).all()
    assert "100 % off the noisy ones in the mean" in repr(loud)
    empty = with_tables(release, [0] * 11)  # a table of nobody, by its noise
    assert (empty.distances[["distance", "noise"]] <= 1).all(axis=None)


def test_the_noise_of_a_further_pair_is_told_at_the_level_of_all_others(project):
    plan = pk.plan.dp_synthetic(FRAME, list("abc"), keys=DOMAIN, project=project, epsilon=1)
    (told,) = [note for note in plan.notes if "further pair has noise" in note]
    width = plan.noise.later.half_width(0.05)
    assert f"± {error_text(width)} (95 %)" in told
    assert f"fewer than {error_text(width * 15)} rows" in told  # b × c: 3 levels and 5
    none = pk.plan.dp_synthetic(FRAME, list("abc"), keys=DOMAIN, project=project, epsilon=1, rounds=0)
    assert not [note for note in none.notes if "further pair has" in note]


def test_a_release_says_where_what_is_stated_does_not_hold_of_the_data(project):
    half = "a == 'x'"
    release = ask(project, epsilon=50, rows=300, constraints=[half])
    assert (release.frame["a"].dropna() == "x").all()
    (told,) = [one for one in release.remarks if "no drawn row may have" in one]
    share = re.search(r"about (\d+\.\d) % of the rows have of 'a' what", told)
    assert float(share[1]) == pytest.approx(50, abs=5)
    assert f"Note: {told}." in repr(release)
    both = ask(
        project, epsilon=50, rows=300, target="a", constraints=["not (a == 'x' and b == 'u')", "b != 'x' or a != 'y'"]
    )
    (told,) = both.remarks
    assert re.search(r"about (16|17)\.\d % of the rows have of 'a × b' what", told)  # y and x: 100 rows of 600
    assert not ask(project, epsilon=50, rows=300, constraints=["not (a == 'x' and b == 'u')", "c >= 1"]).remarks


def test_values_that_a_type_has_no_missing_value_for_are_told(project):
    keys = {"a": ["x", "y"], "c": [1, 2, 3]}  # a quarter of the rows has 4, and whole numbers are never missing
    release = pk.dp_synthetic(FRAME, ["a", "c"], keys=keys, project=project, epsilon=50, rows=200)
    (told,) = release.remarks
    assert re.search(r"about 2[45]\.\d % of the rows have of 'c' what no drawn row may have", told)


def test_noise_alone_is_not_taken_for_rows_that_are_ruled_out(project):
    plan = pk.plan.dp_synthetic(FRAME, list("abc"), keys=DOMAIN, project=project, epsilon=1, constraints=["a == 'x'"])
    asked = plan.question.asked
    noise, rng = plan.noise, np.random.default_rng(0)
    wrong = 0
    for _ in range(300):
        first = [600, 0, 0, 200, 400, 0, 150, 150, 150, 150, 0]  # exactly as is stated
        loud = rng.laplace(0, noise.scale, len(first)) + first
        kept = Kept.of(np.rint(loud).astype(int).tolist(), [], 5)
        wrong += bool(ruled_out(asked, kept, noise))
    assert wrong == 0


def test_what_to_type_for_each_missing_domain_fits_its_type_and_runs(project):
    frame = FRAME.assign(day=pd.Timestamp("2026-03-01"), zoned=pd.Timestamp("2026-03-01", tz="UTC"), is_new=True, x=1.5)
    with pytest.raises(pk.KeysError) as caught:
        pk.dp_synthetic(frame, ["x", "c", "day", "zoned", "a", "b", "is_new"], project=project, epsilon=1)
    told = re.search(r"Examples: (.+?)\. Free text", str(caught.value))[1]
    asked = {"keys": {}, "cuts": {}}
    for one in told.split("; "):
        argument, _, values = one.partition("=")
        asked[argument].update(ast.literal_eval(values))
    assert set(asked["cuts"]) == {"c", "day"}  # the first of its kind, in the frame's order
    assert set(asked["keys"]) == {"a", "is_new"}
    columns = [*asked["keys"], *asked["cuts"]]
    assert len(pk.dp_synthetic(frame, columns, **asked, project=project, epsilon=1, rows=9).frame) == 9
    with pytest.raises(pk.KeysError, match=r"Examples: cuts=\{'zoned': \['2026"):
        pk.dp_synthetic(frame, ["zoned", "c"], keys={"c": [1]}, project=project, epsilon=1)
    with pytest.raises(pk.KeysError) as caught:
        pk.dp_synthetic(frame, ["x", "c"], project=project, epsilon=1)
    assert "Free text" not in str(caught.value)


def test_the_first_rows_show_days_as_days_and_fractions_as_numbers(project):
    frame = FRAME.assign(zoned=pd.Timestamp("2026-03-01", tz="UTC"), x=1.5)
    cuts = {"zoned": ["2026-02-01", "2026-03-15"], "x": [0, 2]}
    release = pk.dp_synthetic(
        frame, ["a", "zoned", "x"], keys={"a": ["x", "y"]}, cuts=cuts, project=project, epsilon=90
    )
    shown = repr(release).splitlines()[2]
    assert re.fullmatch(r"  [xy]  2026-0[23]-\d\d  [\d.e-]{1,9}", shown)
