"""The reference: every public name, in the room where it lives, read from the package itself.

``.. privkit-names:: anonymity risk study`` documents the public names of these rooms, ``.. privkit-namespace:: events``
those of ``pk.events`` or ``pk.plan``, ``.. privkit-accessor::`` the methods of ``df.privacy``,
and ``.. privkit-inputs::`` the types that signatures name. So a new public name
is in the reference as soon as it is public.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.util.nodes import nested_parse_with_titles

import privkit
from privkit.accessor import Delegate, PlanAccessor, PrivacyAccessor

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_MEMBERS = ["   :members:", "   :inherited-members: Exception, tuple"]


def directive_for(name: str, value: Any) -> list[str]:
    """Return the autodoc directive that documents a public value."""
    if inspect.isclass(value) and issubclass(value, BaseException):
        return [f".. autoexception:: {name}", ""]
    if inspect.isclass(value):
        return [f".. autoclass:: {name}", *_MEMBERS, ""]
    if callable(value):
        return [f".. autofunction:: {name}", ""]
    return [f".. autodata:: {name}", "   :no-value:", ""]


def summary(entries: dict[str, str]) -> list[str]:
    """Return a table of links, by their targets, with the first line that each says of itself."""
    if not entries:
        return []
    rows = [
        line
        for target, said in entries.items()
        for line in (f"   * - :py:obj:`{_short(target)} <{target}>`", f"     - {said or '…'}")
    ]
    return [".. list-table::", "   :class: summary", "   :widths: 3 7", "", *rows, ""]


def _short(target: str) -> str:
    return target.removeprefix("DataFrame.privacy.").rpartition("privkit.")[2].rpartition(".")[2]


def _said(value: Any) -> str:
    """Return the summary of a docstring: its first paragraph."""
    if isinstance(value, str) or value is None:
        return ""
    return _plain(" ".join((inspect.getdoc(value) or "").split("\n\n")[0].split()))


def names_of(rooms: set[str]) -> list[str]:
    """Return the public names that live in `rooms`, or in modules of these: functions first, then classes."""
    stub = ast.parse(Path(privkit.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    found = [
        alias.name
        for node in stub.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        if any(f"{node.module}.".startswith(f"{room}.") for room in rooms) and alias.name != "plan"  # a namespace
    ]
    return sorted(found, key=lambda name: (inspect.isclass(getattr(privkit, name)), name.lower()))


class Parsed(Directive):
    """Directives that write reStructuredText."""

    has_content = False

    def lines(self) -> list[str]:
        """Return the text to parse."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Parse it where the directive stands."""
        node = nodes.section()
        node.document = self.state.document
        nested_parse_with_titles(self.state, StringList(self.lines(), source="privkit_reference"), node)
        return node.children


class Names(Parsed):
    """The public names of some rooms."""

    required_arguments = 1
    final_argument_whitespace = True

    def lines(self) -> list[str]:
        """Return one autodoc directive for each name."""
        names = names_of(set(self.arguments[0].split()))
        found = summary({f"privkit.{name}": _said(getattr(privkit, name)) for name in names})
        found += [".. py:currentmodule:: privkit", ""]
        for name in names:
            found += directive_for(name, getattr(privkit, name))
        return found


class Namespace(Parsed):
    """The public names of a namespace of privkit's."""

    required_arguments = 1

    def lines(self) -> list[str]:
        """Return one autodoc directive for each name."""
        space = getattr(privkit, self.arguments[0])
        names = sorted(space.__all__, key=lambda name: (inspect.isclass(getattr(space, name)), name.lower()))
        told = {f"privkit.{self.arguments[0]}.{name}": _said(getattr(space, name)) for name in names}
        found = [f".. py:module:: privkit.{self.arguments[0]}", "", *summary(told)]
        for name in names:
            found += directive_for(name, getattr(space, name))
        return found


class Accessor(Parsed):
    """The methods of ``df.privacy`` and ``df.privacy.plan``, each with its signature and its function."""

    def lines(self) -> list[str]:
        """Return one description for each method."""
        methods = [
            (prefix, name, getattr(accessor, name))
            for accessor, prefix in ((PrivacyAccessor, ""), (PlanAccessor, "plan."))
            for name, member in sorted(vars(accessor).items())
            if isinstance(member, Delegate)
        ]
        own = {f"DataFrame.privacy.{name}": _said(function) for prefix, name, function in methods if not prefix}
        found = [*summary(own), ".. py:currentmodule:: None", ""]
        for prefix, name, function in methods:
            found += self._method(prefix, name, function)
        return found

    def _method(self, prefix: str, name: str, function: Any) -> list[str]:
        signature = inspect.signature(function)
        bare = [p.replace(annotation=p.empty) for p in list(signature.parameters.values())[1:]]
        shown = signature.replace(parameters=bare, return_annotation=signature.empty)
        twin = f"privkit.{prefix}{name}" if name != "events" else "privkit.events.Recipe.apply"
        told = f"As :py:obj:`{twin}`, with the frame first."
        return [
            f".. py:method:: DataFrame.privacy.{prefix}{name}{shown}",
            "",
            f"   {_said(function)}",
            "",
            f"   {told}",
            "",
        ]


class Inputs(Parsed):
    """What the names of types in signatures stand for."""

    def lines(self) -> list[str]:
        """Return a table of the names, with what each is and what may be given."""
        source = (Path(privkit.__file__).parent / "values" / "inputs.py").read_text(encoding="utf-8")
        rows = []
        for said, name, taken in _INPUT.findall(source):
            told = " ".join(line.removeprefix("#:").strip() for line in said.splitlines())
            rows += [f"   * - ``{name}``", f"     - {told}", f"     - ``{taken}``"]
        return [".. list-table::", "   :widths: 3 5 5", "", *rows, ""]


#: A named type, with the comment above it.
_INPUT = re.compile(r'((?:^#: .*\n)+)(\w+): TypeAlias = "(.*)"$', re.MULTILINE)
#: Bars are norms and absolute values, never substitutions; an attribute with a leading dot is code, not a link.
_BAR = re.compile(r"(``.*?``)|\\?\|")
_ATTRIBUTE = re.compile(r"(?<![^\s(])`(\.[^`\s][^`]*)`(?!`)")


def _plain_text_of_the_docstrings(_app: Sphinx, _what: str, _name: str, *others: Any) -> None:
    """Keep docutils from reading more into a docstring than its author wrote."""
    lines: list[str] = others[-1]
    example = False
    for place, line in enumerate(lines):
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if not example:
            lines[place] = _plain(line)


def _plain(text: str) -> str:
    return _BAR.sub(lambda found: found.group(1) or "\\|", _ATTRIBUTE.sub(r"``\1``", text))


def _told_elsewhere(_app: Sphinx, *others: Any) -> bool | None:
    """Leave out what a model has from scikit-learn: its own pages tell of that."""
    member = others[2]
    return True if str(getattr(member, "__module__", "")).startswith("sklearn") else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directives."""
    app.add_directive("privkit-names", Names)
    app.add_directive("privkit-namespace", Namespace)
    app.add_directive("privkit-accessor", Accessor)
    app.add_directive("privkit-inputs", Inputs)
    app.connect("autodoc-skip-member", _told_elsewhere)
    app.connect("autodoc-process-docstring", _plain_text_of_the_docstrings, priority=110)
    return {"parallel_read_safe": True}
