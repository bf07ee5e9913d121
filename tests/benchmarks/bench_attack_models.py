# ruff: noqa: N803, N806 - X as scikit-learn has it
"""Models attacked: three of them × what could stand in their place, and SACRO-ML's LiRA on the same split.

    python tests/benchmarks attack_models --install          (with SACRO-ML, in an environment of its own)

3,000 rows of Adult, half of them members; income above 50 K by eight columns. Of each model accuracy on the others,
and of the attack by 32 shadow models AUC and the members found at 1 % false alarms (TPR at 1 % FPR). In the model's
place stand the same one trained on 5-anonymous rows, on odds of a private book of tables, on private synthetic rows,
and a private model. SACRO-ML gets the raw features, the same model and split, and as many shadow models; its scores are
judged by the same two figures: those that it reports, and ours from its scores.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import privkit as pk

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "peers"))

from environments import install, python_of  # noqa: E402

ROWS, SHADOWS, EPSILON, DELTA = 3_000, 32, 1, 1e-6
AGES = [17, 25, 35, 45, 55, 65, 91]
QI = ["age", "sex", "race", "education"]
MODELS = {
    "forest of 20 trees": RandomForestClassifier(20, random_state=0),
    "tree": DecisionTreeClassifier(random_state=0),
    "logistic regression": LogisticRegression(max_iter=2000),
}


def split() -> tuple[pd.DataFrame, pd.DataFrame, pd.Series, pd.Series, dict]:
    """Return features and answers of members and of others, and the public levels of the columns."""
    whole = pk.example("adult")
    table = whole.sample(ROWS, random_state=5).reset_index(drop=True)
    X, y, half = table.drop(columns="income"), table["income"], ROWS // 2
    keys = {name: sorted(whole[name].unique()) for name in whole if name != "age"}
    return X[:half], X[half:].reset_index(drop=True), y[:half], y[half:].reset_index(drop=True), keys


def encoded(model: object, columns: list[str]) -> object:
    """Return a model that takes the columns as they are: levels side by side, and age as a number."""
    words = [name for name in columns if name != "age"]
    levels = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_pipeline(ColumnTransformer([("levels", levels, words), ("age", StandardScaler(), ["age"])]), model)


class Odds(TransformerMixin, BaseEstimator):
    """Puts the logarithm of the answer's noisy odds in the place of each value: of a private book of tables."""

    def __init__(self, keys: object = None) -> None:
        self.keys = keys

    def fit(self, X: pd.DataFrame, y: object) -> "Odds":
        """Release the book in a project that is simulated."""
        project = pk.open_project("odds", epsilon=EPSILON, delta=DELTA, unit=pk.ROW, simulate=True)
        frame = self._banded(X).assign(income=np.asarray(y))
        bands = {"age": sorted(pd.cut(pd.Series(AGES[:-1]), AGES, right=False).astype(str))}
        asked = {"keys": {**dict(self.keys), **bands}, "epsilon": EPSILON, "delta": DELTA, "project": project}
        book = pk.dp_tables(frame, [(name, "income") for name in X], **asked)
        self.odds_ = {}
        for name in X:
            counts = book.table(name, "income")["count"].unstack("income").clip(lower=0.5)
            self.odds_[name] = np.log(counts[">50K"] / counts["<=50K"])
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the odds of each value."""
        banded = self._banded(X)
        return np.column_stack([banded[name].map(odds).to_numpy(float) for name, odds in self.odds_.items()])

    def _banded(self, X: pd.DataFrame) -> pd.DataFrame:
        return X.assign(age=pd.cut(X["age"], AGES, right=False).astype(str)).reset_index(drop=True)


def repairs(kind: object, keys: dict, project: object) -> dict[str, object]:
    """Return what could stand in a model's place."""
    synthetic = {"keys": keys, "cuts": {"age": AGES}, "target": "income", "delta": DELTA}

    def drawn(rows: pd.DataFrame, epsilon: float) -> pd.DataFrame:
        simulated = pk.open_project("rows", epsilon=epsilon, delta=DELTA, unit=pk.ROW, simulate=True)
        # What fits no level is missing, and nothing that a model learns from.
        return pk.dp_synthetic(rows, list(rows), **synthetic, epsilon=epsilon, project=simulated).frame.dropna()

    private = pk.models.DPLogisticRegression if isinstance(kind, LogisticRegression) else pk.models.DPNaiveBayes
    given = {name: of for name, of in keys.items() if name != "income"}
    return {
        "k = 5": lambda rows: rows.privacy.anonymize(QI, k=5, suppress=0.05),
        f"odds of DP tables, ε = {EPSILON}": make_pipeline(Odds(keys), kind),
        f"synthetic, ε = {EPSILON}": lambda rows: drawn(rows, EPSILON),
        f"{private.__name__}, ε = {EPSILON}": private(
            bounds={"age": (17, 91)}, keys=given, classes=keys["income"], epsilon=EPSILON, delta=DELTA, project=project
        ),
    }


