"""The server extension in a Jupyter server without a front end: who may ask, what is answered, and that it waits.

A server of its own process: its fixtures and those of the browser do not get along in one.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import secrets
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
import yaml

import privkit as pk
import privkit.lab
from privkit.lab.handlers import HELD, ROUTES

OPENAPI = yaml.safe_load((Path(privkit.lab.__file__).parent / "openapi.yaml").read_text(encoding="utf-8"))
NAME = "<img src=x onerror=alert(1)>"


class Server:
    """A Jupyter server on loopback with the extension, and a client of it."""

    def __init__(self, root: Path) -> None:
        self.root, self.work = root, root / "work"
        self.work.mkdir()
        self.token, self.url = secrets.token_hex(16), ""
        places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
        self.env = {**os.environ, **{name: str(root / folder) for name, folder in places.items()}, "HOME": str(root)}
        self.env |= {"PRIVKIT_STATE_DIR": str(root / "state")}

    def start(self) -> subprocess.Popen[bytes]:
        """Start it."""
        options = ["--no-browser", "--ip=127.0.0.1", "--port=0", "--ServerApp.port_retries=0", "--allow-root"]
        options += [f"--ServerApp.root_dir={self.work}", f"--IdentityProvider.token={self.token}"]
        options += ["--ServerApp.jpserver_extensions={'privkit.lab': True}"]
        command = [sys.executable, "-m", "jupyter_server", *options]
        with (self.root / "log").open("w") as log:
            process = subprocess.Popen(command, env=self.env, cwd=self.work, stdout=log, stderr=log)
        end = time.monotonic() + 90
        while time.monotonic() < end and process.poll() is None:
            for path in (self.root / "runtime").glob("jpserver-*.json"):
                try:
                    self.url = json.loads(path.read_text())["url"]
                    self.get("api/status")
                    return process
                except (OSError, ValueError, KeyError):
                    pass
            time.sleep(0.1)
        process.kill()
        pytest.fail("the Jupyter server did not start:\n" + (self.root / "log").read_text()[-2000:])

    def get(self, name: str, *, token: bool = True, headers: dict[str, str] | None = None, opener=None, **query: str):
        """Return status, body and headers of a request."""
        request = urllib.request.Request(f"{self.url}{name}?{urllib.parse.urlencode(query)}", headers=headers or {})
        if token:
            request.add_header("Authorization", f"token {self.token}")
        try:
            with (opener or urllib.request.build_opener()).open(request, timeout=HELD + 30) as response:
                return response.status, response.read().decode(), response.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server"))
    process = server.start()
    yield server
    process.terminate()
    process.wait(15)


@pytest.fixture(scope="module")
def project(server):
    os.environ["PRIVKIT_STATE_DIR"] = server.env["PRIVKIT_STATE_DIR"]
    project = pk.open_project(NAME, epsilon=10, unit=pk.ROW, store=server.work / "study" / ".privkit" / "ledger.db")
    spend(project)
    return project


def spend(project):
    pd.DataFrame({"a": [1]}).privacy.dp_count(epsilon=0.1, again=True, project=project)


@contextmanager
def logged_in(server):
    """Yield an opener with the cookie of a browser in which somebody is logged in."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    opener.open(f"{server.url}api/contents?token={server.token}", timeout=30).read()
    opener.open(f"{server.url}login?token={server.token}", timeout=30).read()
    yield opener


ASKED = {"projects": {"path": "study"}, "entries": {"path": "study", "project": NAME}, "changes": {"path": "study"}}


def test_the_description_lists_the_routes_and_no_others():
    assert sorted(OPENAPI["paths"]) == sorted(f"/privkit/{name}" for name, _ in ROUTES)
    assert sorted(ASKED) == sorted(name for name, _ in ROUTES)
    assert all(list(path) == ["get"] for path in OPENAPI["paths"].values())


