from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.anonymity.population_uniques import population_uniques
from privkit.errors import ColumnNotFoundError, FrameError, ParameterError
from privkit.errors.anonymity import RoleConflictError
from privkit.errors.risk import LinkError, PopulationError, WeightsError
from privkit.risk.attackers import PRESETS, Threshold, individual_risks, threshold_of
from privkit.risk.report import risk
from privkit.tally.coded_classes import count_classes


def of_sizes(*sizes: int) -> pd.DataFrame:
    return pd.DataFrame({"q": np.repeat(np.arange(len(sizes)), sizes)})


# -- fixtures of the literature ------------------------------------------------------------------------------------


def test_the_worked_example_of_three_attackers():
    report = risk(of_sizes(1, 2, 2, 3), "q", population=of_sizes(5, 4, 20, 3), threshold=0.2)
    assert (report.prosecutor.highest, report.prosecutor.average, report.prosecutor.share_at_risk) == (1.0, 0.5, 1.0)
    assert report.journalist.highest == 1 / 3
    assert report.journalist.average == pytest.approx(0.225, abs=1e-15)
    assert report.journalist.share_at_risk == 0.625
    assert report.marketer.average == pytest.approx(0.225, abs=1e-15)
    assert report.k_map == 3
    assert report.population == 32


def test_the_threshold_is_strict():
    assert risk(of_sizes(5), "q", threshold=0.2).prosecutor.share_at_risk == 0.0
    assert risk(of_sizes(4), "q", threshold=0.2).prosecutor.share_at_risk == 1.0
    assert risk(of_sizes(11), "q", threshold="cell_11").prosecutor.share_at_risk == 0.0
    assert risk(of_sizes(10), "q", threshold="cell_11").prosecutor.share_at_risk == 1.0
    assert risk(of_sizes(11), "q", threshold=0.09).prosecutor.share_at_risk == 1.0, "1/11 is above 0.09"
    assert risk(of_sizes(3), "q", threshold=0).prosecutor.share_at_risk == 1.0


@pytest.mark.parametrize(
    ("f", "weight", "expected"), [(1, 10, 0.255843), (2, 20, 0.082684), (3, 30, 0.047619), (1, 100, 0.046517)]
)
def test_individual_risk_of_benedetti_and_franconi(f, weight, expected):
    assert individual_risks(np.array([f]), np.array([float(weight)]))[0] == pytest.approx(expected, abs=5e-7)


def negative_binomial_mean(f: int, p: float) -> float:
    """E[1/F] by its sum: F - f negative binomial with f successes of probability p."""
    term, total, size = p**f, 0.0, f
    while size < 200_000:
        total += term / size
        term *= (1 - p) * size / (size - f + 1)
        size += 1
    return total


@pytest.mark.parametrize("f", [1, 2])
@pytest.mark.parametrize("p", [0.01, 0.3, 0.9, 0.9985, 0.9995])
def test_individual_risk_is_the_mean_of_one_over_a_negative_binomial(f, p):
    assert individual_risks(np.array([f]), np.array([f / p]))[0] == pytest.approx(
        negative_binomial_mean(f, p), rel=1e-8
    )


@pytest.mark.parametrize("f", [1, 2, 3, 10])
def test_individual_risk_where_the_sample_is_the_population(f):
    assert individual_risks(np.array([f, f, f]), np.array([f, f / 2, f * (1 + 1e-9)])) == pytest.approx([1 / f] * 3)


# -- ARX and the stored answers ------------------------------------------------------------------------------------


def test_risks_equal_those_of_arx(arx, arx_adult):
    for found in arx["raw_risk"].values():
        theirs, report = found["risk"], risk(arx_adult, found["qi"].split(","), threshold=found["risk"]["threshold"])
        for attacker in ("prosecutor", "journalist"):
            ours = getattr(report, attacker)
            assert ours.share_at_risk == pytest.approx(theirs[attacker]["records_at_risk"], rel=1e-12)
            assert ours.highest == theirs[attacker]["highest"]
            assert ours.average == pytest.approx(theirs[attacker]["success"], rel=1e-12)
        assert report.marketer.average == pytest.approx(theirs["marketer"], rel=1e-12)
        assert (report.n_unique, report.n_classes) == (theirs["sample_uniques"], theirs["num_classes"])


