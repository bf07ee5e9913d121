"""Where noise comes from, patched for the time of one call: NumPy, `random`, diffprivlib and OpenDP.

Other threads go on as if nothing were patched: a replaced function looks for the run of its own thread, and finds none.
What a library draws inside of a mechanism that is noted as a whole is not noted again. Generators that a function
holds, in its globals, its closure, its defaults and its object, are replaced too.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from threading import RLock
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from privkit.attacks.pipelines.mechanisms import patches as mechanisms
from privkit.attacks.pipelines.runs import Entry, Run, Within, under_way

#: How many functions that call each other are looked through, and how deep into what they hold.
_MOST, _DEEP = 200, 4


@contextlib.contextmanager
def replaced(function: Callable[..., Any], standing: Callable[[Any], Any]) -> Iterator[None]:
    """Replace what `standing` has a stand-in for, wherever the function holds it, and restore it whatever happens.

    Looked through are the functions that it names, too, and modules, but not those of installed libraries: these are
    patched.
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


#: One recording at a time: what is patched by two is restored by none.
_LOCK = RLock()
#: Methods of NumPy's generators whose result is a place and a scale times standard noise: the law, and its parameters.
_PLACED = {"laplace": "laplace", "normal": "normal", "gumbel": "gumbel", "logistic": "logistic"}
_SCALED = {"exponential": "exponential", "standard_exponential": "exponential", "standard_normal": "normal"}
#: What draws numbers that say nothing about what they are for.
_RAW = (
    "random", "random_sample", "uniform", "integers", "randint", "binomial", "poisson", "standard_gamma",
    "gamma", "beta", "standard_cauchy", "standard_t", "negative_binomial", "lognormal", "rand", "ranf", "sample",
    "chisquare", "multinomial", "hypergeometric", "triangular", "power", "pareto", "weibull", "vonmises", "rayleigh",
    "multivariate_normal", "dirichlet", "permutation", "permuted", "shuffle", "random_integers", "tomaxint",
)  # fmt: skip
#: Of these the result is what was given, in another order: it is not that of another run.
_OWN = ("permutation", "permuted", "shuffle", "multinomial", "dirichlet", "multivariate_normal")


def _argument(args: tuple[Any, ...], options: dict[str, Any], place: int, name: str, default: Any) -> Any:
    return args[place] if len(args) > place else options.get(name, default)


def _numbers(name: str, draw: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Return what a method of a NumPy generator draws, and note it in the run that is under way."""
    run = under_way()
    if run is None:
        return draw(*args, **options)
    if name in _PLACED and options.get("out") is None:
        place, scale = _argument(args, options, 0, "loc", 0.0), _argument(args, options, 1, "scale", 1.0)
        result = draw(*args, **options)
        if np.ndim(place) == 0 and float(place) == 0.0:
            return run.drew(_PLACED[name], scale, result)
        return run.drew(_PLACED[name], scale, result - np.asarray(place)) + place
    if name in _SCALED and options.get("out") is None:
        scale = _argument(args, options, 0, "scale", 1.0) if name == "exponential" else 1.0
        return run.drew(_SCALED[name], scale, draw(*args, **options))
    if name == "randn":
        return run.drew("normal", 1.0, draw(*args, **options))
    if name == "geometric":
        return run.drew("geometric", _argument(args, options, 0, "p", 0.5), draw(*args, **options))
    if name == "choice":
        return _choice(run, draw, args, options)
    with Within(None):
        result = draw(*args, **options)
    if name in _OWN:
        run.strayed = run.strayed or run.script is not None
        run.drew("raw", 1.0, 0.0, name)
        return result
    return run.drew("raw", 1.0, result, f"{name}{_told(args, options)}")


def _told(args: tuple[Any, ...], options: dict[str, Any]) -> str:
    """Return arguments in letters, to compare them; nobody reads them."""
    return repr((args, sorted(options.items())))


def _choice(run: Run, draw: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Note a choice by given chances as one that they enter; another one as raw numbers."""
    among: Any = args[0] if args else options.get("a")
    chances = options.get("p", args[3] if len(args) > 3 else None)
    size = _argument(args, options, 1, "size", None)
    if chances is None or np.ndim(among) > 1 or (size is not None and np.size(size) != 1):
        with Within(None):
            result = draw(*args, **options)
        run.strayed = run.strayed or run.script is not None
        run.drew("raw", 1.0, 0.0, "choice")
        return result
    count = int(among) if np.ndim(among) == 0 else len(among)
    chosen = draw(count, size, p=chances)
    told = run.enters(Entry("choice", np.asarray(chances, dtype=float), np.ones(count), chosen))
    return told if np.ndim(among) == 0 else np.asarray(among)[told]


#: NumPy's own, whatever stands in its place.
_GENERATOR, _LEGACY, _DEFAULT = np.random.Generator, np.random.RandomState, np.random.default_rng


class _Instances(type):
    """The class of stand-ins: what was made before they stood in counts as one of them."""

    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, cls.__mro__[1])


def _method(name: str, base: type) -> Callable[..., Any]:
    original = getattr(base, name)

    def noted(self: Any, *args: Any, **options: Any) -> Any:
        return _numbers(name, lambda *given, **more: original(self, *given, **more), args, options)

    noted.__name__ = name
    return noted


