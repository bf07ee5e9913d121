"""Latency of a release, opening and replay at 100,000 entries, throughput of a crowd; on SQLite and PostgreSQL.

Run ``python tests/benchmarks ledger`` (or this file with a number of entries). SQLite lies in the working directory, so
run it on the disk that is to be measured. PostgreSQL is ``PRIVKIT_TEST_POSTGRES`` or 127.0.0.1:5432.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import insert

from privkit.budget.chain import link
from privkit.budget.entry import Entry, Reservation
from privkit.budget.ledger import Ledger
from privkit.budget.store import query
from privkit.budget.store.schema import record_table
from privkit.budget.terms import ProjectTerms
from privkit.values.loss import PrivacyLoss
from privkit.values.unit import ROW

QUESTION = {
    "statistic": "count",
    "by": ["zip3"],
    "where": "age >= 65",
    "bounds": [10, None, None],
    "measure": "laplace",
}
COST = PrivacyLoss.of(epsilon=0.001)
ANSWER = "[" + ",".join(str(100 + index) for index in range(40)) + "]"


def timed(work, times):
    """Return the median and the 99th percentile in ms."""
    taken = []
    for index in range(times):
        start = time.perf_counter()
        work(index)
        taken.append((time.perf_counter() - start) * 1e3)
    taken.sort()
    return statistics.median(taken), taken[int(len(taken) * 0.99)]


def release(account, key):
    held = account.reserve(key, QUESTION, COST)
    assert not isinstance(held, Entry)
    account.commit(held, ANSWER)


def fill(account, entries):
    """Write entries as `reserve` and `commit` would, in one transaction and with one statement."""
    book, records = account._book, []
    original, query.add = query.add, lambda _connection, record: records.append(record)
    try:
        with book.store.writing() as connection:
            head = book.locked(connection)
            for number in range(head.sums.entries + 1, entries + 1):
                held = Reservation(number, COST, head.sums.clock)
                question = '{"by":["zip3"],"statistic":"count","where":"age >= 65"}'
                head = book.charge(
                    connection, head, held, analyst=account.analyst, question=question, key=f"{number:064x}"
                )
                row = {"entry": number, "main": "0.001", "delta": "0"}
                head = book.end(connection, head, row, "committed", answer=ANSWER)
            for start in range(0, len(records), 5000):
                connection.execute(insert(record_table), records[start : start + 5000])
    finally:
        query.add = original
    assert all(record["hash"] == link(record) for record in records[:10])


def measure(name, store, entries):
    account = Ledger.open(store).begin(name, ProjectTerms(PrivacyLoss.of(epsilon=10_000), ROW))
    release(account, "warm")
    print(f"{name}: release p50 {(r := timed(lambda i: release(account, f'k{i}'), 300))[0]:.2f} ms, p99 {r[1]:.2f} ms")
    print(f"{name}: replay  p50 {(r := timed(lambda i: account.find(f'k{i}'), 300))[0]:.2f} ms, p99 {r[1]:.2f} ms")
    start = time.perf_counter()
    fill(account, entries)
    print(f"{name}: filled to {entries:,} entries in {time.perf_counter() - start:.1f} s")
    if account._book.store.place.path:
        print(f"{name}: {account._book.store.place.path.stat().st_size / 1e6:.0f} MB")
    opened = timed(lambda _: Ledger.open(store).account(name).balance(), 10)
    print(f"{name}: open at {entries:,} entries p50 {opened[0]:.1f} ms, p99 {opened[1]:.1f} ms")
    replay = timed(lambda i: account.find(f"{i * 37 + 400:064x}"), 300)
    print(f"{name}: replay at {entries:,} p50 {replay[0]:.2f} ms, p99 {replay[1]:.2f} ms")
    fresh = timed(lambda i: release(account, f"late{i}"), 300)
    print(f"{name}: release at {entries:,} p50 {fresh[0]:.2f} ms, p99 {fresh[1]:.2f} ms")
    start = time.perf_counter()
    told = account.verify()
    print(f"{name}: verify {told.records:,} records in {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    rows = len(account.entries())
    print(f"{name}: list {rows:,} entries in {time.perf_counter() - start:.1f} s")


def crowd(name, store, processes=8, spends=50):
    start = time.perf_counter()

    def child(index):
        account = Ledger.open(store).account(name)
        for turn in range(spends):
            release(account, f"crowd{index}-{turn}")

    context = multiprocessing.get_context("fork")
    children = [context.Process(target=child, args=(index,)) for index in range(processes)]
    for process in children:
        process.start()
    for process in children:
        process.join()
    assert [process.exitcode for process in children] == [0] * processes
    took = time.perf_counter() - start
    print(
        f"{name}: {processes} processes x {spends} releases in {took:.1f} s, {processes * spends / took:.0f} a second"
    )


def main():
    entries = int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdigit() else 100_000
    folder = Path(tempfile.mkdtemp(dir=Path.cwd(), prefix="bench-"))
    os.environ["PRIVKIT_STATE_DIR"] = str(folder / "state")
    server = os.environ.get("PRIVKIT_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
    try:
        measure("SQLite", folder / "ledger.db", entries)
        crowd("SQLite", folder / "ledger.db")
        import psycopg

        with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS privkit_bench")
            connection.execute("CREATE DATABASE privkit_bench")
            try:
                url = server.rsplit("/", 1)[0] + "/privkit_bench"
                measure("PostgreSQL", url, entries)
                crowd("PostgreSQL", url)
            finally:
                connection.execute("DROP DATABASE privkit_bench WITH (FORCE)")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
