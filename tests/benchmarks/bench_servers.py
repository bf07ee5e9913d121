"""privkit on PostgreSQL (by Ibis) and on Spark, beside the engine's own exact query: time, ratio, what was pushed down.

Exact and private answers take turns, in one process, after one of each. Options: ``--rows N`` (a million in PostgreSQL,
ten in Spark), ``--runs K`` (5), ``--engines postgres spark``, ``--url postgresql://...``, ``--show`` (the queries).
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench_engines import EDGES, write
from harness import ZIPS, medians, purchases, report

CLIPPED = "greatest(least(amount, 500.0), 0.0)"
TEXTS = {
    "count by 900 groups": "select zip3, count(*) from purchases group by zip3",
    "mean": f"select sum({CLIPPED}), count(amount), avg({CLIPPED}) from purchases",
    "sum, mean by 900 groups": f"select zip3, sum({CLIPPED}), count(amount) from purchases group by zip3",
    "four quantiles": "select {quantiles} from purchases",
    "histogram of 50 bins": "select floor(amount / 10), count(*) from purchases group by 1",
    "count per person, 3 × 5": "select zip3, sum(least(n, 5)) from (select user_id, zip3, count(*) n from purchases"
    " group by user_id, zip3) t group by zip3",
}
QUANTILES = {
    "postgres": "percentile_cont(array[0.1, 0.25, 0.5, 0.9]) within group (order by amount)",
    "spark": "percentile(amount, array(0.1, 0.25, 0.5, 0.9))",
}
PERSON = "count per person, 3 × 5"


def private(frame: object) -> dict[str, Callable[[], object]]:
    """Return privkit's answer to each question, ledger included, each charged anew."""
    import privkit as pk

    store = Path(tempfile.mkdtemp()) / "ledger.db"
    budget = {"epsilon": 10_000, "delta": 1e-3, "ceiling": 10_000, "store": store}
    rows = pk.open_project("rows", unit=pk.ROW, **budget)
    persons = pk.open_project("persons", unit="user_id", **budget)
    mean = {"bounds": (0, 500), "epsilon": 1, "version": "1", "again": True, "project": rows}
    count = {"epsilon": 1, "version": "1", "again": True}
    return {
        "count by 900 groups": lambda: pk.dp_count(frame, "zip3", keys=ZIPS, project=rows, **count),
        "mean": lambda: pk.dp_mean(frame, "amount", **mean),
        "sum, mean by 900 groups": lambda: pk.dp_mean(frame, "amount", "zip3", keys=ZIPS, **mean),
        "four quantiles": lambda: pk.dp_quantile(frame, "amount", q=[0.1, 0.25, 0.5, 0.9], **mean),
        "histogram of 50 bins": lambda: pk.dp_histogram(frame, "amount", bins=EDGES, project=rows, **count),
        PERSON: lambda: pk.dp_count(frame, "zip3", keys=ZIPS, max_groups=3, per_group=5, project=persons, **count),
    }


def postgres(rows: int, url: str, show: bool) -> tuple[object, Callable[[str], object]]:
    """Return the table behind Ibis, and what runs a query."""
    import ibis

    backend = ibis.postgres.connect(**_parts(url))
    backend.raw_sql("drop table if exists purchases").close()
    backend.create_table("purchases", ibis.memtable(purchases(rows)))
    backend.raw_sql("analyze purchases").close()
    own = backend.to_pyarrow

    def told(expression: object, **options: object) -> object:
        if show:
            print(ibis.to_sql(expression))
        return own(expression, **options)

    backend.to_pyarrow = told

    def run(text: str) -> object:
        with backend.raw_sql(text) as cursor:
            return cursor.fetchall()

    return backend.table("purchases"), run


def _parts(url: str) -> dict[str, object]:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return {"host": parts.hostname, "port": parts.port or 5432, "user": parts.username, "database": parts.path[1:]}


def spark(rows: int, url: str, show: bool) -> tuple[object, Callable[[str], object]]:
    """Return a frame over Parquet, and what runs a query."""
    from pyspark.sql import SparkSession
    from pyspark.sql.classic.dataframe import DataFrame

    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    frame = session.read.parquet(str(write(Path(tempfile.gettempdir()), rows)))
    frame.createOrReplaceTempView("purchases")
    own = DataFrame.toArrow

    def told(one: DataFrame) -> object:
        if show:
            print(one._jdf.queryExecution().optimizedPlan().toString())
        return own(one)

    DataFrame.toArrow = told
    return frame, lambda text: session.sql(text).collect()


def main() -> None:
    """Print a block for each engine and question."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--engines", nargs="+", choices=("postgres", "spark"), default=["postgres", "spark"])
    parser.add_argument("--url", default="postgresql://root@127.0.0.1:5432/test")
    parser.add_argument("--show", action="store_true", help="print what is pushed down, once, and time nothing")
    chosen = parser.parse_args()
    for engine in chosen.engines:
        rows = chosen.rows or {"postgres": 1_000_000, "spark": 10_000_000}[engine]
        frame, run = {"postgres": postgres, "spark": spark}[engine](rows, chosen.url, chosen.show)
        for task, own in private(frame).items():
            if chosen.show:
                print(f"\n-- {engine}: {task}", flush=True)
                own()
                continue
            text = TEXTS[task].format(quantiles=QUANTILES[engine])
            seconds = medians({"exact": partial(run, text), "privkit": own}, chosen.runs)
            report(f"{engine}, {rows:,} rows: {task}", seconds, "exact")


if __name__ == "__main__":
    main()
