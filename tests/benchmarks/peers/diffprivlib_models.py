"""diffprivlib's models on a matrix that a file holds: prints accuracy and AUC of each as JSON.

python diffprivlib_models.py matrix.npz epsilon norm
"""

import json
import sys
import warnings

import numpy as np
from diffprivlib.models import GaussianNB, LogisticRegression
from sklearn.metrics import roc_auc_score

warnings.simplefilter("ignore")
held, epsilon, norm = np.load(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
found = {}
for name, model in (
    ("logistic", LogisticRegression(epsilon=epsilon, data_norm=norm, max_iter=2000)),
    ("naive Bayes", GaussianNB(epsilon=epsilon, bounds=(-1, 1))),
):
    each = []
    for _ in range(5):
        model.fit(held["x"], held["y"])
        chances = model.predict_proba(held["other_x"])[:, 1]
        right = float((model.predict(held["other_x"]) == held["other_y"]).mean())
        each.append([right, float(roc_auc_score(held["other_y"], np.nan_to_num(chances)))])
    found[name] = np.mean(each, axis=0).tolist()
print(json.dumps(found))
