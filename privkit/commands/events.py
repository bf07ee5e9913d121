"""``privkit events``: a recipe carried out on a file of events, or drafted from one."""

from __future__ import annotations

import argparse
from pathlib import Path

from privkit.commands.table import check_output, form, shared_name
from privkit.commands.telling import at_work, tell, tell_json
from privkit.errors import FileError, ParameterError
from privkit.events import Key, Recipe, propose

#: The word in the place of a recipe that asks for one.
_PROPOSE = "propose"


def arguments_events(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    recipe = f"a recipe (.toml, .yaml or .json), or the word {_PROPOSE}, which drafts one from the file"
    parser.add_argument("recipe", type=Path, help=recipe)
    parser.add_argument("file", type=Path, help="events, one JSON object a line (.ndjson, .jsonl, also .gz)")
    parser.add_argument("--out", type=Path, help="the file to write: events (.ndjson), or the drafted recipe")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument("--unmatched", choices=["refuse", "drop", "keep"], default="refuse", help="fields with no rule")
    parser.add_argument("--quarantine", type=Path, help="set events that cannot be read apart, in this file")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the key that the recipe names, where it names none")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run_events(options: argparse.Namespace) -> int:
    """Write the events, whole or not at all, and print what was done; return 0."""
    if str(options.recipe) == _PROPOSE:
        return _propose(options)
    if options.out is None:
        raise ParameterError.together(["--out"], "--out FILE is needed: where the events are written.")
    inputs = (options.file, options.recipe, options.key)
    if form(options.out) != "ndjson":
        raise FileError.of(options.out.name, "events are written one JSON object a line", "Call it .ndjson or .jsonl.")
    check_output(options.out, options.force, *inputs)
    if options.quarantine is not None:
        check_output(options.quarantine, options.force, *inputs, beside=options.out)
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
        figures = {"n_in": account.n_in, "n_out": account.n_out, "unmatched": sorted(account.unmatched)}
        idle = [f"{rule.op} {', '.join(rule.paths)}" for rule in out.idle]
        tell_json({**figures, "rules_that_touched_nothing": idle})
    else:
        tell(out)
    return 0


def _propose(options: argparse.Namespace) -> int:
    """Draft a recipe, write it where that is asked, and print it with its reasons; return 0."""
    if options.out is not None:
        check_output(options.out, options.force, options.file)
    with at_work("reading and looking"):
        draft = propose(options.file)
    if options.out is not None:
        draft.save(options.out)
    if options.json:
        tell_json({"n_events": draft.n_events, "fields": [vars(field) for field in draft.fields]})
        return 0
    written = options.out or "recipe.toml"
    shared = ["--out", shared_name(options.file)]
    tell(
        draft,
        [
            "events",
            *([written] if options.out else [_PROPOSE]),
            options.file,
            *(shared if options.out else ["--out", written]),
        ],
    )
    return 0
