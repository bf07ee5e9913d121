"""A churn score made of what may leave the house: of the rows, k-anonymous rows, noisy tables, and private models.

    python tests/benchmarks churn

IBM's 7,043 Telco customers, twelve features, ten splits into 70 % to learn from and 30 % to judge
by: means of accuracy and AUC. Every way but the first gives the modeler less than the rows.

- *k-anonymous rows*: five of the features are quasi-identifiers; the rows are generalized until each class has k, and
  scikit-learn's logistic regression learns from them; rows to judge are generalized alike.
- *tabled features*: a book of tables of the answer with each feature (numbers in bands) is released; each value becomes
  the logarithm of its noisy odds, and the sum of these is the score. That is `DPNaiveBayes`.
- *tabled features, weighted*: the same logarithms as columns, weighed by scikit-learn on the raw rows: the weights of
  that score are not private.
- *DP model*: `DPLogisticRegression`.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import privkit as pk

TELCO = Path(__file__).parents[1] / "data" / "telco_churn.csv.gz"
SPLITS, LEARNED = 10, 0.7
NUMBERS = {"tenure": (0, 72), "MonthlyCharges": (0, 120)}
QI = ["gender", "SeniorCitizen", "Partner", "Dependents", "tenure"]
BANDS = {"tenure": [0, 3, 6, 12, 24, 36, 48, 60, 73], "MonthlyCharges": [0, 30, 50, 65, 80, 95, 121]}
PRICES = (1, 0.3)


def table() -> pd.DataFrame:
    """Return the customers."""
    return pd.read_csv(TELCO).astype({"SeniorCitizen": "str"})


def matrix(frame: pd.DataFrame, levels: dict[str, list]) -> np.ndarray:
    """Return numbers as they are, brought to [−1, 1], and a column for each level."""
    columns = []
    for name, values in levels.items():
        if name in NUMBERS and values is None:
            low, high = NUMBERS[name]
            columns.append((frame[name].to_numpy(float) - low) / (high - low) * 2 - 1)
        else:
            columns += [(frame[name].astype(str) == str(value)).to_numpy(float) for value in values]
    return np.column_stack(columns)


def judged(chances: np.ndarray, left: pd.Series) -> tuple[float, float]:
    """Return accuracy and AUC of the chances of leaving."""
    true = (left == "Yes").to_numpy()
    return float(((chances > 0.5) == true).mean()), float(roc_auc_score(true, chances))


def of_rows(learn: pd.DataFrame, judge: pd.DataFrame, levels: dict) -> tuple[float, float]:
    """Return how well scikit-learn's model of rows does."""
    model = LogisticRegression(max_iter=5000).fit(matrix(learn, levels), learn["Churn"])
    return judged(model.predict_proba(matrix(judge, levels))[:, 1], judge["Churn"])


def anonymous(learn: pd.DataFrame, judge: pd.DataFrame, k: int) -> tuple[float, float]:
    """Return how well it does of k-anonymous rows, and rows generalized alike."""
    rungs = {"tenure": pk.Hierarchy.intervals(6, 12, 24, 48)}
    out = learn.privacy.anonymize(QI, k=k, hierarchies=rungs, suppress=0.02)
    alike = pk.generalize(judge, {name: (out.hierarchies[name], level) for name, level in out.levels_.items()}).frame
    known, alike = (part.astype(dict.fromkeys(QI, "str")) for part in (out.frame, alike))
    levels = {name: sorted(known[name].unique()) for name in known if name not in {"Churn", "MonthlyCharges"}}
    return of_rows(known, alike, {**levels, "MonthlyCharges": None})


def public(frame: pd.DataFrame) -> dict[str, list]:
    """Return each column's values: of a benchmark, where they need not be public."""
    return {name: sorted(frame[name].unique().tolist()) for name in frame if name not in {*NUMBERS, "Churn"}}


