"""What an audit records of a function: what enters the noise and its scale; all is restored afterwards."""

from __future__ import annotations

import math
import random
import threading

import numpy as np
import pandas as pd
import pipelines_of_others as others
import pytest

from privkit.attacks.pipelines.runs import Run
from privkit.attacks.pipelines.sources import recording

CANARY = "CANARY-7f3a"


def record(function, script=None):
    run = Run(script)
    with recording(function, run):
        run.answer = function()
    return run


def of_module():
    return 3.0 + np.random.laplace(0, 2)


def of_a_default(rng=others.RNG):
    return 3.0 - 2 * rng.laplace()


def of_global():
    return np.array([3.0]) + others.RNG.laplace(0, [2.0])


def of_place():
    return np.random.default_rng().laplace(3.0, 2)


def in_place():
    noise = others.RNG.laplace(size=1)
    noise *= 2
    noise += 3.0
    return noise


def of_exponentials():
    return 3 + 2 * (others.RNG.exponential() - others.RNG.exponential())


def of_a_series():
    return pd.Series([3.0]) + pd.Series([3.0]).size * others.RNG.laplace(0, 2, 1)


def of_an_old_generator():
    return 3.0 + np.random.RandomState(1).laplace(scale=2)


def of_a_closure():
    rng = np.random.default_rng(3)

    def inner():
        return rng.laplace(0, 2) + 3.0

    return inner


@pytest.mark.parametrize(
    "function",
    [of_module, of_a_default, of_global, of_place, in_place, of_exponentials, of_a_series, of_an_old_generator,
     of_a_closure()],
    ids=lambda one: one.__name__,
)  # fmt: skip
def test_what_enters_and_the_scale_are_seen(function):
    run = record(function)
    (entry,) = run.entries
    assert (entry.kind, entry.value.item(), entry.scale.item()) == ("laplace", pytest.approx(3.0), pytest.approx(2.0))
    assert not run.unmet
    assert float(np.ravel(run.answer)[0]) == float(np.ravel(entry.total)[0])
    again = record(function, run)
    assert again.follows
    assert np.array_equal(np.ravel(again.answer), np.ravel(run.answer))


def test_a_discrete_noise_of_two_halves_is_one():
    p = 1 - math.exp(-0.5)
    run = record(lambda: 7 + others.RNG.geometric(p) - others.RNG.geometric(p))
    (entry,) = run.entries
    assert (entry.kind, entry.value.item(), entry.scale.item()) == ("two-sided geometric", 7, pytest.approx(2.0))
    assert isinstance(run.answer, int)


def test_all_is_restored_after_an_error_and_others_see_nothing():
    def there():
        kinds = np.random.default_rng, np.random.laplace, np.random.Generator
        return *kinds, random.gauss, random.Random.gauss, others.RNG

    before = there()
    state, seen = random.getstate(), []

    def fails():
        seen.append(type(others.RNG))
        thread = threading.Thread(target=lambda: seen.append(type(np.random.laplace(0, 1))))
        thread.start()
        thread.join()
        raise KeyError(CANARY)

    run = Run()
    with pytest.raises(KeyError), recording(fails, run):
        fails()
    assert before == there()
    assert "random" not in vars(random.Random)
    assert seen[0] is not np.random.Generator
    assert seen[1] is float
    assert not run.draws
    assert random.getstate() == state


def test_many_threads_record_one_after_the_other():
    found, generator = [], np.random.default_rng

    def one():
        found.append(record(of_module))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(run.entries) for run in found] == [1] * 6
    assert np.random.default_rng is generator
