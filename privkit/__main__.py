"""``python -m privkit``: the `privkit` command where its script is not on the path."""

import sys

from privkit.cli import main

sys.exit(main())
