"""``pk.plan``: the price of each ``dp_*`` function, without touching rows."""

from privkit.project.counts import plan_dp_count as dp_count

__all__ = ["dp_count"]
