"""A table of which every text is a canary, its inventory, and reports of every kind on it."""

from __future__ import annotations

import pandas as pd

import privkit as pk
from privkit import events as ev

CANARY = "CANARY-7f3a"
WAYS = ("to_html", "to_markdown", "to_json", "to_registry")


def table(rows: int = 120) -> pd.DataFrame:
    """Return persons of whom every text is a canary, and every number one too."""
    numbers = range(rows)
    return pd.DataFrame(
        {
            "zip": [f"{CANARY}-{n % 40}" for n in numbers],
            "age": [987_650_000 + n % 30 for n in numbers],
            "ill": [f"{CANARY}-ill-{n % 3}" for n in numbers],
            "email": [f"{CANARY}{n}@x.org" for n in numbers],
        }
    )


def owned(frame: pd.DataFrame) -> pk.Inventory:
    found = pk.audit(frame, roles={"zip": "quasi", "age": "quasi", "ill": "sensitive", "email": "direct"})
    return found.assign(
        list(found.columns),
        purpose="churn by area",
        legal_basis="Art. 6(1)(f) GDPR",
        source="the shop",
        stored="a warehouse in Zürich",
        access="two analysts",
        retention="2027-12-31",
        recipients=["data processor"],
    )


def reports(frame: pd.DataFrame) -> list[object]:
    qi, half = ["zip", "age"], len(frame) // 2
    spread = pk.Hierarchy.intervals(5, 10)
    goal = pk.KAnonymity(2) & pk.LDiversity("ill", 2)
    return [
        pk.kanon(frame, qi, k=5),
        pk.ldiv(frame, qi, "ill", l=2),
        pk.check(frame, qi, goal),
        pk.risk(frame, qi),
        pk.suda(frame, qi),
        pk.link(frame, frame.head(half), on=qi),
        pk.attack(frame.head(half), frame.head(half), control=frame.tail(half), columns=[*qi, "ill"]),
        pk.gate(frame, {"goal": {"qi": qi, "k": 5}, "roles": {"forbid": ["direct"]}}),
        owned(frame).check(frame.drop(columns="ill"), today="2028-01-01"),
        pk.output_check(pd.crosstab(frame["ill"], frame["age"] % 2)),
        pk.anonymize(frame, qi, k=3, suppress=0.5, hierarchies={"age": spread}),
        pk.anonymize(frame, qi, k=3, method="local", suppress=0.5).report,
        pk.generalize(frame, {"age": 1}, hierarchies={"age": spread}),
        pk.pram(frame, "ill", seed=1),
        pk.ksets(frame, qi, of=2, k=3),
        pk.unicity(frame, unit="email", columns=["zip"], points=1, persons=10),
        ev.Recipe([ev.drop("email"), *map(ev.keep, [*qi, "ill"])]).apply(frame),
    ]
