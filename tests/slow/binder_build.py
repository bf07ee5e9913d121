"""What repo2docker does with `binder/`, without Docker: ``make binder``, one to two minutes.

A copy of the repository, a new environment with the named Python, the requirements, `postBuild`; then, with the
network taken away where the machine can do that, the notebooks run through `start`, and JupyterLab answers with the
extension on.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: All of them are run: each may need something of its own.
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
#: Runs in the environment: JupyterLab opens the first notebook's page, and the server extension answers.
LOOK = """
import json, subprocess, sys, time, urllib.parse, urllib.request
from pathlib import Path

runtime = Path(sys.argv[1])
lab = subprocess.Popen(
    ["jupyter", "lab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root", "--IdentityProvider.token=here"]
)
try:
    start = time.monotonic()
    while True:
        assert lab.poll() is None and time.monotonic() - start < 60
        told = [json.loads(path.read_text()) for path in runtime.glob("jpserver-*.json")]
        try:
            urllib.request.urlopen(f"{told[0]['url']}api/status?token=here")
            break
        except (IndexError, OSError):
            time.sleep(0.1)
    url, ready = told[0]["url"], time.monotonic() - start
    def get(page, **query):
        asked = urllib.parse.urlencode({"token": "here", **query})
        return urllib.request.urlopen(f"{url}{page}?{asked}").read().decode()
    html = get("lab/tree/notebooks/01_start.ipynb")
    config = html.split('<script id="jupyter-config-data" type="application/json">')[1].split("</script>")[0]
    config = json.loads(config)
    extensions = {found["name"]: found["load"] for found in config["federated_extensions"]}
    bundle = get("lab/extensions/jupyter-privkit/" + extensions["jupyter-privkit"])
    projects = json.loads(get("privkit/projects", path="notebooks"))
    news = get("lab/api/settings/@jupyterlab/apputils-extension:notification")
    print("LOOKED", json.dumps([ready, sorted(extensions), len(bundle), projects, json.loads(news)["schema"]]))
finally:
    lab.terminate()
    lab.wait(20)
"""


class Visit:
    """A copy of the repository with the environment that `binder/` asks for."""

    def __init__(self, root: Path) -> None:
        self.repo, self.venv, self.home = root / "repo", root / "venv", root / "home"
        self.home.mkdir()
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\0"):
            if name and (ROOT / name).is_file():
                (self.repo / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.repo / name)
        kept = {name: os.environ[name] for name in ("LANG", "TMPDIR", "PIP_CONFIG_FILE") if name in os.environ}
        path = f"{self.venv / 'bin'}:{os.environ['PATH']}"
        self.env = {**kept, "HOME": str(self.home), "PATH": path, "JUPYTER_RUNTIME_DIR": str(root / "runtime")}
        self.offline = shutil.which("unshare") and self.runs("unshare", "-rn", "ip", "link", "set", "lo", "up")

    def runs(self, *command: str) -> bool:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def do(self, *command: str, network: bool = True) -> tuple[str, float]:
        """Run a command in the copy and return what it said, and its seconds."""
        if not network and self.offline:
            command = ("unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command)
        start = time.monotonic()
        done = subprocess.run(
            command,
            cwd=self.repo,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout, time.monotonic() - start


@pytest.fixture(scope="module")
def visit(tmp_path_factory) -> Visit:
    """The built environment, after `postBuild`."""
    named = (ROOT / "binder" / "runtime.txt").read_text().strip().replace("-", "")
    here = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = sys.executable if here == named else shutil.which(named)
    if python is None:
        pytest.skip(f"{named} is not on this machine")
    made = Visit(tmp_path_factory.mktemp("binder"))
    made.do(python, "-m", "venv", str(made.venv))
    _, install = made.do("pip", "install", "--quiet", "--no-cache-dir", "-r", "binder/requirements.txt")
    _, built = made.do("./binder/postBuild")
    size = sum(path.stat().st_size for path in made.venv.rglob("*") if path.is_file()) / 1e6
    print(f"\ninstall {install:.1f} s, postBuild {built:.1f} s, {size:.0f} MB")
    return made


def test_the_package_is_installed_not_linked(visit):
    where, _ = visit.do("python", "-c", "import os; os.chdir('/'); import privkit; print(privkit.__file__)")
    assert where.startswith(str(visit.venv))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_without_a_network(visit, name):
    nbconvert = ["jupyter", "nbconvert", "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=180"]
    _, seconds = visit.do("./binder/start", *nbconvert, "--output-dir", "out", f"notebooks/{name}", network=False)
    print(f"{name} {seconds:.1f} s{'' if visit.offline else ' (with the network: no unshare here)'}")


def test_jupyterlab_opens_the_first_notebook_with_the_extension_on(visit):
    told, _ = visit.do("./binder/start", "python", "-c", LOOK, visit.env["JUPYTER_RUNTIME_DIR"], network=False)
    line = next(line for line in told.splitlines() if line.startswith("LOOKED "))
    ready, extensions, bundle, projects, news = json.loads(line.removeprefix("LOOKED "))
    print(f"JupyterLab answers after {ready:.1f} s")
    assert {"jupyter-privkit", "@jupyter-widgets/jupyterlab-manager"} <= set(extensions)
    assert bundle > 1000
    assert [project["name"] for project in projects["projects"]], "a notebook that ran before has opened a project"
    assert news["properties"]["fetchNews"]["default"] == "false"
    assert news["properties"]["checkForUpdates"]["default"] is False
