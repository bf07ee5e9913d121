"""Two tables with a key: one person's rows in, one person's rows out; what is kept of both, within stated errors."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.dp.answers.persons import matched
from privkit.errors.synthetic import RelatedError, SyntheticError

KEYS = {"plan": ["basic", "plus"], "orders": [0, 1, 2, 3, 4], "web": [True, False]}
CUTS = {"age": [18, 40, 80], "price": [0, 50, 200]}


def shop(persons=1200, seed=0):
    rng = np.random.default_rng(seed)
    plan = rng.choice(["basic", "plus"], persons)
    customers = pd.DataFrame({"id": np.arange(persons), "plan": plan, "age": rng.integers(18, 80, persons)})
    many = rng.binomial(4, np.where(plan == "plus", 0.7, 0.3))
    owner = np.repeat(np.arange(persons), many)
    high = plan[owner] == "plus"
    price = np.where(high, rng.integers(50, 200, len(owner)), rng.integers(0, 60, len(owner)))
    return customers, pd.DataFrame(
        {"id": owner, "price": price, "web": rng.random(len(owner)) < np.where(high, 0.8, 0.2)}
    )


@pytest.fixture
def project(ledger_path):
    return pk.open_project("shop", epsilon=1000, delta=1e-3, unit="id", store=ledger_path, ceiling=100)


def asked(frame, columns, project, *, max_rows, epsilon, **more):
    keys = {name: values for name, values in KEYS.items() if name in columns}
    cuts = {name: values for name, values in CUTS.items() if name in columns}
    own = {"keys": keys, "cuts": cuts, "max_rows": max_rows, "epsilon": epsilon, "project": project}
    return pk.dp_synthetic(frame, columns, **{**own, **more})


def both(project, epsilon=5, customers=None, orders=None):
    if customers is None:
        customers, orders = shop()
    frames = pk.by_person(customers, orders, "id", most=4, count="orders")
    first = asked(frames.persons, ["plan", "age", "orders"], project, max_rows=1, epsilon=epsilon)
    second = asked(frames.events, ["plan", "age", "price", "web"], project, max_rows=4, epsilon=epsilon)
    return first, second


# -- laying out --------------------------------------------------------------------------------------------------------

IDS = st.one_of(st.none(), st.integers(0, 4))
TABLES = st.tuples(
    st.lists(st.tuples(IDS, st.sampled_from(["a", "b", None])), max_size=8),
    st.lists(st.tuples(IDS, st.integers(0, 3)), max_size=14),
)


def rows_of(frame):
    return Counter(tuple(str(one) for one in row) for row in frame.astype(object).itertuples(index=False))


@settings(max_examples=150, deadline=None)
@given(tables=TABLES, most=st.integers(1, 4), person=st.integers(0, 4))
def test_a_person_less_takes_that_persons_rows_and_touches_no_other(tables, most, person):
    first = pd.DataFrame(tables[0], columns=["id", "plan"]).astype({"id": "Int64"})
    second = pd.DataFrame(tables[1], columns=["id", "price"]).astype({"id": "Int64"})
    whole = pk.by_person(first, second, "id", most=most)
    less = pk.by_person(
        *(frame[frame["id"].ne(person).fillna(True).astype(bool)] for frame in (first, second)), "id", most=most
    )
    for one, other in ((whole.persons, less.persons), (whole.events, less.events)):
        rest = one[one["id"].ne(person).fillna(True).astype(bool)]
        assert rows_of(rest) == rows_of(other)
    assert whole.persons["events"].between(0, most).all()
    assert len(whole.events) == second["id"].isin(first["id"].dropna()).sum()  # nobody's rows are doubled
    assert list(whole.events.dtypes) == [second["id"].dtype, second["price"].dtype, first["plan"].dtype]


def test_a_join_that_doubles_rows_would_be_caught():
    """The test above has power: a plain merge with two rows of one key doubles that person's rows."""
    first = pd.DataFrame({"id": [1, 1], "plan": ["a", "b"]})
    second = pd.DataFrame({"id": [1, 1], "price": [1, 2]})
    assert len(second.merge(first, on="id")) == 4
    assert len(pk.by_person(first, second, "id", most=4).events) == 2


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_other_frames_are_laid_out_alike(library):
    customers, orders = shop(40)
    module = pytest.importorskip(library)
    make = module.from_pandas if library == "polars" else module.Table.from_pandas
    frames = pk.by_person(make(customers), make(orders), "id", most=4)
    plain = pk.by_person(customers, orders, "id", most=4)
    assert frames.persons["events"].tolist() == plain.persons["events"].tolist()
    assert frames.events["plan"].tolist() == plain.events["plan"].tolist()


