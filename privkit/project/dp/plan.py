"""``pk.plan``: the price of each ``dp_*`` function, without touching rows."""

from privkit.project.dp.counts import plan_dp_count as dp_count
from privkit.project.dp.counts import plan_dp_crosstab as dp_crosstab
from privkit.project.dp.counts import plan_dp_histogram as dp_histogram
from privkit.project.dp.counts import plan_dp_nunique as dp_nunique
from privkit.project.dp.counts import plan_dp_value_counts as dp_value_counts
from privkit.project.dp.quantiles import plan_dp_bounds as dp_bounds
from privkit.project.dp.quantiles import plan_dp_median as dp_median
from privkit.project.dp.quantiles import plan_dp_quantile as dp_quantile
from privkit.project.dp.quantiles import plan_dp_top_k as dp_top_k
from privkit.project.dp.query import plan_dp_describe as dp_describe
from privkit.project.dp.query import plan_dp_query as dp_query
from privkit.project.dp.sums import plan_dp_mean as dp_mean
from privkit.project.dp.sums import plan_dp_std as dp_std
from privkit.project.dp.sums import plan_dp_sum as dp_sum
from privkit.project.dp.sums import plan_dp_var as dp_var

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
    "dp_std",
    "dp_sum",
    "dp_top_k",
    "dp_value_counts",
    "dp_var",
]
