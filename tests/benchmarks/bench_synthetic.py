"""Synthetic rows of Adult, nine columns: what a classifier learns of them, how far their tables are off, and time.

The frame is split in halves. Rows are drawn from one half and judged on the other: the AUC of scikit-learn's
HistGradientBoosting for income, trained on the drawn rows and tested on the other half, and the mean total variation of
all tables of two and of three columns. The same of the first half itself is what no method can be expected to beat, and
of its columns, each shuffled by itself, what none should miss.

    python tests/benchmarks synthetic --splits 10 --epsilon 1 0.3
    python tests/benchmarks synthetic --splits 3 --epsilon 1 --install --envs FOLDER --limit 1800    (with peers)
    python tests/benchmarks synthetic --table telco                     (telco, ten columns, churn)
    python tests/benchmarks synthetic --million

``--install`` makes an environment for each peer in ``--envs``, and fetches upstream's mechanisms there, from their
repository at a fixed commit. Peers get the same levels, the same ε, and δ = 1e-6 where they use one, on each of the
first ``--peer-splits`` splits, and ``--limit`` seconds by the clock for each; the last lines say of each peer on how
many splits it answered, and on how many it hit the limit, failed, or had no environment. Other times are those of the
processor.
"""

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import privkit as pk

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
EDGES = [17, *range(20, 90, 5), 91]
DELTA = 1e-6
#: Where AIM and MST on mbi are kept; its wheel has neither.
UPSTREAM = ("https://github.com/ryan112358/mbi", "361705d7f05f8c0ac4d5b3640e688eb4f692346e")
#: What is installed for each peer, in one call of pip each.
PINS = {
    "mbi": [
        "jax==0.10.2 chex==0.1.92 optax==0.2.8 attrs networkx scipy pandas==3.1.1 numpy==2.4.6 matplotlib scikit-learn"
    ],
    "opendp": ["opendp[mbi,polars]==0.16.0 pandas==3.1.1"],
    # Its requirements are those of all its synthesizers, PyTorch among them; MWEM needs few.
    "smartnoise": [
        "smartnoise-sql==1.0.10 pandas==2.3.3 Faker scipy scikit-learn setuptools<81",
        "--no-deps smartnoise-synth==1.0.8",
    ],
}
PEERS = ("mbi-mst", "mbi-aim", "opendp-mst", "opendp-aim", "smartnoise-mwem")
#: Why a peer gave no answer, where it was not its own error.
LIMIT, ABSENT = "hit the limit", "had no environment"
TELCO = {
    "keys": [
        "gender",
        "SeniorCitizen",
        "Partner",
        "Dependents",
        "InternetService",
        "Contract",
        "PaymentMethod",
        "Churn",
    ],
    "cuts": {"tenure": [0, 1, 6, 12, 24, 36, 48, 60, 73], "MonthlyCharges": [18, 30, 45, 60, 75, 90, 105, 120]},
}


