"""What a reader of a release may misread: each case that was found, once more as a person meets it.

The proofs stand in tests of their own (named in each test where it is not the same); here are the words and the calls.
"""

from __future__ import annotations

import datetime as dt
import json
import re

import numpy as np
import pandas as pd
import pytest
from chance import RARE

import privkit as pk
from privkit.dp.recorded import recorded_accuracy
from privkit.errors import PrivkitError
from privkit.errors.dp import PriceError

RNG = np.random.default_rng(0)
INCOMES = pd.DataFrame({"inc": RNG.normal(50_000, 5_000, 10_000).round(), "k": ["a", "b"] * 5_000})


@pytest.fixture
def project(ledger_path):
    return pk.open_project("cases", epsilon=1000, unit=pk.ROW, store=ledger_path, ceiling=100)


def refused(call, words, error=PrivkitError):
    """A call is refused in these words, and says that nothing was spent."""
    with pytest.raises(error, match=words) as found:
        call()
    return str(found.value)


# -- A. misread by everybody ------------------------------------------------------------------------------------------


def test_a1_the_accuracy_of_a_quantile_is_a_share_of_ranks(project):
    """`test_an_accuracy_beyond_half_of_the_ranks_is_refused_however_it_is_asked` has the other ways to ask."""
    told = refused(
        lambda: INCOMES.privacy.dp_median("inc", bounds=(0, 200_000), accuracy=1000, assume_rows=10_000),
        "share of ranks, at most 0.5",
        PriceError,
    )
    assert "No budget was spent." in told
    plan = INCOMES.privacy.plan.dp_median("inc", bounds=(0, 200_000), accuracy=0.01, assume_rows=10_000)
    assert "1.0 % of ranks" in repr(plan)
    assert abs(plan.release().value - INCOMES.inc.median()) < 1000


def test_a2_the_ledger_tells_the_accuracy_that_the_release_tells(ledger_path):
    project = pk.open_project("zcdp", rho=100, unit=pk.ROW, store=ledger_path, ceiling=20)
    release = INCOMES.privacy.dp_count(rho=2)
    assert release.accuracy == 1
    (record,) = (entry.question for entry in project.account.entries())
    assert recorded_accuracy(json.loads(record) if isinstance(record, str) else record) == release.accuracy


def test_a3_a_median_of_ties_is_the_tied_value_and_quantiles_do_not_cross(project):
    """`test_w1_the_median_of_values_that_tie_is_theirs` has all engines."""
    stars = pd.DataFrame({"r": RNG.choice([1.0, 2, 3, 4, 5], p=[0.05, 0.05, 0.1, 0.6, 0.2], size=20_000)})
    assert stars.privacy.dp_median("r", bounds=(1, 5), epsilon=1).value == 4
    row = stars.privacy.dp_quantile("r", [0.25, 0.1, 0.75], bounds=(1, 5), epsilon=0.01).value.iloc[0]
    assert row["10%"] <= row["25%"] <= row["75%"]


def test_a4_a_median_and_a_top_k_carry_their_uncertainty(project):
    median = INCOMES.privacy.dp_median("inc", bounds=(0, 200_000), epsilon=1)
    lower, upper = median.interval()
    assert lower < median.value < upper
    assert re.search(r"(±|to) [\d,.]+ \(95 %\)", repr(median))
    drawn = median.plot()
    reached = [max(map(float, line.get_xdata())) - min(map(float, line.get_xdata())) for line in drawn.lines]
    reached += [box.get_paths()[0].get_extents().width for box in drawn.collections if box.get_paths()]
    assert max(reached) == pytest.approx(upper - lower, rel=0.01)
    top = INCOMES.privacy.dp_top_k("k", 2, keys=["a", "b", "c", "d"], epsilon=1)
    assert set(top.possible.columns) >= {"count", "lower", "upper", "named"}


def test_a5_the_interval_of_a_clipped_mean_says_of_what_it_is(project):
    skewed = pd.DataFrame({"x": [10_000.0] * 9_000 + [1_000_000.0] * 1_000})
    release = skewed.privacy.dp_mean("x", bounds=(0, 200_000), epsilon=1, clipped=True)
    assert repr(release).startswith("mean of 'x' clipped to [0, 200000]")
    assert release.to_frame().columns.name == "clipped to [0, 200000]"
    assert release.provenance.clipped == {"x": [0, 200_000]}
    assert release.estimates["clipped"].item() == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("name", ["dp_var", "dp_std"])
def test_a6_intervals_hold_although_numbers_are_rounded_to_a_grid(project, name):
    """`test_with_little_noise_they_hold_by_the_rounding_term_alone` has the law."""
    frame = pd.DataFrame({"x": np.full(2_000, 1 / 3) + np.tile([0.0, 1e-7], 1_000)})
    release = getattr(frame.privacy, name)("x", bounds=(0, 1), epsilon=100)
    lower, upper = release.interval(1 - RARE)
    exact = frame.x.var(ddof=0) if name == "dp_var" else frame.x.std(ddof=0)
    assert lower <= exact <= upper


