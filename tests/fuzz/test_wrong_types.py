"""Every public function with arguments of wrong types, one at a time: privkit's own errors, and no value in them."""

from __future__ import annotations

import inspect
import re
import traceback
import warnings
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier

import privkit as pk
from privkit import events as ev
from privkit.errors import PrivkitError
from privkit.project.asking import Asking

CANARY = "CANARY_7f3a"
#: The names of Python's and NumPy's types before which stands "an", and what no article stands before.
ARTICLES = re.compile(r"\ba (int|object|ndarray|Odd|NoneType)\b")
HERE = str(Path(__file__))


class Odd:
    """Refuses whatever is asked of it, as some objects do."""

    def __repr__(self):
        return CANARY

    def __eq__(self, other):
        raise RuntimeError(CANARY)

    __hash__ = None

    def __bool__(self):
        raise ValueError(CANARY)


WRONG = {
    "None": None,
    "text": CANARY,
    "surrogate": "\ud800" + CANARY,
    "bytes": CANARY.encode(),
    "negative": -1,
    "huge": 10**40,
    "float": 0.5,
    "nan": float("nan"),
    "complex": 1j,
    "yes": True,
    "list": [CANARY],
    "numbers": [1, 2],
    "nested": [[CANARY]],
    "tuple": (1,),
    "dict": {CANARY: CANARY},
    "numbered": {1: 2},
    "empty": (),
    "set": {CANARY},
    "object": object(),
    "class": int,
    "function": len,
    "array": np.array([CANARY]),
    "series": pd.Series([CANARY]),
    "frame": pd.DataFrame({"odd_column": [CANARY]}),
    "range": range(3),
    "iterator": "iterator",  # made anew for each call
    "fraction": Fraction(1, 3),
    "date": date(2026, 1, 1),
    "path": Path(CANARY),
    "odd": Odd(),
}


def frame():
    return pd.DataFrame(
        {
            "zip": ["8001", "8002"] * 6,
            "age": [20, 30, 40, 50] * 3,
            "plan": ["a", "b", "a"] * 4,
            "id": range(12),
            "when": pd.date_range("2026-01-01", periods=12),
            "text": ["x y"] * 12,
        }
    )


def tree():
    return pk.Hierarchy.from_mapping({"8001": "80", "8002": "80"})


