"""Persons, what is released of them, and what is read of a package of that."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile

import pandas as pd

CANARY = "CANARY-7f3a"
PLANS = ["basic", "=plus", "@home"]
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
FORMULA = tuple("=+-@＝＋－＠")
BLANK = re.compile('^[\\s\x00-\x1f\u200b\ufeff"]*')
#: Enough ε that a noisy count of 0 groups is what it is: these tests are not about noise.
PEOPLE = pd.DataFrame(
    {
        "zip": [CANARY, CANARY, "8005", "8005"] * 30,
        "age": [30, 31, 40, 41] * 30,
        "plan": PLANS * 40,
        "spend": [1.5, 2.5, 3.5] * 40,
    }
)
AGREED = {"recipient": "Uni Bern", "purpose": "teaching", "basis": "contract", "expires": "2999-12-31"}


def counted(project, **how):
    return PEOPLE.privacy.dp_count("plan", keys=PLANS, epsilon=1, project=project, **how)


def rows_of(text, delimiter=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def cells_run(text):
    """Return the cells that a spreadsheet would run, blanks before them or not, however the country divides lists."""
    # Divided otherwise, what begins with a number goes on with the comma after it, and is no formula.
    cells = [(cell, cell) for row in rows_of(text) for cell in row]
    cells += [(cell, cell.partition(",")[0]) for delimiter in ";\t" for row in rows_of(text, delimiter) for cell in row]
    begun = [cell for row in rows_of(text) for cell in row if cell.startswith(("\t", "\r", "\n"))]
    return begun + [
        cell for cell, number in cells if BLANK.sub("", cell).startswith(FORMULA) and not NUMBER.fullmatch(number)
    ]


def members(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def assert_checksums_hold(path):
    found = members(path)
    sums = [line.split("  ", 1) for line in found.pop("SHA256SUMS").splitlines()]
    assert {name: digest for digest, name in sums} == {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in found.items()
    }
    return found
