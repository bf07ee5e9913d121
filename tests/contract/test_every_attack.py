"""Every attack goes every way: report, text, HTML, plot, panel, by class, planted leaks; and finds what it is for."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
import pytest

import privkit as pk
from privkit import attacks
from privkit.attacks.claims import Attack, words_of
from privkit.attacks.models.report import ModelAttackReport
from privkit.attacks.releases import ReleaseAttacker
from privkit.attacks.scores import TableAttacker
from privkit.values.kinds import read_all

mpl.use("Agg")
read_all(attacks)

#: What they are built on, by the report that holds them.
BENCHES = {"AttackReport": TableAttacker, "ReleaseAttackReport": ReleaseAttacker}


@pytest.fixture(scope="module")
def reports():
    people = pk.example("adult").iloc[:800]
    members, others = people.iloc[:400], people.iloc[400:]
    counted = pd.DataFrame({"zip": [n % 9 for n in range(240)], "ill": [n % 7 < 2 for n in range(240)]})
    return {
        "AttackReport": pk.attack(members, members, control=others),
        "ReleaseAttackReport": pk.attack_release(
            counted, lambda data, column: data[column].value_counts(), "ill", targets=30, repeats=2
        ),
    }


@pytest.mark.parametrize("name", BENCHES)
def test_each_attack_of_a_bench_is_in_its_report_and_shown_with_its_words(reports, name):
    report, kinds = reports[name], BENCHES[name].kinds()
    assert list(report) == list(kinds), f"{name} holds other attacks than those that are defined"
    assert report.plot() is not None
    assert report.panel() is not None
    mpl.pyplot.close("all")
    for one, kind in kinds.items():
        assert words_of(one) == kind.words
        assert f"{kind.words:<20}" in repr(report), f"{kind.__name__}: the text of {name} lacks its words"
        assert kind.words in report._repr_html_(), f"{kind.__name__}: the page of {name} lacks its words"
        assert report[one].needs.partition(";")[0] in repr(report)
        assert report[one].name == one


@pytest.mark.parametrize("name", BENCHES)
def test_each_attack_finds_a_leak_of_everybody_and_nothing_where_there_is_none(reports, name):
    for one in reports[name].values():
        assert one.power is not None, f"{one.name} does not find even a copy of everything"
        assert one.planted[1.0].found
        assert one.planted[0.0].at(0.999)[0] <= 0


def test_whom_each_attack_finds_is_told_by_class(reports):
    for one in TableAttacker.kinds():
        parts = reports["AttackReport"].by_class(one)
        assert sum(part.rate.n for part in parts.parts) == reports["AttackReport"][one].rate.n
        assert words_of(one).capitalize() in repr(parts)


def test_every_attack_is_of_a_bench_or_of_models():
    benches = [kind for bench in BENCHES.values() for kind in bench.kinds().values()]
    of_models = {kind.name for kind in Attack.KINDS.values() if kind not in benches}
    told = ModelAttackReport.__doc__ or ""
    assert all(f'``"{name}"``' in told for name in of_models), "ModelAttackReport does not tell of an attack of its own"


def test_an_attack_that_leaves_out_what_it_must_say_is_refused_where_it_is_defined():
    known = dict(Attack.KINDS)
    whole = {"scored": classmethod(lambda cls, seen: None)}
    for base, more, lacking in [
        (TableAttacker, {"name": "x"}, "'scored', 'words', 'needs'"),
        (TableAttacker, {**whole, "words": "x", "needs": "y"}, "'name'"),
        (Attack, {"name": "x", "words": "x"}, "'needs'"),
    ]:
        with pytest.raises(TypeError, match=f"New is no whole attack: it lacks {lacking}"):
            type("New", (base,), more)
    assert known == Attack.KINDS
