"""What plans and releases of several numbers say: what was asked, and how accurate each number will be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import privkit as pk

ENDS = {"paid": (0, 100), "age": (18, 90)}
GROUPS = ["a", "b"]


@pytest.fixture
def shop(ledger_path):
    rng = np.random.default_rng(3)
    rows = 4000
    pk.open_project("shop", epsilon=100, unit=pk.ROW, store=ledger_path)
    told = {"plan": rng.choice(GROUPS, rows), "left": rng.choice(["yes", "no"], rows)}
    return pd.DataFrame({**told, "age": rng.integers(18, 90, rows), "paid": rng.uniform(0, 100, rows)})


def _difference(to, **more):
    return to.dp_difference("paid", "plan", keys=GROUPS, bounds=(0, 100), epsilon=1, **more)


def _chi2(to, **more):
    return to.dp_chi2("plan", "left", keys={"plan": GROUPS, "left": ["yes", "no"]}, epsilon=1, **more)


def _ols(to, **more):
    return to.dp_ols("paid", "age", bounds=ENDS, epsilon=1, **more)


def _anova(to, **more):
    return to.dp_anova("paid", "plan", keys=GROUPS, bounds=(0, 100), epsilon=1, **more)


def _correlation(to, **more):
    return to.dp_correlation(["paid", "age"], bounds=ENDS, epsilon=1, **more)


def _query(to, **more):
    asked = {"rows": "count", "spent": ("mean", "paid", (0, 100)), "middle": ("median", "age", (18, 90))}
    return to.dp_query(asked, "plan", keys=GROUPS, epsilon=1, **more)


TITLES = {
    _difference: "difference of means of 'paid' clipped to [0, 100]: 'a' less 'b' of 'plan'",
    _chi2: "test of independence of 'plan' and 'left' (2 × 2)",
    _anova: "test of equal means of 'paid' clipped to [0, 100] in 2 groups of 'plan'",
    _correlation: "correlation of 'paid' and 'age'",
    _ols: "least squares of 'paid' by 'age'",
    _query: "rows, spent, middle by 'plan'",
}


@pytest.mark.parametrize(("ask", "title"), TITLES.items())
def test_the_first_line_says_what_was_asked(shop, ask, title):
    assert repr(ask(shop.privacy.plan)).splitlines()[0] == f"{title} for ε = 1 in all"
    release = ask(shop.privacy)
    assert repr(release).splitlines()[0].startswith(f"{title}: ")
    assert title in release.table().as_raw_html().replace("&#x27;", "'")


@pytest.mark.parametrize("ask", TITLES)
def test_a_plan_tells_what_the_assumed_rows_make_of_each_number(shop, ask):
    """What it tells are its own accuracies; without an assumption it tells none but those that need no rows."""
    plan = ask(shop.privacy.plan, assume_rows=2000)
    (line,) = [one for one in repr(plan).splitlines() if one.startswith("To expect with at least 2,000 rows")]
    for name, width in plan.accuracies.items():
        assert (f"{name} ± " in line) == (width is not None)
    assert ("of ranks" in line) == (ask is _query)
    assert "To expect" not in repr(ask(shop.privacy.plan))


@pytest.mark.parametrize("ask", [_difference, _anova, _correlation, _ols])
def test_notes_take_the_assumed_rows_for_their_example(shop, ask):
    assert "with 7,000 rows" in " ".join(ask(shop.privacy.plan, assume_rows=7000).notes)
    assert "with 7,000 rows" not in " ".join(ask(shop.privacy.plan).notes)
    assert repr(ask(shop.privacy.plan, assume_rows=1))  # no number is too small for it


def test_what_is_published_beside_a_number_is_no_accuracy_of_rows_that_were_assumed(shop):
    asked = {"bounds": (0, 100), "epsilon": 1, "assume_rows": 50}
    release = shop.privacy.dp_mean("paid", **asked)
    assert release.accuracy < release.plan.accuracy  # there are more rows
    told = release.provenance
    assert told.accuracy["mean"] is None
    assert "mean ±" not in told.line
    row = release.to_frame().iloc[0]
    assert told.accuracy["sum"] >= (row["sum_upper"] - row["sum_lower"]) / 2


def test_the_interval_of_what_comes_along_with_a_test_is_named(shop):
    told = _chi2(shop.privacy).provenance
    assert "intervals 95 %, count ± " in told.line
    assert told.accuracy["chi2"] is None