@pytest.mark.parametrize("name", ASKED)
def test_answers_are_as_the_description_says(server, project, name):
    status, body, headers = server.get(f"privkit/{name}", **ASKED[name])
    assert status == 200
    response = OPENAPI["paths"][f"/privkit/{name}"]["get"]["responses"]["200"]
    schema = {**response["content"]["application/json"]["schema"], "components": OPENAPI["components"]}
    jsonschema.Draft202012Validator(schema).validate(json.loads(body))
    assert headers["Content-Type"].startswith("application/json")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ASKED)
def test_nobody_is_told_anything_without_logging_in(server, project, name):
    status, body, _ = server.get(f"privkit/{name}", token=False, **ASKED[name])
    assert status == 403
    assert NAME not in body
    status, body, _ = server.get(
        f"privkit/{name}", token=False, headers={"Authorization": "token wrong"}, **ASKED[name]
    )
    assert status == 403


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Referer": "https://evil.example/page"},
        {"Referer": "https://evil.example/page"},
        {"Origin": "null"},
        {},  # a script or an image of another page sends no origin, and may hide its address
    ],
)
def test_a_page_of_another_site_is_told_nothing_although_the_browser_is_logged_in(server, project, name, headers):
    with logged_in(server) as opener:
        status, body, _ = server.get(f"privkit/{name}", token=False, headers=headers, opener=opener, **ASKED[name])
        assert status in {403, 404}, body
        assert NAME not in body
        here = {"Referer": f"{server.url}lab"}
        assert server.get(f"privkit/{name}", token=False, headers=here, opener=opener, **ASKED[name])[0] == 200


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("path", ["../x", "..", "/etc", "a/../../x", "C:/x", "a\\..\\x"])
def test_no_path_leads_outside_the_root(server, project, name, path):
    asked = time.monotonic()
    status, body, _ = server.get(f"privkit/{name}", **{**ASKED[name], "path": path})
    assert status in {400, 403}
    assert str(server.root) not in body
    assert time.monotonic() - asked < HELD / 2  # a refusal is not held until the folder changes


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("name", ASKED)
def test_there_is_no_way_to_write(server, project, name, method):
    request = urllib.request.Request(f"{server.url}privkit/{name}?path=study", method=method, data=b"{}")
    request.add_header("Authorization", f"token {server.token}")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    assert caught.value.code == 405


def test_a_root_without_ledgers_is_calm(server):
    status, body, _ = server.get("privkit/projects", path="")
    assert (status, json.loads(body)["projects"]) == (200, [])


def test_a_change_is_told_at_once(server, project):
    version = json.loads(server.get("privkit/changes", path="study", seen="")[1])["version"]
    told = {}

    def wait():
        told["version"] = json.loads(server.get("privkit/changes", path="study", seen=version)[1])["version"]
        told["at"] = time.monotonic()

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(1.0)
    assert waiting.is_alive()  # nothing was written: the request is held
    spend(project)
    spent = time.monotonic()
    waiting.join(HELD + 30)
    assert told["version"] != version
    assert told["at"] - spent < HELD / 2  # and not when the request ends anyway


def test_a_locked_ledger_holds_up_nobody_else(server, project):
    import sqlite3

    ledger = server.work / "study" / ".privkit" / "ledger.db"
    locked = sqlite3.connect(ledger, isolation_level=None)
    locked.execute("BEGIN EXCLUSIVE")
    try:  # the ledger is waited for two seconds, outside the server's own thread
        found = []
        for _ in range(5):  # on a busy machine an answer may take as long
            asking = threading.Thread(target=lambda: found.append(server.get("privkit/projects", path="study")[0]))
            asking.start()
            time.sleep(0.3)
            assert server.get("api/status")[0] == 200
            before = asking.is_alive()
            asking.join(60)
            if before:
                break
    finally:
        locked.close()
    assert set(found) == {423}
    assert before


def test_looking_is_no_activity(server, project):
    def last():
        return json.loads(server.get("api/status")[1])["last_activity"]

    before = last()
    time.sleep(0.05)
    server.get("privkit/projects", path="study")
    server.get("privkit/entries", path="study", project=NAME)
    # Asking for the status is no activity either.
    assert last() == before
