"""Noise that is keyed by cell: the same for the same records, unbiased by exact sums, and audited by brute force."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit import events as ev
from privkit.disclosure.cell_key import CellNoise, _audit, shares
from privkit.disclosure.cells import cells_of

CANARY = "CANARY-7f3a"
KEY = bytes(range(32))


def people(n: int = 400, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": [f"{CANARY}-{number}" for number in range(n)],
            "town": random.choice(list("abcdefgh"), n),
            "ill": random.choice(["yes", "no"], n, p=[0.1, 0.9]),
            "age": random.integers(0, 90, n),
        }
    )


def noisy(frame, tables, **options):
    asked = {"rows": frame, "unit": "id", "key": KEY, "method": "cell-key", **options}
    return pk.output_check(tables, **asked)


def crossed(frame):
    return pd.crosstab(frame["town"], frame["ill"], margins=True)


@pytest.mark.parametrize(
    ("variance", "deviation"), [(0.1, 1), (0.5, 1), (2.0, 5), (2.5, 5), (5, 10), (10, 20), (0.1, 20)]
)
def test_the_shares_have_mean_0_exactly_and_the_variance_that_was_asked(variance, deviation):
    for n in range(1, deviation + 2):
        told, v = shares(n, variance, deviation), range(-min(n, deviation), deviation + 1)
        assert sum(told) == 2**32
        assert min(told) >= 0
        assert sum(one * w for one, w in zip(v, told, strict=True)) == 0
        assert sum(one**2 * w for one, w in zip(v, told, strict=True)) / 2**32 == pytest.approx(variance, abs=1e-5)


def test_no_law_with_that_mean_and_variance_has_more_entropy():
    """Moving a little along any direction that keeps sum, mean and variance lowers it."""
    told = np.array(shares(2, 2.0, 5)) / 2**32
    v = np.arange(-2, 6)
    kept = np.linalg.svd(np.array([np.ones(8), v, v**2]))[2][3:]

    def entropy(p):
        return -(p * np.log(p)).sum()

    for direction in kept:
        assert entropy(told) > max(entropy(told + step * direction) for step in (1e-3, -1e-3))


def test_every_leading_part_of_a_key_has_the_noise_of_its_share():
    noise, n = CellNoise.of(KEY, 2.0, 5), 3
    ends = np.cumsum((0, *shares(n, 2.0, 5)))
    first, last = ends[:-1], ends[1:] - 1
    for places in (first, last):
        keys = places.astype(np.uint64) << np.uint64(32) | np.uint64(123)
        assert noise.added(np.full(len(keys), n), keys).tolist() == list(range(-3, 6))


def test_noise_over_many_keys_is_as_the_shares_say():
    """20,000 cells of 2 records, whose keys are hashes: a mean or a share beyond 6 standard errors is a fault."""
    noise = CellNoise.of(KEY, 2.0, 5)
    records = noise.records(pd.Series(range(40_000)))
    found = noise.added(np.full(20_000, 2), noise.cells(records[::2] + records[1::2]))
    assert abs(found.mean()) < 6 * np.sqrt(2 / 20_000)
    told = np.array(shares(2, 2.0, 5)) / 2**32
    apart = np.abs(np.bincount(found + 2, minlength=8) / 20_000 - told)
    assert (apart < 6 * np.sqrt(told / 20_000)).all()


def test_the_same_records_have_the_same_count_in_every_table_under_every_name_and_in_every_call():
    frame = people()
    frame["area"] = frame["town"]  # other names for the same people
    frame = frame.assign(all="all").sample(frac=1, random_state=1)
    old = frame[frame["age"] >= 0]
    first = noisy(frame, crossed(frame)).frame
    later = noisy(
        frame, [pd.crosstab(frame["area"], frame["ill"], margins=True), crossed(old)], filters=[None, "age >= 0"]
    )
    for one in later.frames:
        assert (one.to_numpy() == first.to_numpy()).all()
    assert (noisy(frame, crossed(frame), key=bytes(32)).frame.to_numpy() != first.to_numpy()).any()


def test_one_record_more_gives_a_cell_other_noise_and_leaves_the_others():
    frame = people()
    fewer = frame.drop(index=3)
    there, without = (noisy(one, crossed(one)).frame - crossed(one) for one in (frame, fewer))
    same = there.to_numpy() == without.to_numpy()
    town, ill = list(there.index).index(frame["town"][3]), list(there.columns).index(frame["ill"][3])
    others = np.ones(same.shape, dtype=bool)
    others[np.ix_([town, len(there) - 1], [ill, len(there.columns) - 1])] = False
    assert same[others].all()


def test_zeros_stay_and_nothing_is_negative_or_moved_too_far():
    frame = people(60)
    table = pd.crosstab([frame["town"], frame["ill"]], frame["age"] // 9, margins=True)
    out = noisy(frame.assign(age=frame["age"] // 9), table, deviation=3, variance=1.5)
    told, true = out.frame.to_numpy(dtype=int), table.to_numpy()
    assert (told[true == 0] == 0).all()
    assert (told >= 0).all()
    assert np.abs(told - true).max() <= 3
    assert out.n_changed > 0
    assert out.n_changed <= (true > 0).sum()


@pytest.mark.parametrize("margins", [True, False])
@pytest.mark.parametrize(("variance", "deviation"), [(0.5, 1), (0.1, 3)])
def test_the_audit_is_what_every_table_that_fits_says(variance, deviation, margins):
    """Who knows all but the key leaves out noise that has no share, and cells of the same people told differently."""
    index = [pd.Index(["r0", "r1", "All"], name="r"), pd.Index(["c0", "c1", "All"], name="c")]
    noise, at = CellNoise.of(KEY, variance, deviation), np.eye(4, dtype=np.int64).reshape(4, 2, 2)
    parts = np.stack([np.vstack([np.column_stack([t, t.sum(1)]), [*t.sum(0), t.sum()]]) for t in at])
    for seed in range(4):
        random = np.random.default_rng(seed)
        true = random.permutation([0, 1, 2, 3 * (seed % 2)])
        whole = pd.DataFrame(np.tensordot(true, parts, 1), *index)
        # With the margins alone no cell has what two of them share.
        tables = [whole] if margins else [whole.loc[["r0", "r1"], "All"], whole.loc["All", ["c0", "c1"]]]
        cells = cells_of(tables, "All", [None] * len(tables), zeros_known=False)
        inside = parts.reshape(4, 9) if margins else np.column_stack([parts[:, :2, 2], parts[:, 2, :2]])
        keys = random.integers(1, 2**64, 4, dtype=np.uint64) * (true > 0).astype(np.uint64)
        told = cells.counts + noise.added(cells.counts, noise.cells(keys @ inside.astype(np.uint64)))
        same = [(a, b) for a, b in product(range(inside.shape[1]), repeat=2) if told[a] != told[b]]
        fits = []
        for inner in product(range(6), repeat=4):
            people = inner @ inside
            moved = all(
                told[cell] == 0
                if n == 0
                else abs(v) <= deviation and v >= -n and shares(n, variance, deviation)[v + min(n, deviation)]
                for cell, (n, v) in enumerate(zip(people.tolist(), (told - people).tolist(), strict=True))
            )
            one = (inside * np.array(inner)[:, None]) > 0
            if moved and all((one[:, a] != one[:, b]).any() for a, b in same):
                fits.append(people)
        low, high = np.min(fits, axis=0), np.max(fits, axis=0)
        found = _audit(cells, told, noise, np.arange(len(told)), (cells.counts - 1, cells.counts + 1))
        assert found[["low", "high"]].to_numpy().tolist() == np.column_stack([low, high]).tolist()
        assert found["protected"].tolist() == ((low <= cells.counts - 1) & (high >= cells.counts + 1)).tolist()


def test_a_table_of_many_cells_is_audited():
    """Of many cells that are told differently at once, as a crosstab without margins has them."""
    rows = pd.DataFrame({"a": [n % 5 for n in range(60)], "b": [n // 5 % 3 for n in range(60)], "id": range(60)})
    found = pk.output_check(pd.crosstab(rows["a"], rows["b"]), rows=rows, unit="id", key=KEY, method="cell-key")
    assert found.n_cells == 15
    assert found.audit["protected"].all()


def test_the_noise_of_two_cells_tells_nothing_of_that_of_their_margin():
    """Of 20,000 margins those whose two cells lost 2 or more each: they lose 2 or more as often as all do."""
    noise = CellNoise.of(KEY, 2.0, 5)
    records = noise.records(pd.Series(range(40_000)))
    first, second, both = (
        noise.added(np.full(20_000, 9), noise.cells(one))
        for one in (records[::2], records[1::2], records[::2] + records[1::2])
    )
    share = sum(shares(9, 2.0, 5)[:4]) / 2**32
    chosen = both[(first <= -2) & (second <= -2)]
    assert abs((chosen <= -2).mean() - share) < 6 * np.sqrt(share / len(chosen))


def test_little_noise_is_told_to_protect_nothing_and_what_is_shown_says_that_it_is_no_guarantee():
    frame = people(120)
    little = noisy(frame, crossed(frame), deviation=1, variance=0.1, protection=(0, 5))
    assert little.n_exposed > 0
    assert not little.protected
    out = noisy(frame, crossed(frame))
    assert out.protected == (out.n_exposed == 0)
    for shown in (repr(out), out._repr_html_()):
        assert "no differential privacy" in shown
        assert CANARY not in shown
    assert CANARY not in repr(out.audit)


@pytest.mark.parametrize("ids", [range(400), pd.date_range("2026-01-01", periods=400), [f"x{n}" for n in range(400)]])
def test_ids_of_any_kind_and_keys_from_elsewhere_do(ids, monkeypatch):
    frame = people().assign(id=ids)
    monkeypatch.setenv("A_KEY", KEY.hex())
    source = ev.Key.from_env("A_KEY").source
    assert noisy(frame, crossed(frame), key=source).frame.equals(noisy(frame, crossed(frame)).frame)


FRAME = people()
WRONG = {
    "twice": (FRAME.assign(id="x"), {}, pk.DisclosureError, "stand in two rows"),
    "missing": (FRAME.assign(id=[None, *range(399)]), {}, pk.DisclosureError, "missing"),
    "no key": (FRAME, {"key": None}, pk.ParameterError, "needs rows"),
    "short key": (FRAME, {"key": b"short"}, pk.SecretKeyError, "32"),
    "no unit": (FRAME, {"unit": "ids"}, pk.ColumnNotFoundError, r"unit=\['ids'\]"),
    "no rows": (None, {}, pk.ParameterError, "needs rows"),
    "amounts": (FRAME, {"value": "age"}, pk.ParameterError, "no amounts"),
    "other rows": (FRAME.head(50), {}, pk.DisclosureError, "not made of these rows"),
    "variance": (FRAME, {"variance": 3}, pk.ParameterError, "half of deviation"),
    "deviation": (FRAME, {"deviation": 21}, pk.ParameterError, "at most 20"),
    "no deviation": (FRAME, {"deviation": 0}, pk.ParameterError, "deviation"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_keyed_is_told_without_a_value(name):
    frame, options, error, words = WRONG[name]
    with pytest.raises(error, match=words) as caught:
        noisy(frame, crossed(FRAME), **options)
    assert CANARY not in str(caught.value)
