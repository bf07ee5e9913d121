"""``privkit demo``: from a table to a number that may be published, in a terminal."""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import privkit as pk
from privkit.commands.telling import tell_json

if TYPE_CHECKING:
    import pandas as pd

#: The plans on the price list: public, so they may be the keys of a release.
PLANS = ["basic", "plus", "premium", "prepaid"]


def arguments_demo(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--json", action="store_true", help="print JSON: the story's figures alone")


def run_demo(options: argparse.Namespace) -> int:
    """Tell the story. It writes nothing outside a temporary folder, and removes that at the end."""
    df = pk.example("insights")
    with _temporary_folder() as folder, redirect_stdout(io.StringIO() if options.json else sys.stdout):
        figures = look(df)
        project = pk.open_project("insights", epsilon=1.0, unit=pk.ROW, store=folder / "ledger.db")
        figures |= release(df, project)
        watch(df, project)
        figures |= {"spent": project.spent, "left": project.remaining}
        _say("\nThe same in a notebook, with pictures and a live panel: notebooks/01_start.ipynb")
    if options.json:
        tell_json(figures)
    return 0


def look(df: pd.DataFrame) -> dict[str, Any]:
    """Show how exposed the table is: exact, for the owner's eyes, free."""
    _step("A table of 20,000 synthetic customers of a telecom", "df = pk.example('insights')")
    _say(df.head(3).to_string(index=False))
    _step("Without names, do zip and age still single people out?", "df.privacy.kanon(['zip', 'age'])")
    _say(df.privacy.kanon(["zip", "age"]))
    _step("Is every combination shared by at least 5?", "df.privacy.kanon(['zip', 'age'], k=5)")
    judged = df.privacy.kanon(["zip", "age"], k=5)
    _say(judged)
    return {"n_rows": judged.n_rows, "k": judged.k, "n_unique": judged.n_unique, "rows_short": judged.rows_short}


def release(df: pd.DataFrame, project: pk.Project) -> dict[str, Any]:
    """Publish noisy counts, and see what they cost."""
    _step("Open a project: a budget, and whom it protects", "pk.open_project('insights', epsilon=1.0, unit=pk.ROW)")
    _say(project)
    question = "df.privacy{}.dp_count('plan', keys=PLANS, epsilon=0.5)"
    _step("What would a count by plan cost? No row is touched.", question.format(".plan"))
    _say(df.privacy.plan.dp_count("plan", keys=PLANS, epsilon=0.5))
    _step("Buy it: these numbers may be published", question.format(""))
    first = df.privacy.dp_count("plan", keys=PLANS, epsilon=0.5)
    _say(first)
    _step(
        "How far are they from the truth? (the owner may look)", "release.to_frame() beside df['plan'].value_counts()"
    )
    _say(first.to_frame().assign(exact=df["plan"].value_counts()))
    _step("Ask the same again: the stored answer, at no cost", "again.value.equals(release.value), project.remaining")
    again = df.privacy.dp_count("plan", keys=PLANS, epsilon=0.5)
    replayed = again.value.equals(first.value)
    _say((replayed, project.remaining))
    _step("Ask by accuracy: privkit finds the price of ±10", "df.privacy.dp_count(accuracy=10)")
    _say(df.privacy.dp_count(accuracy=10))
    return {"counts": first.value.to_dict(), "replayed": replayed}


def watch(df: pd.DataFrame, project: pk.Project) -> None:
    """Show what is spent, and what happens when it is gone."""
    _step("Fresh noise is charged anew, and the budget holds", "df.privacy.dp_count(..., epsilon=0.5, again=True)")
    try:
        df.privacy.dp_count("plan", keys=PLANS, epsilon=0.5, again=True)
    except pk.InsufficientBudgetError as error:
        _say(f"InsufficientBudgetError: {error}")
    _step("The ledger remembers every release", "project.ledger")
    _say(project.ledger)
    _step("And what is left", "project")
    _say(project)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """Give a folder for the ledger and for its key, so that nothing of the demo stays behind."""
    before = os.environ.get("PRIVKIT_STATE_DIR")
    with tempfile.TemporaryDirectory(prefix="privkit-demo-") as folder:
        os.environ["PRIVKIT_STATE_DIR"] = str(Path(folder) / "state")
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["PRIVKIT_STATE_DIR"]
            else:
                os.environ["PRIVKIT_STATE_DIR"] = before


def _step(title: str, code: str) -> None:
    _say(f"\n== {title}\n>>> {code}")


def _say(what: Any) -> None:
    print(what, flush=True)
