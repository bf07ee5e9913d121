"""A call that does not fit a function is told in our words: by the function, with a close name, and the budget."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from types import FunctionType

import pandas as pd
import pytest

import privkit as pk
from privkit.errors import ParameterError, PrivkitError
from privkit.errors.calls import called, calling
from privkit.values.arguments import typed

FRAME = pd.DataFrame({"a": [1, 2, 2], "b": [1.0, 2.0, 3.0]})


def public_functions():
    for name in pk.__all__:
        value = getattr(pk, name)
        if inspect.ismodule(value):
            own = {part: getattr(value, part) for part in getattr(value, "__all__", ())}
            yield from ((f"{name}.{part}", one) for part, one in own.items() if inspect.isfunction(one))
            if callable(value):
                yield name, value
        elif inspect.isfunction(value):
            yield name, value


FUNCTIONS = dict(public_functions())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_unknown_name_is_told_with_the_function_and_a_close_name(name):
    function = FUNCTIONS[name]
    parameters = [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    close = f"{parameters[0]}x" if parameters else "unheard_of"
    with pytest.raises(pk.CallError) as caught:
        function(**{close: 1})
    text = str(caught.value)
    own = name.rpartition(".")[2]
    assert text.startswith(f"{own}() has no parameter {close!r}.")
    if parameters:
        assert repr(parameters[0]) in text
    assert isinstance(caught.value, TypeError)
    assert text.endswith("No budget was spent.") == own.startswith("dp_")


@pytest.mark.parametrize("name", [name for name, one in FUNCTIONS.items() if "." not in name])
def test_too_many_arguments_without_a_name_are_told(name):
    function = FUNCTIONS[name]
    if any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(function).parameters.values()):
        pytest.skip("takes any number")
    with pytest.raises(pk.CallError, match=rf"^{name}\(\) got \d+ arguments without a name, but takes \d at most"):
        function(*[FRAME] * 30)


def test_the_accessor_counts_as_its_user_does():
    with pytest.raises(
        pk.CallError, match=r"^kanon\(\) got 3 arguments without a name, but takes 1 at most: qi\. By name"
    ):
        FRAME.privacy.kanon("a", 2, 3)


def test_what_is_needed_is_named_and_what_stands_twice():
    with pytest.raises(pk.CallError, match=r"^dp_sum\(\) needs 'column'. No budget was spent.$"):
        FRAME.privacy.dp_sum(epsilon=1)
    with pytest.raises(pk.CallError, match=r"^kanon\(\) got 'data' twice"):
        pk.kanon(FRAME, "a", data=1)


def test_a_type_error_within_a_function_stays_what_it_is():
    def fails(left, right):
        raise TypeError(f"{left} and {right} do not fit")

    with pytest.raises(TypeError, match="1 and 2 do not fit"):
        typed(fails)(1, 2)


def _fails(name):
    """Return what a public function of this name says, called as a user calls it."""

    def asked(k):
        raise ParameterError.of("k", str(k), "more")

    asked.__name__ = name
    return typed(asked)


def told(call, *args):
    with pytest.raises(PrivkitError) as caught:
        call(*args)
    return str(caught.value).partition("(")[0]


def of_privkit(function):
    """Return the function as one whose calls come from a module of privkit."""
    return FunctionType(
        function.__code__, {**globals(), "__name__": "privkit.somewhere"}, None, None, function.__closure__
    )


def test_the_outermost_public_call_is_named_and_nobody_after_it():
    inner = _fails("inner")
    outer = typed(of_privkit(lambda k: inner(k)), called="outer")
    assert told(inner, 1) == "inner"
    assert told(outer, 1) == "outer"
    assert told(inner, 1) == "inner"
    assert called() == "privkit"
    with pytest.raises(pk.ValueBoundsRequiredError, match=r"^dp_median\('age'\) needs bounds"):
        pk.dp_median(pd.DataFrame({"age": [1]}), "age", epsilon=1, project=simulated())


def simulated():
    return pk.open_project("calls", epsilon=10, unit=pk.ROW, simulate=True, seed=1)


def test_a_call_of_the_users_own_code_within_another_is_named_by_itself():
    inner, heard = _fails("inner"), []

    def progress():  # defined here, so outside of privkit
        heard.append(told(inner, 1))
        heard.append(told(lambda: FRAME.privacy.kanon("nothing")))

    after = _fails("after")

    def answering(k):
        progress()
        return after(k)

    outer = typed(of_privkit(answering), called="outer")
    assert told(outer, 1) == "outer"  # and the name is the outer call's again
    assert heard == ["inner", "kanon"]
    seen = []
    pk.anonymize(
        pd.DataFrame({"a": [1, 2] * 20, "b": [1, 1, 2, 3] * 10}), ["a", "b"], k=2,
        progress=lambda *_: seen.append(told(lambda: pk.kanon(FRAME, "nothing"))),
    )  # fmt: skip
    assert set(seen) == {"kanon"}


def test_threads_and_tasks_have_calls_of_their_own():
    together = Barrier(8)

    def ask(name):
        def asked(k):
            together.wait()  # all are within their calls at once
            raise ParameterError.of("k", str(k), "more")

        return told(typed(of_privkit(asked), called=name), 1)

    names = [f"call_{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, names)) == names

    async def task(name):
        with calling(name):
            await asyncio.sleep(0)
            return called()

    async def all_of_them():
        return await asyncio.gather(*(task(name) for name in names))

    assert asyncio.run(all_of_them()) == [f"{name}()" for name in names]


def test_what_is_handed_out_step_by_step_keeps_its_call_and_leaves_no_name_behind():
    closed = []

    @typed
    def numbers(k):
        try:
            yield called()
            yield called()
            raise ParameterError.of("k", str(k), "more")
        finally:
            closed.append(k)

    steps, others = numbers(1), numbers(2)
    assert next(steps) == next(others) == "numbers()"
    assert called() == "privkit"
    with calling("outer"):
        assert next(steps) == "numbers()"
        assert called() == "outer()"
    assert told(next, steps) == "numbers"
    others.close()
    assert closed == [1, 2]


def test_an_error_that_is_none_of_ours_leaves_no_name_behind():
    @typed
    def fails():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert called() == "privkit"


def test_a_plan_that_is_released_later_is_still_what_was_asked():
    frame = pd.DataFrame({"age": [1, 2, 3]})
    plan = frame.privacy.plan.dp_mean("age", bounds=(0, 10), epsilon=1, project=simulated())
    with pytest.raises(pk.ParameterError, match=r"^dp_mean\(\) got again=a str"):
        plan.release(again="yes")
    with pytest.raises(pk.CallError, match=r"^release\(\) has no parameter 'agian'\. Close matches: 'again'\. No"):
        plan.release(agian=True)


def test_what_is_public_is_pickled_and_shown_as_before():
    for value in (pk.KAnonymity(3), pk.LDiversity("plan", 2), pk.Hierarchy.intervals(5), pk.ROW):
        assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)
        again = replace(value)
        assert again == value
    assert (
        str(inspect.signature(pk.KAnonymity))
        == "(k: 'int', unit: 'str | None' = None, *, of: 'int | None' = None) -> None"
    )
    assert pickle.loads(pickle.dumps(pk.kanon)) is pk.kanon


def test_making_a_value_anew_with_a_wrong_parameter_is_told_by_its_name():
    assert told(lambda: replace(pk.KAnonymity(3), k=0)) == "KAnonymity"
