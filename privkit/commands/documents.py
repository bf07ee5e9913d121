"""The commands that write documents of a table, its inventory and its ledger: dossier and papers.

What is held, found and released, in one document; and drafts of a policy, a notice, an hour of training and questions
to vendors, to be edited.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from privkit.budget.ledger import Ledger
from privkit.commands.large import looked_at, table_of
from privkit.commands.table import add_table, check_output
from privkit.commands.telling import at_work, tell, tell_json
from privkit.errors import ParameterError
from privkit.inventory.audit import audit
from privkit.inventory.inventory import Inventory
from privkit.project.project import Project
from privkit.study.dossiers.dossier import dossier, way_of
from privkit.study.gate import inventory_of
from privkit.study.papers.papers import papers
from privkit.view.document import plain


def arguments_dossier(parser: argparse.ArgumentParser) -> None:
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


def run_dossier(options: argparse.Namespace) -> int:
    """Write the dossier and print it, or what moved; return 0."""
    for out in options.out:
        way_of(out)
        check_output(out, options.force, options.file, options.inventory, options.answers, options.compare)
    inventory = inventory_of(options.inventory)
    with at_work("reading and looking"):
        made = dossier(
            _table(options),
            project=_project(options),
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


def _table(options: argparse.Namespace) -> Any:
    """Return the table that was named, with numbers as such; None where none was."""
    if options.file is None:
        return None
    return looked_at(table_of(options), options.file)


def _project(options: argparse.Namespace) -> Project | None:
    """Return the project to look at, which does not become the current one."""
    if options.project is None:
        return None
    return Project(Ledger.open(options.store, read_only=True).account(options.project))


def arguments_papers(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_table(parser, qi=False, optional=True)
    parser.add_argument("--inventory", type=Path, metavar="FILE", help="what the columns are for (YAML)")
    parser.add_argument("--project", metavar="NAME", help="whose budget is told; its ledger is only looked at")
    parser.add_argument("--store", help="where the ledger lies: a file or a SQLAlchemy URL (.privkit/ledger.db)")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="what a person says of blanks (TOML)")
    parser.add_argument("--title", default="", help="what the data are called in the papers")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="write policy.md, notice.md, training.md and vendors.md"
    )
    parser.add_argument("--force", action="store_true", help="write over papers that are there")


def run_papers(options: argparse.Namespace) -> int:
    """Write the papers and print what is to be filled in; return 0."""
    with at_work("reading and looking"):
        inventory = _inventory(options)
    made = papers(inventory, project=_project(options), answers=options.answers, title=options.title)
    if options.out is not None:
        made.save(options.out, overwrite=options.force)
    if options.json:
        tell_json({"title": made.title, "papers": dict(made), "open": [one._asdict() for one in made.open]})
    else:
        tell(made, more="" if options.out is None else f"written to '{options.out}'.")
    return 0


def _inventory(options: argparse.Namespace) -> Inventory:
    """Return the inventory in a file, of a table, or of both: then a column that is new is in it, too."""
    said = inventory_of(options.inventory)
    table = _table(options)
    if table is None and said is None:
        raise ParameterError.of("inventory", "neither a table nor an inventory", "one of them")
    return said if table is None and said is not None else audit(table, inventory=said)
