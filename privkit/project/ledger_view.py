"""The ledger of one project, as its owner sees it.

A ledger's entries as a frame, built by pages: no page of entries outlives the next.

A recorded question in words; and as the call that asks it again: word for word, so that it replays, or not at all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Any

from privkit.budget.export import csv_parts, json_parts
from privkit.budget.notes import CLOSED, EXTENDED, FACTS, REGISTER, REMOVED
from privkit.errors.ledger import LedgerDamagedError
from privkit.progress import bar
from privkit.values.arguments import public, whole
from privkit.values.files import write_whole
from privkit.values.loss import Measure
from privkit.values.show import Plotted
from privkit.values.unit import PrivacyUnit
from privkit.values.writing import amount_shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.account import Account
    from privkit.budget.chain import Verification
    from privkit.budget.entry import Entry
    from privkit.budget.odometer import Odometer

    _Row = tuple[int, str, str, str, float, float, str]


#: So many rows make one part: of small ones, what surrounds each needs much memory, and of large ones, their making.
_ROWS = 2_000


def entries_frame(account: Account, after: int, most: int | None) -> pd.DataFrame:
    """Return a frame with a row per entry; see :meth:`privkit.project.ledger_view.LedgerView.to_frame`."""
    import pandas as pd

    rows: list[_Row] = []
    parts = []
    for page in account.pages(after=after, most=most):
        rows += map(_row, page)
        if len(rows) >= _ROWS:
            parts.append(_columns(account, rows))
            rows.clear()
    if rows or not parts:
        parts.append(_columns(account, rows))
    # Column by column, and not the frames of all parts at once: they would be there twice.
    whole = {name: pd.concat([part.pop(name) for part in parts], ignore_index=True) for name in list(parts[0])}
    return pd.DataFrame(whole, copy=False)


def _row(entry: Entry) -> _Row:
    main, delta = float(entry.cost.main), float(entry.cost.delta)
    return entry.seq, entry.time, intern(entry.state), describe(entry.question), main, delta, intern(entry.analyst)


def _columns(account: Account, rows: Sequence[_Row]) -> dict[str, pd.Series]:
    import pandas as pd

    measure = account.terms.budget.measure
    columns = {
        "entry": pd.Series([row[0] for row in rows], dtype="int64"),
        "time": _times(account, [row[1] for row in rows]),
        "state": _texts([row[2] for row in rows]),
        "question": _texts([row[3] for row in rows]),
        "rho" if measure.concentrated else "epsilon": pd.Series([row[4] for row in rows], dtype=float),
        "delta": pd.Series([row[5] for row in rows], dtype=float),
        "analyst": _texts([row[6] for row in rows]),
    }
    if not measure.has_delta:
        del columns["delta"]
    return columns


def _texts(texts: Sequence[str]) -> pd.Series:
    """Return texts as a column of the kind that pandas makes of them, in no more memory than they need.

    Arrow's own allocator keeps what a buffer grew to, up to twice its text, for each part of a long ledger; that of the
    system gives the rest back.
    """
    import pandas as pd

    kind: Any = pd.Series([], dtype="str").dtype
    if getattr(kind, "storage", "") != "pyarrow":
        return pd.Series(texts, dtype="str")
    import pyarrow as pa

    return pd.Series(kind.__from_arrow__(pa.array(texts, pa.large_string(), memory_pool=pa.system_memory_pool())))


def _times(account: Account, times: list[str]) -> pd.Series:
    """Return the times; what is none is damage, and not told (pandas would quote it)."""
    import pandas as pd

    found = pd.Series(pd.to_datetime(times, format="%Y-%m-%dT%H:%M:%SZ", utc=True, errors="coerce"))
    if found.hasnans:
        raise LedgerDamagedError.of(account.store, "the time of an entry cannot be read", budget=None)
    return found


@public
class LedgerView(Plotted):
    """Every reservation and release of a project, in order. Get it from ``project.ledger``."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def __len__(self) -> int:
        return self.account.balance().entries

    def to_frame(self, *, after: int = 0, most: int | None = None) -> pd.DataFrame:
        """Return a frame with a row per entry: when, what, by whom, what it cost, and whether it was answered.

        Amounts are floats here, for reading and plotting; ``project.spent`` is exact.

        Parameters
        ----------
        after : int
            Only entries numbered above it: of a long ledger, ``after=len(ledger) - 1000`` gives the last thousand.
        most : int, optional
            How many entries at most; all by default.

        Raises
        ------
        LedgerDamagedError
            If what is stored cannot be read.
        """
        after = whole(after, "after")
        return entries_frame(self.account, after, None if most is None else whole(most, "most"))

    def odometer(self) -> Odometer:
        """Return what the releases have cost, one after the other: it tells, and refuses nothing."""
        return self.account.odometer()

    def to_csv(self, path: str | Path | None = None) -> str | None:
        """Return the entries as CSV, or write them to `path`; amounts are exact, formulas are defused."""
        return _given(csv_parts(self.account), path)

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Return terms, balance, head of the chain and entries as JSON, or write them to `path`."""
        return _given(json_parts(self.account), path)

    def verify(self, *, progress: bool = False) -> Verification:
        """Check the chain of entries from the first to the last, and return a short summary.

        Parameters
        ----------
        progress : bool
            Whether to show on standard error how far it is.

        Raises
        ------
        LedgerTamperedError
            Naming the first entry that does not fit.
        """
        with bar(progress, "verify", "records") as tell:
            return self.account.verify(tell)


def _given(parts: Iterable[str], path: str | Path | None) -> str | None:
    if path is None:
        return "".join(parts)
    write_whole(path, parts)
    return None


def describe(question: Mapping[str, Any]) -> str:
    """Return a recorded question in words: the statistic, its column, its groups, and which rows it counts.

    Examples
    --------
    >>> describe({"statistic": "mean", "column": "age", "by": ["zip"], "keys": ["8004", "8005"]})
    'mean of age by zip (2 keys)'
    >>> describe({"parts": [{"statistic": "sum", "column": "age"}, {"statistic": "count"}], "keys": None})
    'sum of age and count'
    >>> describe({"parts": [{"statistic": name, "column": "age"} for name in ("median", "mean", "std")]})
    'median, mean and std of age'
    >>> describe({"statistic": "with clipped", "of": {"statistic": "mean", "column": "age"}})
    'mean of age with the share of clipped rows'
    >>> describe({"statistic": "count", "selected": {"where": "(age > 65)"}})
    'count where (age > 65)'
    >>> describe({"statistic": "persons", "unit_window": ["month", "day"]})
    'persons in a month'
    >>> describe({"statistic": "quantile", "column": "age", "above": 1, "of": 2, "by": ["zip"], "keys": None})
    'median of age by zip (found groups)'
    >>> describe({"statistic": "quantile", "column": "age", "probability": "9/10"})
    'quantile 0.9 of age'
    >>> describe({"statistic": "difference", "column": "age", "of": {"statistic": "var"}, "group": "plan"})
    'difference of age by plan'
    >>> describe({"statistic": "chi2", "of": {"statistic": "count"}, "groups": ["plan", "zip"]})
    'chi2 of plan and zip'
    >>> describe({"statistic": "correlation", "columns": ["age", "spend", "visits"]})
    'correlation of age, spend and visits'
    >>> describe({"statistic": "public facts", "facts": {"age": {"bounds": {}, "bins": {}}, "plan": {"keys": {}}}})
    'public facts: bounds and bins of age, keys of plan'
    """
    if (noted := _noted(question)) is not None:
        return noted
    by = question.get("by") or []
    parts = question.get("parts") or [question]
    window = PrivacyUnit(None, *(question.get("unit_window") or ())).window
    asked = _together(dict.fromkeys(_asked(part, by, window) for part in parts))
    keys = question.get("keys")
    count = "found groups" if keys is None else "1 key" if len(keys) == 1 else f"{len(keys):,} keys"
    groups = f" by {', '.join(by)} ({count})" if by else ""
    where = (question.get("selected") or {}).get("where")
    return f"{asked}{groups}" + (f" where {where}" if where else "")


def _together(asked: Iterable[str]) -> str:
    """Return what is asked in one phrase, with what is asked of the same column before its name."""
    told: dict[str, list[str]] = {}
    for phrase in asked:
        what, of, column = phrase.partition(" of ")
        told.setdefault(of + column, []).append(what)
    return " and ".join(
        f"{', '.join(each[:-1])}{' and ' * (len(each) > 1)}{each[-1]}{whose}" for whose, each in told.items()
    )


def _noted(question: Mapping[str, Any]) -> str | None:
    """Return what an entry that charges nothing notes; None for a question."""
    statistic = question.get("statistic")
    if statistic == FACTS and isinstance(facts := question.get("facts"), dict):
        gone = {
            column: found
            for column, kinds in facts.items()
            if (found := [kind for kind, told in kinds.items() if told.get("withdrawn") is True])
        }
        told = ", ".join(f"{' and '.join(kinds)} of {column}" for column, kinds in (gone or facts).items())
        return f"{statistic}{' withdrawn' if gone else ''}: {told}"
    if statistic == EXTENDED and isinstance(to := question.get("to"), dict):
        return f"{statistic} to {extended_to(to)}: {question.get('reason')}"
    if statistic in (CLOSED, REMOVED):
        return f"{statistic}: {question.get('reason')}"
    if statistic == REGISTER and isinstance(record := question.get("record"), dict):
        return f"{statistic}: {record.get('what')}"
    return None


def extended_to(to: Mapping[str, Any]) -> str:
    """Return the new totals of an extension in words.

    Examples
    --------
    >>> extended_to({"epsilon": "2", "delta": "1/1000000", "allotments": {"ada": "0.6"}, "per_analyst": "0.1"})
    'ε = 2, δ = 10⁻⁶, ada 0.6, each other analyst 0.1'
    """
    main = [f"{symbol} = {amount_shown(Fraction(to[name]))}" for name, symbol in _SYMBOLS.items() if name in to]
    named = [f"{name} {amount_shown(Fraction(amount))}" for name, amount in to.get("allotments", {}).items()]
    each = "each other analyst" if named else "each analyst"
    rest = [f"{each} {amount_shown(Fraction(to['per_analyst']))}"] if "per_analyst" in to else []
    return ", ".join([*main, *named, *rest])


_SYMBOLS = {"epsilon": "ε", "rho": "ρ", "delta": "δ"}


def _share(part: Mapping[str, Any]) -> float | None:
    """Return of which share of the rows a quantile is; None where the record does not tell."""
    if {"above", "of"} <= part.keys():  # as earlier versions recorded it
        return float(part["above"] / part["of"])
    return float(Fraction(part["probability"])) if isinstance(part.get("probability"), str) else None


def _asked_of(part: Mapping[str, Any], inner: Mapping[str, Any], by: Sequence[str], window: str) -> str:
    """Return what is asked by a statistic that holds another: itself, or beside groups that showed up the other."""
    if "group" in part:
        return f"{part.get('statistic')} of {part.get('column')} by {part['group']}"
    if isinstance(groups := part.get("groups"), list):
        return f"{part.get('statistic')} of {' and '.join(map(str, groups))}"
    clipped = " with the share of clipped rows" if part.get("statistic") == "with clipped" else ""
    return _asked(inner, by, window) + clipped


def _asked(part: Mapping[str, Any], by: Sequence[str], window: str) -> str:
    """Return what a record asks, by what it holds: no statistic need be loaded for it."""
    if isinstance(inner := part.get("of"), Mapping):
        return _asked_of(part, inner, by, window)
    statistic, column = str(part.get("statistic", "release")), part.get("column")
    if column is None and isinstance(names := part.get("columns"), list) and len(names) > 1:
        column = f"{', '.join(map(str, names[:-1]))} and {names[-1]}"
    if (share := _share(part)) is not None:
        statistic = "median" if share == 0.5 else f"{statistic} {share:g}"
    if isinstance(shares := part.get("probabilities"), list):
        statistic = f"{statistic} {', '.join(f'{float(Fraction(share)):g}' for share in shares)}"
    if "k" in part:
        statistic = "most frequent value" if part["k"] == 1 else f"{part['k']} most frequent values"
    totals = part.get("of") == "person totals"
    if part.get("persons"):
        statistic = "persons"
    whose = "each person's " if totals else ""
    asked = f"{statistic} of {whose}{column}" if column and column not in by else statistic
    return f"{asked}{window}" if totals or statistic == "persons" else asked


_STATISTICS = {"count", "sum", "mean"}
#: What a record may tell besides: what the call does not say, or what follows from it.
_KNOWN = {
    "bounds", "by", "column", "frame", "keys", "keys_reason", "loss", "max_groups", "max_rows", "mechanism", "notebook",
    "per_group", "scale", "selected", "statistic", "unit",
}  # fmt: skip
_MECHANISMS = {"discrete Laplace": "laplace", "discrete Gaussian": "gaussian"}
_LONGEST_CALL = 400


def as_code(question: Mapping[str, Any]) -> str:
    """Return the call that asks a recorded question again, of the same data at no cost; "" where the record tells more.

    It is made of the record alone, and only where each of its parts is one that the call can say.

    Examples
    --------
    >>> loss = {"measure": "ε", "main": "0.1", "delta": "0"}
    >>> record = {"statistic": "mean", "column": "age", "bounds": ["0.0", "99.5"], "by": ["zip"], "loss": loss}
    >>> as_code({**record, "keys": ["[('str', '8004')]", "[('str', '8005')]"], "mechanism": "discrete Laplace"})
    "df.privacy.dp_mean('age', bounds=(0, 99.5), by='zip', keys=['8004', '8005'], epsilon=0.1)"
    >>> as_code({**record, "keys": None}), as_code({**record, "unheard_of": 1})
    ('', '')
    """
    try:
        named = _arguments(question)
    except (AttributeError, LookupError, TypeError, ValueError, SyntaxError):  # damaged, or of another version
        return ""
    typed = f"df.privacy.dp_{question.get('statistic')}({', '.join(named or ())})"
    return typed if named is not None and len(typed) <= _LONGEST_CALL else ""


def _arguments(question: Mapping[str, Any]) -> list[str] | None:
    """Return what stands in the parentheses; None where it cannot be said."""
    if set(question) - _KNOWN or question["statistic"] not in _STATISTICS or question.get("keys_reason"):
        return None
    alone = question["statistic"] == "count"
    if alone in {"column" in question, "bounds" in question}:
        return None
    selected = question.get("selected") or {}
    if selected.get("derive") or selected.get("missing") or set(selected) - {"derive", "missing", "where"}:
        return None
    named = [] if alone else [repr(question["column"]), f"bounds=({', '.join(map(_number, question['bounds']))})"]
    by, keys = question.get("by") or [], question.get("keys")
    if by:
        if not keys:
            return None
        named += [f"by={_one_or_list(by)}", f"keys={_keys(keys)!r}"]
    if where := selected.get("where"):
        named.append(f"where={where!r}")
    if question.get("unit") is not None:
        limits = ("max_rows", "max_groups", "per_group")
        named += [f"{name}={int(question[name])}" for name in limits if question.get(name) is not None]
    return [*named, *_price(question["loss"], question["mechanism"])]


def _one_or_list(by: Sequence[str]) -> str:
    return repr(by[0]) if len(by) == 1 else repr(list(by))


def _keys(codes: Sequence[str]) -> list[Any]:
    """Return keys of texts and whole numbers; others are written in ways that would have to be read again."""
    found = []
    for code in codes:
        parts = []
        for kind, text in ast.literal_eval(code):
            if kind not in ("str", "int"):
                raise ValueError(kind)
            parts.append(int(text) if kind == "int" else str(text))
        found.append(parts[0] if len(parts) == 1 else tuple(parts))
    return found


def _number(text: str) -> str:
    """Return a recorded number as one types it.

    Examples
    --------
    >>> _number("0.0"), _number("99.5"), _number("0.1")
    ('0', '99.5', '0.1')
    """
    found = float(text)
    return repr(int(found)) if found == int(found) else repr(found)


def _price(loss: Mapping[str, str], mechanism: str) -> list[str]:
    main = float(loss["main"])
    if loss["delta"] != "0" or loss["main"] not in {repr(main), repr(int(main))}:  # not one that a call holds exactly
        raise ValueError(loss["main"])
    concentrated = Measure(loss["measure"]).concentrated
    chosen = [f"mechanism={_MECHANISMS[mechanism]!r}"] if concentrated else []
    return [f"{'rho' if concentrated else 'epsilon'}={loss['main']}", *chosen]
