"""The audit as a person sees it: what is drawn is what is counted, and the code that it shows runs."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.view.parts.sheet import Folded, Meter, Pile, Spread, Table, Typed, sheet_of

MOST = (1, 4, 9, 99, 10**9)
TALL, BARS = "▁▂▃▄▅▆▇█", " ▏▎▍▌▋▊▉█"


def people(rows: int = 900) -> pd.DataFrame:
    rng = np.random.default_rng(20261129)
    ages = rng.geometric(0.05, rows).astype(float)
    ages[:7] = np.nan
    return pd.DataFrame(
        {
            "email": [f"a{n}@x.org" for n in range(rows)],
            "zip": np.where(rng.random(rows) < 0.3, rng.integers(1000, 9999, rows), 8004).astype(str),
            "age": ages,
            "sex": rng.choice(["f", "m", None], rows),
            "religion": rng.choice(list("abcdef"), rows),
            "visits": rng.integers(0, 3, rows),
            "reading": rng.random(rows),
        }
    )


@pytest.fixture(scope="module")
def found():
    return people().privacy.audit()


class Drawn(HTMLParser):
    """Rows of tables: in each cell its words, the bars' lengths, those that they state, and the bars in letters."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.rows: list[list[dict]] = []
        self.cell: dict | None = None
        self.inks = 0
        self.void = {"words": "", "bars": [], "stated": [], "ink": "", "said": ""}
        self.feed(re.sub(r"<style>.*?</style>", "", markup, flags=re.S))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.cell = {"words": "", "bars": [], "stated": [], "ink": "", "said": ""}
            self.rows[-1].append(self.cell)
        if self.cell is None:
            return
        if "style" in given:
            self.cell["bars"].append(float(re.fullmatch(r"(?:width|height): ([\d.]+)%", given["style"])[1]))
        if given.get("role") in {"meter", "img"}:
            self.cell["stated"].append(given.get("aria-valuenow"))
            self.cell["said"] = given["aria-label"]
        self.inks = given.get("class") == "pk-ink"

    def handle_endtag(self, tag):
        self.inks = False
        if tag in {"td", "th"}:
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell["ink" if self.inks else "words"] += data.replace("\xa0", " ")

    def row(self, name: str) -> list[dict]:
        return next(cells for cells in self.rows if cells and cells[0]["words"].startswith(name))


def expected_spread(column: pd.Series) -> tuple[int, ...]:
    counts = column.value_counts(dropna=False).to_numpy()
    return tuple(int(((counts > low) & (counts <= high)).sum()) for low, high in pairwise((0, *MOST)))


def alone(frame: pd.DataFrame, columns: list[str]) -> int:
    return int((frame.groupby(columns, dropna=False).size() == 1).sum())


def there(frame: pd.DataFrame, engine: str):
    if engine == "pandas":
        return frame
    found = pytest.importorskip("pyarrow" if engine == "arrow" else engine.partition("-")[0])
    if engine == "arrow":
        return found.Table.from_pandas(frame)
    if engine == "duckdb":
        return found.from_df(frame)
    data = found.from_pandas(frame)
    return data.lazy() if engine.endswith("lazy") else data


# -- what is counted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["pandas", "polars", "polars-lazy", "duckdb", "arrow"])
def test_frequencies_and_pairs_are_those_of_pandas_on_every_engine(engine):
    frame = people()
    told = pk.audit(there(frame, engine))
    for entry in told:
        assert entry.frequencies == expected_spread(frame[entry.name]), entry.name
        assert sum(entry.frequencies) == entry.distinct
    assert told.qi == ["zip", "age", "sex"]
    assert dict(told.pairs) == {pair: alone(frame, list(pair)) for pair in combinations(told.qi, 2)}
    assert len(told.pairs) == 3


def test_of_many_quasi_identifiers_the_eight_that_tell_most_are_paired():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({f"c{n}": rng.integers(0, 2 + 7 * n, 500) for n in range(10)})
    told = frame.privacy.audit(roles=dict.fromkeys(frame, "quasi"))
    paired = {name for pair in told.pairs for name in pair}
    assert paired == {f"c{n}" for n in range(2, 10)}
    assert dict(told.pairs) == {pair: alone(frame, list(pair)) for pair in combinations(sorted(paired), 2)}
    assert "(the 8 of 10 that tell most)" in told._repr_html_()
    assert "Two of them alone, " in repr(told)


