"""privkit beside its peers: the same questions at ε = 1 on the same table, each tool in a process of its own.

Tasks: a total count · b count by 900 zip3 · c sum and mean of amount in [0, 500] by zip3 · d median age · e zip3 × age
band · ub count by zip3 per person (3 groups, 5 rows in each) · ur the same with 15 rows in all. Neighboring tables
differ by adding or removing one row (a to e) or one person (ub, ur).

A peer takes part where an environment variable names a Python in which it is installed::

    PRIVKIT_PEER_DIFFPRIVLIB  diffprivlib 0.6.6 with scikit-learn 1.8
    PRIVKIT_PEER_SMARTNOISE   smartnoise-sql 1.0.10
    PRIVKIT_PEER_PYDP         python-dp 1.1.5
    PRIVKIT_PEER_PIPELINEDP   pipeline-dp 0.3.1
    PRIVKIT_PEER_TUMULT       tmlt-analytics 0.21.0 (needs Java 17)

each with pyarrow. For ub and ur the error is that against the exact count of all rows, so it holds what bounding loses.

``PRIVKIT_BENCH_ROWS`` (1000000,10000000), ``PRIVKIT_BENCH_RUNS`` (5, or 3 above a million rows, after one warm-up),
``PRIVKIT_BENCH_TASKS`` (a,b,c,d,e,ub,ur), ``PRIVKIT_BENCH_TOOLS`` (all) and ``PRIVKIT_BENCH_TIMEOUT`` (600 seconds per
tool and task) narrow it.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from harness import purchases

HERE = Path(__file__).parent / "peers"
#: Worker, and the environment variable that names its Python; none for this one.
TOOLS = {
    "exact_pandas": None,
    "jupyter_privkit": None,
    "opendp_polars": None,
    "opendp_parquet": None,
    "ibm_diffprivlib": "PRIVKIT_PEER_DIFFPRIVLIB",
    "smartnoise": "PRIVKIT_PEER_SMARTNOISE",
    "google_pydp": "PRIVKIT_PEER_PYDP",
    "pipelinedp": "PRIVKIT_PEER_PIPELINEDP",
    "tumult": "PRIVKIT_PEER_TUMULT",
}
TASKS = {
    "a": "total count",
    "b": "count by 900 zip3",
    "c": "sum and mean of amount in [0, 500] by zip3",
    "d": "median age",
    "e": "zip3 × age band (7,200 cells)",
    "ub": "count by zip3 per person, 3 groups × 5 rows",
    "ur": "count by zip3 per person, 15 rows in all",
}


def chosen(variable: str, default: str) -> list[str]:
    """Return the names that an environment variable lists."""
    return [name for name in os.environ.get(variable, default).split(",") if name]


def measured(tool: str, path: Path, task: str, runs: int) -> dict:
    """Return what one tool's worker says of one task."""
    variable = TOOLS[tool]
    python = sys.executable if variable is None else os.environ.get(variable)
    if python is None:
        return {"tool": tool, "skipped": f"{variable} is not set"}
    limit = float(os.environ.get("PRIVKIT_BENCH_TIMEOUT", "600"))
    with tempfile.TemporaryDirectory() as state:
        # The checkout's own path, so that privkit is found; a peer's Python must not see this one's libraries.
        paths = [str(HERE)] if variable else [str(HERE), str(HERE.parents[2])]
        surroundings = {
            **os.environ, "PYTHONPATH": os.pathsep.join(paths), "PRIVKIT_STATE_DIR": state,
            "PYSPARK_PYTHON": python, "PYTHONWARNINGS": "ignore",
        }  # fmt: skip
        command = [python, str(HERE / f"{tool}.py"), str(path), task, str(runs)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, env=surroundings, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            return {"tool": tool, "failed": f"not done within {limit:g} s ({runs + 1} runs)"}
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"tool"')]
    if not lines:
        return {"tool": tool, "failed": (done.stderr.strip().splitlines() or ["no answer"])[-1][:160]}
    return json.loads(lines[-1])


def told(found: dict, floor: float | None) -> str:
    """Return one line of the table."""
    name = f"{found['tool']} {found.get('version', '')}".strip()
    for why in ("skipped", "failed"):
        if why in found:
            return f"  {name:<40} {why}: {found[why]}"
    seconds = median(found["seconds"])
    times = f"{seconds / floor:8.2f} x" if floor and floor > 1e-4 else " " * 10
    errors = ", ".join(f"{statistic} {error:,.4g}" for statistic, error in found["rmse"].items())
    return f"  {name:<40} {seconds * 1000:11.1f} ms {times}  {found['peak_mb']:8,.0f} MB  RMSE {errors}"


def main() -> None:
    """Print a table per size and task, and what to know about each tool."""
    tools = chosen("PRIVKIT_BENCH_TOOLS", ",".join(TOOLS))
    notes: dict[str, set[str]] = {}
    for rows in map(int, chosen("PRIVKIT_BENCH_ROWS", "1000000,10000000")):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "purchases.parquet"
            runs = int(os.environ.get("PRIVKIT_BENCH_RUNS", "5" if rows <= 1_000_000 else "3"))
            purchases(rows).to_parquet(path)
            for task in chosen("PRIVKIT_BENCH_TASKS", ",".join(TASKS)):
                print(f"\n{rows:,} rows, {task}: {TASKS[task]}", flush=True)
                floor = None
                for tool in tools:
                    found = measured(tool, path, task, runs)
                    if tool == "exact_pandas" and "seconds" in found:
                        floor = median(found["seconds"])
                    print(told(found, floor), flush=True)
                    for text in found.get("notes", []):
                        notes.setdefault(found["tool"], set()).add(text)
    print("\nTo know about them:")
    for tool, texts in notes.items():
        print(f"  {tool}: {'; '.join(sorted(texts))}")


if __name__ == "__main__":
    main()
