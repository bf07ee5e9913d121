"""`Anonymizer`: levels found once, and applied alike to later rows, with a check that the promise still holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import ParameterError
from privkit.errors.anonymity import InfeasibleError, PromiseBrokenError
from privkit.transform.anonymize import _suppressed_combos, anonymize
from privkit.transform.anonymized import Anonymized, finished
from privkit.transform.search.search import Found
from privkit.transform.search.task import prepare

if TYPE_CHECKING:
    from privkit.anonymity.criterion import Criterion


class Anonymizer:
    """Find levels on one table and apply them to others: this month's, next month's.

    The parameters are those of `anonymize` with ``method="optimal"``. The result of `transform` meets the criteria
    by itself; it does not when two releases are joined (a person in both of them can be told apart by the two
    classes together).

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.transform.hierarchies.hierarchy import Hierarchy
    >>> march = pd.DataFrame({"zip": ["8004", "8005", "8051", "8052"]})
    >>> treat = Anonymizer(["zip"], k=2, hierarchies={"zip": Hierarchy.redact()}, suppress=0).fit(march)
    >>> treat.levels_
    {'zip': 1}
    >>> treat.transform(pd.DataFrame({"zip": ["8006", "8009"]})).frame["zip"].tolist()
    ['800*', '800*']
    """

    def __init__(
        self,
        qi: str | Sequence[str],
        criteria: Criterion | None = None,
        *,
        k: int | None = None,
        hierarchies: Mapping[str, object] | None = None,
        suppress: float = 0.02,
        utility: str = "loss",
        weights: Mapping[str, float] | None = None,
        keep: Sequence[str] = (),
        unit: str | None = None,
        time_limit: float | None = None,
    ) -> None:
        self.qi, self.criteria, self.k, self.unit = qi, criteria, k, unit
        self.hierarchies, self.suppress = hierarchies, suppress
        self.utility, self.weights, self.keep, self.time_limit = utility, weights, keep, time_limit

    def fit(self, data: object) -> Anonymizer:
        """Find the best levels for `data`; they stand in `levels_`, the result in `fitted_`.

        Raises
        ------
        InfeasibleError and whatever `anonymize` raises.
        """
        self.fitted_ = anonymize(
            data, self.qi, self.criteria, k=self.k, hierarchies=self.hierarchies, suppress=self.suppress,
            utility=self.utility, weights=self.weights, keep=self.keep, unit=self.unit, time_limit=self.time_limit,
        )  # fmt: skip
        self.levels_ = self.fitted_.levels_
        self.hierarchies_ = self.fitted_.hierarchies
        return self

    def fit_transform(self, data: object) -> Anonymized:
        """Return `anonymize` of `data`, and remember the levels."""
        return self.fit(data).fitted_

    def transform(self, data: object, *, broken: str = "raise") -> Anonymized:
        """Apply the fitted levels to `data` and judge the result by itself.

        Parameters
        ----------
        data : dataframe
            New rows with the same quasi-identifiers.
        broken : {"raise", "suppress"}
            What to do where more records than the suppression limit lie in classes that violate the criteria.
            "suppress" leaves them all out, and the report tells how many.

        Raises
        ------
        ParameterError
            Before `fit`.
        PromiseBrokenError
            If the fitted levels do not keep the promise on these rows.
        HierarchyError
            If a hierarchy lacks new values.
        """
        if broken not in ("raise", "suppress"):
            raise ParameterError.of("transform", "broken", repr(broken), "'raise' or 'suppress'")
        if not hasattr(self, "fitted_"):
            raise ParameterError.together("transform", ("fit",), "fit(data) has to come first.")
        try:
            task = prepare(
                data, self.qi, self.criteria, k=self.k, hierarchies=self.hierarchies_, suppress=self.suppress,
                utility=self.utility, weights=self.weights, keep=self.keep, unit=self.unit, function="transform",
            )  # fmt: skip
        except InfeasibleError as error:
            rows = error.suppressed or 0
            raise PromiseBrokenError.of("transform", repr(self.fitted_.criteria), rows, rows) from None
        node = tuple(
            min(self.levels_[name], size - 1) for name, size in zip(task.coding.columns, task.coding.shape, strict=True)
        )
        gone = _suppressed_combos(task, node)
        rows = int(task.coding.counts[gone].sum())
        if rows > task.limit and broken == "raise":
            raise PromiseBrokenError.of("transform", repr(task.criterion), rows, task.coding.n_rows)
        found = Found(node, float("nan"), rows, False, 0.0, 1)
        answer = finished(task, found, np.array(node, dtype=np.int64)[:, None], gone, method="fitted")
        return replace(answer, proposed_=self.fitted_.proposed_)

    def __repr__(self) -> str:
        """Return what was asked, and the levels where they are known."""
        asked: Any = (
            self.criteria if self.k is None else f"k={self.k}" + (f", {self.criteria!r}" if self.criteria else "")
        )
        if not hasattr(self, "levels_"):
            return f"Anonymizer({self.qi!r}, {asked})\nnext: .fit(data)"
        return f"Anonymizer({self.qi!r}, {asked})\nLevels: {self.levels_}.\nnext: .transform(new_rows)"
