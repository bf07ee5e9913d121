"""Attacks on tables: a copy is found by each, a table of others by none, and results attack themselves."""

from __future__ import annotations

import copy
import pickle

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.attacks.claims import Planted, TableAttack
from privkit.attacks.scores import Scored, TableAttacker
from privkit.risk.attackers import Rate

mpl.use("Agg")
ATTACKS = ["singling_out", "linkability", "inference", "nearest", "membership"]
CANARY = "CANARY-7f3a"


@pytest.fixture(scope="module")
def people():
    return pk.example("adult").sample(6000, random_state=3).reset_index(drop=True)


@pytest.fixture(scope="module")
def halves(people):
    return people.iloc[:2000], people.iloc[2000:4000].reset_index(drop=True), people.iloc[4000:].reset_index(drop=True)


# -- what is found --------------------------------------------------------------------------------------------------


def test_every_attack_finds_a_copy_and_says_from_which_share_on(halves):
    members, controls, _ = halves
    found = pk.attack(members, members.sample(frac=1, random_state=1), control=controls)
    assert list(found) == ATTACKS == list(found.found)
    for one in found.values():
        assert one.found
        assert one.excess == pytest.approx(one.rate.observed - one.control.observed)
        assert one.interval[0] < one.excess < one.interval[1]
        assert one.control.observed < 0.03
        assert one.power is not None
        assert one.power <= 0.2
        assert one.planted[0.0].at(0.999)[0] <= 0  # at 95 % it may be, by chance
        assert one.planted[1.0].found
    assert "attacks find members" in repr(found)


def test_no_attack_finds_members_in_a_table_of_others(halves):
    members, controls, others = halves
    found = pk.attack(members, others, control=controls, seed=2)
    assert found.found == ()
    assert found.power is not None
    assert f"would have seen a leak of {found.power:.1%}".replace("%", " %") in repr(found)


def test_where_nothing_is_copied_attacks_are_wrong_as_rarely_as_their_interval_says(people):
    wrong = [
        one.planted[0.0].found or one.found
        for seed in range(8)
        for one in pk.attack(
            people.iloc[:600], people.iloc[2000:2600], control=people.iloc[600:1200], seed=seed, targets=300
        ).values()
    ]
    assert sum(wrong) <= 6  # of 40, at 2.5 % each for two looks


def test_a_leak_that_grows_is_found_the_more(halves):
    members, controls, others = halves
    rates = []
    for share in (0.0, 0.3, 1.0):
        kept = int(share * len(members))
        shared = pd.concat([members.iloc[:kept], others.iloc[kept:]], ignore_index=True)
        found = pk.attack(members, shared, control=controls)
        rates.append([one.excess for one in found.values()])
    low, middle, high = np.array(rates)
    assert (middle > low + 0.02).all()
    assert (high > middle + 0.05).all()


def test_a_bench_whose_attacks_are_blind_says_that_it_has_no_power(halves, monkeypatch):
    members, controls, _ = halves
    random = np.random.default_rng(0)

    def blind(_, seen):
        return Scored(random.normal(size=len(seen.targets)))

    for name in ("nearest", "membership"):
        monkeypatch.setattr(TableAttacker.kinds()[name], "scored", classmethod(blind))
    found = pk.attack(members, members, control=controls)
    assert found["nearest"].power is None
    assert not found["nearest"].found
    assert "No power here: nearest row, membership" in repr(found)


def test_without_a_control_there_is_an_upper_bound_only(halves):
    members, _, _ = halves
    found = pk.attack(members, members)
    assert repr(found).startswith("No baseline: an upper bound only.")
    for one in found.values():
        assert one.control is None
        assert one.excess is None
        assert one.found is None
        assert one.interval == (one.rate.low, one.rate.high)
        assert one.baseline.observed < 0.03


def test_noise_on_numbers_hides_from_equality_and_not_from_the_nearest():
    random = np.random.default_rng(1)
    numbers = pd.DataFrame(random.normal(size=(3000, 5)), columns=list("abcde")).round(3)
    noisy = pk.add_noise(numbers, list("abcde"), scale=0.02, seed=1)
    found = noisy.attack()
    assert found["nearest"].rate.observed > 0.95
    assert found["nearest"].control.observed < 0.01
    assert pk.link(numbers, noisy.frame, list("abcde")).n_pairs == 0
    swapped = pk.attack(numbers, numbers.apply(lambda column: random.permutation(column)), aligned=True)
    assert swapped["nearest"].rate.observed < 0.01


