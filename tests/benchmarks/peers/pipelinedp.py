"""PipelineDP on its local backend: a generator over rows in Python."""

from importlib.metadata import version

import pipeline_dp
from worker import EACH, GROUPS, LOWER, ROWS, UPPER, cells_of, groups_of, main, read

Metrics = pipeline_dp.Metrics
METRICS = {"c": [Metrics.SUM, Metrics.MEAN], "d": [Metrics.PERCENTILE(50)]}
BOUNDS = {
    "row": {"max_partitions_contributed": 1, "max_contributions_per_partition": 1},
    "3x5": {"max_partitions_contributed": GROUPS, "max_contributions_per_partition": EACH},
    "15": {"max_contributions": ROWS},
}


def prepare(folder, question, unit):
    if question == "d" and unit == "15":
        return "has no percentile with a bound on all rows of a person"
    frame, by = read(folder, question), groups_of(question)
    ids = list(range(len(frame))) if unit == "row" else frame["user_id"].tolist()
    places = list(zip(*(frame[name] for name in by), strict=True)) if by else [()] * len(frame)
    values = frame["age" if question == "d" else "amount"].astype(float).tolist()
    rows = list(zip(ids, places, values, strict=True))
    public = [(cell,) if isinstance(cell, str) else cell for cell in cells_of(question)] if by else [()]
    low, high = (18.0, 95.0) if question == "d" else (LOWER, UPPER)

    def ask():
        budget = pipeline_dp.NaiveBudgetAccountant(total_epsilon=1, total_delta=1e-9)
        engine = pipeline_dp.DPEngine(budget, pipeline_dp.LocalBackend())
        params = pipeline_dp.AggregateParams(
            metrics=METRICS.get(question, [Metrics.COUNT]),
            noise_kind=pipeline_dp.NoiseKind.LAPLACE,
            min_value=low,
            max_value=high,
            **BOUNDS[unit],
        )
        extract = pipeline_dp.DataExtractors(
            privacy_id_extractor=lambda row: row[0],
            partition_extractor=lambda row: row[1],
            value_extractor=lambda row: row[2],
        )
        result = engine.aggregate(rows, params, extract, public_partitions=public)
        budget.compute_budgets()
        found = dict(result)
        if question == "c":
            return {"sum": [found[key].sum for key in public], "mean": [found[key].mean for key in public]}
        if question == "d":
            return {"median": [found[key].percentile_50 for key in public]}
        return {"count": [found[key].count for key in public]}

    return ask


main("PipelineDP, local", version("pipeline-dp"), prepare, {"": "rows as a Python list, made outside of what is timed"})
