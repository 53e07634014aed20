"""Whatever is wrong is named, and nothing changes."""

import json

import pytest

from client import fresh_key, quote

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def unchanged(client):
    """What a client can read is the same after the test as before it."""
    before = client.world()
    yield
    assert client.world() == before


@pytest.fixture(scope="module")
def stocked(url, contract):
    """An item with stock, and an order that holds some of it."""
    from client import Client
    client = Client(url, contract)
    sku = client.create_item(stock=10, price="1.00")
    order = client.place(sku, 2, confirm=True).json
    yield {"sku": sku, "order": order["id"]}
    client.close()


def refused(client, method, target, body, status, problem, field=None, headers=None):
    answer = client.request(method, target, body=body, headers=headers, status=status)
    assert (answer.problem, answer.json.get("field")) == (problem, field)


BROKEN_JSON = {
    "empty": b"",
    "blank": b" \r\n",
    "cut": b'{"sku":"x"',
    "no name": b'{:1}',
    "trailing comma": b'{"sku":"x",}',
    "trailing text": b'{"sku":"x"} {}',
    "single quotes": b"{'sku':'x'}",
    "comment": b'{"sku":"x"} // why',
    "bare word": b"sku",
    "NaN": b'{"sku":"x","price":NaN}',
    "leading zero": b'{"sku":"x","reorder_point":01}',
    "leading plus": b'{"sku":"x","reorder_point":+1}',
    "hexadecimal": b'{"sku":"x","reorder_point":0x1}',
    "raw control character": b'{"sku":"a\x01b"}',
    "raw NUL": b'{"sku":"a\x00b"}',
    "bad escape": b'{"sku":"\\x41"}',
    "lone surrogate": b'{"sku":"x","name":"\\ud800"}',
    "Latin-1": b'{"sku":"x","name":"\xe9"}',
    "overlong UTF-8": b'{"sku":"x","name":"\xc0\xaf"}',
    "surrogate in UTF-8": b'{"sku":"x","name":"\xed\xa0\x80"}',
    "UTF-16": '{"sku":"x"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"sku":"x"}',
    "100,000 deep arrays": b"[" * 100_000,
    "100,000 deep arrays that end": b"[" * 100_000 + b"]" * 100_000,
    "100,000 deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "33 deep": b'{"sku":' + b"[" * 32 + b"]" * 32 + b"}",
}


@pytest.mark.parametrize("what", BROKEN_JSON)
def test_broken_json(client, unchanged, what):
    refused(client, "POST", "/v1/items", BROKEN_JSON[what], 400, "malformed_json")


@pytest.mark.parametrize("body, field", [
    (b'{"sku":"x","sku":"y"}', "sku"),
    (b'{"sku":"x","\\u0073ku":"y"}', "sku"),
    (b'{"lines":[{"sku":"x","quantity":1,"quantity":1}]}', "lines[0].quantity"),
    (b'{"zzz":1,"zzz":1}', "zzz"),
])
def test_duplicate_keys(client, unchanged, body, field):
    refused(client, "POST", "/v1/items", body, 400, "malformed_json", field)
    refused(client, "POST", "/v1/orders", body, 400, "malformed_json", field)


@pytest.mark.parametrize("body", [b"null", b"[]", b'"sku"', b"1", b"true", b'[{"sku":"x"}]'])
def test_no_object(client, unchanged, body):
    for target in ("/v1/items", "/v1/orders", "/v1/locations", "/v1/stock/receipts"):
        refused(client, "POST", target, body, 422, "invalid_field")


