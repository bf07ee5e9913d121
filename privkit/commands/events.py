"""``privkit events``: a recipe carried out on a file of events."""

from __future__ import annotations

import argparse
from pathlib import Path

from privkit.commands.table import check_output
from privkit.commands.telling import at_work, tell, tell_json
from privkit.events import Key, Recipe


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("recipe", type=Path, help="a recipe: .toml, .yaml or .json")
    parser.add_argument("file", type=Path, help="events, one JSON object a line (.ndjson, .jsonl, also .gz)")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument("--unmatched", choices=["refuse", "drop", "keep"], default="refuse", help="fields with no rule")
    parser.add_argument("--quarantine", type=Path, help="set events that cannot be read apart, in this file")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the key that the recipe names, where it names none")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Write the events, whole or not at all, and print what was done; return 0."""
    check_output(options.out, options.force, options.file, options.recipe)
    keys = {}
    if options.key is not None:
        key = Key.from_file(options.key)
        keys = {key.id: key}
    recipe = Recipe.load(options.recipe, keys=keys)
    with at_work("reading and writing"):
        out = recipe.apply(
            options.file,
            unmatched=options.unmatched,
            output=options.out,
            on_error="raise" if options.quarantine is None else "quarantine",
            quarantine=options.quarantine,
        )
    if options.json:
        account = out.account
        tell_json({"n_in": account.n_in, "n_out": account.n_out, "unmatched": sorted(account.unmatched)})
    else:
        tell(out)
    return 0
