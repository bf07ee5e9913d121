"""The cells of a notebook that shows every live panel, and at which place each stands."""

from __future__ import annotations

HOSTILE = "<img src=x onerror=alert(1)>"
CELLS = [
    f"""import numpy as np, pandas as pd, privkit as pk
project = pk.open_project("panels", epsilon=1, unit=pk.ROW)
rng = np.random.default_rng(0)
people = pd.DataFrame({{"zip": rng.integers(8000, 8012, 3000).astype(str), "age": rng.integers(18, 90, 3000)}})
people[{HOSTILE!r}] = rng.choice(["a", "b"], 3000)
qi = ["zip", "age", {HOSTILE!r}]""",
    "project.panel()",
    "people.privacy.plan.dp_count(epsilon=0.2).panel()",
    "people.privacy.kanon(qi, k=5).panel()",
    "people.privacy.risk(qi).panel()",
    "people.privacy.lattice(qi, k=5, suppress=0.02).panel()",
    "people.privacy.kanon(qi, k=5).panel(hierarchies={})",
]
BUDGET, PLAN, K, RISK, LATTICE, EXPLORED = 1, 2, 3, 4, 5, 6
NAMES = {BUDGET: "budget", PLAN: "plan", K: "k", RISK: "risk", LATTICE: "lattice", EXPLORED: "explored"}
#: How many panels a cell shows: the explorer in a report's panel is one in itself.
PANELS = {EXPLORED: 2}
