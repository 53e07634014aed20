import pytest

from client import fresh_key, fresh_sku


def test_the_same_again_gives_the_same_and_does_nothing(client):
    sku, key = client.create_item(stock=10, price="2.00"), fresh_key()
    first = client.place(sku, 3, key=key)
    again = client.place(sku, 3, key=key)
    assert again.json == first.json
    assert again.headers["location"] == first.headers["location"]
    assert again.etag == first.etag
    assert client.check_books(sku) == (10, 3, 7)


def test_every_write_takes_a_key(client):
    sku, code = fresh_sku(), "K-" + fresh_key()[:20]
    base = f"/v1/items/{sku}"
    writes = [
        ("POST", "/v1/items", {"sku": sku, "opening": [{"location": "main", "quantity": 9}]}, 201),
        ("PATCH", base, {"name": "New"}, 200),
        ("POST", "/v1/locations", {"code": code}, 201),
        ("POST", "/v1/stock/receipts", {"sku": sku, "location": "main", "quantity": 2}, 200),
        ("POST", "/v1/stock/adjustments", {"sku": sku, "location": "main", "quantity": -1}, 200),
    ]
    for method, target, body, status in writes:
        headers = {"Idempotency-Key": fresh_key()}
        first = client.request(method, target, json=body, headers=headers, status=status)
        again = client.request(method, target, json=body, headers=headers, status=status)
        assert again.text == first.text
    assert client.check_books(sku) == (10, 0, 10)

    order = client.place(sku, 4).json
    steps = [("confirm", {}), ("fulfil", {"lines": [{"sku": sku, "quantity": 1}]}), ("close", {}),
             ("returns", {"lines": [{"sku": sku, "quantity": 1}], "location": "main"})]
    for verb, body in steps:
        key = fresh_key()
        first = client.post(f"/v1/orders/{order['id']}/{verb}", body, key=key, status=200)
        again = client.post(f"/v1/orders/{order['id']}/{verb}", body, key=key, status=200)
        assert again.text == first.text
    cancelled, key = client.place(sku, 1).json, fresh_key()
    for _ in range(2):
        answer = client.post(f"/v1/orders/{cancelled['id']}/cancel", key=key, status=200)
        assert answer.json["state"] == "cancelled"
    assert client.check_books(sku) == (10, 0, 10)
    key = fresh_key()
    assert client.delete(base, key=key).text == client.delete(base, key=key).text


def test_another_body_under_the_key_is_refused(client):
    sku, key = client.create_item(stock=10), fresh_key()
    client.place(sku, 3, key=key)
    for body in ({"lines": [{"sku": sku, "quantity": 4}]},
                 {"lines": [{"sku": sku, "quantity": 3}], "customer": "c-1"},
                 {"lines": [{"sku": sku, "quantity": 3}], "confirm": True}):
        answer = client.post("/v1/orders", body, key=key, status=422)
        assert answer.problem == "idempotency_key_reused"
    assert client.check_books(sku) == (10, 3, 7)


def test_another_kind_of_write_under_the_key_is_refused(client):
    sku, key = client.create_item(stock=10), fresh_key()
    body = {"sku": sku, "location": "main", "quantity": 1}
    client.post("/v1/stock/receipts", body, key=key, status=200)
    answer = client.post("/v1/stock/adjustments", body, key=key, status=422)
    assert answer.problem == "idempotency_key_reused"
    assert client.check_books(sku) == (11, 0, 11)


def test_another_target_under_the_key_is_refused(client):
    one, two, key = client.create_item(), client.create_item(), fresh_key()
    client.patch(f"/v1/items/{one}", {"name": "New"}, key=key)
    answer = client.patch(f"/v1/items/{two}", {"name": "New"}, key=key, status=422)
    assert answer.problem == "idempotency_key_reused"
    assert client.item(two)["name"] == ""


def test_the_same_body_written_otherwise_is_the_same(client):
    sku, key = fresh_sku(), fresh_key()
    headers = {"Idempotency-Key": key}
    spellings = ['{"sku":"%s","price":"25.00","reorder_point":0}',
                 '{ "price" : 25, "sku" : "%s" }',
                 '{"name":"","sku":"%s","price":25.0,"opening":[]}']
    answers = [client.request("POST", "/v1/items", body=(text % sku).encode(), headers=headers,
                              status=201).text for text in spellings]
    assert answers == [answers[0]] * 3


def test_a_refusal_is_kept_too(client):
    sku, key = client.create_item(stock=1), fresh_key()
    rejected = client.place(sku, 2, key=key, status=409)
    client.post("/v1/stock/receipts", {"sku": sku, "location": "main", "quantity": 5}, status=200)
    again = client.place(sku, 2, key=key, status=409)
    assert again.json == rejected.json
    assert client.check_books(sku) == (6, 0, 6)
    unknown, key = fresh_sku(), fresh_key()
    client.place(unknown, 1, key=key, status=422)
    client.create_item(unknown, stock=5)
    assert client.place(unknown, 1, key=key, status=422).problem == "unknown_sku"


def test_an_edit_can_be_repeated_after_its_version_went_by(client):
    sku, key = client.create_item(), fresh_key()
    first = client.patch(f"/v1/items/{sku}", {"name": "New"}, key=key, if_match='"1"')
    client.patch(f"/v1/items/{sku}", {"name": "Newer"})
    again = client.patch(f"/v1/items/{sku}", {"name": "New"}, key=key, if_match='"1"')
    assert again.json == first.json
    assert client.item(sku)["name"] == "Newer"


def test_what_was_never_sent_on_leaves_the_key_free(client):
    sku, key = client.create_item(stock=5), fresh_key()
    client.place(sku, 0, key=key, status=422)
    client.request("POST", "/v1/orders", body=b"{", headers={"Idempotency-Key": key}, status=400)
    client.place(sku, 1, key=key)
    assert client.check_books(sku) == (5, 1, 4)


@pytest.mark.parametrize("key", ["x", "~" * 255, "a!\"#$%&'()*+,-./:;<=>?@[]^_`{|}"],
                         ids=["short", "longest", "marks"])
def test_keys_of_visible_ascii_are_taken(client, key):
    sku = client.create_item(stock=5)
    key = (key + sku)[:255] if len(key) < 255 else sku.ljust(255, "~")
    order = client.place(sku, 1, key=key).json
    assert client.place(sku, 1, key=key).json == order
    assert client.check_books(sku) == (5, 1, 4)


@pytest.mark.parametrize("key", ["", "~" * 256, "two words", "\u00e9", "a\tb"],
                         ids=["empty", "too long", "space", "accent", "tab"])
def test_other_keys_are_refused(client, key):
    sku = client.create_item(stock=5)
    answer = client.place(sku, 1, key=key, status=400)
    assert answer.json["field"] == "Idempotency-Key"
    assert client.check_books(sku) == (5, 0, 5)
