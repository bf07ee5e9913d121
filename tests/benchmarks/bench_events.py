"""A recipe over an NDJSON file of the shop's orders, against a plain orjson read-write loop over the same file.

``PRIVKIT_BENCH_EVENTS=100000`` changes the number of events (a million by default, about 400 MB).
"""

import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path

from privkit import events as ev

KEY = bytes(range(32))


def write_orders(path: Path, count: int) -> None:
    """Write so many orders, each with an id of its own, in the shop's schema."""
    with files("privkit").joinpath("data", "orders.ndjson.gz").open("rb") as file:
        base = [json.loads(line) for line in gzip.decompress(file.read()).splitlines()]
    with path.open("w", encoding="utf-8") as out:
        for number in range(count):
            out.write(json.dumps({**base[number % len(base)], "id": f"o-{number:09d}"}) + "\n")


def recipe(name: str) -> ev.Recipe:
    """Return one of the recipes that are measured; each covers every field of the orders."""
    dropped = ev.drop("shipping.line1", "products[].name")
    light = [
        ev.truncate_time("time", "hour"),
        ev.pseudonymize("id", "shipping.to", key=KEY),
        ev.coarsen("shipping.zip", prefix=2),
        dropped,
        ev.keep("tenant", "status", "shipping.country", "shipping.carrier", "products"),
    ]
    if name == "five rules":
        return ev.Recipe([*light[:-2], ev.drop("shipping.line1"), light[-1]], name=name)
    return ev.Recipe(
        [
            ev.shift_dates("time", by="shipping.to", days=30, key=KEY),
            *light[:-1],
            ev.number("products[].id"),
            ev.perturb("products[].price", within=0.5, by="id", key=KEY),
            ev.keep("tenant", "status", "shipping.country", "shipping.carrier", "products[].quantity"),
        ],
        name=name,
    )


def plain(source: str, output: str) -> None:
    """Read every line and write it again."""
    import orjson

    with Path(source).open("rb") as lines, Path(output).open("wb") as out:
        for line in lines:
            out.write(orjson.dumps(orjson.loads(line), option=orjson.OPT_APPEND_NEWLINE))


def measured(task: str, source: Path, output: Path) -> tuple[float, float, int]:
    """Return wall seconds, CPU seconds and peak memory in kB of one task in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, task, str(source), str(output)], capture_output=True, text=True, check=True
    )
    wall, cpu, peak = done.stdout.split()
    return float(wall), float(cpu), int(peak)


def run(task: str, source: str, output: str) -> None:
    """Carry one task out and print what it took."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    if task == "plain":
        plain(source, output)
    else:
        recipe(task).apply(source, output=output)
    taken = time.perf_counter() - wall, time.process_time() - cpu
    print(*taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)


def main() -> None:
    """Print the table: the best of three runs each, in turn."""
    count = int(os.environ.get("PRIVKIT_BENCH_EVENTS", "1000000"))
    tasks = ["plain", "five rules", "eight rules"]
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder) / "in.ndjson", Path(folder) / "out.ndjson"
        write_orders(source, count)
        runs = {task: [] for task in tasks}
        for _ in range(3):
            for task in tasks:
                runs[task].append(measured(task, source, output))
        print(f"{count:,} events, {source.stat().st_size / 1e6:,.0f} MB")
        base = min(cpu for _, cpu, _ in runs["plain"])
        for task, taken in runs.items():
            wall, cpu = min(wall for wall, _, _ in taken), min(cpu for _, cpu, _ in taken)
            peak = max(peak for _, _, peak in taken)
            print(
                f"  {task:<12} {wall:8.2f} s wall {cpu:8.2f} s CPU {count / wall:12,.0f} events/s "
                f"{cpu / base:6.2f} x   +{peak / 1000:.0f} MB"
            )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(*sys.argv[1:])
    else:
        main()
