"""Every statistic goes every way: function, accessor, plan, simulator, ledger, replay, text, HTML, plot, plain values.

What goes through is the register of ``dp_*`` functions and the register of kinds: a new one without an example fails.
"""

from __future__ import annotations

import html
import inspect
import json
import math
import re
from collections import Counter
from fractions import Fraction

import pandas as pd
import pytest

import privkit as pk
import privkit.dp
from privkit.dp.answers.provenance import Provenance
from privkit.dp.dates import limits_in
from privkit.dp.recorded import KINDS, recorded_accuracy, recorded_within
from privkit.dp.statistics.statistic import Statistic, recorded_statistic
from privkit.errors.dp import IntervalError, NotLinearError
from privkit.project import dp
from privkit.project.asking import FUNCTIONS
from privkit.values.kinds import read_all
from privkit.values.writing import ends, error_text, to_error, with_error, with_interval
from privkit.view.parts.sheet import Drawn, Table, sheet_of

read_all(dp)

pytestmark = pytest.mark.sample(0.08, alike=True)

ZIPS, PLANS = ["8001", "8002", "8003"], ["basic", "plus"]
OLD = {"derive": {"old": pk.cut("age", [0, 40, 100])}}
BY = {"by": "zip", "keys": ZIPS}
AGES = {"bounds": (0, 100)}
THREE = {"n": "count", "spent": ("mean", "spend", (0, 100)), "middle": ("quantile", "age", 0.5, (0, 100))}
CUT = {"spent": ("sum", "spend", (0, 60)), "cut": ("clipped", "spend", (0, 60)), "middle": ("median", "age", (0, 100))}
DECILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

