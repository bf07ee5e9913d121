"""Run the benchmarks: ``python tests/benchmarks [name ...] [options of one]``, on a machine that does nothing else.

Each ``bench_<name>.py`` has a ``main()`` that prints a table of medians and ratios measured in one run.
"""

import sys
from importlib import import_module
from itertools import takewhile
from pathlib import Path

here = Path(__file__).parent
sys.path.insert(0, str(here))
names = list(takewhile(lambda argument: not argument.startswith("-"), sys.argv[1:]))
sys.argv[1:] = sys.argv[1 + len(names) :]
for name in names or sorted(path.stem.removeprefix("bench_") for path in here.glob("bench_*.py")):
    print(f"\n== {name} ==", flush=True)
    import_module(f"bench_{name}").main()
