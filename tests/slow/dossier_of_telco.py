"""The dossier of a whole study: ten releases, two recipients, an expiry, a confirmed deletion, a request and a drill.

``python tests/slow/dossier_of_telco.py FOLDER`` writes ``dossier.html``, ``.md``, ``.json``, ``.yaml`` and what was
handed out, tells what stays open for a person, and, where Chromium is (``CHROMIUM``), takes pictures of the page in
light, dark and print. ``python -m pytest tests/slow/dossier_of_telco.py -s`` does the same, and asks a dossier of a
ledger of 10,000 entries for its time and size.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

import privkit as pk

TESTS = Path(__file__).parents[1]
QI = ["gender", "SeniorCitizen", "Partner", "Dependents", "tenure"]
CONTRACTS = ["Month-to-month", "One year", "Two year"]
SERVICES = ["DSL", "Fiber optic", "No"]
PAYMENTS = ["Bank transfer (automatic)", "Credit card (automatic)", "Electronic check", "Mailed check"]
YES_NO = ["No", "Yes"]
ENTRIES = 10_000


def table() -> pd.DataFrame:
    """Return IBM's 7,043 customers."""
    return pd.read_csv(TESTS / "data" / "telco_churn.csv.gz").astype({"SeniorCitizen": "str"})


def released(frame: pd.DataFrame, project: pk.Project) -> list[pk.Release]:
    """Return the ten releases of the study: ε = 1 together."""
    ask, how = frame.privacy, {"project": project, "epsilon": 0.1}
    return [
        ask.dp_count("Contract", keys=CONTRACTS, **how),
        ask.dp_count("InternetService", keys=SERVICES, **how),
        ask.dp_count("PaymentMethod", keys=PAYMENTS, **how),
        ask.dp_count("Churn", keys=YES_NO, **how),
        ask.dp_crosstab("Contract", "Churn", keys={"Contract": CONTRACTS, "Churn": YES_NO}, **how),
        ask.dp_count("Churn", keys=YES_NO, where="tenure >= 12", **how),
        ask.dp_mean("MonthlyCharges", bounds=(0, 120), **how),
        ask.dp_median("tenure", bounds=(0, 72), **how),
        ask.dp_histogram("tenure", bins=[0, 12, 24, 36, 48, 60, 73], **how),
        ask.dp_mean("MonthlyCharges", bounds=(0, 120), by="Contract", keys=CONTRACTS, **how),
    ]


def study(folder: Path) -> pk.Dossier:
    """Carry the study out, and return its dossier; write its packages, certificate and drill into the folder."""
    frame = table()
    project = pk.open_project("telco churn", epsilon=1, unit=pk.ROW, store=folder / "ledger.db", analyst="ada")
    releases = released(frame, project)
    shared = frame.privacy.anonymize(QI, k=5, suppress=0.02)
    today = datetime.now(UTC).date()
    agreed = {"basis": "contract of 2 May 2026", "approvals": ["Ada Lee", "Bo Day"]}
    project.sharing.require_approvals(2, reason="four eyes, by the board")
    uni, city = {**agreed, "recipient": "University of Bern"}, {**agreed, "recipient": "City of Bern"}
    later = (today + timedelta(days=365)).isoformat()
    project.package(releases[:5], path=folder / "uni.zip", purpose="a lecture", expires=later, **uni)
    ends = project.package(releases[5:], path=folder / "city.zip", purpose="planning", expires=today, **city)
    old = project.package(releases[0], path=folder / "uni-old.zip", purpose="a trial", expires=later, **uni)
    project.sharing.confirm_deletion(old.id, by="M. Meier, University of Bern").to_markdown(folder / "deletion.md")
    assert [one.id for one in project.sharing.due(today)] == [ends.id]
    asked = project.requests.open("access", received=today - timedelta(days=3))
    project.requests.answer(asked.id, proof=pk.find_subject({"customers": frame.assign(id=range(len(frame)))}, -1))
    inventory = frame.privacy.audit().assign(
        list(frame.columns),
        purpose="churn by contract",
        legal_basis="legitimate interest",
        source="the billing system",
        stored="the warehouse in Zürich",
        access="two analysts",
        retention="2027-12-31",
        recipients="data processor",
    )
    drill = project.breach_drill(inventory, persons=len(frame), scenario="a lost laptop")
    drill.to_markdown(folder / "drill.md")
    reports = [frame.privacy.risk(QI), frame.privacy.kanon(QI, k=5), shared, shared.attack(targets=200)]
    return pk.dossier(
        frame, project=project, inventory=inventory, reports=reports, review=(today + timedelta(days=365)).isoformat()
    )


def told(made: pk.Dossier, folder: Path) -> None:
    """Write the dossier in every form, and print what stays open."""
    for ending in ("html", "md", "json", "yaml"):
        made.save(folder / f"dossier.{ending}")
        print(f"dossier.{ending}: {(folder / f'dossier.{ending}').stat().st_size:,} bytes")
    print(made.coverage)
    print(f"{len(made.open_questions)} questions are open for a person:")
    for name, ask in made.open_questions:
        print(f"- {name}: {ask}")


def pictures(folder: Path) -> list[Path]:
    """Take pictures of the page in light, dark and print."""
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox", "--disable-gpu"])
        for name, how in (
            ("light", {"color_scheme": "light"}), ("dark", {"color_scheme": "dark"}), ("print", {"media": "print"})
        ):  # fmt: skip
            page = browser.new_page(viewport={"width": 1000, "height": 1400})
            page.emulate_media(**how)
            page.goto((folder / "dossier.html").as_uri())
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name}: the page is {wide} pixels wider than the window"
            found.append(folder / f"{name}.png")
            page.screenshot(path=found[-1], full_page=True)
            page.close()
        browser.close()
    return found


def test_the_study_has_its_dossier(tmp_path):
    made = study(tmp_path)
    told(made, tmp_path)
    assert len(made.sharing) == 3
    text = (tmp_path / "dossier.md").read_text(encoding="utf-8")
    for word in ("University of Bern", "City of Bern", "a lost laptop", "access", "deleted"):
        assert word in text, word
    assert made.coverage.total.share >= 0.7
    if "CHROMIUM" in os.environ:
        pytest.importorskip("playwright")
        assert all(picture.stat().st_size > 10_000 for picture in pictures(tmp_path))


def test_a_project_of_ten_thousand_entries_has_its_dossier(tmp_path):
    sys.path.insert(0, str(TESTS / "budget"))
    from budget_terms import terms
    from many_entries import fill

    from privkit.budget.ledger import Ledger

    ledger = Ledger.open(tmp_path / "many.db", analyst="ada")
    fill(ledger.begin("many", terms(ENTRIES)), ENTRIES)
    project = pk.open_project("many", store=tmp_path / "many.db")
    begun = time.process_time()
    made = pk.dossier(project=project)
    seconds = {"made": time.process_time() - begun}
    for ending in ("html", "md", "json"):
        begun = time.process_time()
        made.save(tmp_path / f"many.{ending}")
        seconds[ending] = time.process_time() - begun
        print(f"{ENTRIES:,} entries, {ending}: {(tmp_path / f'many.{ending}').stat().st_size / 1e6:.2f} MB")
    begun = time.process_time()
    unusual = project.trail.unusual()
    print({name: f"{one:.1f} s" for name, one in seconds.items()}, f"trail: {time.process_time() - begun:.1f} s")
    assert unusual
    assert sum(seconds.values()) < 120


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    told(study(place), place)
    if "CHROMIUM" in os.environ:
        print(*pictures(place), sep="\n")
