"""The shop's orders: known figures before, and how exposed they are after a recipe."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from chance import FAR

from privkit import events as ev
from privkit.events.run.exposure import exposure

#: Counted by plain Python, pandas and DuckDB when the orders were made.
KNOWN = {
    "events": 3000,
    "product_lines": 8471,
    "without_shipping": 29,
    "without_line1": 31,
    "empty_products": 17,
    "revenue_cents": 32769590,
}


def revenue(events):
    lines = [line for event in events for line in event["products"]]
    return int(sum(Decimal(str(line["price"])) * line["quantity"] for line in lines) * 100)


@pytest.fixture(scope="module")
def register():
    return ev.example_register()


def test_describe_counts_what_is_known_of_the_orders(shop_recipe, orders):
    seen = {field.path: field for field in shop_recipe.describe(orders).seen}
    assert seen["id"].values == KNOWN["events"]
    assert seen["products[].id"].values == KNOWN["product_lines"]
    assert seen["shipping"].nulls == KNOWN["without_shipping"]
    assert seen["shipping"].values - seen["shipping.line1"].values == KNOWN["without_line1"]
    assert seen["products"].nulls == KNOWN["empty_products"]


def test_merging_everything_counts_events_and_lines_and_keeps_the_revenue(orders):
    assert revenue(orders) == KNOWN["revenue_cents"]
    kept = ev.Recipe([ev.keep("products", only=True)]).apply(orders).events
    assert revenue(kept) == KNOWN["revenue_cents"]
    lines = [{"cents": round(line["price"] * 100) * line["quantity"]} for event in orders for line in event["products"]]
    merged = ev.Recipe([ev.merge(sum="cents", count="lines")]).apply(lines).events
    assert merged == [{"cents": KNOWN["revenue_cents"], "lines": KNOWN["product_lines"]}]


def test_noise_on_prices_leaves_the_revenue_nearly_as_it_was(shop_recipe, orders):
    events = shop_recipe.apply(orders).events
    squares = sum(line["quantity"] ** 2 for order in orders for line in order["products"])
    spread = (50 * 51 / 3 * squares) ** 0.5  # cents
    assert revenue(events) != KNOWN["revenue_cents"]
    assert abs(revenue(events) - KNOWN["revenue_cents"]) < FAR * spread
    assert spread < 0.0005 * KNOWN["revenue_cents"]


def test_no_name_street_or_order_number_is_left(shop_recipe, orders):
    text = "\n".join(set(texts_of(shop_recipe.apply(orders).events)))
    shipped = [order["shipping"] for order in orders if order["shipping"]]
    known = (
        {order["id"] for order in orders} | {one["to"] for one in shipped} | {one.get("line1", "-") for one in shipped}
    )
    assert len(known) > 4000
    assert [identifier for identifier in known - {"-"} if identifier in text] == []


def texts_of(node):
    if isinstance(node, dict | list):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from texts_of(inner)
    elif isinstance(node, str):
        yield node


def test_each_rule_is_counted(shop_recipe, orders):
    counts = {(rule.op, rule.paths): rule.count for rule in shop_recipe.apply(orders).rules}
    with_address = KNOWN["events"] - KNOWN["without_shipping"]
    assert counts["pseudonymize", ("id",)] == KNOWN["events"]
    assert counts["pseudonymize", ("shipping.to",)] == with_address
    dropped = with_address - KNOWN["without_line1"] + KNOWN["product_lines"]
    assert counts["drop", ("shipping.line1", "products[].name")] == dropped
    assert counts["number", ("products[].id",)] == KNOWN["product_lines"]


def test_exposure_of_the_raw_orders_is_what_plain_python_counts(orders, register):
    from collections import Counter

    flat = ev.flatten(orders)
    recipients = [(order["shipping"] or {}).get("to") for order in orders]
    persons = [{None: -1}.get(who, hash(who) % 10**9) for who in recipients]
    qi = ["shipping.zip", "shipping.country"]
    found = exposure(
        flat, qi, persons=persons, register=register, on={"shipping.to": "name", "shipping.zip": "postcode"}
    )
    places = [((order["shipping"] or {}).get("zip"), (order["shipping"] or {}).get("country")) for order in orders]
    sizes = Counter(places)
    assert found.k == min(sizes.values())
    assert found.n_unique == sum(1 for count in sizes.values() if count == 1)
    by_place = {
        place: {who for who, there in zip(recipients, places, strict=True) if there == place and who} for place in sizes
    }
    assert found.k_persons == min(len(people) for people in by_place.values() if people)
    listed = Counter(zip(register["name"], register["postcode"], strict=True))
    matches = [listed[who, place[0]] for who, place in zip(recipients, places, strict=True)]
    assert (found.linked.none, found.linked.one) == (matches.count(0), matches.count(1))
    histories = {}
    for who, place in zip(recipients, places, strict=True):
        if who is not None:
            histories.setdefault(who, []).append(place)
    alike = Counter(tuple(sorted(theirs)) for theirs in histories.values())
    assert found.n_persons == len(histories) == 630
    assert found.n_unique_persons == sum(1 for count in alike.values() if count == 1)


def test_the_recipe_lowers_exposure_and_the_report_shows_both_sides(shop_recipe, orders, register):
    result = shop_recipe.apply(orders, subject="shipping.to")
    qi = ["shipping.zip", "shipping.country"]
    report = result.report(
        qi,
        register=register.assign(area=register["postcode"].str[:2]),
        on={"shipping.zip": "area"},
        on_before={"shipping.to": "name", "shipping.zip": "postcode"},
    )
    assert report.before.n_events == report.after.n_events == KNOWN["events"]
    assert report.before.n_persons == report.after.n_persons
    assert report.before.n_unique_persons > report.after.n_unique_persons
    assert report.after.linked_persons.one == 0
    assert report.before.linked_persons.one > 400
    assert result.report(qi, register=register, on={"shipping.zip": "postcode"}).before.linked is None
    assert "Mona" not in repr(report) + report._repr_html_()


def test_direct_identifiers_that_stay_are_told_and_tokens_are_not(orders, key):
    left = ev.Recipe([ev.pseudonymize("id", "shipping.to", key=key), ev.keep("shipping.line1", "shipping.zip")])
    warnings = left.apply(orders, unmatched="drop").report().warnings
    assert [warning for warning in warnings if "'shipping.line1'" in warning]
    assert not [warning for warning in warnings if "'id'" in warning or "'shipping.to'" in warning]


def test_fields_passed_on_without_a_rule_are_told(orders, key):
    recipe = ev.Recipe([ev.pseudonymize("id", key=key)])
    warnings = recipe.apply(orders, unmatched="keep").report(before=False).warnings
    assert "'shipping.to' has no rule and was passed on as it is" in warnings


def test_a_file_is_reported_like_a_list(tmp_path, write_lines, shop_recipe, orders):
    source = write_lines(orders)
    from_file = shop_recipe.apply(source, output=tmp_path / "out.ndjson", subject="shipping.to").report()
    from_list = shop_recipe.apply(orders, subject="shipping.to").report()
    assert (from_file.before, from_file.after) == (from_list.before, from_list.after)


def test_reports_name_columns_that_are_there(shop_recipe, orders):
    result = shop_recipe.apply(orders)
    with pytest.raises(KeyError, match=r"shipping\.zip"):
        result.report(["shipping.zipp"])
    with pytest.raises(ValueError, match="on="):
        result.report(register=ev.example_register())
    with pytest.raises(KeyError):
        result.report(register=ev.example_register(), on={"to": "name"})


def test_the_bundled_orders_are_those_of_the_known_figures():
    folder = Path(__file__).parents[2].parent / "shared" / "data"
    if not (folder / "expected.json").exists():
        pytest.skip("the figures' source is not here")
    known = json.loads((folder / "expected.json").read_text())["shop"]["orders"]
    assert known == KNOWN
    lines = (folder / "shop" / "orders.ndjson").read_text().splitlines()
    assert [json.loads(line) for line in lines] == ev.example_orders()
