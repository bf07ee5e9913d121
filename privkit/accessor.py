"""``df.privacy``: one-line delegations to the typed functions, stateless, and never raising when it is made.

pandas and Polars make a new accessor for each frame, so it keeps the frame and nothing else. Each method is the typed
function with the frame as its first argument: same signature, same docstring, imported when it is asked for. On lazy
frames of Polars the same methods stand; the two that need the rows in hand say so.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import update_wrapper
from importlib import import_module
from typing import Any

from privkit.values.arguments import public


class Delegate:
    """A method that is the function of its own name in `home`, called with the frame first."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, accessor: Any, owner: type | None = None) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(import_module(self.home), self.name)
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

    dp_count = Delegate("privkit.project.dp.plan")
    dp_value_counts = Delegate("privkit.project.dp.plan")
    dp_crosstab = Delegate("privkit.project.dp.plan")
    dp_histogram = Delegate("privkit.project.dp.plan")
    dp_nunique = Delegate("privkit.project.dp.plan")
    dp_share = Delegate("privkit.project.dp.plan")
    dp_sum = Delegate("privkit.project.dp.plan")
    dp_mean = Delegate("privkit.project.dp.plan")
    dp_var = Delegate("privkit.project.dp.plan")
    dp_std = Delegate("privkit.project.dp.plan")
    dp_quantile = Delegate("privkit.project.dp.plan")
    dp_median = Delegate("privkit.project.dp.plan")
    dp_bounds = Delegate("privkit.project.dp.plan")
    dp_top_k = Delegate("privkit.project.dp.plan")
    dp_query = Delegate("privkit.project.dp.plan")
    dp_describe = Delegate("privkit.project.dp.plan")
    dp_tables = Delegate("privkit.project.dp.plan")
    dp_synthetic = Delegate("privkit.project.dp.plan")
    dp_difference = Delegate("privkit.project.dp.plan")
    dp_chi2 = Delegate("privkit.project.dp.plan")
    dp_anova = Delegate("privkit.project.dp.plan")
    dp_correlation = Delegate("privkit.project.dp.plan")
    dp_ols = Delegate("privkit.project.dp.plan")
    dp_logistic = Delegate("privkit.project.dp.plan")
    dp_kmeans = Delegate("privkit.project.dp.plan")


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

    # Look: exact reports, for the owner's eyes.
    audit = Delegate("privkit.inventory.audit")
    kanon = Delegate("privkit.anonymity.kanonymity")
    ksets = Delegate("privkit.anonymity.ksets")
    ldiv = Delegate("privkit.anonymity.ldiversity")
    tclose = Delegate("privkit.anonymity.tcloseness")
    alpha_k = Delegate("privkit.anonymity.alpha_k")
    beta_likeness = Delegate("privkit.anonymity.beta_likeness")
    delta_disclosure = Delegate("privkit.anonymity.delta_disclosure")
    delta_presence = Delegate("privkit.anonymity.presence")
    kmap = Delegate("privkit.anonymity.population")
    check = Delegate("privkit.anonymity.reports")
    risk = Delegate("privkit.risk.report")
    suda = Delegate("privkit.risk.suda")
    link = Delegate("privkit.risk.link")
    unicity = Delegate("privkit.risk.unicity")
    attack = Delegate("privkit.attacks.tables")
    attack_release = Delegate("privkit.attacks.releases")
    gate = Delegate("privkit.study.gate")

    # Change: a new frame.
    generalize = Delegate("privkit.transform.generalize")
    anonymize = Delegate("privkit.transform.anonymize")
    lattice = Delegate("privkit.transform.lattice")
    microaggregate = Delegate("privkit.transform.microaggregate")
    add_noise = Delegate("privkit.transform.perturb")
    pram = Delegate("privkit.transform.perturb")
    rank_swap = Delegate("privkit.transform.perturb")
    round_to = Delegate("privkit.transform.perturb")
    top_bottom = Delegate("privkit.transform.perturb")
    evaluate = Delegate("privkit.transform.evaluation")
    pseudonymize = Delegate("privkit.events.tables")
    events = Delegate("privkit.events.tables")

    @property
    def plan(self) -> PlanAccessor:
        """The price of each ``dp_*`` call, without touching rows."""
        return PlanAccessor(self._data)

    # Release: spends budget.
    dp_count = Delegate("privkit.project.dp.counts")
    dp_value_counts = Delegate("privkit.project.dp.counts")
    dp_crosstab = Delegate("privkit.project.dp.tables")
    dp_histogram = Delegate("privkit.project.dp.counts")
    dp_nunique = Delegate("privkit.project.dp.counts")
    dp_share = Delegate("privkit.project.dp.counts")
    dp_sum = Delegate("privkit.project.dp.sums")
    dp_mean = Delegate("privkit.project.dp.sums")
    dp_var = Delegate("privkit.project.dp.sums")
    dp_std = Delegate("privkit.project.dp.sums")
    dp_quantile = Delegate("privkit.project.dp.quantiles")
    dp_median = Delegate("privkit.project.dp.quantiles")
    dp_bounds = Delegate("privkit.project.dp.quantiles")
    dp_top_k = Delegate("privkit.project.dp.quantiles")
    dp_query = Delegate("privkit.project.dp.query")
    dp_describe = Delegate("privkit.project.dp.query")
    dp_tables = Delegate("privkit.project.dp.tables")
    dp_synthetic = Delegate("privkit.project.dp.synthetic")
    dp_difference = Delegate("privkit.project.dp.inference")
    dp_chi2 = Delegate("privkit.project.dp.inference")
    dp_anova = Delegate("privkit.project.dp.association")
    dp_correlation = Delegate("privkit.project.dp.association")
    dp_ols = Delegate("privkit.project.dp.inference")
    dp_logistic = Delegate("privkit.project.dp.models")
    dp_kmeans = Delegate("privkit.project.dp.models")


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
