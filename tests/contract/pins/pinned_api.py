"""What the public API is: each name with its signature, and with the first line and a hash of its docstring.

Where a name's module lies is no part of it: modules' names are taken out of signatures and docstrings.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cached_property
from typing import Any

import pandas as pd

import privkit as pk

#: Modules' names → what is left of them: where an example imports from, a module that is told of, and what stands
#: before a name, as in ``privkit.dp.release.Release``.
_HOMES = (
    (re.compile(r"from privkit(\.[a-z_0-9]+)+ import"), "from privkit import"),
    (re.compile(r"(?<!:)`privkit(\.[a-z_0-9]+)+`"), "`privkit`"),
    (re.compile(r"\bprivkit(\.[a-z_0-9]+)+\.(?=[A-Za-z_]+)"), ""),
)
#: Methods that are written by `dataclass`, or that everything has, tell nothing that a person calls.
_CALLED = {"__call__", "__len__", "__iter__", "__getitem__", "__contains__", "__and__", "__or__"} | {
    f"__{operation}__" for operation in ("add", "sub", "mul", "truediv", "neg", "eq", "lt", "le", "gt", "ge", "invert")
}


def public_api(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the names of all namespaces, and the members of all public classes.

    Parameters
    ----------
    values : mapping
        An instance of each class that users get as a result, by any name.
    """
    accessor = pd.DataFrame().privacy
    spaces = {
        "pk": {name: getattr(pk, name) for name in pk.__all__},
        "pk.plan": _members(pk.plan),
        "pk.events": _members(pk.events),
        "pk.teach": _members(pk.teach),
        "df.privacy": _members(accessor),
        "df.privacy.plan": _members(accessor.plan),
    }
    told: dict[str, Any] = {
        space: {name: told_of(one) for name, one in names.items()} for space, names in spaces.items()
    }
    classes: dict[type, Any] = {
        one: None for names in spaces.values() for one in names.values() if inspect.isclass(one)
    }
    classes |= {type(value): value for value in values.values() if type(value).__module__.startswith("privkit")}
    told["classes"] = dict(sorted(_by_name(classes)))
    return told


def _members(space: Any) -> dict[str, Any]:
    names = getattr(space, "__all__", None) or [name for name in dir(space) if not name.startswith("_")]
    return {name: getattr(space, name) for name in sorted(names)}


def _by_name(classes: Mapping[type, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each class by its name; of two of one name (a `Finding` of two reports), by its first line besides."""
    names = [one.__name__ for one in classes]
    for one, value in classes.items():
        name = one.__name__ if names.count(one.__name__) == 1 else f"{one.__name__} ({_first_line(one)})"
        yield name, {**told_of(one), "members": dict(_members_of(one, value))}


def _members_of(one: type, value: Any) -> Iterator[tuple[str, Any]]:
    # What every exception and every widget has is Python's or a library's; factories of exceptions are our own affair.
    names = [
        name for name in dir(one) if not name.startswith("_") or (name in _CALLED and _home(one, name) == "privkit")
    ]
    names = [name for name in names if _home(one, name) not in ("builtins", "ipywidgets", "traitlets")]
    if issubclass(one, BaseException):
        names = [name for name in names if not isinstance(inspect.getattr_static(one, name), classmethod)]
    # What an instance alone has: the fields of a dataclass or a named tuple, and what `__init__` sets.
    own = {*getattr(one, "__dataclass_fields__", ()), *getattr(one, "_fields", ()), *getattr(value, "__dict__", ())}
    fields = {name for name in own if not name.startswith("_") and not _described(one, name)}
    for name in sorted({*names, *fields}):
        yield name, told_of(inspect.getattr_static(one, name, None), field=name in fields)


def _described(one: type, name: str) -> bool:
    """Whether the class says more of a name than that it is a field: a cached property lies among them too."""
    return isinstance(inspect.getattr_static(one, name, None), property | cached_property)


def _home(one: type, name: str) -> str:
    """Return the package of the class that a name comes from."""
    home = next((base for base in one.__mro__ if name in vars(base)), object)
    return home.__module__.partition(".")[0]


def told_of(value: Any, *, field: bool = False) -> dict[str, str]:
    """Return kind, signature, first line and hash of the docstring of one public name."""
    if field:
        return {"kind": "field"}
    if isinstance(value, classmethod | staticmethod):
        return {**told_of(value.__func__), "kind": type(value).__name__}
    if isinstance(value, property | cached_property):
        getter = value.fget if isinstance(value, property) else value.func
        returned = inspect.signature(getter).return_annotation
        shown = "" if returned is inspect.Signature.empty else f" -> {_homeless(str(returned))}"
        return {"kind": "property", "signature": shown.strip(), **_doc(value.__doc__ or getter.__doc__)}
    if inspect.ismodule(value):
        called = {"signature": signature_of(value)} if callable(value) else {}
        return {"kind": "namespace", **called, **_doc(value.__doc__)}
    if inspect.isclass(value):
        return {
            "kind": "class",
            "signature": "" if issubclass(value, Enum) else signature_of(value),
            **_doc(value.__doc__),
        }
    if callable(value):
        return {"kind": "function", "signature": signature_of(value), **_doc(inspect.getdoc(value))}
    return {"kind": "value", "type": type(value).__name__}


def signature_of(value: Any) -> str:
    """Return the signature as text, annotations and defaults included; empty where Python gives none."""
    try:
        return re.sub(r" at 0x[0-9a-f]+", "", _homeless(str(inspect.signature(value))))
    except ValueError:
        return ""


def _first_line(value: Any) -> str:
    return (inspect.getdoc(value) or "").partition("\n")[0]


def _doc(text: str | None) -> dict[str, str]:
    """Return a docstring's first line, and a hash of its words, however its lines are broken."""
    text = _homeless(inspect.cleandoc(text or ""))
    if not text:
        return {"doc": "", "doc_hash": ""}
    words = " ".join(text.split())
    return {"doc": text.partition("\n")[0], "doc_hash": hashlib.sha256(words.encode()).hexdigest()[:16]}


def _homeless(text: str) -> str:
    for pattern, left in _HOMES:
        text = pattern.sub(left, text)
    return text


def differences(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """Yield in words each name that came, went or changed."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted({*before, *now}):
            inner = f"{place}.{name}" if place else name
            if name not in now:
                yield f"{inner} is gone"
            elif name not in before:
                yield f"{inner} is new"
            else:
                yield from differences(before[name], now[name], inner)
    elif before != now:
        yield f"{place}: was {before!r}, is {now!r}"


def as_lines(told: Mapping[str, Any]) -> str:
    """Return the API as JSON with a line for each name, so that a difference is one line."""
    spaces = []
    for space, names in told.items():
        lines = [_lines_of(name, one) for name, one in names.items()]
        spaces.append(f"{json.dumps(space)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(spaces) + "\n}\n"


def _lines_of(name: str, told: Mapping[str, Any]) -> str:
    if "members" not in told:
        return f" {json.dumps(name)}: {json.dumps(told, ensure_ascii=False)}"
    head = json.dumps({key: value for key, value in told.items() if key != "members"}, ensure_ascii=False)
    members = [
        f"  {json.dumps(member)}: {json.dumps(one, ensure_ascii=False)}" for member, one in told["members"].items()
    ]
    return f' {json.dumps(name)}: {head[:-1]}, "members": {{\n' + ",\n".join(members) + "\n }}"
