"""The life of an order (DESIGN: states)."""

import pytest

from client import eventually, fresh_key


def act(client, order, verb, json=None, status=200, **more):
    return client.post(f"/v1/orders/{order['id']}/{verb}", json, status=status, **more)


def lines(*pairs):
    return {"lines": [{"sku": sku, "quantity": quantity} for sku, quantity in pairs]}


def allocations(order, sku):
    line = next(line for line in order["lines"] if line["sku"] == sku)
    return [(a["location"], a["quantity"], a["posted"], a["voided"]) for a in line["allocations"]]


def test_an_order_holds_its_stock_and_fixes_its_prices(client):
    juice = client.create_item(stock=50, price="25.00")
    water = client.create_item(stock=50, price="0.35")
    answer = client.post("/v1/orders", {"customer": "c-17", "reference": "web-1",
                                        **lines((juice, 2), (water, 3))})
    order = answer.json
    assert answer.headers["location"] == f"/v1/orders/{order['id']}"
    assert (order["state"], order["customer"], order["reference"]) == ("reserved", "c-17", "web-1")
    assert [line["unit_price"] for line in order["lines"]] == ["25.00", "0.35"]
    assert order["execution_price"] == "51.05"
    assert order["version"] == 1
    assert allocations(order, juice) == [("main", 2, 0, 0)]
    assert client.order(order["id"]) == order
    assert client.check_books(juice) == (50, 2, 48)
    assert client.check_books(water) == (50, 3, 47)
    hold, = client.stock(juice)["holds"]
    assert (hold["order"], hold["state"]) == (order["id"], "pending")
    assert [line["held"] for line in hold["lines"] if line["sku"] == juice] == [2]


def test_the_whole_life(client):
    a, b = client.create_item(stock=10, price="1.00"), client.create_item(stock=10, price="2.00")
    order = client.post("/v1/orders", lines((a, 4), (b, 2))).json

    order = act(client, order, "confirm").json
    assert (order["state"], order["version"]) == ("confirmed", 2)
    assert "expires_at" not in order
    assert client.stock(a)["holds"][0]["state"] == "committed"

    order = act(client, order, "fulfil", lines((a, 1))).json
    assert order["state"] == "partially_fulfilled"
    assert allocations(order, a) == [("main", 4, 1, 0)]
    assert client.check_books(a) == (9, 3, 6)
    assert client.check_books(b) == (10, 2, 8)

    order = act(client, order, "fulfil", lines((a, 1), (b, 2))).json
    assert order["state"] == "partially_fulfilled"
    order = act(client, order, "returns", {**lines((a, 1)), "location": "main"}).json
    assert order["state"] == "partially_fulfilled"
    assert [line["returned"] for line in order["lines"]] == [1, 0]
    assert client.check_books(a) == (9, 2, 7)

    order = act(client, order, "close").json
    assert order["state"] == "fulfilled"
    assert allocations(order, a) == [("main", 4, 2, 2)]
    assert client.check_books(a) == (9, 0, 9)

    order = act(client, order, "returns", {**lines((a, 1), (b, 2)), "location": "main",
                                           "reason": "too sweet"}).json
    assert order["state"] == "fulfilled"
    assert client.check_books(a) == (10, 0, 10)
    assert client.check_books(b) == (10, 0, 10)
    newest = client.movements(b)[0]
    assert (newest["kind"], newest["quantity"], newest["reason"]) == ("customer_return", 2, "too sweet")
    assert newest["order"] == order["id"]

    answer = act(client, order, "returns", {**lines((a, 1)), "location": "main"}, status=409)
    assert answer.problem == "exceeds_shipped"
    assert client.order(order["id"]) == order


def test_fulfilling_without_lines_ships_everything(client):
    sku = client.create_item(stock=10)
    order = client.place(sku, 4, confirm=True).json
    assert order["state"] == "confirmed"
    act(client, order, "fulfil", lines((sku, 1)))
    order = act(client, order, "fulfil").json
    assert order["state"] == "fulfilled"
    assert client.check_books(sku) == (6, 0, 6)