def test_pairs_that_time_did_not_allow_are_said(monkeypatch):
    from privkit.tally import row_classes

    real, done = row_classes._pairs, []

    def late(names, count, deadline):
        return real(names, count, 0.0 if not done else deadline)

    monkeypatch.setattr(row_classes, "_pairs", late)
    told = people().privacy.audit()
    assert dict(told.pairs) == {}
    assert "what 3 pairs of quasi-identifiers tell (time limit)" in repr(told)
    assert "knows two" not in told._repr_html_()


def test_yaml_keeps_frequencies_and_pairs_and_refuses_others(found):
    text = found.to_yaml()
    back = pk.Inventory.from_yaml(text)
    assert back.entries == found.entries
    assert dict(back.pairs) == dict(found.pairs)
    assert back._repr_html_() == found._repr_html_()
    start = "privkit_inventory: 1\nrows: 9\ncolumns:\n- {name: a, role: quasi"
    for wrong in ("[1, 2]", "[1, 2, 3, 4, -5]", "[1, 2, 3, 4, true]", "many"):
        with pytest.raises(pk.PrivkitError, match="'frequencies' must be a list of 5 whole numbers"):
            pk.Inventory.from_yaml(f"{start}, frequencies: {wrong}}}\n")
    for wrong in ("[[a, b, 1]]", "[[a, a]]", "[[a, [a], 1]]", "many", "[[a, a, 0.5]]", "[[a, a, 1]]"):
        with pytest.raises(pk.PrivkitError, match="'pairs' must be lists of two columns"):
            pk.Inventory.from_yaml(f"{start}}}\npairs: {wrong}\n")


# -- what is drawn -------------------------------------------------------------------------------------------------


def test_every_bar_is_a_number_of_the_value_and_stands_beside_it(found):
    drawn = Drawn(found._repr_html_())
    for entry in found:
        _, spread, own, others, _ = drawn.row(entry.name)
        high = max(entry.frequencies)
        assert spread["bars"] == [pytest.approx(100 * count / high, abs=0.051) for count in entry.frequencies]
        assert [
            int(count.replace(",", "")) for count in re.findall(r": ([\d,]+)(?=,|$)", spread["said"].partition(": ")[2])
        ] == [count for count in entry.frequencies if count]
        letters = ["·" if not count else TALL[max(round(8 * count / high), 1) - 1] for count in entry.frequencies]
        assert spread["ink"] == "".join(letters)
        for cell, share in ((own, entry.unique_share), (others, (entry.uniques_with_others or 0) / entry.rows)):
            if entry.uniques_with_others is None and cell is others:
                assert cell["words"] == ""
                continue
            assert cell["bars"] == [pytest.approx(100 * share, abs=0.051)]
            assert float(cell["stated"][0]) == cell["bars"][0]
            assert cell["words"] == pk.view.parts.words.percent(share)
            assert len(cell["ink"]) == 5
            assert (cell["ink"] == "·" * 5) == (share == 0)


def test_the_matrix_is_that_of_the_pairs(found):
    drawn = Drawn(found._repr_html_())
    heads = next(cells for cells in drawn.rows if [cell["words"] for cell in cells[1:]] == found.qi)
    matrix = drawn.rows[drawn.rows.index(heads) + 1 :][: len(found.qi)]
    for place, (cells, name) in enumerate(zip(matrix, found.qi, strict=True)):
        assert cells[0]["words"] == name
        for other, cell in zip(found.qi, cells[1:], strict=True):
            if found.qi.index(other) > place:
                assert cell["words"] == ""
                continue
            rows = found[name].frequencies[0] if other == name else found.pairs[other, name]
            assert cell["words"] == pk.view.parts.words.percent(rows, found.rows)
            assert cell["bars"] == ([pytest.approx(100 * rows / found.rows, abs=0.051)] if rows else [])


def heads_of(told) -> list[list[str]]:
    return [list(block.heads) for block in sheet_of(told).blocks if isinstance(block, Table) and block.title]


def test_the_matrix_follows_the_roles_that_are_assigned(found):
    told = found.assign("sex", role="other")
    assert heads_of(told) == [["", "zip", "age"]]
    assert heads_of(told.assign("age", role="other")) == []


def test_other_columns_are_folded_but_not_those_that_single_rows_out(found):
    open_, folded = (block for block in sheet_of(found).blocks if isinstance(block, Table) and block.facts)
    names = [[row[0].cells[0].text for row in block.filled()] for block in (open_, folded)]
    assert names == [["email", "zip", "age", "sex", "religion", "reading"], ["visits"]]
    assert (open_.folded, folded.folded) == ("", "1 other column")
    for row in (*open_.filled(), *folded.filled()):
        assert isinstance(row[1], Spread)
        assert isinstance(row[2], Pile)
        assert isinstance(row[2].cells[1], Meter)
        assert isinstance(row[4], Folded)
        assert row[4].reasons


