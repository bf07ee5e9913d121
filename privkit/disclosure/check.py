"""`output_check`: tables before they are published, their unsafe cells, and what an attacker could tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from privkit.disclosure.behind import Rule, unsafe_by
from privkit.disclosure.cell_key import CellKeyTables, CellNoise, keyed
from privkit.disclosure.cells import published
from privkit.disclosure.published import Published, attacker_of, told_by
from privkit.disclosure.suppression import TOLERANCE, Attacker, Search, Suppression
from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.values.arguments import positive_int, public, typed, whole
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.disclosure.cells import Cells
    from privkit.events.secrets.key import Key, KeySource
    from privkit.values.inputs import Frame, Tables

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

_METHODS = ("optimal", "fast", "primary", "audit", "cell-key")
#: The least safe count, where nothing else is said.
_THRESHOLD = 5
_UNSAFE = "a count above 0 and below {:,}"


@public
@dataclass(frozen=True, eq=False, repr=False)
class OutputCheck(Published, Plotted):
    """Tables with their unsafe cells suppressed, and an audit of what is left to tell of them. No release.

    A cell that is in several tables counts once. It holds the published counts, and no suppressed one.

    Attributes
    ----------
    frames : tuple of pandas.DataFrame
        The tables in the order given, counts as Int64, suppressed cells missing.
    audit : pandas.DataFrame
        A row for each suppressed cell: `cell` (what it counts), `unsafe`, `low` and `high` (the narrowest interval in
        which an attacker can be sure that the count lies, from all tables together; counts) and `protected`.
    n_cells, n_unsafe, n_suppressed : int
        Cells; those that are unsafe by themselves; those that are suppressed. Of an audit of published tables: cells,
        those of regions included; those that reveal a small count; those that are missing.
    least : int
        No fewer suppressed cells would protect, as far as it is proved.
    threshold : int
    method : str
    rule : str
        What is unsafe, in words.
    filters : tuple of (str or None)
        Of each table, whom it counts; None for everybody.
    margin : str
        The label of totals.
    sums : bool
        Whether these are tables of sums, and not of counts.
    """

    frames: tuple[pd.DataFrame, ...]
    audit: pd.DataFrame
    n_cells: int
    n_unsafe: int
    n_suppressed: int
    least: int
    threshold: int
    method: str
    rule: str
    filters: tuple[str | None, ...] = ()
    margin: str = "All"
    sums: bool = False

    def _weights(self, counts: NDArray[np.float64]) -> tuple[str, NDArray[np.float64]]:
        return "suppressed", np.isnan(counts).astype(np.float64)

    @property
    def counts(self) -> bool:
        """Whether these are tables of counts, and not of sums."""
        return not self.sums

    @property
    def n_secondary(self) -> int:
        """Suppressed cells that are not unsafe by themselves."""
        return self.n_suppressed - (0 if self.method == "audit" else self.n_unsafe)

    @property
    def n_exposed(self) -> int:
        """Unsafe cells of which an attacker can tell more than is allowed, as far as the audit came."""
        return int((~self.audit["protected"]).sum()) - self.n_unaudited

    @property
    def n_unaudited(self) -> int:
        """Unsafe cells to which the audit did not come in its time: nothing is said of them."""
        told = self.audit[["low", "high"]].isna().any(axis=1)
        return int((told & self.audit["unsafe"]).sum())

    @property
    def protected(self) -> bool:
        """Whether the audit found every unsafe cell protected."""
        return not self.n_exposed and not self.n_unaudited

    @property
    def optimal(self) -> bool:
        """Whether it is proved that no fewer cells would protect all unsafe ones."""
        return self.protected and self.n_suppressed == self.least


@typed
def output_check(
    tables: Tables,
    *,
    threshold: int = _THRESHOLD,
    protection: int | tuple[int, int] | None = None,
    method: Literal["optimal", "fast", "primary", "audit", "cell-key"] = "optimal",
    filters: Sequence[str | None] | None = None,
    margin: str = "All",
    seconds: int = 60,
    audit_seconds: int | None = None,
    rows: Frame | None = None,
    value: str | None = None,
    unit: str | None = None,
    dominance: tuple[int, float] | None = None,
    p_percent: float | None = None,
    key: bytes | Key | KeySource | None = None,
    variance: float = 2.0,
    deviation: int = 5,
) -> OutputCheck | CellKeyTables:
    """Suppress what is unsafe in tables of counts or sums, and audit what all of them together still tell.

    A count is *unsafe* where 0 < n < `threshold`. Zeros are published, and margins may be suppressed. A suppressed cell
    can often be computed from margins, from another table, or as the difference of a table and one of some of the same
    people. So further cells are suppressed: **the fewest** such that of no unsafe cell an attacker can be sure of more
    than `protection` allows, by cutting planes (Fischetti and Salazar 2001, Management Science 47(7); SciPy's HiGHS).
    The **audit** then asks for each suppressed cell, over all tables, for the least and the greatest count
    that fits everything published: min and max of Σ t over its joint cells t = 0, 1, 2, …, subject to every published
    sum.

    The attacker knows all published cells, that counts are whole numbers >= 0, and how tables overlap. He is not
    assumed to know the threshold, or to belong to a cell himself: whoever knows some persons' values subtracts
    them, so ask for more by `protection`. The search takes real t: where whole numbers tell more, as sums of three
    columns and more can, the audit says which cells are exposed. Suppression is disclosure control, and no
    differential privacy: it promises nothing about tables that are not given here. Give all that was ever shared of
    the same people, in one call.

    **Sums** of amounts, as turnover by region, are unsafe where few contributors rule them: by `dominance`, by
    `p_percent`, or by either. Then the rows are read, and how far a total must be free follows from the rule
    (`privkit.disclosure.behind` has the formulas and the proof); bounds are those of real numbers. Who has
    most of another suppressed cell, and undoes that with his own amount there, is not among the attackers.

    ``method="cell-key"`` suppresses nothing: each count gets **noise that is keyed by its records**, so that the same
    people have the same count wherever they are counted (`privkit.disclosure.cell_key` has the method and its proof).
    It is disclosure control, and no differential privacy: who may ask for many tables averages the noise away (Asghar
    and Kaafar 2020, PoPETs 2020(2)).

    Reads counts; with `rows` reads rows too. Spends nothing.

    Parameters
    ----------
    tables : pandas.DataFrame or Series, or sequence of these
        Counts as ``pd.crosstab`` gives them, with margins or without; several levels are fine. Cells of different
        tables are one by the names of index and columns, and by categories. A combination that is left out is a 0.
    threshold : int
        The least count that is safe; at least 2.
    protection : int or (int, int), optional
        ``(low, high)``: both must be possible for every unsafe cell. A number s: n − s (at least 0) and n + s must be
        possible for an unsafe count n. ``(0, threshold)`` by default; of keyed noise n − 1 and n + 1, but not 0, since
        what is published above 0 is known to be above 0.
    method : {"optimal", "fast", "primary", "audit", "cell-key"}
        The fewest cells; few, one unsafe cell after the other; unsafe cells alone, to see what they would tell; none,
        for **tables as they were published**, whose missing cells are suppressed: what they tell together, of those
        and of everybody whom some filters leave out; or keyed noise.
    filters : sequence of (str or None), optional
        Of each table, the name of whom it counts, as "age >= 30"; None for everybody. Tables of one filter count the
        same people, who are among everybody. Names that are conditions are read as such: the attacker knows that
        nobody is in "age < 30" and in "age >= 30", that all are in one of them, and which row of another table
        "sex == 'F'" is. He takes ages for whole, and no age for missing, unless the tables say otherwise. Of two
        names that are none nothing is assumed. With `rows`, a condition on them.
    margin : str
        The label of totals.
    seconds : int
        How long to search for the fewest. Then it goes on from the best proposal to one that protects, which takes
        longer, and `least` tells what is proved.
    audit_seconds : int, optional
        How long to audit; by default until it is whole. Unsafe cells come first. Those that it does not come to have no
        interval, are `n_unaudited`, and count as not protected.
    rows : dataframe, optional
        What the tables are made of: of sums, and for keyed noise.
    value : str, optional
        The column of amounts that the tables are sums of; whole numbers >= 0, as cents are.
    unit : str, optional
        The column of the contributor: whose rows add up before they are compared; by default each row is one. For keyed
        noise the column of the record's id, another one in every row.
    dominance : (int, number), optional
        ``(n, k)``: a sum is unsafe where its n largest contributors have more than k % of it.
    p_percent : number, optional
        p: a sum is unsafe where the second largest contributor learns the largest amount within p %.
    key : bytes, Key or KeySource, optional
        At least 32 random bytes, for keyed noise. With the same key later tables agree with these.
    variance : number
        Of keyed noise: from 0.1 to half of `deviation`.
    deviation : int
        By how much keyed noise moves a count at most, up to 20.

    Returns
    -------
    OutputCheck, or CellKeyTables for keyed noise

    Raises
    ------
    DisclosureError
        If something is no table of counts, tables contradict each other or their rows, all are 0, or they cross into
        more than 50,000 joint cells.
    LibraryRequiredError
        Without SciPy, which the extra ``risk`` brings.
    ColumnNotFoundError, ExpressionError, ParameterError, SecretKeyError

    Examples
    --------
    >>> import pandas as pd
    >>> town = pd.Series(["north"] * 9 + ["south"] * 17, name="town")
    >>> ill = pd.Series(["yes"] * 2 + ["no"] * 7 + ["yes"] * 8 + ["no"] * 9, name="ill")
    >>> table = pd.crosstab(town, ill, margins=True)
    >>> alone = output_check(table, method="primary")     # the margins give the cell away
    >>> alone.n_suppressed, alone.audit[["low", "high"]].values.tolist(), alone.protected
    (1, [[2.0, 2.0]], False)
    >>> out = output_check(table)
    >>> out.n_suppressed, out.protected, out.optimal
    (4, True, True)
    >>> by_town, others = pd.crosstab(town, "n"), pd.crosstab(town[1:], "n")      # each of them is safe
    >>> audited = output_check([by_town, others], filters=[None, "age < 90"], method="audit")
    >>> audited.audit[audited.audit["unsafe"]][["cell", "high"]].values.tolist()
    [['col_0=n, town=north, not (age < 90)', 1.0]]
    >>> firms = pd.DataFrame({"town": town, "sells": ill, "turnover": [900, 20] + [30] * 24})
    >>> sums = pd.crosstab(town, firms["sells"], values=firms["turnover"], aggfunc="sum", margins=True)
    >>> output_check(sums, rows=firms, value="turnover", p_percent=10).n_unsafe      # one firm has 900 of 920
    1
    """
    given = _given(tables)
    small = whole(threshold, "threshold", least=2)
    named = _filters(filters, len(given))
    if method not in _METHODS:
        raise ParameterError.of("method", repr(method), f"one of {', '.join(map(repr, _METHODS))}")
    if not isinstance(margin, str) or not margin:
        raise ParameterError.of("margin", type_told(margin), "the label of totals (str)")
    limit, keyed_noise = positive_int(seconds, "seconds"), method == "cell-key"
    audited = None if audit_seconds is None else positive_int(audit_seconds, "audit_seconds")
    wanted = _protection(1 if keyed_noise and protection is None else protection, small)
    behind = {"rows": rows, "value": value, "unit": unit, "dominance": dominance, "p_percent": p_percent, "key": key}
    if method == "audit":
        _alone({**behind, "protection": protection})
    sums = _of_sums(method, behind, plain=protection is None and small == _THRESHOLD)
    if method == "audit":
        known = told_by(given, margin, named, small, audited)
        return OutputCheck(*known, small, method, _UNSAFE.format(small), tuple(named), margin)
    rule = Rule.of(dominance, p_percent)
    noise = CellNoise.of(key, variance, deviation) if keyed_noise else None
    attacker = attacker_of(given, margin, named, sums=sums, zeros_known=noise is None)
    cells = attacker.cells
    least, most = _ends(cells.counts, *wanted)
    if noise is not None:
        least = np.maximum(least, 1) if protection is None else least
        return _with_noise(given, cells, noise, (rows, unit), (small, least, most))
    unsafe, told = (cells.counts > 0) & (cells.counts < small), _UNSAFE.format(small)
    if sums:
        unsafe, least, most = unsafe_by(rule, rows, cells, value, unit)
        told = rule.told
    found = _suppressed(Search(attacker, unsafe, least, most), method, limit)
    audit = _audit(attacker, found.suppressed, unsafe, (least, most), audited)
    frames = published(given, cells, cells.counts, found.suppressed)
    n = int(unsafe.sum()), int(found.suppressed.sum())
    return OutputCheck(
        frames, audit, len(cells.counts), *n, found.least, small, method, told, tuple(named), margin, sums
    )


def _alone(given: dict[str, Any]) -> None:
    """Refuse arguments that an audit of published tables has no use for."""
    there = [name for name, one in given.items() if one is not None]
    if there:
        raise ParameterError.together(
            ("method", *there), "method='audit' looks at published counts, by threshold= alone."
        )


def _of_sums(method: str, given: dict[str, Any], *, plain: bool) -> bool:
    """Return whether the tables are sums of amounts; refuse arguments that do not go together."""
    there = [name for name, one in given.items() if one is not None]
    if method == "cell-key":
        needed, others = ("rows", "unit", "key"), ("value", "dominance", "p_percent")
        rule = "method='cell-key' needs rows=df, unit= the column of the record's id, and key=; no amounts."
        if any(name not in there for name in needed) or any(name in there for name in others):
            raise ParameterError.together(("method", *there), rule)
        return False
    if not there:
        return False
    rule = "tables of sums need rows=df, value= the column of amounts, and dominance=(1, 75) or p_percent=10."
    if "key" in there or not {"rows", "value"} <= set(there) or not {"dominance", "p_percent"} & set(there):
        raise ParameterError.together(there, rule)
    if not plain:
        rule = "threshold= and protection= are of counts; how far a sum must be free follows from its rule."
        raise ParameterError.together(("threshold", "protection"), rule)
    return True


def _ends(counts: Ints, low: int, high: int) -> tuple[Ints, Ints]:
    """Return the least and the greatest count that must be possible of each cell, if it is unsafe."""
    return (np.maximum(counts - high, 0), counts + high) if low < 0 else (low + 0 * counts, high + 0 * counts)


def _suppressed(search: Search, method: str, seconds: int) -> Suppression:
    if method == "primary":
        return Suppression(search.unsafe, int(search.unsafe.sum()))
    if method == "fast":
        return Suppression(search.few(search.unsafe), int(search.unsafe.sum()))
    return search.least(seconds)


def _with_noise(
    tables: Sequence[Any],
    cells: Cells,
    noise: CellNoise,
    behind: tuple[object, object],
    wanted: tuple[int, Ints, Ints],
) -> CellKeyTables:
    """Return the tables with keyed noise."""
    counts, audit = keyed(*behind, cells, noise, wanted)
    frames = published(tables, cells, counts, np.zeros(len(counts), dtype=bool))
    changed = int((counts != cells.counts).sum())
    return CellKeyTables(frames, audit, len(counts), changed, noise.variance, noise.deviation, wanted[0])


def _given(tables: Any) -> list[Any]:
    if isinstance(tables, list | tuple):
        if not tables:
            raise ParameterError.of("tables", "an empty sequence", "one table of counts or more")
        return list(tables)
    return [tables]


def _filters(filters: Any, n: int) -> list[str | None]:
    if filters is None:
        return [None] * n
    allowed = f"one name, or None, for each of the {n} tables"
    if isinstance(filters, str) or not isinstance(filters, list | tuple):
        raise ParameterError.of("filters", type_told(filters), allowed)
    if len(filters) != n or not all(one is None or (isinstance(one, str) and one) for one in filters):
        raise ParameterError.of("filters", f"{len(filters)} of them", allowed)
    return list(filters)


def _protection(protection: Any, threshold: int) -> tuple[int, int]:
    """Return the two ends, or -1 and how far a count must be free to go."""
    if protection is None:
        return 0, threshold
    if isinstance(protection, tuple | list):
        if len(protection) != 2:
            raise ParameterError.of("protection", f"{len(protection)} numbers", "(low, high), or one number")
        low, high = (positive_int(one, "protection") if one else whole(one, "protection") for one in protection)
        if low > 1 or high < threshold - 1:
            rule = f"protection=(low, high) must hold every unsafe count: low <= 1, high >= {threshold - 1}."
            raise ParameterError.together(("protection",), rule)
        return low, high
    return -1, positive_int(protection, "protection")


def _audit(
    attacker: Attacker, suppressed: Bools, unsafe: Bools, wanted: tuple[Ints, Ints], seconds: int | None
) -> pd.DataFrame:
    """Return what an attacker can tell of each suppressed cell; unsafe ones are looked at first."""
    import pandas as pd

    cells = np.flatnonzero(suppressed)
    end, bounds = np.inf if seconds is None else monotonic() + seconds, np.full((len(cells), 2), np.nan)
    for place in np.argsort(~unsafe[cells], kind="stable"):
        bounds[place] = attacker.interval(suppressed, int(cells[place]), end)
    least, most = wanted
    enough = (bounds[:, 0] <= least[cells] + TOLERANCE) & (bounds[:, 1] >= most[cells] - TOLERANCE)
    return pd.DataFrame(
        {
            "cell": [attacker.cells.labels[cell] for cell in cells],
            "unsafe": unsafe[cells],
            "low": bounds[:, 0],
            "high": bounds[:, 1],
            "protected": enough | ~unsafe[cells],
        }
    )
