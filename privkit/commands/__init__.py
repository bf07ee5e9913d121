"""What the `privkit` command does: its commands, and how they read tables and say what they found."""
