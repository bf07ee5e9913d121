"""PipelineDP on its local backend: a generator over rows in Python."""

from importlib.metadata import version

import pipeline_dp
from worker import BANDS, EACH, GROUPS, KEYS, LOWER, UPPER, banded, main, read


def prepare(path, task):
    if task == "d":
        return None  # its percentiles take a tree over floats, asked through another interface
    frame = banded(read(path)) if task == "e" else read(path)
    persons = task.startswith("u")
    ids = frame["user_id"].tolist() if persons else list(range(len(frame)))
    places = [0] * len(frame) if task == "a" else frame["zip3"].tolist()
    places = list(zip(places, frame["band"], strict=True)) if task == "e" else places
    rows = list(zip(ids, places, frame["amount"].tolist(), strict=True))
    public = {"a": [0], "e": [(key, band) for key in KEYS for band in BANDS]}.get(task, KEYS)
    metrics = [pipeline_dp.Metrics.COUNT]
    if task == "c":
        metrics = [pipeline_dp.Metrics.SUM, pipeline_dp.Metrics.MEAN]

    def ask():
        budget = pipeline_dp.NaiveBudgetAccountant(total_epsilon=1, total_delta=1e-9)
        engine = pipeline_dp.DPEngine(budget, pipeline_dp.LocalBackend())
        params = pipeline_dp.AggregateParams(
            metrics=metrics,
            noise_kind=pipeline_dp.NoiseKind.LAPLACE,
            max_partitions_contributed=GROUPS if persons else 1,
            max_contributions_per_partition=EACH if persons else 1,
            min_value=LOWER,
            max_value=UPPER,
        )
        extract = pipeline_dp.DataExtractors(
            privacy_id_extractor=lambda row: row[0],
            partition_extractor=lambda row: row[1],
            value_extractor=lambda row: row[2],
        )
        result = engine.aggregate(rows, params, extract, public_partitions=public)
        budget.compute_budgets()
        found = dict(result)
        if task == "c":
            return {"sum": [found[key].sum for key in public], "mean": [found[key].mean for key in public]}
        return {"count": [found[key].count for key in public]}

    return ask


main("PipelineDP, local", version("pipeline-dp"), prepare, {"": "rows as a Python list, made outside of what is timed"})
