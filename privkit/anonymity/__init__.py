"""Reports on syntactic anonymity: pure functions of a tally, exact, for the owner's eyes. They spend nothing."""