def test_unknown_fields(client, unchanged, stocked):
    sku, order = stocked["sku"], stocked["order"]
    line = {"sku": sku, "quantity": 1}
    for method, target, body, field in (
        ("POST", "/v1/items", {"sku": "x", "colour": "red"}, "colour"),
        ("POST", "/v1/items", {"sku": "x", "SKU": "x"}, "SKU"),
        ("POST", "/v1/items", {"sku": "x", "on_hand": 5}, "on_hand"),
        ("POST", "/v1/items", {"sku": "x", "opening": [{"location": "main", "quantity": 1,
                                                        "x": 1}]}, "opening[0].x"),
        ("PATCH", f"/v1/items/{sku}", {"name": "x", "held": 0}, "held"),
        ("POST", "/v1/locations", {"code": "x", "colour": "red"}, "colour"),
        ("POST", "/v1/stock/receipts", {**line, "location": "main", "order": order}, "order"),
        ("POST", "/v1/stock/adjustments", {**line, "location": "main", "at": 1}, "at"),
        ("POST", "/v1/orders", {"lines": [line], "price": "1.00"}, "price"),
        ("POST", "/v1/orders", {"lines": [{**line, "unit_price": "0.01"}]}, "lines[0].unit_price"),
        ("POST", f"/v1/orders/{order}/confirm", {"x": 1}, "x"),
        ("POST", f"/v1/orders/{order}/fulfil", {"lines": [{**line, "location": "main"}]},
         "lines[0].location"),
        ("POST", f"/v1/orders/{order}/cancel", {"order": order}, "order"),
        ("POST", f"/v1/orders/{order}/close", {"x": None}, "x"),
        ("POST", f"/v1/orders/{order}/returns", {"lines": [line], "location": "main", "x": 1}, "x"),
    ):
        refused(client, method, target, json.dumps(body).encode(), 422, "invalid_field", field)


BAD_QUANTITIES = ["-1", "0", "-0", "1.5", "5.0", "1e2", "true", "null", '"5"', "[5]", "{}",
                  str(2**53), str(2**63), str(2**64 + 1), str(10**30), "1e400", "-" + str(10**30)]


@pytest.mark.parametrize("quantity", BAD_QUANTITIES)
def test_quantities(client, unchanged, stocked, quantity):
    sku, order = stocked["sku"], stocked["order"]
    line = f'{{"sku":"{sku}","quantity":{quantity}}}'
    stock = f'{{"sku":"{sku}","location":"main","quantity":{quantity}}}'
    opening = f'{{"sku":"x","opening":[{{"location":"main","quantity":{quantity}}}]}}'
    for target, body, field in (
        ("/v1/orders", f'{{"lines":[{line}]}}', "lines[0].quantity"),
        (f"/v1/orders/{order}/fulfil", f'{{"lines":[{line}]}}', "lines[0].quantity"),
        (f"/v1/orders/{order}/returns", f'{{"lines":[{line}],"location":"main"}}',
         "lines[0].quantity"),
        ("/v1/stock/receipts", stock, "quantity"),
        ("/v1/items", opening, "opening[0].quantity"),
    ):
        refused(client, "POST", target, body.encode(), 422, "invalid_field", field)
    if quantity != "-1":
        refused(client, "POST", "/v1/stock/adjustments", stock.encode(), 422, "invalid_field",
                "quantity")


@pytest.mark.parametrize("price", [
    "1e400", "-1", "-0.01", "0.001", '"abc"', "true", "null", '""', '" 1"', '"1 "', '"+1"', '"1,00"',
    '"1e2"', "1e2", "1E0", '"0x1"', '".5"', '"5."', '"-1"', '"0.001"', '"92233720368547758.08"',
    "92233720368547758.08", str(10**30), "[1]", '{"minor":1}', '"NaN"', '"٣"',
])
def test_prices(client, unchanged, stocked, price):
    for method, target in (("POST", "/v1/items"), ("PATCH", f"/v1/items/{stocked['sku']}")):
        sku = '"sku":"x",' if method == "POST" else ""
        body = f'{{{sku}"price":{price}}}'.encode()
        refused(client, method, target, body, 422, "invalid_field", "price")


@pytest.mark.parametrize("sku", ["", "x" * 65, " x", "x ", "a\u0000b", "a\tb", "a\nb", "caf\u00e9",
                                 "\u007f", "\U0001f34f", "\u00a0x"])
def test_skus(client, unchanged, sku):
    for target, body, field in (
        ("/v1/items", {"sku": sku}, "sku"),
        ("/v1/stock/receipts", {"sku": sku, "location": "main", "quantity": 1}, "sku"),
        ("/v1/stock/adjustments", {"sku": sku, "location": "main", "quantity": 1}, "sku"),
        ("/v1/orders", {"lines": [{"sku": sku, "quantity": 1}]}, "lines[0].sku"),
    ):
        refused(client, "POST", target, json.dumps(body).encode(), 422, "invalid_field", field)
    if sku and "\0" not in sku:
        refused(client, "GET", f"/v1/items/{quote(sku)}", None, 404, "item_not_found")