def test_frames_without_rows_are_laid_out():
    customers, orders = shop(5)
    frames = pk.by_person(customers.head(0), orders, "id", most=4)
    assert frames.persons.empty
    assert frames.events.empty
    assert list(frames.events) == ["id", "price", "web", "plan", "age"]
    assert pk.by_person(customers, orders.head(0), "id", most=4).persons["events"].tolist() == [0] * 5


def test_keys_are_told_apart_as_units_are():
    """To pandas 1 and True are one key: then a person's going would change another's count."""
    first = pd.DataFrame({"id": pd.Series([1, True, "1", None], dtype=object), "plan": ["a", "b", "c", "d"]})
    second = pd.DataFrame({"id": pd.Series([True, True, "1", None, 2], dtype=object), "price": range(5)})
    frames = pk.by_person(first, second, "id", most=9)
    assert frames.persons["events"].tolist() == [0, 2, 1, 0]
    assert frames.events["plan"].tolist() == ["b", "b", "c"]


# -- drawing -----------------------------------------------------------------------------------------------------------


def test_counts_per_person_and_tables_lie_within_what_the_releases_state(project):
    customers, orders = shop()
    first, second = both(project)
    made = pk.rows_of_persons(first, second, count="orders")
    counts = made.events.groupby("id").size().reindex(made.persons["id"], fill_value=0)
    per = counts.value_counts().reindex(range(5), fill_value=0)
    stated = first.table("orders")
    for many in range(5):
        low, high = stated.loc[many, ["lower", "upper"]]
        slack = 0.02 * len(customers)  # of drawing
        assert low - slack <= per[many] <= high + slack
    joined = made.events.merge(made.persons, on="id")
    assert len(joined) == len(made.events)
    real = orders.merge(customers, on="id")
    for name, value in (("plan", "plus"), ("web", True)):
        assert joined[name].eq(value).mean() == pytest.approx(real[name].eq(value).mean(), abs=0.06)
    each = [frame.groupby("plan")["price"].mean() for frame in (joined, real)]
    assert (each[0] - each[1]).abs().max() < 25  # 10 of drawing evenly within each bin, and noise of 1.3
    assert made.distances.loc["persons", "distance"].max() < 0.1
    assert made.distances.loc["events", "distance"].max() < 0.1


def test_it_costs_nothing_and_is_the_same_again(project):
    releases = both(project)
    spent = project.spent
    one, other = (pk.rows_of_persons(*releases, count="orders") for _ in range(2))
    assert project.spent == spent
    assert one.persons.equals(other.persons)
    assert one.events.equals(other.events)
    again = pk.rows_of_persons(*both(project), count="orders")  # both replayed
    assert again.events.equals(one.events)
    assert project.spent == spent


def test_types_are_those_of_the_tables_and_the_key_comes_first(project):
    customers, orders = shop()
    made = pk.rows_of_persons(*both(project), count="orders", key="number")
    assert list(made.persons) == ["number", "plan", "age"]
    assert list(made.events) == ["number", "price", "web"]
    assert made.persons["plan"].dtype == customers["plan"].dtype
    assert made.events["web"].dtype == orders["web"].dtype
    assert set(made.events["number"]) <= set(made.persons["number"])


def test_what_is_not_kept_is_said(project):
    made = pk.rows_of_persons(*both(project), count="orders")
    told = repr(made)
    assert "Not kept: what the events of one person have in common" in told
    assert "counts above the largest key" in told
    assert "Not kept" in made._repr_html_()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_events_agree_in_as_many_columns_as_some_do_and_are_taken_in_turn(seed):
    rng = np.random.default_rng(seed)
    wanted, pool = rng.integers(0, 3, (40, 2)), rng.integers(0, 3, (int(rng.integers(1, 15)), 2))
    taken, loose = matched(wanted, pool, rng)
    misses = 0
    for row, place in zip(wanted, taken, strict=True):
        best = max(sum(1 for _ in iter_agree(row, one)) for one in pool)
        assert sum(1 for _ in iter_agree(row, pool[place])) == best
        misses += best < 2
    assert loose == misses / 40
    for row in {tuple(one) for one in wanted}:
        exact = np.flatnonzero((pool == row).all(axis=1))
        if len(exact):
            times = np.bincount(taken[(wanted == row).all(axis=1)], minlength=len(pool))[exact]
            assert times.max() - times.min() <= 1


