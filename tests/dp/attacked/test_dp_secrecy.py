"""Nothing private in any observable: canaries in every cell, looked for in all that a call leaves behind."""

import inspect
import logging
import pickle
import re
import traceback
import warnings

import numpy as np
import pandas as pd
import pytest
from dp_asking import exact
from dp_attacked import FUNCTIONS

import privkit as pk
from privkit.dp.question import Question
from privkit.project import release as releasing

CANARY = "CANARY-7f3a"
#: A number that no noise, scale or version shows by chance: in full, as NumPy shows it, or its bits. Fewer of its
#: digits are among those of a hundred noisy numbers, and of keys in hexadecimal digits, in one of some thousand runs.
NUMBER = 3.7129348571
TOLD = (CANARY, str(NUMBER), f"{NUMBER:.8f}", np.float64(NUMBER).hex()[4:14])
PATTERN = re.compile("|".join(map(re.escape, TOLD)))


def planted(rows=40):
    """A frame whose every cell is private."""
    return pd.DataFrame(
        {
            "who": [f"{CANARY}-{row % 7}" for row in range(rows)],
            "k": [f"{CANARY}-k{row % 3}" for row in range(rows)],
            "g": [f"{CANARY}-g{row % 2}" for row in range(rows)],
            "x": [NUMBER] * rows,
        }
    )


def asked(name):
    """The call of a function, with public keys that fit columns of text."""
    call = dict(FUNCTIONS[name][1])
    if name in ("dp_crosstab", "dp_chi2", "dp_logistic", "dp_synthetic", "dp_tables"):
        call["keys"] = {"k": ["a", "c"], "g": ["b", "d"]}
    return call


@pytest.fixture(params=["row", "person"])
def project(request, ledger_path):
    unit = {"unit": pk.ROW} if request.param == "row" else {"unit": "who", "max_rows": 3}
    return pk.open_project("p", epsilon=50, store=ledger_path, **unit)


def left_behind(project, ledger_path, privkit_state, *shown):
    """Every byte that a call leaves: texts, HTML, frames, pickles, the ledger and the state folder."""
    texts = []
    for value in (*shown, project, project.ledger):
        texts += [repr(value), str(value)]
        for form in ("_repr_html_", "to_frame"):
            if hasattr(value, form):
                made = getattr(value, form)()
                texts.append(made if isinstance(made, str) else made.to_csv())
    files = [path for folder in (ledger_path.parent, privkit_state) for path in folder.rglob("*") if path.is_file()]
    assert ledger_path in files
    texts += [path.read_bytes().decode("latin-1") for path in files]
    return "\n".join(texts)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.sample(0.25)
def test_e41_e44_an_answer_leaves_no_private_value_anywhere(
    project, ledger_path, privkit_state, capsys, caplog, recwarn, name
):
    caplog.set_level(logging.DEBUG)
    warnings.simplefilter("always")
    frame = planted()
    plan = getattr(pk.plan, name)(frame, **asked(name), epsilon=0.01)
    release = FUNCTIONS[name][0](frame, **asked(name), epsilon=0.01)
    held = pickle.dumps(release)
    texts = left_behind(project, ledger_path, privkit_state, plan, release)
    for text in (texts, held.decode("latin-1"), *capsys.readouterr(), caplog.text, *(str(w.message) for w in recwarn)):
        assert not PATTERN.search(text)
    again = pickle.loads(held)
    assert repr(again.value) == repr(release.value)
    assert again.plan.run is None
    assert dict(again.provenance) == dict(release.provenance)


CAUSES = {
    "value": ValueError(CANARY),
    "key": KeyError(CANARY),
    "type": TypeError(CANARY),
    "memory": MemoryError(CANARY),
    "recursion": RecursionError(CANARY),
    "unicode": UnicodeEncodeError("utf-8", CANARY, 0, 1, CANARY),
    "ours": pk.ParameterError(CANARY),
}


def failing(monkeypatch, cause):
    def rows(*_):
        raise cause

    monkeypatch.setattr(Question, "rows", rows)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.sample(0.2)
def test_d36_whatever_fails_in_reading_is_told_in_the_same_words_and_charged(
    project, ledger_path, privkit_state, monkeypatch, capfd, caplog, recwarn, name
):
    caplog.set_level(logging.DEBUG)
    frame, told = planted(), set()
    for turn, cause in enumerate(CAUSES.values(), start=1):
        failing(monkeypatch, cause)
        with pytest.raises(pk.MeasurementError) as caught:
            FUNCTIONS[name][0](frame, **asked(name), epsilon=0.5, again=True)
        error = caught.value
        assert error.__cause__ is None
        assert error.__context__ is None
        assert not PATTERN.search("".join(traceback.format_exception(error)))
        told.add(str(error).replace(f"entry {turn})", "entry N)"))
        assert project.spent.epsilon == turn / 2
        kept = project.account.entries()[-1]
        assert (kept.seq, kept.state, kept.answer) == (turn, "failed", None)
    assert len(told) == 1
    assert len({entry.kind for entry in project.account.entries()}) == 1
    for text in (left_behind(project, ledger_path, privkit_state), *capfd.readouterr(), caplog.text):
        assert not PATTERN.search(text)
    assert not [w for w in recwarn if PATTERN.search(str(w.message))]


