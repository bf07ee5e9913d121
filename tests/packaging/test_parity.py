"""The accessor and the typed functions are one API."""

import ast
import importlib
import inspect
from pathlib import Path

import pandas as pd
import pytest

import privkit as pk
from privkit.accessor import Delegate, PlanAccessor, PrivacyAccessor

#: `pk.events` is the namespace of recipes; its typed function for frames lies in it.
TWINS = {"events": importlib.import_module("privkit.events.tables").events}


#: Functions of a frame that are no methods, and why.
NO_METHODS = {
    "consented": "a part of the inventory: what persons agreed to",
    "copula_uniqueness": "a model of the population, beside `.risk()`",
    "dossier": "the frame is one of its parts, and may be left out",
}


def methods(accessor):
    return [name for name, member in vars(accessor).items() if isinstance(member, Delegate)]


def shape(function, skip):
    """Return names, kinds, defaults and annotations of the parameters but the first `skip`."""
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())[skip:]
    return [(p.name, p.kind, p.default, p.annotation) for p in parameters], signature.return_annotation


@pytest.mark.parametrize("name", methods(PrivacyAccessor))
def test_accessor_and_function_have_one_signature(name):
    method, function = getattr(pd.DataFrame().privacy, name), TWINS.get(name) or getattr(pk, name)
    assert shape(method, 0) == shape(function, 1)
    assert method.__doc__ == function.__doc__ or inspect.ismodule(function)
    assert method.__name__ == name


def test_every_function_of_a_frame_is_a_method_or_has_a_reason():
    of_a_frame = {
        name
        for name in pk.__all__
        if inspect.isfunction(one := getattr(pk, name)) and [*inspect.signature(one).parameters][:1] == ["data"]
    }
    left = of_a_frame - set(methods(PrivacyAccessor))
    assert left == set(NO_METHODS), (
        f"end the lines of {sorted(left - set(NO_METHODS))} in privkit/__init__.pyi with '# df.privacy', "
        "or give the reason here"
    )


@pytest.mark.parametrize("name", methods(PlanAccessor))
def test_plan_accessor_and_plan_function_have_one_signature(name):
    assert shape(getattr(pd.DataFrame().privacy.plan, name), 0) == shape(getattr(pk.plan, name), 1)


def test_a_method_that_is_not_called_does_not_print_the_frame():
    assert "CANARY" not in repr(pd.DataFrame({"a": ["CANARY-7f3a"]}).privacy.kanon)


def test_every_spending_method_has_a_plan_and_only_they_are_called_dp():
    spending = [name for name in methods(PrivacyAccessor) if name.startswith("dp_")]
    assert sorted(spending) == sorted(methods(PlanAccessor))
    for name in spending:
        assert "Spends budget" in getattr(pk, name).__doc__


@pytest.mark.parametrize("name", [name for name in pk.__all__ if name not in {"ROW"}])
def test_every_public_name_is_there_and_documented(name):
    assert (getattr(pk, name).__doc__ or "").strip()


