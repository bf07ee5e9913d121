"""Medians and upper tenths with intervals, beside OpenDP, diffprivlib and PyDP at the same ε: error and CPU time.

    python tests/benchmarks quantiles --envs /tmp/peers --install

Incomes, log-normal, within 0 and 200,000; 1,001 candidates 200 apart, where a tool has candidates. None of the peers
gives an interval; ours pays it from the same ε. diffprivlib takes the number of rows as public. The peers' environments
are those of ``bench_dp_peers.py``.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent / "peers"
sys.path.insert(0, str(HERE))

from environments import install, python_of  # noqa: E402

#: Tool, and its environment; None for this one.
TOOLS = {"privkit": None, "opendp": None, "diffprivlib": "diffprivlib", "pydp": "pydp"}
QUESTIONS = [(1_000, 0.5, 1.0), (1_000, 0.9, 1.0), (100_000, 0.5, 0.1), (100_000, 0.9, 0.1)]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", type=Path, default=Path("/tmp/peers"))
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--draws", type=int, default=300)
    told = parser.parse_args()
    print("| rows | q | ε | tool | RMSE | RMSE in ranks | covered | mean width | ms |\n|" + "---|" * 9)
    for tool, name in TOOLS.items():
        if name is not None and told.install:
            install(told.envs, name)
        python = sys.executable if name is None else python_of(told.envs, name)
        for rows, q, epsilon in QUESTIONS if python is not None else ():
            asked = json.dumps({"tool": tool, "rows": rows, "q": q, "epsilon": epsilon, "draws": told.draws})
            run = subprocess.run([python, HERE / "quantiles.py", asked], capture_output=True, text=True, check=False)
            if run.returncode:
                print(f"| {rows:,} | {q} | {epsilon} | {tool} | failed: {run.stderr.strip().splitlines()[-1]} |")
                continue
            found = json.loads(run.stdout)
            held = f"{found['covered']:.3f} | {found['width']:,.0f}" if "covered" in found else " | "
            figures = f"{found['rmse']:,.0f} | {100 * found['rank']:.3g} % | {held} | {found['ms']:.3g}"
            print(f"| {rows:,} | {q} | {epsilon} | {tool} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
