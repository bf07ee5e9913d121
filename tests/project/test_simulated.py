"""The teaching mode: seeded noise of the right shape, marked wherever it shows, and no way into a real ledger."""

import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from privkit.budget.entry import Entry
from privkit.budget.simulated import SimulatedAccount
from privkit.budget.terms import ProjectTerms
from privkit.dp.answers.arithmetic import estimate
from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.noise.selection import NoisyMax
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.question import Question
from privkit.dp.simulate import SimulatedRelease, chosen, drawn, marked_plan, simulate
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.moments import Mean
from privkit.dp.statistics.quantile import Quantile
from privkit.errors import CeilingError, InsufficientBudgetError, ParameterError
from privkit.errors.facts import SimulatedError
from privkit.errors.project import OrphanedReleaseError, PendingReleaseError, ReservationError
from privkit.project.opening import begin_simulated, open_project
from privkit.project.release import decode_answer, encode_answer
from privkit.values.bounds import ONE_ROW, ValueBounds
from privkit.values.keys import public_keys
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.show import refuse_simulated
from privkit.values.unit import ROW

FRAME = pd.DataFrame({"city": ["Bern"] * 600 + ["Basel"] * 400, "age": list(range(100)) * 10})
KEYS = public_keys(("city",), ["Basel", "Bern"])


def terms(**limits):
    return ProjectTerms(PrivacyLoss.of(epsilon=limits.pop("epsilon", 1)), ROW, **limits)


def plan(statistic=None, keys=KEYS, measure=Measure.PURE, **price):
    return make_plan(Question(statistic or Count(), ROW, ONE_ROW, keys), measure, Price(**(price or {"epsilon": 0.5})))


def answer(project, asked, data=FRAME, key="k"):
    """The steps of a release, as the project takes them."""
    account = project.account
    held = account.reserve(key, asked.canonical(), asked.loss)
    replayed = isinstance(held, Entry)
    entry = held
    if not replayed:
        with account.ending(held):
            cells = simulate(account, asked, data, held.seq)
        entry = account.commit(held, encode_answer(asked, cells))
    told = {"project": project.name, "entry": entry.seq, "time": entry.time}
    return SimulatedRelease.of(decode_answer(asked, entry.answer, **told, replayed=replayed))


# -- the noise ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "noise", [Laplace(0.5), Laplace(3.0), Laplace(200.0), Gaussian(0.7), Gaussian(3.0), Gaussian(90.0)]
)
def test_the_simulated_noise_has_the_distribution_of_the_real_one(noise):
    size = 100_000
    found = drawn(noise, size, np.random.default_rng(2))
    assert found.dtype == np.int64
    assert len(found) == size
    reach = int(3 * noise.scale) + 2
    edges = np.unique(np.linspace(-reach, reach, 25).astype(int))
    expected = noise.chance(np.arange(-40 * reach, edges[0] + 1).astype(float)).sum()
    assert abs((found <= edges[0]).mean() - expected) <= 4.5 * math.sqrt(expected * (1 - expected) / size) + 1e-9
    for low, high in pairwise(edges):
        share = noise.chance(np.arange(low + 1, high + 1).astype(float)).sum()
        assert abs(((found > low) & (found <= high)).mean() - share) <= 4.5 * math.sqrt(share * (1 - share) / size)


def test_a_seed_gives_the_same_answers_in_the_same_order_and_another_one_others():
    def told(seed):
        project = begin_simulated("shop", terms(epsilon=5), seed=seed)
        return [answer(project, plan(), key=str(turn)).cells for turn in range(4)]

    assert told(1) == told(1)
    assert told(1) != told(2)
    assert len(set(told(1))) == 4


def test_no_noise_comes_from_opendp(monkeypatch):
    asked = plan()
    for name in ("privkit.dp.noise.noise.opendp", "privkit.dp.noise.noise.features", "privkit.dp.measurement.features"):
        monkeypatch.setattr(name, lambda: pytest.fail("OpenDP was asked"))
    assert simulate(SimulatedAccount("a", terms(), 3), asked, FRAME, 1).shape == (2,)