def test_a7_persons_of_three_months_are_not_called_persons(ledger_path):
    """`test_persons_within_a_month_are_called_that_everywhere` has text, page and plan."""
    days = pd.to_datetime(["2026-01-05", "2026-02-05", "2026-03-05"] * 1_000)
    calls = pd.DataFrame({"id": np.repeat(np.arange(1_000), 3), "on": days})
    pk.open_project("monthly", epsilon=10, unit="id", per="month", time="on", max_rows=1, store=ledger_path)
    told = repr(calls.privacy.dp_count(of="persons", epsilon=1))
    assert "month" in told.split("\n")[0]


def test_a8_a_plan_tells_which_missing_values_a_condition_leaves_out(project):
    frame = pd.DataFrame({"x": [99.0, None, 1.0] * 10})
    plan = frame.privacy.plan.dp_count(where="x != 99", epsilon=100)
    assert "leaves out rows whose 'x' is missing; to keep them add: or x is missing" in repr(plan)
    assert plan.release().value == pytest.approx(10, abs=1)
    kept = frame.privacy.dp_count(where="x != 99 or x is missing", epsilon=100)
    assert kept.value == pytest.approx(20, abs=1)


# -- B. stopped or misled ---------------------------------------------------------------------------------------------


def test_b_a_column_more_is_not_paid_again_and_changed_rows_are_said_to_be(project):
    frame = INCOMES.copy()
    first = frame.privacy.dp_count(epsilon=0.1)
    frame["y"] = 1
    assert frame.privacy.dp_count(epsilon=0.1).replayed
    changed = frame.assign(inc=frame.inc + 1)
    assert f"entry {first.provenance.entry}" in repr(changed.privacy.plan.dp_count(epsilon=0.1))
    assert changed.privacy.dp_count(epsilon=0.1).asked_before == first.provenance.entry


def test_b_one_version_of_two_tables_is_two_states(project):
    one, two = INCOMES[["inc"]], INCOMES[["k"]]
    first = one.privacy.dp_count(epsilon=0.1, version="2026-11")
    assert not two.privacy.dp_count(epsilon=0.1, version="2026-11").replayed
    assert one.privacy.dp_count(epsilon=0.1, version="2026-11").value == first.value


def test_b_keys_that_match_no_row_are_told_before_they_are_paid(project):
    frame = pd.DataFrame({"zip": pd.Series([8004, 8005] * 50, dtype=object)})
    plan = frame.privacy.plan.dp_count(by="zip", keys=["8004", "8006"], epsilon=50)
    assert "1 of 2 keys match no row: 8006" in repr(plan.check())
    assert project.spent.epsilon == 0
    assert plan.release().value.tolist() == pytest.approx([50, 0], abs=1)  # text or number: objects are text


def test_b_what_a_message_says_to_type_is_taken(project):
    """`test_what_is_refused_as_data_passes_once_it_is_vouched_for` has every place and container."""
    edges = np.arange(0, 100_001, 25_000)
    assert "public_values" in refused(lambda: INCOMES.privacy.dp_histogram("inc", bins=edges, epsilon=1), "bins")
    vouched = pk.public_values(edges, reason="the form's brackets")
    counts = INCOMES.privacy.dp_histogram("inc", bins=vouched, epsilon=1)
    assert len(counts.value) == 4
    by = INCOMES.privacy.dp_count(by="k", keys=["a", "b"], epsilon=1)
    again = INCOMES.privacy.dp_mean(
        "inc", "k", keys=pk.public_values(by.value.index, reason="released"), bounds=(0, 1e5), epsilon=1
    )
    assert list(again.value.index) == ["a", "b"]


def test_b_a_slip_in_a_projects_name_is_told(ledger_path):
    """`test_the_row_as_text_burns_no_name` and `test_only_an_untouched_project_is_removed` have the rest."""
    pk.open_project("loans 2026", epsilon=1, unit=pk.ROW, store=ledger_path)
    INCOMES.privacy.dp_count(epsilon=0.1)
    with pytest.warns(UserWarning, match="'loans 2026', of a close name"):
        assert "Begun now" in repr(pk.open_project("loan 2026", epsilon=1, unit=pk.ROW, store=ledger_path))


def test_b_a_delta_is_not_asked_for_where_there_is_none(project):
    told = refused(lambda: INCOMES.privacy.dp_count(by="k", epsilon=1, delta=1e-7), "")
    assert "give delta=" not in told.lower()


def test_b_a_simulation_keeps_its_terms_and_marks_what_it_gives():
    project = pk.open_project("trial", epsilon=10, unit=pk.ROW, simulate=True, ceiling=2)
    refused(lambda: INCOMES.privacy.dp_count(epsilon=5, project=project), "ceiling|at most")
    assert "simulat" in repr(INCOMES.privacy.dp_count(epsilon=1, project=project)).lower()


