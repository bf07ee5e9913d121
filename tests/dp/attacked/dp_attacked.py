"""Every ``dp_*`` function with arguments, for attacks that each must stand, and how a refusal is checked."""

import pytest

from privkit.project.dp import association, counts, inference, models, quantiles, query, sums, synthetic, tables

CANARY = "CANARY-7f3a"
FUNCTIONS = {
    "dp_count": (counts.dp_count, {}),
    "dp_value_counts": (counts.dp_value_counts, {"column": "k", "keys": ["a", "b"]}),
    "dp_crosstab": (tables.dp_crosstab, {"index": "k", "columns": "g", "keys": {"k": ["a"], "g": [1, 2]}}),
    "dp_histogram": (counts.dp_histogram, {"column": "x", "bins": [0, 1, 10]}),
    "dp_nunique": (counts.dp_nunique, {"column": "k"}),
    "dp_share": (counts.dp_share, {"where": "x > 1"}),
    "dp_sum": (sums.dp_sum, {"column": "x", "bounds": (0, 10)}),
    "dp_mean": (sums.dp_mean, {"column": "x", "bounds": (0, 10)}),
    "dp_var": (sums.dp_var, {"column": "x", "bounds": (0, 10)}),
    "dp_std": (sums.dp_std, {"column": "x", "bounds": (0, 10)}),
    "dp_quantile": (quantiles.dp_quantile, {"column": "x", "q": 0.25, "bounds": (0, 10)}),
    "dp_median": (quantiles.dp_median, {"column": "x", "candidates": [0, 5, 10]}),
    "dp_top_k": (quantiles.dp_top_k, {"column": "k", "k": 1, "keys": ["a", "b"]}),
    "dp_bounds": (quantiles.dp_bounds, {"column": "x"}),
    "dp_difference": (
        inference.dp_difference,
        {"value": "x", "group": "k", "keys": ["a", "b"], "bounds": (0, 10)},
    ),
    "dp_anova": (association.dp_anova, {"value": "x", "group": "k", "keys": ["a", "b"], "bounds": (0, 10)}),
    "dp_correlation": (
        association.dp_correlation,
        {"columns": ["x", "half"], "derive": {"half": "x / 2"}, "bounds": {"x": (0, 10), "half": (0, 5)}},
    ),
    "dp_ols": (
        inference.dp_ols,
        {"y": "x", "x": "half", "derive": {"half": "x / 2"}, "bounds": {"x": (0, 10), "half": (0, 5)}},
    ),
    "dp_kmeans": (models.dp_kmeans, {"x": ["x"], "clusters": 2, "bounds": {"x": (0, 10)}}),
    "dp_logistic": (
        models.dp_logistic,
        {
            "y": "k",
            "x": ["half", "g"],
            "derive": {"half": "x / 2"},
            "bounds": {"half": (0, 5)},
            "keys": {"k": ["a", "b"], "g": [1, 2]},
        },
    ),
    "dp_chi2": (inference.dp_chi2, {"a": "k", "b": "g", "keys": {"k": ["a", "b"], "g": [1, 2]}}),
    "dp_query": (query.dp_query, {"statistics": {"n": "count", "m": ("mean", "x", (0, 10))}}),
    "dp_tables": (tables.dp_tables, {"tables": [("k", "g"), ("k",)], "keys": {"k": ["a"], "g": [1, 2]}}),
    "dp_synthetic": (synthetic.dp_synthetic, {"columns": ["k", "g"], "keys": {"k": ["a"], "g": [1, 2]}}),
    "dp_describe": (query.dp_describe, {"column": "x", "bounds": (0, 10)}),
}


def refused(error, frame, name, words="", **changed):
    function, asked = FUNCTIONS[name]
    with pytest.raises(error) as caught:
        function(frame, **{"epsilon": 0.1, **asked, **changed})
    told = str(caught.value)
    assert words in told, told
    assert told.endswith("No budget was spent."), told
    assert CANARY not in told
    assert caught.value.__cause__ is None