@pytest.mark.parametrize("target, body, field", [
    ("/v1/items", {}, "sku"),
    ("/v1/items", {"sku": 5}, "sku"),
    ("/v1/items", {"sku": None}, "sku"),
    ("/v1/items", {"sku": "x", "name": 5}, "name"),
    ("/v1/items", {"sku": "x", "name": "n" * 201}, "name"),
    ("/v1/items", {"sku": "x", "name": "a\u0000b"}, "name"),
    ("/v1/items", {"sku": "x", "label": "l" * 65}, "label"),
    ("/v1/items", {"sku": "x", "reorder_point": -1}, "reorder_point"),
    ("/v1/items", {"sku": "x", "reorder_point": 2**53}, "reorder_point"),
    ("/v1/items", {"sku": "x", "opening": {}}, "opening"),
    ("/v1/items", {"sku": "x", "opening": [5]}, "opening[0]"),
    ("/v1/items", {"sku": "x", "opening": [{"location": "main"}]}, "opening[0].quantity"),
    ("/v1/items", {"sku": "x", "opening": [{"location": "a b", "quantity": 1}]},
     "opening[0].location"),
    ("/v1/items", {"sku": "x", "opening": [{"location": "main", "quantity": 1}] * 2},
     "opening[1].location"),
    ("/v1/locations", {}, "code"),
    ("/v1/locations", {"code": ""}, "code"),
    ("/v1/locations", {"code": "c" * 33}, "code"),
    ("/v1/locations", {"code": "a/b"}, "code"),
    ("/v1/locations", {"code": "x", "priority": -1}, "priority"),
    ("/v1/locations", {"code": "x", "priority": 1_000_001}, "priority"),
    ("/v1/locations", {"code": "x", "priority": 1.5}, "priority"),
    ("/v1/stock/receipts", {"sku": "x", "location": "main"}, "quantity"),
    ("/v1/stock/receipts", {"location": "main", "quantity": 1}, "sku"),
    ("/v1/stock/receipts", {"sku": "x", "location": "main", "quantity": 1, "reason": "r" * 201},
     "reason"),
    ("/v1/stock/receipts", {"sku": "x", "location": "main", "quantity": 1, "reference": "r" * 201},
     "reference"),
    ("/v1/orders", {}, "lines"),
    ("/v1/orders", {"lines": []}, "lines"),
    ("/v1/orders", {"lines": {}}, "lines"),
    ("/v1/orders", {"lines": [{"sku": "x", "quantity": 1}] * 1001}, "lines"),
    ("/v1/orders", {"lines": [{"quantity": 1}]}, "lines[0].sku"),
    ("/v1/orders", {"lines": [{"sku": "x"}]}, "lines[0].quantity"),
    ("/v1/orders", {"lines": [{"sku": "x", "quantity": 1}], "customer": "c" * 101}, "customer"),
    ("/v1/orders", {"lines": [{"sku": "x", "quantity": 1}], "confirm": 1}, "confirm"),
    ("/v1/orders", {"lines": [{"sku": "x", "quantity": 1}], "confirm": "true"}, "confirm"),
    ("/v1/orders", {"lines": [{"sku": "x", "quantity": 1}], "expires_in": 0}, "expires_in"),
    ("/v1/orders", {"lines": [{"sku": "x", "quantity": 1}], "expires_in": 2_592_001}, "expires_in"),
])
def test_other_fields(client, unchanged, target, body, field):
    refused(client, "POST", target, json.dumps(body).encode(), 422, "invalid_field", field)


def test_a_patch_that_says_nothing_right(client, unchanged, stocked):
    target = f"/v1/items/{stocked['sku']}"
    for body, field in (({"name": None}, "name"), ({"name": "n" * 201}, "name"),
                        ({"reorder_point": True}, "reorder_point"), ({"sku": "y"}, "sku")):
        refused(client, "PATCH", target, json.dumps(body).encode(), 422, "invalid_field", field)


def test_lines_that_stand_twice(client, unchanged, stocked):
    lines = [{"sku": stocked["sku"], "quantity": 1}] * 2
    for verb, body in (("fulfil", {"lines": lines}),
                       ("returns", {"lines": lines, "location": "main"})):
        refused(client, "POST", f"/v1/orders/{stocked['order']}/{verb}", json.dumps(body).encode(),
                422, "invalid_field", "lines[1].sku")


