"""What a cell types before ``.panel()``: so that what is chosen in a panel can be written as code that runs."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from privkit.anonymity.kanonymity import KAnonymity
from privkit.values.show import printable
from privkit.view.panels.notebook import in_marimo
from privkit.view.parts.markup import Markup, join, tag

if TYPE_CHECKING:
    from privkit.transform.lattice import Lattice


@dataclass(frozen=True)
class Source:
    """The expressions of a cell that ends with ``.panel(...)``; empty where it does not, or where there is no cell.

    Attributes
    ----------
    value : str
        What the panel is of.
    frame : str
        The table that it is about.
    hierarchies : str
        What was handed to the panel as such.
    """

    value: str = ""
    frame: str = ""
    hierarchies: str = ""

    @classmethod
    def here(cls) -> Source:
        """Return those of the cell that runs; nothing where no notebook runs."""
        try:
            from IPython import get_ipython
        except ImportError:
            return cls()
        shell = get_ipython()
        if shell is None:
            return cls._of(_typed_outside()) if in_marimo() else cls()
        return cls.of(str((shell.user_ns.get("In") or [""])[-1]))

    @classmethod
    def of(cls, cell: str) -> Source:
        r"""Return those of a cell.

        Examples
        --------
        >>> Source.of("x = 1\npeople.privacy.lattice(qi, k=5).panel()")
        Source(value='people.privacy.lattice(qi, k=5)', frame='people', hierarchies='')
        >>> Source.of("p = pk.kanon(t[:9], qi).panel(hierarchies=mine)")
        Source(value='pk.kanon(t[:9], qi)', frame='t[:9]', hierarchies='mine')
        >>> Source.of("found"), Source.of("%%time x")
        (Source(value='', frame='', hierarchies=''), Source(value='', frame='', hierarchies=''))
        """
        try:
            last = ast.parse(cell).body[-1:]
        except SyntaxError:
            return cls()
        return cls._of(last[0] if last else None)

    @classmethod
    def _of(cls, typed: ast.stmt | None) -> Source:
        call = typed.value if isinstance(typed, ast.Expr | ast.Assign) else None
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "panel"):
            return cls()
        handed = {part.arg: ast.unparse(part.value) for part in call.keywords}
        return cls(ast.unparse(call.func.value), _frame(call.func.value), handed.get("hierarchies", ""))


def _typed_outside() -> ast.stmt | None:
    """Return the line that called privkit. marimo keeps a cell's text where tracebacks look for that of files."""
    inner: FrameType | None = sys._getframe()
    frame = None
    while inner is not None:
        if inner.f_code.co_filename.startswith(_OURS):  # others stand in between, as that of a dispatch
            frame = inner.f_back
        inner = inner.f_back
    if frame is None:
        return None
    at = frame.f_lineno
    try:
        lines = ast.parse("".join(linecache.getlines(frame.f_code.co_filename)))
    except SyntaxError:
        return None
    around = [one for one in ast.walk(lines) if isinstance(one, ast.stmt) and one.lineno <= at <= (one.end_lineno or 0)]
    return around[-1] if around else None  # the innermost one: a walk goes from the outside in


_OURS = str(Path(__file__).parents[2])


def _frame(value: ast.expr) -> str:
    """Return what comes before ``.privacy``; else the first argument of a call, as in ``pk.kanon(table)``."""
    part: ast.AST = value
    while isinstance(part, ast.Attribute | ast.Call):
        if isinstance(part, ast.Attribute) and part.attr == "privacy":
            return ast.unparse(part.value)
        part = part.value if isinstance(part, ast.Attribute) else part.func
    return ast.unparse(value.args[0]) if isinstance(value, ast.Call) and value.args else ""


def applied(source: Source, lattice: Lattice, levels: Mapping[str, int]) -> str:
    """Return the code that applies levels of a lattice whose panel a cell shows."""
    return _assigned(f"{source.value or 'lattice'}.apply({dict(levels)!r})")


def applied_to_table(
    source: Source, lattice: Lattice, levels: Mapping[str, int], hierarchies: Mapping[str, object] | None
) -> str:
    """Return the code that applies levels to the table of a report: its lattice, at the k of the report's line."""
    (part,) = (part for part in lattice.task.criterion.parts if isinstance(part, KAnonymity))
    more = f", hierarchies={source.hierarchies or 'hierarchies'}" if hierarchies else ""
    more += f", unit={lattice.unit!r}" if lattice.unit is not None else ""
    made = f"{source.frame or 'df'}.privacy.lattice({list(lattice.columns)!r}, k={part.k}{more})"
    return _assigned(f"{made}.apply({dict(levels)!r})")


def _assigned(code: str) -> str:
    return f"anonymized = {printable(code)}\nanonymized"


def typed(code: str, *, applies: bool = False) -> Markup:
    """Return code as a block that one click marks, and a word on what to do with it.

    In JupyterLab and Notebook 7 the extension puts buttons in place of the word. No page can have one without it:
    ipywidgets has no button that copies, and the HTML of a view holds no script.
    """
    shown = tag("pre", code, class_="pk-code pk-apply" if applies else "pk-code", tabindex=0)
    return join([shown, tag("p", "Copy it into a new cell to run it.", class_="pk-note pk-by-hand")])