def test_one_decision_may_confirm_and_fulfil(client):
    sku = client.create_item(stock=10)
    assert client.place(sku, 4, confirm=True, fulfil=True).json["state"] == "fulfilled"
    assert client.check_books(sku) == (6, 0, 6)
    answer = client.place(sku, 1, fulfil=True, status=422)
    assert answer.json["field"] == "fulfil"
    assert client.check_books(sku) == (6, 0, 6)


def test_an_order_is_all_or_nothing(client):
    plenty, scarce = client.create_item(stock=10), client.create_item(stock=1)
    answer = client.post("/v1/orders", lines((plenty, 2), (scarce, 2)), status=409)
    assert answer.problem == "rejected"
    assert answer.json["shortages"] == [{"sku": scarce, "wanted": 2, "available": 1}]
    assert client.check_books(plenty) == (10, 0, 10)
    assert client.check_books(scarce) == (1, 0, 1)
    rejected = client.order(answer.json["order_id"])
    assert rejected["state"] == "rejected"
    assert all(line["allocations"] == [] for line in rejected["lines"])
    for verb in ("confirm", "cancel", "close", "fulfil"):
        assert act(client, rejected, verb, status=409).problem == "wrong_state"


def test_lines_of_one_sku_are_summed(client):
    sku, other = client.create_item(stock=5, price="1.00"), client.create_item(stock=5)
    order = client.post("/v1/orders", lines((sku, 2), (other, 1), (sku, 3))).json
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [(sku, 5), (other, 1)]
    assert order["execution_price"] == "5.00"
    answer = client.post("/v1/orders", lines((other, 2), (other, 3)), status=409)
    assert answer.json["shortages"] == [{"sku": other, "wanted": 5, "available": 4}]


def test_allocation_takes_locations_by_priority_and_splits(client):
    first, last = client.create_location(priority=1), client.create_location(priority=9000)
    sku = client.create_item(stock=3, location=last)
    for location, quantity in ((first, 2), ("main", 4)):
        client.post("/v1/stock/receipts", {"sku": sku, "location": location, "quantity": quantity},
                    status=200)
    order = client.place(sku, 7, confirm=True).json
    assert allocations(order, sku) == [(first, 2, 0, 0), ("main", 4, 0, 0), (last, 1, 0, 0)]
    order = act(client, order, "fulfil", lines((sku, 3))).json
    assert allocations(order, sku) == [(first, 2, 2, 0), ("main", 4, 1, 0), (last, 1, 0, 0)]
    act(client, order, "fulfil")
    levels = {level["location"]: level["on_hand"] for level in client.stock(sku)["levels"]}
    assert levels == {first: 0, "main": 0, last: 2}
    assert client.check_books(sku) == (2, 0, 2)


@pytest.mark.parametrize("confirm", [False, True])
def test_cancelling_frees_the_stock(client, confirm):
    sku = client.create_item(stock=5)
    order = client.place(sku, 5, confirm=confirm).json
    order = act(client, order, "cancel", {"reason": "changed their mind"}).json
    assert order["state"] == "cancelled"
    assert client.check_books(sku) == (5, 0, 5)
    assert act(client, order, "cancel", status=409).problem == "wrong_state"
    assert act(client, order, "confirm", status=409).problem == "wrong_state"
    client.place(sku, 5)


def test_wrong_states_are_refused_with_the_present_state(client):
    sku = client.create_item(stock=5)
    reserved = client.place(sku, 1).json
    for verb, body in (("fulfil", None), ("close", None),
                       ("returns", {**lines((sku, 1)), "location": "main"})):
        answer = act(client, reserved, verb, body, status=409)
        assert answer.problem == "wrong_state"
        assert answer.json["current"] == reserved
    fulfilled = client.place(sku, 1, confirm=True, fulfil=True).json
    for verb in ("confirm", "fulfil", "cancel", "close"):
        answer = act(client, fulfilled, verb, status=409)
        assert answer.json["current"]["state"] == "fulfilled"