def test_a_class_of_one_value_tells_it():
    """Homogeneous classes: k is 30, and everybody's illness is known all the same; of absent persons it is not."""
    random = np.random.default_rng(2)
    zips, ages = np.repeat(np.arange(20), 60), np.tile(np.arange(60) // 30, 20)
    ill = random.integers(0, 12, 40)[zips * 2 + ages]
    members = pd.DataFrame({"zip": zips.astype(str), "age": ages.astype(str), "ill": ill.astype(str)})
    controls = members.assign(ill=random.integers(0, 12, len(members)).astype(str))
    assert pk.kanon(members, ["zip", "age"]).k == 30
    found = pk.attack(members, members, control=controls, secret="ill")["inference"]
    assert found.right.observed == 1.0
    assert found.right_control.observed < 0.2
    assert found.found


# -- results that attack themselves ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["optimal", "local", "cells"])
def test_an_anonymized_table_attacks_itself(people, method):
    frame = people.head(1000)
    out = pk.anonymize(frame, ["age", "sex", "race"], k=20, method=method)
    known = out.attack(columns=["age", "sex", "race"])
    assert known.halves
    assert known.n_original == known.n_control == 500
    if method == "optimal":
        assert known["singling_out"].rate.observed == 0.0  # no row is alone
    whole = out.attack()
    assert whole["singling_out"].found  # the other columns tell: nobody generalized them
    assert whole.n_shared <= 500


def test_a_generalized_table_is_compared_by_its_hierarchies_or_refused(people):
    frame, rest = people.head(800), people.iloc[800:1600]
    out = pk.anonymize(frame, ["age", "education"], k=4)
    assert out.levels_["age"]
    with pytest.raises(pk.AttackError, match=r"hierarchies=out\.hierarchies"):
        pk.attack(frame, out.frame, control=rest)
    found = pk.attack(frame, out.frame, control=rest, hierarchies=out.hierarchies)
    assert found["linkability"].found  # by what was left as it was
    assert pk.attack(frame, out.frame, control=rest, hierarchies=out.hierarchies, columns=["age", "education"])[
        "singling_out"
    ].rate.hits == 0  # fmt: skip


def test_an_anonymized_table_is_saved_with_its_call(people):
    out = pk.anonymize(people.head(200), ["age", "sex"], k=3)
    assert len(pickle.loads(pickle.dumps(out)).attack(columns=["age", "sex"])) == 5


def test_attacks_of_one_seed_are_the_same_and_leave_the_frames_as_they_were(halves):
    members, controls, _ = halves
    before = members.copy(deep=True), controls.copy(deep=True)
    one, two = (pk.attack(members, members, control=controls, targets=300, seed=4) for _ in "ab")
    assert one.curve().equals(two.curve())
    assert one.to_frame().equals(two.to_frame())
    pd.testing.assert_frame_equal(members, before[0])
    pd.testing.assert_frame_equal(controls, before[1])
    assert not pk.attack(members, members, control=controls, targets=300, seed=5).curve().equals(one.curve())


def makers(frame):
    numbers = ["x", "y"]
    return {
        "add_noise": pk.add_noise(frame, numbers, scale=0.1),
        "round_to": pk.round_to(frame, numbers, base=5),
        "top_bottom": pk.top_bottom(frame, numbers, lower=10, upper=90),
        "rank_swap": pk.rank_swap(frame, numbers),
        "pram": pk.pram(frame, ["kind"]),
        "microaggregate": pk.microaggregate(frame, numbers, k=3),
    }


@pytest.mark.parametrize("name", ["add_noise", "round_to", "top_bottom", "rank_swap", "pram", "microaggregate"])
def test_a_perturbed_table_attacks_itself_and_leaves_its_rows_behind_when_it_is_saved(name):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.integers(0, 100, 200), "y": random.integers(0, 100, 200)})
    out = makers(frame.assign(kind=[CANARY, "b"] * 100))[name]
    found = out.attack()
    assert found.n_original == 100
    assert CANARY not in repr(found) + found._repr_html_()
    for saved in (pickle.loads(pickle.dumps(out)), copy.deepcopy(out)):
        assert saved.frame.equals(out.frame)
        with pytest.raises(pk.AttackError, match="stayed behind"):
            saved.attack()


def test_a_result_whose_levels_were_given_says_that_it_cannot_be_made_anew(people):
    out = pk.lattice(people.head(200), ["age", "sex"], k=2, suppress=1).apply({"age": 1, "sex": 0})
    with pytest.raises(pk.AttackError, match="not searched for"):
        out.attack()