def test_where_styles_are_dropped_numbers_chips_and_bars_in_letters_are_left(found):
    plain = re.sub(r"<style>.*?</style>| style=\"[^\"]*\"|<[^>]+>", "", found._repr_html_(), flags=re.S)
    for words in ("● direct identifier", "◆ quasi-identifier", "■ sensitive", "○ other", "▲ high", "Use these roles"):
        assert words in plain
    assert sum(plain.count(letter) for letter in "█▚▏") > 10


# -- the text ------------------------------------------------------------------------------------------------------


def test_the_text_says_each_thing_once_in_eighty_columns(found):
    lines = repr(found).splitlines()
    told = [line for line in lines if not line.startswith("next: ")]
    assert len(set(told)) == len(told)
    assert max(map(len, told)) <= 80 or max(told, key=len).startswith(("8 columns", "7 columns"))
    for name in ("email", "zip", "age", "sex", "religion", "reading"):
        (line,) = (line for line in told if re.match(rf"  [▲△–]  {name} ", line))
        shares = [found[name].unique_share]
        if found[name].uniques_with_others is not None:
            shares.append(found[name].uniques_with_others / found.rows)
        bars = re.findall(r"[▏▎▍▌▋▊▉█·]{5}", line)
        for bar, share in zip(bars, shares, strict=True):
            length = sum(BARS.find(letter) for letter in bar if letter != "·") / 40
            assert length == pytest.approx(share, abs=1 / 40)
            assert pk.view.parts.words.percent(share) in line
    assert not any("visits" in line for line in told)


def test_a_wide_table_has_a_short_text():
    frame = pd.DataFrame({f"zip{n}": [n] * 5 for n in range(60)})
    told = repr(frame.privacy.audit(roles=dict.fromkeys(frame, "quasi")))
    assert "  … and 48 more" in told
    assert len(told.splitlines()) < 20


# -- the code ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_the_roles_as_code_run_as_they_stand_and_give_these_roles(engine):
    odd = people().rename(columns={"sex": 'sex\'s "kind"\\'})
    df = there(odd, engine)
    given = pk.audit(df, roles={"visits": "sensitive", "zip": "other"})
    (code,) = (block for block in sheet_of(given).blocks if isinstance(block, Typed))
    space = {"df": df, "pk": pk}
    exec(code.lines, space)
    assert [entry.role for entry in space["inventory"]] == [entry.role for entry in given]
    assert "kanon" in code.lines
    assert code.lines not in repr(given)


def test_code_that_nobody_would_type_is_left_out():
    frame = pd.DataFrame({f"{'long' * 20}{n}": [1, 2] for n in range(60)})
    told = sheet_of(frame.privacy.audit(roles=dict.fromkeys(frame, "quasi")))
    assert not [block for block in told.blocks if isinstance(block, Typed)]
    assert not [
        block for block in sheet_of(pd.DataFrame({"x": [1]}).privacy.audit()).blocks if isinstance(block, Typed)
    ]


def test_an_inventory_without_pictures_is_shown_without_them():
    told = pk.Inventory.from_yaml("privkit_inventory: 1\ncolumns:\n- name: zip\n  role: quasi\n")
    assert "not counted" in told._repr_html_()
    assert "not counted" in repr(told)
    assert "pk-spread" not in re.sub(r"<style>.*?</style>", "", told._repr_html_(), flags=re.S)


def test_each_column_tells_its_type_and_its_different_and_missing_values_and_no_value():
    frame = pd.DataFrame({"zip": ["8004", "8005", None] * 9, "when": pd.Timestamp("2020-02-03"), "n": range(27)})
    page = pk.audit(frame)._repr_html_()
    for told in ("str, 2 different, 9 missing", "datetime64[us], 1 different", "int64, 27 different"):
        assert told in page
    assert not any(value in page for value in ("8004", "8005", "2020-02-03"))
    assert "str, 0 different" in pk.audit(frame.head(0))._repr_html_()
    one = pk.audit(pd.DataFrame({"zip": [None, None]}))
    assert "object, 0 different, 2 missing" in one._repr_html_()


def test_the_text_has_the_type_of_each_column(found):
    lines = repr(found).splitlines()
    for name in (*found.direct, *found.qi, *found.sensitive):
        (line,) = [line for line in lines if line.split()[1:2] == [name]]
        assert line.split()[3] == found[name].dtype == str(people(1)[name].dtype)
