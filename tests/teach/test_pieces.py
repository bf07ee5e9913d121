"""Pieces to teach with: their formulas are the package's, and their pages load nothing and reach nothing."""

from __future__ import annotations

import html
import math
import re
from base64 import b64decode
from fractions import Fraction
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from pieces_in_node import data_of, in_node

import privkit as pk
from privkit.values.loss import PrivacyLoss, advantage

PIECES = [name for name in pk.teach.__all__ if (Path(pk.teach.__file__).parent / "pages" / name).is_dir()]
EPSILONS = [0.1, 0.5, 1.0, 2.5, 4.0]


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def one(self, name):
        (found,) = [attributes for tag, attributes in self.found if tag == name]
        return found


# -- two worlds ----------------------------------------------------------------------------------------------------


def test_the_limit_of_two_worlds_is_what_privkit_tells_of_a_release():
    told = in_node("two_worlds", "return given.map((e) => [f.advantage(e), f.limit(e)]);", EPSILONS)
    for epsilon, (gained, right) in zip(EPSILONS, told, strict=True):
        loss = PrivacyLoss.of(epsilon=epsilon)
        assert gained == pytest.approx(loss.advantage, rel=1e-12)
        exact = advantage(Fraction(str(epsilon)), Fraction(0), concentrated=False)
        assert right == pytest.approx((1 + exact) / 2, rel=1e-12)


def test_the_attacker_of_two_worlds_reaches_the_limit_and_none_passes_it():
    """By brute force over all answers: what the best rule gets right, and what the attacker of the piece does."""
    code = """return given.map((e) => { let best = 0, ours = 0;
      for (let answer = -2000; answer <= 2000; answer++) {
        const out = f.chance(e, answer - 40), into = f.chance(e, answer - 41);
        best += Math.max(out, into) / 2; ours += (f.saysWithYou(40, answer) ? into : out) / 2; }
      return [best, ours, f.limit(e)]; });"""
    for best, ours, limit in in_node("two_worlds", code, EPSILONS):
        assert best == pytest.approx(limit, rel=1e-12)
        assert ours == pytest.approx(limit, rel=1e-12)


def test_the_chances_of_two_worlds_are_those_of_the_noise_that_privkit_draws():
    from privkit.dp.noise.noise import Laplace

    epsilon, size = 0.7, 20_000
    drawn = np.array(Laplace(1 / epsilon).measurement()([0] * size))
    places = list(range(-8, 9))
    chances = in_node("two_worlds", f"return given.map((x) => f.chance({epsilon}, x));", places)
    for place, chance in zip(places, chances, strict=True):
        # Six standard errors: a false alarm in fewer than one of 10⁷ runs.
        assert abs((drawn == place).mean() - chance) <= 6 * math.sqrt(chance * (1 - chance) / size), place


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_the_noise_of_two_worlds_is_drawn_with_these_chances(epsilon):
    code = f"""const n = 200000, seen = {{}};
      for (let i = 0; i < n; i++) {{
        const x = f.noise({epsilon}, (i + 0.5) / n); seen[x + 0] = (seen[x + 0] ?? 0) + 1 / n; }}
      return given.map((x) => [seen[x] ?? 0, f.chance({epsilon}, x)]);"""
    for seen, chance in in_node("two_worlds", code, list(range(-30, 31))):
        assert seen == pytest.approx(chance, abs=2e-5)


def test_no_noise_is_endless():
    assert all(math.isfinite(found) for found in in_node("two_worlds", "return [f.noise(1, 0), f.noise(1, 0.5)];"))


def test_the_sentence_of_two_worlds_is_never_below_the_limit():
    told = float(re.search(r"at most ([\d.]+) of 100", pk.teach.two_worlds().sentence)[1])
    exact = 100 / (1 + math.exp(-1))
    assert exact <= told < exact + 0.01


def test_by_how_much_luck_moves_the_guesses_of_two_worlds():
    """Without it, a run above the limit looks like an attacker who passes it; every other run is above."""
    from scipy.stats import binom

    for epsilon, spread in zip(
        EPSILONS, in_node("two_worlds", "return given.map((e) => f.luck(e, 1000));", EPSILONS), strict=True
    ):
        assert spread == pytest.approx(binom(1000, 1 / (1 + math.exp(-epsilon))).std() / 1000, rel=1e-9)


# -- find your classmate -------------------------------------------------------------------------------------------


def test_the_page_holds_the_students_of_the_frame():
    data, frame = data_of(pk.teach.classmate()), pk.teach.students()
    named = [[values[place] for values, place in zip(data["values"], row, strict=True)] for row in data["rows"]]
    assert named == frame.to_numpy().tolist()
    assert [fact.replace(" ", "_") for fact in data["facts"]] == list(frame)


def test_the_crowds_of_the_classmate_are_the_classes_of_kanon():
    frame, data = pk.teach.students(), data_of(pk.teach.classmate())
    subsets = [list(one) for size in range(1, 7) for one in combinations(range(6), size)]
    code = "return given[1].map((s) => [f.smallest(given[0], s), f.alone(given[0], s)]);"
    found = in_node("classmate", code, [data["rows"], subsets])
    for facts, (smallest, alone) in zip(subsets, found, strict=True):
        report = pk.kanon(frame, [frame.columns[fact] for fact in facts])
        assert (smallest, alone) == (report.k, report.n_unique), facts


