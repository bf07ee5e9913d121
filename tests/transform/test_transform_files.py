"""Hierarchies in a TOML file: what is written is read again."""

from __future__ import annotations

import pandas as pd
import pytest

from privkit.errors import ParameterError
from privkit.transform.anonymize import anonymize
from privkit.transform.files import read_hierarchies, write_hierarchies
from privkit.transform.hierarchy import Hierarchy

SOME = {
    "zip": (Hierarchy.redact(length=4), ["8004", "8051"]),
    "age": (Hierarchy.intervals(5, 10, lower=0, upper=100), [17, 34]),
    "band": (Hierarchy.intervals(edges=[[0, 18, 65], [0, 65]]), [17, 34]),
    "day": (Hierarchy.dates("month", "year"), ["2026-01-02", "2025-02-03"]),
    "job": (Hierarchy.from_mapping({'say "hi"': "talk", "dig": "work\\hard"}), ['say "hi"', "dig"]),
    "town of birth": (Hierarchy.rare("REST", below=2), ["Uri", "Zug"]),
    "lat": (Hierarchy.location(0.5, 1), [47.37, 46.2]),
    "sex": (Hierarchy.star(), ["f", "m"]),
}


def test_what_is_written_is_read_again(tmp_path):
    write_hierarchies(tmp_path / "h.toml", {name: hierarchy for name, (hierarchy, _) in SOME.items()})
    again = read_hierarchies(tmp_path / "h.toml")
    assert list(again) == list(SOME)
    for name, (hierarchy, values) in SOME.items():
        assert again[name].to_rows(pd.Series(values)) == hierarchy.to_rows(pd.Series(values))


def test_proposals_of_a_run_are_kept_with_their_notes(tmp_path):
    frame = pd.DataFrame({"age": range(40), "sex": list("fm") * 20})
    first = anonymize(frame, ["age", "sex"], k=3)
    write_hierarchies(tmp_path / "h.toml", first.hierarchies)
    assert "# Proposed from the type of age" in (tmp_path / "h.toml").read_text(encoding="utf-8")
    second = anonymize(frame, ["age", "sex"], k=3, hierarchies=read_hierarchies(tmp_path / "h.toml"))
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert second.proposed_ == ()


def test_csv_files_are_found_beside_the_file(tmp_path):
    (tmp_path / "age.csv").write_text("1;low;*\n2;low;*\n", encoding="utf-8")
    (tmp_path / "h.toml").write_text('[age]\nkind = "csv"\npath = "age.csv"\n', encoding="utf-8")
    assert read_hierarchies(tmp_path / "h.toml")["age"].apply(pd.Series([2]), 1).tolist() == ["low"]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("[age", "no TOML"),
        ('[age]\nkind = "magic"', r"\[age\] kind='magic'"),
        ("age = 5", "kind=None"),
        ('[age]\nkind = "rare"', "what kind = 'rare' takes"),
        ('[age]\nkind = "intervals"\nwidths = [-1]', "positive numbers"),
    ],
)
def test_malformed_files_say_what_is_wrong(tmp_path, content, match):
    (tmp_path / "h.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ParameterError, match=match):
        read_hierarchies(tmp_path / "h.toml")
