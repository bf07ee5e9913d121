from __future__ import annotations

import builtins
import logging

import numpy as np
import pandas as pd
import pytest

from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.errors.engines import LibraryRequiredError
from privkit.errors.risk import LinkageError, LinkError
from privkit.risk import fuzzy
from privkit.risk.link import link
from privkit.tally.two_tables import records
from privkit.transform.anonymize import anonymize
from privkit.transform.generalize import generalize
from privkit.transform.hierarchies.hierarchy import Hierarchy

pytest.importorskip("splink")

ON = ["sex", "birth_date", "postcode"]


def mistyped(column: pd.Series, share: float, seed: int) -> pd.Series:
    """Return the texts with one character replaced by another of them, in a share of the rows."""
    random = np.random.default_rng(seed)

    def wrong(text: str) -> str:
        place = int(random.integers(len(text)))
        return text[:place] + str(random.choice(list("0123456789aeirnst"))) + text[place + 1 :]

    return column.where(random.random(len(column)) >= share, column.map(wrong))


@pytest.fixture(scope="module")
def spoiled(shop) -> pd.DataFrame:
    wrong = {name: mistyped(shop[name], 0.2, place) for place, name in enumerate(["birth_date", "postcode"])}
    return shop.assign(**wrong)


@pytest.fixture(scope="module")
def few(spoiled, register, truth) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A part of both tables, in which most have a partner."""
    here = spoiled.iloc[:150]
    known = truth.loc[truth["pseudonym"].isin(here["pseudonym"]), "voter_no"]
    rest = register[~register["voter_no"].isin(known)].iloc[:250]
    return here, pd.concat([register[register["voter_no"].isin(known)], rest], ignore_index=True)


@pytest.fixture(scope="module")
def plain(few, truth):
    return link(*few, ON, truth=truth, fuzzy=True)


@pytest.mark.landing
def test_typing_errors_hide_nobody_from_a_fuzzy_attacker(spoiled, register, truth):
    exact = link(spoiled, register, ON, truth=truth)
    found = link(spoiled, register, ON, truth=truth, fuzzy=True)
    assert found.n_right > 1.15 * exact.n_right
    assert found.n_right > 0.97 * found.n_single
    assert found.baseline.hits < 60
    assert found.n_single + found.n_none + found.n_several == len(spoiled)
    assert dict(found.fuzzy.comparisons) == {"sex": "exact", "birth_date": "date", "postcode": "code"}
    assert found.fuzzy.compared_on == (("birth_date",), ("postcode",))
    pairs = sum(len(spoiled.merge(register, on=name)) for name in ("birth_date", "postcode"))
    assert found.fuzzy.n_compared == pairs


def test_without_errors_it_agrees_with_the_exact_join(shop, register, truth):
    found = link(shop, register, ON, truth=truth, fuzzy=True, control=shop.assign(birth_date="1900-01-01"))
    assert (found.n_single, found.n_right) == (973, 973)
    assert found.control.hits < 10
    assert found.excess.low > 0.5


def test_after_anonymizing_no_row_is_singled_out(shop, register, truth):
    hierarchies = {"birth_date": Hierarchy.redact(), "postcode": Hierarchy.redact()}
    out = anonymize(shop, ON, k=5, hierarchies=hierarchies)
    other = generalize(register, out.levels_, hierarchies={**hierarchies, "sex": out.hierarchies["sex"]}).frame
    found = link(out.frame, other, ON, truth=truth, fuzzy=True, max_pairs=500_000)
    assert (found.n_single, found.n_right) == (0, 0)


FIRST = ["Anna", "Bruno", "Carla", "Daniel", "Elena", "Felix", "Greta", "Hugo", "Irene", "Jonas"]
LAST = ["Keller", "Meier", "Rossi", "Weissmann", "Petrova", "Baumann", "Vogel", "Steiner", "Fontana", "Zimmermann"]
NAMES = [f"{first} {last}" for first in FIRST for last in LAST]
YEARS = [1900 + place * 37 % 101 for place in range(len(NAMES))]


def people(names: list, years: list) -> pd.DataFrame:
    return pd.DataFrame({"who": names, "born": years})


def test_names_are_compared_without_case_and_with_errors():
    here = people([name.upper() for name in NAMES], YEARS).reset_index(names="id")
    there = people([name.replace("nn", "n") + " " for name in NAMES], YEARS).reset_index(names="id")
    found = link(here, there, ["who", "born"], fuzzy=True, truth="id")
    assert found.n_right == found.n_single > len(NAMES) / 2
    assert dict(found.fuzzy.comparisons) == {"who": "name", "born": "number"}
    assert link(here, there, ["who", "born"]).n_pairs == 0


def test_the_user_says_how_to_compare():
    here, there = people(NAMES, YEARS), people(NAMES, YEARS)
    found = link(here, there, ["who", "born"], fuzzy={"who": "exact", "born": "code"})
    assert dict(found.fuzzy.comparisons) == {"who": "exact", "born": "code"}
    assert found.n_single == len(NAMES)


def test_missing_never_matches_missing():
    here = people([None] * 20, [None] * 20)
    found = link(here, here, ["who", "born"], fuzzy=True)
    assert (found.n_pairs, found.n_incomplete) == (0, 20)
    half = people([None] * len(NAMES), [1900] * len(NAMES))
    found = link(half, half, ["who", "born"], fuzzy=True)
    assert (found.n_single, found.n_pairs) == (0, 0)
    assert "missing is no evidence" in repr(found)


@pytest.mark.parametrize("odd", ["again", "categorical", "polars", "hostile"])
def test_types_labels_engines_and_names_of_columns_do_not_matter(odd, few, plain, truth):
    spoiled, register = here, there = few
    on = ON
    if odd == "categorical":
        here = spoiled.astype(dict.fromkeys(ON, "category")).set_index(pd.Index(["same"] * len(spoiled)))
        there = register.astype(object)
    elif odd == "polars":
        here = pytest.importorskip("polars").from_pandas(spoiled)
    elif odd == "hostile":
        hostile = {"sex": 'a"; DROP TABLE b; --', "birth_date": "unique_id", "postcode": "<img src=x>"}
        here, there, on = spoiled.rename(columns=hostile), register.rename(columns=hostile), list(hostile.values())
        here = here.astype(dict.fromkeys(on, "string[pyarrow]"))
    found = link(here, there, on, truth=truth, fuzzy=True)
    assert (found.n_pairs, found.n_single, found.n_right) == (plain.n_pairs, plain.n_single, plain.n_right)
    assert "<img" not in found._repr_html_()


def test_dates_of_any_type_are_days():
    real = pd.DataFrame({"born": pd.to_datetime(["2001-02-03", None]), "x": ["a", "b"]})
    found = records(real, real, [("born", "born"), ("x", "x")], {"born": "date"})
    assert found.left["c0"].iloc[0] == "2001-02-03"
    assert found.left["c0"].isna().tolist() == [False, True]
    assert found.kinds == ("date", "exact")
    assert found.pair.left[0].tolist() == [0, -1]


def test_too_many_pairs_fall_back_to_two_columns_and_say_so():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({name: random.integers(0, 20, 400) for name in "abc"})
    found = link(frame, frame, list("abc"), fuzzy=True, max_pairs=5000)
    assert found.fuzzy.n_compared <= 5000
    assert all(len(block) == 2 for block in found.fuzzy.compared_on)
    assert "Others were not compared" in repr(found)
    none = link(frame, frame, list("abc"), fuzzy=True, max_pairs=1)
    assert (none.n_pairs, none.fuzzy.compared_on) == (len(frame.merge(frame)), ())
    assert "400 rows have equals and match them. Splink" in repr(none)
    assert "compared no pair" in repr(none)
    apart = link(frame, frame + 100, list("abc"), fuzzy=True)
    assert (apart.n_pairs, apart.fuzzy.n_equal, apart.fuzzy.compared_on) == (0, 0, ())
    assert repr(apart).startswith("Nothing could match: no pair of rows was compared")


@pytest.mark.sample(1.0)
@pytest.mark.parametrize("seed", range(4))
def test_who_is_found_exactly_is_found_fuzzily_too(seed):
    """Common values make a pair of equals improbable: it was left out, and a fuzzy attack seemed the weaker one."""
    random = np.random.default_rng(seed)
    towns = [
        "Bern",
        "bern",
        " Bern",
        "Chur",
        "Genf",
        "Bale",
        "Basel",
        "Zug",
        "Thun",
        "Sion",
        "Olten",
        "Aarau",
        "",
        None,
    ]

    def table(rows: int) -> pd.DataFrame:
        return pd.DataFrame({
            "age": random.integers(16, 70, rows), "town": random.choice(np.array(towns, dtype=object), rows),
            "sex": random.choice(["f", "m"], rows),
        })  # fmt: skip

    here, there = table(300), table(400)
    for on in (["age", "town"], ["age", "town", "sex"], ["town"]):
        exact, found = link(here, there, on), link(here, there, on, fuzzy=True, probability=0.999)
        assert found.n_single >= exact.n_single
        assert found.n_none <= exact.n_none
        assert found.n_pairs >= exact.n_pairs
        plain = [one.assign(town=one["town"].str.casefold().str.strip()).replace({"": None}) for one in (here, there)]
        known = [set(one[on].dropna().itertuples(index=False)) for one in (*plain, here, there)]
        equal = [
            row in known[3] or again in known[1]
            for row, again in zip(here[on].itertuples(index=False), plain[0][on].itertuples(index=False), strict=True)
        ]
        assert found.fuzzy.n_equal == sum(equal)
        assert found.n_none <= len(here) - sum(equal)
    sure = link(here, here, ["age", "sex"], fuzzy=True, probability=0.999)
    assert (sure.n_none, sure.fuzzy.n_equal) == (0, 300)


def test_empty_tables_and_one_column():
    some, none = people(NAMES, YEARS), people([], [])
    none = none.astype({"who": "str", "born": "int64"})
    for here, there in ((some, none), (none, some), (none, none)):
        found = link(here, there, ["who", "born"], fuzzy=True)
        assert (found.n_pairs, found.n_none) == (0, len(here))
        assert repr(found)
    assert link(some, some, "who", fuzzy=True).n_several == 0


def test_nothing_of_the_rows_is_told(few, truth, caplog, capfd):
    spoiled, register = few
    with caplog.at_level(logging.DEBUG):
        found = link(spoiled, register, ON, truth=truth, fuzzy=True)
    told = repr(found) + found._repr_html_() + found.to_frame().to_string()
    out = capfd.readouterr()
    assert (out.out, out.err) == ("", "")
    assert not [record for record in caplog.records if record.name.startswith("splink")]
    assert not any(value in told for value in spoiled["birth_date"].head(200))
    assert "Splink" in told


def test_an_error_of_the_library_is_told_without_its_text(monkeypatch, spoiled, register):
    def broken(*_):
        raise ValueError("secret 1960-04-03")

    monkeypatch.setattr(fuzzy, "_comparison", broken)
    with pytest.raises(LinkageError) as error:
        link(spoiled, register, ON, fuzzy=True)
    assert "1960" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_without_splink_the_extra_is_named(monkeypatch, spoiled, register):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("splink"):
            raise ImportError
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LibraryRequiredError, match=r"jupyter-privkit\[linkage\]"):
        link(spoiled, register, ON, fuzzy=True)
    assert link(spoiled, register, ON).n_pairs


def test_bad_parameters_are_refused(spoiled, register):
    for bad in ({"sex": "soundex"}, {"sex": 3}, "yes", 3, None):
        with pytest.raises(ParameterError, match="fuzzy"):
            link(spoiled, register, ON, fuzzy=bad)
    with pytest.raises(ColumnNotFoundError, match="fuzzy"):
        link(spoiled, register, ON, fuzzy={"zip": "code"})
    with pytest.raises(ParameterError, match="number"):
        link(spoiled, register, ON, fuzzy={"postcode": "number"})
    for bad in (0, -1, 1.5, "high"):
        with pytest.raises(ParameterError, match="probability"):
            link(spoiled, register, ON, fuzzy=True, probability=bad)
    with pytest.raises(ParameterError, match="max_pairs"):
        link(spoiled, register, ON, fuzzy=True, max_pairs=0)
    with pytest.raises(LinkError):
        link(spoiled.assign(postcode=1), register, ON, fuzzy=True)
