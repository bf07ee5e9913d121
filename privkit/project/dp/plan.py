"""``pk.plan``: the price of each ``dp_*`` function, without touching rows."""

from privkit.project.dp import counts, quantiles, query, sums

dp_bounds = quantiles.dp_bounds.plan
dp_count = counts.dp_count.plan
dp_crosstab = counts.dp_crosstab.plan
dp_describe = query.dp_describe.plan
dp_histogram = counts.dp_histogram.plan
dp_mean = sums.dp_mean.plan
dp_median = quantiles.dp_median.plan
dp_nunique = counts.dp_nunique.plan
dp_quantile = quantiles.dp_quantile.plan
dp_query = query.dp_query.plan
dp_share = counts.dp_share.plan
dp_std = sums.dp_std.plan
dp_sum = sums.dp_sum.plan
dp_top_k = quantiles.dp_top_k.plan
dp_value_counts = counts.dp_value_counts.plan
dp_var = sums.dp_var.plan

__all__ = [
    "dp_bounds",
    "dp_count",
    "dp_crosstab",
    "dp_describe",
    "dp_histogram",
    "dp_mean",
    "dp_median",
    "dp_nunique",
    "dp_quantile",
    "dp_query",
    "dp_share",
    "dp_std",
    "dp_sum",
    "dp_top_k",
    "dp_value_counts",
    "dp_var",
]
