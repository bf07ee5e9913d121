"""Attacks on published counts: exact ones tell everybody, replay stops averaging, and what is spent is spent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.attacks.figures import Asked, differenced, evidence, exactly, membership, reconstructed

CANARY = "CANARY-7f3a"
ATTACKS = ["differencing", "averaging", "reconstruction", "membership"]


def people(n: int = 400, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    columns = {f"q{place}": random.integers(0, 6, n) for place in range(8)}
    return pd.DataFrame(columns).assign(ill=np.where(random.random(n) < 0.5, f"{CANARY}a", f"{CANARY}b"))


def noisy(scale: float, seed: int = 0):
    random = np.random.default_rng(seed)

    def publish(frame: pd.DataFrame, column: str) -> pd.Series:
        counts = frame[column].value_counts()
        return counts + random.laplace(0, scale, len(counts))

    return publish


def replaying(scale: float):
    """Answer a question that is asked again as before."""
    publish, stored = noisy(scale), {}

    def again(frame: pd.DataFrame, column: str) -> pd.Series:
        key = (column, tuple(pd.util.hash_pandas_object(frame)))
        if key not in stored:
            stored[key] = publish(frame, column)
        return stored[key]

    return again


def test_exact_counts_tell_everybody():
    found = pk.attack_release(people(), exactly, "ill", targets=60, repeats=2)
    assert list(found) == ATTACKS == list(found.found)
    for name in ATTACKS[:3]:
        assert found[name].rate.observed == 1.0
        assert 0.3 < found[name].control.observed < 0.7
        assert found[name].planted[1.0].rate.observed == 1.0
        assert found[name].power is not None
    assert found["membership"].control.observed < 0.03
    assert found.replayed


@pytest.mark.landing
def test_averaging_takes_fresh_noise_off_and_replay_stops_it():
    fresh = pk.attack_release(people(), noisy(1.0), "ill", columns="q0", targets=40, repeats=30)
    replayed = pk.attack_release(people(), replaying(1.0), "ill", columns="q0", targets=40, repeats=30)
    assert not fresh.replayed
    assert replayed.replayed
    assert fresh["averaging"].rate.observed > 0.9
    assert replayed["averaging"].rate.observed < 0.88
    assert fresh["differencing"].rate.observed < 0.88
    assert "asked again had the same answer" in repr(replayed)


def test_noise_of_a_small_scale_does_not_stop_reconstruction_and_a_large_one_does():
    assert (
        pk.attack_release(people(), noisy(1.0), "ill", columns="q0", targets=40, repeats=1)[
            "reconstruction"
        ].rate.observed
        > 0.95
    )
    drowned = pk.attack_release(people(), noisy(500.0), "ill", columns="q0", targets=40, repeats=1)
    assert drowned["reconstruction"].rate.observed < 0.8
    assert not drowned["reconstruction"].found
    assert not drowned["membership"].found


@pytest.mark.landing
def test_counts_under_differential_privacy_are_charged_and_stop_the_attacks(tmp_path):
    frame = people(200)[["q0", "ill"]]
    project = pk.open_project("attacked", epsilon=1000, unit=pk.ROW, store=tmp_path / "l.db")
    keys = {"q0": list(range(6)), "ill": [f"{CANARY}a", f"{CANARY}b"]}
    before = project.spent.main

    def publish(part: pd.DataFrame, column: str) -> pd.Series:
        return pk.dp_count(part, column, keys=keys[column], epsilon=0.05, project=project).value

    found = pk.attack_release(frame, publish, "ill", targets=10, repeats=2)
    assert found.replayed
    # Two answers of ε = 0.05 tell one of two values with a chance of e^0.1 / (1 + e^0.1) = 0.525 at most: all 20 of the
    # first two attacks, and then those of the third, come with about 10⁻⁸; of exact counts they do.
    assert sum(found[name].rate.hits for name in ATTACKS[:3]) < 30
    assert project.spent.main > before
    poor = pk.open_project("poor", epsilon=1, unit=pk.ROW, store=tmp_path / "p.db")
    with pytest.raises(pk.InsufficientBudgetError):
        pk.attack_release(
            frame, lambda d, c: pk.dp_count(d, c, keys=keys[c], epsilon=0.3, project=poor).value, "ill", targets=10
        )


@pytest.mark.parametrize("seed", range(3))
def test_reconstruction_is_that_of_all_possible_answers(seed):
    """An oracle: of all 2^n vectors of bits, the only one that gives the published counts is the true one."""
    frame = people(200, seed)
    asked, random = Asked.of(exactly, frame), np.random.default_rng(seed)
    targets = np.arange(8)
    truth = asked.codes["ill"][targets] == 0
    inside = (np.random.default_rng(seed).random((32, 8)) < 0.5).astype(int)  # the questions that `reconstructed` draws
    answers = inside @ truth
    every = (np.arange(256)[:, None] >> np.arange(8)) & 1
    fitting = every[(inside @ every.T == answers[:, None]).all(axis=0)]
    assert len(fitting) == 1
    assert (reconstructed(asked, "ill", 0, targets, random) == fitting[0].astype(bool)).all()


def test_differences_and_evidence_are_those_of_a_computation_by_hand():
    frame = people(40, 1)
    asked = Asked.of(exactly, frame)
    guesses, replayed = differenced(asked, "ill", np.arange(40), np.random.default_rng(0))
    assert (guesses == asked.codes["ill"]).all()
    assert replayed
    group = np.arange(10)[None, :]
    told = evidence(asked, group)
    scores = membership(told, asked.codes, np.array([[3, 20]]))
    for place, row in enumerate((3, 20)):
        by_hand = 0.0
        for name in frame:
            width = frame[name].nunique()
            inside = (frame[name].iloc[:10] == frame[name].iloc[row]).sum() + 0.5
            overall = (frame[name] == frame[name].iloc[row]).sum() + 0.5
            by_hand += np.log(inside / (10 + width / 2)) - np.log(overall / (40 + width / 2))
        assert scores[0, place] == pytest.approx(by_hand)


def test_other_values_in_a_column_are_other_rows_own():
    frame = people(30)
    asked = Asked.of(exactly, frame)
    codes = np.roll(asked.codes["ill"], 1)
    changed = asked.with_secrets("ill", codes)
    assert changed.frame["ill"].tolist() == np.roll(frame["ill"], 1).tolist()
    assert frame["ill"].tolist() == people(30)["ill"].tolist()


def test_one_seed_asks_the_same_questions_and_missing_values_are_left_out():
    frame = people(300)
    frame.loc[::10, "ill"] = None
    frame.loc[::7, "q0"] = np.nan
    one, two = (pk.attack_release(frame, exactly, "ill", targets=20, repeats=1, seed=3) for _ in "ab")
    assert one.to_frame().equals(two.to_frame())
    assert one.n_rows == 270


def raising(frame, column):
    raise KeyError(CANARY)


BAD = {
    "too few": (lambda: pk.attack_release(people(199), exactly, "ill"), pk.AttackError, "needs 200"),
    "alike": (lambda: pk.attack_release(people().assign(ill=1), exactly, "ill"), pk.AttackError, "alike"),
    "no column": (lambda: pk.attack_release(people(), exactly, "well"), pk.ColumnNotFoundError, r"secret=\['well'\]"),
    "no function": (lambda: pk.attack_release(people(), 3, "ill"), pk.PrivkitError, "publish"),
    "raises": (lambda: pk.attack_release(people(), raising, "ill"), pk.AttackError, "raised KeyError"),
    "no counts": (lambda: pk.attack_release(people(), lambda d, c: 3, "ill"), pk.AttackError, "counts by value"),
    "texts": (
        lambda: pk.attack_release(people(), lambda d, c: dict.fromkeys(d[c], CANARY), "ill"),
        pk.AttackError,
        "no finite numbers",
    ),
    "infinite": (
        lambda: pk.attack_release(people(), lambda d, c: d[c].value_counts() * np.inf, "ill"),
        pk.AttackError,
        "no finite numbers",
    ),
    "targets": (lambda: pk.attack_release(people(), exactly, "ill", targets=0), pk.ParameterError, "targets"),
    "repeats": (lambda: pk.attack_release(people(), exactly, "ill", repeats=0), pk.ParameterError, "repeats"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_a_clear_error_without_a_value(name):
    call, error, words = BAD[name]
    with pytest.raises(error, match=words) as caught:
        call()
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or CANARY not in repr(caught.value.__context__)


def test_it_shows_no_value():
    found = pk.attack_release(people(), exactly, "ill", targets=10, repeats=1)
    shown = repr(found) + found._repr_html_()
    assert CANARY not in shown
    assert "safe" not in shown
    assert len(found.to_frame()) == 4
