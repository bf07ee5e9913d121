"""Linkage: whom a second table betrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors import ParameterError
from privkit.errors.risk import TruthError
from privkit.errors.root import close_matches, type_told
from privkit.risk.attackers import ExcessRisk, Rate, excess_risk
from privkit.risk.fuzzy import FuzzyLinkage, Model, equals
from privkit.tally.frame import column_names, names_of, open_frame
from privkit.tally.row_classes import chosen_columns
from privkit.tally.two_tables import Matches, asked_kinds, joint_codes, labeled_apart, paired, records
from privkit.values.arguments import positive_int, public, typed
from privkit.values.exact import share
from privkit.values.frozen import Frozen
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.two_tables import Kind
    from privkit.values.inputs import Frame, Share


@public
@dataclass(frozen=True, eq=False, repr=False)
class LinkReport(Plotted):
    """How many rows a second table singles out. Exact, for the owner's eyes; no release.

    Attributes
    ----------
    on : tuple of str
        The columns of the data that were compared.
    n_rows, n_other : int
        Rows of the data, and of the other table.
    n_pairs : int
        Rows of the inner join.
    n_none, n_single, n_several : int
        Rows of the data with no match, exactly one, several. A missing value never matches, not even another one.
    n_incomplete : int
        Rows of the data with a missing value in `on`; they are among those with no match.
    n_right : int or None
        Single matches that the truth confirms; None without a truth.
    n_unjudged : int or None
        Single matches about whose row the truth says nothing; they do not count as right. None without a truth.
    n_unknown : int or None
        Ids in the truth that are in neither table; None without a truth.
    baseline : Rate
        Single matches after each column of the data was shuffled on its own: what chance alone links.
    control : Rate or None
        Single matches among people who are known to be absent from the other table; None without a control.
    fuzzy : FuzzyLinkage or None
        How the tables were compared; None where they were joined exactly. A row without an equal then matches those
        that it is one person with at least as probably as asked, and a missing value adds no evidence.
    n_reachable : int or None
        Rows each of whose values occurs in its column of the other table: those that exact agreement can find at all.
        None for a fuzzy comparison.
    apart : tuple of str
        Columns of which no value occurs in the other table, as after noise.
    labeled : tuple of str
        Columns that hold labels of intervals, or codes with hidden characters, in one table alone.
    """

    on: tuple[str, ...]
    n_rows: int
    n_other: int
    n_pairs: int
    n_none: int
    n_single: int
    n_several: int
    n_incomplete: int
    n_right: int | None
    n_unjudged: int | None
    n_unknown: int | None
    baseline: Rate
    control: Rate | None
    fuzzy: FuzzyLinkage | None = None
    n_reachable: int | None = None
    apart: tuple[str, ...] = ()
    labeled: tuple[str, ...] = ()

    @property
    def singled(self) -> Rate:
        """The share of rows with exactly one match."""
        return Rate(self.n_single, self.n_rows)

    @property
    def right(self) -> Rate | None:
        """The share of rows that are linked to the right person; None without a truth."""
        return None if self.n_right is None else Rate(self.n_right, self.n_rows)

    @property
    def precision(self) -> Rate | None:
        """The share of single matches that are right; None without a truth."""
        return None if self.n_right is None else Rate(self.n_right, self.n_single)

    @property
    def excess(self) -> ExcessRisk | None:
        """What the attack gains above the control; None without one."""
        return None if self.control is None else excess_risk(self.singled, self.control)

    @property
    def informative(self) -> bool:
        """Whether the attack does better than chance; where it does not, its figures say little about the risk."""
        return self.singled.center > self.baseline.center

    def to_frame(self) -> pd.DataFrame:
        """Return a row per rate: `rate`, `hits`, `n`, `observed`, `low`, `high` (Wilson, 95 %)."""
        import pandas as pd

        rates = {
            "single match": self.singled,
            "right match": self.right,
            "right among single": self.precision,
            "baseline": self.baseline,
            "control": self.control,
        }
        names = ("hits", "n", "observed", "low", "high")
        rows = [{"rate": key, **{name: getattr(rate, name) for name in names}} for key, rate in rates.items() if rate]
        return pd.DataFrame(rows, columns=("rate", *names))


@typed
def link(
    data: Frame,
    other: Frame,
    on: str | Sequence[str] | Mapping[str, str],
    *,
    truth: Frame | str | tuple[str, str] | None = None,
    control: Frame | None = None,
    seed: int = 0,
    fuzzy: bool | Mapping[str, str] = False,
    probability: Share = 0.9,
    max_pairs: int = 2_000_000,
) -> LinkReport:
    """Match the rows of the data with those of another table, and tell how many are singled out.

    Missing never matches. Reads rows of all tables; spends nothing. No value is kept. Exact by default; `fuzzy` finds
    partners of the rows without an equal in spite of typing errors and changes, by the model of Fellegi and Sunter
    (1969, JASA 64(328)) that Splink (the extra ``linkage``) fits without labels: the odds that a pair is one person are
    Π m/u over the columns times the prior 1 / max(n, n'), m and u being how often a column agrees so far among true
    pairs and among others.

    Parameters
    ----------
    data, other : dataframe
        The table to be shared, and a table that an attacker may have (a register, a customer list). Of lazy frames the
        named columns of all rows are fetched.
    on : str, sequence of str, or mapping of str to str
        The columns to compare; a mapping names the columns of `other` where they differ.
    truth : dataframe, str or (str, str), optional
        Which rows belong together: a table with the id in the data and the id in `other`, under their names there
        (other columns are ignored; a pair with a missing id says that the person is absent); or the name of an id
        column that both tables have; or the names of such a column in the data and in `other`.
    control : dataframe, optional
        People like those in the data who are known not to be in `other`, with the columns of `on`.
    seed : int
        Of the shuffle that the baseline takes, and of the sample that a fuzzy model is fitted on.
    fuzzy : bool or mapping of str to str
        True compares each column as its values suggest; a mapping says how for some: ``"name"`` (Jaro-Winkler),
        ``"code"`` and ``"date"`` (one, or two, typing errors), ``"number"`` (off by up to 1), ``"exact"``. Texts are
        compared without their case.
    probability : float
        From which on a pair counts as a match in a fuzzy linkage, above 0. Equal rows match whatever it is: so no row
        that is found exactly is missed.
    max_pairs : int
        How many pairs of rows a fuzzy linkage compares at most: those that agree exactly in one column, or in two
        where these are too many. The report says in which.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    LibraryRequiredError, LinkageError
        If Splink is not installed, or fails.
    LinkError
        If a column is text in one table and numbers in the other, so that nothing would match.
    TruthError
        If `truth` does not name one id of each table, misspells one, or none of its ids is known.

    Examples
    --------
    >>> import pandas as pd
    >>> shared = pd.DataFrame({"zip": ["a", "b", "b", None], "born": [1970, 1980, 1981, 1990]})
    >>> register = pd.DataFrame({"zip": ["a", "b", "b", None], "born": [1970, 1980, 1980, 1990]})
    >>> report = link(shared, register, on=["zip", "born"])
    >>> report.n_pairs, report.n_single, report.n_several, report.n_none
    (3, 1, 1, 2)
    """
    pairs = _pairs(on)
    ids = _Ids() if truth is None else _ids(data, other, truth)
    left = _chosen(data, [a for a, _ in pairs], ids.left)
    right = _chosen(other, [b for _, b in pairs], ids.right)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ParameterError.of("seed", type_told(seed), "a whole number >= 0")
    names = [a for a, _ in pairs]
    absent = None if control is None else chosen_columns(control, names, "control")
    asked = None if fuzzy is False else asked_kinds(fuzzy, names)
    least = float(share(probability, "probability", zero=False))
    most = positive_int(max_pairs, "max_pairs")
    tables = _Tables(left, right, absent, pairs)
    attack = _exactly(tables, seed) if asked is None else _fuzzily(tables, asked, least, seed, most)
    found = attack.found
    judged = None if truth is None else _judged(left, right, ids, found)
    return LinkReport(
        on=tuple(a for a, _ in pairs),
        n_rows=len(left),
        n_other=len(right),
        n_pairs=int(found.counts.sum()),
        n_none=found.n_none,
        n_single=found.n_single,
        n_several=found.n_several,
        n_incomplete=found.incomplete,
        n_right=None if judged is None else judged.right,
        n_unjudged=None if judged is None else judged.unjudged,
        n_unknown=None if judged is None else judged.unknown,
        baseline=Rate(attack.chance.n_single, len(left)),
        control=None if attack.control is None else Rate(attack.control.n_single, len(attack.control.counts)),
        fuzzy=attack.how,
        n_reachable=None if attack.common is None else int(np.logical_and.reduce(attack.common).sum()),
        apart=tuple(a for (a, _), there in zip(pairs, attack.common or (), strict=False) if not there.any()),
        labeled=tuple(a for a, b in pairs if labeled_apart(left[a], right[b])),
    )


def _pairs(on: object) -> list[tuple[str, str]]:
    if isinstance(on, Mapping):
        left = column_names(list(on), "on")
        right = column_names(list(on.values()), "on")
        return list(zip(left, right, strict=True))
    return [(name, name) for name in column_names(on, "on")]


@dataclass(frozen=True)
class _Tables:
    """What is compared: the data, the other table, perhaps a control, on pairs of columns."""

    left: pd.DataFrame
    right: pd.DataFrame
    control: pd.DataFrame | None
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class _Attack:
    """What the rows of the data match, the same rows shuffled, and those of a control.

    `common` tells, for each column of an exact comparison, which rows' values occur in the other table.
    """

    found: Matches
    chance: Matches
    control: Matches | None
    how: FuzzyLinkage | None = None
    common: Sequence[NDArray[np.bool_]] | None = None


def _exactly(tables: _Tables, seed: int) -> _Attack:
    both = paired(tables.left, tables.right, tables.pairs)
    absent = tables.control
    return _Attack(
        both.matches(),
        both.shuffled(np.random.default_rng(seed)).matches(),
        None if absent is None else paired(absent, tables.right, tables.pairs).matches(),
        common=both.common(),
    )


def _fuzzily(tables: _Tables, asked: Mapping[str, Kind], probability: float, seed: int, max_pairs: int) -> _Attack:
    both = records(tables.left, tables.right, tables.pairs, asked)
    model = Model(both, seed, max_pairs)
    names = [a for a, _ in tables.pairs]
    kinds = dict(zip(names, both.kinds, strict=True))
    control = None
    if tables.control is not None:
        absent = records(tables.control, tables.right, tables.pairs, kinds)
        control = model.matches(absent, probability)
    how = FuzzyLinkage(
        probability,
        int((equals(both).counts > 0).sum()),
        Frozen(kinds),
        tuple(tuple(names[place] for place in block) for block in model.blocks),
        model.n_compared,
        f"Splink {model.splink.__version__}",
    )
    chance = model.matches(both.shuffled(np.random.default_rng(seed)), probability)
    return _Attack(model.matches(both, probability), chance, control, how)


@dataclass(frozen=True)
class _Judged:
    right: int
    unjudged: int
    unknown: int


@dataclass(frozen=True)
class _Ids:
    """The ids of the data and of the other table, and a table of which belong together where it is not by equal ids."""

    left: str = ""
    right: str = ""
    table: pd.DataFrame | None = None


def _ids(data: object, other: object, truth: object) -> _Ids:
    if isinstance(truth, str) or (isinstance(truth, tuple) and all(isinstance(name, str) for name in truth)):
        a, b = (truth, truth) if isinstance(truth, str) else _two(truth)
        return _Ids(a, b, None)
    table, a, b = _truth_table(data, other, truth)
    return _Ids(a, b, table)


def _chosen(data: object, names: list[str], own_id: str) -> pd.DataFrame:
    """Return the columns that are compared, and the ids, in one go: rows of two queries need not come in one order."""
    open_frame(data, names, "on")
    if not own_id:
        return chosen_columns(data, names, "on")
    open_frame(data, [own_id], "truth")
    return chosen_columns(data, list(dict.fromkeys((*names, own_id))), "truth")


def _judged(left: pd.DataFrame, right: pd.DataFrame, ids: _Ids, found: Matches) -> _Judged:
    """Compare the single matches with the truth."""
    singles = np.flatnonzero(found.counts == 1)
    partners = found.partner[singles]
    a, b, table = ids.left, ids.right, ids.table
    if table is None:
        here, there = joint_codes(left[a], right[b])
        agree = (here[singles] == there[partners]) & (here[singles] >= 0)
        return _Judged(int(agree.sum()), int((here[singles] < 0).sum()), 0)
    left_ids, left_truth = joint_codes(left[a], table[a])
    right_ids, right_truth = joint_codes(right[b], table[b])
    unknown = _unknown(left_truth, left_ids, a, "the data") + _unknown(right_truth, right_ids, b, "the other table")
    width = int(max(right_ids.max(initial=0), right_truth.max(initial=0))) + 1
    whole = (left_truth >= 0) & (right_truth >= 0)
    true_pairs = left_truth[whole] * width + right_truth[whole]
    here, there = left_ids[singles], right_ids[partners]
    agree = (here >= 0) & (there >= 0) & np.isin(here * width + there, true_pairs)
    judged = np.isin(here, left_truth[left_truth >= 0])
    return _Judged(int(agree.sum()), int((~judged).sum()), unknown)


def _unknown(truth: NDArray[np.int64], ids: NDArray[np.int64], column: str, table: str) -> int:
    """Return how many distinct ids of the truth the table does not know; refuse a truth of which it knows none."""
    named = np.unique(truth[truth >= 0])
    unknown = int((~np.isin(named, ids)).sum())
    if len(named) and len(ids) and unknown == len(named):
        raise TruthError.unknown_ids(column, unknown, table)
    return unknown


def _truth_table(data: object, other: object, truth: object) -> tuple[pd.DataFrame, str, str]:
    """Return the truth as a frame, and its columns that are ids of the data and of the other table."""
    import pandas as pd

    if isinstance(truth, pd.Series):
        truth = truth.reset_index()
    names = [name for name in _names(truth) if isinstance(name, str)]
    here, there = set(_names(data)), set(_names(other))
    lefts = [name for name in names if name in here and name not in there]
    rights = [name for name in names if name in there and name not in here]
    if len(lefts) != 1 or len(rights) != 1:
        raise TruthError.columns_unclear(names, len(lefts), len(rights))
    meant = sorted((here ^ there) - set(names), key=str)  # what no column of the truth points to yet
    if wrong := {name: near for name in names if name not in here | there and (near := close_matches(name, meant))}:
        raise TruthError.misspelled(*next((name, near[0]) for name, near in wrong.items()))
    return chosen_columns(truth, [lefts[0], rights[0]], "truth"), lefts[0], rights[0]


def _names(data: object) -> list[object]:
    import pandas as pd

    return [*(data.columns if isinstance(data, pd.DataFrame) else names_of(open_frame(data)))]


def _two(truth: tuple[object, ...]) -> tuple[str, str]:
    if len(truth) != 2:
        raise ParameterError.of("truth", f"a tuple of {len(truth)}", "a table, a column, or two columns")
    return str(truth[0]), str(truth[1])
