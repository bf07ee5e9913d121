"""Ledgers of very many entries, written in bulk: their chains are valid, as `verify` says."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from budget_terms import eps

from privkit.budget.canonical import amounts, canonical
from privkit.budget.chain import Sums, link
from privkit.budget.store.schema import record_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privkit.budget.account import Account

#: A word that stands in one entry alone, the third: a search for it looks at all others first.
NEEDLE = "haystack_needle"
_COLUMNS = [column.name for column in record_table.c]
_BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
_VERSIONS = '"versions":{"jupyter-privkit":"0.1.0","narwhals":"2.29.0","numpy":"2.4.6","opendp":"0.16.0"}'


def fill(account: Account, entries: int, cost: float = 0.1) -> None:
    """Add entries to a project that has none: as long and as varied as real ones, one every ten seconds.

    Nine in ten are counts by a column; every thousandth failed, every thousandth was orphaned.
    """
    rows = (tuple(record.get(name) for name in _COLUMNS) for record in _records(account, entries, cost))
    place = account._book.store.place
    if place.path is None:
        return _copied(account, rows)
    connection = sqlite3.connect(place.path)
    connection.execute("PRAGMA synchronous=OFF")
    with connection:
        connection.executemany(f"INSERT INTO privkit_record VALUES ({', '.join('?' * len(_COLUMNS))})", rows)
    connection.close()
    return None


def _copied(account: Account, rows: Iterator[tuple[Any, ...]]) -> None:
    with account._book.store.engine().begin() as connection:
        cursor = connection.connection.cursor()
        with cursor.copy(f"COPY privkit_record ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.exec_driver_sql("ANALYZE privkit_record")


def _records(account: Account, entries: int, cost: float) -> Iterator[dict[str, Any]]:
    book, loss = account._book, eps(cost)
    main, delta = amounts(loss)
    sums, prev, seq = Sums.start(book.zero), book.first, 0
    for number in range(1, entries + 1):
        time = f"{_BEGUN + timedelta(seconds=10 * number):%Y-%m-%dT%H:%M:%SZ}"
        sums = sums.reserved(loss, time, None)
        name = hashlib.sha256(str(number).encode()).hexdigest()
        start = {"key": name, "draw": 1, "time": time, "analyst": f"analyst {number % 5}", "holder": "a:b:c:1:1"}
        start |= {"token": name[:24], "question": _question(number), "main": main, "delta": delta, "state": "reserved"}
        state = {500: "failed", 501: "orphaned"}.get(number % 1000, "committed")
        end = {"answer": f'{{"cells":[{number},789,349,1013],{_VERSIONS}}}'} if state == "committed" else {"kind": "x"}
        for part in (start, end | {"state": state}):
            if part is not start:
                sums = sums.ended(loss)
            seq += 1
            record = dict.fromkeys(_COLUMNS) | part | {"project": book.id, "seq": seq, "entry": number, "prev": prev}
            record["sums"] = sums.to_json()
            record["hash"] = prev = link(record)
            yield record


def _question(number: int) -> str:
    told: dict[str, Any] = {
        "statistic": "mean" if number % 10 == 0 else "count",
        "by": ["plan"],
        "keys": [f"[('str', '{key}')]" for key in ("basic", "plus", "premium", "prepaid")],
        "keys_reason": None,
        "loss": {"delta": "0", "main": "0.1", "measure": "ε"},
        "max_groups": None,
        "max_rows": 1,
        "mechanism": "discrete Laplace",
        "notebook": f"study_{number % 20}.ipynb",
        "per_group": None,
        "scale": "10.000000000000002",
        "selected": {"derive": {}, "missing": {}, "where": f"(age >= {number % 9973})"},
        "unit": None,
    }
    if number % 10 == 0:
        told["column"] = "spend"
    if number == 3:
        told["by"] = [NEEDLE]
    return canonical(told)