class Table:
    """A table, its public facts, and what is predicted."""

    def __init__(self, name: str) -> None:
        if name == "adult":
            self.frame = pd.read_csv(DATA / "adult" / "adult.csv.gz")
            self.cuts, self.target, self.hit = {"age": EDGES}, "income", ">50K"
        else:
            raw = pd.read_csv(DATA / "telco_churn.csv.gz")
            self.frame = raw[[name for name in raw if name in (*TELCO["keys"], *TELCO["cuts"])]]
            self.cuts, self.target, self.hit = TELCO["cuts"], "Churn", "Yes"
        names = [name for name in self.frame if name not in self.cuts]
        self.keys = {name: sorted(self.frame[name].unique().tolist()) for name in names}  # of a benchmark
        self.sizes = {
            name: len(self.cuts[name]) - 1 if name in self.cuts else len(self.keys[name]) for name in self.frame
        }

    def coded(self, frame: pd.DataFrame) -> np.ndarray:
        """Return levels, numbers in their bins."""
        columns = [
            np.searchsorted(self.cuts[name], frame[name], side="right") - 1
            if name in self.cuts
            else pd.Index(self.keys[name]).get_indexer(frame[name])
            for name in self.frame
        ]
        return np.stack(columns, axis=1)

    def auc(self, train: np.ndarray, test: np.ndarray) -> float:
        """Return the area under the curve of a classifier of levels for the target."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.metrics import roc_auc_score

        names = list(self.frame)
        place, own = names.index(self.target), [at for at, name in enumerate(names) if name != self.target]
        hit = self.keys[self.target].index(self.hit)
        groups = [at for at, column in enumerate(own) if names[column] not in self.cuts]
        model = HistGradientBoostingClassifier(categorical_features=groups, random_state=0)
        model.fit(train[:, own].astype(float), train[:, place] == hit)
        return float(roc_auc_score(test[:, place] == hit, model.predict_proba(test[:, own].astype(float))[:, 1]))


def distance(one: np.ndarray, other: np.ndarray, order: int) -> float:
    """Return the mean total variation of all tables of so many columns."""
    sizes = np.maximum(one.max(axis=0), other.max(axis=0)) + 2
    found = []
    for axes in itertools.combinations(range(one.shape[1]), order):
        shape = [int(sizes[axis]) for axis in axes]
        parts = [
            np.bincount(
                np.ravel_multi_index(tuple(rows[:, axis] + 1 for axis in axes), [n + 1 for n in shape]),
                minlength=int(np.prod([n + 1 for n in shape])),
            )
            / len(rows)
            for rows in (one, other)
        ]
        found.append(np.abs(parts[0] - parts[1]).sum() / 2)
    return float(np.mean(found))


def install(folder: Path) -> None:
    """Make the peers' environments, and fetch upstream's mechanisms."""
    for name, calls in PINS.items():
        if (folder / name / "pins.txt").exists():
            continue
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder / name], check=True)
        for call in calls:
            pip = [folder / name / "bin" / "python", "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, *call.split()], check=True)
        (folder / name / "pins.txt").write_text("\n".join(calls))
    if not (folder / "upstream").exists():
        address, commit = UPSTREAM
        subprocess.run(["git", "clone", "--quiet", address, folder / "upstream"], check=True)
        subprocess.run(["git", "-C", folder / "upstream", "checkout", "--quiet", commit], check=True)


def peer(name: str, train: pd.DataFrame, asked: dict, envs: Path, limit: float) -> tuple[np.ndarray | None, dict]:
    """Return the levels that a peer drew, and what it told; or why it did not."""
    python = envs / name.partition("-")[0] / "bin" / "python"
    if not python.exists():
        return None, {"failed": ABSENT}
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "train.csv", Path(folder) / "made.csv"]
        train.to_csv(files[0], index=False)
        call = [python, HERE / "peers" / "synthesizers.py", name, *files, json.dumps(asked)]
        try:
            done = subprocess.run(call, check=False, capture_output=True, text=True, timeout=limit)
        except subprocess.TimeoutExpired:
            return None, {"failed": LIMIT}
        if done.returncode:
            return None, {"failed": " ".join(done.stderr.split())[-300:]}
        return pd.read_csv(files[1])[list(train)].to_numpy(), json.loads(done.stdout.splitlines()[-1])


def rho_of(epsilon: float) -> float:
    """Return the ρ that is worth ε at δ, as OpenDP converts it; rounded down."""
    import opendp.prelude as dp

    dp.enable_features("contrib")

    def worth(rho: float) -> float:
        space = dp.atom_domain(T="i64"), dp.absolute_distance(T="i64")
        made = dp.m.make_gaussian(*space, scale=(1 / (2 * rho)) ** 0.5)
        return float(dp.c.make_zCDP_to_approxDP(made).map(1).epsilon(DELTA))

    low, high = 1e-9, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if worth(middle) > epsilon else (middle, high)
    return float(f"{low * 0.99999:.5g}")


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks synthetic")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--epsilon", type=float, nargs="+", default=[1.0, 0.3])
    parser.add_argument("--table", choices=("adult", "telco"), default="adult")
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--envs", type=Path, help="folder of the peers' environments; without it peers are left out")
    parser.add_argument("--peer-splits", type=int, default=3, help="how many of the splits peers run on")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--limit", type=float, default=1800, help="seconds by the clock for one run of a peer")
    parser.add_argument("--model-mb", type=float, default=4, help="AIM of mbi: the largest model, in MB (upstream: 80)")
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--million", action="store_true", help="a million rows: time and memory alone")
    return parser.parse_args()


def million() -> None:
    """Print what a million rows take."""
    table = Table("adult")
    frame = table.frame.sample(1_000_000, replace=True, random_state=0).reset_index(drop=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory() as folder:
        project = pk.open_project("bench", epsilon=10, delta=0.1, unit=pk.ROW, store=Path(folder) / "l.db")
        start = time.process_time()
        asked = {"keys": table.keys, "cuts": table.cuts, "epsilon": 1, "delta": DELTA, "project": project}
        release = pk.dp_synthetic(frame, [*frame], target=table.target, **asked)
        drawn = time.process_time() - start
        made = release.frame
        seconds = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(frame):,} rows in, {len(made):,} out: {drawn:.1f} s to release, {seconds:.1f} s with .frame (processor)"
    )
    print(f"peak memory {after:.0f} MB, {after - before:.0f} MB above that with the frame alone")


def split_of(table: Table, split: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return one half of the rows, its levels, and those of the other half."""
    train = table.frame.sample(len(table.frame) // 2, random_state=split)
    return train, table.coded(train), table.coded(table.frame.drop(train.index))


def ours(table: Table, train: pd.DataFrame, given: argparse.Namespace, project: object) -> Iterator[tuple]:
    """Yield the name, the drawn levels and the seconds of our own releases."""
    for epsilon, target in itertools.product(given.epsilon, (table.target, None)):
        start = time.process_time()
        asked = {"keys": table.keys, "cuts": table.cuts, "delta": DELTA, "project": project, "again": True}
        release = pk.dp_synthetic(train, [*train], target=target, epsilon=epsilon, **asked)
        made = release.frame
        yield f"privkit, ε = {epsilon:g}, target={target!r}", table.coded(made), time.process_time() - start, np.nan


def theirs(table: Table, own: np.ndarray, given: argparse.Namespace, became: dict[str, list]) -> Iterator[tuple]:
    """Yield the same of peers, with their peak memory; what became of each run is told in `became`."""
    levels = pd.DataFrame(own, columns=list(table.frame))
    for epsilon, name in itertools.product(given.epsilon, given.peers):
        print(f"  {name}, ε = {epsilon:g}: at most {given.limit:,g} s", file=sys.stderr, flush=True)
        asked = {"epsilon": epsilon, "delta": DELTA, "rho": rho_of(epsilon), "sizes": table.sizes}
        asked |= {"model_mb": given.model_mb, "iterations": given.iterations, "upstream": str(given.envs / "upstream")}
        made, told = peer(name, levels, asked, given.envs, given.limit)
        one = f"{name}, ε = {epsilon:g}"
        # Also where it answered at a smaller price in the end; "" where nothing went wrong.
        became.setdefault(one, []).append((made is not None, told.get("failed", "")))
        if made is not None:
            yield one, made, told["seconds"], told["peak_mb"]


def main() -> None:
    """Print the figures of some splits, at some ε."""
    given = options()
    if given.million:
        million()
        return
    if given.install and given.envs:
        install(given.envs)
    table, rows, became = Table(given.table), {}, {}
    with tempfile.TemporaryDirectory() as folder:
        project = pk.open_project("bench", epsilon=1e4, delta=0.5, unit=pk.ROW, store=Path(folder) / "l.db")
        for split in range(given.splits):
            train, own, test = split_of(table, split)
            rng = np.random.default_rng(split)
            apart = np.stack([rng.permutation(column) for column in own.T], axis=1)
            made = [("the half itself", own, 0.0, np.nan), ("its columns, shuffled", apart, 0.0, np.nan)]
            peers = theirs(table, own, given, became) if given.envs and split < given.peer_splits else ()
            for name, levels, *told in itertools.chain(made, ours(table, train, given, project), peers):
                figures = (table.auc(levels, test), distance(levels, test, 2), distance(levels, test, 3), *told)
                rows.setdefault(name, []).append(figures)
                print(f"  split {split}: {name} {figures}", file=sys.stderr, flush=True)
    report(given, len(table.frame), rows, became)


def report(given: argparse.Namespace, size: int, rows: dict[str, list], peers: dict[str, list]) -> None:
    """Print the means, and what became of each peer."""
    print(f"{given.table}: {given.splits} splits of {size:,} rows in halves, δ = {DELTA:g}")
    print(f"{'':<38} {'AUC':>15} {'two-way TV':>16} {'three-way TV':>16} {'cpu s':>7} {'MB':>6} {'runs':>5}")
    for name, figures in rows.items():
        mean, off = np.mean(figures, axis=0), np.std(figures, axis=0)
        told = "  ".join(f"{mean[place]:6.4f} ± {off[place]:.4f}" for place in range(3))
        print(f"{name:<38} {told} {mean[3]:7.1f} {mean[4]:6.0f} {len(figures):5}")
    for name, runs in peers.items():
        print(f"{name}: {outcome(runs, given.limit)}")


def outcome(runs: list[tuple[bool, str]], limit: float) -> str:
    """Return on how many splits a peer answered, and what became of the others."""
    many, answered = len(runs), sum(made for made, _ in runs)
    told = [f"answered on {answered} of {many} splits"]
    if smaller := [why for made, why in runs if made and why]:
        told.append(f"{len(smaller)} of these at a smaller price, after it failed {smaller[0]}")
    if hit := sum(why == LIMIT for _, why in runs):
        told.append(f"{hit} {LIMIT} of {limit:,g} s, without an answer")
    if absent := sum(why == ABSENT for _, why in runs):
        told.append(f"{absent} {ABSENT}")
    if own := [why for made, why in runs if not made and why not in {LIMIT, ABSENT}]:
        told.append(f"{len(own)} failed: {own[0]}")
    return "; ".join(told)


if __name__ == "__main__":
    main()
