"""Tables of sums: which are unsafe, beside a count by hand, and what other contributors learn, beside a brute force."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_output_check import fitting, hidden_in

import privkit as pk
from privkit.disclosure.behind import MOST, Rule, unsafe_by
from privkit.disclosure.cells import cells_of
from privkit.disclosure.suppression import Attacker

CANARY = "CANARY-7f3a"
ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 3), st.integers(0, 3)), min_size=3, max_size=6
).filter(lambda rows: any(row[3] for row in rows))
RULES = st.sampled_from(
    [{"p_percent": 10}, {"p_percent": 60}, {"dominance": (1, 75)}, {"dominance": (2, 85)},
     {"dominance": (1, 62.5), "p_percent": 20}]
)  # fmt: skip


def firms(rows) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=["r", "c", "firm", "amount"])
    return made.assign(r="r" + made["r"].astype(str), c="c" + made["c"].astype(str))


def table_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the sums with margins, of all four cells."""
    inner = frame.pivot_table(values="amount", index="r", columns="c", aggfunc="sum", fill_value=0)
    inner = inner.reindex(index=["r0", "r1"], columns=["c0", "c1"], fill_value=0).rename_axis(index="r", columns="c")
    inner["All"] = inner.sum(axis=1)
    inner.loc["All"] = inner.sum()
    return inner.astype("int64")


def parts_of(frame: pd.DataFrame, row: str, column: str) -> list[int]:
    """Return what each firm adds to a cell, the largest first."""
    inside = frame[((frame["r"] == row) | (row == "All")) & ((frame["c"] == column) | (column == "All"))]
    return sorted(inside.groupby("firm")["amount"].sum().tolist(), reverse=True)


def is_unsafe(parts: list[int], p_percent=None, dominance=None) -> bool:
    total, one = sum(parts), [*parts, 0, 0]
    by_p = p_percent is not None and total - one[0] - one[1] < Fraction(str(p_percent)) / 100 * one[0]
    by_n = dominance is not None and sum(parts[: dominance[0]]) > Fraction(str(dominance[1])) / 100 * total
    return bool(total) and (by_p or by_n)


def checked(frame, table=None, **options):
    return pk.output_check(table_of(frame) if table is None else table, rows=frame, value="amount", **options)


@settings(deadline=None, max_examples=30)
@given(ROWS, RULES)
def test_unsafe_sums_are_those_that_a_count_by_hand_finds(rows, rule):
    frame = firms(rows)
    table = table_of(frame)
    cells = cells_of([table], "All", [None])
    asked = Rule.of(rule.get("dominance"), rule.get("p_percent"))
    unsafe, low, high = unsafe_by(asked, frame, cells, "amount", "firm")
    for (i, row), (j, column) in product(enumerate(table.index), enumerate(table.columns)):
        cell, parts = cells.places[0][i, j], parts_of(frame, row, column)
        assert unsafe[cell] == is_unsafe(parts, **rule)
        assert (high[cell] > sum(parts)) == unsafe[cell]
        assert low[cell] == max(0, 2 * sum(parts) - high[cell])


@settings(deadline=None, max_examples=8)
@given(ROWS, st.sampled_from([10, 60]), st.sampled_from(["optimal", "fast"]))
def test_no_contributor_learns_the_largest_within_p_percent_by_brute_force(rows, p, method):
    frame = firms(rows)
    out = checked(frame, unit="firm", method=method, p_percent=p)
    table, hidden = table_of(frame), hidden_in(out)
    assert out.protected
    if not hidden.any():
        return
    everything = fitting(table, hidden, int(table.to_numpy().max()) + 4)
    for i, row in enumerate(table.index):
        for j, column in enumerate(table.columns):
            parts = parts_of(frame, row, column)
            if is_unsafe(parts, p_percent=p):
                greatest = everything[:, i, j].max()
                for known in parts[1:] or [0]:
                    assert greatest - known >= parts[0] * (1 + p / 100)
    if hidden[:2, :2].sum() == hidden.sum():  # where a margin is hidden, more may be possible than is counted here
        told = {row.cell: (row.low, row.high) for row in out.audit.itertuples()}
        for i, j in np.argwhere(hidden):
            cell = everything[:, i, j]
            assert told[f"c=c{j}, r=r{i}"] == (cell.min(), cell.max())


def test_great_amounts_are_bounded_to_the_last_digit():
    """Of four hidden cells between known margins, each is between max(0, r + c − n) and min(r, c), in units of 1."""
    frame = firms([(0, 0, 0, 7_000_000_001), (0, 1, 1, 3), (1, 0, 2, 2_000_000_017), (1, 1, 3, 40_000_000_000)])
    table = table_of(frame)
    cells = cells_of([table], "All", [None])
    attacker, suppressed = Attacker(cells, whole=False), np.zeros(9, dtype=bool)
    suppressed[cells.places[0][:2, :2]] = True
    true = table.to_numpy()
    for i, j in product(range(2), range(2)):
        row, column, total = true[i, 2], true[2, j], true[2, 2]
        expected = (max(0, row + column - total), min(row, column))
        assert attacker.interval(suppressed, int(cells.places[0][i, j])) == expected


