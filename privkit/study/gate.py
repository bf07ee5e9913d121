"""The gate of a pipeline: a table, its inventory and its project's ledger against the limits of a policy."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.anonymity.criterion import all_of
from privkit.anonymity.reports import check
from privkit.budget.ledger import Ledger
from privkit.errors import ColumnNotFoundError, FileError, listed
from privkit.inventory.audit import audit
from privkit.inventory.column_entry import day_or_today
from privkit.inventory.column_names import QUASI, SENSITIVE
from privkit.inventory.inventory import Inventory
from privkit.risk.report import risk
from privkit.study.policy import PACED, Policy, policy_of
from privkit.study.rulings import Ruling, as_json, as_junit, as_sarif
from privkit.study.written import written
from privkit.tally.selection import all_columns
from privkit.values.arguments import public, typed
from privkit.values.exact import exact_text
from privkit.values.expression.days import period_of
from privkit.values.show import Shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.values.inputs import Frame

#: The last day whose periods the calendar ends.
_LAST = date(9998, 12, 31)


@public
@dataclass(frozen=True, eq=False, repr=False)
class GateReport(Shown):
    """A table against a policy, rule by rule. Exact figures, for the owner's eyes; no release. Holds no cell value.

    Attributes
    ----------
    policy : str
        The path of its file; empty where it came as a mapping.
    rulings : tuple of Ruling
        One for each rule, in the order of goal, risk, roles, budget and retention: `rule` (as ``"goal.k"``), `limit`,
        `found`, `met`, `rows_short`, `columns` and the `line` of the policy.
    left_out : tuple of str
        What the audit did not look at, where the policy has one made.
    """

    policy: str
    rulings: tuple[Ruling, ...]
    left_out: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every rule is met."""
        return all(ruling.met for ruling in self.rulings)

    @property
    def short(self) -> tuple[Ruling, ...]:
        """The rules that are not met."""
        return tuple(ruling for ruling in self.rulings if not ruling.met)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per rule: `rule`, `limit`, `found`, `met`, `rows_short`, `columns`, `line`."""
        import pandas as pd

        names = ["rule", "limit", "found", "met", "rows_short", "columns", "line"]
        rows = [[getattr(one, name) for name in names] for one in self.rulings]
        frame = pd.DataFrame(rows, columns=names)
        return frame.astype({"rows_short": "Int64", "line": "Int64"})

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the report as JSON, and write it to `path` where given, whole or not at all.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        return written(as_json(self.policy, self.rulings, self.left_out), path)

    def to_junit(self, path: str | Path | None = None) -> str:
        """Return the report as JUnit XML, a test case per rule, and write it to `path` where given.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        return written(as_junit(self.rulings), path)

    def to_sarif(self, path: str | Path | None = None) -> str:
        """Return the rules that are not met as SARIF 2.1.0, and write it to `path` where given.

        Each result points to its line of the policy. There is no snippet, and no cell value.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        return written(as_sarif(self.policy, self.rulings), path)


@typed
def gate(
    data: Frame, policy: str | os.PathLike[str] | Mapping[str, Any], *, today: date | str | None = None
) -> GateReport:
    """Judge a table by a policy: its classes, risk and columns, the budget of its project, its inventory.

    Every figure is that of the part that knows it: `check` for k, l, t, average risk and uniques; `risk` for the
    threshold; `audit` for roles; the ledger for what is spent; the inventory's own check for retention. Reads rows;
    exact; spends nothing. The ledger is only looked at.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    policy : path or mapping
        A TOML file, or what one holds. Its tables, of which any may be left out, and their rules:

        - ``[goal]``: ``qi`` (columns), ``k``, ``l`` and ``t`` with ``sensitive`` (one column or several), ``unit``;
        - ``[risk]``, of the ``qi`` of the goal: ``threshold`` (that no row's risk exceeds, or a preset's name),
          ``average`` (the most that the average risk may be), ``uniques`` (the largest share of sample uniques);
        - ``[roles]``: ``forbid`` (roles that no column may have by the audit; quasi-identifiers and sensitive columns
          that the goal names are looked after, and not counted) and ``decided`` (column = role, by the owner's word);
        - ``[budget]``: ``project``, ``store``, and the most that may be charged: ``epsilon`` or ``rho``, ``delta``; and
          in the day, week, month, quarter or year (``period``) in which the day lies, by UTC: ``epsilon_per_period`` or
          ``rho_per_period``, ``delta_per_period``;
        - ``[retention]``: ``inventory`` (YAML) and ``forbid``, the findings of its check that are not allowed: by
          default "retention passed", "new column" and "column gone".

        Paths begin from the policy's folder.
    today : date or str, optional
        The day to judge retention and a period's budget by; by default today in UTC, as in the ledger.

    Returns
    -------
    GateReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError, RoleConflictError
    PolicyError
        Tells everything that is wrong with the policy at once, by its lines. Nothing was judged.
    FileError
        If the policy or its inventory cannot be read.
    InventoryError, LibraryRequiredError
        If the inventory is malformed, or PyYAML (the extra ``yaml``) is not installed.
    LedgerError, ProjectNotFoundError
        If the ledger or the project is not there, or is not as this machine remembers it.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"], "email": ["a@x.org", "b@x.org", "c@x.org"]})
    >>> report = gate(people, {"goal": {"qi": ["zip"], "k": 2}, "roles": {"forbid": ["direct identifier"]}})
    >>> report.passed, [(one.rule, one.found, one.met) for one in report.rulings]
    (False, [('goal.k', 'k = 1', False), ('roles.forbid', "1 column: 'email'", False)])
    """
    return judged(data, policy_of(policy), today=today)


def judged(data: Frame, policy: Policy, *, looked: Frame | None = None, today: date | str | None = None) -> GateReport:
    """Return the rulings of a policy that is read; `looked` is the same table with numbers as such, for the audit."""
    looked = data if looked is None else looked
    inventory = inventory_of(policy.inventory)
    left_out: tuple[str, ...] = ()
    rulings = [*_goal(data, policy), *_risk(data, policy)]
    if policy.roles:
        names = all_columns(looked)
        if missing := [name for name in policy.decided if name not in names]:
            raise ColumnNotFoundError.of("decided", list(policy.decided), missing, names)
        # No limit of time: a column that nobody looked at would pass.
        found = audit(looked, roles=policy.decided, inventory=inventory, time_limit=None)
        left_out = found.left_out
        rulings += _roles(found, policy)
    rulings += _budget(policy, today)
    if inventory is not None:
        rulings += _retention(inventory, looked, policy, today)
    return GateReport(policy.name, tuple(rulings), left_out)


def _goal(data: Frame, policy: Policy) -> Iterator[Ruling]:
    """Yield the rulings of all criteria, which are checked together."""
    if not policy.criteria:
        return
    report = check(data, list(policy.qi), all_of(*(criterion for _, criterion in policy.criteria)))
    for (rule, _), found in zip(policy.criteria, report.findings, strict=True):
        yield Ruling(rule, repr(found.criterion), found.figure, bool(found.met), policy.line(rule), found.rows_short)


def _risk(data: Frame, policy: Policy) -> Iterator[Ruling]:
    if (threshold := policy.threshold) is None:
        return
    report = risk(data, list(policy.qi), threshold=threshold, unit=policy.unit)
    if threshold.measure == "uniqueness":
        limit, found = "share of uniques", f"{report.n_unique:,} of {report.n_counted:,}"
    else:
        limit, found = "risk of each row", f"highest risk {report.prosecutor.highest:.4g}"
    rule, rows = "risk.threshold", report.prosecutor.rows_at_risk if threshold.measure == "row" else None
    limit = f"{limit} at most {exact_text(threshold.value)}{f' ({threshold.name})' if threshold.name else ''}"
    yield Ruling(rule, limit, found, not report.exceeds, policy.line(rule), rows)


def _roles(found: Inventory, policy: Policy) -> Iterator[Ruling]:
    after: dict[str, tuple[str, ...]] = {QUASI: policy.qi, SENSITIVE: policy.sensitive}  # what the goal looks after
    for role in policy.roles:
        columns = [name for name in found.by_role(role) if name not in after.get(role, ())]
        yield _none_of("roles.forbid", f"no {role}", columns, policy)
    unseen = [entry.name for entry in found if entry.left_out and entry.name not in policy.decided]
    if unseen:
        yield _none_of("roles.decided", "every column looked at or decided", unseen, policy)


def _budget(policy: Policy, today: date | str | None) -> Iterator[Ruling]:
    """Yield whether what is charged, reservations included, is within its limits: in all, and in today's period."""
    if policy.project is None:
        return
    store = policy.store
    if store is not None and "://" not in store:
        store = str(policy.folder / store)
    account = Ledger.open(store, read_only=True).account(policy.project)
    balance = account.balance()
    whole, within, when = balance.spent + balance.reserved, None, ""
    if policy.period is not None:
        on = day_or_today(today, "today")
        name, begin, after = period_of(min(on, _LAST), policy.period)
        within, when = account.charged_between(begin, after), f" in {name}"
    for key, most in policy.budget.items():
        name, paced = PACED.get(key, key), key in PACED
        charged = whole if not paced or within is None else within
        amount = charged.amount(name)
        other = "rho" if name == "epsilon" else "epsilon"
        found = f"the project is charged in {other}" if amount is None else f"{exact_text(amount)} charged"
        limit = f"{name} at most {exact_text(most)}{f' per {policy.period}' if paced else ''}"
        met = amount is not None and amount <= most
        rule = f"budget.{key}"
        yield Ruling(rule, limit, f"{found}{when if paced and amount is not None else ''}", met, policy.line(rule))


def inventory_of(path: Path | None) -> Inventory | None:
    """Return the inventory in a file; None where none is named.

    Raises
    ------
    FileError, InventoryError, LibraryRequiredError
    """
    if path is None:
        return None
    try:
        return Inventory.from_yaml(path)
    except UnicodeDecodeError:
        raise FileError.of(path.name, "it is no text in UTF-8") from None
    except OSError as error:
        raise FileError.of(path.name, f"it cannot be read ({error.strerror})") from None


def _retention(inventory: Inventory, data: Frame, policy: Policy, today: date | str | None) -> Iterator[Ruling]:
    report = inventory.check(data, today=today)
    for kind in policy.stale:
        yield _none_of("retention.forbid", f"no {kind}", report.of(kind), policy)  # type: ignore[arg-type]


def _none_of(rule: str, limit: str, columns: list[str], policy: Policy) -> Ruling:
    """Return the ruling that no column is of a kind."""
    count = f"{len(columns):,} column{'' if len(columns) == 1 else 's'}"
    found = f"{count}: {listed(columns)}" if columns else "none"
    return Ruling(rule, limit, found, not columns, policy.line(rule), columns=tuple(columns))