#: Of each function: its arguments after the frame.
EXAMPLES = {
    "dp_count": [((), {}), ((), BY), ((), {"where": "age >= 40", **BY})],
    "dp_value_counts": [(("plan",), {"keys": PLANS})],
    "dp_crosstab": [(("zip", "plan"), {"keys": {"zip": ZIPS, "plan": PLANS}})],
    "dp_histogram": [(("age",), {"bins": [0, 30, 100]}), (("age",), {"bins": [0, 30, 100], **BY})],
    "dp_nunique": [(("plan",), {}), (("plan",), BY)],
    "dp_share": [(("age >= 40",), {}), (("age >= 40 and plan == 'plus'",), BY)],
    "dp_sum": [(("spend",), AGES), (("spend",), {**AGES, **BY}), (("spend",), {"bounds": (0, 60), "clipped": True})],
    "dp_mean": [(("spend",), AGES), (("spend",), {**AGES, **BY}), (("spend",), {"bounds": (0, 60), "clipped": True})],
    "dp_var": [(("spend",), AGES)],
    "dp_std": [(("spend",), {**AGES, **BY})],
    "dp_quantile": [(("age", 0.25), AGES), (("age", [0.25, 0.75]), AGES), (("age", DECILES), {**AGES, **BY})],
    "dp_median": [(("age",), {**AGES, **BY})],
    "dp_bounds": [(("spend",), {})],
    "dp_top_k": [(("plan", 1), {"keys": PLANS}), (("zip", 2), {"keys": ZIPS})],
    "dp_query": [((THREE,), {}), ((THREE,), BY), ((CUT,), BY)],
    "dp_describe": [(("age",), AGES), (("spend",), {"bounds": (0, 60), "clipped": True})],
    "dp_tables": [
        (([("zip", "plan"), ("plan", "day")],), {"keys": {"zip": ZIPS, "plan": PLANS, "day": ["2026-01-01"]}}),
        ((), {"order": 2, "columns": ["plan", "zip", "old"], "keys": {"zip": ZIPS, "plan": PLANS}, **OLD}),
    ],
    "dp_synthetic": [
        ((["plan", "zip"],), {"keys": {"zip": ZIPS, "plan": PLANS}, "rows": 50}),
        (
            (["zip", "plan", "age"],),
            {"keys": {"zip": ZIPS, "plan": PLANS}, "cuts": {"age": [0, 40, 100]}, "target": "plan", "rows": 50},
        ),
    ],
    "dp_ols": [(("spend", "age"), {"bounds": {"spend": (0, 100), "age": (18, 80)}})],
    "dp_anova": [(("spend", "zip"), {"keys": ZIPS, "bounds": (0, 100)})],
    "dp_correlation": [
        ((["spend", "age"],), {"bounds": {"spend": (0, 100), "age": (18, 80)}}),
        (
            (["spend", "age", "half"],),
            {"derive": {"half": "spend / 2"}, "bounds": {"spend": (0, 100), "age": (18, 80), "half": (0, 50)}},
        ),
    ],
    "dp_logistic": [
        (("plan", ["age", "zip"]), {"bounds": {"age": (18, 80)}, "keys": {"plan": PLANS, "zip": ZIPS}, "steps": 3}),
        (("old", "spend"), {"derive": {"old": "age >= 40"}, "bounds": {"spend": (0, 60)}}),
    ],
    "dp_kmeans": [((["age", "spend"], 2), {"bounds": {"age": (18, 80), "spend": (0, 60)}, "steps": 2})],
    "dp_chi2": [(("zip", "plan"), {"keys": {"zip": ZIPS, "plan": PLANS}})],
    "dp_difference": [
        (("spend", "plan"), {**AGES, "keys": PLANS}),
        (("age >= 40", "zip"), {"keys": ZIPS[:2], "where": "spend >= 9"}),
    ],
}
#: What chooses among candidates that are as good as each other here.
TIED = ("dp_quantile", "dp_median", "dp_query", "dp_describe", "dp_bounds", "dp_top_k")
#: What is asked of persons alone.
OF_PERSONS = {
    "dp_count": [((), {"of": "persons"}), ((), {"of": "persons", "max_groups": 2, **BY})],
    "dp_share": [(("age >= 40",), {"of": "persons"}), (("age >= 40",), {"of": "persons", "max_groups": 2, **BY})],
    "dp_sum": [(("spend",), {"person_bounds": (0, 300)})],
    "dp_mean": [(("spend",), {"person_bounds": (0, 300), "max_groups": 2, **BY})],
}
#: What is asked of groups that show up, in projects with a δ.
OF_OPEN = {
    "dp_count": [((), {"by": "zip", "delta": 1e-4})],
    "dp_share": [(("age >= 40",), {"by": "zip", "delta": 1e-4})],
    "dp_sum": [(("spend",), {**AGES, "by": "zip", "delta": 1e-4})],
    "dp_mean": [(("spend",), {**AGES, "by": "zip", "delta": 1e-4})],
}
UNIT = {"unit": "who", "max_rows": 3}
#: Of each measure with each unit, the terms of a project and the price of one release in it.
TERMS = {
    "rows": ({"epsilon": 1000, "unit": pk.ROW}, {"epsilon": 2}),
    "rows in rho": ({"rho": 1000, "unit": pk.ROW}, {"rho": 0.7}),
    "bounded rows": ({"epsilon": 1000, "delta": 0.01, "unit": pk.rows(3)}, {"epsilon": 2}),
    "bounded rows in rho": ({"rho": 1000, "delta": 0.01, "unit": pk.rows(3)}, {"rho": 0.7}),
    "persons": ({"epsilon": 1000, "delta": 0.01, **UNIT}, {"epsilon": 2}),
    "persons in rho": ({"rho": 1000, "delta": 0.01, **UNIT}, {"rho": 0.7}),
    "persons in windows": ({"epsilon": 1000, **UNIT, "per": "month", "time": "day"}, {"epsilon": 2}),
}


def examples():
    for name, (terms, _) in TERMS.items():
        asked = [EXAMPLES, *([OF_PERSONS] if "per" in terms or "max_rows" in terms else [])]
        if "delta" in terms:
            asked.append(OF_OPEN)
        for group in asked:
            for function, calls in group.items():
                for place, (args, options) in enumerate(calls):
                    id_ = f"{name}-{function}-{place}{'-persons' * (group is OF_PERSONS)}{'-open' * (group is OF_OPEN)}"
                    yield pytest.param(name, function, args, options, id=id_)


