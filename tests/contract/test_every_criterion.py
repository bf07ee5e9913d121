"""Each registered criterion through every entry: check, its own report, anonymize, lattice, text, HTML and plot.

The figures and verdicts are those of a brute force over the rows. A criterion that has no examples here fails.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from importlib import import_module
from itertools import combinations
from pathlib import Path
from pkgutil import iter_modules

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit import anonymity
from privkit.anonymity.criterion import ClassCounts, Part
from privkit.errors import ParameterError
from privkit.errors.anonymity import InfeasibleError, PromiseBrokenError

mpl.use("Agg")
for module in iter_modules(anonymity.__path__):
    import_module(f"privkit.anonymity.{module.name}")

QI = ["zip", "sex"]
TREE = {"x": ("low", "any"), "y": ("low", "any"), "z": ("high", "any")}
HIERARCHIES = {"zip": dict.fromkeys("abc", "*"), "sex": dict.fromkeys("mf", "*")}
#: The table that every frame of these tests is drawn from.
REGISTER = pd.DataFrame([(zip_, sex) for zip_ in "abc" for sex in "mf" for _ in range(12)], columns=QI)

EXAMPLES = {
    "KAnonymity": [
        pk.KAnonymity(2),
        pk.KAnonymity(2, unit="who"),
        pk.KAnonymity(3, unit="who"),
        pk.KAnonymity(3, of=1),
        pk.KAnonymity(2, of=2),
        pk.KAnonymity(2, unit="who", of=1),
    ],
    "LDiversity": [
        pk.LDiversity("ill", 2),
        pk.LDiversity("ill", 1.8, kind="entropy"),
        pk.LDiversity("ill", 2, kind="recursive", c=2),
    ],
    "TCloseness": [
        pk.TCloseness("ill", 0.25),
        pk.TCloseness("ill", 0.3, distance="ordered"),
        pk.TCloseness("ill", 0.2, distance=TREE),
    ],
    "BetaLikeness": [pk.BetaLikeness("ill", 1), pk.BetaLikeness("ill", 1.5, kind="enhanced")],
    "DeltaDisclosure": [pk.DeltaDisclosure("ill", 1), pk.DeltaDisclosure("ill", 1.5, absent=True)],
    "AlphaK": [pk.AlphaK("ill", 0.5, 2), pk.AlphaK("ill", 0.7, 1)],
    "KMap": [pk.KMap(20, population=100), pk.KMap(12, population=REGISTER)],
    "DeltaPresence": [pk.DeltaPresence(0, 0.2, population=REGISTER), pk.DeltaPresence(0.05, 0.5, population=REGISTER)],
    "AverageRisk": [pk.AverageRisk(0.3), pk.AverageRisk(0.5, unit="who")],
    "SampleUniqueness": [pk.SampleUniqueness(0.1), pk.SampleUniqueness(0.4, unit="who")],
    "PopulationUniqueness": [
        pk.PopulationUniqueness(0.02, population=60),
        pk.PopulationUniqueness(0.1, population=900),
        pk.PopulationUniqueness(0.1, population=600, unit="who"),
    ],
}
ALL = [criterion for examples in EXAMPLES.values() for criterion in examples]
BY_CLASSES = [criterion for criterion in ALL if not (criterion.compares_tables or criterion.known_together)]
PAGES = "".join(path.read_text(encoding="utf-8") for path in (Path(__file__).parents[2] / "docs").glob("*.md"))
MISSING = "missing"
GREEK = str.maketrans("badh", "βαδδ")  # how a report's figure is written
ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("mf"), st.sampled_from("xyz"), st.integers(0, 6) | st.none()),
    min_size=1,
    max_size=24,
)


def frame_of(rows) -> pd.DataFrame:
    ills = pd.CategoricalDtype(list("xyz"), ordered=True)
    return pd.DataFrame(rows, columns=[*QI, "ill", "who"]).astype({"who": "Int64", "ill": ills})


def rows_of_classes(frame: pd.DataFrame) -> dict[tuple, list[dict]]:
    classes: dict[tuple, list[dict]] = {}
    for row in frame.to_dict("records"):
        classes.setdefault((row["zip"], row["sex"]), []).append(row)
    return classes


# -- the brute force: what one class reaches, and whether it is enough ------------------------------------------------


def persons(rows) -> int:
    return len({MISSING if pd.isna(row["who"]) else row["who"] for row in rows})


def shares(rows) -> dict[str, Fraction]:
    counts = Counter(row["ill"] for row in rows)
    return {value: Fraction(count, len(rows)) for value, count in counts.items()}


def k_anonymity(criterion, rows, table):
    sizes = []
    for known in combinations(QI, min(criterion.of or len(QI), len(QI))):
        fitting = [row for row in table if all(row[name] == rows[0][name] for name in known)]
        sizes.append(len(fitting) if criterion.unit is None else persons(fitting))
    return min(sizes), min(sizes) >= criterion.k


def l_diversity(criterion, rows, table):
    counts = sorted(Counter(row["ill"] for row in rows).values(), reverse=True)
    if criterion.kind == "distinct":
        return len(counts), len(counts) >= criterion.l
    if criterion.kind == "entropy":
        reached = math.exp(-math.fsum(c / len(rows) * math.log(c / len(rows)) for c in counts))
        return reached, reached >= float(criterion.l) - 1e-12
    holds = [counts[0] < criterion.c * sum(counts[place:]) for place in range(len(counts))]
    return sum(holds), sum(holds) >= criterion.l


def t_closeness(criterion, rows, table):
    p, q = shares(rows), shares(table)
    values = sorted(q)
    gaps = {value: p.get(value, 0) - q[value] for value in values}
    if criterion.distance == "ordered":
        running = [abs(sum(gaps[value] for value in values[: place + 1])) for place in range(len(values))]
        far = Fraction(sum(running)) / max(len(values) - 1, 1)
    else:
        levels = [lambda value: value]
        if criterion.distance != "equal":
            levels.append(lambda value: TREE[value][0])
        far = Fraction(0)
        for label in levels:
            groups = {label(value) for value in values}
            moved = (abs(sum(gaps[value] for value in values if label(value) == group)) for group in groups)
            far += Fraction(sum(moved)) / 2 / len(levels)
    return far, far <= criterion.t


def beta_likeness(criterion, rows, table):
    p, q = shares(rows), shares(table)
    gains = {value: (share - q[value]) / q[value] for value, share in p.items()}
    bounds = {value: math.inf if criterion.kind == "basic" else -math.log(q[value]) for value in p}
    met = all(gain <= 0 or (gain <= criterion.beta and float(gain) <= bounds[value]) for value, gain in gains.items())
    return max(0, *gains.values()), met


def delta_disclosure(criterion, rows, table):
    p, q = shares(rows), shares(table)
    ratios = [share / q[value] for value, share in p.items()]
    if criterion.absent and len(p) < len(q):
        return math.inf, False
    far = max(abs(math.log2(ratio)) for ratio in ratios)
    return far, all(2.0 ** -float(criterion.delta) < ratio < 2.0 ** float(criterion.delta) for ratio in ratios)


def alpha_k(criterion, rows, table):
    top = max(shares(rows).values())
    return top, top <= criterion.alpha and len(rows) >= criterion.k


def fits(row) -> pd.Series:
    """Return which persons of the register fit a row, generalized or not."""
    return pd.Series(np.logical_and.reduce([(REGISTER[name] == row[name]) | (row[name] == "*") for name in QI]))


def fitting(rows) -> int:
    return int(fits(rows[0]).sum())


def k_map(criterion, rows, table):
    if criterion.estimated:
        return None, len(rows) >= criterion.sample_k(len(table))
    return fitting(rows), fitting(rows) >= criterion.k


def delta_presence(criterion, rows, table):
    share = Fraction(len(rows), fitting(rows)) if fitting(rows) else math.inf
    return share, criterion.low <= share <= criterion.high


PER_CLASS = {
    "KAnonymity": (k_anonymity, min),
    "LDiversity": (l_diversity, min),
    "TCloseness": (t_closeness, max),
    "BetaLikeness": (beta_likeness, max),
    "DeltaDisclosure": (delta_disclosure, max),
    "AlphaK": (alpha_k, max),
    "KMap": (k_map, min),
    "DeltaPresence": (delta_presence, max),
}


def report_of_k(frame, criterion):
    if criterion.of is None:
        return pk.kanon(frame, QI, k=criterion.k, unit=criterion.unit)
    return pk.ksets(frame, QI, k=criterion.k, unit=criterion.unit, of=criterion.of)


#: The report's figure, and the call that gives the report.
REPORTS = {
    "KAnonymity": ("k", report_of_k),
    "LDiversity": ("l", lambda d, c: pk.ldiv(d, QI, "ill", l=c.l, kind=c.kind, c=c.c)),
    "TCloseness": ("t", lambda d, c: pk.tclose(d, QI, "ill", t=c.t, distance=c.distance)),
    "BetaLikeness": ("beta", lambda d, c: pk.beta_likeness(d, QI, "ill", beta=c.beta, kind=c.kind)),
    "DeltaDisclosure": ("delta", lambda d, c: pk.delta_disclosure(d, QI, "ill", delta=c.delta, absent=c.absent)),
    "AlphaK": ("alpha", lambda d, c: pk.alpha_k(d, QI, "ill", alpha=c.alpha, k=c.k)),
    "KMap": ("k", lambda d, c: pk.kmap(d, QI, population=c.population, k=c.k, significance=c.significance)),
    "DeltaPresence": ("highest", lambda d, c: pk.delta_presence(d, QI, population=REGISTER, low=c.low, high=c.high)),
}
ON_THE_TABLE = {
    "AverageRisk": lambda d, c: sum(Fraction(1, size) for size in crowds(d, c.unit)) / len(crowds(d, c.unit)),
    "SampleUniqueness": lambda d, c: Fraction(crowds(d, c.unit).count(1), len(crowds(d, c.unit))),
    "PopulationUniqueness": lambda d, c: pk.risk(d, QI, population=c.population, unit=c.unit).uniqueness.estimate.share,
}


def crowds(frame, unit) -> list[int]:
    """Return the size of the class of each row, or of the least class of each person; of persons."""
    least: dict = {}
    for place, rows in rows_of_classes(frame).items():
        who = [(row["who"] if not pd.isna(row["who"]) else place) for row in rows] if unit else list(range(len(rows)))
        for one in who if unit else ((place, number) for number in who):
            least[one] = min(least.get(one, 10**9), len(set(who)))
    return list(least.values())


def shown(figure) -> str:
    return f"{int(figure)}" if math.isfinite(figure) and float(figure).is_integer() else f"{float(figure):.4g}"


def by_brute_force(criterion, frame) -> tuple[object, bool, int | None]:
    """Return the figure of the table, whether it is enough, and the rows in classes that fall short."""
    name = type(criterion).__name__
    if name in ON_THE_TABLE:
        figure = ON_THE_TABLE[name](frame, criterion)
        bound = criterion.risk if name == "AverageRisk" else criterion.share
        return figure, figure <= bound, None
    reach, worst = PER_CLASS[name]
    table = frame.to_dict("records")
    found = [(*reach(criterion, rows, table), len(rows)) for rows in rows_of_classes(frame).values()]
    short = sum(size for _, met, size in found if not met)
    met = short == 0
    if name == "DeltaPresence" and criterion.low > 0:
        met = met and bool(np.logical_or.reduce([fits(row) for row in table]).all())
    figures = [figure for figure, _, _ in found if figure is not None]
    return worst(figures) if figures else None, met, short


# -- the contract -----------------------------------------------------------------------------------------------------


def test_every_registered_criterion_is_public_and_stands_here():
    assert set(EXAMPLES) == set(Part.kinds), f"give examples here of {set(EXAMPLES) ^ set(Part.kinds)}"
    forced = set(PER_CLASS) | set(ON_THE_TABLE)
    assert forced == set(Part.kinds), f"give a brute force here for {forced ^ set(Part.kinds)}"
    told = set(PER_CLASS) ^ set(REPORTS)
    assert not told, f"give the figure of its report, and the call of that, in REPORTS for {told}"
    for name, kind in Part.kinds.items():
        assert name in pk.__all__, f"privkit/__init__.pyi has no line for {name}"
        assert getattr(pk, name) is kind
        assert kind.paper
        told = f"`{name}" in PAGES
        assert told, f"no page tells of {name}: give it a row in docs/anonymize.md"


def test_a_criterion_cannot_forget_what_it_must_answer():
    known = dict(Part.kinds)
    with pytest.raises(TypeError, match="abstract"):
        type("Forgetful", (Part,), {})()
    with pytest.raises(TypeError, match="Forgetful is no whole criterion: it lacks 'find', 'smallest'"):
        type("Forgetful", (Part,), {"paper": "a paper"})
    whole = {name: lambda self: None for name in Part.__abstractmethods__}
    with pytest.raises(TypeError, match="it lacks 'paper'"):
        type("Paperless", (Part,), whole)
    with pytest.raises(TypeError, match="it lacks 'meets', 'rows_lost'"):
        type("Columned", (Part,), {**whole, "paper": "a paper", "columns": ("a",)})
    with pytest.raises(TypeError, match="the class KAnonymity cannot be the criterion"):
        type("KAnonymity", (Part,), {**whole, "paper": "a paper"})
    assert known == Part.kinds


@pytest.mark.parametrize("criterion", ALL, ids=repr)
def test_it_is_typed_as_it_is_shown_and_composes(criterion):
    if "..." not in repr(criterion):
        assert eval(f"pk.{criterion!r}") == criterion
    both = criterion & pk.KAnonymity(7)
    assert set(both.parts) == {criterion, pk.KAnonymity(7)}
    assert both.merges == criterion.merges
    assert hash(pk.AllOf(criterion)) == hash(criterion)
    assert pk.AllOf(criterion) == criterion


@pytest.mark.parametrize("criterion", ALL, ids=repr)
@given(rows=ROWS)
@settings(max_examples=25)
@pytest.mark.sample(0.3)
def test_check_its_report_and_the_brute_force_agree(criterion, rows):
    frame = frame_of(rows)
    name, finding = type(criterion).__name__, pk.check(frame, QI, criterion).findings[0]
    figure, met, short = by_brute_force(criterion, frame)
    assert (finding.met, finding.rows_short) == (met, short)
    if name in ON_THE_TABLE:
        model = finding.figure.rpartition(" (")[2] if name == "PopulationUniqueness" else ""
        assert finding.figure.endswith(f" = {shown(figure)}{model and f' ({model}'}")
        return
    attribute, call = REPORTS[name]
    report = call(frame, criterion)
    ours = getattr(report, attribute)
    assert (bool(report.satisfied), report.rows_short) == (met, short)
    assert shown(ours) in finding.figure
    if figure is not None:
        assert float(ours) == pytest.approx(float(figure), rel=1e-12)


@pytest.mark.parametrize("criterion", BY_CLASSES, ids=repr)
@given(rows=ROWS)
@settings(max_examples=25)
@pytest.mark.sample(0.25)
def test_the_dense_counts_of_a_search_decide_as_the_report(criterion, rows):
    if not criterion.per_class:
        return
    frame = frame_of(rows)
    classes = list(rows_of_classes(frame).values())
    column = criterion.columns[0] if criterion.columns else None
    counts, table, trees = {}, {}, {}
    if column is not None:
        values = sorted({MISSING if pd.isna(value) else value for value in frame[column]}, key=str)
        of = [Counter(MISSING if pd.isna(row[column]) else row[column] for row in rows) for rows in classes]
        counts = {column: np.array([[counter[value] for value in values] for counter in of])}
        table = {column: counts[column].sum(axis=0)}
        if (levels := criterion.tree_levels(pd.Index(values))) is not None:
            trees = {criterion: levels}
    sizes = np.array([len(rows) for rows in classes])
    dense = ClassCounts(sizes, counts, table, len(frame), trees)
    met = criterion.satisfied(dense)
    assert int(sizes[~met].sum()) == by_brute_force(criterion, frame)[2]
    assert (criterion.forced(dense)[met] == 0).all()
    assert (sizes[met] >= criterion.least_size(len(frame))).all()


PEOPLE = frame_of([(*"abc"[i % 3], "mf"[i % 2], "xyz"[(i * i + i // 5) % 3], i // 2) for i in range(48)])


@pytest.mark.parametrize("criterion", ALL, ids=repr)
@given(rows=ROWS)
@example(rows=list(PEOPLE.itertuples(index=False, name=None)))
@settings(max_examples=12)
@pytest.mark.sample(0.25)
def test_a_node_is_feasible_where_its_table_meets_it_and_anonymize_finds_one(criterion, rows):
    frame = frame_of(rows)
    if len(frame) < criterion.rows_needed:
        return
    nodes = pk.lattice(frame, QI, criterion, hierarchies=HIERARCHIES, suppress=0).nodes()
    assert len(nodes) == 4
    for node in nodes.to_dict("records"):
        coarse = frame.assign(**{name: "*" for name in QI if node[name]})
        assert node["feasible"] == by_brute_force(criterion, coarse)[1]
    try:
        out = pk.anonymize(frame, QI, criterion, hierarchies=HIERARCHIES, suppress=0)
    except InfeasibleError:
        assert not nodes["feasible"].any()
        return
    assert by_brute_force(criterion, out.frame.astype(dict.fromkeys(QI, str)))[1]
    assert out.report.satisfied


def transformed(frame, goal, way, how):
    """Return what one way of transforming makes of a frame; None where it finds nothing."""
    try:
        if way == "anonymizer":
            treat = pk.Anonymizer(QI, goal, **how).fit(frame.iloc[: len(frame) // 2 + 1])
            return treat.transform(frame, broken="suppress")
        if way == "node":
            return pk.lattice(frame, QI, goal, **how).apply({"zip": 1, "sex": 0})
        if way == "cells":
            how = {"suppress": how["suppress"]}
        return pk.anonymize(frame, QI, goal, method=way, **how)
    except (InfeasibleError, PromiseBrokenError):
        return None


@pytest.mark.parametrize("way", ["optimal", "local", "cells", "node", "anonymizer"])
@pytest.mark.parametrize("criterion", ALL, ids=repr)
@given(rows=ROWS, other=st.sampled_from(ALL), suppress=st.sampled_from([0, 0.1, 0.4, 1]), unit=st.booleans())
@settings(max_examples=12)
@pytest.mark.sample(0.1)
def test_what_holds_holds_of_the_frame_handed_out(criterion, way, rows, other, suppress, unit):
    frame, goal = frame_of(rows), criterion & other
    if way == "local" and any(part.known_together for part in goal.parts):
        with pytest.raises(ParameterError, match=r"by some of the columns|overlap"):
            pk.anonymize(PEOPLE, QI, goal, method=way)
        return
    if way in ("local", "cells") and any(part.compares_tables for part in goal.parts):
        with pytest.raises(ParameterError, match="Classes of several levels overlap"):
            pk.anonymize(PEOPLE, QI, goal, method=way)
        return
    if unit and any(part.counts_units for part in goal.parts):
        goal = pk.AllOf(*(part.with_unit("who") for part in goal.parts))
    out = transformed(frame, goal, way, {"hierarchies": HIERARCHIES, "suppress": suppress})
    if out is None:
        return
    found = pk.check(out.frame, QI, out.criteria)
    assert {repr(finding.criterion): finding.met for finding in found.findings} == out.report.after.criteria
    assert found.satisfied == out.report.satisfied
    assert out.report.satisfied
    if len(out.frame):
        plain = out.frame.astype(dict.fromkeys(QI, str))
        assert all(by_brute_force(part, plain)[1] for part in goal.parts)


@pytest.mark.parametrize(
    ("criterion", "rows"),
    [
        (pk.TCloseness("ill", 0.25), "afy amy cfx afx bfx bfz bfx bmz"),
        (pk.BetaLikeness("ill", 1), "bmz cmy bmy amy cmx afy afy cfx"),
        (pk.DeltaDisclosure("ill", 1), "bfx cfy bmz amz bmz amz amx bmz"),
    ],
    ids=["t", "beta", "delta"],
)
def test_what_goes_moves_what_the_others_are_compared_with_until_nothing_more_goes(criterion, rows):
    frame = frame_of([(*row, 1) for row in rows.split()])
    raw = {"zip": 0, "sex": 0}
    out = pk.lattice(frame, QI, criterion, hierarchies=HIERARCHIES, suppress=1).apply(raw)
    found = pk.check(out.frame, QI, criterion)
    assert out.report.satisfied
    assert found.satisfied
    assert by_brute_force(criterion, out.frame)[1]
    assert 0 < len(out.frame) < len(frame)
    once = frame[~frame.index.isin(out.frame.index)]  # of these, not all broke it beside the whole table
    given_whole = replace(criterion, reference="input")
    before = pk.lattice(frame, QI, given_whole, hierarchies=HIERARCHIES, suppress=1).apply(raw)
    assert 0 < before.suppressed_ < len(once)
    assert before.report.satisfied
    assert not pk.check(before.frame, QI, given_whole).satisfied


@pytest.mark.parametrize("criterion", ALL, ids=repr)
def test_a_unit_is_taken_where_persons_can_be_counted_and_refused_elsewhere(criterion):
    named = criterion.with_unit("who")
    if criterion.counts_units:
        assert named.unit == "who"
        once = pk.anonymize(PEOPLE, QI, criterion, unit="who", hierarchies=HIERARCHIES, suppress=0).frame
        assert by_brute_force(named, once.astype(dict.fromkeys(QI, str)))[1]
        return
    assert named is criterion
    with pytest.raises(ParameterError, match="unit"):
        pk.anonymize(PEOPLE, QI, criterion, unit="who", hierarchies=HIERARCHIES)


@pytest.mark.parametrize("criterion", ALL, ids=repr)
@pytest.mark.sample(0.3)
def test_check_and_report_have_text_html_and_a_plot_with_their_figure(criterion):
    name, told = type(criterion).__name__, pk.check(PEOPLE, QI, criterion)
    assert told.findings[0].figure in repr(told)
    assert told.findings[0].figure in told._repr_html_()
    assert told.plot() is not None
    if name in REPORTS:
        report = REPORTS[name][1](PEOPLE, criterion)
        assert f"{REPORTS[name][0][0]} = ".translate(GREEK) in repr(report).splitlines()[0]
        assert report._repr_html_()
        assert report.plot() is not None
    mpl.pyplot.close("all")


# -- another k ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", ALL, ids=repr)
def test_at_another_k_a_lattice_keeps_whatever_else_a_criterion_says(criterion):
    frame = REGISTER.iloc[::5].reset_index(drop=True)
    frame["ill"] = pd.Categorical([*"xyz"] * 5, categories=list("xyz"), ordered=True)[: len(frame)]
    frame["who"] = pd.Series(range(len(frame)), dtype="Int64") // 2
    lattice = pk.lattice(frame, QI, criterion, hierarchies=HIERARCHIES, suppress=1.0)
    for k in (1, 3):
        found = lattice.at_k(k)
        of_k = [part for part in found.task.criterion.parts if hasattr(part, "k")]
        assert [part.k for part in of_k] == [k]
        if hasattr(criterion, "k"):
            expected = replace(criterion, k=k)
            others = {name: value for name, value in _told(criterion).items() if name != "k"}
            assert others.items() <= _told(found.task.criterion).items()
        else:
            expected = criterion & pk.KAnonymity(k, getattr(criterion, "unit", None))
        assert found.task.criterion == expected
        direct = pk.lattice(frame, QI, expected, hierarchies=HIERARCHIES, suppress=1.0)
        pd.testing.assert_frame_equal(found.nodes(), direct.nodes())
    assert lattice.at_k(3).at_k(getattr(criterion, "k", 2)).task.criterion == (
        criterion if hasattr(criterion, "k") else lattice.at_k(2).task.criterion
    )


def _told(criterion):
    """Every parameter of a criterion, as a person can read it."""
    return {name: repr(getattr(criterion, name)) for name in criterion.__dataclass_fields__}
