"""A call that does not fit a function is told in our words: by the function, with a close name, and the budget."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest

import privkit as pk

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
    told = str(caught.value)
    called = name.rpartition(".")[2]
    assert told.startswith(f"{called}() has no parameter {close!r}.")
    if parameters:
        assert repr(parameters[0]) in told
    assert isinstance(caught.value, TypeError)
    assert told.endswith("No budget was spent.") == called.startswith("dp_")


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

    from privkit.values.arguments import typed

    with pytest.raises(TypeError, match="1 and 2 do not fit"):
        typed(fails)(1, 2)
