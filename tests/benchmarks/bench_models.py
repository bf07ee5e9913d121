"""Models on Adult beside diffprivlib's and scikit-learn's own, in one run: accuracy and AUC on rows left out.

    python tests/benchmarks models --install

Income above 50 K by eight other columns; 21,000 rows to train, 9,162 to judge; means of five releases. Rows are the
unit, and persons of three rows each (the same people thrice, so that there are as many of them as rows before).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import privkit as pk

HERE = Path(__file__).parent / "peers"
sys.path.insert(0, str(HERE))

from environments import install, python_of  # noqa: E402

RUNS, TRAINED = 5, 21_000
BOUNDS = {"age": (17, 90)}


def adult():
    """Return the rows to train on and those to judge by, and the public levels of the columns."""
    table = pk.example("adult")
    order = np.random.default_rng(0).permutation(len(table))
    parts = (table.iloc[order[:TRAINED]], table.iloc[order[TRAINED:]])
    keys = {name: sorted(table[name].unique()) for name in table if name != "age"}
    return [part.reset_index(drop=True) for part in parts], keys


def matrix(part, keys):
    """Return the same features as numbers, for other tools: age in [-1, 1], and a column for each level."""
    age = (part["age"].clip(*BOUNDS["age"]) - 17) / 36.5 - 1
    levels = [(part[name] == key).to_numpy(float) for name in keys if name != "income" for key in keys[name]]
    return np.column_stack([age, *levels])


def judged(model, x, y):
    """Return accuracy and AUC."""
    chances = model.predict_proba(x)[:, 1]
    return float((model.predict(x) == y).mean()), float(roc_auc_score(y == model.classes_[1], chances))


def ours(kind, frame, y, other, keys, project, **price):
    """Return the mean accuracy and AUC of some releases."""
    given = {name: of for name, of in keys.items() if name != "income"}
    made = kind(bounds=BOUNDS, keys=given, classes=keys["income"], project=project, **price)
    each = []
    for _ in range(RUNS):
        made.fit(frame, y, again=True)
        each.append(judged(made, other[frame.columns.drop("who", errors="ignore")], other["income"]))
    return np.mean(each, axis=0)


def figures(folder):
    """Yield a line for each model, ours and scikit-learn's: what it is, ε, accuracy and AUC."""
    (train, other), keys = adult()
    frame, y = train.drop(columns="income"), train["income"]
    plain = LogisticRegression(C=1, max_iter=5000).fit(matrix(train, keys), y)
    yield "scikit-learn's logistic", "-", *judged(plain, matrix(other, keys), other["income"])
    persons = pd.concat([frame.assign(who=np.arange(len(frame)))] * 3, ignore_index=True)
    units = {
        "rows": ({"unit": pk.ROW}, frame, y),
        "persons of 3 rows": ({"unit": "who", "max_rows": 3}, persons, pd.concat([y] * 3, ignore_index=True)),
    }
    for unit, (terms, rows, answers) in units.items():
        for measure, more in (("(ε, 1e-6)", {"delta": 1e-6}), ("pure ε", {})):
            budget = {"epsilon": 100, **({"delta": 1e-3} if more else {})}
            project = pk.open_project(f"{unit} {measure}", store=Path(folder) / "l.db", **budget, **terms)
            for kind in (pk.models.DPLogisticRegression, pk.models.DPNaiveBayes):
                for epsilon in (1, 0.3):
                    found = ours(kind, rows, answers, other, keys, project, epsilon=epsilon, **more)
                    yield f"{kind.__name__}, {unit}, {measure}", epsilon, *found


def peers(folder, python):
    """Yield a line for each of diffprivlib's models."""
    (train, other), keys = adult()
    held = Path(folder) / "matrix.npz"
    np.savez(
        held,
        x=matrix(train, keys),
        y=(train["income"] == ">50K").to_numpy(int),
        other_x=matrix(other, keys),
        other_y=(other["income"] == ">50K").to_numpy(int),
    )
    norm = str(np.sqrt(len(keys)))  # age, and a level of each other column but the income
    for epsilon in ("1", "0.3"):
        command = [python, HERE / "diffprivlib_models.py", held, epsilon, norm]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        for name, found in json.loads(done.stdout).items():
            yield f"diffprivlib's {name}, rows, pure ε", epsilon, *found


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="bench_models")
    parser.add_argument("--install", action="store_true", help="make the peer's environment")
    parser.add_argument("--envs", type=Path, default=Path(tempfile.gettempdir()) / "privkit-peers")
    given = parser.parse_args(arguments)
    if given.install:
        install(given.envs, "diffprivlib models")
    python = python_of(given.envs, "diffprivlib models")
    print(f"{'model':<62} {'ε':>4} {'accuracy':>9} {'AUC':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for lines in (figures(folder), () if python is None else peers(folder, python)):
            for name, epsilon, right, area in lines:
                print(f"{name:<62} {epsilon!s:>4} {right:>9.4f} {area:>6.4f}", flush=True)


if __name__ == "__main__":
    main()