def test_rows_of_one_contributor_count_together():
    frame = firms([(0, 0, 0, 5), (0, 0, 0, 5), (0, 0, 1, 5), (0, 0, 2, 5)])
    table = frame.pivot_table(values="amount", index="r", columns="c", aggfunc="sum")
    by_row = checked(frame, table, dominance=(1, 40))
    by_firm = checked(frame, table, dominance=(1, 40), unit="firm")
    assert (by_row.n_unsafe, by_firm.n_unsafe) == (0, 1)


def test_tables_with_filters_are_sums_of_the_rows_that_they_name():
    random = np.random.default_rng(0)
    frame = firms(zip(*random.integers(0, [[2], [2], [40], [90]], (4, 200)), strict=True)).assign(
        old=random.integers(0, 2, 200)
    )
    both = [table_of(frame), table_of(frame[frame["old"] == 1])]
    out = checked(frame, both, filters=[None, "old == 1"], p_percent=10, unit="firm")
    assert out.n_cells == 18
    assert out.protected
    with pytest.raises(pk.DisclosureError, match="not made of these rows"):
        checked(frame, both, filters=[None, "old == 0"], p_percent=10, unit="firm")
    with pytest.raises(pk.ExpressionError):
        checked(frame, both, filters=[None, "the old ones"], p_percent=10, unit="firm")


def test_a_combination_that_crosstab_leaves_missing_is_a_sum_of_0():
    frame = firms([(0, 0, 0, 30), (0, 1, 1, 30), (1, 0, 2, 20)])
    table = pd.crosstab(frame["r"], frame["c"], values=frame["amount"], aggfunc="sum")
    assert table.isna().sum().sum() == 1
    assert checked(frame, table, p_percent=10).frame.loc["r1", "c1"] == 0
    with pytest.raises(pk.DisclosureError, match="not made of these rows"):
        checked(frame, table.mask(table == 20), p_percent=10)


def test_it_says_which_sums_are_unsafe_and_shows_none():
    frame = firms([(0, 0, 0, 913), (0, 1, 1, 30), (1, 0, 2, 20), (1, 1, 3, 400)])
    out = checked(frame, dominance=(1, 75), p_percent=10)
    assert "a sum of which the largest contributor has more than 75 % or from which another" in repr(out)
    assert "913" not in repr(out) + out._repr_html_()


GOOD = firms([(0, 0, 0, 9), (0, 1, 1, 30), (1, 0, 2, 20), (1, 1, 3, 40)])
WRONG = {
    "another table": (GOOD, {"table": table_of(GOOD) * 2}, "not made of these rows"),
    "negative": (GOOD.assign(amount=[9, 30, 20, -40]), {}, "no whole numbers"),
    "parts": (GOOD.assign(amount=[9, 30, 20, 40.5]), {}, "no whole numbers"),
    "text": (GOOD.assign(amount=CANARY), {}, "no whole numbers"),
    "missing": (GOOD.assign(amount=[9, 30, None, 40]), {}, "no whole numbers"),
    "huge": (GOOD.assign(amount=MOST), {"table": table_of(GOOD.assign(amount=MOST))}, "thousands"),
    "a category more": (pd.concat([GOOD, GOOD.tail(1).assign(r=CANARY)]), {}, "not made of these rows"),
    "a category missing": (GOOD.assign(r=["r0", "r0", "r1", None]), {}, "not made of these rows"),
}


@pytest.mark.parametrize("name", WRONG)
def test_rows_that_do_not_fit_are_told_without_their_values(name):
    frame, options, words = WRONG[name]
    with pytest.raises(pk.DisclosureError, match=words) as caught:
        checked(frame, **{"table": table_of(GOOD), "p_percent": 10, **options})
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "p_percent=10"), ({"p_percent": 0}, "p_percent"), ({"p_percent": "ten"}, "p_percent"),
        ({"dominance": (0, 75)}, "dominance"), ({"dominance": 75}, "dominance"), ({"dominance": (1, 100)}, "dominance"),
        ({"p_percent": 10, "threshold": 3}, "of counts"), ({"p_percent": 10, "protection": 2}, "of counts"),
        ({"p_percent": 10, "key": bytes(32)}, "tables of sums"), ({"p_percent": 10, "rows": None}, "tables of sums"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_told(options, words):
    with pytest.raises(pk.ParameterError, match=words):
        pk.output_check(table_of(GOOD), **{"rows": GOOD, "value": "amount", **options})


def test_columns_that_are_not_there_are_told():
    with pytest.raises(pk.ColumnNotFoundError, match=r"value=\['amout'\]"):
        pk.output_check(table_of(GOOD), rows=GOOD, value="amout", p_percent=10)
    with pytest.raises(pk.ColumnNotFoundError, match=r"unit=\['frim'\]"):
        checked(GOOD, p_percent=10, unit="frim")
    with pytest.raises(pk.ColumnNotFoundError, match="'c'"):
        checked(GOOD.drop(columns="c"), table_of(GOOD), p_percent=10)
