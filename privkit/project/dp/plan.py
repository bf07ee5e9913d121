"""``pk.plan``: the price of each ``dp_*`` function, without touching rows."""
# Made by tests/packaging/write_stub.py, as `make stub` does.

from privkit.project.dp import association, counts, inference, models, quantiles, query, sums, synthetic, tables

dp_anova = association.dp_anova.plan
dp_bounds = quantiles.dp_bounds.plan
dp_chi2 = inference.dp_chi2.plan
dp_correlation = association.dp_correlation.plan
dp_count = counts.dp_count.plan
dp_crosstab = tables.dp_crosstab.plan
dp_describe = query.dp_describe.plan
dp_difference = inference.dp_difference.plan
dp_histogram = counts.dp_histogram.plan
dp_kmeans = models.dp_kmeans.plan
dp_logistic = models.dp_logistic.plan
dp_mean = sums.dp_mean.plan
dp_median = quantiles.dp_median.plan
dp_nunique = counts.dp_nunique.plan
dp_ols = inference.dp_ols.plan
dp_quantile = quantiles.dp_quantile.plan
dp_query = query.dp_query.plan
dp_share = counts.dp_share.plan
dp_std = sums.dp_std.plan
dp_sum = sums.dp_sum.plan
dp_synthetic = synthetic.dp_synthetic.plan
dp_tables = tables.dp_tables.plan
dp_top_k = quantiles.dp_top_k.plan
dp_value_counts = counts.dp_value_counts.plan
dp_var = sums.dp_var.plan

__all__ = [
    "dp_anova",
    "dp_bounds",
    "dp_chi2",
    "dp_correlation",
    "dp_count",
    "dp_crosstab",
    "dp_describe",
    "dp_difference",
    "dp_histogram",
    "dp_kmeans",
    "dp_logistic",
    "dp_mean",
    "dp_median",
    "dp_nunique",
    "dp_ols",
    "dp_quantile",
    "dp_query",
    "dp_share",
    "dp_std",
    "dp_sum",
    "dp_synthetic",
    "dp_tables",
    "dp_top_k",
    "dp_value_counts",
    "dp_var",
]