def test_b_dates_have_windows_medians_and_parts(project):
    orders = pd.DataFrame({"on": pd.date_range("2026-01-01", periods=2_000, freq="h")})
    weeks = {"week": pk.cut("on", every="week", start="2026-01-05", end="2026-03-02")}
    assert len(orders.privacy.dp_count(by="week", derive=weeks, epsilon=1).value) >= 8
    middle = orders.privacy.dp_median("on", bounds=("2026-01-01", "2026-04-01"), epsilon=1)
    assert isinstance(middle.value, dt.date)
    assert len(orders.privacy.dp_count(by="m", derive={"m": pk.month("on")}, epsilon=1).value) == 12
    refused(
        lambda: orders.privacy.dp_count(by="y", derive={"y": pk.year("on")}, epsilon=1), r"keys=\[2024, 2025, 2026\]"
    )


def test_b_at_most_k_rows_of_a_person_without_an_id_are_a_unit(ledger_path):
    project = pk.open_project("rows", epsilon=10, unit=pk.rows(36), store=ledger_path)
    assert INCOMES.privacy.plan.dp_count(epsilon=1, project=project).sensitivity["L1"] == 36


def test_b_public_facts_are_said_once(project):
    project.public(inc=(0, 100_000), k=["a", "b"])
    assert list(INCOMES.privacy.dp_mean("inc", "k", epsilon=1).value.index) == ["a", "b"]


def test_b_what_is_published_beside_the_numbers_says_what_they_cost(project):
    release = INCOMES.privacy.dp_mean("inc", "k", keys=["a", "b"], bounds=(0, 100_000), epsilon=1)
    told = json.loads(release.provenance.to_json())
    assert (told["epsilon"], told["clipped"], told["key_values"]) == (1, {"inc": [0, 100_000]}, ["a", "b"])
    assert 0.46 < told["advantage"] < 0.47


@pytest.mark.parametrize("asked", ["few", "mixed", "groups"])
def test_b_the_mechanism_that_is_published_names_what_was_used(ledger_path, asked):
    project = pk.open_project("named", epsilon=50, delta=1e-6, unit=pk.ROW, store=ledger_path)
    both = {"m": ("median", "inc", (0, 200_000)), "n": "count"}
    release, names = {
        "few": lambda: (INCOMES.privacy.dp_quantile("inc", [0.2, 0.8], bounds=(0, 2e5), epsilon=1), "noisy max"),
        "mixed": lambda: (INCOMES.privacy.dp_query(both, epsilon=1), "discrete Laplace, noisy max"),
        "groups": lambda: (
            INCOMES.privacy.dp_median("inc", "k", bounds=(0, 2e5), epsilon=2, delta=1e-7),
            "discrete Laplace with threshold, noisy max",
        ),
    }[asked]()
    assert json.loads(release.provenance.to_json())["mechanism"] == names
    assert project.spent.epsilon > 0


def test_b_bounds_are_told_as_whole_numbers_and_hold_huge_ones(project):
    """`test_bounds_of_numbers_down_to_0_cut_off_less_than_a_tenth` has the share that is cut off."""
    release = pd.DataFrame({"x": np.linspace(10, 250, 3_000)}).privacy.dp_bounds("x", epsilon=4)
    assert repr(release).split("\n")[0].endswith(" to 256")
    page = re.sub(r"<style.*?</style>|<[^>]*>", " ", release._repr_html_(), flags=re.DOTALL)
    assert "256" in page
    assert "256.0" not in page
    huge = pd.DataFrame({"x": np.full(3_000, 2.0**70)}).privacy.dp_bounds("x", epsilon=1)
    assert huge.value[1] >= 2.0**70


def test_b_equal_amounts_have_equal_hashes_and_what_is_left_can_be_spent(ledger_path):
    project = pk.open_project("rest", epsilon=1, unit=pk.ROW, store=ledger_path)
    amount = project.remaining.epsilon
    assert (amount == 1, hash(amount)) == (True, hash(1))
    INCOMES.privacy.dp_count(epsilon=project.remaining)
    assert project.remaining.epsilon == 0


def test_b_an_unknown_name_is_told_with_the_function_and_a_close_one(project):
    told = refused(lambda: INCOMES.privacy.dp_count(eps=1), "epsilon", (PrivkitError, TypeError))
    assert "dp_count" in told
    assert "No budget was spent." in told


def test_b_names_say_what_was_asked(project):
    assert repr(INCOMES.privacy.dp_median("inc", bounds=(0, 2e5), epsilon=1)).startswith("median of 'inc'")
    assert "'inc'" in repr(INCOMES.privacy.dp_describe("inc", bounds=(0, 2e5), epsilon=1)).split("\n")[0]


def test_b_numbers_are_rounded_to_their_own_error(project):
    """`test_numbers_are_rounded_to_their_own_error_in_text_and_page` has every statistic."""
    told = repr(INCOMES.privacy.dp_count(epsilon=0.05)).split("\n")[0]
    assert re.search(r"± \d{2}\b", told)


def test_b_a_release_tells_what_an_attacker_gains(project):
    release = INCOMES.privacy.dp_count(epsilon=1)
    assert 0.462 < release.advantage < 0.463
    assert INCOMES.privacy.plan.dp_count(advantage=0.462).loss.epsilon < 1