@pytest.fixture(scope="module")
def frame():
    rows = range(240)
    return pd.DataFrame(
        {
            "who": [f"p{(row * row) % 41:02d}" for row in rows],
            "zip": [ZIPS[(row * 7 + row // 5) % 3] for row in rows],
            "plan": [PLANS[(row // 3) % 2] for row in rows],
            "age": [18 + (row * 13) % 60 for row in rows],
            "spend": [(row * 17 % 400) / 4 for row in rows],
            "day": pd.to_datetime([f"2026-{1 + row % 6:02d}-{1 + row % 28:02d}" for row in rows]),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("every")


@pytest.fixture(autouse=True)
def _one_state(folder, monkeypatch):
    """Keep one key for all tests of this module, so that what one asks another replays."""
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(folder / "state"))


@pytest.fixture(scope="module")
def known():
    """What was asked, by the question."""
    return {}


@pytest.fixture
def question(folder, frame, known):
    """Ask once: the plan, and the release of it."""

    def ask(name, function, args, options):
        project = pk.open_project(name, store=folder / "l.db", ceiling=100, **TERMS[name][0])
        given = {**options, **TERMS[name][1], "project": project}
        key = repr((name, function, args, options))
        if key not in known:
            plan = getattr(pk.plan, function)(frame, *args, **given)
            known[key] = plan, getattr(pk, function)(frame, *args, **given)
        return (*known[key], given)

    return ask


# -- nothing is forgotten ----------------------------------------------------------------------------------------------


def test_every_function_has_an_example_and_a_place_in_each_entry():
    public = {name for name in pk.__all__ if name.startswith("dp_")}
    assert public == set(FUNCTIONS), f"{public ^ set(FUNCTIONS)}: privkit/__init__.pyi has a line for each"
    assert set(pk.plan.__all__) == set(FUNCTIONS), "run `make stub`"
    assert set(EXAMPLES) == set(FUNCTIONS), f"give examples here of {set(EXAMPLES) ^ set(FUNCTIONS)}"
    for name, function in FUNCTIONS.items():
        assert getattr(pk, name) is function
        assert getattr(pk.plan, name) is function.plan


def test_a_function_and_its_plan_have_the_same_arguments_and_say_the_same_of_them():
    for function in FUNCTIONS.values():
        ours, planned = (inspect.signature(one).parameters for one in (function, function.plan))
        assert [name for name in ours if name != "again"] == list(planned)
        sections = [
            inspect.getdoc(one).partition("\nReturns\n")[0].partition("---\n")[2] for one in (function, function.plan)
        ]
        again = "again : bool\n    Draw fresh noise although the answer is known; charged anew.\n"
        assert sections[0].replace(again, "") == sections[1]
        assert again in sections[0]


def test_every_kind_is_known_however_it_is_defined_and_has_an_example(question):
    before = dict(KINDS)
    read_all(privkit.dp)
    assert before == KINDS, "a statistic is defined in a folder that dp/recorded.py does not read"
    assert all(kind.__dict__.get("mark") for kind in KINDS.values())
    asked: set[type] = set()
    wanted = {kind for kind in KINDS.values() if not kind.retired}
    times = Counter()
    turns = [(times.update([key := repr(one.values[1:])]) or times[key], one) for one in examples()]
    for _, example in sorted(turns, key=lambda each: each[0]):  # each call once, before it is asked of other units
        if asked >= wanted:
            break
        plan, release, _ = question(*example.values)
        for one in (plan.question.asked, release.plan.question.asked):
            asked |= {type(one), *map(type, getattr(one, "parts", ())), type(getattr(one, "inner", one))}
    assert wanted == asked, f"no example here asks for {wanted - asked}"


def test_a_kind_that_leaves_out_what_it_must_say_is_refused_where_it_is_defined():
    known, named = dict(KINDS), KINDS["Sum"].name
    with pytest.raises(TypeError, match=r"Nothing is no whole statistic: it lacks 'estimates', 'exact', .*'linear'"):
        type("Nothing", (Statistic,), {"name": "nothing"})
    with pytest.raises(TypeError, match=r"the class Sum cannot be the statistic 'Sum': privkit\.dp\.\S+ is"):
        type("Sum", (KINDS["Sum"],), {})
    whole = {name: lambda self: None for name in Statistic.__abstractmethods__}
    with pytest.raises(TypeError, match="it lacks 'name'"):
        type("Nameless", (Statistic,), whole)
    with pytest.raises(TypeError, match="cannot be the statistic"):
        type("Twin", (Statistic,), {**whole, "name": named})  # a record of it would be read as the other
    assert known == KINDS


# -- every way ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "function", "args", "options"), [*examples()])
def test_all_entries_ask_one_question_and_a_repeated_one_is_replayed(question, frame, name, function, args, options):
    plan, release, given = question(name, function, args, options)
    project = given["project"]
    spent = project.spent
    ways = [
        plan.release(),
        getattr(frame.privacy, function)(*args, **given),
        getattr(frame.privacy.plan, function)(*args, **given).release(),
        getattr(pk, function)(frame, *args, **given),
    ]
    assert project.spent == spent
    for one in ways:
        assert one.replayed
        assert one.drawn.tolist() == release.drawn.tolist()
        assert one.plan.canonical() == release.plan.canonical()
        assert one.provenance == release.provenance
        assert repr(one) == repr(release)


@pytest.mark.parametrize(("name", "function", "args", "options"), [*examples()])
def test_panel_plan_and_release_tell_one_accuracy(question, name, function, args, options):
    plan, release, given = question(name, function, args, options)
    record = recorded(given["project"], release)
    shown, asked = recorded_accuracy(record), plan.question.asked
    if asked.framed:  # each number has its own
        assert shown is None
        return
    assert shown == plan.accuracy
    if asked.needs_rows:
        assert shown is None
        assert recorded_within(record) == ""
    else:
        assert shown == release.accuracy > 0
        assert recorded_within(record).endswith(f"{error_text(release.accuracy)}{' rows' * asked.falls_short}")


def recorded(project, release):
    """Return the question as it lies in the ledger."""
    (entry,) = [entry for entry in project.account.entries() if entry.seq == release.provenance.entry]
    return entry.question


@pytest.mark.parametrize(("name", "function", "args", "options"), [*examples()])
def test_the_ledger_holds_the_question_and_tells_the_statistic(question, name, function, args, options):
    plan, release, given = question(name, function, args, options)
    record = recorded(given["project"], release)
    assert {key: record[key] for key in record if key not in ("notebook", "frame", "asked_before")} == json.loads(
        json.dumps(plan.canonical())
    )
    asked = recorded_statistic(record)
    assert type(asked) is type(plan.question.asked)
    if function != "dp_top_k":  # of its candidates the ledger holds texts
        assert plain(asked) == plain(plan.question.asked)


def plain(asked):
    """Return what the ledger holds of a statistic; a share is the same as a decimal and as a fraction."""
    told = json.loads(json.dumps(asked.canonical()))
    for part in (told, *told.get("parts", ())):
        if "share" in part:
            part["share"] = Fraction(part["share"])
    return told


@pytest.mark.parametrize(("name", "function", "args", "options"), [*examples()])
def test_every_answer_can_be_shown_and_taken_out(question, name, function, args, options):
    plan, release, _ = question(name, function, args, options)
    for value in (plan, release):
        first = repr(value).splitlines()[0]
        asked = release.plan.question.asked
        assert asked.numbers[0].rstrip("%") in first or (asked.lines and str(asked) in first)
        assert "next:" in repr(value)
        assert value._repr_html_().startswith("<")
        untold = [column for column in asked.columns if column not in str(asked)]
        assert not untold, f"{type(asked).__name__}.__str__, which tells what is asked, does not name {untold}"
    told = json.loads(json.dumps(release.provenance.to_dict()))
    assert told["question"] == str(release.plan.question)
    table = release.to_frame()
    assert len(table) == release.plan.question.cells
    assert list(release.estimates) == [column for column in table if not column.endswith(("lower", "upper"))]
    if name == "rows":
        import matplotlib.pyplot as plt

        for value in (plan, release):
            assert value.plot().figure
        plt.close("all")


def plain_spaces(page):
    """Return a page as it is read: what keeps a number and its sign on one line is a space."""
    return page.replace("\u00a0", " ")


@pytest.mark.parametrize(("name", "function", "args", "options"), [*examples()])
def test_the_table_to_publish_holds_what_the_page_shows_and_where_it_comes_from(
    question, name, function, args, options
):
    _, release, _ = question(name, function, args, options)
    page = html.unescape(release.table().as_raw_html())
    shown = re.sub(r"<[^>]+>", "|", page)
    assert release.provenance.line in shown
    assert repr(release).partition("\n")[0].strip() in shown
    frame, numbers = release.to_frame(), list(release.estimates)
    assert page.count("<tr") >= len(frame)
    for place, of in enumerate(numbers):
        prefix = "" if place == 0 else f"{of}_"
        if f"{prefix}lower" not in frame:
            continue
        for value, low, high in frame[[of, f"{prefix}lower", f"{prefix}upper"]].itertuples(index=False):
            interval = " to ".join(ends(low, high))
            assert f">{to_error(value, (high - low) / 2)}<" in page
            assert f">{interval}<" in page


@pytest.mark.parametrize(("name", "function", "args", "options"), [*examples()])
def test_text_page_and_json_tell_one_provenance(question, name, function, args, options):
    plan, release, _ = question(name, function, args, options)
    told = release.provenance
    assert (told.advantage, told.attack_success) == (release.advantage, release.attack_success)
    assert (release.advantage, release.attack_success) == (plan.advantage, plan.attack_success)
    assert 0 < told.advantage <= plan.loss.advantage < 1
    read = Provenance(**json.loads(told.to_json()))  # what a program reads tells the same to a person
    assert (read.rows, read.line) == (told.rows, told.line)
    for value in (read, told, release):
        assert told.line in repr(value)
        assert html.escape(told.line) in plain_spaces(value._repr_html_())
    for fact, text in told.rows:
        assert f"  {fact} " in repr(told)
        assert text in repr(told)
        for page in (plain_spaces(told._repr_html_()), plain_spaces(release._repr_html_())):
            assert f">{fact}<" in page
            assert f">{html.escape(text)}<" in page
    facts = dict(told.rows)
    assert facts["cost"] == str(plan.loss).removesuffix(", δ = 0") == told.loss
    assert str(plan.question.unit) == facts["protects"]
    assert facts["ledger"].startswith(f"project '{name}', entry {told.entry}, reserved 20")
    assert all(f"{column} to [" in facts["clipped"] for column in plan.question.asked.clipped)
    assert ("keys" in facts) is (release.plan.question.keys is not None)
    assert ("found" in facts.get("keys", "")) is bool(plan.question.asked.shows)


@pytest.mark.parametrize(("name", "function", "args", "options"), [*examples()])
def test_numbers_are_rounded_to_their_own_error_in_text_and_page(question, name, function, args, options):
    _, release, _ = question(name, function, args, options)
    asked = release.plan.question.asked
    if not release.has_interval:
        return
    frame, page, text = release.to_frame(), plain_spaces(release._repr_html_()), repr(release)
    for place, number in enumerate(asked.numbers):
        prefix = "" if place == 0 else f"{number}_"
        if f"{prefix}lower" not in frame:
            continue
        for row in range(min(len(frame), 20)):
            value, lower, upper = (frame[column].iloc[row] for column in (number, f"{prefix}lower", f"{prefix}upper"))
            width = (upper - lower) / 2
            shown = with_interval(value, lower, upper)
            if not (asked.framed or release.plan.question.keys is None):
                shown = to_error(value, width)
            elif " ± " not in shown:  # an interval that reaches farther on one side is told by its ends
                assert shown.endswith(f", {' to '.join(ends(lower, upper))}")
            assert shown in text
            assert shown in page
            if math.isfinite(width) and width > 0:
                near, _, half = with_error(value, width).replace(",", "").partition(" ± ")
                assert width <= float(half) <= width * 1.17 + 1  # a whole error has no digits after the point
                assert abs(float(near) - value) <= float(half) / 19


@pytest.mark.parametrize(("name", "function", "args", "options"), [*examples()])
def test_of_several_numbers_each_has_its_interval_and_is_rounded(question, name, function, args, options):
    _, release, _ = question(name, function, args, options)
    asked, frame = release.plan.question.asked, release.to_frame()
    if not release.has_interval:
        others = f"'{release._named[0]}'" if release._named else ""
        for compute in (release.interval, release.by_group, release.rounded):
            with pytest.raises(IntervalError, match=rf"no interval of its own.*{re.escape(others)}"):
                compute()
    if not (asked.framed and release.has_interval):
        return
    for ends_of, side in zip(release.interval(), ("lower", "upper"), strict=True):
        assert list(ends_of) == [of for of in release.value if limits_in(frame, of, asked.main) is not None]
        for of, told in ends_of.items():
            assert told.equals(frame[side if of == asked.main else f"{of}_{side}"].rename(of))
    lower, upper = release.interval()
    pd.testing.assert_frame_equal(release.accuracy, (upper - lower) / 2)
    if release.plan.question.dates is None:
        assert list(release.dominated) == list(lower)
        rounded, named = release.rounded(10), [of for of in asked.numbers if of in lower]
        assert rounded.value.index.get_level_values("number").tolist() == named * len(frame)
        assert rounded.value.tolist() == [10 * round(of / 10) for of in frame[named].to_numpy().ravel().tolist()]
        reached = rounded.to_frame()
        assert (reached["lower"] <= lower[named].to_numpy().ravel()).all()
        assert (reached["upper"] >= upper[named].to_numpy().ravel()).all()
        with pytest.raises(NotLinearError, match="the answer is several numbers: "):
            release + 1
        weighed = release.by_group()
        assert weighed["answers"].tolist() == [1] * len(rounded.value)
        assert weighed["dominated"].tolist() == release.dominated[named].to_numpy().ravel().tolist()
        told = (release.accuracy[named] / frame[named].abs()).to_numpy().ravel()
        assert weighed["relative_error"].to_numpy() == pytest.approx(told, nan_ok=True)


@pytest.mark.parametrize(("name", "function", "args", "options"), [*examples()])
def test_no_column_of_a_table_is_empty(question, name, function, args, options):
    _, release, _ = question(name, function, args, options)
    for block in sheet_of(release).blocks:
        if isinstance(block, Table):
            columns = zip(*([one for one in row if not isinstance(one, Drawn)] for row in block.rows), strict=True)
            assert all(any(filter(None, column)) for column in list(columns)[1:])


@pytest.mark.parametrize(("name", "function", "args", "options"), [*examples()])
def test_the_simulator_gives_the_same_shape_marked_and_the_same_twice(question, frame, name, function, args, options):
    plan, release, given = question(name, function, args, options)
    found = []
    for _ in range(2):
        project = pk.open_project("class", simulate=True, seed=5, **TERMS[name][0])
        found.append(getattr(pk, function)(frame, *args, **{**given, "project": project}))
        assert project.spent == plan.loss
    first, second = found
    assert "SIMULATED" in repr(first)
    assert first.plan.question.canonical() == release.plan.question.canonical() or plan.question.asked.shows
    assert first.drawn.shape[1] == release.drawn.shape[1]
    assert list(first.estimates) == list(release.estimates)
    if TERMS[name][0]["unit"] != "who":  # which rows of a person count is drawn anew
        assert first.drawn.tolist() == second.drawn.tolist()


@pytest.mark.parametrize(("name", "function", "args", "options"), [*examples()])
def test_every_plan_can_be_checked_for_free(question, frame, name, function, args, options):
    plan, release, given = question(name, function, args, options)
    spent, before = given["project"].spent, repr(plan)
    check = getattr(frame.privacy.plan, function)(*args, **given).check()
    assert given["project"].spent == spent
    assert repr(plan) == before
    assert (check.rows, check.question) == (len(frame), plan.question)
    if not plan.question.asked.shows:
        assert [one.name for one in check.answers] == list(release.estimates)
        assert check.groups == release.plan.question.shown
        assert [one.widths is not None for one in check.answers] == [
            one.name in release._limits(0.05) for one in check.answers
        ]
    assert len(check.to_frame()) == (1 if check.groups is None else len(check.groups))
    assert repr(check).startswith(f"check of {plan.question}"[:60])
    assert "owner" in check._repr_html_()
    if name == "rows" and function not in TIED:
        endless = pk.open_project("endless", simulate=True, seed=1, epsilon=1e12, unit=pk.ROW, ceiling=1e12)
        exact = getattr(pk, function)(frame, *args, **{**options, "epsilon": 1e10, "project": endless})
        for one in check.answers:  # the same question, with no noise to speak of
            told = exact.estimates[one.name].tolist()
            assert one.values.tolist() == (told if one.values.dtype == object else pytest.approx(told, rel=1e-6))
