"""What a terminal shows, and a pipe does not."""

from __future__ import annotations

import io
import os
import re

import pytest

from privkit.cli import main
from privkit.commands.telling import shown

REPORT = (
    "k = 1: the smallest of 3 classes has 1 row\n▲ " + "words of a long line " * 8 + "\nnext: privkit risk " + "x" * 99
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _width(monkeypatch):
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((80, 24)))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_pipe_gets_the_plain_text():
    assert shown(REPORT, io.StringIO()) == REPORT


def test_a_terminal_gets_colors_and_lines_that_fit():
    told = shown(REPORT, Terminal())
    assert told.startswith("\x1b[1mk = 1: the smallest of 3 classes has 1 row\x1b[0m\n\x1b[31m▲\x1b[0m words")
    plain = re.sub(r"\x1b\[\d*m", "", told).splitlines()
    assert all(len(line) <= 80 for line in plain[:-1])
    assert plain[-1] == REPORT.splitlines()[-1]  # to be copied whole
    assert " ".join(" ".join(plain).split()) == " ".join(REPORT.split())


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colors_gets_none(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert "\x1b" not in shown(REPORT, Terminal())


def test_what_is_laid_out_by_spaces_is_not_wrapped():
    table = "title\n  name   " + "·" * 90
    assert shown(table, Terminal()).endswith(table.splitlines()[1])


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        ("anonimize c.csv", "Did you mean anonymize?"),
        ("kanon c.csv --qi zip --unti who", "Did you mean --unit?"),
        ("anonymize c.csv --qi zip --k 5 --supress 0 --out o.csv", "Did you mean --suppress?"),
        ("anonymize c.csv --qi zip --k 5 --method locla --out o.csv", "Did you mean local?"),
    ],
)
def test_a_mistyped_word_is_told_with_what_was_meant(capsys, command, meant):
    with pytest.raises(SystemExit) as ended:
        main(command.split())
    assert ended.value.code == 2
    assert meant in capsys.readouterr().err


def test_nothing_is_suggested_where_nothing_is_close(capsys):
    with pytest.raises(SystemExit):
        main(["zzz"])
    assert "Did you mean" not in capsys.readouterr().err
