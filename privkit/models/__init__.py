"""Models under differential privacy, in scikit-learn's manner: each `fit` is one release, charged to the project.

They need scikit-learn, which the extra ``sklearn`` brings.
"""

from typing import Any

__all__ = ["DPKMeans", "DPLinearRegression", "DPLogisticRegression", "DPNaiveBayes"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.util import find_spec

    if find_spec("sklearn") is None:
        from privkit.errors import LibraryRequiredError

        raise LibraryRequiredError.of("scikit-learn", "sklearn")
    from privkit.models import bayes, clusters, linear

    return {
        "DPKMeans": clusters.DPKMeans,
        "DPLinearRegression": linear.DPLinearRegression,
        "DPLogisticRegression": linear.DPLogisticRegression,
        "DPNaiveBayes": bayes.DPNaiveBayes,
    }[name]


def __dir__() -> list[str]:
    return list(__all__)