def test_uniques_of_the_population_equal_those_of_arx(arx, arx_adult):
    """All but SNB, whose formula there gives no value."""
    for found in arx["raw_risk"].values():
        sizes = count_classes(arx_adult, found["qi"].split(",")).sizes
        for theirs in found["risk"]["population"]:
            ours = population_uniques(sizes, theirs["population_size"])
            assert ours["zayatz"].uniques == pytest.approx(theirs["zayatz"], rel=1e-9)
            assert ours["pitman"].uniques == pytest.approx(theirs["pitman"], rel=1e-6)
            assert ours.chosen in ({"pitman"} if theirs["dankar_model"] == "PITMAN" else {"zayatz", "snb"})


def test_risks_of_an_anonymized_table_equal_those_of_arx(arx, oracle):
    config = arx["configs"]["qi9_k5_s05"]
    theirs = config["risk"]
    table = pd.read_csv(oracle / "out_qi9_k5_s05.csv.gz", sep=None, engine="python", dtype=str)
    kept = table[~(table[config["qi"]] == "*").all(axis=1)]
    report = risk(kept, config["qi"], threshold=0.2)
    assert report.n_rows == theirs["num_records"]
    assert report.prosecutor.highest == theirs["prosecutor"]["highest"]
    assert report.prosecutor.share_at_risk == theirs["prosecutor"]["records_at_risk"]
    assert report.marketer.average == pytest.approx(theirs["marketer"], rel=1e-12)


@pytest.mark.parametrize(
    ("data", "case"), [("adult", "raw"), ("adult", "raw_5"), ("telco", "with_tenure"), ("shop", "released_k")]
)
def test_risks_equal_the_stored_answers(data, case, expected, request):
    answer = expected[data][case]
    report = risk(request.getfixturevalue(data), answer["qi"])
    assert report.prosecutor.highest == answer["prosecutor_risk_highest"]
    assert report.prosecutor.average == answer["prosecutor_risk_average"]
    assert report.prosecutor.share_at_risk == answer["rows_in_classes_below_5"] / answer["rows"]


# -- laws ----------------------------------------------------------------------------------------------------------

SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=8)
LIMITS = st.fractions(0, 1, max_denominator=40)


@given(SIZES, st.data(), LIMITS)
@settings(max_examples=80)
def test_each_figure_is_its_definition(f, data, limit):
    big = [data.draw(st.integers(size, 30)) for size in f]
    report = risk(of_sizes(*f), "q", population=of_sizes(*big), threshold=limit)
    n = sum(f)
    assert report.prosecutor.highest == float(Fraction(1, min(f)))
    assert report.prosecutor.average == len(f) / n
    assert report.prosecutor.rows_at_risk == sum(size for size in f if Fraction(1, size) > limit)
    assert report.journalist.highest == float(Fraction(1, min(big)))
    assert report.journalist.rows_at_risk == sum(
        size for size, whole in zip(f, big, strict=True) if Fraction(1, whole) > limit
    )
    marketer = sum(Fraction(size, whole) for size, whole in zip(f, big, strict=True)) / n
    assert report.marketer.average == pytest.approx(float(marketer), rel=1e-13)
    assert report.journalist.average == pytest.approx(float(max(Fraction(len(f), sum(big)), marketer)), rel=1e-13)
    assert report.k_map == min(big)
    assert report.population_unique == sum(size == 1 == whole for size, whole in zip(f, big, strict=True))


@given(SIZES)
@settings(max_examples=40)
def test_doubling_every_row_halves_the_prosecutors_risk(f):
    once, twice = risk(of_sizes(*f), "q").prosecutor, risk(of_sizes(*(2 * size for size in f)), "q").prosecutor
    assert twice.average == pytest.approx(once.average / 2, rel=1e-15)
    assert twice.highest == once.highest / 2


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3)), min_size=1, max_size=20))
@settings(max_examples=40)
def test_dropping_a_column_never_raises_the_risk(rows):
    frame = pd.DataFrame(rows, columns=["x", "y"])
    fine, coarse = risk(frame, ["x", "y"]), risk(frame, "x")
    for attacker in ("prosecutor", "journalist", "marketer"):
        for figure in ("highest", "average", "share_at_risk"):
            assert getattr(getattr(coarse, attacker), figure) <= getattr(getattr(fine, attacker), figure)


