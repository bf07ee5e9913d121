"""Re-identification, population and linkage risk: pure functions of a tally, and their reports."""
