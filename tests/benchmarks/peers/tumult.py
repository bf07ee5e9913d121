"""Tumult Analytics on local Spark, which it cannot do without."""

from importlib.metadata import version

from worker import BANDS, EACH, GROUPS, KEYS, LOWER, UPPER, banded, main, read


def prepare(path, task):
    import pandas as pd
    from pyspark.sql import SparkSession
    from tmlt.analytics import (
        AddMaxRows,
        AddRowsWithID,
        KeySet,
        MaxGroupsPerID,
        MaxRowsPerGroupPerID,
        PureDPBudget,
        QueryBuilder,
        Session,
    )

    spark = SparkSession.builder.config("spark.driver.memory", "8g").config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    rows = spark.createDataFrame(banded(read(path))).cache() if task == "e" else spark.read.parquet(path).cache()
    rows.count()
    keys = KeySet.from_dict({"zip3": KEYS, "band": BANDS}) if task == "e" else KeySet.from_dict({"zip3": KEYS})
    persons = task.startswith("u")
    unit = AddRowsWithID("user_id") if persons else AddMaxRows(1)
    by = ["zip3", "band"] if task == "e" else ["zip3"]
    index = pd.MultiIndex.from_product([KEYS, BANDS]) if task == "e" else pd.Index(KEYS)

    def answered(query, share=1.0):
        session = Session.from_dataframe(PureDPBudget(1), "t", rows, protected_change=unit)
        return session.evaluate(query, PureDPBudget(share)).toPandas()

    builder = QueryBuilder("t")
    if task == "a":
        return lambda: {"count": answered(builder.count())["count"]}
    if task == "d":
        return lambda: {"median": answered(builder.median("age", 18, 95))["age_median"]}
    if task == "c":

        def moments():
            session = Session.from_dataframe(PureDPBudget(1), "t", rows, protected_change=unit)
            asked = (("sum", "amount_sum"), ("average", "amount_average"))
            found = []
            for name, column in asked:
                query = getattr(builder.groupby(keys), name)("amount", LOWER, UPPER)
                table = session.evaluate(query, PureDPBudget(0.5)).toPandas()
                found.append(table.set_index("zip3")[column].reindex(KEYS))
            return {"sum": found[0], "mean": found[1]}

        return moments
    if persons:
        builder = builder.enforce(MaxGroupsPerID("zip3", GROUPS)).enforce(MaxRowsPerGroupPerID("zip3", EACH))
    counted = builder.groupby(keys).count()
    return lambda: {"count": answered(counted).set_index(by)["count"].reindex(index)}


notes = {
    "": "peak memory is that of Python alone, not of the Java machine",
    "c": "ε is split over sum and mean by hand",
}
main("Tumult Analytics", version("tmlt-analytics"), prepare, notes)
