import pytest


def test_etags_follow_the_version(client):
    sku = client.create_item(stock=5)
    assert client.get(f"/v1/items/{sku}").etag == '"1"'
    assert client.patch(f"/v1/items/{sku}", {"name": "New"}).etag == '"2"'
    assert client.get(f"/v1/items/{sku}").etag == '"2"'
    placed = client.place(sku, 2)
    path = placed.headers["location"]
    assert placed.etag == client.get(path).etag == '"1"'
    assert client.post(f"{path}/confirm", status=200).etag == '"2"'
    assert client.get(path).etag == '"2"'
    assert client.get(f"/v1/items/{sku}").etag == '"2"', "stock is no edit of the item"


def test_an_edit_of_the_present_version_is_made(client):
    sku = client.create_item()
    assert client.patch(f"/v1/items/{sku}", {"name": "A"}, if_match='"1"').etag == '"2"'
    assert client.patch(f"/v1/items/{sku}", {"name": "B"}, if_match='"2"').etag == '"3"'
    assert client.patch(f"/v1/items/{sku}", {"name": "C"}, if_match="*").etag == '"4"'
    client.delete(f"/v1/items/{sku}", if_match='"4"')


@pytest.mark.parametrize("if_match", ['"1"', '"3"', 'W/"2"', '"x"', '"02"', '"9223372036854775808"'])
def test_a_stale_edit_changes_nothing_and_tells_what_is_there(client, if_match):
    sku = client.create_item(stock=5)
    client.patch(f"/v1/items/{sku}", {"name": "There"})
    before = client.item(sku)
    for act in (lambda: client.patch(f"/v1/items/{sku}", {"name": "X"}, if_match=if_match, status=412),
                lambda: client.delete(f"/v1/items/{sku}", if_match=if_match, status=412)):
        answer = act()
        assert answer.problem == "version_mismatch"
        assert answer.json["current"] == before
        assert client.item(sku) == before
    assert client.check_books(sku) == (5, 0, 5)


def test_orders_are_guarded_too(client):
    sku = client.create_item(stock=9)
    path = client.place(sku, 3).headers["location"]
    client.post(f"{path}/confirm", if_match='"1"', status=200)
    before = client.get(path).json
    bodies = {"confirm": {}, "fulfil": {}, "cancel": {}, "close": {},
              "returns": {"lines": [{"sku": sku, "quantity": 1}], "location": "main"}}
    for verb, body in bodies.items():
        answer = client.post(f"{path}/{verb}", body, if_match='"1"', status=412)
        assert answer.problem == "version_mismatch"
        assert answer.json["current"] == before
    assert client.get(path).json == before
    client.post(f"{path}/fulfil", if_match='"2"', status=200)
    assert client.check_books(sku) == (6, 0, 6)


@pytest.mark.parametrize("if_match", ["1", '"1', "", "W/1"])
def test_what_is_no_etag_is_refused(client, if_match):
    sku = client.create_item()
    answer = client.patch(f"/v1/items/{sku}", {"name": "X"}, if_match=if_match, status=400)
    assert answer.json["field"] == "If-Match"
    assert client.item(sku)["name"] == ""


def test_a_missing_item_is_not_found_whatever_the_version(client):
    client.patch("/v1/items/T-never-there", {"name": "X"}, if_match='"1"', status=404)


def test_the_version_cannot_be_slipped_in_by_the_body(client):
    sku = client.create_item()
    for name in ("expected_version", "sku", "version"):
        answer = client.patch(f"/v1/items/{sku}", {"name": "X", name: 1}, status=422)
        assert answer.json["field"] == name
    assert client.item(sku)["name"] == ""
