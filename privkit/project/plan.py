"""``pk.plan``: the price of each ``dp_*`` function, without touching rows."""

from privkit.project.counts import plan_dp_count as dp_count
from privkit.project.sums import plan_dp_mean as dp_mean
from privkit.project.sums import plan_dp_std as dp_std
from privkit.project.sums import plan_dp_sum as dp_sum
from privkit.project.sums import plan_dp_var as dp_var

__all__ = ["dp_count", "dp_mean", "dp_std", "dp_sum", "dp_var"]