ASKING = {"epsilon": 0.1}
#: Features and answers of members and controls.
SIDES = (np.arange(40.0)[:, None], np.arange(40.0)[:, None] + 0.5, [0, 1] * 20, [0, 1] * 20)
SET = pd.DataFrame({"x": np.arange(40.0), "y": [0, 1] * 20})
#: A good call of each: its positional and keyword arguments without the frame; the frame goes first where it is True.
CALLS = {
    "kanon": (True, (["zip"],), {}),
    "ldiv": (True, (["zip"], "plan"), {}),
    "tclose": (True, (["zip"], "plan"), {}),
    "beta_likeness": (True, (["zip"], "plan"), {}),
    "delta_disclosure": (True, (["zip"], "plan"), {}),
    "alpha_k": (True, (["zip"], "plan"), {"alpha": 0.9, "k": 2}),
    "kmap": (True, (["zip"],), {"population": 100}),
    "delta_presence": (True, (["zip"],), {"population": frame()}),
    "check": (True, (["zip"], pk.KAnonymity(2)), {}),
    "risk": (True, (["zip"],), {}),
    "audit": (True, (), {"time_limit": 1}),
    "suda": (True, (["zip", "age"],), {}),
    "unicity": (True, (), {"unit": "plan", "columns": ["zip"]}),
    "link": (True, (frame(), ["zip"]), {}),
    "attack": (True, (frame(),), {"control": frame()}),
    "attack_release": (True, (len, "plan"), {}),
    "audit_pipeline": (False, (len, frame()), {"epsilon": 1, "runs": 100, "seconds": 1}),
    "attack_model": (False, (KNeighborsClassifier(1), *SIDES), {"shadows": 8, "seconds": 1}),
    "assess_model": (
        False,
        (KNeighborsClassifier(1).fit(np.arange(40.0)[:, None], [0, 1] * 20),),
        {"train": SET, "test": SET, "target": "y", "validation": SET, "features": ["x"], "groups": ["y"], "unit": "x"},
    ),
    "dossier": (True, (), {"review": "2027-11-29", "today": "2026-11-29"}),
    "papers": (False, (pk.audit(frame()),), {"answers": {"contact": "x"}, "today": "2026-11-29"}),
    "gate": (True, ({"goal": {"qi": ["zip"], "k": 2}},), {"today": "2026-11-29"}),
    "copula_uniqueness": (True, (["zip", "age"],), {"population": 1000, "rows": 10}),
    "anonymize": (True, (["zip", "age"],), {"k": 2}),
    "lattice": (True, (["zip", "age"],), {"k": 2}),
    "generalize": (True, ({"zip": 1},), {"hierarchies": {"zip": tree()}}),
    "microaggregate": (True, (["age"],), {"k": 2}),
    "add_noise": (True, (["age"],), {"scale": 0.1}),
    "rank_swap": (True, (["age"],), {}),
    "pram": (True, (["plan"],), {}),
    "round_to": (True, (["age"],), {"base": 5}),
    "top_bottom": (True, (["age"],), {"lower": 25}),
    "evaluate": (True, (frame(),), {"columns": ["plan", "age"]}),
    "by_person": (True, (frame()[["id"]], "id"), {"most": 2}),
    "rows_of_persons": (False, (1, 2), {"key": "id", "count": "events"}),
    "mock": (False, ({"plan": "str", "age": "int64"}, 3), {"keys": {"plan": ["a"]}, "cuts": {"age": [0, 9]}}),
    "pseudonymize": (True, (["id"],), {"key": b"k" * 32}),
    "consented": (True, ("study",), {"column": "text"}),
    "find_subject": (False, ({"t": frame()}, 3), {"on": "id"}),
    "erase_subject": (False, ({"t": frame()}, 3), {"on": "id"}),
    "public_values": (False, (["a"],), {"reason": "a list"}),
    "person_uniqueness": (False, (0.1, 100), {}),
    "example": (False, (), {}),
    "example_hierarchies": (False, (), {}),
    "cut": (False, ("age", [18, 65]), {}),
    "isin": (False, ("plan", ["a"]), {}),
    "recode": (False, ("plan", {"a": "b"}), {"other": "c"}),
    "lookup": (False, ("plan", {"a": "b"}), {"other": "c"}),
    "when": (False, ("age > 18", "old"), {}),
    "prefix": (False, ("zip", 2), {}),
    **{name: (False, ("when",), {}) for name in ("day", "month", "year", "hour", "weekday")},
    "KAnonymity": (False, (2,), {}),
    "LDiversity": (False, ("plan", 2), {}),
    "TCloseness": (False, ("plan", 0.2), {}),
    "BetaLikeness": (False, ("plan", 1), {}),
    "DeltaDisclosure": (False, ("plan", 1), {}),
    "AlphaK": (False, ("plan", 0.5, 2), {}),
    "KMap": (False, (2,), {"population": 100}),
    "DeltaPresence": (False, (0, 1), {"population": frame()}),
    "AverageRisk": (False, (0.1,), {}),
    "SampleUniqueness": (False, (0.1,), {}),
    "PopulationUniqueness": (False, (0.1,), {"population": 100}),
    "Threshold": (False, (0.2,), {}),
    "Anonymizer": (False, (["zip"],), {"k": 2}),
    "open_project": (False, ("fuzz",), {"epsilon": 1, "unit": pk.ROW, "simulate": True}),
    "ratio": (False, (1, 2), {}),
    "consistent": (False, (1,), {}),
    "dp_count": (True, (), ASKING),
    "dp_value_counts": (True, ("plan",), ASKING | {"keys": ["a"]}),
    "dp_crosstab": (True, ("plan", "zip"), ASKING | {"keys": {"plan": ["a"], "zip": ["8001"]}}),
    "dp_histogram": (True, ("age",), ASKING | {"bins": [0, 50, 100]}),
    "dp_nunique": (True, ("plan",), ASKING),
    "dp_share": (True, ("age >= 40",), ASKING),
    "dp_sum": (True, ("age",), ASKING | {"bounds": (0, 100)}),
    "dp_mean": (True, ("age",), ASKING | {"bounds": (0, 100)}),
    "dp_var": (True, ("age",), ASKING | {"bounds": (0, 100)}),
    "dp_std": (True, ("age",), ASKING | {"bounds": (0, 100)}),
    "dp_quantile": (True, ("age", 0.5), ASKING | {"bounds": (0, 100)}),
    "dp_median": (True, ("age",), ASKING | {"bounds": (0, 100)}),
    "dp_bounds": (True, ("age",), ASKING),
    "dp_top_k": (True, ("plan", 1), ASKING | {"keys": ["a", "b"]}),
    "dp_query": (True, ({"n": "count"},), ASKING),
    "dp_tables": (True, ([("plan", "zip")],), ASKING | {"keys": {"plan": ["a"], "zip": ["8001"]}}),
    "dp_synthetic": (True, (["plan", "zip"],), ASKING | {"keys": {"plan": ["a"], "zip": ["8001"]}}),
    "dp_describe": (True, ("age",), ASKING | {"bounds": (0, 100)}),
    "dp_difference": (True, ("age", "plan"), ASKING | {"bounds": (0, 100), "keys": ["a", "b"]}),
    "dp_anova": (True, ("age", "plan"), ASKING | {"bounds": (0, 100), "keys": ["a", "b"]}),
    "dp_correlation": (True, (["age", "id"],), ASKING | {"bounds": {"age": (0, 100), "id": (0, 12)}}),
    "dp_ols": (True, ("age", "id"), ASKING | {"bounds": {"age": (0, 100), "id": (0, 12)}}),
    "dp_kmeans": (True, (["age"], 2), ASKING | {"bounds": {"age": (0, 100)}}),
    "dp_logistic": (True, ("plan", ["age"]), ASKING | {"bounds": {"age": (0, 100)}, "keys": {"plan": ["a", "b"]}}),
    "dp_chi2": (True, ("plan", "zip"), ASKING | {"keys": {"plan": ["a", "b"], "zip": ["8001", "8002"]}}),
}
#: The same for what lies in a namespace.
MORE = {
    "Hierarchy.from_rows": (pk.Hierarchy.from_rows, ([("a", "x")],), {}),
    "Hierarchy.from_mapping": (pk.Hierarchy.from_mapping, ({"a": "x"},), {}),
    "Hierarchy.from_tree": (pk.Hierarchy.from_tree, ({"x": ["a"]},), {}),
    "Hierarchy.ordered": (pk.Hierarchy.ordered, (["a", "b"], 2), {}),
    "Recipe": (ev.Recipe, ([ev.drop("a")],), {}),
    "Recipe.from_dict": (ev.Recipe.from_dict, ({},), {}),
    "code_book": (ev.code_book, (["a"],), {}),
    "coarsen": (ev.coarsen, ("a",), {"bins": [0, 10]}),
    "drop": (ev.drop, ("a",), {}),
    "erase": (ev.erase, ("a",), {}),
    "keep": (ev.keep, ("a",), {}),
    "flatten": (ev.flatten, ([{"a": 1}],), {}),
    "merge": (ev.merge, (), {"by": "a"}),
    "number": (ev.number, ("a",), {}),
    "perturb": (ev.perturb, ("a", 1.0), {"key": b"k" * 32}),
    "ev.pseudonymize": (ev.pseudonymize, ("a",), {"key": b"k" * 32}),
    "rename": (ev.rename, ("a", "b"), {}),
    "encode": (ev.encode, ("a", {"x": "c1"}), {}),
    "sample": (ev.sample, (0.5,), {"key": b"k" * 32}),
    "scale": (ev.scale, ("a",), {}),
    "shift_dates": (ev.shift_dates, ("a",), {"by": "b", "days": 3, "key": b"k" * 32}),
    "substitute": (ev.substitute, ("a", {"x": "y"}), {}),
    "truncate_time": (ev.truncate_time, ("a", "day"), {}),
    **{
        f"plan.{name}": (getattr(pk.plan, name), args, kwargs)
        for name, (_, args, kwargs) in CALLS.items()
        if name.startswith("dp_")
    },
}