@pytest.mark.parametrize("who", [0, 17, 119])
def test_whom_facts_fit_is_what_pandas_finds(who):
    frame, data = pk.teach.students(), data_of(pk.teach.classmate())
    subsets = [list(one) for size in range(7) for one in combinations(range(6), size)]
    code = f"return given[1].map((s) => f.fitting(given[0], {who}, s));"
    for facts, fits in zip(subsets, in_node("classmate", code, [data["rows"], subsets]), strict=True):
        known = frame.iloc[:, facts]
        assert fits == frame.index[(known == known.iloc[who]).all(axis=1)].tolist()


def test_the_sentence_of_the_classmate_is_true():
    frame, piece = pk.teach.students(), pk.teach.classmate()
    who = frame.iloc[data_of(piece)["who"]]
    fits = [int((frame.iloc[:, :known] == who.iloc[:known]).all(axis=1).sum()) for known in (1, 2, 3)]
    assert [int(found) for found in re.findall(r"\d+", piece.sentence)] == [120, *fits]
    assert fits[-1] == 1


# -- thirty coins --------------------------------------------------------------------------------------------------


def test_thirty_coins_cost_what_privkit_says():
    epsilon, error = in_node("thirty_coins", "return [f.epsilon(), f.error(30)];")
    assert epsilon == pytest.approx(math.log(3), rel=1e-12)
    # Who guesses the truth by what was said gains what privkit allows at this ε, and no less.
    yes, no = in_node("thirty_coins", "return [f.saysYes(true), f.saysYes(false)];")
    allowed = float(advantage(Fraction(math.log(3)), Fraction(0), concentrated=False))
    assert yes - no == pytest.approx(allowed, rel=1e-12)
    sentence = pk.teach.thirty_coins().sentence
    assert f"ε = {epsilon:.1f} allows" in sentence
    assert sentence.endswith(f"give or take {error:.1f}.")


@pytest.mark.parametrize("truth", [0, 12, 30])
def test_what_thirty_coins_estimate_is_right_on_average(truth):
    """By the exact distribution of how many say yes: two binomials, convolved."""

    def binomial(size, chance):
        return np.array([math.comb(size, k) * chance**k * (1 - chance) ** (size - k) for k in range(size + 1)])

    chances = np.convolve(binomial(truth, 3 / 4), binomial(30 - truth, 1 / 4))
    estimates, error = in_node(
        "thirty_coins", "return [given.map((s) => f.estimate(s, 30)), f.error(30)];", [*range(31)]
    )
    mean = float(chances @ estimates)
    assert mean == pytest.approx(truth, abs=1e-9)
    assert math.sqrt(chances @ (np.array(estimates) - mean) ** 2) == pytest.approx(error, rel=1e-9)


# -- every piece ---------------------------------------------------------------------------------------------------


@pytest.fixture(params=PIECES)
def piece(request):
    return getattr(pk.teach, request.param)()


def test_a_piece_is_one_small_page_that_loads_nothing(piece):
    assert len(piece.page.encode()) < 40_000
    assert not re.search(r"@\w+@", piece.page), "a part of the frame was not filled in"
    assert "default-src 'none'" in piece.page
    for foreign in (
        "http:",
        "https:",
        "//www",
        "url(",
        "@import",
        " src=",
        "fetch(",
        "XMLHttpRequest",
        "parent.",
        "top.",
    ):
        assert foreign not in piece.page.replace('"http://www.w3.org/2000/svg"', ""), foreign


def test_a_piece_is_shown_in_a_frame_that_may_run_scripts_and_nothing_else(piece):
    shown = Tags(piece._repr_html_())
    frame = shown.one("iframe")
    assert frame["srcdoc"] == piece.page
    assert frame["sandbox"] == "allow-scripts"
    assert frame["title"] == piece.title
    assert not [
        tag for tag, attributes in shown.found if tag == "script" or any(name[:2] == "on" for name in attributes)
    ]


def test_without_scripts_a_still_picture_and_its_sentence_stand(piece):
    shown = piece._repr_html_()
    image = Tags(shown).one("img")
    assert image["alt"] == piece.sentence
    svg = b64decode(image["src"].removeprefix("data:image/svg+xml;base64,")).decode()
    assert svg == piece.still
    root = ElementTree.fromstring(svg)
    assert root.find("{http://www.w3.org/2000/svg}title").text == piece.sentence
    left = re.sub(r"<(iframe|img)[^>]*>|</iframe>|<style>.*?</style>", "", shown, flags=re.DOTALL)
    assert piece.sentence in html.unescape(re.sub(r"<[^>]+>|\u00a0", " ", left))
    assert piece.sentence in repr(piece)
    assert "<" not in repr(piece)


def test_a_piece_is_the_same_every_time(piece):
    assert piece in [getattr(pk.teach, name)() for name in PIECES]


@pytest.mark.parametrize("name", [*PIECES, "patients", "students"])
def test_what_is_not_taken_is_told(name):
    with pytest.raises(pk.CallError, match=rf"^{name}\(\) has no parameter 'epsilon'"):
        getattr(pk.teach, name)(epsilon=1)


def test_data_cannot_end_the_script():
    from privkit.teach.piece import page_of

    page = page_of("two_worlds", "t", {"text": "</script><script>alert(1)"})
    assert page.count("</script>") == 1
