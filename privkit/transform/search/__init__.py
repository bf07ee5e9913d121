"""The search for a node or a partition that meets the criteria and costs least."""
