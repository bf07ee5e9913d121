"""Earlier forms of a question are looked for where a ledger can hold them, and nowhere else."""

import pandas as pd
import pytest

import privkit as pk

PEOPLE = pd.DataFrame({"age": [31, 42, 53, 64], "city": list("abab")})
BOUNDED = {"bounds": (0, 99), "epsilon": 1}
ASKED = {
    "a median": lambda ask: ask.dp_median("age", **BOUNDED),
    "by groups": lambda ask: ask.dp_median("age", "city", keys=["a", "b"], **BOUNDED),
    "several": lambda ask: ask.dp_quantile("age", [0.25, 0.5], **BOUNDED),
    "of groups that show up": lambda ask: ask.dp_median("age", "city", delta=1e-6, **BOUNDED),
    "the most frequent": lambda ask: ask.dp_top_k("city", 4, keys=list("abcdef"), epsilon=1),
}


def opened(path):
    return pk.open_project("forms", epsilon=10, delta=1e-3, unit=pk.ROW, store=path)


@pytest.mark.parametrize("name", ASKED)
def test_forms_are_made_where_the_ledger_holds_one(ledger_path, name, monkeypatch):
    project, ask = opened(ledger_path), ASKED[name]
    monkeypatch.setattr(type(project.account), "holds", lambda *_: True)
    _, *forms = ask(PEOPLE.privacy.plan).asked_as()
    assert forms
    monkeypatch.undo()
    # What this version asks itself is no reason to look for what earlier ones asked.
    ask(PEOPLE.privacy.plan).release()
    assert [*ask(PEOPLE.privacy.plan).asked_as()][1:] == []
    # What they asked, in the words in which they wrote it, is: in a program that opens the ledger after it was written.
    for number, form in enumerate(forms):
        other = ledger_path.with_name(f"{number}.db")
        account = opened(other).account
        account.reserve(None, form.canonical(), form.loss)
        opened(other)
        assert [one.canonical() for one in ask(PEOPLE.privacy.plan).asked_as()][1:] == [f.canonical() for f in forms]


def test_bounds_whose_marks_do_not_tell_are_looked_for(ledger_path):
    opened(ledger_path)
    assert len([*PEOPLE.privacy.plan.dp_bounds("age", epsilon=1).asked_as()]) == 2
