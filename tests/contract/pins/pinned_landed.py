"""Files that a landed version of privkit wrote. They are written once: what they hold must be readable for good.

``landed/2026-11`` was written by privkit 0.1.0: a ledger with an answer to every question of `pinned_asked`, exports of
it, recipes, hierarchies and an inventory.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stdout
from importlib.metadata import entry_points
from io import StringIO
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest
from pinned_asked import PRICE, answered, asked, begun, json_lines, numbers_of, people

import privkit as pk
from privkit import events as ev

LANDED = Path(__file__).parents[1] / "landed"
#: The newest folder: that of the version which wrote last.
NEWEST = LANDED / "2026-11"
#: Under which the ledgers were written: a replay finds answers by names that are keyed.
SECRET = "a key that everybody knows"
KEY = bytes(range(32))
#: As long as what the choice of rows draws; nothing else draws as much.
SALT = b"0123456789abcdef"


@contextmanager
def in_its_own_state(folder: Path) -> Iterator[None]:
    """Keep keys and anchors in a folder, and let everybody know the secret."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRIVKIT_STATE_DIR", str(folder / "state"))
        patch.setenv("PRIVKIT_KEY", SECRET)
        patch.setenv("PRIVKIT_ANALYST", "ada")
        yield


@contextmanager
def salted(salt: bytes = SALT) -> Iterator[None]:
    """Let the choice of a person's rows that count depend on the test alone."""
    drawn = secrets.token_bytes
    with mock.patch("secrets.token_bytes", lambda n=32: salt if n == len(salt) else drawn(n)):
        yield


def copied_ledger(folder: Path, landed: Path = NEWEST) -> Path:
    """Return a copy of the landed ledger: opening it for use may write into it."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(landed / "ledger.db", folder / "landed.db"))


def write_landed(folder: Path, scratch: Path) -> None:
    """Write a folder of files as today's version writes them.

    Raises
    ------
    FileExistsError
        If it is there: what a version wrote is no longer to be changed.
    """
    folder.mkdir(parents=True)
    with in_its_own_state(scratch):
        _write_ledger(folder)
    (folder / "codes.json").write_text('{"DHL": "c1", "DPD": "c2"}\n', encoding="utf-8")
    for name, recipe in recipes().items():
        for kind in ("toml", "yaml", "json"):
            recipe.save(folder / f"recipe_{name}.{kind}")
    for name, hierarchy in hierarchies().items():
        hierarchy.write_csv(folder / f"hierarchy_{name}.csv")
    inventory().to_yaml(folder / "inventory.yaml")
    people().to_csv(folder / "people.csv", index=False)
    anonymized_by_command(folder / "anonymized.csv", "--save-hierarchies", str(folder / "hierarchies.toml"))


def _write_ledger(folder: Path) -> None:
    frame, store, told = people(), folder / "ledger.db", {}
    for kind, questions in asked().items():
        project = begun(kind, store)
        for name, question in questions.items():
            told[f"{kind}.{name}"] = numbers_of(answered(question, project, PRICE, frame))
        _write_odd_entries(project, frame)
        project.ledger.to_json(folder / f"{kind}.json")
    project.ledger.to_csv(folder / f"{project.name}.csv")
    (folder / "answers.json").write_text(json_lines(told), encoding="utf-8")


def anonymized_by_command(out: Path, *options: str, landed: Path | None = None) -> None:
    """Anonymize the people of a folder by the shell command, which alone reads and writes TOML files of hierarchies."""
    (command,) = entry_points(group="console_scripts", name="privkit")
    source = str((landed or out.parent) / "people.csv")
    with redirect_stdout(StringIO()):
        code = command.load()(["anonymize", source, "--qi", "zip,age", "--k", "4", "--out", str(out), *options])
    assert code == 0


def _write_odd_entries(project: pk.Project, frame: pd.DataFrame) -> None:
    """Write a second draw, one of a declared version, and where persons are sampled a failed and an orphaned one."""
    count = (pk.dp_count, (), {})
    answered(count, project, PRICE, frame, again=True)
    answered(count, project, PRICE, frame, version="2026-11")
    if project.name != "persons":
        return
    for number, error in ((10, ValueError), (11, KeyboardInterrupt)):
        with _failing(error()), pytest.raises((pk.MeasurementError, KeyboardInterrupt)):
            answered((pk.dp_count, (), {"where": f"age > {number}"}), project, PRICE, frame)


@contextmanager
def _failing(error: BaseException) -> Iterator[None]:
    """Let the choice of a person's rows fail: the price is reserved by then."""
    drawn = secrets.token_bytes

    def failing(size: int = 32) -> bytes:
        if size == len(SALT):
            raise error
        return drawn(size)

    with mock.patch("secrets.token_bytes", failing):
        yield