def test_fulfilment_never_exceeds_the_hold(client):
    sku, other = client.create_item(stock=9), client.create_item(stock=9)
    order = client.place(sku, 3, confirm=True).json
    answer = act(client, order, "fulfil", lines((sku, 4)), status=409)
    assert (answer.problem, answer.json["field"]) == ("exceeds_held", "lines[0].quantity")
    answer = act(client, order, "fulfil", lines((sku, 1), (other, 1)), status=422)
    assert (answer.problem, answer.json["field"]) == ("not_in_order", "lines[1].sku")
    assert client.order(order["id"]) == order
    assert client.check_books(sku) == (9, 3, 6)


def test_returns_name_what_is_wrong(client):
    sku, other = client.create_item(stock=9), client.create_item(stock=9)
    order = client.place(sku, 3, confirm=True, fulfil=True).json
    for body, status, problem, field in (
        ({**lines((sku, 4)), "location": "main"}, 409, "exceeds_shipped", "lines[0].quantity"),
        ({**lines((other, 1)), "location": "main"}, 422, "not_in_order", "lines[0].sku"),
        ({**lines((sku, 1)), "location": "nowhere"}, 422, "unknown_location", "location"),
    ):
        answer = act(client, order, "returns", body, status=status)
        assert (answer.problem, answer.json["field"]) == (problem, field)
    assert client.order(order["id"]) == order
    assert client.check_books(sku) == (6, 0, 6)


def test_an_order_that_is_not_confirmed_expires_by_itself(client):
    sku = client.create_item(stock=5)
    order = client.place(sku, 5, expires_in=1).json
    eventually(lambda: client.order(order["id"])["state"] == "expired", "the order expires")
    assert client.check_books(sku) == (5, 0, 5)
    assert act(client, order, "confirm", status=409).problem == "wrong_state"


def test_a_shortage_expires_what_is_due(client):
    sku = client.create_item(stock=5)
    first = client.place(sku, 5, expires_in=1).json
    second = eventually(
        lambda: (answer := client.place(sku, 5, status=None)).status == 201 and answer.json,
        "the stock of the first order is free again")
    assert client.order(first["id"])["state"] == "expired"
    assert second["state"] == "reserved"
    assert client.check_books(sku) == (5, 5, 0)


def test_a_confirmed_order_does_not_expire(client):
    sku = client.create_item(stock=5)
    kept = client.place(sku, 2, expires_in=1, confirm=True).json
    lapsed = client.place(sku, 1, expires_in=1).json
    eventually(lambda: client.order(lapsed["id"])["state"] == "expired", "the other order expires")
    assert client.order(kept["id"])["state"] == "confirmed"
    assert client.check_books(sku) == (5, 2, 3)


def test_orders_that_do_not_exist(client):
    order = {"id": "01938a1e-4c00-7000-8000-00000000dead"}
    assert client.get(f"/v1/orders/{order['id']}", status=404).problem == "order_not_found"
    for verb in ("confirm", "fulfil", "cancel", "close"):
        assert act(client, order, verb, status=404).problem == "order_not_found"
    body = {"lines": [{"sku": "x", "quantity": 1}], "location": "main"}
    assert act(client, order, "returns", body, status=404).problem == "order_not_found"


def test_an_unknown_sku_places_nothing(client):
    sku = client.create_item(stock=5)
    answer = client.post("/v1/orders", lines((sku, 1), (sku + "?", 1)), status=422)
    assert (answer.problem, answer.json["field"]) == ("unknown_sku", "lines[1].sku")
    assert client.check_books(sku) == (5, 0, 5)


def test_an_order_of_a_thousand_lines(client):
    skus = [client.create_item(stock=2, price="0.01") for _ in range(40)]
    body = lines(*[(skus[i % 40], 1) for i in range(80)])
    assert client.post("/v1/orders", body).json["execution_price"] == "0.80"
    sku = client.create_item(stock=1000, price="0.01")
    order = client.post("/v1/orders", lines(*[(sku, 1)] * 1000)).json
    assert (order["lines"][0]["quantity"], order["execution_price"]) == (1000, "10.00")


def test_a_customer_and_a_key_may_be_left_out(client):
    sku = client.create_item(stock=2)
    order = client.place(sku, 1).json
    assert order.get("customer", "") == ""
    keyed = client.place(sku, 1, key=fresh_key()).json
    assert keyed["id"] != order["id"]