def test_a_goal_that_half_of_the_rows_cannot_meet_is_told():
    frame = pd.DataFrame({"a": [n % 3 for n in range(60)], "b": [n % 5 for n in range(60)]})
    out = pk.anonymize(frame, ["a", "b"], k=40, suppress=0)
    with pytest.raises(pk.AttackError, match="half of them cannot meet") as caught:
        out.attack()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_rows_of_an_engine_are_refused_by_a_result_and_fetched_by_the_function(halves):
    pl = pytest.importorskip("polars")
    members, controls, _ = (frame.head(300) for frame in halves)
    lazy = pl.from_pandas(members).lazy()
    with pytest.raises(pk.FrameError):
        pk.anonymize(lazy, ["age", "sex"], k=3, suppress=0.2).attack()
    here = pk.attack(members, members, control=controls).to_frame()
    there = pk.attack(lazy, pl.from_pandas(members), control=pl.from_pandas(controls)).to_frame()
    pd.testing.assert_frame_equal(here, there)


# -- bad input ------------------------------------------------------------------------------------------------------


def table(n: int = 40, **more: object) -> pd.DataFrame:
    return pd.DataFrame({"a": [f"{CANARY}{i % 7}" for i in range(n)], "b": [i % 11 for i in range(n)]}).assign(**more)


