"""Pipelines of diffprivlib on Adult, audited from end to end: right ones are not accused, wrong ones are.

Run as ``python -m pytest -s tests/slow/pipeline_of_diffprivlib.py``. The library has an environment of its own, since
its requirements contradict ours: ``python tests/benchmarks dp_peers --install`` makes it, and PRIVKIT_PEERS says where
it lies. Each pipeline is audited in a process that takes diffprivlib, and what it needs, from there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVS = Path(os.environ.get("PRIVKIT_PEERS", Path.home() / ".cache" / "privkit-peers"))

#: What is audited: whether a person is removed or replaced, and what an audit must say: "" for nothing.
PIPELINES = {
    "counts": ("remove", ""),
    "histogram": ("remove", ""),
    "mean of public bounds": ("replace", ""),
    "scaler": ("replace", ""),
    "bayes of the classes that are there": ("replace", "broken"),
    "mean of the data's bounds": ("replace", "broken"),
    "counts of the groups that are there": ("remove", "broken"),
    "two answers at the price of one": ("replace", "broken"),
    "a sum of guessed sensitivity": ("remove", "broken"),
    "counts of groups, each at the whole price": ("remove", "broken"),
}


def pipelines():
    """Return the functions, in the process that has diffprivlib."""
    import numpy as np
    from diffprivlib import models, tools
    from diffprivlib.mechanisms import Geometric, Laplace

    def count(frame, epsilon=1.0):
        return Geometric(epsilon=epsilon, sensitivity=1).randomise(len(frame))

    def scaler(frame):
        found = models.StandardScaler(epsilon=1.0, bounds=(17, 91)).fit(frame[["age"]].to_numpy(float))
        return [float(found.mean_[0]), float(found.var_[0])]

    def bayes(frame):  # it fails where a class has no row, which tells
        model = models.GaussianNB(epsilon=1.0, bounds=([17, 1], [91, 17]), priors=[0.5, 0.5])
        model.fit(frame[["age", "number"]].to_numpy(float), (frame["income"] == ">50K").to_numpy(int))
        return np.concatenate([model.theta_.ravel(), model.var_.ravel()])

    return {
        "counts": lambda frame: [count(frame[frame["sex"] == sex]) for sex in ("Female", "Male")],
        "counts of the groups that are there": lambda frame: [count(part) for _, part in frame.groupby("sex")],
        "histogram": lambda frame: tools.histogram(frame["age"].to_numpy(), epsilon=1.0, bins=5, range=(17, 91))[0],
        "mean of public bounds": lambda frame: tools.mean(frame["age"].to_numpy(float), epsilon=1.0, bounds=(17, 91)),
        "scaler": scaler,
        "bayes of the classes that are there": bayes,
        "mean of the data's bounds": lambda frame: tools.mean(frame["age"].to_numpy(float), epsilon=1.0),
        "two answers at the price of one": lambda frame: [
            tools.mean(frame["age"].to_numpy(float), epsilon=1.0, bounds=(17, 91)),
            tools.mean(frame["age"].to_numpy(float), epsilon=1.0, bounds=(17, 91)),
        ],
        "a sum of guessed sensitivity": lambda frame: Laplace(epsilon=1.0, sensitivity=1).randomise(
            float(frame["age"].sum())
        ),
        "counts of groups, each at the whole price": lambda frame: [
            count(frame),
            *(count(frame[frame["sex"] == sex]) for sex in ("Female", "Male")),
        ],
    }


def audited(name: str) -> dict:
    import time
    import warnings

    import privkit as pk

    warnings.simplefilter("ignore")  # diffprivlib warns of bounds that it takes from the data
    frame = pk.example("adult").head(400)
    frame = frame.assign(number=frame["education"].astype("category").cat.codes + 1)
    began = time.process_time()
    found = pk.audit_pipeline(pipelines()[name], frame, epsilon=1.0, neighbors=PIPELINES[name][0])
    return {
        "broken": bool(found.broken),
        "lower": float(found.lower),
        "levels": [one.level for one in found.findings],
        "kinds": [one.kind for one in found.findings],
        "processor": time.process_time() - began,
    }


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_of_diffprivlib_is_accused_if_it_is_wrong(name):
    folders = sorted((ENVS / "diffprivlib").glob("lib/python*/site-packages"))
    if not folders:
        pytest.skip("no environment of diffprivlib: python tests/benchmarks dp_peers --install")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folders[0])])}
    done = subprocess.run(
        [sys.executable, __file__, name], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    print(name, found)
    wanted = PIPELINES[name][1]
    assert found["broken"] == (wanted == "broken")
    if not wanted:
        assert not {"broken", "suspect"} & set(found["levels"])
    else:
        assert wanted in found["levels"]
    assert found["processor"] < 60


if __name__ == "__main__":
    print(json.dumps(audited(sys.argv[1])))