def test_missing_values_form_a_class_and_match_in_the_population():
    data = pd.DataFrame({"q": ["a", None, np.nan]})
    population = pd.DataFrame({"q": ["a", "a", None, None, None, "z"]})
    report = risk(data, "q", population=population)
    assert sorted(Counter(report.sizes.tolist()).items()) == [(1, 1), (2, 1)]
    assert (report.k_map, report.classes_outside) == (2, 0)


def test_a_register_that_lacks_people_never_lowers_the_risk(shop, register):
    qi = ["sex", "birth_date", "postcode"]
    report = risk(shop, qi, population=register)
    assert (report.k_map, report.classes_outside, report.population_unique) == (0, 185, 973)
    assert report.journalist.highest == 1.0
    assert "not a table of everybody" in repr(report)


def test_persons_count_once_per_class():
    data = pd.DataFrame({"q": list("aaabb"), "who": [1, 1, 2, 3, 3]})
    report = risk(data, "q", unit="who")
    assert sorted(report.sizes.tolist()) == [1, 2]
    population = pd.DataFrame({"q": list("aaaabbb"), "who": [1, 2, 2, 9, 3, 4, 4]})
    assert risk(data, "q", unit="who", population=population).k_map == 2


def test_weights_add_individual_risk():
    data = of_sizes(1, 2, 3).assign(w=10.0)
    report = risk(data, "q", weights="w")
    assert report.individual.highest == pytest.approx(0.255843, abs=5e-7)
    assert report.individual.average == pytest.approx((0.255843 + 2 * 0.082684 + 3 * 0.047619) / 6, abs=1e-6)
    assert report.to_frame()["attacker"].tolist() == ["prosecutor", "journalist", "marketer", "individual"]


@pytest.mark.parametrize("engine", ["polars", "lazy", "duckdb"])
def test_other_engines_agree(engine, telco):
    qi, ours = ["gender", "Partner", "tenure"], risk(telco, ["gender", "Partner", "tenure"], population=telco)
    if engine == "duckdb":
        data = pytest.importorskip("duckdb").from_df(telco)
    else:
        data = pytest.importorskip("polars").from_pandas(telco)
        data = data.lazy() if engine == "lazy" else data
    for population in (data, telco):
        theirs = risk(data, qi, population=population)
        assert (theirs.attackers, theirs.k_map) == (ours.attackers, ours.k_map)


# -- what it says, and bad input -----------------------------------------------------------------------------------


def test_presets_have_a_source_and_a_cell():
    assert {name: preset.cell for name, preset in PRESETS.items() if preset.measure == "row"} == {
        "cell_3": 3, "cell_5": 5, "cell_11": 11, "cell_20": 20, "ema_0070": 11,
    }  # fmt: skip
    assert all(preset.source and preset.name == name for name, preset in PRESETS.items())
    assert threshold_of(PRESETS["cell_5"]) is PRESETS["cell_5"]


def test_a_preset_of_uniqueness_compares_the_share_of_uniques():
    data = of_sizes(*[1] * 5, 95)
    assert not risk(data, "q", threshold="uniques_5").exceeds, "5 % is not above 5 %"
    assert risk(data, "q", threshold="uniques_0").exceeds
    assert risk(of_sizes(*[1] * 6, 94), "q", threshold="uniques_5").exceeds


def test_no_figure_is_a_green_tick_or_a_cell_value():
    data = pd.DataFrame({"zip": ["secretvalue", "other", "other", "other", "other", "other"]})
    for threshold in ("cell_5", 0.2, 1):
        report = risk(data, "zip", threshold=threshold, population=10)
        told = repr(report) + report._repr_html_()
        assert "secret" not in told
        assert "✓" not in told
    assert repr(risk(data, "zip")).startswith("1 of 6 rows (16.7 %) is above risk 0.2.\n")
    assert "next: df.privacy.anonymize(['zip'], k=5)" in repr(risk(data, "zip"))
    assert "no proof of anonymity" in repr(risk(data, "zip", threshold="cell_5"))


