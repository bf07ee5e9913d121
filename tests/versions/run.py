"""The tests with the lowest and with the newest versions of all direct dependencies, and on each Python.

``make versions`` runs it. It makes one environment for each below ``.versions`` (or `PRIVKIT_VERSIONS`), by uv, and
runs in it the core of the tests: what reads rows, draws, charges, and shows. An interpreter that is not here, and that
uv cannot get, is skipped, and the last lines say so. ``python tests/versions/run.py 3.11-lowest 3.13-newest`` runs
some.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACE = Path(os.environ.get("PRIVKIT_VERSIONS", ROOT / ".versions"))
#: The floors hold on the oldest Python; there are no wheels of them for newer ones.
ENVIRONMENTS = {
    "3.11-lowest": ("3.11", "lowest-direct"),
    "3.11-newest": ("3.11", "highest"),
    "3.12-newest": ("3.12", "highest"),
    "3.13-newest": ("3.13", "highest"),
}
#: Given after the environments' names, it takes the place of these.
CORE = ["values", "tally", "anonymity", "budget", "project", "dp", "transform", "events", "view", "door"]
CORE += ["lab/test_reading.py"]
SHOWN = ("pandas", "numpy", "narwhals", "opendp", "sqlalchemy", "ipywidgets", "matplotlib", "jupyterlab", "psycopg")


def uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which("uv")
    command = [found] if found else [sys.executable, "-m", "uv"]
    return subprocess.run([*command, *arguments], cwd=ROOT, text=True, capture_output=True, check=False)


def made(name: str) -> str:
    """Make an environment, and return why it could not be; empty if it could."""
    version, resolution = ENVIRONMENTS[name]
    folder, pins = PLACE / name, PLACE / f"{name}.txt"
    PLACE.mkdir(exist_ok=True)
    # Without --upgrade the pins of an earlier run would be kept.
    common = (
        "pip",
        "compile",
        "--quiet",
        "--upgrade",
        "--python-version",
        version,
        "--extra",
        "test",
        "pyproject.toml",
    )
    for step in (
        ("venv", "--quiet", "--allow-existing", "--python", version, str(folder)),
        (*common, "--resolution", resolution, "--output-file", str(pins)),
        ("pip", "install", "--quiet", "--python", str(folder), "--requirement", str(pins)),
        ("pip", "install", "--quiet", "--python", str(folder), "--no-deps", "--editable", "."),
    ):
        if (done := uv(*step)).returncode:
            return (done.stderr.strip().splitlines() or ["uv failed"])[-1]
    return ""


def tested(name: str, tests: list[str]) -> int:
    python = PLACE / name / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    shown = [line for line in (PLACE / f"{name}.txt").read_text().splitlines() if line.split("==")[0] in SHOWN]
    print(f"\n== {name}: {', '.join(shown)}", flush=True)
    options = ["-q", "--tb=line", "-p", "no:cacheprovider", "-n", "auto", "--dist", "loadfile"]
    return subprocess.run([python, "-m", "pytest", *options, *tests], cwd=ROOT, check=False).returncode


def main(arguments: list[str]) -> int:
    names = [name for name in arguments if name in ENVIRONMENTS] or list(ENVIRONMENTS)
    tests = [name for name in arguments if name not in ENVIRONMENTS] or [f"tests/{name}" for name in CORE]
    if uv("--version").returncode:
        print("uv makes the environments: pip install uv")
        return 1
    told = {}
    for name in names:
        if why := made(name):
            told[name] = f"could not be had: {why}"
        else:
            code = tested(name, tests)
            told[name] = "passed" if code == 0 else f"failed (pytest ended with {code})"
    print("\n" + "\n".join(f"{name}: {what}" for name, what in told.items()))
    ran = [what for what in told.values() if not what.startswith("could not")]
    return 0 if ran and all(what == "passed" for what in ran) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
