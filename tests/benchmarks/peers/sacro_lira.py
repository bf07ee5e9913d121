"""SACRO-ML's LiRA on one model, in a process of its own: ``python sacro_lira.py split.npz MODEL SHADOWS FOLDER``.

Prints one line of JSON: by mode, the accuracy of the model on the others, the AUC and the members found at 1 % false
alarms by its scores, judged as scikit-learn's ROC curve is, and what SACRO-ML itself reports.
"""

import json
import sys
import time

import numpy as np
from sacroml.attacks.likelihood_attack import LIRAAttack
from sacroml.attacks.target import Target
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.tree import DecisionTreeClassifier

MODELS = {
    "forest of 20 trees": RandomForestClassifier(20, random_state=0),
    "tree": DecisionTreeClassifier(random_state=0),
    "logistic regression": LogisticRegression(max_iter=2000),
}

path, name, shadows, folder = sys.argv[1:]
split = np.load(path)
model = MODELS[name].fit(split["X_in"], split["y_in"])
target = Target(
    model=model, dataset_name="adult", X_train=split["X_in"], y_train=split["y_in"], X_test=split["X_out"],
    y_test=split["y_out"], X_train_orig=split["X_in"], y_train_orig=split["y_in"], X_test_orig=split["X_out"],
    y_test_orig=split["y_out"],
)  # fmt: skip
found = {}
for mode in ("offline", "online-carlini"):
    began = time.perf_counter()
    attack = LIRAAttack(
        output_dir=f"{folder}/{mode}", write_report=False, n_shadow_models=int(shadows), mode=mode,
        report_individual=True,
    )  # fmt: skip
    attack.attack(target)
    told = attack.attack_metrics[0]
    scores, members = np.nan_to_num(np.array(attack.result["score"])), np.asarray(attack.result["member"])
    false, true, _ = roc_curve(members, scores)
    found[mode] = {
        "accuracy": float((model.predict(split["X_out"]) == split["y_out"]).mean()),
        "auc": float(roc_auc_score(members, scores)),
        "tpr": float(true[false <= 0.01].max()),
        "told": f"AUC {told['AUC']:.3f}, TPR@0.01 {told.get('TPR@0.01', float('nan')):.3f}",
        "seconds": time.perf_counter() - began,
    }
print(json.dumps(found))
