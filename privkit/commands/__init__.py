"""What the `privkit` command does, one module per command."""
