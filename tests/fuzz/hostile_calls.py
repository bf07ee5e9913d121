"""A call of every public function on hostile frames: what comes back is an answer or an error of privkit's."""

from __future__ import annotations

import inspect
import random
import traceback
import warnings
from pathlib import Path

import pandas as pd
from hostile_frames import CANARY, DAY, DIGITS, LIBRARIES, frame_of, in_library
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier

import privkit as pk
from privkit import events as ev
from privkit.errors import PrivkitError
from privkit.events.tables import events as on_frames

KEY = bytes(range(32))
ASKING = {"epsilon": 0.1}


def many(frame):
    """Return the rows of a frame again and again: of few, every interval reaches from nothing to everything."""
    return (
        frame.take([row % len(frame) for row in range(240)])
        if isinstance(frame, pd.DataFrame) and len(frame)
        else frame
    )


HIERARCHIES = {
    "intervals": pk.Hierarchy.intervals(5, 10),
    "edges": pk.Hierarchy.intervals(edges=[[0, 5, 10]]),
    "dates": pk.Hierarchy.dates("month", "year"),
    "rare": pk.Hierarchy.rare(below=3),
    "redact": pk.Hierarchy.redact(),
    "star": pk.Hierarchy.star(),
    "location": pk.Hierarchy.location(0.1, 1),
    "table": pk.Hierarchy.from_mapping({"x": "y"}).or_other(),
}
NUMERIC = {"bounds": (0, 100), **ASKING}
RULES = {
    "number": lambda a, b: ev.number(a),
    "mask": lambda a, b: ev.mask(a),
    "coarsen round": lambda a, b: ev.coarsen(a, round=5),
    "coarsen bins": lambda a, b: ev.coarsen(a, bins=[0, 5]),
    "truncate_time": lambda a, b: ev.truncate_time(a, "month"),
    "truncate_time zone": lambda a, b: ev.truncate_time(a, "day", tz="Europe/Zurich", epoch="s"),
    "shift_dates": lambda a, b: ev.shift_dates(a, by=b, days=3, key=KEY),
    "perturb": lambda a, b: ev.perturb(a, 3, by=b, key=KEY),
    "rename": lambda a, b: ev.rename(a, "new", values={"x": "1", "y": "2"}),
    "encode": lambda a, b: ev.encode(a, {"x": "c", "y": "d"}),
    "substitute": lambda a, b: ev.substitute(f"{a}[].sku", {"x": "y"}, other="keep"),
    "scale": lambda a, b: ev.scale(a, by=b, key=KEY),
    "merge": lambda a, b: ev.merge(by=b, sum={"total": a}),
    "sample": lambda a, b: ev.sample(0.5, by=a, key=KEY),
    "pseudonymize": lambda a, b: ev.pseudonymize(a, key=KEY, per=b),
}


#: Every public function that takes a frame: from the frame and three of its columns (the third may be missing).
def _alone(frame, name):
    """Return a frame of one column, or the whole where its library does not take it out so."""
    try:
        return frame[[name]]
    except Exception:  # noqa: BLE001 - of any library
        return frame


def _sides(frame):
    """Return members and controls; the frame for both where its library does not take them out so."""
    rows = many(frame)
    return (rows.iloc[:120], rows.iloc[120:]) if isinstance(rows, pd.DataFrame) else (rows, rows)


def _answers(frame, name):
    """Return a column as answers, or the whole where its library does not take it out so."""
    try:
        return frame[name]
    except Exception:  # noqa: BLE001 - of any library
        return frame


