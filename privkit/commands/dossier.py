"""``privkit dossier``: what is held, found and released, in one document; for people, programs and a register."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from privkit.budget.ledger import Ledger
from privkit.commands.large import table_of, valued
from privkit.commands.table import add_table, as_value, check_output
from privkit.commands.telling import at_work, tell, tell_json
from privkit.project.project import Project
from privkit.study.dossiers.dossier import dossier, way_of
from privkit.study.gate import inventory_of
from privkit.view.document import plain


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser, qi=False, optional=True)
    parser.add_argument("--project", metavar="NAME", help="whose releases are told; its ledger is only looked at")
    parser.add_argument("--store", help="where the ledger lies: a file or a SQLAlchemy URL (.privkit/ledger.db)")
    parser.add_argument("--inventory", type=Path, metavar="FILE", help="what the columns are for (YAML)")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="what a person says of open questions (TOML)")
    parser.add_argument("--review", metavar="DAY", help="when it is to be looked at again, as 2027-11-30")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="print what moved since an earlier one (JSON)")
    forms = "by the end of its name: .html, .md, .json, or .yaml for the deployments registry"
    parser.add_argument("--out", type=Path, action="append", default=[], metavar="FILE", help=f"write it, {forms}")
    parser.add_argument("--force", action="store_true", help="write over files that are there")


def run(options: argparse.Namespace) -> int:
    """Write the dossier and print it, or what moved; return 0."""
    for out in options.out:
        way_of(out)
        check_output(out, options.force, options.file, options.inventory, options.answers, options.compare)
    inventory = inventory_of(options.inventory)
    with at_work("reading and looking"):
        made = dossier(
            table_given(options),
            project=project_of(options),
            inventory=inventory,
            answers=options.answers,
            review=options.review,
            title="" if options.file is None or options.project is not None else options.file.name,
        )
    moved = None if options.compare is None else made.compare(options.compare)
    for out in options.out:
        made.save(out)
    if not options.json:
        tell(made if moved is None else moved)
    elif moved is None:
        tell_json(plain(made))
    else:
        told = [one._asdict() for one in moved]
        tell_json({"earlier": moved.earlier, "later": moved.later, "changes": told})
    return 0


def table_given(options: argparse.Namespace) -> Any:
    """Return the table that was named, with numbers as such; None where none was."""
    if options.file is None:
        return None
    table = table_of(options)
    return table.apply(as_value) if hasattr(table, "iloc") else valued(table, options.file)


def project_of(options: argparse.Namespace) -> Project | None:
    """Return the project to look at, which does not become the current one."""
    if options.project is None:
        return None
    return Project(Ledger.open(options.store, read_only=True).account(options.project))
