from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))  # what the browser tests share lies beside them
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},  # all cells are in the page
}


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


class Lab:
    """A JupyterLab server on loopback, with copies of the notebooks and nobody else's settings."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.work = root / "work"
        shutil.copytree(ROOT / "notebooks", self.work, ignore=shutil.ignore_patterns(".*"))
        for name, setting in SETTINGS.items():
            path = root / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(setting))
        # The front end of this checkout, whatever is installed.
        bundle = shutil.copytree(
            ROOT / "privkit" / "lab" / "labextension", root / "share" / "labextensions" / "jupyter-privkit"
        )
        shutil.copy(ROOT / "privkit" / "lab" / "install.json", bundle)
        self.token = secrets.token_hex(16)
        self.url = ""

    @property
    def env(self) -> dict[str, str]:
        """The environment of the server and its kernels."""
        places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
        places |= {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
        places |= {"HOME": "home", "IPYTHONDIR": "ipython", "PRIVKIT_STATE_DIR": "state"}
        places |= {"JUPYTER_PATH": "share"}
        return {**os.environ, **{name: str(self.root / folder) for name, folder in places.items()}}

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server."""
        (self.root / "home").mkdir()
        options = ["--no-browser", "--ip=127.0.0.1", "--port=0", "--ServerApp.port_retries=0"]
        options += [f"--ServerApp.root_dir={self.work}", f"--IdentityProvider.token={self.token}"]
        options += ["--ServerApp.allow_root=True", "--LabApp.extension_manager=readonly"]
        with (self.root / "lab.log").open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *options], env=self.env, cwd=self.work, stdout=log, stderr=log
            )

    def wait(self, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
        """Wait until the server answers."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            for path in (self.root / "runtime").glob("jpserver-*.json"):
                try:
                    url = json.loads(path.read_text())["url"]
                    with urllib.request.urlopen(f"{url}api/status?token={self.token}", timeout=5):
                        self.url = url
                        return
                except (OSError, ValueError, KeyError):
                    pass
            time.sleep(0.1)
        pytest.fail("JupyterLab did not start:\n" + (self.root / "lab.log").read_text()[-2000:])


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    process = lab.start()
    try:
        lab.wait(process)
        yield lab
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture(scope="module", autouse=True)
def light(lab):
    """Let each module begin in the light theme, whatever the one before left behind."""
    themes = lab.root / "settings" / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
    themes.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def chromium():
    """A browser, closed with its module: while Playwright runs, no test of this thread can start an event loop."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("no Chromium on PATH: install one, or name it in CHROMIUM")
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where pictures are kept, for eyes; git ignores it."""
    folder = ROOT / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder
