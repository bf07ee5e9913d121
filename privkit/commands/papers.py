"""``privkit papers``: a policy, a notice to customers, an hour of training and questions to vendors, to be edited."""

from __future__ import annotations

import argparse
from pathlib import Path

from privkit.commands.dossier import project_of, table_given
from privkit.commands.table import add_table
from privkit.commands.telling import at_work, tell, tell_json
from privkit.errors import ParameterError
from privkit.inventory.audit import audit
from privkit.inventory.inventory import Inventory
from privkit.study.gate import inventory_of
from privkit.study.papers.papers import papers


def arguments(parser: argparse.ArgumentParser) -> None:
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


def run(options: argparse.Namespace) -> int:
    """Write the papers and print what is to be filled in; return 0."""
    with at_work("reading and looking"):
        inventory = _inventory(options)
    made = papers(inventory, project=project_of(options), answers=options.answers, title=options.title)
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
    table = table_given(options)
    if table is None and said is None:
        raise ParameterError.of("inventory", "neither a table nor an inventory", "one of them")
    return said if table is None and said is not None else audit(table, inventory=said)
