"""``privkit events``: a recipe carried out on a file of events."""

from __future__ import annotations

import argparse
from pathlib import Path

from privkit.commands.table import check_output
from privkit.commands.telling import at_work, tell, tell_json
from privkit.events import Key, Recipe
from privkit.events.run.exposure import rule_counts

#: Rules that change no value, or count events.
_UNCOUNTED = ("keep", "sample", "merge")


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
    inputs = (options.file, options.recipe, options.key)
    check_output(options.out, options.force, *inputs)
    if options.quarantine is not None:
        check_output(options.quarantine, options.force, *inputs, options.out)
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
    account = out.account
    # A path that no event has: nothing was there, or it is mistyped, and what it should treat was passed on.
    idle = [rule for rule in rule_counts(recipe, account) if not rule.count and rule.op not in _UNCOUNTED]
    untouched = [f"{rule.op} {', '.join(rule.paths)}" for rule in idle] if account.n_in else []
    if options.json:
        figures = {"n_in": account.n_in, "n_out": account.n_out, "unmatched": sorted(account.unmatched)}
        tell_json({**figures, "rules_that_touched_nothing": untouched})
    else:
        if untouched:
            print(f"Touched nothing: {'; '.join(untouched)}. Is a path mistyped?")
        tell(out)
    return 0