def test_d36_the_frames_of_a_failure_hold_no_tally(project, monkeypatch):
    """What a debugger sees of a failed release: the user's own frame and public facts, no number made of the rows."""
    frame = planted()

    failing(monkeypatch, ValueError(CANARY))
    with pytest.raises(pk.MeasurementError) as caught:
        FUNCTIONS["dp_count"][0](frame, epsilon=0.5)
    seen, place = [], caught.value.__traceback__.tb_next
    while place is not None:
        own = place.tb_frame.f_locals.values()
        seen += [v for v in own if v is not frame and not (isinstance(v, tuple) and any(one is frame for one in v))]
        place = place.tb_next
    assert seen
    assert not PATTERN.search(repr([value for value in seen if not isinstance(value, tuple)]))
    assert not any(isinstance(value, np.ndarray | list) for value in seen)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.sample(0.2)
def test_d37_an_interrupt_is_charged_and_orphaned(project, monkeypatch, capfd, name):
    failing(monkeypatch, KeyboardInterrupt(CANARY))
    with pytest.raises(KeyboardInterrupt) as caught:
        FUNCTIONS[name][0](planted(), **asked(name), epsilon=0.5)
    assert not PATTERN.search("".join(traceback.format_exception(caught.value)))
    assert project.spent.epsilon == 0.5
    assert [entry.state for entry in project.account.entries()] == ["orphaned"]
    assert not PATTERN.search("".join(capfd.readouterr()))


def test_d38_how_long_it_took_is_told_nowhere(project, monkeypatch, capfd):
    from privkit.dp import measurement as stability

    exactly = stability.exact_cells
    outputs = []
    for pause in (0, 1.2):

        def slow(*args, pause=pause, **kwargs):
            import time

            time.sleep(pause)
            return exactly(*args, **kwargs)

        monkeypatch.setattr(stability, "exact_cells", slow)
        release = FUNCTIONS["dp_count"][0](planted(), epsilon=0.5, again=True)
        facts = {**dict(release.provenance), "time": None, "entry": None}
        outputs.append((facts, sorted(vars(release)), list(project.ledger.to_frame()), capfd.readouterr()))
    assert outputs[0] == outputs[1]
    assert not re.search("duration|elapsed|seconds", repr(outputs))


def test_e41_the_exact_answer_stands_beside_no_noisy_one(ledger_path, privkit_state):
    """7,919 rows of which 5,077 count: neither number is in anything that is shown."""
    project = pk.open_project("p", epsilon=5, unit=pk.ROW, store=ledger_path)
    frame = pd.DataFrame({"k": ["a"] * 5077 + ["b"] * 2842, "x": 1.0})
    release = frame.privacy.dp_count("k", keys=["a"], epsilon=0.001)
    mean = frame.privacy.dp_mean("x", bounds=(0, 10), epsilon=0.001)
    shown = (release, mean, release.rounded())
    texts = left_behind(project, ledger_path, privkit_state, *shown, release.plan, frame.privacy)
    noisy = {str(int(abs(value))) for one in shown for value in one.to_frame().to_numpy().ravel()}
    for number in {"7919", "5077"} - noisy:  # as a number, and not among the digits of one that is noisy
        alone = rf"(?<![0-9a-f.,])({number}|{number[0]},{number[1:]})(?![0-9a-f])"
        assert re.search(alone, f"\n{number[0]},{number[1:]} rows, of {number}.0")
        assert not re.search(alone, texts)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.sample(0.3)
def test_e42_a_plan_is_the_same_for_any_rows(project, name):
    plans = [getattr(pk.plan, name)(frame, **asked(name), epsilon=0.1) for frame in (planted(), planted().iloc[:0])]
    assert plans[0] == plans[1]
    assert repr(plans[0]) == repr(plans[1])
    assert plans[0]._repr_html_() == plans[1]._repr_html_()


def test_b18_no_stated_size_of_the_data_is_trusted(project):
    """Assumed rows are for the accuracy that is planned: the noise, the sums and the question know nothing of them."""
    frame = pd.DataFrame({"x": np.ones(2000), "who": range(2000)})
    few, many = (frame.privacy.plan.dp_mean("x", bounds=(0, 1), epsilon=0.1, assume_rows=n) for n in (1, 10**9))
    assert few.canonical() == many.canonical()
    assert few.noise == many.noise
    for plan in (few, many):
        cells = exact(plan.question, frame).reshape(1, 2)
        assert plan.question.asked.estimates(cells)["count"] == [2000]
    for name, (function, _) in FUNCTIONS.items():
        of_tables = {"margins"} if name == "dp_crosstab" else set()  # whether sums are released too; no size of data
        stated = {"max_length", "margin", "margins", "size", "n"} - of_tables
        assert not stated & set(inspect.signature(function).parameters)


def test_f57_f58_post_processing_is_free_and_touches_neither_rows_nor_noise(project, monkeypatch):
    frame = planted()
    release = frame.privacy.dp_count("k", keys=["a", "b"], epsilon=0.5)
    left, entries = str(project.remaining), len(project.ledger)
    monkeypatch.setattr(Question, "rows", lambda *_: pytest.fail("rows were read"))
    monkeypatch.setattr(releasing, "draw", lambda *_: pytest.fail("noise was drawn"))
    made = [release.total(), release.rounded(5), release.non_negative(), release.suppressed(3), release + release]
    made += [release - release, release / release.total(), release.estimate()]
    for derived in made:
        assert derived.interval(0.9)
        assert "0.5" in repr(derived)  # it says what its sources cost
    assert (str(project.remaining), len(project.ledger)) == (left, entries)
    assert (release - release).value.tolist() == [0, 0]
