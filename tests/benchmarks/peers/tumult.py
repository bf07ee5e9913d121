"""Tumult Analytics on local Spark, which it cannot do without."""

from importlib.metadata import version

from worker import BANDS, EACH, GROUPS, KEYS, LOWER, ROWS, UPPER, cells_of, groups_of, main, table_of


def prepare(folder, question, unit):
    from pyspark.sql import SparkSession
    from tmlt.analytics import (
        AddMaxRows,
        AddRowsWithID,
        KeySet,
        MaxGroupsPerID,
        MaxRowsPerGroupPerID,
        MaxRowsPerID,
        PureDPBudget,
        QueryBuilder,
        Session,
    )

    by = groups_of(question)
    if question == "e" and unit == "3x5":
        return "bounds the groups of one column, not of two"
    settings = {"spark.driver.memory": "8g", "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "4"}
    builder = SparkSession.builder.master("local[*]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    rows = spark.read.parquet(str(table_of(folder, question))).cache()
    rows.count()
    keys = KeySet.from_dict({"zip3": KEYS, **({"band": BANDS} if question == "e" else {})})
    whose = AddMaxRows(1) if unit == "row" else AddRowsWithID("user_id")
    asked = QueryBuilder("t")
    if unit == "15":
        asked = asked.enforce(MaxRowsPerID(ROWS))
    if unit == "3x5":
        asked = asked.enforce(MaxGroupsPerID("zip3", GROUPS)).enforce(MaxRowsPerGroupPerID("zip3", EACH))
    grouped = asked.groupby(keys) if by else asked

    def answered(**queries):
        session = Session.from_dataframe(PureDPBudget(1), "t", rows, protected_change=whose)
        found = {}
        for name, query in queries.items():
            table = session.evaluate(query, PureDPBudget(1 / len(queries))).toPandas()
            found[name] = table.set_index(by)[name].reindex(cells_of(question)) if by else table[name]
        return found

    if question == "d":
        return lambda: answered(median=asked.median("age", 18, 95, name="median"))
    if question != "c":
        return lambda: answered(count=grouped.count(name="count"))

    def moments():
        found = answered(sum=grouped.sum("amount", LOWER, UPPER, name="sum"), count=grouped.count(name="count"))
        return {"sum": found["sum"], "mean": found["sum"] / found["count"].clip(1)}

    return moments


notes = {"c": "sum and count at half of ε each; its own average errs more and takes a minute"}
main("Tumult Analytics", version("tmlt-analytics"), prepare, notes)
