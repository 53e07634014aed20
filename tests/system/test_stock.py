import concurrent.futures
import itertools

import pytest

from client import fresh_sku


def receive(client, sku, quantity, status=200, location="main", **fields):
    return client.post("/v1/stock/receipts", {"sku": sku, "location": location,
                                              "quantity": quantity, **fields}, status=status)


def adjust(client, sku, quantity, status=200, location="main", **fields):
    return client.post("/v1/stock/adjustments", {"sku": sku, "location": location,
                                                 "quantity": quantity, **fields}, status=status)


def test_a_receipt_adds_and_is_in_the_ledger(client):
    sku = client.create_item(stock=5)
    level = receive(client, sku, 7, reason="delivery", reference="DN-1").json
    assert (level["sku"], level["location"]) == (sku, "main")
    assert (level["on_hand"], level["held"], level["available"]) == (12, 0, 12)
    newest = client.movements(sku)[0]
    assert (newest["kind"], newest["quantity"]) == ("receipt", 7)
    assert (newest["reason"], newest["reference"]) == ("delivery", "DN-1")
    assert newest["actor"]
    assert client.check_books(sku) == (12, 0, 12)


def test_an_adjustment_goes_both_ways(client):
    sku = client.create_item(stock=5)
    assert adjust(client, sku, -5, reason="breakage").json["on_hand"] == 0
    assert adjust(client, sku, 3).json["on_hand"] == 3
    assert [m["quantity"] for m in client.movements(sku)] == [3, -5, 5]
    assert {m["kind"] for m in client.movements(sku)} == {"adjustment", "opening"}
    assert client.check_books(sku) == (3, 0, 3)


def test_an_adjustment_leaves_what_is_held(client):
    sku = client.create_item(stock=5)
    client.place(sku, 3)
    answer = adjust(client, sku, -3, status=409)
    assert answer.problem == "insufficient_stock"
    assert (answer.json["current"]["on_hand"], answer.json["current"]["held"]) == (5, 3)
    assert client.check_books(sku) == (5, 3, 2)
    adjust(client, sku, -2)
    assert client.check_books(sku) == (3, 3, 0)


@pytest.mark.parametrize("route", ["receipts", "adjustments"])
def test_unknown_things_are_named(client, route):
    sku = client.create_item()
    answer = client.post(f"/v1/stock/{route}", {"sku": fresh_sku(), "location": "main",
                                                "quantity": 1}, status=422)
    assert (answer.problem, answer.json["field"]) == ("unknown_sku", "sku")
    answer = client.post(f"/v1/stock/{route}", {"sku": sku, "location": "nowhere",
                                                "quantity": 1}, status=422)
    assert (answer.problem, answer.json["field"]) == ("unknown_location", "location")
    assert client.movements(sku) == []


@pytest.mark.parametrize("act", [receive, adjust])
def test_a_level_never_passes_what_json_can_hold(client, act):
    largest = 2**53 - 1
    sku = client.create_item(stock=largest - 1)
    assert act(client, sku, 1).json["on_hand"] == largest
    answer = act(client, sku, 1, status=409)
    assert (answer.problem, answer.json["field"]) == ("level_too_large", "quantity")
    assert client.check_books(sku) == (largest, 0, largest)


def test_locations_are_listed_in_the_order_in_which_orders_take(client):
    late, early = client.create_location(priority=900), client.create_location(priority=3)
    rows = client.pages("/v1/locations?limit=2", "locations")
    assert rows == sorted(rows, key=lambda row: (row["priority"], row["code"]))
    codes = [row["code"] for row in rows]
    assert "main" in codes
    assert codes.index(early) < codes.index(late)


def test_a_location_exists_once(client):
    code = client.create_location(priority=5)
    answer = client.post("/v1/locations", {"code": code, "name": "Other"}, status=409)
    assert answer.problem == "already_exists"
    assert answer.json["current"]["priority"] == 5


def test_every_location_counts(client):
    sku, north = client.create_item(stock=5), client.create_location()
    receive(client, sku, 4, location=north)
    assert client.check_books(sku) == (9, 0, 9)
    answer = adjust(client, sku, -5, location=north, status=409)
    assert answer.json["current"]["on_hand"] == 4
    adjust(client, sku, -5)
    assert client.check_books(sku) == (4, 0, 4)


def test_a_movement_tells_its_order(client):
    sku = client.create_item(stock=5)
    order = client.place(sku, 2, confirm=True, fulfil=True).json
    newest = client.movements(sku)[0]
    assert (newest["kind"], newest["quantity"], newest["order"]) == ("shipment", -2, order["id"])


def test_concurrent_receipts_and_adjustments_all_count(client):
    sku = client.create_item(stock=1000)
    steps = [+3, -2, +5, -4] * 50

    def act(step):
        own = client.another()
        (receive if step > 0 else adjust)(own, sku, step)
        own.close()

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(act, steps))
    assert client.check_books(sku) == (1000 + sum(steps), 0, 1000 + sum(steps))
    ledger = [movement["quantity"] for movement in reversed(client.movements(sku))]
    assert sorted(ledger) == sorted([1000] + steps)
    assert min(itertools.accumulate(ledger)) >= 0
