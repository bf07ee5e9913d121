"""Output checks against brute force: all integer tables that fit what is published are counted one by one."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.disclosure.cells import cells_of
from privkit.disclosure.suppression import Attacker, Search

CANARY = "CANARY-7f3a"


def summed(inner: np.ndarray) -> np.ndarray:
    """Return counts, or many tables of them, with their margins."""
    wide = np.concatenate([inner, inner.sum(-1, keepdims=True)], axis=-1)
    return np.concatenate([wide, wide.sum(-2, keepdims=True)], axis=-2)


def crossed(values, rows="r", columns="c") -> pd.DataFrame:
    """Return a table of counts with its margins, as crosstab makes it."""
    inner = np.asarray(values)
    whole = summed(inner)
    names = [[*(f"{name}{at}" for at in range(n)), "All"] for name, n in zip((rows, columns), inner.shape, strict=True)]
    return pd.DataFrame(whole, pd.Index(names[0], name=rows), pd.Index(names[1], name=columns))


def fitting(table: pd.DataFrame, hidden: np.ndarray, most: int):
    """Return every table of counts up to `most` whose published cells and margins are those of `table`."""
    n, m = table.shape[0] - 1, table.shape[1] - 1
    true, zero = table.to_numpy(), table.to_numpy()[:n, :m] == 0
    ranges = [
        [true[i, j]] if not hidden[i, j] or zero[i, j] else range(most + 1) for i, j in product(range(n), range(m))
    ]
    every = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, n, m)
    found = summed(every)
    return found[(found == true)[:, ~hidden].all(axis=1)]


def brute(table: pd.DataFrame, hidden: np.ndarray, most: int):
    """Return the least and greatest value of each cell, by counting all tables that fit."""
    found = fitting(table, hidden, most)
    return found.min(axis=0), found.max(axis=0)


def hidden_in(out: pk.OutputCheck, place: int = 0) -> np.ndarray:
    return out.frames[place].isna().to_numpy()


FOUR = st.lists(st.integers(0, 4), min_size=4, max_size=4).filter(any)
SMALL = st.lists(st.integers(0, 3), min_size=6, max_size=6).filter(any)


@settings(deadline=None, max_examples=25)
@given(SMALL, st.data())
def test_the_audit_says_what_all_fitting_tables_say(values, data):
    table = crossed(np.reshape(values, (2, 3)))
    hidden = np.zeros(table.shape, dtype=bool)
    some = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True))
    hidden[:2, :3].flat[some] = True
    hidden[:2, :3] &= table.to_numpy()[:2, :3] > 0
    cells = cells_of([table], "All", [None])
    suppressed = np.zeros(len(cells.counts), dtype=bool)
    suppressed[cells.places[0][hidden]] = True
    attacker = Attacker(cells)
    low, high = brute(table, hidden, int(table.to_numpy().max()))
    for i, j in np.argwhere(hidden):
        assert attacker.interval(suppressed, int(cells.places[0][i, j])) == (low[i, j], high[i, j])


@settings(deadline=None, max_examples=25)
@given(FOUR, st.sampled_from(["optimal", "fast"]))
def test_what_is_suppressed_protects_by_brute_force_and_the_audit_holds_the_truth(values, method):
    table = crossed(np.reshape(values, (2, 2)))
    out = pk.output_check(table, threshold=3, method=method)
    hidden, true = hidden_in(out), table.to_numpy()
    assert out.protected
    assert out.n_suppressed == hidden.sum() == len(out.audit)
    assert out.least <= out.n_suppressed
    assert (hidden >= ((true > 0) & (true < 3))).all()
    assert not (hidden & (true == 0)).any()
    labelled = out.audit.set_index("cell")
    for i, j in np.argwhere(hidden):
        parts = [f"{name}={one}" for name, one in (("c", table.columns[j]), ("r", table.index[i])) if one != "All"]
        told = labelled.loc[", ".join(parts) or "total"]
        assert told.low <= true[i, j] <= told.high
        if 0 < true[i, j] < 3:
            # Counts up to what all are together, and 3 more.
            reached = fitting(table, hidden, sum(values) + 3)[:, i, j]
            assert min(reached) == 0
            assert max(reached) >= 3


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(0, 5), min_size=4, max_size=4).filter(any))
def test_no_fewer_cells_protect(values):
    """Of every smaller set of cells, some unsafe cell is told too closely: by intervals checked above."""
    table = crossed(np.reshape(values, (2, 2)))
    out = pk.output_check(table, threshold=3)
    cells = cells_of([table], "All", [None])
    unsafe = (cells.counts > 0) & (cells.counts < 3)
    attacker, others = Attacker(cells), np.flatnonzero(cells.counts >= 3)
    assert out.optimal

    def protects(more) -> bool:
        suppressed = unsafe.copy()
        suppressed[list(more)] = True
        ends = [attacker.interval(suppressed, int(cell)) for cell in np.flatnonzero(unsafe)]
        return all(low <= 0 and high >= 3 for low, high in ends)

    fewer = [protects(more) for size in range(out.n_secondary) for more in combinations(others.tolist(), size)]
    assert not any(fewer)


def test_a_cell_alone_in_its_row_is_told_by_the_margin():
    out = pk.output_check(crossed([[2, 7], [8, 9]]), method="primary")
    assert out.audit[["low", "high"]].to_numpy().tolist() == [[2.0, 2.0]]
    assert (out.n_exposed, out.protected, out.optimal) == (1, False, False)


def test_without_margins_only_unsafe_cells_are_suppressed():
    out = pk.output_check(crossed([[2, 7], [8, 9]]).iloc[:-1, :-1])
    assert (out.n_suppressed, out.n_secondary, out.protected) == (1, 0, True)
    assert out.audit["high"].tolist() == [np.inf]


def test_two_tables_tell_what_each_alone_does_not():
    """The difference of a table of all and one of some is a cell of the others."""
    everybody, some = crossed([[20, 17], [28, 19]]), crossed([[18, 10], [20, 9]])
    assert pk.output_check(everybody).n_suppressed == pk.output_check(some).n_suppressed == 0
    small = crossed([[3, 10], [20, 9]])  # 3 is unsafe here, and is suppressed with 3 others
    alone = pk.output_check(small)
    both = pk.output_check([everybody, small], filters=[None, "age >= 30"])
    assert alone.protected
    assert both.protected
    # The rest, 17 = 20 - 3, is published: the same 3 again.
    rest = everybody - small
    three = [everybody, small, rest]
    filters = [None, "old", "young"]
    assert pk.output_check(three, filters=filters, method="primary").n_exposed == 1
    assert pk.output_check(three, filters=filters).protected


def test_a_margin_of_another_table_gives_a_cell_away():
    inner = crossed([[2, 7], [8, 9]]).iloc[:-1, :-1]
    rows = inner.sum(axis=1)
    assert pk.output_check(inner, method="primary").protected
    out = pk.output_check([inner, rows], method="primary")
    assert not out.protected
    assert out.n_cells == 6
    assert pk.output_check([inner, rows]).protected


def test_a_figure_in_two_tables_is_one_cell_and_is_suppressed_in_both():
    first, second = crossed([[2, 30], [40, 50]]), crossed([[20, 12], [50, 40]], columns="d")
    out = pk.output_check([first, second])
    assert out.n_cells == 9 + 9 - 3  # the margin of r
    assert hidden_in(out, 0)[:, -1].tolist() == hidden_in(out, 1)[:, -1].tolist()


def test_three_columns_and_their_margins_are_protected_in_whole_numbers():
    random = np.random.default_rng(5)
    people = pd.DataFrame({name: random.integers(0, 3, 120).astype(str) for name in "abc"})
    tables = [pd.crosstab([people.a, people.b], people.c, margins=True)]
    tables += [pd.crosstab(people[x], people[y], margins=True) for x, y in ("ab", "ac", "bc")]
    out = pk.output_check(tables, protection=1)
    assert out.n_unsafe > 5
    assert out.n_exposed == 0
    assert out.least <= out.n_suppressed
    # Between margins the joint cells are no cells of any table.
    pairs = pk.output_check(tables[1:], threshold=12, protection=1)
    assert pairs.n_unsafe > 0
    assert pairs.protected


def test_adult_by_education_and_occupation_needs_no_more_than_the_trial_and_says_so():
    adult = pk.example("adult")
    table = pd.crosstab(adult["education"], adult["occupation"], margins=True)
    out = pk.output_check(table)
    assert (out.n_cells, out.n_unsafe, out.n_exposed, out.optimal) == (255, 35, 0, True)
    assert out.n_suppressed <= 43
    fast = pk.output_check(table, method="fast")
    assert fast.protected
    assert fast.n_suppressed >= out.n_suppressed
    assert not fast.optimal


def test_after_the_time_limit_what_is_found_still_protects(monkeypatch):
    ticks = iter(range(10_000))
    monkeypatch.setattr("privkit.disclosure.suppression.monotonic", lambda: next(ticks))
    out = pk.output_check(crossed([[2, 7, 9], [8, 9, 1], [4, 9, 9]]), seconds=5)
    assert out.protected
    assert out.least <= out.n_suppressed


def test_an_audit_that_ends_early_says_nothing_of_what_it_did_not_come_to(monkeypatch):
    """Each look of the audit at the clock is a second: two for each cell of which both ends are found."""
    table = crossed([[2, 7, 9], [8, 9, 1], [4, 9, 9]])
    whole = pk.output_check(table)
    ticks, interval = iter(range(10_000)), Attacker.interval

    def counted(attacker, *asked):
        with pytest.MonkeyPatch.context() as clock:  # the search has another
            clock.setattr("privkit.disclosure.suppression.monotonic", lambda: next(ticks))
            return interval(attacker, *asked)

    monkeypatch.setattr("privkit.disclosure.check.monotonic", lambda: 0)
    monkeypatch.setattr(Attacker, "interval", counted)
    out = pk.output_check(table, audit_seconds=4)
    assert out.n_suppressed == whole.n_suppressed
    told = out.audit.dropna()
    assert len(told) == 2
    assert told["unsafe"].all()
    assert told.equals(whole.audit.loc[told.index])
    assert (out.n_unsafe, out.n_unaudited, out.n_exposed) == (3, 1, 0)
    assert (out.protected, out.optimal) == (False, False)
    assert "not audited" in repr(out)
    assert whole.n_unaudited == 0


@pytest.mark.landing
def test_every_cut_holds_for_every_set_that_protects():
    table = crossed([[1, 4, 6], [5, 2, 7]])
    cells = cells_of([table], "All", [None])
    attacker, n = Attacker(cells), len(cells.counts)
    unsafe = (cells.counts > 0) & (cells.counts < 3)
    search = Search(attacker, unsafe, np.zeros(n, dtype=np.int64), np.full(n, 3))
    cuts = [cut for cell in np.flatnonzero(unsafe) for goal, sign in ((3, 1), (0, -1))
            if (cut := attacker.cut(unsafe, int(cell), goal, sign)) is not None]  # fmt: skip
    assert cuts
    for bits in product([False, True], repeat=n - int(unsafe.sum())):
        suppressed = unsafe.copy()
        suppressed[~unsafe] = bits
        if search._lacking(suppressed, np.inf) == []:
            assert all(cut.weights @ suppressed[cut.cells] >= 1 - 1e-6 for cut in cuts)


def test_published_tables_hold_no_suppressed_count_and_nothing_shows_one():
    table = crossed([[3, 70], [80, 90]], rows="sex")
    before = table.copy()
    out = pk.output_check(table)
    pd.testing.assert_frame_equal(table, before)
    assert (out.frame.dtypes == "Int64").all()
    assert out.frame.index.name == "sex"
    assert out.frame.isna().sum().sum() == out.n_suppressed
    assert (out.frame.stack().dropna() == before.stack().loc[out.frame.stack().dropna().index]).all()
    assert not out.frame.iloc[:, 0].array._data[0]  # what is behind a missing cell
    for shown in (repr(out), out._repr_html_()):
        assert "Disclosure control" in shown


def test_totals_of_another_name_and_missing_categories():
    people = pd.DataFrame({"a": ["x", None, "x", "y"] * 6, "b": ["u", "v", "v", None] * 6})
    table = pd.crosstab(people.a, people.b, dropna=False, margins=True, margins_name="total")
    out = pk.output_check([table, people.groupby("b", dropna=False).size().rename("n")], margin="total")
    assert out.n_cells == table.size


def test_totals_that_nobody_names_are_refused_and_not_taken_for_a_category():
    """Taken for a category, a hidden 2 is the total less the others, and the audit would call it protected."""
    cells = pd.DataFrame({"u": [9, 2, 0], "v": [8, 30, 7]}, index=pd.Index(list("abc"), name="r"))
    cells = cells.rename_axis(columns="c")
    by_both = cells.stack().rename("n").reset_index()
    both = by_both.loc[by_both.index.repeat(by_both["n"])]
    total = pd.crosstab(both["r"], both["c"], margins=True, margins_name="everybody")
    one_side = pd.concat([cells, cells.sum().to_frame("Total").T.rename_axis("r")])
    alone = pd.concat([cells["v"], pd.Series({"total": 45})]).rename_axis("r")
    several = pd.crosstab([both["r"], both["n"] > 7], both["c"], margins=True, margins_name="everybody")
    for table, name in ((total, "everybody"), (one_side, "Total"), (alone, "total"), (several, "everybody")):
        with pytest.raises(pk.DisclosureError, match=f"Say margin='{name}'"):
            pk.output_check(table)
        hidden = table.astype("Int64").mask(table == 2)
        with pytest.raises(pk.DisclosureError, match=f"Say margin='{name}'"):
            pk.output_check(hidden, method="audit")
        assert pk.output_check(table, margin=name).protected
    assert pk.output_check(total, margin="everybody").n_suppressed > 1
    sum_by_chance = pd.Series([3, 4, 7], pd.Index(["x", "y", "z"], name="r"))
    assert pk.output_check(sum_by_chance).n_unsafe == 2


WRONG = {
    "no frame": ("tables", None),
    "text": ([crossed([[1]]), CANARY], None),
    "halves": (crossed([[1.5, 2.0]]), "no counts"),
    "negative": (crossed([[-1, 2]]), "no counts"),
    "texts": (crossed([[1, 2]]).astype(object).replace(1, CANARY), "no counts"),
    "missing": (crossed([[1, 2]]).astype("Int64").replace(1, pd.NA), "2 missing cells in table 1.*fillna"),
    "no names": (pd.DataFrame([[1, 2]]), "without a name"),
    "one name": (crossed([[1, 2]], columns="r"), "without a name"),
    "twice": (pd.concat([crossed([[1, 2]])] * 2), "stands there twice"),
    "margins": (crossed([[1, 2]]).replace(3, 4), "contradict"),
    "two tables": ([crossed([[1, 2]]), crossed([[1, 3]])], "contradict"),
    "left out": ([crossed([[9], [9]]), crossed([[9]], columns="d")], "contradict"),
    "zeros": (crossed([[0, 0]]), "nothing to suppress"),
    "empty": (crossed([[1]]).iloc[:0], "nothing to suppress"),
    "large": ([pd.Series([1] * 60, pd.RangeIndex(60, name=name)) for name in "abcd"], "joint cells"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_table_of_counts_is_told_without_its_values(name):
    tables, told = WRONG[name]
    with pytest.raises(pk.DisclosureError, match=told) as caught:
        pk.output_check(tables)
    assert CANARY not in str(caught.value)
    assert str(caught.value).startswith("output_check()")


@pytest.mark.parametrize(
    "options",
    [
        {"threshold": 1}, {"threshold": "5"}, {"protection": 0}, {"protection": (2, 5)}, {"protection": (0, 3)},
        {"protection": (0, 5, 6)}, {"method": "best"}, {"filters": "old"}, {"filters": [None, None]}, {"seconds": 0},
        {"filters": [5]}, {"audit_seconds": 0}, {"margin": 5}, {"margin": ""}, {"protection": "wide"},
    ],
)  # fmt: skip
def test_options_that_are_none_are_told(options):
    with pytest.raises(pk.ParameterError, match=next(iter(options))):
        pk.output_check(crossed([[1, 2], [3, 4]]), **options)


def test_no_table_at_all():
    with pytest.raises(pk.ParameterError, match="tables"):
        pk.output_check([])