SAME = table()
BAD = {
    "too few": (lambda: pk.attack(table(19), table()), pk.AttackError, "needs 20 or more"),
    "too few shared": (lambda: pk.attack(table(), table(3)), pk.AttackError, "3 rows of the shared table"),
    "too few controls": (lambda: pk.attack(table(), table(), control=table(1)), pk.AttackError, "1 row of the control"),
    "no columns": (lambda: pk.attack(table(), pd.DataFrame({"c": [1] * 40})), pk.AttackError, "no column that both"),
    "one column": (lambda: pk.attack(table(), table(), columns="a"), pk.ParameterError, "two or more"),
    "unknown column": (lambda: pk.attack(table(), table(), columns=["a", "z"]), pk.ColumnNotFoundError, "'z'"),
    "control lacks": (
        lambda: pk.attack(table(), table(), control=table()[["a"]]), pk.ColumnNotFoundError, "'b'"
    ),
    "alike": (lambda: pk.attack(table(a="x", b=1), table(a="x", b=1)), pk.AttackError, "all alike"),
    "itself": (lambda: pk.attack(SAME, table(), control=SAME), pk.AttackError, "the original itself"),
    "equal": (lambda: pk.attack(table(), table(41), control=table()), pk.AttackError, "the original itself"),
    "members": (
        lambda: pk.attack(table(c=range(40)), table(c=range(40)), control=table(c=range(40)).iloc[:9:-1]),
        pk.AttackError, "30 controls, of whom 30 equal a member",
    ),
    "the shared": (lambda: pk.attack(table(), SAME, control=SAME), pk.AttackError, "the shared table"),
    "equal to the shared": (lambda: pk.attack(table(41), SAME, control=table()), pk.AttackError, "the shared"),
    "no text": (lambda: pk.attack(*[table().set_axis([0, 1], axis=1)] * 2), pk.AttackError, "4 whose names"),
    "misspelled hierarchy": (
        lambda: pk.attack(table(age=1), table(age=1), hierarchies={"agee": {}}), pk.ColumnNotFoundError, "'age'"
    ),
    "no mapping": (lambda: pk.attack(table(), table(), hierarchies=["b"]), pk.ParameterError, "hierarchies must be a"),
    "not aligned": (lambda: pk.attack(table(), table(30), aligned=True), pk.AttackError, "do not belong"),
    "labels": (lambda: pk.attack(table(), table(b="10-19")), pk.AttackError, "hierarchies="),
    "kinds": (lambda: pk.attack(table(), table(b=CANARY)), pk.PrivkitError, "'b'"),
    "control of another kind": (
        lambda: pk.attack(table(), table(), control=table(b=pd.Timestamp("2020-01-01"))), pk.LinkError, "'b'.*time"
    ),
    "lists": (lambda: pk.attack(table(c=[[1]] * 40), table(c=[[1]] * 40)), pk.AttackError, "'c': it holds lists"),
    "a result": (lambda: pk.attack(table(), pk.add_noise(table(), "b", scale=1)), pk.AttackError, "out.frame"),
    "secret": (lambda: pk.attack(table(), table(), secret="z"), pk.ParameterError, "secret"),
    "targets": (lambda: pk.attack(table(), table(), targets=0), pk.ParameterError, "targets"),
    "seed": (lambda: pk.attack(table(), table(), seed=-1), pk.ParameterError, "seed"),
    "hierarchy": (lambda: pk.attack(table(), table(), hierarchies={"b": 3}), pk.PrivkitError, "hierarch"),
    "no frame": (lambda: pk.attack(table(), 3), pk.PrivkitError, "attack"),
    "result too small": (lambda: pk.add_noise(table(30), "b", scale=1).attack(), pk.AttackError, "needs 40"),
    "result column": (lambda: pk.add_noise(table(), "b", scale=1).attack(columns=["a", "q"]), pk.PrivkitError, "'q'"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_a_clear_error_without_a_value(name):
    call, error, words = BAD[name]
    with pytest.raises(error, match=words) as caught:
        call()
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "column",
    [
        [None, 1.5, np.nan, np.inf, -np.inf] * 10,
        [1e308, -1e308, 0.0, 1.0, 5e-324] * 10,
        pd.array([None, 2**62, 1, 2, 3] * 10, dtype="Int64"),
        [None] * 50,
        [True, False, None, True, True] * 10,
        pd.date_range("2026-01-01", periods=50),
        ["x", 1, 2.5, None, ("t",)] * 10,
        pd.Categorical(["low", "high", None, "low", "high"] * 10),
        [f"{n}" for n in range(50)],
        [complex(n % 7, 1) for n in range(50)],
    ],
    ids=["infinite", "huge", "Int64", "missing", "bool", "dates", "mixed", "category", "ids", "complex"],
)
def test_odd_columns_are_attacked_without_a_warning(column, recwarn):
    frame = pd.DataFrame({"a": [n % 4 for n in range(50)], "odd": column})
    found = pk.attack(frame, frame, control=frame.iloc[::-1].assign(a=9).reset_index(drop=True))
    assert list(found) == ATTACKS
    for one in found.values():
        assert 0 <= one.rate.observed <= 1
    assert not recwarn.list


def test_a_difference_below_nothing_reads_as_such(halves):
    members, controls, others = (frame.head(300) for frame in halves)
    found = pk.attack(members, others, control=controls, columns=["age", "sex"])
    assert any(one.excess < 0 for one in found.values())
    assert "<0.1 %" not in repr(found)
    assert "(−" in repr(found)


def test_few_rows_are_told(people):
    found = pk.attack(people.iloc[:30], people.iloc[30:60], control=people.iloc[60:90])
    assert "too wide to say much" in repr(found)


# -- the values -----------------------------------------------------------------------------------------------------


def attack_of(planted: dict[float, int], control: int = 5) -> TableAttack:
    rates = {share: Planted(share, Rate(hits, 500), Rate(control, 500)) for share, hits in planted.items()}
    return TableAttack("nearest", "what", Rate(100, 500), Rate(5, 500), Rate(5, 500), rates)


def test_power_is_the_least_share_that_is_found_with_every_larger_one():
    assert attack_of({0.0: 5, 0.01: 6, 0.05: 30, 0.2: 100, 1.0: 400}).power == 0.05
    assert attack_of({0.0: 5, 0.01: 40, 0.05: 6, 0.2: 100, 1.0: 400}).power == 0.2  # 1 % by luck
    assert attack_of({0.0: 5, 0.01: 6, 0.05: 6, 0.2: 6, 1.0: 6}).power is None
    assert attack_of({0.0: 60, 0.01: 60, 0.05: 60, 0.2: 100, 1.0: 400}).power is None  # finds what is not there


def test_it_is_a_mapping_that_shows_no_value_and_no_word_of_safety(halves):
    members, controls, _ = (frame.head(200).assign(name=CANARY, n=range(200)) for frame in halves)
    found = pk.attack(members, members, control=controls)
    shown = repr(found) + found._repr_html_()
    assert CANARY not in shown
    assert "safe" not in shown
    assert len(found) == 5
    assert found["nearest"] is found.attacks["nearest"]
    assert found.to_frame().columns.tolist() == [
        "attack", "rate", "control", "baseline", "excess", "low", "high", "power"
    ]  # fmt: skip
    assert len(found.curve()) == 25
    found.plot()
    with pytest.raises(TypeError):
        found.attacks["nearest"] = None
