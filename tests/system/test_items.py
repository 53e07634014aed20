import pytest

from client import fresh_sku, quote


def test_creating_needs_only_a_sku(client):
    sku = fresh_sku()
    answer = client.post("/v1/items", {"sku": sku})
    item = answer.json
    assert answer.headers["location"] == f"/v1/items/{sku}"
    assert (item["sku"], item["name"], item["label"], item["price"]) == (sku, "", "", "0.00")
    assert (item["reorder_point"], item["version"]) == (0, 1)
    assert (item["on_hand"], item["held"], item["available"]) == (0, 0, 0)
    assert client.item(sku) == item


def test_creating_takes_all_fields_and_the_opening_stock(client):
    sku, north = fresh_sku(), client.create_location()
    item = client.post("/v1/items", {
        "sku": sku, "name": "Äpfelsaft 🍏", "label": "juice", "price": "25.00", "reorder_point": 10,
        "opening": [{"location": "main", "quantity": 50}, {"location": north, "quantity": 7}],
    }).json
    assert (item["name"], item["label"], item["price"]) == ("Äpfelsaft 🍏", "juice", "25.00")
    assert (item["reorder_point"], item["on_hand"], item["available"]) == (10, 57, 57)
    levels = {level["location"]: level["on_hand"] for level in client.stock(sku)["levels"]}
    assert levels == {"main": 50, north: 7}
    assert {movement["kind"] for movement in client.movements(sku)} == {"opening"}
    assert client.check_books(sku) == (57, 0, 57)


@pytest.mark.parametrize("price, written", [
    ("25", "25.00"), ("25.5", "25.50"), ("0.05", "0.05"), ("0", "0.00"),
    ("92233720368547758.07", "92233720368547758.07"),
])
def test_prices_lose_no_digit(client, price, written):
    as_text = client.post("/v1/items", {"sku": fresh_sku(), "price": price}).json
    sku = fresh_sku()
    as_number = client.request(
        "POST", "/v1/items", body=b'{"sku":"%s","price":%s}' % (sku.encode(), price.encode()),
        status=201).json
    assert as_text["price"] == as_number["price"] == written
    assert client.item(sku)["price"] == written


def test_creating_twice_is_refused_and_tells_what_is_there(client):
    sku = client.create_item(stock=5, name="First")
    answer = client.post("/v1/items", {"sku": sku, "name": "Second"}, status=409)
    assert answer.problem == "already_exists"
    assert answer.json["current"]["name"] == "First"
    assert client.item(sku)["name"] == "First"
    assert client.check_books(sku) == (5, 0, 5)


def test_opening_at_an_unknown_location_creates_nothing(client):
    sku = fresh_sku()
    answer = client.post("/v1/items", {"sku": sku, "opening": [
        {"location": "main", "quantity": 1}, {"location": "nowhere", "quantity": 1}]}, status=422)
    assert (answer.problem, answer.json["field"]) == ("unknown_location", "opening[1].location")
    client.get(f"/v1/items/{sku}", status=404)


def test_case_matters_in_skus(client):
    sku = fresh_sku()
    client.create_item(sku.lower(), stock=1)
    client.create_item(sku.upper(), stock=2)
    assert client.numbers(sku.lower())[0] == 1
    assert client.numbers(sku.upper())[0] == 2


@pytest.mark.parametrize("mark", ["/", " ", "%", "%2F", "?", "#", "..", '"', "\\", "&=+", "~!@$"])
def test_any_printable_sku_can_be_addressed(client, mark):
    sku = f"{fresh_sku()[:40]}{mark}x"
    answer = client.post("/v1/items", {"sku": sku})
    assert answer.json["sku"] == sku
    assert client.item(sku)["sku"] == sku
    assert client.get(answer.headers["location"]).json["sku"] == sku
    assert client.patch(f"/v1/items/{quote(sku)}", {"name": "Odd"}).json["name"] == "Odd"
    assert client.stock(sku)["sku"] == sku


def test_patching_changes_only_what_is_named(client):
    sku = client.create_item(stock=3, name="Old", label="a", price="1.00", reorder_point=2)
    item = client.patch(f"/v1/items/{sku}", {"price": "2.50"}).json
    assert (item["name"], item["label"], item["price"], item["reorder_point"]) == ("Old", "a", "2.50", 2)
    assert item["version"] == 2
    assert item["updated_at"] >= item["created_at"]
    item = client.patch(f"/v1/items/{sku}", {"name": "New", "label": "b", "reorder_point": 9}).json
    assert (item["name"], item["label"], item["price"], item["reorder_point"]) == ("New", "b", "2.50", 9)
    assert client.item(sku) == item
    assert item["on_hand"] == 3


def test_a_new_price_leaves_placed_orders_alone(client):
    sku = client.create_item(stock=3, price="1.00")
    order = client.place(sku, 2).json
    client.patch(f"/v1/items/{sku}", {"price": "9.00"})
    assert client.order(order["id"])["execution_price"] == "2.00"
    assert client.place(sku, 1).json["execution_price"] == "9.00"


def test_what_does_not_exist_is_not_found(client):
    sku = fresh_sku()
    assert client.get(f"/v1/items/{sku}", status=404).problem == "item_not_found"
    assert client.get(f"/v1/items/{sku}/stock", status=404).problem == "item_not_found"
    assert client.patch(f"/v1/items/{sku}", {"name": "x"}, status=404).problem == "item_not_found"
    assert client.delete(f"/v1/items/{sku}", status=404).problem == "item_not_found"


def test_retiring_takes_the_stock_down_and_keeps_the_ledger(client):
    sku = client.create_item(stock=8)
    assert client.delete(f"/v1/items/{sku}").json["on_hand"] == 0
    client.get(f"/v1/items/{sku}", status=404)
    assert sku not in [item["sku"] for item in client.pages("/v1/items?limit=500", "items")]
    assert [(m["kind"], m["quantity"]) for m in client.movements(sku)] == [
        ("retirement", -8), ("opening", 8)]
    assert client.delete(f"/v1/items/{sku}", status=404).problem == "item_not_found"
    assert client.place(sku, 1, status=422).problem == "unknown_sku"


def test_retiring_is_refused_while_stock_is_held(client):
    sku = client.create_item(stock=8)
    order = client.place(sku, 3).json
    answer = client.delete(f"/v1/items/{sku}", status=409)
    assert answer.problem == "has_open_holds"
    assert client.check_books(sku) == (8, 3, 5)
    client.post(f"/v1/orders/{order['id']}/cancel", status=200)
    client.delete(f"/v1/items/{sku}")


def test_creating_a_retired_sku_revives_it(client):
    sku = client.create_item(stock=8, name="Old", price="1.00")
    client.delete(f"/v1/items/{sku}")
    item = client.post("/v1/items", {"sku": sku, "name": "New",
                                     "opening": [{"location": "main", "quantity": 2}]}).json
    assert (item["name"], item["price"], item["on_hand"]) == ("New", "0.00", 2)
    assert item["version"] > 1
    assert client.item(sku) == item
    assert client.check_books(sku) == (2, 0, 2)
    assert len(client.movements(sku)) == 3
