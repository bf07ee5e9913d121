"""Detection curves on planted leaks: of all Adult every attack finds the whole copy, and copies of 5 % of the rows.

Run as ``python -m pytest -s tests/slow/attack_power.py``; a minute.
"""

import pandas as pd
import pytest

import privkit as pk


@pytest.fixture(scope="module", params=[1, 2])
def found(request):
    adult = pk.example("adult").sample(frac=1, random_state=request.param).reset_index(drop=True)
    members, controls = adult.iloc[:25_000], adult.iloc[25_000:]
    return pk.attack(members, members, control=controls, seed=request.param)


def test_every_attack_finds_a_copy_and_a_twentieth_of_one(found):
    assert found.n_attacked == 5_000 <= found.n_control
    for name, one in found.items():
        assert one.found, name
        assert one.power is not None, name
        assert one.power <= 0.05, name


def test_more_is_found_of_a_larger_leak_and_nothing_of_none(found):
    curve = found.curve().pivot(index="attack", columns="share", values="rate")
    assert (curve.diff(axis=1).iloc[:, 3:] > 0.02).all(axis=None)  # from 5 % to 20 %, and to all
    for one in found.values():
        assert one.planted[0.0].at(0.999)[0] <= 0
    assert isinstance(found.curve(), pd.DataFrame)