def test_a_table_without_rows_is_said():
    report = risk(pd.DataFrame({"q": []}), "q", population=0 + 5, threshold="cell_5")
    assert (report.prosecutor.highest, report.marketer.average, report.n_unique) == (0.0, 0.0, 0)
    assert "no rows" in repr(report) + report._repr_html_()
    report.plot()


@pytest.mark.parametrize("population", [2, of_sizes(1, 1)])
def test_a_population_smaller_than_the_data_is_refused(population):
    with pytest.raises(PopulationError, match="a population of 2, but the data has 8 persons") as error:
        risk(of_sizes(1, 2, 2, 3), "q", population=population)
    assert (error.value.population, error.value.rows) == (2, 8)


@pytest.mark.parametrize("population", ["all", 0, -1, 2.5, True, [1]])
def test_a_population_of_another_kind_is_refused(population):
    with pytest.raises(ParameterError, match="population"):
        risk(of_sizes(1), "q", population=population)


def test_a_population_without_the_column_or_of_another_type_is_refused():
    data = pd.DataFrame({"zip": ["8004", "8005"]})
    with pytest.raises(ColumnNotFoundError, match="population"):
        risk(data, "zip", population=pd.DataFrame({"plz": ["8004"] * 5}))
    with pytest.raises(LinkError, match=r"'zip'.*text.*number") as error:
        risk(data, "zip", population=pd.DataFrame({"zip": [8004] * 5}))
    assert "8004" not in str(error.value)


@pytest.mark.parametrize(
    ("weights", "fields"),
    [([1, 0], (0, 0, 1)), ([1, -3], (0, 0, 1)), ([1, None], (1, 0, 0)), ([np.inf, np.nan], (1, 1, 0))],
)
def test_weights_that_are_no_persons_are_refused(weights, fields):
    data = of_sizes(1, 1).assign(w=weights)
    with pytest.raises(WeightsError, match="finite number > 0") as error:
        risk(data, "q", weights="w")
    assert (error.value.missing, error.value.infinite, error.value.not_positive) == fields


def test_weights_of_another_kind_are_refused():
    data = of_sizes(1, 1)
    for bad in (["x", "y"], [True, False]):
        with pytest.raises(WeightsError, match="must be numbers"):
            risk(data.assign(w=bad), "q", weights="w")
    with pytest.raises(ColumnNotFoundError, match="weights="):
        risk(data, "q", weights="w")
    with pytest.raises(ParameterError, match="weights"):
        risk(data, "q", weights=[1, 1])
    with pytest.raises(ParameterError, match="one row per person"):
        risk(data.assign(w=1.0, who=1), "q", weights="w", unit="who")


@pytest.mark.parametrize("threshold", [-0.1, 1.1, "cell_4", None, True, float("nan"), [0.2]])
def test_a_threshold_that_is_no_share_is_refused(threshold):
    with pytest.raises(ParameterError, match="threshold"):
        risk(of_sizes(1), "q", threshold=threshold)


def test_roles_that_exclude_each_other_are_refused():
    data = of_sizes(1).assign(who=1, w=1.0)
    for argument in ("unit", "weights"):
        with pytest.raises(RoleConflictError):
            risk(data, ["q", "who"], **{argument: "who"})


@pytest.mark.parametrize("data", [None, [1], {"q": [1]}, "file.csv"])
def test_what_is_no_frame_is_refused(data):
    with pytest.raises(FrameError):
        risk(data, "q")


def test_a_threshold_of_ones_own_is_exact_like_a_preset():
    own = Threshold(0.2)
    assert (own.value, own.cell, repr(own)) == (Fraction(1, 5), 5, repr(Threshold(Fraction("0.2"))))
    assert repr(own).startswith("Threshold(value=0.2, ")
    with pytest.raises(ParameterError, match="value=2"):
        Threshold(2)
