"""A value says one thing, whoever renders its sheet: the figures of its text are those of its HTML and of its plot."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from pinned_views import GOLDEN, without_what_differs

from privkit.values.show import Paneled
from privkit.view import text
from privkit.view.parts.sheet import Sheet, Table, Verdict, sheet_of
from privkit.view.plots.kinds import mark

DOCS = Path(__file__).parents[2] / "docs"
_FIGURE = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e-?\d+)?")
#: Plots that draw what no text has room for: a figure per column or per node, or one that a met criterion leaves out.
_MORE = re.compile(
    r"add_noise|microaggregate|pram|rank_swap|round_to|top_bottom|evaluation|generalize|ksets|lattice|check_|plan_describe"
)
#: What a panel shows is drawn for where it stands at the moment; its tests are in tests/view.
SHOWN = sorted(path.stem for path in GOLDEN.glob("*.html") if not path.name.startswith(("panel", "simulated_panel")))
#: Registers are read from the ledger when they are shown.
REGISTERS = {"sharing", "subject_requests", "measurements", "trail"}
#: Their ledger is gone with its folder when the tests begin.
STILL = [name for name in SHOWN if not name.startswith(("project_", "ledger_")) and name not in REGISTERS]


def figures(words: str) -> set[str]:
    return {found.rstrip(",") for found in _FIGURE.findall(words)}


def without_tags(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", markup))


@pytest.mark.parametrize("name", SHOWN)
def test_text_html_and_plot_show_the_same_figures(shown, name):
    """What the text says of, but leaves out ("… and 15 more"), may stand in the HTML."""
    files = shown[0]
    lines = [line for line in files[f"{name}.txt"].splitlines() if not line.startswith(("next: ", "  … and "))]
    told, seen = figures("\n".join(lines)), figures(without_tags(files[f"{name}.html"]))
    assert told <= seen, f"its HTML lacks {sorted(told - seen)}"
    if (plot := files.get(f"{name}.plot.txt")) and not _MORE.match(name):
        drawn = figures("\n".join(line for line in plot.splitlines() if line.startswith(("title: ", "text: "))))
        assert drawn <= told | seen, f"its plot alone says {sorted(drawn - told - seen)}"


@pytest.mark.parametrize("name", STILL)
def test_html_has_the_words_of_the_text(shown, name):
    """The answer, each reason, and what to type next stand in the HTML as they do in the text, in that order."""
    value = shown[1][name]
    page = " ".join(without_tags(shown[0][f"{name}.html"]).split())
    found = sheet_of(value)
    assert found is not None
    if name.startswith(
        ("plan_", "simulated_plan")
    ):  # a plan tells what its ledger says now, and that is gone with its folder
        *told, steps = shown[0][f"{name}.txt"].splitlines()
        said = [*told, *steps.removeprefix("next: ").split(" · ")]
    else:
        said = [found.answer, *(block for block in found.blocks if isinstance(block, str)), *found.then]
    place = 0
    for words in said:
        place = page.index(" ".join(without_what_differs(words).split()), place)


def test_the_gallery_shows_every_kind_of_result(shown):
    pages = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    named = re.findall(r"{privkit-gallery} (\w+)", pages)
    assert set(named) <= set(shown[1])
    kinds = {type(value).__name__ for name, value in shown[1].items() if f"{name}.html" in shown[0]}
    assert kinds - {type(shown[1][name]).__name__ for name in named} == set()


def test_what_has_a_panel_says_so_in_what_to_type_next(shown):
    for name, value in shown[1].items():
        steps = sheet_of(value).then if isinstance(value, Paneled) else ()
        assert not steps or steps[-1] == ".panel()", name


def test_sheets_hold_no_markup(shown):
    for name, value in shown[1].items():
        # An odometer reads its entries when it is shown, and its ledger is gone.
        found = sheet_of(value) if name in SHOWN and name != "odometer" else None
        for block in found.blocks if found else ():
            assert "privkit.view.html" not in type(block).__module__
            for row in block.filled() if isinstance(block, Table) else ():
                assert not [cell for cell in row if type(cell).__name__ == "Markup"], name


def test_a_verdict_is_that_of_the_answer(shown):
    """Where a sheet has one verdict and its answer says "short" or "not", neither contradicts the other."""
    judged = 0
    for name in STILL:
        found = sheet_of(shown[1][name])
        verdicts = [block.met for block in found.blocks if isinstance(block, Verdict)] if found else []
        if len(verdicts) == 1 and re.match("kanon|ldiv|tclose|alpha|beta|delta|kmap", name):
            judged += 1
            assert verdicts[0] is not (" short of " in found.answer)
    assert judged > 5


def test_every_drawing_has_a_renderer():
    from privkit.view.parts import chart

    kinds = [kind for kind in vars(chart).values() if isinstance(kind, type) and kind is not chart.Chart]
    kinds = [kind for kind in kinds if kind.__module__ == chart.__name__]
    assert len(kinds) > 8
    assert set(kinds) <= set(mark.registry)


def test_a_text_is_the_sheet_from_its_answer_to_what_is_next():
    sheet = Sheet("answer", ("reason", "", Verdict(True, "k is met")), [".a()", ".b()"])
    assert text.text_of(sheet) == "answer\nreason\nnext: .a() · .b()"
