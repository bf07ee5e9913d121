"""Sheets hold values; the renderers write them, escaped, each in its own way."""

from __future__ import annotations

from fractions import Fraction

import pytest

from privkit.view import html, text
from privkit.view.parts.sheet import (
    Between,
    Budget,
    Code,
    Counted,
    Drawn,
    Hinted,
    Meter,
    Name,
    Note,
    Share,
    Sheet,
    Stacked,
    Table,
    Verdict,
    given,
    sheet,
)

from .test_markup import HOSTILE, Outline

CELLS = {
    "text": "a < b",
    "number": 12345,
    "fraction": 0.25,
    "share": Share(1, 3),
    "meter": Meter(0.5, "half"),
    "counted": Counted(1, 4),
    "between": Between(1000, 2000),
    "shares": Between(0.1, 0.2, shares=True),
    "drawn": Drawn(5, 4, 6, 0, 10),
    "name": Name("zip"),
    "code": Code(".plot()"),
    "hinted": Hinted("k", "a paper"),
    "stacked": Stacked(("one", "two")),
    "lead": Stacked(("do", "because"), lead=True),
    "verdict": Verdict(False, "not met"),
    "nothing": None,
}
SAID = {
    "text": "a < b",
    "number": "12,345",
    "fraction": "0.25",
    "share": "33.3 %",
    "counted": "1 (25.0 %)",
    "between": "1,000 to 2,000",
    "shares": "10.0 % to 20.0 %",
    "name": "zip",
    "code": ".plot()",
    "hinted": "k",
    "stacked": "onetwo",
    "lead": "dobecause",
    "verdict": "✗ not met",
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_reads_as_what_it_is(name):
    shown = html.block(Table(["row", "cell"], [["first", CELLS[name]]]))
    assert Outline(shown).text == f"rowcellfirst{SAID.get(name, '')}"


@pytest.mark.parametrize("hostile", HOSTILE[:5])
def test_words_of_cells_and_blocks_stay_text(hostile):
    cells = [
        *(hostile, Name(hostile), Code(hostile), Hinted(hostile, hostile), Stacked((hostile, hostile))),
        *(Meter(1, hostile), Verdict(True, hostile)),
    ]
    table = Table([hostile] * len(cells), [cells], hostile, facts=True, folded=hostile, whole=[hostile])
    found = Sheet(hostile, (hostile, Note(hostile), Verdict(None, hostile), table), [hostile])
    outline = Outline(html.card_of(found))
    assert not outline.open
    assert not {"script", "img", "svg", "b"} & set(outline.tags)
    assert not any(attribute.startswith("on") or attribute in {"src", "href"} for attribute in outline.attributes)


def test_what_no_text_needs_is_not_counted_for_one():
    counted = []
    table = Table(["a"], lambda: counted.append(1) or [["x"]], lines=["a line"])
    found = Sheet("answer", (table, Note("aloud"), Note("beside", told=False)), chart=lambda: pytest.fail("drawn"))
    assert text.text_of(found) == "answer\na line\naloud"
    assert not counted
    assert "beside" in html.card_of(found)
    assert counted


def test_a_head_stands_over_two_columns_and_a_table_without_rows_is_left_out():
    shown = html.block(Table(["size", "share", None], [["1", Share(1), Meter(1, "all")]]))
    assert 'colspan="2">share' in shown
    assert shown.count("<th ") == 3
    assert html.block(Table(["a"], [])) is None
    assert given(None, "", "reason") == ("reason",)


def test_the_parts_of_a_budget_are_shares_of_it():
    part = Budget("ε", Fraction(2), Fraction("0.5"), Fraction("0.25"), Fraction("1.25"))
    shown = html.block(part)
    assert 'style="width: 25.00%"' in shown
    assert 'style="width: 12.50%"' in shown
    assert "ε: 0.5 spent, 0.25 reserved, 1.25 left of 2" in Outline(shown).text
    assert Budget("δ", Fraction(0), Fraction(0), Fraction(0), Fraction(0)).share(Fraction(0)) == 0


def test_what_says_nothing_is_refused():
    with pytest.raises(TypeError, match="int has no sheet"):
        sheet(3)
