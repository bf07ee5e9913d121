"""Looking before paying: exact figures for the owner's eyes, which go nowhere else."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.errors import ColumnNotFoundError, ParameterError, PrivkitError
from privkit.project import project as projects

KEYS = ["Bern", "Basel", "Chur"]
#: Numbers that stand nowhere else.
CANARY = 7919
#: As a number: its digits are among those of keys and of noisy numbers in one of a hundred runs.
ALONE = re.compile(rf"(?<![0-9a-f.,])({CANARY}|{CANARY:,})(?![0-9a-f])")


@pytest.fixture
def frame():
    rows = 40
    return pd.DataFrame(
        {
            "who": [f"p{row // 3}" if row % 10 else None for row in range(rows)],
            "city": [("Bern", "Basel", "Zug", None)[row % 4] for row in range(rows)],
            "paid": [np.nan if row % 7 == 0 else float(row * 5 - 20) for row in range(rows)],
        }
    )


def begun(tmp_path, name="p", **terms):
    return pk.open_project(name, **{"epsilon": 1000, "unit": pk.ROW, "store": tmp_path / "l.db", **terms})


# -- the figures, against a plain reckoning ----------------------------------------------------------------------------


def test_keys_rows_and_numbers_outside_are_counted(tmp_path, frame):
    begun(tmp_path)
    check = frame.privacy.plan.dp_mean(
        "paid", bounds=(0, 100), by="city", keys=KEYS, where="city != 'Basel'", epsilon=1
    ).check()
    kept = frame[frame["city"] == "Bern"]
    paid = kept["paid"].dropna()
    condition = int((frame["city"].notna() & (frame["city"] != "Basel")).sum())
    assert (check.rows, check.counted) == (40, condition)
    assert check.matching.tolist() == [len(kept), 0, 0]
    assert check.empty == (("Basel",), ("Chur",))
    assert check.unmatched == condition - len(kept)
    ((extent, outside),) = check.outside
    assert (extent.column, extent.lower, extent.upper, extent.fate) == ("paid", 0, 100, "clipped")
    assert (outside.values, outside.below, outside.above) == (len(paid), (paid < 0).sum(), (paid > 100).sum())
    assert check.persons is None
    assert check.to_frame()["mean"]["Bern"] == pytest.approx(paid.clip(0, 100).mean(), abs=1e-6)
    assert check.to_frame()["count"].tolist() == [len(paid), 0, 0]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", None]),
            st.sampled_from(["x", "y", None]),
            st.sampled_from([-1.0, 0.0, 3.0, 5.0, 9.0, float("inf"), None]),
        ),
        max_size=12,
    ),
    most=st.integers(1, 3),
    groups=st.integers(1, 2),
)
def test_persons_over_the_bounds_are_those_that_a_loop_finds(rows, most, groups):
    who, city, paid = ([row[place] for row in rows] for place in range(3))
    data = pd.DataFrame(
        {
            "who": pd.Series(who, dtype="string"),
            "city": pd.Series(city, dtype="string"),
            "paid": pd.Series(paid, dtype=float),
        }
    )
    pk.open_project("loop", epsilon=9, unit="who", simulate=True, seed=1)
    per_person: dict[str, dict[str, int]] = {}
    for one, place, _ in rows:
        if one is not None and place in ("x", "z"):
            per_person.setdefault(one, {}).setdefault(place, 0)
            per_person[one][place] += 1
    by = {"by": "city", "keys": ["x", "z"], "epsilon": 1}
    totals = {one: sum(counts.values()) for one, counts in per_person.items()}
    found = data.privacy.plan.dp_count(**by, max_rows=most).check().persons
    assert (found.persons, found.over) == (len(totals), sum(total > most for total in totals.values()))
    assert found.most_rows == max(totals.values(), default=0)
    found = data.privacy.plan.dp_count(**by, max_groups=groups, per_group=most).check().persons
    over = [len(counts) > groups or max(counts.values()) > most for counts in per_person.values()]
    assert found.over == sum(over)
    found = data.privacy.plan.dp_count(**by, of="persons", max_groups=groups).check().persons
    assert found.over == sum(len(counts) > groups for counts in per_person.values()), (
        "rows of a group are never too many"
    )
    told: dict[str, float] = {}
    for one, _, number in rows:
        if one is not None and number is not None:
            most = 4 + 1e-6  # a row beyond the bounds counts as a little beyond them, so that it is seen
            told[one] = told.get(one, 0) + max(min(number, most), -most)
    ((_, outside),) = data.privacy.plan.dp_sum("paid", person_bounds=(-2, 4), epsilon=1).check().outside
    assert outside.values == len(told)
    assert (outside.below, outside.above) == (sum(t < -2 for t in told.values()), sum(t > 4 for t in told.values()))


def test_bins_and_candidates_have_ends_too(tmp_path, frame):
    begun(tmp_path, unit="who", max_rows=2)
    check = frame.privacy.plan.dp_histogram("paid", bins=[0, 50, 60], epsilon=1).check()
    paid = frame["paid"]
    assert check.matching.tolist() == [paid.between(0, 50, inclusive="left").sum(), paid.between(50, 60).sum()]
    ((extent, outside),) = check.outside
    assert (extent.fate, outside.below + outside.above) == ("left out", ((paid < 0) | (paid > 60)).sum())
    inside = frame[paid.between(0, 60) & frame["who"].notna()]
    assert check.persons.over == (inside.groupby("who").size() > 2).sum()
    ((extent, _),) = frame.privacy.plan.dp_median("paid", bounds=(0, 100), epsilon=1).check().outside
    assert extent.fate == "taken as the outermost candidate"
    top = frame.privacy.plan.dp_top_k("city", 1, keys=KEYS, epsilon=1).check()
    assert top.empty == (("Chur",),)


def test_groups_that_are_cell_values_are_counted_and_not_shown(tmp_path, frame):
    begun(tmp_path, delta=1e-2)
    check = frame.privacy.plan.dp_count("city", epsilon=10, delta=1e-3).check()
    assert sorted(check.groups.values, key=str) == [("Basel",), ("Bern",), ("Zug",), (None,)]
    for shown in (repr(check), check._repr_html_()):
        assert "4 groups would pass the threshold if there were no noise." in shown
        assert "Bern" not in shown


@pytest.mark.parametrize("engine", ["polars", "lazy", "arrow", "duckdb"])
def test_every_engine_tells_the_same(tmp_path, frame, engine):
    pl = pytest.importorskip("polars")
    duckdb = pytest.importorskip("duckdb")
    there = pl.from_pandas(frame)
    other = {
        "polars": lambda: there,
        "lazy": there.lazy,
        "arrow": there.to_arrow,
        "duckdb": lambda: duckdb.from_arrow(there.to_arrow()),
    }[engine]()
    begun(tmp_path, unit="who", max_rows=50)
    for function, args, options in (
        ("dp_mean", ("paid",), {"bounds": (0, 100), "by": "city", "keys": KEYS}),
        ("dp_count", (), {"by": "city", "keys": KEYS, "where": "paid > 0"}),
        ("dp_histogram", ("paid",), {"bins": [0, 50, 60]}),
        ("dp_sum", ("paid",), {"person_bounds": (0, 90)}),
        ("dp_median", ("paid",), {"bounds": (0, 100)}),
    ):
        one, two = (getattr(pk.plan, function)(data, *args, **options, epsilon=1).check() for data in (frame, other))
        assert (one.rows, one.counted, one.outside, one.persons) == (two.rows, two.counted, two.outside, two.persons)
        assert one.empty == two.empty
        assert repr(one) == repr(two)


def test_of_a_column_of_dates_it_tells_dates(tmp_path):
    begun(tmp_path)
    days = pd.DataFrame({"on": pd.date_range("2026-01-01", periods=101, freq="D")})
    ends = {"bounds": ("2026-01-11", "2026-12-31"), "epsilon": 50}
    for q in (0.5, [0.25, 0.5], [0.1, 0.2, 0.3, 0.5, 0.7, 0.9]):
        check = days.privacy.plan.dp_quantile("on", q, **ends).check()
        found = check.to_frame()
        name = "50%" if isinstance(q, list) else check.question.statistic
        assert abs(found[name][0] - pd.Timestamp("2026-02-20")) <= found[f"{name} ±"][0] < pd.Timedelta(days=5)
        assert "Of 101 dates of 'on', 9.9 % lie outside [2026-01-11, 2026-12-31]" in str(check)
        assert re.search(r"2026-02-(19|20|21)[^±]* ± \d", str(check))
        assert not re.search(r"\d{6}|,\d{3},", str(check))  # no counts of seconds since 1970
    whole = days.assign(on=days["on"].astype("date32[pyarrow]"))
    told = whole.privacy.plan.dp_median("on", **ends).check()
    assert told.to_frame()["median"][0].isoformat() == "2026-02-20"
    assert re.search(r"2026-02-20 ± \d days?\n", str(told))


# -- nothing of it goes anywhere ---------------------------------------------------------------------------------------


def canaries():
    """Return rows of which figures tell: 7919 numbers are clipped, and a key matches as many."""
    return pd.DataFrame({"city": ["Bern"] * CANARY + ["Basel"] * 3, "paid": [500.0] * CANARY + [1.0] * 3})


def asked(data, **options):
    return data.privacy.plan.dp_sum("paid", bounds=(0, 100), by="city", keys=KEYS, epsilon=0.5, **options)


def test_ledger_plan_price_and_release_are_the_same_with_and_without_a_check(tmp_path):
    data, store, told = canaries(), tmp_path / "l.db", []
    for name in ("with", "without"):
        project = pk.open_project("twin", epsilon=1, unit=pk.ROW, simulate=True, seed=7)
        plan = asked(data)
        if name == "with":
            check = plan.check()
            assert f"{CANARY:,}" in repr(check)
        release = plan.release()
        entry = project.account.entry(1)
        told.append(
            (
                repr(plan),
                plan._repr_html_(),
                plan.canonical(),
                plan.loss,
                re.sub(r"20\d\d-\d\d-\d\dT[\d:]+Z", "TIME", repr(release)),  # seconds may turn between the two
                entry.question,
                release.provenance.to_dict() | {"time": ""},
            )
        )
    assert told[0] == told[1]
    project = pk.open_project("real", epsilon=1, unit=pk.ROW, store=store)
    plan = asked(data)
    before = store.read_bytes(), plan == asked(data), json.dumps(plan.canonical())
    assert plan.check().outside[0][1].above == CANARY
    assert (store.read_bytes(), plan == asked(data), json.dumps(plan.canonical())) == before
    assert project.spent.epsilon == 0
    release = plan.release()
    for shown in (
        repr(plan),
        json.dumps(release.provenance.to_dict()),
        project.ledger.to_csv(),
        str(project.account.entry(1)),
    ):
        assert not ALONE.search(shown)
    assert ALONE.search(f"of {CANARY:,} or {CANARY}.0 rows")
    assert not ALONE.search(store.read_bytes().decode("latin-1"))


def test_it_proposes_nothing_and_says_what_follows(tmp_path, frame):
    begun(tmp_path)
    check = asked(frame).check()
    for shown in (repr(check), check._repr_html_()):
        assert "would publish that it has no row" in shown
        assert "must be public for another reason" in shown
        assert "bounds=" not in shown
        assert "keys=" not in shown
    assert "for the owner&#x27;s eyes" in check._repr_html_() or "for the owner's eyes" in check._repr_html_()
    assert repr(check).endswith("next: .to_frame()")
    for name in ("release", "loss", "provenance", "plan"):
        assert not hasattr(check, name), "it is no release, and leads to none"


def test_the_project_remembers_that_there_was_one_and_of_what(tmp_path, frame, monkeypatch):
    project = begun(tmp_path)
    assert project.checked is None
    asked(frame)
    assert project.checked is None, "a plan looks at no row"
    asked(frame).check()
    assert project.checked == {"paid", "city"}
    assert begun(tmp_path).checked == {"paid", "city"}, "opened again in the same process"
    assert begun(tmp_path, "other").checked is None
    other = begun(tmp_path, "total")
    frame.privacy.plan.dp_count(epsilon=1).check()
    assert other.checked == frozenset()
    monkeypatch.setattr("privkit.project.asking.checked_plan", lambda *_: 1 / 0)
    failing = begun(tmp_path, "failing")
    with pytest.raises(ZeroDivisionError):
        asked(frame).check()
    assert failing.checked == {"paid", "city"}, "noted before a row is read"
    assert isinstance(projects._checked, dict)


def test_another_frame_may_be_checked_and_what_is_wrong_is_told(tmp_path, frame):
    project = begun(tmp_path)
    plan = asked(frame)
    assert plan.check(frame.head(4)).rows == 4
    with pytest.raises(ColumnNotFoundError, match=r"check\(\)(?s:.*)No budget was spent\.") as caught:
        plan.check(frame.drop(columns="paid"))
    assert caught.value.budget == "No budget was spent."
    for wrong in (3, "df", [1]):
        with pytest.raises(PrivkitError, match=r"No budget was spent\."):
            plan.check(wrong)
    alone = plan.release().plan
    with pytest.raises(ParameterError, match="stands alone"):
        alone.check(frame)
    assert project.spent.epsilon == 0.5


def test_an_empty_frame_and_an_empty_key_list_are_no_trouble(tmp_path, frame):
    begun(tmp_path, unit="who", max_rows=2)
    check = asked(frame.iloc[:0]).check()
    assert (check.rows, check.persons.persons, check.outside[0][1].values) == (0, 0, 0)
    assert len(check.empty) == 3
    assert "0 rows" in repr(check)


def test_a_frame_is_left_as_it_was(tmp_path, frame):
    begun(tmp_path, unit="who", max_rows=2)
    before = frame.copy()
    asked(frame).check().to_frame()
    pd.testing.assert_frame_equal(frame, before)


# -- what noise dominates ----------------------------------------------------------------------------------------------


def drawn(plan, data, times=400):
    """Return how often noise dominates each number, of answers drawn with the noise of the plan by numpy."""
    question, generator = plan.question, np.random.default_rng(1)
    exact = question.asked.exact(question.rows(data), question)
    odds = 1 - np.exp(-1 / plan.noise.scale)
    shape = (times, *exact.shape)
    cells = (exact + generator.geometric(odds, shape) - generator.geometric(odds, shape)).reshape(times, -1)
    limits = question.asked.limits(cells, plan.noise, 0.05)
    return {name: question.asked.drowned(name, *ends).mean() for name, ends in limits.items()}


def test_a_mean_that_is_fine_is_not_said_to_drown_because_of_its_sum(tmp_path):
    begun(tmp_path)
    data = pd.DataFrame({"age": np.arange(3000) % 50 + 20, "level": np.tile([-1.0, 1.0], 1500)})
    age = data.privacy.plan.dp_mean("age", bounds=(0, 100), epsilon=0.5)
    assert not any(one.drowned for one in age.check().answers)
    assert "Noise dominates" not in str(age.check())
    assert max(drawn(age, data).values()) == 0

    level = data.privacy.plan.dp_mean("level", bounds=(-50, 50), epsilon=0.5)
    assert [(one.name, one.asked, one.drowned) for one in level.check().answers] == [
        ("mean", True, 0),
        ("sum", False, 1),
        ("count", False, 0),
    ]
    assert "Beside answers that are fine, noise dominates 1 of 1 numbers that come along (sum)." in str(level.check())
    often = drawn(level, data)
    assert often["mean"] == 0
    assert often["sum"] > 0.9
    assert often["count"] == 0


def test_where_the_mean_drowns_its_sum_is_not_told_besides(tmp_path):
    begun(tmp_path)
    data = pd.DataFrame({"age": [40.0, 60.0]})
    plan = data.privacy.plan.dp_mean("age", bounds=(0, 100), epsilon=0.01)
    assert [one.drowned for one in plan.check().answers] == [1, 0, 0]
    assert "Noise dominates 1 of 1 answers (mean)." in str(plan.check())
    assert "come along" not in str(plan.check())
    assert drawn(plan, data)["mean"] > 0.9


def test_each_number_is_judged_by_its_own_rule(tmp_path):
    begun(tmp_path)
    data = pd.DataFrame({"x": np.linspace(-30, 30, 3000)})
    for plan in (
        data.privacy.plan.dp_std("x", bounds=(-50, 50), epsilon=0.5),
        data.privacy.plan.dp_var("x", bounds=(-50, 50), epsilon=0.5, clipped=True),
    ):
        found = {one.name: one.drowned for one in plan.check().answers}
        assert found.pop("sum") == 1
        assert set(found.values()) == {0}
    asked = {"n": "count", "m": ("mean", "x", (-50, 50)), "s": ("sum", "x", (-50, 50)), "sd": ("std", "x", (-50, 50))}
    several = data.privacy.plan.dp_query(asked, epsilon=1).check()
    assert {one.name: (one.asked, one.drowned) for one in several.answers} == {
        "n": (True, 0),
        "m": (True, 0),
        "s": (True, 1),  # asked for by its name, so it is judged
        "sd": (True, 0),
    }
    assert "Noise dominates 1 of 1 answers (s)." in str(several)