#: Calls in which also the arguments are fuzzed that all ``dp_*`` share by one decorator.
SHARING = {"dp_count", "dp_mean", "plan.dp_sum"}


def test_every_function_that_spends_is_called_here():
    lacking = {name for name in pk.__all__ if name.startswith("dp_")} - set(CALLS)
    assert not lacking, f"give a call of {lacking} in CALLS"


def all_calls():
    for name, (with_frame, args, kwargs) in CALLS.items():
        yield name, getattr(pk, name), ((frame(), *args) if with_frame else args), kwargs
    for name, (function, args, kwargs) in MORE.items():
        yield name, function, ((frame(), *args) if name.startswith("plan.") else args), kwargs


def cases():
    for name, function, args, kwargs in all_calls():
        signature = inspect.signature(function)
        try:
            bound = signature.bind(*args, **kwargs).arguments
        except TypeError:
            bound = signature.bind_partial(*args[:0]).arguments
        shared = set() if "dp_" not in name or name in SHARING else set(Asking.__annotations__) - {"epsilon", "keys"}
        for parameter in signature.parameters.values():
            if parameter.kind is not parameter.VAR_KEYWORD and parameter.name not in shared:
                yield pytest.param(function, dict(bound), parameter.name, id=f"{name}-{parameter.name}")