CALLS = {
    "audit": lambda f, a, b, c: pk.audit(f, time_limit=5),
    "kanon": lambda f, a, b, c: pk.kanon(f, [a, b]),
    "ksets": lambda f, a, b, c: pk.ksets(f, [a, b], of=2),
    "kanon k": lambda f, a, b, c: pk.kanon(f, [a], k=3, unit=b),
    "ldiv": lambda f, a, b, c: pk.ldiv(f, [a], b),
    "ldiv entropy": lambda f, a, b, c: pk.ldiv(f, [a], b, l=2, kind="entropy"),
    "tclose": lambda f, a, b, c: pk.tclose(f, [a], b),
    "tclose ordered": lambda f, a, b, c: pk.tclose(f, [a], b, distance="ordered"),
    "beta_likeness": lambda f, a, b, c: pk.beta_likeness(f, [a], b),
    "delta_disclosure": lambda f, a, b, c: pk.delta_disclosure(f, [a], b),
    "alpha_k": lambda f, a, b, c: pk.alpha_k(f, [a], b, alpha=0.5, k=2),
    "kmap": lambda f, a, b, c: pk.kmap(f, [a], population=f),
    "kmap number": lambda f, a, b, c: pk.kmap(f, [a, b], population=10**6),
    "delta_presence": lambda f, a, b, c: pk.delta_presence(f, [a], population=f),
    "check": lambda f, a, b, c: pk.check(f, [a], pk.KAnonymity(2, unit=c) & pk.LDiversity(b, 2)),
    "check table": lambda f, a, b, c: pk.check(
        f, [a, b], pk.AverageRisk(0.1) & pk.PopulationUniqueness(0.1, population=10**6)
    ),
    "risk": lambda f, a, b, c: pk.risk(f, [a, b]),
    "risk unit": lambda f, a, b, c: pk.risk(f, [a], unit=b, population=10**6),
    "suda": lambda f, a, b, c: pk.suda(f, [a, b]),
    "unicity": lambda f, a, b, c: pk.unicity(f, unit=a, columns=[b]),
    "link": lambda f, a, b, c: pk.link(f, f, [a, b]),
    "attack": lambda f, a, b, c: pk.attack(f, f, columns=[a, b]),
    "attack_release": lambda f, a, b, c: pk.attack_release(
        many(f), lambda d, name: {}, a, columns=[b], targets=5, repeats=1
    ),
    "audit_pipeline": lambda f, a, b, c: pk.audit_pipeline(len, many(f), epsilon=1, unit=a, runs=100, seconds=1),
    "attack_model": lambda f, a, b, c: pk.attack_model(
        KNeighborsClassifier(1),
        *(_alone(one, a) for one in _sides(f)),
        *(_answers(one, b) for one in _sides(f)),
        shadows=8,
        seconds=1,
    ),
    "assess_model": lambda f, a, b, c: pk.assess_model(
        DummyClassifier().fit([[0], [1]], ["x", "y"]),
        train=many(f),
        test=many(f),
        target=b,
        features=[a],
        groups=[c],
        unit=c,
    ),
    "dossier": lambda f, a, b, c: pk.dossier(f, reports=[pk.kanon(f, [a, b])]),
    "sdnist_labels": lambda f, a, b, c: pk.sdnist_labels(pk.anonymize(f, [a], k=2), target="ma2019", team="t"),
    "papers": lambda f, a, b, c: pk.papers(pk.audit(f).assign([a, b], purpose=str(a), recipients=str(b))),
    "gate": lambda f, a, b, c: pk.gate(
        f,
        {
            "goal": {"qi": [a], "k": 2, "l": 2, "sensitive": [b], "unit": c},
            "risk": {"threshold": 0.2, "average": 0.1},
            "roles": {"forbid": ["direct"]},
        },
    ),
    "copula_uniqueness": lambda f, a, b, c: pk.copula_uniqueness(f, [a, b], population=1000, rows=5),
    "anonymize": lambda f, a, b, c: pk.anonymize(f, [a, b], k=2),
    "anonymize local": lambda f, a, b, c: pk.anonymize(f, [a], k=2, method="local"),
    "anonymize l": lambda f, a, b, c: pk.anonymize(f, [a], pk.KAnonymity(2) & pk.LDiversity(b, 2), suppress=1.0),
    "anonymize t": lambda f, a, b, c: pk.anonymize(f, [a], pk.TCloseness(b, 0.5), suppress=0.5),
    "anonymize unit": lambda f, a, b, c: pk.anonymize(f, [a], k=2, unit=b),
    "lattice": lambda f, a, b, c: pk.lattice(f, [a, b], k=2),
    "Anonymizer": lambda f, a, b, c: pk.Anonymizer([a, b], k=2).fit(f).transform(f),
    "generalize": lambda f, a, b, c: pk.generalize(
        f, {a: 1}, hierarchies={a: pk.Hierarchy.from_mapping({"x": "z", "y": "z"})}
    ),
    "generalize prefix": lambda f, a, b, c: pk.generalize(f, {a: 1}),
    "microaggregate": lambda f, a, b, c: pk.microaggregate(f, [a], k=2),
    "add_noise": lambda f, a, b, c: pk.add_noise(f, [a], scale=0.1, seed=1),
    "rank_swap": lambda f, a, b, c: pk.rank_swap(f, [a], seed=1),
    "pram": lambda f, a, b, c: pk.pram(f, [a], seed=1),
    "round_to": lambda f, a, b, c: pk.round_to(f, [a], base=5),
    "top_bottom": lambda f, a, b, c: pk.top_bottom(f, [a], lower=0, upper=9),
    "evaluate": lambda f, a, b, c: pk.evaluate(f, f, columns=[a, b]),
    "evaluate target": lambda f, a, b, c: pk.evaluate(f, f, target=a, by=b, columns=[a, b]),
    "mock": lambda f, a, b, c: pk.mock(f, 3),
    "by_person": lambda f, a, b, c: pk.by_person(f, _alone(f, a), a, most=2, count="made here"),
    "rows_of_persons": lambda f, a, b, c: pk.rows_of_persons(
        pk.dp_synthetic(f, [a, b], keys={a: [1, 2], b: ["x"]}, **ASKING),
        pk.dp_synthetic(f, [b, c], keys={b: ["x"], c: [1, 2]}, **ASKING),
        count=a,
    ),
    "pseudonymize": lambda f, a, b, c: pk.pseudonymize(f, [a], key=KEY, per=b),
    "consented": lambda f, a, b, c: pk.consented(f, "study", column=a),
    "find_subject": lambda f, a, b, c: pk.find_subject({"t": f}, "x", on=a),
    "erase_subject": lambda f, a, b, c: pk.erase_subject({"t": f}, 3, on=a),
    "events": lambda f, a, b, c: on_frames(f, ev.Recipe([ev.erase(_path(a)), ev.keep(_path(b))]), unmatched="drop"),
    "events ops": lambda f, a, b, c: on_frames(f, _recipe(a, b), unmatched="keep", subject=_path(b)).report(),
    "flatten": lambda f, a, b, c: ev.flatten(f),
    "propose": lambda f, a, b, c: ev.propose(f),
    "describe": lambda f, a, b, c: ev.Recipe([ev.drop("x")]).describe(f),
    "dp_count": lambda f, a, b, c: pk.dp_count(f, a, keys=["x", "b"], **ASKING),
    "dp_count where": lambda f, a, b, c: pk.dp_count(f, where=f"col({a!r}) == 1", **ASKING),
    "dp_count in": lambda f, a, b, c: pk.dp_count(
        f, where=f"col({a!r}) in ['b', 'x'] and not col({b!r}) > 3", **ASKING
    ),
    "dp_value_counts": lambda f, a, b, c: pk.dp_value_counts(f, a, keys=[1, 2], **ASKING),
    "dp_value_counts days": lambda f, a, b, c: pk.dp_value_counts(f, a, keys=[DAY], **ASKING),
    "dp_crosstab": lambda f, a, b, c: pk.dp_crosstab(f, a, b, keys={a: [1, 2], b: ["x"]}, **ASKING),
    "dp_histogram": lambda f, a, b, c: pk.dp_histogram(f, a, bins=[0, 5, 10], **ASKING),
    "dp_nunique": lambda f, a, b, c: pk.dp_nunique(f, a, **ASKING),
    "dp_share": lambda f, a, b, c: pk.dp_share(f, f"col({a!r}) >= 40", **ASKING),
    "dp_sum": lambda f, a, b, c: pk.dp_sum(f, a, **NUMERIC),
    "dp_mean": lambda f, a, b, c: pk.dp_mean(f, a, by=b, keys=["x"], **NUMERIC),
    "dp_var": lambda f, a, b, c: pk.dp_var(f, a, **NUMERIC),
    "dp_std": lambda f, a, b, c: pk.dp_std(f, a, **NUMERIC),
    "dp_quantile": lambda f, a, b, c: pk.dp_quantile(f, a, 0.3, **NUMERIC),
    "dp_median": lambda f, a, b, c: pk.dp_median(f, a, **NUMERIC),
    "dp_bounds": lambda f, a, b, c: pk.dp_bounds(f, a, **ASKING),
    "dp_top_k": lambda f, a, b, c: pk.dp_top_k(f, a, 1, keys=["a", "b"], **ASKING),
    "dp_query": lambda f, a, b, c: pk.dp_query(f, {"n": "count", "s": ("sum", a, (0, 9))}, **ASKING),
    "dp_tables": lambda f, a, b, c: pk.dp_tables(f, [(a, b), (c,)], keys={a: [1], b: ["x"], c: [None]}, **ASKING),
    "dp_synthetic": lambda f, a, b, c: pk.dp_synthetic(
        f, [a, b, c], keys={b: ["x"], c: [None]}, cuts={a: [0, 5, 9]}, rows=5, **ASKING
    ),
    "dp_describe": lambda f, a, b, c: pk.dp_describe(f, a, **NUMERIC),
    "dp_difference": lambda f, a, b, c: pk.dp_difference(f, a, b, keys=["x", "y"], **NUMERIC),
    "dp_anova": lambda f, a, b, c: pk.dp_anova(f, a, b, keys=["x", "y"], **NUMERIC),
    "dp_correlation": lambda f, a, b, c: pk.dp_correlation(
        f, [a, "twice"], derive={"twice": f"{a} * 2"}, bounds={a: (0, 9), "twice": (0, 18)}, **ASKING
    ),
    "dp_ols": lambda f, a, b, c: pk.dp_ols(
        f, a, ["twice"], derive={"twice": f"{a} * 2"}, bounds={a: (0, 9), "twice": (0, 18)}, **ASKING
    ),
    "dp_kmeans": lambda f, a, b, c: pk.dp_kmeans(f, [a], 2, bounds={a: (0, 9)}, **ASKING),
    "dp_logistic": lambda f, a, b, c: pk.dp_logistic(
        f,
        a,
        [b, "twice"],
        derive={"twice": f"{c} * 2"},
        bounds={"twice": (0, 18)},
        keys={a: [0, 1], b: ["x"]},
        **ASKING,
    ),
    "dp_chi2": lambda f, a, b, c: pk.dp_chi2(f, a, b, keys={a: [1, 2], b: ["x", "y"]}, **ASKING),
    "derive": lambda f, a, b, c: pk.dp_count(f, "y", derive={"y": pk.cut(a, [0, 5])}, **ASKING),
    "derive month": lambda f, a, b, c: pk.dp_count(f, "y", derive={"y": pk.month(a)}, keys=[1], **ASKING),
    "derive prefix": lambda f, a, b, c: pk.dp_count(f, "y", derive={"y": pk.prefix(a, 2)}, keys=["x"], **ASKING),
    "Hierarchy.propose": lambda f, a, b, c: pk.Hierarchy.propose(_column(f, a)),
    "Hierarchy apply": lambda f, a, b, c: pk.Hierarchy.propose(_column(f, b)).apply(_column(f, a), 1),
    **{
        f"Hierarchy {name}": lambda f, a, b, c, one=one: one.apply(_column(f, a), 1)
        for name, one in HIERARCHIES.items()
    },
    **{
        f"generalize {name}": lambda f, a, b, c, one=one: pk.generalize(f, {a: 1}, hierarchies={a: one})
        for name, one in HIERARCHIES.items()
    },
    "Hierarchy missing": lambda f, a, b, c: pk.Hierarchy.from_mapping({"x": "y"}).missing(_column(f, a)),
    "tree": lambda f, a, b, c: pk.tclose(f, [a], b, distance=pk.Hierarchy.propose(_column(f, b))),
    "persons count": lambda f, a, b, c: pk.dp_count(f, a, keys=["x"], **ASKING, **persons()),
    "persons of": lambda f, a, b, c: pk.dp_count(f, of="persons", where=f"col({b!r}) > 2", **ASKING, **persons()),
    "persons open": lambda f, a, b, c: pk.dp_count(f, a, epsilon=0.1, delta=1e-6, **persons()),
    "persons mean": lambda f, a, b, c: pk.dp_mean(f, a, by=b, keys=["x"], **NUMERIC, **persons()),
    "persons median": lambda f, a, b, c: pk.dp_median(f, a, **NUMERIC, **persons()),
    "persons nunique": lambda f, a, b, c: pk.dp_nunique(f, a, **ASKING, **persons()),
    "persons top": lambda f, a, b, c: pk.dp_top_k(f, a, 1, keys=[DAY], **ASKING, **persons()),
    **{
        f"ev.{name}": lambda f, a, b, c, rule=rule: on_frames(
            f, ev.Recipe([rule(_path(a), _path(b))]), unmatched="drop", subject=_path(c)
        )
        for name, rule in RULES.items()
    },
    "plan": lambda f, a, b, c: pk.plan.dp_mean(f, a, by=b, keys=["x"], **NUMERIC),
}


