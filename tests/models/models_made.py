"""Each kind of model, how it is made, and all that it learned."""

import numpy as np
from models_drawn import BOUNDS, KEYS

import privkit as pk

CLASSES = ["no", "yes"]


def logistic(**more):
    return pk.models.DPLogisticRegression(**{"bounds": BOUNDS, "keys": KEYS, "classes": CLASSES, "epsilon": 1, **more})


def linear(**more):
    return pk.models.DPLinearRegression(**{"bounds": {"calls": (0, 20)}, "y_bounds": (0, 90), "epsilon": 1, **more})


def bayes(**more):
    return pk.models.DPNaiveBayes(**{"bounds": BOUNDS, "keys": KEYS, "classes": CLASSES, "epsilon": 1, **more})


def kmeans(**more):
    return pk.models.DPKMeans(**{"n_clusters": 2, "bounds": BOUNDS, "epsilon": 1, **more})


#: Of each model: how it is made, and which of the people's columns it is asked of.
MODELS = {
    "logistic": (logistic, ["calls", "age", "plan", "loyal"], "left"),
    "linear": (linear, ["calls"], "age"),
    "bayes": (bayes, ["calls", "age", "plan", "loyal"], "left"),
    "kmeans": (kmeans, ["calls", "age"], None),
}


def numbers(model):
    """All that a model learned."""
    learned = ("coef_", "intercept_", "cluster_centers_", "class_log_prior_")
    return [np.asarray(getattr(model, name)).ravel() for name in learned if hasattr(model, name)]


def same(one, two):
    return all((a == b).all() for a, b in zip(numbers(one), numbers(two), strict=True))
