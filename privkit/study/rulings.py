"""A gate's rulings, in forms that other tools read too: JSON, JUnit XML, SARIF 2.1.0. None holds a cell value."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml  # which is written, never read

from privkit.values.show import printable


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule of a policy against what was found.

    Attributes
    ----------
    rule : str
        Its table and name, as ``"goal.k"``.
    limit : str
        What the policy asks.
    found : str
        What the table, its inventory or the ledger has. No cell value.
    met : bool
    line : int or None
        Where the policy asks it; None where the policy is no file.
    rows_short : int or None
        Rows that break it; None where the rule is not about rows.
    columns : tuple of str
        The columns that break it.
    """

    rule: str
    limit: str
    found: str
    met: bool
    line: int | None = None
    rows_short: int | None = None
    columns: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What was asked and what was found, in one line."""
        rows = f"; {self.rows_short:,} row{'' if self.rows_short == 1 else 's'} short" if self.rows_short else ""
        return f"{self.rule}: asked {self.limit}, found {self.found}{rows}."


_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

#: What each rule asks, for readers who show it beside a result.
_ASKS = {
    "goal.k": "Each class of the quasi-identifiers has at least k rows, or persons.",
    "goal.l": "Each class has at least l different values of the sensitive column.",
    "goal.t": "In each class the sensitive column is distributed within t of how it is in the whole table.",
    "risk.threshold": "No row's risk to be found again is above the threshold.",
    "risk.average": "The average risk to be found again is not above the limit.",
    "risk.uniques": "The share of rows that are alone with their values is not above the limit.",
    "roles.forbid": "No column has a role that the policy forbids, by the audit.",
    "roles.decided": "Every column was looked at by the audit, or its role was decided by the owner.",
    "budget.epsilon": "The project was not charged more than this ε, reservations included.",
    "budget.rho": "The project was not charged more than this ρ, reservations included.",
    "budget.delta": "The project was not charged more than this δ, reservations included.",
    "budget.epsilon_per_period": "The project was not charged more than this ε in the running period.",
    "budget.rho_per_period": "The project was not charged more than this ρ in the running period.",
    "budget.delta_per_period": "The project was not charged more than this δ in the running period.",
    "retention.forbid": "The table and its inventory do not disagree in what the policy names.",
}
_OTHER = "What the policy asks by this rule holds of the table."
_HELP = (
    "Change the table (df.privacy.anonymize, or drop columns), or the policy, knowingly; then run privkit gate again."
)


def plain(policy: str, rulings: Sequence[Ruling], left_out: Sequence[str]) -> dict[str, Any]:
    """Return a report as what JSON holds."""
    return {
        "passed": all(ruling.met for ruling in rulings),
        "policy": policy,
        "rulings": [asdict(ruling) for ruling in rulings],
        "left_out": list(left_out),
    }


def as_json(policy: str, rulings: Sequence[Ruling], left_out: Sequence[str]) -> str:
    """Return a report as JSON."""
    return json.dumps(plain(policy, rulings, left_out), indent=2) + "\n"


def as_junit(rulings: Sequence[Ruling]) -> str:
    r"""Return a report as JUnit XML: a suite, a case for each ruling, a failure where it is not met.

    Examples
    --------
    >>> print(as_junit([Ruling("goal.k", "KAnonymity(5)", "k = 7", True)]))
    <?xml version='1.0' encoding='utf-8'?>
    <testsuites><testsuite name="privkit gate" tests="1" failures="0" errors="0" skipped="0"><testcase
    classname="privkit.goal" name="goal.k: KAnonymity(5)" /></testsuite></testsuites>
    """
    short = sum(not ruling.met for ruling in rulings)
    counts = {"tests": len(rulings), "failures": short, "errors": 0, "skipped": 0}
    suites = Xml.Element("testsuites")
    told = {"name": "privkit gate", **{name: str(count) for name, count in counts.items()}}
    suite = Xml.SubElement(suites, "testsuite", told)
    for ruling in rulings:
        name = {"classname": f"privkit.{ruling.rule.partition('.')[0]}", "name": f"{ruling.rule}: {ruling.limit}"}
        case = Xml.SubElement(suite, "testcase", {key: printable(text) for key, text in name.items()})
        if not ruling.met:
            text = printable(ruling.told)
            Xml.SubElement(case, "failure", {"message": text, "type": ruling.rule}).text = text
    return "<?xml version='1.0' encoding='utf-8'?>\n" + Xml.tostring(suites, encoding="unicode") + "\n"


def as_sarif(policy: str, rulings: Sequence[Ruling]) -> str:
    """Return the rulings that are not met as SARIF 2.1.0, each at its line of the policy."""
    import privkit

    rules = list(dict.fromkeys(ruling.rule for ruling in rulings))
    driver = {
        "name": "privkit",
        "version": privkit.__version__,
        "rules": [_rule(rule) for rule in rules],
    }
    results = [_result(ruling, rules.index(ruling.rule), policy) for ruling in rulings if not ruling.met]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: str) -> dict[str, Any]:
    """Return a rule in words; GitHub's code scanning asks for all of them."""
    name = "".join(part.capitalize() for part in rule.split("."))
    short, asks = f"The rule {rule} of the policy.", _ASKS.get(rule, _OTHER)
    texts = {"shortDescription": short, "fullDescription": asks, "help": f"{asks} {_HELP}"}
    return {"id": rule, "name": name, **{key: {"text": text} for key, text in texts.items()}}


def _result(ruling: Ruling, index: int, policy: str) -> dict[str, Any]:
    # A policy that is no file is named by its rule alone.
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": ruling.rule}]}
    if policy:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(policy)}}
        if ruling.line is not None:
            location["physicalLocation"]["region"] = {"startLine": ruling.line}
    message = {"text": _escaped(printable(ruling.told))}
    return {
        "ruleId": ruling.rule,
        "ruleIndex": index,
        "level": "error",
        "message": message,
        "locations": [location],
    }


def _uri(policy: str) -> str:
    """Return a path as a URI: of a file where it is absolute, else relative to where the command ran."""
    path = Path(policy)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()), safe="/")


def _escaped(text: str) -> str:
    """Return text in which nothing is a placeholder or a link (SARIF 2.1.0, 3.11.5 and 3.11.6).

    Examples
    --------
    >>> _escaped("a {0} and [b](1)")
    'a {{0}} and [b] (1)'
    """
    return text.replace("{", "{{").replace("}", "}}").replace("](", "] (")