def _column(frame: object, name: object) -> object:
    """Return a column of a pandas frame; of another, what takes a column gets the frame."""
    return frame[name] if isinstance(frame, pd.DataFrame) and name in frame.columns else frame


def _path(name: object) -> str:
    return "".join(f"\\{char}" if char in "\\.[]" else char for char in name) if isinstance(name, str) else name


def persons() -> dict[str, object]:
    """Return the project whose unit is the column ``who``; the one without a unit is opened last."""
    return {"project": PROJECTS["persons"]}


#: Opened by who runs the calls.
PROJECTS: dict[str, object] = {}


def opened(store: Path) -> None:
    """Open the two projects in a ledger."""
    common = {"epsilon": 10**6, "delta": 0.5, "store": store}
    PROJECTS["persons"] = pk.open_project("persons", unit="who", max_rows=2, **common)
    PROJECTS["rows"] = pk.open_project("rows", unit=pk.ROW, **common)


def _recipe(a: object, b: object) -> ev.Recipe:
    return ev.Recipe([ev.pseudonymize(_path(a), key=KEY), ev.coarsen(_path(b), prefix=2)])


def called(call, frame: object, names: list[object]) -> str:
    """Return what is wrong with what a call gave: neither an answer nor an error of privkit's without a value."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            answer = call(frame, *names)
            told = _looked_at(answer)
        except PrivkitError as error:
            told = str(error)
        except Exception as error:  # noqa: BLE001 - any is looked at
            return f"raw {_told(error)}"
    for text in (told, *(str(one.message) for one in heard)):
        if CANARY.lower() in text.lower() or DIGITS in text.replace(",", ""):
            return f"tells a value: {text[:300]}"
    return ""


def _looked_at(answer: object) -> str:
    """Look at an answer in every way that needs no argument, and return the words of what refuses."""
    told = ""
    if not type(answer).__module__.startswith("privkit"):
        return told
    for name in ("__repr__", "_repr_html_", *(name for name in dir(answer) if not name.startswith("_"))):
        if name in _NOT_LOOKED_AT or not hasattr(type(answer), name):
            continue
        try:
            member = getattr(answer, name)
            if inspect.ismethod(member) and not _needed(member):
                member()
        except PrivkitError as error:
            told += f"{error}\n"
    return told


#: What draws, needs a browser, or asks and pays again.
_NOT_LOOKED_AT = {"plot", "panel", "release", "save"}


def _needed(method: object) -> list[str]:
    parameters = inspect.signature(method).parameters.values()
    return [one.name for one in parameters if one.default is one.empty and one.kind not in (2, 4)]


def _told(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if "/privkit/" in one.filename] or frames
    return (
        f"{type(error).__name__}: {str(error)[:160]!r} ({Path(own[-1].filename).name}:{own[-1].lineno} {own[-1].name})"
    )


def problems(seed: int, rounds: int, *, rows: int = 24) -> tuple[int, list[str]]:
    """Return how many calls were made, and what was wrong: every function on `rounds` frames of its own each."""
    draw, made, wrong = random.Random(seed), 0, []
    for name, call in CALLS.items():
        for _ in range(rounds):
            told, frame = frame_of(draw, rows)
            columns = list(frame.columns) or ["a"]
            names = [draw.choice(columns) for _ in range(3)]
            library = "pandas" if draw.random() < 0.8 else draw.choice(LIBRARIES[1:])
            data = in_library(frame, library)
            if data is None:
                library, data = "pandas", frame
            made += 1
            if found := called(call, data, names):
                wrong.append(f"{name}({names!r}) on {library} of {told}: {found}")
    return made, wrong