def called(function, given):
    """Call with arguments by name, positional-only and variable ones in their places."""
    args, kwargs = [], {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in given:
            continue
        value = given[parameter.name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            args += value if isinstance(value, tuple) else [value]
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            if len(args) == len([p for p in inspect.signature(function).parameters if p in given][: len(args)]):
                args.append(value)
        else:
            kwargs[parameter.name] = value
    return function(*args, **kwargs)


def raw(error):
    """Return where a raw error came from; None if it is privkit's, or Python's about the call itself."""
    if isinstance(error, PrivkitError | FileExistsError):  # code_book(file=) does not write over a file, as it says
        return None
    frames = traceback.extract_tb(error.__traceback__)
    own_words = (HERE, "inspect.py", "values/typed.py")
    if isinstance(error, TypeError) and frames[-1].filename.endswith(own_words):
        return None
    own = [frame for frame in frames if "/privkit/" in frame.filename] or frames
    return f"{type(error).__name__}: {error} ({own[-1].filename.rpartition('/')[2]}:{own[-1].lineno} {own[-1].name})"


@pytest.fixture(autouse=True)
def _project(ledger_path):
    pk.open_project("fuzz", epsilon=10**6, unit=pk.ROW, store=ledger_path)


@pytest.mark.parametrize(("function", "bound", "name"), list(cases()))
@pytest.mark.sample(0.08)
def test_wrong_types_are_told_in_privkits_own_words(function, bound, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    problems = []
    for kind, wrong in WRONG.items():
        if name == "progress" and callable(wrong):
            continue  # what a caller's own function raises is the caller's
        value = iter([CANARY]) if kind == "iterator" else wrong
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                called(function, bound | {name: value})
        except Exception as error:  # noqa: BLE001 - any is looked at
            if told := raw(error):
                problems.append(f"{kind}: {told}")
            # What is named by the caller himself may be told: a column, a name, a choice. What is in the data may not.
            if kind in {"series", "array", "frame", "iterator", "odd"} and CANARY in str(error):
                problems.append(f"{kind}: a value is told: {error}")
            if ARTICLES.search(str(error)):
                problems.append(f"{kind}: a type with the wrong article: {error}")
    assert not problems, "\n".join(problems)
