from __future__ import annotations

import builtins
import dataclasses
from datetime import date

import pandas as pd
import pytest

from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.errors.engines import LibraryRequiredError
from privkit.errors.risk import InventoryError
from privkit.study.audit import audit
from privkit.study.inventory import Inventory

FRAME = pd.DataFrame({"email": ["a@x.org", "b@x.org"], "zip": ["1", "2"], "diagnosis": ["u", "v"], "visits": [1, 1]})


@pytest.fixture
def inventory() -> Inventory:
    facts = dict(
        source="shop", stored="warehouse", access="team", legal_basis="contract", consent="none", recipients=["post"]
    )
    whole = audit(FRAME).assign(["email", "zip", "diagnosis"], purpose="delivery", retention="2027-06-30", **facts)
    return whole.assign("visits", role="sensitive", purpose="plans", legal_basis="consent")


def test_yaml_keeps_everything(inventory, tmp_path):
    text = inventory.to_yaml(tmp_path / "inventory.yaml")
    for source in (text, tmp_path / "inventory.yaml", str(tmp_path / "inventory.yaml")):
        back = Inventory.from_yaml(source)
        assert back.entries == inventory.entries
        assert (back.rows, back.uniques, back.left_out) == (inventory.rows, inventory.uniques, inventory.left_out)
    assert back["zip"].retention == date(2027, 6, 30)
    assert back["zip"].recipients == ("post",)


def test_yaml_by_hand_needs_names_and_roles_alone():
    back = Inventory.from_yaml("privkit_inventory: 1\ncolumns:\n- name: zip\n  role: quasi\n  purpose: delivery\n")
    assert (back.qi, back["zip"].purpose, back["zip"].overruled) == (["zip"], "delivery", False)


def test_all_problems_of_a_file_are_told_at_once_and_no_content():
    text = """privkit_inventory: 7
columns:
- name: zip
  role: secretvalue
- role: other
- name: a
  role: other
  retention: soon
- name: b
  role: other
  colour: red
  rows: many
- name: b
  role: other
"""
    with pytest.raises(InventoryError) as error:
        Inventory.from_yaml(text)
    told = str(error.value)
    assert len(error.value.problems) == 7
    for part in (
        "'privkit_inventory' must be 1",
        "Column 2 has no 'name'",
        "'colour'",
        "'rows' must be a number",
        "'b' stands more",
    ):
        assert part in told


@pytest.mark.parametrize("text", ["a: [\n", "- 1\n- 2\n", "columns: 3\n", "!!python/object/apply:os.system ['true']\n"])
def test_what_is_no_inventory_is_refused_and_never_run(text):
    with pytest.raises(InventoryError):
        Inventory.from_yaml(text)


def test_without_pyyaml_the_extra_is_named(inventory, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "yaml":
            raise ImportError
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LibraryRequiredError, match=r"jupyter-privkit\[yaml\]"):
        inventory.to_yaml()


def test_the_frame_has_what_the_owner_said(inventory):
    frame = inventory.to_frame().set_index("column")
    assert frame.loc["zip", "purpose"] == "delivery"
    assert frame.loc["visits", ["role", "proposed_role"]].tolist() == ["sensitive", "other"]
    assert frame.loc["email", "hipaa"] == "F: e-mail addresses"


def test_assign_changes_a_copy_and_refuses_what_it_does_not_know(inventory):
    assert inventory.assign("zip", purpose="x")["zip"].purpose == "x"
    assert inventory["zip"].purpose == "delivery"
    with pytest.raises(dataclasses.FrozenInstanceError):
        inventory.rows = 3
    with pytest.raises(ColumnNotFoundError):
        inventory.assign("zipp", purpose="x")
    with pytest.raises(ColumnNotFoundError):
        inventory["zipp"]
    for bad in ({"colour": "red"}, {"purpose": 3}, {"retention": "soon"}, {"recipients": [1]}, {"role": "public"}):
        with pytest.raises(ParameterError):
            inventory.assign("zip", **bad)


# -- the check -----------------------------------------------------------------------------------------------------


def test_data_that_agrees_has_findings_of_minimization_alone(inventory):
    check = inventory.check(FRAME, today="2027-06-30")
    assert {finding.kind for finding in check.findings} == {"direct identifier kept"}
    assert audit(FRAME[["visits"]]).check(FRAME[["visits"]]).findings == ()
    assert (
        repr(audit(FRAME[["visits"]]).check(FRAME[["visits"]], today="2027-01-01"))
        == "No finding in 1 column, judged on 2027-01-01."
    )


def test_new_and_lost_columns_and_types(inventory):
    data = FRAME.drop(columns="visits").assign(zip=[1, 2], phone=["+41 44 111 11 11", "+41 44 111 11 12"])
    check = inventory.check(data, today="2027-01-01")
    assert check.of("new column") == ["phone"]
    assert check.of("column gone") == ["visits"]
    assert check.of("type changed") == ["zip"]
    assert "phone number, direct identifier" in check.to_frame().set_index("kind").loc["new column", "text"]


def test_retention_passed_the_day_after(inventory):
    assert inventory.check(FRAME, today=date(2027, 6, 30)).of("retention passed") == []
    assert inventory.check(FRAME, today=date(2027, 7, 1)).of("retention passed") == ["email", "zip", "diagnosis"]
    with pytest.raises(ParameterError, match="today"):
        inventory.check(FRAME, today="soon")


def test_purposes_and_legal_bases_missing():
    check = audit(FRAME).check(FRAME)
    assert check.of("purpose missing") == ["email", "zip", "diagnosis"]
    assert check.of("legal basis missing") == ["diagnosis"]
    assert "purpose missing: 'email', 'zip', 'diagnosis'." in repr(check)
    assert "purpose missing" in check._repr_html_()
