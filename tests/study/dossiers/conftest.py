"""What the tests of dossiers share; `dossier_drawn` lies beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


import pytest
from dossier_drawn import owned, reports, table

import privkit as pk


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """A project with ten releases, and the dossier of it."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRIVKIT_STATE_DIR", str(folder / "state"))
        frame = table()
        project = pk.open_project("churn", epsilon=5, unit=pk.ROW, store=folder / "ledger.db")
        project.public(age=(0, 100))
        for place in range(8):
            pk.dp_count(frame, where=f"age > {place}", epsilon=0.1, project=project)
        pk.dp_mean(frame, "age", epsilon=0.3, project=project)
        pk.dp_count(frame, "ill", keys=["flu", "cold"], epsilon=0.2, project=project)
        before = project.spent, len(project.ledger)
        made = pk.dossier(
            frame,
            project=project,
            inventory=owned(frame),
            reports=reports(frame),
            review="2027-11-30",
            today="2026-11-30",
        )
        assert (project.spent, len(project.ledger)) == before
        return made, project
