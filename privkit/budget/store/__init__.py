"""Where a ledger lives: its file or database, opened, locked, read and written."""
