"""What the tests of events share: the shop's orders, a public key, and strategies for events."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from privkit import events as ev

KEY = bytes(range(32))
ORDERS = Path(__file__).parents[2] / "privkit" / "data" / "orders.ndjson.gz"


@pytest.fixture(scope="session")
def key():
    """Return a key that is public: for tests alone."""
    return ev.Key(KEY)


@pytest.fixture(scope="session")
def _orders():
    with gzip.open(ORDERS, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture
def orders(_orders):
    """Return the shop's 3,000 orders."""
    return json.loads(json.dumps(_orders[:]))


@pytest.fixture
def write_lines(tmp_path):
    """Return a function that writes events, or raw lines, to a file."""

    def write(events, name="in.ndjson"):
        path = tmp_path / name
        lines = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path

    return write


@pytest.fixture
def read_lines():
    """Return a function that reads events from a file."""
    return lambda path: [json.loads(line) for line in Path(path).read_bytes().splitlines()]


@pytest.fixture(scope="session")
def shop_recipe(key):
    """Return a recipe that covers the shop's orders whole."""
    return ev.Recipe(
        [
            ev.shift_dates("time", by="shipping.to", days=30, key=key),
            ev.truncate_time("time", "hour"),
            ev.pseudonymize("id", key=key),
            ev.pseudonymize("shipping.to", key=key, scope="person"),
            ev.coarsen("shipping.zip", prefix=2),
            ev.drop("shipping.line1", "products[].name"),
            ev.number("products[].id"),
            ev.perturb("products[].price", within=0.5, by="id", key=key),
            ev.keep("tenant", "status", "shipping.country", "shipping.carrier", "products[].quantity"),
        ],
        name="shop",
        version="1",
    )