def test_amounts_past_64_bits(client):
    dear = client.create_item(stock=2**53 - 1, price="92233720368547758.07")
    cheap = client.create_item(stock=5, price="0.01")
    before = client.world()
    order = b'{"lines":[{"sku":"%s","quantity":2}]}' % dear.encode()
    refused(client, "POST", "/v1/orders", order, 422, "amount_too_large", "lines[0]")
    body = {"lines": [{"sku": dear, "quantity": 1}, {"sku": cheap, "quantity": 1}]}
    refused(client, "POST", "/v1/orders", json.dumps(body).encode(), 422, "amount_too_large",
            "lines[1]")
    body = {"lines": [{"sku": cheap, "quantity": 2**53 - 1}] * 2}
    refused(client, "POST", "/v1/orders", json.dumps(body).encode(), 422, "quantity_too_large",
            "lines[1].quantity")
    assert client.world() == before
    assert client.place(dear, 1).json["execution_price"] == "92233720368547758.07"


@pytest.mark.parametrize("bad_id", ["1", "x" * 36, "01938a1e-4c00-7000-8000-00000000000",
                                    "01938a1e-4c00-7000-8000-0000000000011",
                                    "{01938a1e-4c00-7000-8000-000000000001}",
                                    "01938a1e4c0070008000000000000001", "..", "%20", "'--"])
def test_ids_that_are_no_uuid(client, unchanged, bad_id):
    bad_id = quote(bad_id)
    refused(client, "GET", f"/v1/orders/{bad_id}", None, 422, "invalid_field", "id")
    refused(client, "GET", f"/v1/commands/{bad_id}", None, 422, "invalid_field", "id")
    for verb in ("confirm", "fulfil", "cancel", "close"):
        refused(client, "POST", f"/v1/orders/{bad_id}/{verb}", b"{}", 422, "invalid_field", "id")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded",
                                        "application/jsonx", "application/json/x", "json", "*/*",
                                        "multipart/form-data; boundary=x", "application/xml", ""])
def test_media_types(client, unchanged, stocked, media_type):
    body = json.dumps({"lines": [{"sku": stocked["sku"], "quantity": 1}]}).encode()
    refused(client, "POST", "/v1/orders", body, 415, "unsupported_media_type",
            headers={"Content-Type": media_type})


def test_json_by_another_name_is_taken(client):
    for media_type in ("application/json; charset=utf-8", "Application/JSON", "application/json;x=y"):
        client.create_item()
        client.request("POST", "/v1/items", body=b'{"sku":"T-%s"}' % fresh_key().encode(),
                       headers={"Content-Type": media_type}, status=201)


def test_a_packed_body_is_not_unpacked(client, unchanged):
    refused(client, "POST", "/v1/items", b'{"sku":"x"}', 415, "unsupported_media_type",
            headers={**JSON, "Content-Encoding": "gzip"})


def test_a_reused_key_and_a_stale_version(client, stocked):
    sku, key = stocked["sku"], fresh_key()
    client.patch(f"/v1/items/{sku}", {"name": "Edited"}, key=key)
    before = client.world()
    again = client.patch(f"/v1/items/{sku}", {"name": "Other"}, key=key, status=422)
    stale = client.patch(f"/v1/items/{sku}", {"name": "Other"}, if_match='"1"', status=412)
    assert (again.problem, stale.problem) == ("idempotency_key_reused", "version_mismatch")
    assert client.world() == before


def test_routes_and_methods_that_are_not_there(client, unchanged):
    for target in ("/v1", "/v1/", "/v2/items", "/v1/items/", "/v1/items/x/", "//v1/items",
                   "/v1/holds", "/v1/orders/x/y/z", "/V1/items", "/v1/items/x/y", "/.", "/livez/"):
        assert client.get(target, status=404).problem == "not_found"
    for method, target in (("PUT", "/v1/items"), ("DELETE", "/v1/orders"), ("PATCH", "/livez"),
                           ("POST", "/"), ("GET", "/v1/stock/receipts"), ("DELETE", "/v1/items"),
                           ("TRACE", "/v1/items")):
        answer = client.request(method, target, status=405)
        assert answer.problem == "method_not_allowed"
    client.request("OPTIONS", "/v1/items/x", status=204)