def iter_agree(row, other):
    """Give the leading columns in which two agree."""
    for one, two in zip(row, other, strict=True):
        if one != two:
            return
        yield one


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_what_cannot_be_laid_out_is_refused():
    customers, orders = shop(10)
    for call, words in (
        (lambda: pk.by_person(customers, orders.assign(plan=1), "id", most=3), "'plan'"),
        (lambda: pk.by_person(customers, orders.astype({"id": "str"}), "id", most=3), "another type"),
        (lambda: pk.by_person(customers, orders, "id", most=3, count="age"), "'age' is a column"),
    ):
        with pytest.raises(RelatedError, match=words):
            call()
    with pytest.raises(pk.ParameterError, match="most"):
        pk.by_person(customers, orders, "id", most=0)
    with pytest.raises(pk.ColumnNotFoundError, match="idd"):
        pk.by_person(customers, orders, "idd", most=1)
    with pytest.raises(pk.FrameError):
        pk.by_person(customers, [1], "id", most=1)


def test_releases_that_do_not_fit_are_refused(project):
    first, second = both(project)
    count = pk.dp_count(shop(5)[0], epsilon=1, max_rows=1, project=project)
    customers, orders = shop()
    frames = pk.by_person(customers, orders, "id", most=4, count="orders")
    alone = asked(frames.events, ["price", "web"], project, max_rows=4, epsilon=1)
    other = asked(frames.events, ["age", "web"], project, max_rows=4, epsilon=1, cuts={"age": [18, 50, 80]})
    for call, error, words in (
        (lambda: pk.rows_of_persons(first, count), SyntheticError, "no rows"),
        (lambda: pk.rows_of_persons(first, second, count="age"), RelatedError, "'age'"),
        (lambda: pk.rows_of_persons(first, second), RelatedError, "'events'"),
        (lambda: pk.rows_of_persons(first, 3), RelatedError, "events must be"),
        (lambda: pk.rows_of_persons(first, second, count="orders", key="plan"), RelatedError, "'plan'"),
        (lambda: pk.rows_of_persons(first, alone, count="orders"), RelatedError, "share no column"),
        (lambda: pk.rows_of_persons(first, other, count="orders"), RelatedError, "other keys or cuts"),
    ):
        with pytest.raises(error, match=words):
            call()


def test_tables_in_the_wrong_order_are_told_and_persons_are_counted_once():
    customers, orders = shop(100)
    right = pk.by_person(customers, orders, "id", most=4, count="orders")
    assert right.repeated == 0
    assert "earlier" not in repr(right)
    turned = pk.by_person(orders, customers, "id", most=4, count="orders")
    told = repr(turned).splitlines()
    assert turned.repeated == len(orders) - orders["id"].nunique()
    assert told[0].startswith(f"{orders['id'].nunique()} persons and ")
    assert "takes the table with one row for each person first" in told[1]


def test_what_is_made_of_simulated_releases_says_so_and_stays_here():
    lesson = pk.open_project("class", simulate=True, seed=1, epsilon=100, unit="id")
    customers, orders = shop(200)
    made = pk.rows_of_persons(*both(lesson, customers=customers, orders=orders), count="orders")
    assert made.simulated
    for shown in (repr(made), made._repr_html_()):
        assert "SIMULATED" in shown
    with pytest.raises(pk.errors.SimulatedError):
        pickle.dumps(made)


def test_what_is_made_of_releases_is_pickled(project):
    customers, orders = shop(200)
    made = pk.rows_of_persons(*both(project, customers=customers, orders=orders), count="orders")
    other = pickle.loads(pickle.dumps(made))
    assert not other.simulated
    assert other.events.equals(made.events)
    assert repr(other) == repr(made)
