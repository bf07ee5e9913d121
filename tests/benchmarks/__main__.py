"""Run the benchmarks: ``python tests/benchmarks [name ...] [options of one]``, on a machine that does nothing else.

Each ``bench_<name>.py`` has a ``main()`` that prints a table of medians and ratios measured in one run.
"""

import os
import sys
import tempfile
from importlib import import_module
from itertools import takewhile
from pathlib import Path

here = Path(__file__).parent
sys.path.insert(0, str(here))
names = list(takewhile(lambda argument: not argument.startswith("-"), sys.argv[1:]))
sys.argv[1:] = sys.argv[1 + len(names) :]
# The ledgers of a run are gone after it: a machine that remembered them would refuse the next one.
state = tempfile.TemporaryDirectory(prefix="privkit-bench-")
os.environ.setdefault("PRIVKIT_STATE_DIR", state.name)
for name in names or sorted(path.stem.removeprefix("bench_") for path in here.glob("bench_*.py")):
    print(f"\n== {name} ==", flush=True)
    import_module(f"bench_{name}").main()