def test_choices_are_made_by_noisy_scores():
    asked = plan(Quantile("age", 1, 2, tuple(range(100))), None, epsilon=1)
    project = begin_simulated("shop", terms(epsilon=5), seed=4)
    assert abs(answer(project, asked).value - 49.5) <= 20
    scores, rng = np.array([0, 10]), np.random.default_rng(0)
    for concentrated, expected in ((True, 1 / (1 + math.exp(-1))), (False, 1 - math.exp(-1) / 2)):
        best = [chosen(scores, NoisyMax(10.0), concentrated=concentrated, rng=rng)[0] for _ in range(4000)]
        assert np.mean(best) == pytest.approx(expected, abs=4 * math.sqrt(0.2 / 4000))


# -- it is marked ------------------------------------------------------------------------------------------------


def test_every_form_of_an_answer_says_that_it_is_simulated():
    pytest.importorskip("matplotlib").use("Agg")
    project = begin_simulated("shop", terms(), seed=1)
    release = answer(project, marked_plan(plan()))
    derived = estimate(release)
    for shown in (release, derived, project, project.ledger):
        assert repr(shown).startswith("SIMULATED")
        assert "SIMULATED" in shown._repr_html_()
        assert "SIMULATED" in shown.plot().get_title(loc="left") + shown.plot().get_title()
    assert "SIMULATED" in repr(release.plan)
    assert release.value.name == derived.value.name == "count (SIMULATED)"
    for frame in (release.to_frame(), derived.to_frame(), project.ledger.to_frame()):
        assert frame["simulated"].all()
    assert release.provenance.mechanism.startswith("SIMULATED")
    assert release.provenance.project == "SIMULATED shop"
    assert "opendp" not in release.provenance.versions
    assert all(source.simulated for source in derived.sources)


def test_the_panel_is_marked_and_lives():
    pytest.importorskip("ipywidgets")
    project = begin_simulated("shop", terms(), seed=1)
    panel = project.panel()
    assert "SIMULATED" in panel._picture.value
    before = panel._picture.value
    answer(project, plan())
    assert panel._picture.value != before
    assert "SIMULATED" in panel._repr_mimebundle_()["text/html"]
    panel.close()


# -- it stays in the session ---------------------------------------------------------------------------------------


def test_nothing_simulated_is_pickled_exported_or_verified():
    project = begin_simulated("shop", terms(), seed=1)
    release = answer(project, plan())
    for value in (release, project, project.ledger, project.account):
        with pytest.raises(SimulatedError, match="SIMULATED") as caught:
            pickle.dumps(value)
        assert caught.value.function == "pickle"
    for value in (release, project.account, estimate(release)):
        with pytest.raises(SimulatedError, match="package"):
            refuse_simulated(value)
    with pytest.raises(SimulatedError, match="memory alone"):
        project.ledger.verify()


def test_a_real_account_gets_no_simulated_answer(ledger_path):
    real = open_project("shop", epsilon=1, unit=ROW, store=ledger_path)
    with pytest.raises(SimulatedError, match="simulated projects alone"):
        simulate(real.account, plan(), FRAME, 1)
    assert real.account.entries() == []


def test_a_simulated_project_writes_no_file(tmp_path, monkeypatch, privkit_state):
    monkeypatch.chdir(tmp_path)
    answer(begin_simulated("shop", terms(), seed=1), plan())
    assert list(tmp_path.iterdir()) == []
    assert not any(path.is_file() for path in privkit_state.rglob("*"))


def test_a_simulated_reservation_means_nothing_to_a_real_ledger(ledger_path):
    real = open_project("shop", epsilon=1, unit=ROW, store=ledger_path)
    account = begin_simulated("shop", terms(), seed=1).account
    held = account.reserve("k", plan().canonical(), plan().loss)
    with pytest.raises(Exception, match="not in it"):
        real.account.commit(held, "{}")
    assert real.account.entries() == []


@pytest.mark.parametrize("seed", [-1, 1.0, "1", True])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ParameterError, match="seed"):
        begin_simulated("shop", terms(), seed=seed)


# -- the account counts as a real one does -------------------------------------------------------------------------


@pytest.fixture(params=["simulated", "ledger"])
def account(request, ledger_path):
    """The same promises are asked of both."""
    if request.param == "simulated":
        return SimulatedAccount("shop", terms(), 1)
    return open_project("shop", epsilon=1, unit=ROW, store=ledger_path).account