def test_the_stub_for_type_checkers_names_the_same():
    stub = ast.parse((Path(pk.__file__).parent / "__init__.pyi").read_text(encoding="utf-8"))
    named = {
        alias.asname: getattr(importlib.import_module(f"privkit.{node.module or ''}".rstrip(".")), alias.name, None)
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(named) == set(pk.__all__)
    for name, value in named.items():
        assert inspect.ismodule(getattr(pk, name)) or getattr(pk, name) is value


def test_no_public_name_is_hidden_by_a_module_of_that_name():
    # Importing privkit.x binds the name x in privkit, over what __getattr__ would give.
    modules = {path.stem for path in Path(pk.__file__).parent.iterdir() if path.suffix in {"", ".py"}}
    assert modules & set(pk.__all__) <= {"events", "models", "risk", "teach"}
    assert callable(pk.risk)


def test_dir_lists_the_public_names():
    assert set(pk.__all__) <= set(dir(pk))


def test_the_accessor_is_made_without_looking_at_the_frame():
    for frame in (pd.DataFrame(), pd.DataFrame([[1, 2]], columns=["a", "a"]), pd.DataFrame({0: [1]})):
        assert repr(frame.privacy).startswith("df.privacy")
        assert repr(frame.privacy.plan).startswith("df.privacy.plan")
        assert "kanon" in dir(frame.privacy)
        assert frame.attrs == {}


@pytest.mark.parametrize("lazy", [False, True])
def test_polars_frames_have_the_same_methods_with_the_same_answers(lazy, tmp_path):
    pl = pytest.importorskip("polars")
    columns = {"zip": ["8004", "8004", "8005", "8005"] * 50, "age": list(range(100)) * 2}
    whole, frame = pd.DataFrame(columns), pl.DataFrame(columns)
    frame = frame.lazy() if lazy else frame
    assert type(frame).privacy is PrivacyAccessor
    assert frame.privacy.kanon(["zip"]).k == whole.privacy.kanon(["zip"]).k == 100
    assert repr(frame.privacy.risk(["zip", "age"])) == repr(whole.privacy.risk(["zip", "age"]))
    project = pk.open_project("parity", epsilon=1e6, ceiling=1e6, unit=pk.ROW, store=tmp_path / "l.db")
    ask = {"by": "zip", "keys": ["8004", "8005"], "epsilon": 1000}
    plan, same = frame.privacy.plan.dp_count(**ask), whole.privacy.plan.dp_count(**ask)
    assert (plan.canonical(), plan.accuracy) == (same.canonical(), same.accuracy)
    apart = [note for note in plan.notes if note not in same.notes]
    assert len(plan.notes) == len(same.notes) + len(apart)
    assert [note.partition(":")[0] for note in apart] == ["asked again, it is charged again"] * lazy
    for found in (frame, whole):
        assert found.privacy.dp_count(**ask).value.tolist() == [100, 100]
        assert found.privacy.dp_mean("age", bounds=(0, 100), epsilon=1000).value == pytest.approx(49.5, abs=0.01)
    assert project.spent.main in (3000, 4000)  # a lazy frame has no fingerprint; two frames of two libraries are two
    made = frame.privacy.anonymize(["zip"], k=5).frame
    assert made.privacy.kanon(["zip"]).k == 100


def test_methods_that_need_the_rows_in_hand_say_so():
    pl = pytest.importorskip("polars")
    frame = pl.LazyFrame({"who": ["a"]})
    for call in (lambda: frame.privacy.pseudonymize("who"), lambda: frame.privacy.events(None)):
        with pytest.raises(pk.EventsInputError, match=r"\.collect\(\) it first"):
            call()


#: What is taken as any object, and why no type says more.
ANYTHING = {
    "assess_model model": "an estimator: what has predict",
    "attack_model model": "an estimator: what has predict",
    "attack_model X_in": "what scikit-learn takes as features",
    "attack_model X_out": "what scikit-learn takes as features",
    "attack_model y_in": "what scikit-learn takes as answers",
    "attack_model y_out": "what scikit-learn takes as answers",
    "public_values values": "whatever the owner vouches for",
    "lay values": "the values of a column, as NumPy or pandas holds them",
    "public columns": "the fact of a column, of any of its kinds",
    "assign facts": "a field of an inventory, of any of its kinds",
    "answer proof": "a report of a subject, told by its kind",
}


def public_calls():
    """Every function and public method that a person calls, by its name."""
    for name in pk.__all__:
        member = getattr(pk, name)
        if inspect.isfunction(member):
            yield name, member
        elif inspect.isclass(member):
            for method, function in vars(member).items():
                if inspect.isfunction(function) and not method.startswith("_"):
                    yield f"{name}.{method}", function


def test_a_type_says_what_each_parameter_takes():
    loose = {
        f"{name.rpartition('.')[2]} {one.name}"
        for name, function in public_calls()
        for one in inspect.signature(function).parameters.values()
        if str(one.annotation).removesuffix(" | None") in {"object", "Any"}
    }
    assert loose == ANYTHING.keys()