def _recording(base: type) -> type:
    names = [name for name in (*_PLACED, *_SCALED, *_RAW, "randn", "geometric", "choice") if hasattr(base, name)]
    return _Instances(base.__name__, (base,), {name: _method(name, base) for name in names})


#: NumPy's generators that note what they draw, with the state of those they stand for.
Generator = _recording(_GENERATOR)
RandomState = _recording(_LEGACY)


def _seeded(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(*args: Any, **options: Any) -> Any:
        run, seed = under_way(), next((one for one in (*args, *options.values())), None)
        if run is not None and isinstance(seed, (int, np.integer, list, tuple, str, bytes, float)):
            run.seeds += 1
        return make(*args, **options)

    return made


def _standing(one: Any) -> Any:
    """Return what stands in for a generator, or a function of one, that a function holds; None for all else."""
    if type(one) is _GENERATOR:
        return Generator(one.bit_generator)
    if type(one) is _LEGACY:
        return _legacy(one)
    if one is _DEFAULT:
        return _default_rng
    owner, name = getattr(one, "__self__", None), getattr(one, "__name__", "")
    if type(owner) is _GENERATOR:
        return getattr(Generator(owner.bit_generator), name, None)
    if type(owner) is _LEGACY:
        return _seeded(one) if name == "seed" else getattr(_legacy(owner), name, None)
    if type(owner) in (random.Random, random.SystemRandom) and name in _PYTHON:
        return _python(name, one)
    return None


def _legacy(one: Any) -> Any:
    return RandomState(one._bit_generator)


def _default_rng(seed: Any = None) -> Any:
    made = _seeded(_DEFAULT)(seed)
    return Generator(made.bit_generator) if type(made) is _GENERATOR else made


# -- Python's own ----------------------------------------------------------------------------------------------------

#: Bytes and bits are left alone: they are keys and names too, and played back they would be given twice.
_PYTHON = (
    "random", "gauss", "normalvariate", "expovariate", "uniform", "randint", "randrange", "choices",
    "choice", "sample", "shuffle", "betavariate", "gammavariate", "triangular", "paretovariate", "weibullvariate",
    "vonmisesvariate", "lognormvariate",
)  # fmt: skip


def _python(name: str, draw: Callable[..., Any], bound: bool = True) -> Callable[..., Any]:
    """Return a function of `random` that notes what it draws; its own draws within are not noted again."""

    def noted(*args: Any, **options: Any) -> Any:
        run = under_way()
        if run is None:
            return draw(*args, **options)
        with Within(None):
            result = draw(*args, **options)
        given = args if bound else args[1:]
        if name in ("gauss", "normalvariate"):
            place = _argument(given, options, 0, "mu", 0.0)
            drawn = run.drew("normal", _argument(given, options, 1, "sigma", 1.0), result - place)
            return drawn if place == 0 else drawn + place
        if name == "expovariate":
            return run.drew("exponential", 1.0 / _argument(given, options, 0, "lambd", 1.0), result)
        if name in ("shuffle", "sample", "choice", "choices"):
            run.strayed = run.strayed or run.script is not None
            run.drew("raw", 1.0, 0.0, name)
            return result
        return run.drew("raw", 1.0, result, f"{name}{_told(given, options)}")

    noted.__name__ = name
    return noted


def _patches() -> Iterator[tuple[Any, str, Any]]:
    """Return what is replaced: whose, by which name, and by what."""
    yield np.random, "default_rng", _default_rng
    yield np.random, "Generator", Generator
    yield np.random, "RandomState", RandomState
    shared = np.random.mtrand._rand  # type: ignore[attr-defined]
    recording = _legacy(shared)
    yield np.random.mtrand, "_rand", recording
    for name in dir(np.random):
        if getattr(getattr(np.random, name), "__self__", None) is shared and hasattr(RandomState, name):
            yield np.random, name, getattr(recording, name)
    yield np.random, "seed", _seeded(np.random.seed)
    for kind in (random.Random, random.SystemRandom):
        for name in _PYTHON:
            if name in vars(kind) or (kind is random.Random and name == "random"):
                yield kind, name, _python(name, getattr(kind, name), bound=False)
    for name in _PYTHON:
        yield random, name, _python(name, getattr(random, name))
    yield random, "seed", _seeded(random.seed)
    yield from mechanisms(sys.modules)


_MISSING = object()


@contextlib.contextmanager
def recording(function: Callable[..., Any], run: Run) -> Iterator[None]:
    """Patch all sources of noise, and the generators that `function` holds, and restore them whatever happens."""
    with _LOCK, contextlib.ExitStack() as restored:
        restored.enter_context(replaced(function, _standing))
        for owner, name, stand_in in list(_patches()):
            before = vars(owner).get(name, _MISSING) if isinstance(owner, type) else getattr(owner, name)
            if before is _MISSING:
                restored.callback(delattr, owner, name)
            else:
                restored.callback(setattr, owner, name, before)
            setattr(owner, name, stand_in)
        restored.enter_context(Within(run))
        yield