def weighted(learn: pd.DataFrame, judge: pd.DataFrame, project: object, epsilon: float) -> tuple[float, float]:
    """Return how well weights learned of rows do, of values that a private book of tables made."""
    banded = [
        part.assign(**{name: pd.cut(part[name], edges, right=False).astype(str) for name, edges in BANDS.items()})
        for part in (learn, judge)
    ]
    bands = {name: sorted({*banded[0][name], *banded[1][name]}) for name in BANDS}
    keys = {**public(learn), **bands, "Churn": ["No", "Yes"]}
    features = [name for name in learn if name != "Churn"]
    asked = {"keys": keys, "epsilon": epsilon, "delta": 1e-6, "project": project, "again": True}
    book = pk.dp_tables(banded[0], [(name, "Churn") for name in features], **asked)
    made = []
    for part in banded:
        columns = []
        for name in features:
            counts = book.table(name, "Churn")["count"].unstack("Churn").clip(lower=0.5)
            columns.append(part[name].map(np.log(counts["Yes"] / counts["No"])).to_numpy(float))
        made.append(np.column_stack(columns))
    model = LogisticRegression(max_iter=5000).fit(made[0], learn["Churn"])
    return judged(model.predict_proba(made[1])[:, 1], judge["Churn"])


def private(kind: type, learn: pd.DataFrame, judge: pd.DataFrame, project: object, epsilon: float) -> tuple:
    """Return how well a private model does."""
    price = {"epsilon": epsilon, "delta": 1e-6, "project": project}
    model = kind(bounds=NUMBERS, keys=public(learn), classes=["No", "Yes"], **price)
    model.fit(learn.drop(columns="Churn"), learn["Churn"], again=True)
    return judged(model.predict_proba(judge.drop(columns="Churn"))[:, 1], judge["Churn"])


def ways(learn: pd.DataFrame, judge: pd.DataFrame, project: object) -> dict[str, tuple[float, float]]:
    """Return accuracy and AUC of each way, of one split."""
    levels = {name: None if name in NUMBERS else values for name, values in {**public(learn), **NUMBERS}.items()}
    found = {"the rows themselves": of_rows(learn, judge, levels)}
    found |= {f"{k}-anonymous rows": anonymous(learn, judge, k) for k in (5, 25, 100)}
    for epsilon in PRICES:
        found |= {
            f"tabled features, ε = {epsilon:g}": private(pk.models.DPNaiveBayes, learn, judge, project, epsilon),
            f"tabled features, weighted, ε = {epsilon:g}": weighted(learn, judge, project, epsilon),
            f"DP model, ε = {epsilon:g}": private(pk.models.DPLogisticRegression, learn, judge, project, epsilon),
        }
    always = float((judge["Churn"] == "No").mean())
    return {**found, "nobody leaves": (always, 0.5)}


def main() -> None:
    """Print the comparison."""
    frame, each = table(), []
    with tempfile.TemporaryDirectory() as folder:
        terms = {"epsilon": 1000, "delta": 1e-2, "ceiling": 100, "unit": pk.ROW}
        project = pk.open_project("churn", store=Path(folder) / "l.db", **terms)
        for seed in range(SPLITS):
            order = np.random.default_rng(seed).permutation(len(frame))
            cut = int(LEARNED * len(frame))
            parts = (frame.iloc[order[:cut]], frame.iloc[order[cut:]])
            each.append(ways(*(part.reset_index(drop=True) for part in parts), project))
    first = np.array([one["the rows themselves"] for one in each]).mean(axis=0)
    print(f"{'churn score from':<38} {'accuracy':>8} {'AUC':>6}   less than of the rows: accuracy, AUC (points)")
    for name in each[0]:
        right, area = np.array([one[name] for one in each]).mean(axis=0)
        lost = 100 * (first - (right, area))
        print(f"{name:<38} {right:>8.3f} {area:>6.3f}   {lost[0]:>8.1f} {lost[1]:>8.1f}")


if __name__ == "__main__":
    main()
