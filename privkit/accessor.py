"""``df.privacy``: delegations to the typed functions, stateless, and never raising when it is made.

pandas and Polars make a new accessor for each frame, so it keeps the frame and nothing else. Each method is the typed
function with the frame as its first argument: same signature, same docstring, imported when it is asked for. On lazy
frames of Polars the same methods stand; the two that need the rows in hand say so.

Which functions are methods stands once, beside their names and homes: a line of ``__init__.pyi`` that ends in
``# df.privacy``. Those of them that are called ``dp_*`` are priced by ``df.privacy.plan`` too.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import update_wrapper
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

from privkit.values.arguments import public

#: The line of a public function that is a method as well: its home, and its name.
_METHOD = re.compile(r"^from \.(\S+) import (\w+) as \2  # df\.privacy$", re.MULTILINE)


class Delegate:
    """A method that is the function of this name in `home`, or what lies in it (`name` may be dotted), frame first."""

    def __init__(self, home: str, name: str) -> None:
        self.home = home
        self.name = name

    def __get__(self, accessor: Any, owner: type | None = None) -> Callable[..., Any]:
        function: Callable[..., Any] = attrgetter(self.name)(import_module(self.home))
        if accessor is None:
            return function
        data = accessor._data

        # A function rather than a bound method, whose repr would print the frame.
        def method(*args: Any, **kwargs: Any) -> Any:
            return function(data, *args, **kwargs)

        update_wrapper(method, function)
        signature = inspect.signature(function)
        method.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
        return method


class PlanAccessor:
    """``df.privacy.plan``: the price of each ``dp_*`` call, without touching rows."""

    __slots__ = ("_data",)

    def __init__(self, data: Any) -> None:
        self._data = data

    def __repr__(self) -> str:
        return "df.privacy.plan: what each dp_* call would cost. next: .dp_count(epsilon=0.1) · .panel()"

    def panel(self) -> Any:
        """Return a live panel in which a question takes shape: its price, its error, what is left, and its code.

        It reads the schema alone, and spends nothing until its button is pressed and that is confirmed. It asks the
        project that was opened last.

        Returns
        -------
        ipywidgets.Widget

        Raises
        ------
        PrivkitError
            Without a project.

        Examples
        --------
        >>> import pandas as pd, privkit as pk
        >>> project = pk.open_project("shaped", epsilon=1, unit=pk.ROW, store=ledger_path)
        >>> panel = pd.DataFrame({"age": [31, 45]}).privacy.plan.panel()
        >>> panel.call(), project.spent
        ('df.privacy.dp_count(epsilon=0.1)', ε = 0)
        """
        project = import_module("privkit.project.current").current_project()
        return import_module("privkit.view.panels").question_of(self._data, project)


@public
class PrivacyAccessor:
    """``df.privacy``: look at a table's privacy, change it, release from it.

    ``dp_*`` methods spend budget; all others are free, and exact: for the owner's eyes.

    pandas' stubs take ``df.privacy`` for a column. Where a type checker shall check a call, write
    ``pk.PrivacyAccessor(df).kanon("zip")``: it is the same. DuckDB's relations, Arrow's tables and others whose
    libraries know no accessors have their methods in this way too.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, Arrow, Ibis or PySpark.

    Examples
    --------
    >>> import pandas as pd
    >>> PrivacyAccessor(pd.DataFrame({"zip": ["8004", "8004"]})).kanon("zip").k
    2
    """

    __slots__ = ("_data",)

    def __init__(self, data: Any) -> None:
        self._data = data

    def __repr__(self) -> str:
        return "df.privacy: look .kanon(qi), .risk(qi) · change .anonymize(qi, k=5) · release .dp_count(...)"

    @property
    def plan(self) -> PlanAccessor:
        """The price of each ``dp_*`` call, without touching rows."""
        return PlanAccessor(self._data)

    #: `pk.events` is the namespace of recipes; the function that treats frames lies in it.
    events = Delegate("privkit.events.tables", "events")


for _home, _name in _METHOD.findall(Path(__file__).with_name("__init__.pyi").read_text(encoding="utf-8")):
    setattr(PrivacyAccessor, _name, Delegate(f"privkit.{_home}", _name))
    if _name.startswith("dp_"):
        setattr(PlanAccessor, _name, Delegate(f"privkit.{_home}", f"{_name}.plan"))


def register_on(library: str) -> None:
    """Give the frames of a library, which is loaded, the accessor: by the library's own hook."""
    if library == "pandas":
        import pandas as pd

        pd.api.extensions.register_dataframe_accessor("privacy")(PrivacyAccessor)
    elif library == "polars":
        import polars as pl

        if getattr(pl.DataFrame, "privacy", None) is PrivacyAccessor:  # Polars warns of a name that is there
            return
        pl.api.register_dataframe_namespace("privacy")(PrivacyAccessor)
        pl.api.register_lazyframe_namespace("privacy")(PrivacyAccessor)
