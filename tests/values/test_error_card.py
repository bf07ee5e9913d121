"""Errors a person reads: in IPython a card and the person's own line, in Python what Python shows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import privkit as pk
from privkit.errors import KeysError, ParameterError, PrivkitError
from privkit.errors.card import PLAIN, Said, Style, card, chained, own_lines

ERRORS = json.loads((Path(__file__).parents[1] / "contract" / "errors.json").read_text(encoding="utf-8"))
SECRET = "Klara Tell"
PRELUDE = f"""
import os, pandas as pd, privkit as pk
frame = pd.DataFrame({{"name": ["{SECRET}", "x"] * 20, "age": range(40)}})
project = pk.open_project("cards", epsilon=1, unit=pk.ROW, store="ledger.db")
"""


def messages():
    def walk(value):
        if isinstance(value, str):
            yield value
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from walk(part)

    return [re.sub(r"^\w+Error: ", "", text).replace("\nNo budget was spent.", "") for text in walk(ERRORS)]


def test_no_word_of_a_message_is_lost_or_added():
    assert len(messages()) > 90
    for text in messages():
        shown = card(PrivkitError(text))
        body = [line.removeprefix("why     ").removeprefix("type    ") for line in shown[1:-2]]
        assert " ".join(body).split() == text.split()
        assert " ".join(Said.of(text)).split() == text.split()


def test_most_messages_tell_apart_what_is_wrong_and_what_to_type():
    told = [Said.of(text) for text in messages() if len(text) > 60]
    assert sum(bool(said.then) for said in told) > len(told) / 2
    assert Said.of("x() got a=1. That is odd. Example: a=2.") == ("x() got a=1.", "That is odd.", "Example: a=2.")
    assert Said.of("two things:\n- one\n- two") == ("two things:\n- one\n- two", "", "")
    assert Said.of("") == ("", "", "")


def test_a_word_that_can_be_copied_stays_whole():
    long = "df.loc[:,~df.columns.duplicated()].privacy.dp_count(" + "a" * 200 + "-b)"
    assert any(long in line for line in card(ParameterError(f"x() got one. Use {long}"), width=40))


def raised():
    try:
        try:
            {}[SECRET]
        except KeyError:
            try:
                raise ValueError(SECRET)
            except ValueError:
                raise KeysError("x() got two.", budget="No budget was spent.")  # noqa: B904
    except PrivkitError as error:
        return error


def test_errors_in_a_chain_are_told_by_their_kinds_without_their_texts():
    error = raised()
    assert [type(link) for link in chained(error)] == [ValueError, KeyError]
    text = "\n".join(card(error))
    assert "ValueError" in text
    assert "KeyError" in text
    assert SECRET not in text
    assert "{}[SECRET]" in text, "their lines are the person's"
    cause = ParameterError("the cause, in our words")
    error.__cause__ = cause
    assert "the cause, in our words" in "\n".join(card(error))
    cause.__cause__ = error  # a ring
    assert list(chained(error)) == [cause]


def test_colors_are_around_words_and_change_none():
    error = raised()
    colored = "\n".join(card(error, Style()))
    assert "\x1b[1mKeysError\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == "\n".join(card(error, PLAIN))


def test_the_line_is_the_persons_whole_statement():
    # fmt: off
    with pytest.raises(PrivkitError) as caught:
        pk.open_project(
            "x", epsilon="two",
            unit=pk.ROW,
        )
    # fmt: on
    place = own_lines(caught.value.__traceback__)[-1]
    assert place.where.endswith("test_error_card.py")
    assert any('"x", epsilon="two",' in line for line in place.source)
    assert place.source[-1].strip().startswith(")")


# -- a real kernel -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Run some cells in a kernel: for each, the errors' tracebacks, without colors."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    folder = tmp_path_factory.mktemp("kernel")
    sources = {
        "prelude": PRELUDE,
        "plain": "frame.privacy.dp_count('name', epsilon=0.1)",
        "inner": "def tell(data):\n    return data.privacy.dp_mean(\n        'age', epsilon=0.1,\n    )\n\ntell(frame)",
        "chained": "try:\n    {}[frame['name'][0]]\nexcept KeyError:\n    frame.privacy.dp_count(epsilon=5)",
        "again": "%tb",
        "whole": "%tb Plain",
        "foreign": "frame['nothing']",
        "nocolor": "%colors nocolor\nframe.privacy.dp_count(eps=1)",
    }
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources.values()])
    resources = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(notebook, allow_errors=True, kernel_name="python3", resources=resources).execute()
    return {
        name: ["\n".join(out.traceback) for out in cell.outputs if out.output_type == "error"]
        for name, cell in zip(sources, notebook.cells, strict=True)
    }


def bare(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_notebook_shows_the_card_and_the_persons_own_line(cells):
    assert cells["prelude"] == []
    (shown,) = cells["plain"]
    assert "\x1b[1mKeysError" in shown
    lines = bare(shown).splitlines()
    assert lines[:2] == ["KeysError", "dp_count(by='name') needs keys=: the groups to release, as a public fact."]
    assert "budget  No budget was spent." in lines
    assert any(line.startswith("type    Example: keys=") for line in lines)
    place = lines.index("your line: Cell In[2], line 1")
    assert lines[place + 1] == "    frame.privacy.dp_count('name', epsilon=0.1)"
    assert lines[-1] == "The whole traceback: %tb Plain"
    assert len(lines) < 15
    assert "privkit/" not in shown


def test_it_shows_where_a_person_began_and_where_it_ended(cells):
    lines = bare(cells["inner"][0]).splitlines()
    assert lines[lines.index("your line: Cell In[3], line 6") + 1] == "    tell(frame)"
    then = lines.index("then: Cell In[3], line 2")
    assert lines[then + 1 : then + 4] == ["    return data.privacy.dp_mean(", "        'age', epsilon=0.1,", "    )"]


def test_chained_errors_show_no_cell_value(cells):
    (shown,) = cells["chained"]
    assert "InsufficientBudgetError" in shown
    assert "It came while this was handled: KeyError" in bare(shown)
    assert "{}[frame['name'][0]]" in shown
    assert SECRET not in shown


def test_the_whole_traceback_is_there_on_demand_and_other_errors_are_as_ever(cells):
    assert bare(cells["again"][0]) == bare(cells["chained"][0])
    (whole,) = cells["whole"]
    assert "privkit/accessor.py" in bare(whole)
    assert "privkit/budget/odometer.py" in bare(whole)
    assert "most recent call last" in whole
    assert "Traceback" in bare(cells["foreign"][0])
    assert "pandas" in cells["foreign"][0]


def test_without_colors_there_are_none(cells):
    (shown,) = cells["nocolor"]
    assert "\x1b" not in shown
    assert shown.startswith("CallError\ndp_count() has no parameter 'eps'.")


def test_a_card_that_fails_hides_no_error(cells, monkeypatch):
    error = raised()
    monkeypatch.setattr("privkit.errors.card.rendered", lambda error: 1 / 0)
    shown = "\n".join(error._render_traceback_())
    assert "Traceback (most recent call last)" in shown
    assert "x() got two." in shown


def run(command, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(f"{PRELUDE}\nframe.privacy.dp_count('name', epsilon=0.1)\n")
    found = subprocess.run(
        [sys.executable, *command, str(script)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    return found.stdout + found.stderr


def test_plain_python_is_untouched(tmp_path):
    shown = run([], tmp_path)
    assert shown.startswith("Traceback (most recent call last):")
    assert "privkit/accessor.py" in shown
    assert "privkit.errors.arguments.KeysError: dp_count(by='name') needs keys=" in shown


def test_a_terminal_with_ipython_shows_the_card(tmp_path):
    pytest.importorskip("IPython")
    shown = bare(run(["-m", "IPython", "--no-banner", "--simple-prompt"], tmp_path))
    assert "your line: script.py, line 6" in shown
    assert "    frame.privacy.dp_count('name', epsilon=0.1)" in shown
    assert "accessor.py" not in shown


def test_a_notebook_turned_into_html_shows_the_card(tmp_path):
    nbformat, nbconvert = pytest.importorskip("nbformat"), pytest.importorskip("nbconvert")
    error = nbformat.v4.new_output("error", ename="KeysError", evalue="x", traceback=card(raised(), Style()))
    cell = nbformat.v4.new_code_cell("x()", outputs=[error])
    html, _ = nbconvert.HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert "KeysError" in html
    assert "The whole traceback" in html
    assert "\x1b" not in html
