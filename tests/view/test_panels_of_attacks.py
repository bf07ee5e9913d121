# ruff: noqa: N806 - X as scikit-learn has it
"""Live panels of attacks: what they show is what the reports say, at the confidence or false alarms that are chosen."""

from __future__ import annotations

from fractions import Fraction
from html import unescape

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.attacks.controls import newcombe
from privkit.risk.attackers import Rate

HOSTILE = "<script>alert(1)</script>"


def people(n: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    few = random.random(n) < 0.3
    return pd.DataFrame(
        {"group": np.where(few, HOSTILE, "many"), "a": np.where(few, random.integers(0, 999, n), 1),
         "b": np.where(few, random.integers(0, 999, n), 1)}
    )  # fmt: skip


@pytest.fixture(scope="module")
def report():
    members = people(200, 1)
    return pk.attack(members, members, control=people(200, 2), columns=["a", "b"], by="group")


def told(panel) -> str:
    return unescape(panel.still()).replace("\xa0", " ")


def test_a_report_is_shown_by_attack_by_class_and_by_group(report):
    panel = report.panel()
    assert "attacks find members" in told(panel)
    assert HOSTILE not in panel.still()
    panel.show(attack="membership", by="people alike")
    assert "by people alike" in told(panel)
    assert "10 to 49" in told(panel) or "50 or more" in told(panel)
    panel.show(by="group")
    assert panel.shown_.by == "group"
    assert "&lt;script" in panel.still()
    assert HOSTILE not in panel.still()
    assert panel.shown_.parts == report.by_group("membership").parts
    assert repr(panel).splitlines()[-1].startswith("next: .shown_.to_frame()")
    assert ".panel()" not in repr(panel)


def test_intervals_are_those_of_the_confidence_that_is_chosen(report):
    panel = report.by_group("membership").panel()
    for confidence in (0.8, 0.95, 0.999):
        panel.show(confidence=confidence)
        for shown, own in zip(panel.shown_.parts, report.by_group("membership").parts, strict=True):
            rates = [Rate(one.hits, one.n, confidence) for one in (own.rate, own.control)]
            assert shown.interval == newcombe(*rates)
        assert f"{100 * confidence:.1f} % (Newcombe)" in told(panel)
        assert f"{100 * confidence:.1f} % confidence" in repr(panel).replace("\xa0", " ")
    whole = report.panel()
    whole.show(confidence=0.999)
    assert whole.shown_["nearest"].interval[0] < report["nearest"].interval[0]
    assert report["nearest"].rate.confidence == 0.95


def test_without_controls_chance_stands_beside():
    members = people(60, 1)
    panel = pk.attack(members, members, columns=["a", "b"]).panel()
    assert len(panel.by.options) == 1
    assert "of chance" in told(panel)
    counts = pk.attack_release(people(200, 3), lambda d, c: d[c].value_counts(), "group", targets=9, repeats=1).panel()
    assert "on these counts" in told(counts)


def test_a_models_members_are_shown_at_any_share_of_false_alarms():
    from sklearn.neighbors import KNeighborsClassifier

    random = np.random.default_rng(0)
    X, y = random.normal(size=(400, 3)), random.integers(0, 2, 400)
    sides = X[:200], X[200:], y[:200], y[200:]
    found = pk.attack_model(KNeighborsClassifier(1), *sides, shadows=8, repairs={HOSTILE: KNeighborsClassifier(50)})
    panel, before = found.panel(), 0.0
    assert found.found_at(0.01).rate == found.strongest.rate
    members, controls = found._scores
    for alarms in panel.alarms.options:
        panel.show(alarms=alarms[1])
        one = found.found_at(alarms[1])
        assert one.rate.observed >= before
        before = one.rate.observed
        # A brute force: each half of the controls judges the other half.
        hits = sum(
            score > np.sort(controls[1 - place % 2 :: 2])[::-1][int(100 * alarms[1])]
            for place, score in enumerate(members)
        )
        assert one.rate.hits == hits
        assert f"{100 * float(alarms[1]):.1f} % of others" in told(panel)
    panel.show(model=HOSTILE)
    assert HOSTILE not in panel.still()
    assert panel._told() != f"{found.found_at(Fraction(1, 2)).rate.observed}"
    with pytest.raises(pk.ParameterError, match="alarms"):
        found.found_at(1.5)