def sacro(python: Path | None, sides: tuple, name: str) -> str:
    """Return the figures of SACRO-ML's LiRA on the same model, features and split, in its own process."""
    if python is None:
        return "SACRO-ML is not installed: --install"
    X_in, X_out, y_in, y_out = sides
    encoder = encoded(LogisticRegression(), list(X_in)).steps[0][1].fit(X_in)
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "split.npz"
        answers = [(side == ">50K").to_numpy(int) for side in (y_in, y_out)]
        np.savez(given, X_in=encoder.transform(X_in), X_out=encoder.transform(X_out), y_in=answers[0], y_out=answers[1])
        ran = subprocess.run(
            [python, HERE / "peers" / "sacro_lira.py", given, name, str(SHADOWS), folder],
            capture_output=True, text=True, check=False, cwd=folder,
        )  # fmt: skip
    return ran.stdout.splitlines()[-1] if ran.returncode == 0 else f"failed: {ran.stderr[-300:]}"


def main() -> None:
    """Print the table, and SACRO-ML's figures below each model."""
    parser = argparse.ArgumentParser(prog="bench_attack_models")
    parser.add_argument("--install", action="store_true", help="make SACRO-ML's environment")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--envs", type=Path, default=Path(tempfile.gettempdir()) / "privkit-peers")
    given = parser.parse_args()
    if given.install:
        install(given.envs, "sacroml")
    *sides, keys = split()
    X_in, X_out, y_in, y_out = sides
    print(f"{'model':<20} {'trained on':<30} accuracy  AUC (95 %)              TPR at 1 % FPR (95 % of excess)")
    for name in given.models:
        kind, began = MODELS[name], time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            project = pk.open_project(
                "models", epsilon=EPSILON, delta=DELTA, unit=pk.ROW, store=Path(folder) / "ledger.db"
            )
            found = pk.attack_model(
                encoded(kind, list(X_in)), X_in, X_out, y_in, y_out,
                shadows=SHADOWS, seconds=100_000, repairs=repairs(kind, keys, project),
            )  # fmt: skip
        for row in found.compared().itertuples():
            trained = "the rows themselves" if row.model == "as it is" else row.model
            area = f"{row.auc:.3f} ({row.auc_low:.3f} to {row.auc_high:.3f})"
            told = f"{row.rate:6.1%} ({row.low:+.1%} to {row.high:+.1%})"
            print(f"{name:<20} {trained:<30} {row.score:8.1%}  {area:<23} {told}", flush=True)
        print(f"{'':<20} {time.perf_counter() - began:.0f} s in all; SACRO-ML on the rows themselves: ", end="")
        told = sacro(python_of(given.envs, "sacroml"), tuple(sides), name)
        try:
            for mode, one in json.loads(told).items():
                print(f"\n{'':<20} {mode:<30} {one['accuracy']:8.1%}  {one['auc']:.3f}{'':<18} {one['tpr']:6.1%}"
                      f" (it reports {one['told']}; {one['seconds']:.0f} s)", end="")  # fmt: skip
            print(flush=True)
        except ValueError:
            print(told, flush=True)


if __name__ == "__main__":
    main()
