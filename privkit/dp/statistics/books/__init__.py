"""Books of tables that share columns: what is measured, at which price each, and how all are fitted together."""
