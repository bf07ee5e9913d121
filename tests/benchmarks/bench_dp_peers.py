"""privkit beside its peers: the same questions at ε = 1 on the same table, each tool in a process of its own.

    python tests/benchmarks dp_peers --install --out peers.md

Questions: a total count · b count by 900 zip3 · c sum and mean of amount in [0, 500] by zip3 · d median age · e zip3 ×
age band. Units: ``row`` (neighbors differ in one row), ``3x5`` and ``15`` (in one person, of whom at most 5 rows in
each of 3 groups count, or 15 rows in all).

Time is the median of warm runs of the query alone: imports, reading the table and starting an engine are left out; a
query of over 5 s is run once. Peak memory is that of the tool's process, the table included. The error is the root mean
squared one over all cells and answers, against the exact answer of all rows: for persons it holds what bounding loses.
The spread beside it leaves that out. ± is the standard error. Everybody's means are clipped to the bounds.

``--install`` makes the peers' environments in ``--envs`` (``peers/environments.py`` pins them; Tumult also needs Java
17); a peer without one is left out. A question that takes a tool over ``--limit`` seconds, or would by the smaller
size, has no figures.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from harness import purchases

HERE = Path(__file__).parent / "peers"
sys.path.insert(0, str(HERE))

from environments import PINS, install, python_of  # noqa: E402
from worker import BANDS, EDGES, exact  # noqa: E402

#: Worker, and the environment it runs in; None for this one.
TOOLS = {
    "exact_pandas": None,
    "jupyter_privkit": None,
    "opendp_polars": None,
    "opendp_parquet": None,
    "ibm_diffprivlib": "diffprivlib",
    "diffprivlib_bare": "diffprivlib",
    "smartnoise": "smartnoise",
    "google_pydp": "pydp",
    "pipelinedp": "pipelinedp",
    "tumult": "tumult",
}
QUESTIONS = {
    "a": "total count",
    "b": "count by 900 zip3",
    "c": "sum and mean of amount in [0, 500] by zip3",
    "d": "median age",
    "e": "zip3 × age band (7,200 cells)",
}
UNITS = {"row": "row", "3x5": "person, 3 groups × 5 rows", "15": "person, 15 rows"}
#: Without groups there are none to bound.
TASKS = [(q, unit) for unit in UNITS for q in QUESTIONS if not (unit == "3x5" and q in "ad")]
#: Of persons, above a million rows, only these are asked unless more is.
LARGE = "bc"
FLOOR, OURS = "exact_pandas", "jupyter_privkit"
#: Noise alone, on what pandas found: beside it the fastest of the tools that answer questions is told as well.
BARE = "diffprivlib_bare"
#: An error is compared where at least so many numbers were drawn.
ENOUGH = 30
#: An error counts as equal to another's within so many standard errors of their ratio.
SURE = 3.0
#: The aim for statistics that are asked together.
TOGETHER = 0.75


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks dp_peers")
    parser.add_argument("--rows", default="1000000,10000000", help="sizes, ascending")
    parser.add_argument("--tasks", help="as b-row,c-15; by default all, fewer over a million rows")
    parser.add_argument("--tools", default=",".join(TOOLS))
    parser.add_argument("--runs", type=int, default=5, help="timed runs; 3 above a million rows or a second")
    parser.add_argument("--limit", type=float, default=20.0, help="seconds for a tool's runs of a question")
    parser.add_argument("--draw-seconds", type=float, default=2.0, help="for more answers, to measure the error")
    parser.add_argument("--envs", type=Path, default=Path.home() / ".cache" / "privkit-peers")
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--out", type=Path, help="file for the tables, in Markdown")
    return parser.parse_args()


def written(folder: Path, rows: int) -> None:
    """Write the tables of one size and the exact answers."""
    frame = purchases(rows)
    frame.to_parquet(folder / "purchases.parquet")
    frame.assign(amount=(frame["amount"] * 100).round().astype("int64")).to_parquet(folder / "cents.parquet")
    band = pd.cut(frame["age"], EDGES, right=False, labels=BANDS).astype("str")
    frame = frame.assign(band=band)
    frame.to_parquet(folder / "banded.parquet")
    for question in QUESTIONS:
        answers = {name: np.asarray(values, dtype=float) for name, values in exact(frame, question).items()}
        np.savez(folder / f"{question}.npz", **answers)


def asked(tool: str, python: Path | str, request: dict) -> dict:
    """Return what one tool's worker says of one question."""
    with tempfile.TemporaryDirectory() as state:
        # The checkout's own path, so that privkit is found; a peer's Python must not see this one's libraries.
        paths = [str(HERE)] if TOOLS[tool] else [str(HERE), str(HERE.parents[2])]
        surroundings = {
            **os.environ, "PYTHONPATH": os.pathsep.join(paths), "PRIVKIT_STATE_DIR": state, "TMPDIR": state,
            "PYSPARK_PYTHON": str(python), "PYTHONWARNINGS": "ignore",
        }  # fmt: skip
        with subprocess.Popen(
            [str(python), str(HERE / f"{tool}.py"), json.dumps(request)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings, cwd=state,
            start_new_session=True,
        ) as process:  # fmt: skip
            try:
                out, err = process.communicate(timeout=request["limit"] + 240)
            except subprocess.TimeoutExpired:
                out, err = "", "no answer, killed"
            with suppress(ProcessLookupError):  # what it started, as Java, may outlive it
                os.killpg(process.pid, signal.SIGKILL)
    lines = [line for line in out.splitlines() if line.startswith('{"tool"')]
    if not lines:
        return {"tool": tool, "failed": (err.strip().splitlines() or ["no answer"])[-1][:160]}
    return json.loads(lines[-1])


class Run:
    """All answers of one run, and which tools are left out of what."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen = chosen
        self.tools = chosen.tools.split(",")
        self.tasks = [tuple(name.split("-")) for name in chosen.tasks.split(",")] if chosen.tasks else TASKS
        self.found: dict[int, dict[tuple[str, str], dict[str, dict]]] = {}

    def seconds(self, rows: int, task: tuple[str, str], tool: str) -> float | None:
        """Return the median seconds, or None."""
        found = self.found.get(rows, {}).get(task, {}).get(tool, {})
        return median(found["seconds"]) if "seconds" in found else None

    def left_out(self, rows: int, task: tuple[str, str], tool: str) -> dict | None:
        """Return why a tool is not asked: it would be too slow, or it said before that it cannot."""
        limit, smaller = self.chosen.limit, [size for size in self.found if size < rows]
        if not smaller:
            return None
        size = smaller[-1]
        before = self.found[size].get(task, {}).get(tool, {})
        if "seconds" not in before and not before.get("slow"):
            return before or None
        said = {name: before[name] for name in ("tool", "version", "notes") if name in before} | {"slow": True}
        if before.get("slow"):
            return {**said, "failed": f"over {limit:g} s (so at {size:,} rows)"}
        if (took := median(before["seconds"])) * rows / size > 2 * limit:  # part of it does not grow
            return {**said, "failed": f"over {limit:g} s expected ({took:.1f} s at {size:,} rows)"}
        for other, answers in self.found[rows].items():
            if answers.get(tool, {}).get("slow") and (self.seconds(size, other, tool) or took + 1) <= took:
                return {**said, "failed": f"over {limit:g} s expected (as for {'-'.join(other)})"}
        return None

    def measure(self, rows: int, folder: Path) -> None:
        """Ask every tool every question at one size."""
        self.found[rows] = {}
        for task in self.tasks:
            if rows > 1_000_000 and not self.chosen.tasks and task[1] != "row" and task[0] not in LARGE:
                continue
            answers = self.found[rows][task] = {}
            for tool in self.tools:
                start = time.perf_counter()
                answers[tool] = self.left_out(rows, task, tool) or self.answer(rows, task, tool, folder)
                took = time.perf_counter() - start
                print(f"{rows:>11,} {'-'.join(task):<6} {line(answers[tool])} [{took:.0f} s]", flush=True)

    def answer(self, rows: int, task: tuple[str, str], tool: str, folder: Path) -> dict:
        """Ask one tool one question."""
        name = TOOLS[tool]
        python = sys.executable if name is None else python_of(self.chosen.envs, name)
        if python is None:
            return {"tool": tool, "skipped": f"not installed in {self.chosen.envs}: --install"}
        request = {
            "folder": str(folder),
            "question": task[0],
            "unit": task[1],
            "truth": str(folder / f"{task[0]}.npz"),
            "runs": self.chosen.runs if rows <= 1_000_000 else min(self.chosen.runs, 3),
            "limit": self.chosen.limit,
            "draw_seconds": self.chosen.draw_seconds,
        }
        return asked(tool, python, request)


def line(found: dict) -> str:
    """Return one answer in a line."""
    name = f"{found['tool']} {found.get('version', '')}".strip()
    for why in ("failed", "skipped"):
        if why in found:
            return f"{name:<40} {found[why]}"
    return (
        f"{name:<40} {median(found['seconds']):9.4f} s {found['peak_mb']:8,.0f} MB  {said(found)} of {found['draws']}"
    )


def said(found: dict) -> str:
    """Return the errors of one answer."""
    told = []
    for statistic, error in sorted(found["errors"].items(), reverse=True):
        text = f"{statistic} {error['rmse']:,.4g}" + (f" ± {error['se']:.1g}" if error["se"] else "")
        spread = error["spread"]
        if spread is not None and error["rmse"] > 1.1 * spread > 0:
            text += f" (spread {spread:,.4g})"
        told.append(text + (f" ({error['missing']} missing)" if error["missing"] else ""))
    return ", ".join(told)


def rows_of_table(run: Run, rows: int) -> list[str]:
    """Return the Markdown table of one size."""
    table = [
        "| question | unit | tool | time | × pandas | peak MB | RMSE | answers |",
        "|---|---|---|--:|--:|--:|---|--:|",
    ]
    for task, answers in run.found[rows].items():
        floor = run.seconds(rows, task, FLOOR)
        for tool, found in answers.items():
            start = (
                f"| {task[0]} {QUESTIONS[task[0]]} | {UNITS[task[1]]} | {found['tool']} {found.get('version', '')} |"
            )
            why = found.get("failed") or found.get("skipped")
            if why:
                table.append(f"{start} | | | {why} | |")
                continue
            own = median(found["seconds"])
            ratio = f"{own / floor:.2f}" if floor and floor > 1e-3 else ""
            error = "" if tool == FLOOR and task[1] == "row" else said(found)
            table.append(f"{start} {duration(own)} | {ratio} | {found['peak_mb']:,.0f} | {error} | {found['draws']} |")
    return table


def duration(seconds: float) -> str:
    """Return seconds as milliseconds, or as seconds where there are many."""
    return f"{seconds:,.1f} s" if seconds >= 10 else f"{seconds * 1000:,.3g} ms" if seconds < 1 else f"{seconds:.2f} s"


def verdicts(run: Run, rows: int) -> list[str]:
    """Return for each question whether privkit is the fastest and the most accurate."""
    table = [
        "| question | unit | time / fastest peer's | fastest | statistic | RMSE / best peer's | at most that |",
        "|---|---|---|---|---|---|---|",
    ]
    for task, answers in run.found[rows].items():
        peers = {tool: found for tool, found in answers.items() if tool not in (FLOOR, OURS) and "seconds" in found}
        ours = answers.get(OURS, {})
        if not peers or "seconds" not in ours:
            continue
        start = f"| {task[0]} | {UNITS[task[1]]} |"
        ratio, fastest = time_ratio(ours, peers)
        time_cells = f"{ratio:.2g} ({fastest}) | {'yes' if ratio < 1 else '**no**'} |"
        answering = {tool: found for tool, found in peers.items() if tool != BARE}
        if ratio >= 1 and BARE in peers and answering:
            ratio, fastest = time_ratio(ours, answering)
            time_cells = time_cells[:-2] + f"; {ratio:.2g} ({fastest}) among those that read rows |"
        for statistic in sorted(ours["errors"], reverse=True):
            table.append(f"{start} {time_cells} {accuracy(task, statistic, ours, peers)}")
            start, time_cells = "| | |", "| |"
    return table


def time_ratio(ours: dict, peers: dict[str, dict]) -> tuple[float, str]:
    """Return privkit's median time by that of the fastest, and its name."""
    fastest = min(peers, key=lambda tool: median(peers[tool]["seconds"]))
    return median(ours["seconds"]) / median(peers[fastest]["seconds"]), peers[fastest]["tool"]


def accuracy(task: tuple[str, str], statistic: str, ours: dict, peers: dict[str, dict]) -> str:
    """Return the cells on the error of one statistic."""
    errors = {
        tool: found["errors"][statistic]
        for tool, found in peers.items()
        if statistic in found["errors"] and found["errors"][statistic]["drawn"] >= ENOUGH
    }
    if not errors or ours["errors"][statistic]["drawn"] < ENOUGH:
        return f"{statistic} | no peer has {ENOUGH} answers | |"
    best = min(errors, key=lambda tool: errors[tool]["rmse"])
    own, other = ours["errors"][statistic], errors[best]
    name = peers[best]["tool"]
    if not other["rmse"]:
        return (
            f"{statistic} | both 0 ({name}) | yes |"
            if not own["rmse"]
            else f"{statistic} | more than 0 ({name}) | **no** |"
        )
    ratio = own["rmse"] / other["rmse"]
    error = ratio * np.hypot(own["se"] / max(own["rmse"], 1e-300), other["se"] / other["rmse"])
    verdict = "yes" if ratio <= 1 else "yes, equal within sampling" if ratio <= 1 + SURE * error else "**no**"
    if task[0] == "c":
        near = "yes, within sampling" if ratio - SURE * error <= TOGETHER else "**no**"
        verdict += f"; ≤ {TOGETHER}: {'yes' if ratio <= TOGETHER else near}"
    if own["spread"] and own["rmse"] > 2 * own["spread"]:
        verdict += "; most of it is what bounding loses"
    return f"{statistic} | {ratio:.3f} ± {error:.1g} ({name}) | {verdict} |"


def told(run: Run) -> str:
    """Return the whole report in Markdown."""
    notes: dict[str, set[str]] = {}
    parts = [
        f"# Peers at ε = 1, {time.strftime('%Y-%m-%d')}, Python {sys.version.split()[0]}, {os.cpu_count()} cores",
        __doc__,
    ]
    for rows, found in run.found.items():
        parts += [f"## {rows:,} rows\n", *rows_of_table(run, rows), "", *verdicts(run, rows), ""]
        for answer in (answer for answers in found.values() for answer in answers.values()):
            notes.setdefault(answer["tool"], set()).update(answer.get("notes", []))
    parts.append("## To know about the tools\n")
    parts += [f"- {tool}: {'; '.join(sorted(texts))}." for tool, texts in notes.items() if texts]
    return "\n".join(parts) + "\n"


def main() -> None:
    """Measure, and print a table and the verdicts for each size."""
    run = Run(options())
    if run.chosen.install:
        for name in PINS.keys() & {TOOLS[tool] for tool in run.tools}:
            install(run.chosen.envs, name)
    for rows in map(int, run.chosen.rows.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, __file__, "--write", folder, str(rows)], check=True)
            run.measure(rows, Path(folder))
    report = told(run)
    print("\n" + report)
    if run.chosen.out:
        run.chosen.out.write_text(report)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:  # in a process of its own, so that the frame's memory is given back
        written(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
