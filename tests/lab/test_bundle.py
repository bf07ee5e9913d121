"""The front end that is committed is the one that its sources make, and its lock file names no host."""

import importlib.util
import json
from pathlib import Path

import privkit.lab

LAB = Path(privkit.lab.__file__).parent


def test_the_bundle_is_fresh():
    spec = importlib.util.spec_from_file_location("build_hook", LAB / "frontend" / "build_hook.py")
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    assert hook.fresh(), "run: python privkit/lab/frontend/build_hook.py"


def test_the_lock_file_names_no_host():
    lock = (LAB / "frontend" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert len(json.loads(lock)["packages"]) > 100


def test_the_bundle_is_small_and_loads_nothing_from_elsewhere():
    scripts = list((LAB / "labextension" / "static").glob("*.js"))
    assert scripts
    assert sum(path.stat().st_size for path in scripts) < 100_000
    for path in scripts:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in text
        assert "http://" not in text
        assert ".innerHTML" not in text