def recipes() -> dict[str, ev.Recipe]:
    """Return recipes that hold every operation, with what each takes. One names a file beside it."""
    key, kept = ev.Key(KEY), {"other": "keep"}
    whole = [
        ev.sample(0.5, by="shipping.to", key=key),
        ev.shift_dates("time", by="shipping.to", days=30, key=key, step="day"),
        ev.truncate_time("time", "month", tz="Europe/Zurich"),
        ev.pseudonymize("id", key=key, scope="order", per="tenant", bits=160, form="base32", prefix="o-"),
        ev.number("products[].id", scope="item", start=7),
        ev.perturb("products[].quantity", within=2, by="id", key=key),
        ev.scale("products[].price", by="tenant", key=key, low=0.5, high=2, digits=1),
        ev.coarsen("shipping.zip", prefix=2),
        ev.encode("shipping.carrier", "codes.json", **kept),
        ev.rename("status", "state", values={"delivered": "done"}, **kept),
        ev.erase("shipping.line1", replacement="-"),
        ev.keep("tenant", "shipping.country"),
        ev.drop("shipping.to", "products[].name"),
        ev.rename("products", "basket"),
    ]
    bands = [
        ev.coarsen("products[].price", bins=[0, 10, 50]),
        ev.coarsen("products[].quantity", round=5, bottom=0, top=10),
        ev.substitute("products[].id", {"p027": [[2, "spice"]], "p011": "frother"}, **kept),
        ev.keep("time", "tenant", "products[].id", "products[].price", "products[].quantity", only=True),
    ]
    merged = [
        ev.truncate_time("time", "day"),
        ev.merge(by=["time", "shipping.country"], count="orders", at_least=3, unit="shipping.to"),
    ]
    return {
        "whole": ev.Recipe(whole, name="whole", version="2"),
        "bands": ev.Recipe(bands, name="bands"),
        "merged": ev.Recipe(merged, name="merged"),
        # Operations that came after a folder was landed get a recipe of their own, which that folder does not have.
        "masked": ev.Recipe([ev.keep("time", only=True), ev.mask("id", shown=2)], name="masked"),
    }


def recipe_outputs(
    folder: Path, loaded: Mapping[str, ev.Recipe] | None = None, *, whole: bool = True
) -> dict[str, bytes]:
    """Return what each recipe writes, as bytes: of forty orders, and the hash of what it writes of all of them."""
    lines = [json.dumps(order) + "\n" for order in ev.example_orders()]
    told: dict[str, bytes] = {}
    for name, recipe in (loaded or recipes()).items():
        for count in (40, len(lines)) if whole else (40,):
            source, out = folder / f"in_{count}.ndjson", folder / f"{name}_{count}.ndjson"
            source.write_text("".join(lines[:count]), encoding="utf-8")
            with chdir(NEWEST):  # where the book of codes lies
                recipe.apply(source, output=out, unmatched="drop")
            written = out.read_bytes()
            if count == 40:
                told[f"{name}.ndjson"] = written
            else:
                told[f"{name}.sha256"] = hashlib.sha256(written).hexdigest().encode() + b"\n"
    return told


def hierarchies() -> dict[str, pk.Hierarchy]:
    """Return hierarchies of every form that a file holds."""
    tree = {"care": ["nurse", "doctor"], "craft": ["smith", "cook"]}
    return {
        "tree": pk.Hierarchy.from_tree(tree),
        "ordered": pk.Hierarchy.ordered(["low", "middle", "high", "top"], 2),
        "rows": pk.Hierarchy.from_rows(
            [("a", "x", "*"), ("b", "x", "*"), ("c", "y", "*")], names=("letter", "group", "all")
        ),
    }


def inventory() -> pk.Inventory:
    """Return an inventory with an owner's word in it."""
    made = pk.audit(people(), roles={"left": "sensitive", "who": "direct"})
    return made.assign(["zip", "age"], purpose="churn by area", legal_basis="contract", retention="2027-12-31")
