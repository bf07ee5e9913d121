"""What a function holds: generators in its globals, its closure, its defaults and its object, replaced for one call."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

#: How many functions that call each other are looked through, and how deep into what they hold.
_MOST, _DEEP = 200, 4


@contextlib.contextmanager
def replaced(function: Callable[..., Any], standing: Callable[[Any], Any]) -> Iterator[None]:
    """Replace what `standing` has a stand-in for, wherever the function holds it, and restore it whatever happens.

    Looked through are the functions that it names, too, and modules, but not those of installed libraries:
    `privkit.attacks.pipelines.sources` has what is patched of these.
    """
    with contextlib.ExitStack() as restored:
        seen: set[int] = set()
        _look(function, standing, restored, seen, _DEEP)
        yield


@lru_cache(maxsize=1000)
def _own(module: str) -> bool:
    """Whether a module is somebody's own: of no installed library, nor of Python or privkit."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in ("privkit", "numpy", "pandas"):
        return top == "__main__"
    file = str(getattr(sys.modules.get(top), "__file__", "") or "")
    return "site-packages" not in file and "dist-packages" not in file


def _look(held: Any, standing: Callable[[Any], Any], restored: contextlib.ExitStack, seen: set[int], deep: int) -> None:
    if id(held) in seen or len(seen) > _MOST or deep < 0:
        return
    seen.add(id(held))
    go = partial(_look, standing=standing, restored=restored, seen=seen, deep=deep - 1)
    if isinstance(held, partial):
        _in_mapping(held.keywords, list(held.keywords), standing, restored, go)
        go(held.func)
    elif isinstance(held, MethodType):
        go(held.__self__)
        go(held.__func__)
    elif isinstance(held, FunctionType):
        if _own(str(held.__module__)):
            _in_function(held, standing, restored, go)
    elif isinstance(held, (dict, list)):
        keys = list(held) if isinstance(held, dict) else range(len(held))
        _in_mapping(held, list(keys)[:_MOST], standing, restored, go)
    elif _own(str(type(held).__module__)) and isinstance(getattr(held, "__dict__", None), dict):
        _in_mapping(held.__dict__, list(held.__dict__), standing, restored, go)
        if isinstance(method := getattr(type(held), "__call__", None), FunctionType):  # noqa: B004
            go(method)


def _in_function(held: FunctionType, standing: Any, restored: contextlib.ExitStack, go: Any) -> None:
    names = [name for name in _names(held.__code__) if name in held.__globals__]
    _in_mapping(held.__globals__, names, standing, restored, go)
    for module in [held.__globals__[name] for name in names if isinstance(held.__globals__[name], ModuleType)]:
        if _own(module.__name__):
            there = vars(module)
            _in_mapping(there, [name for name in _names(held.__code__) if name in there], standing, restored, go)
    for cell in held.__closure__ or ():
        with contextlib.suppress(ValueError):  # an empty cell
            _put(cell.cell_contents, partial(setattr, cell, "cell_contents"), standing, restored, go)
    for name in ("__defaults__", "__kwdefaults__"):
        given: Any = getattr(held, name)
        if not given:
            continue
        pairs = given.items() if isinstance(given, dict) else enumerate(given)
        found = {key: stand_in for key, one in pairs if (stand_in := standing(one)) is not None}
        if found:
            restored.callback(setattr, held, name, given)
            new = (
                {**given, **found}
                if isinstance(given, dict)
                else tuple(found.get(place, one) for place, one in enumerate(given))
            )
            setattr(held, name, new)


def _names(code: CodeType) -> set[str]:
    """Return the names that a function looks up, and functions within it."""
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return set(code.co_names).union(*(_names(one) for one in inner))


def _in_mapping(held: Any, keys: Any, standing: Any, restored: contextlib.ExitStack, go: Any) -> None:
    for key in keys:
        _put(held[key], partial(held.__setitem__, key), standing, restored, go)


def _put(one: Any, put: Callable[[Any], Any], standing: Any, restored: contextlib.ExitStack, go: Any) -> None:
    stand_in = standing(one)
    if stand_in is None:
        go(one)
    else:
        restored.callback(put, one)
        put(stand_in)