def test_an_account_adds_up_and_refuses(account):
    half, tenth = PrivacyLoss.of(epsilon=0.5), PrivacyLoss.of(epsilon=0.1)
    seen = []
    end = account.subscribe(lambda: seen.append(account.version()))
    first = account.reserve("a", {"statistic": "count"}, half)
    assert (account.reserved, account.spent, account.remaining) == (half, half - half, half)
    with pytest.raises(PendingReleaseError):
        account.reserve("a", {"statistic": "count"}, half, wait=0)
    committed = account.commit(first, "answer")
    assert (committed.seq, committed.state, committed.answer) == (1, "committed", "answer")
    assert account.reserve("a", {"statistic": "count"}, half) == committed
    assert account.find("a") == committed
    with pytest.raises(InsufficientBudgetError):
        account.reserve("b", {"statistic": "count"}, PrivacyLoss.of(epsilon=0.6))
    with pytest.raises(CeilingError):
        account.reserve("b", {"statistic": "count"}, PrivacyLoss.of(epsilon=11))
    second = account.reserve("a", {"statistic": "count"}, tenth, again=True)
    account.fail(second)
    with pytest.raises(ReservationError):
        account.commit(second, "late")
    third = account.reserve("c", {"statistic": "count"}, tenth)
    with pytest.raises(KeyboardInterrupt), account.ending(third):
        raise KeyboardInterrupt
    with pytest.raises(OrphanedReleaseError):
        account.reserve("c", {"statistic": "count"}, tenth)
    assert [entry.state for entry in account.entries()] == ["committed", "failed", "orphaned"]
    assert [entry.draw for entry in account.entries()] == [1, 2, 1]
    assert [entry.seq for entry in account.entries(after=2)] == [3]
    assert account.entry(2).state == "failed"
    assert account.entry(9) is None
    assert account.spent == PrivacyLoss.of(epsilon=0.7)
    assert (account.headroom(tenth).times, account.headroom(PrivacyLoss.of(epsilon=11)).times) == (3, 0)
    assert account.odometer().total == account.spent + account.reserved
    balance = account.balance()
    assert balance.spent + balance.reserved + balance.remaining == balance.budget
    assert seen == sorted(seen)
    assert len(seen) >= 6
    end()


def test_threads_never_overspend():
    account = SimulatedAccount("shop", terms(), 1)

    def spend(turn):
        try:
            account.commit(account.reserve(str(turn), {"statistic": "count"}, PrivacyLoss.of(epsilon=0.1)), "x")
        except InsufficientBudgetError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(40))) == 10
    assert account.remaining.main == 0


def test_a_mean_is_simulated_with_its_sum_and_count():
    project = begin_simulated("shop", terms(epsilon=9), seed=6)
    release = answer(project, plan(Mean("age", ValueBounds(0, 100)), epsilon=5))
    assert release.value.to_numpy() == pytest.approx([49.5, 49.5], abs=1)
    assert {"sum", "count", "simulated"} <= set(release.to_frame().columns)


def test_a_frame_of_several_numbers_is_marked_and_keeps_its_names(tmp_path):
    """The same columns as of a real answer, and one that says what they are worth."""
    asked = {"rows": "count", "middle": ("mean", "age", (0, 100))}
    found = []
    for more in ({"store": tmp_path / "l.db"}, {"simulate": True, "seed": 3}):
        open_project("several", epsilon=10, unit=ROW, **more)
        ask = FRAME.privacy
        answers = (
            ask.dp_query(asked, epsilon=1),
            ask.dp_query(asked, "city", keys=["Bern"], epsilon=1),
            ask.dp_describe("age", bounds=(0, 100), epsilon=1),
        )
        found.append([answer.value for answer in answers])
    for real, lesson in zip(*found, strict=True):
        assert list(lesson) == [*real, "simulated"]
        assert lesson["simulated"].all()


def test_an_answer_of_one_number_says_that_the_number_carries_no_mark():
    bare = "a number taken out of it"
    assert bare in repr(answer(begin_simulated("shop", terms(), seed=1), marked_plan(plan(keys=None))))
    assert bare not in repr(answer(begin_simulated("shop", terms(), seed=1), marked_plan(plan())))
