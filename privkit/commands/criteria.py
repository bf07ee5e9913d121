"""Criteria as options of a command."""

from __future__ import annotations

import argparse

import privkit as pk
from privkit.anonymity.criterion import Criterion
from privkit.errors import ParameterError


def add_criteria(parser: argparse.ArgumentParser, *, k: bool) -> None:
    """Add the criteria; `k` says whether one has to be named."""
    parser.add_argument("--k", type=int, required=k, help="the least size of a class")
    add_of(parser)
    parser.add_argument("--l", type=int, help="distinct l-diversity of --sensitive")
    parser.add_argument("--t", type=float, help="t-closeness of --sensitive, all values equally far")
    parser.add_argument("--beta", type=float, help="basic β-likeness of --sensitive")
    parser.add_argument("--sensitive", help="the sensitive attribute")


def add_of(parser: argparse.ArgumentParser) -> None:
    """Add how many columns are known together."""
    parser.add_argument("--of", type=int, help="--k by every set of so many columns: 2 for all pairs")


def criteria_of(options: argparse.Namespace) -> Criterion:
    """Return what the options ask for.

    Raises
    ------
    ParameterError
        If a criterion lacks its attribute, an attribute its criterion, or there is none.
    """
    parts: list[Criterion] = []
    if options.k is not None:
        parts.append(pk.KAnonymity(options.k, unit=options.unit, of=options.of))
    elif options.of is not None:
        raise ParameterError.together(["--of"], "--of needs --k: how many share the values of so many columns.")
    wanted = {"--l": options.l, "--t": options.t, "--beta": options.beta}
    named = [name for name, value in wanted.items() if value is not None]
    if named and options.sensitive is None:
        raise ParameterError.together(named, f"{named[0]} needs --sensitive, the attribute that it protects.")
    if options.sensitive is not None and not named:
        rule = "--sensitive needs --l, --t or --beta: how it is protected."
        raise ParameterError.together(["--sensitive"], rule)
    if options.l is not None:
        parts.append(pk.LDiversity(options.sensitive, options.l))
    if options.t is not None:
        parts.append(pk.TCloseness(options.sensitive, options.t))
    if options.beta is not None:
        parts.append(pk.BetaLikeness(options.sensitive, options.beta))
    if not parts:
        raise ParameterError.together(["--k"], "say what must hold: --k, --l, --t or --beta.")
    whole = parts[0]
    for part in parts[1:]:
        whole = whole & part
    return whole


def given_criteria(options: argparse.Namespace) -> list[str]:
    """Return the criteria as options, for the next command."""
    given = {f"--{name}": getattr(options, name) for name in ("k", "of", "l", "t", "beta", "sensitive")}
    return [word for option, value in given.items() if value is not None for word in (option, str(value))]
