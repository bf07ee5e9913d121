"""Registries by class: a kind enters itself by being defined, and one that leaves out what it must say is refused then.

A class that leaves something abstract and does not name itself is open: it is for other classes to build on. Who needs
all kinds reads the folders that they are defined in: no list names their files.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import Any

from privkit.errors.arguments import KindError


def read_all(*folders: ModuleType) -> None:
    """Import every file of these packages, and of those in them: so every kind that is defined there is known."""
    for folder in folders:
        for file in walk_packages(folder.__path__, f"{folder.__name__}."):
            import_module(file.name)


def enter(
    known: MutableMapping[str, Any],
    cls: type,
    word: str,
    *,
    says: str,
    name: str | None = None,
    also: Sequence[str] = (),
) -> None:
    """Enter a class in the registry of its kind; called by ``__init_subclass__``.

    Parameters
    ----------
    known : mapping of str to type
        The registry. A class of the same name in the same place takes the place of the earlier: a cell run again, and
        the second class that a dataclass with slots makes.
    cls : type
    word : str
        What kind it is, for the errors.
    says : str
        The attribute by which a class says that it is whole: a text that is not empty.
    name : str, optional
        What it is entered by; its own name by default.
    also : sequence of str
        What the caller found missing.

    Raises
    ------
    KindError

    Examples
    --------
    >>> from abc import ABC, abstractmethod
    >>> class Shape(ABC):
    ...     known = {}
    ...     def __init_subclass__(cls):
    ...         enter(Shape.known, cls, "shape", says="title")
    ...     @abstractmethod
    ...     def area(self): ...
    >>> class Square(Shape):
    ...     title = "square"
    Traceback (most recent call last):
    ...
    privkit.errors.arguments.KindError: the class Square is no whole shape: it lacks 'area'. Define it in the class.
    """
    name = cls.__name__ if name is None else name
    lacking, named = _abstract(cls), getattr(cls, says, None)
    whole = isinstance(named, str) and bool(named)
    if not whole and lacking:
        return
    if missing := [*([] if whole else [says]), *lacking, *also]:
        raise KindError.lacks(word, cls.__name__, missing)
    there = known.get(name)
    if there is not None and (there.__module__, there.__qualname__) != (cls.__module__, cls.__qualname__):
        raise KindError.twice(word, cls.__name__, name, f"{there.__module__}.{there.__qualname__}")
    known[name] = cls


def _abstract(cls: type) -> list[str]:
    """Return what is abstract in a class that is being made: Python itself tells it only afterwards."""
    above = {name for base in cls.__mro__[1:] for name in getattr(base, "__abstractmethods__", ())}
    return sorted(
        name for name in above | set(vars(cls)) if getattr(getattr(cls, name, None), "__isabstractmethod__", False)
    )
