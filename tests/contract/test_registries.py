"""No list names kinds one by one outside their own files: a kind enters itself, and says itself what others ask of it.

A kind is a statistic, a ``dp_*`` function, a criterion, an operation of a recipe, or an attack. Its own file is one
that defines a kind of the same registry; a statistic's is that of its function, too. Elsewhere no file may import three
of them, hold three of their names in one list, or compare with three of them, but those in `ALLOWED`, for a reason.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import privkit
import privkit.dp
from privkit import anonymity, attacks, events
from privkit.anonymity.criterion import Part
from privkit.attacks.claims import Attack
from privkit.dp.statistics.statistic import Statistic
from privkit.events.operations.operation import OPERATIONS
from privkit.project import dp
from privkit.project.asking import FUNCTIONS
from privkit.values.kinds import read_all

read_all(privkit.dp, dp, anonymity, events, attacks)

ROOT = Path(privkit.__file__).parent
MOST = 2
#: Where three or more are named, and why the kinds cannot say it themselves.
ALLOWED = {
    ("statistic", "project/ledger_view.py"): "what a record holds is told, and typed again, with no statistic loaded",
    ("criterion", "study/policy.py"): "the rules of a policy's file, each with its place there",
    ("criterion", "commands/criteria.py"): "the options of a command",
    ("operation", "events/__init__.py"): "the public names of pk.events",
    ("attack", "attacks/models/attack.py"): "the bench on which they share the answers of shadow models",
    ("attack", "study/dossiers/reports.py"): "WP216's three questions, which are called as three of the attacks are",
    ("function", "project/dp/plan.py"): "made by `make stub`",
    ("function", "view/panels/shape.py"): "the few questions that a panel with these fields can ask",
}


def file_of(thing) -> Path:
    return Path(inspect.getsourcefile(inspect.unwrap(thing)))


#: Of each registry: its kinds, by module and class; their names in text; and the files that are their own.
REGISTRIES = {
    "statistic": (Statistic.KINDS.values(), {kind.mark["statistic"] for kind in Statistic.KINDS.values()}),
    "criterion": (Part.kinds.values(), set(Part.kinds)),
    "operation": (OPERATIONS.values(), set(OPERATIONS)),
    "attack": (Attack.KINDS.values(), {kind.name for kind in Attack.KINDS.values()}),
    "function": (FUNCTIONS.values(), set(FUNCTIONS)),
}
FUNCTION_FILES = {file_of(function) for function in FUNCTIONS.values()}


def named(path: Path, kinds: list, names: set[str]) -> set[str]:
    """Return which kinds a file imports, and which of their names stand in one list of it, or are compared with."""
    homes = {(kind.__module__, kind.__name__) for kind in kinds}
    public = {kind.__name__ for kind in kinds}
    imported, compared, listed = set(), set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            imported |= {alias.name for alias in node.names if (node.module, alias.name) in homes}
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("pk", "privkit", "ev", "events"):
            imported |= {node.attr} & public
        elif isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
            each = [*node.keys, *node.values] if isinstance(node, ast.Dict) else node.elts
            listed = max(listed, {one.value for one in each if is_one(one, names)}, key=len)
        elif isinstance(node, ast.Compare):
            compared |= {one.value for one in (node.left, *node.comparators) if is_one(one, names)}
    return max(imported, compared, listed, key=len)


def is_one(node: ast.expr | None, names: set[str]) -> bool:
    return isinstance(node, ast.Constant) and node.value in names


def test_no_list_names_kinds_one_by_one_outside_their_own_files():
    found = {}
    for registry, (kinds, names) in REGISTRIES.items():
        own = {file_of(kind) for kind in kinds} | (FUNCTION_FILES if registry == "statistic" else set())
        for path in sorted(ROOT.rglob("*.py")):
            if path not in own and "node_modules" not in path.parts:
                told = named(path, list(kinds), names)
                if len(told) > MOST:
                    found[registry, str(path.relative_to(ROOT))] = sorted(told)
    new = [
        f"privkit/{path} names {kind}s: {', '.join(told)}"
        for (kind, path), told in found.items()
        if (kind, path) not in ALLOWED
    ]
    assert not new, f"{'; '.join(new)}. Let each kind say it itself, or give the reason in ALLOWED"
    assert set(ALLOWED) == set(found), "a reason in ALLOWED is no longer needed"


# -- each kind says what is asked of it ----------------------------------------------------------------------------


def test_every_kind_is_whole():
    """What others ask of kinds has a default that may be wrong for a new one; here each must say it, or not need it."""
    for name, kind in OPERATIONS.items():
        hidden = {"key", "mapping", "book"} & kind.__dataclass_fields__.keys()
        assert kind._hides_by or not hidden or kind._of_events, (
            f"{kind.__name__} ({name}) has {', '.join(sorted(hidden))}=, and does not say in _hides_by how values are "
            "hidden: an attack would compare what nobody can know"
        )
    for kind in Attack.KINDS.values():
        assert kind.__doc__, f"{kind.__name__} has no docstring: its formula and its source"
        same = {one.words for one in Attack.KINDS.values() if one.name == kind.name}
        assert same == {kind.words}, f"{kind.__name__}: attacks that are called {kind.name!r} have other words: {same}"
