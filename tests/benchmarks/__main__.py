"""Run the benchmarks: ``python tests/benchmarks [name ...]``, on a machine that does nothing else.

Each ``bench_<name>.py`` has a ``main()`` that prints a table of medians and ratios measured in one run.
"""

import sys
from importlib import import_module
from pathlib import Path

here = Path(__file__).parent
sys.path.insert(0, str(here))
names = sys.argv[1:] or sorted(path.stem.removeprefix("bench_") for path in here.glob("bench_*.py"))
for name in names:
    print(f"\n== {name} ==", flush=True)
    import_module(f"bench_{name}").main()
