import uuid

import pytest

from client import fresh_sku, quote


@pytest.fixture
def label():
    return "label-" + uuid.uuid4().hex


def skus(rows):
    return [row["sku"] for row in rows]


@pytest.mark.parametrize("limit", [1, 7, 25, 26, 500])
def test_pages_give_every_row_once_in_order(client, label, limit):
    made = sorted(client.create_item(label=label) for _ in range(25))
    target = f"/v1/items?label={label}&limit={limit}"
    page = client.get(target).json
    assert len(page["items"]) == min(limit, 25)
    assert skus(client.pages(target, "items")) == made


def test_rows_that_come_and_go_shift_nothing(client, label):
    prefix = fresh_sku()
    made = [client.create_item(f"{prefix}-{i:02}", label=label) for i in range(0, 20, 2)]
    target = f"/v1/items?label={label}&limit=4"
    first = client.get(target).json
    assert skus(first["items"]) == made[:4]
    client.create_item(f"{prefix}-01", label=label)
    client.create_item(f"{prefix}-09", label=label)
    client.delete(f"/v1/items/{made[0]}")
    client.delete(f"/v1/items/{made[3]}")
    rest = client.get(f"{target}&cursor={quote(first['next'])}").json
    assert skus(rest["items"]) == [made[4], f"{prefix}-09", made[5], made[6]]


def test_search_is_by_word_prefix(client, label):
    mark = uuid.uuid4().hex[:12]
    named = client.create_item(name=f"Red {mark.upper()}juice of Apples", label=label)
    coded = client.create_item(f"{mark}juice-1", label=label)
    client.create_item(name=f"Un{mark}juice", label=label)
    for q in (mark, f"{mark}jui", mark.upper()):
        assert sorted(skus(client.pages(f"/v1/items?q={q}", "items"))) == sorted([named, coded])
    assert skus(client.pages(f"/v1/items?q=appl&label={label}", "items")) == [named]
    assert client.pages(f"/v1/items?q=pples&label={label}", "items") == []
    for q in ("%", "_", "*", '"', "'"):
        assert client.pages(f"/v1/items?label={label}&q={quote(q)}", "items") == []


def test_low_stock_is_at_or_below_the_reorder_point(client, label):
    below = client.create_item(label=label, stock=4, reorder_point=5)
    at = client.create_item(label=label, stock=5, reorder_point=5)
    held = client.create_item(label=label, stock=9, reorder_point=5)
    client.create_item(label=label, stock=6, reorder_point=5)
    client.place(held, 4)
    low = client.pages(f"/v1/items?label={label}&low_stock=true", "items")
    assert skus(low) == sorted([below, at, held])
    assert len(client.pages(f"/v1/items?label={label}&low_stock=false", "items")) == 4


def test_orders_come_newest_first_and_can_be_filtered(client):
    sku, customer = client.create_item(stock=10), "c-" + uuid.uuid4().hex
    made = [client.place(sku, 1, customer=customer).json["id"] for _ in range(7)]
    client.post(f"/v1/orders/{made[2]}/confirm", status=200)
    target = f"/v1/orders?customer={customer}"
    rows = client.pages(f"{target}&limit=3", "orders")
    assert [row["id"] for row in rows] == made[::-1]
    confirmed = client.pages(f"{target}&state=confirmed", "orders")
    assert [row["id"] for row in confirmed] == [made[2]]
    since = client.order(made[4])["created_at"]
    rows = client.pages(f"{target}&since={quote(since)}", "orders")
    assert [row["id"] for row in rows] == made[:3:-1]
    assert client.get(f"{target}x").json["orders"] == []
    with_offset = since.replace("Z", "+00:00")
    assert client.pages(f"{target}&since={quote(with_offset)}", "orders") == rows


def test_movements_come_newest_first(client):
    sku = client.create_item()
    for quantity in range(1, 12):
        client.post("/v1/stock/receipts", {"sku": sku, "location": "main", "quantity": quantity},
                    status=200)
    rows = client.pages(f"/v1/items/{sku}/movements?limit=4", "movements")
    assert [row["quantity"] for row in rows] == list(range(11, 0, -1))


LISTS = ["/v1/items", "/v1/orders", "/v1/locations", "/v1/items/{sku}/movements"]


@pytest.mark.parametrize("target", LISTS)
@pytest.mark.parametrize("query, field", [
    ("limit=0", "limit"), ("limit=501", "limit"), ("limit=-1", "limit"), ("limit=ten", "limit"),
    ("limit=1e2", "limit"), ("limit=", "limit"), ("limit=99999999999999999999", "limit"),
    ("limit=5&limit=6", "limit"), ("cursor=no-page-gave-this", "cursor"),
    ("cursor=%27%20OR%201%3D1", "cursor"), ("cursor=" + "A" * 2000, "cursor"),
    ("offset=5", "offset"),
])
def test_bad_page_requests_are_named(client, target, query, field):
    target = target.format(sku=client.create_item())
    answer = client.get(f"{target}?{query}", status=422)
    assert answer.json["field"] == field


@pytest.mark.parametrize("target, field", [
    ("/v1/items?low_stock=maybe", "low_stock"), ("/v1/orders?state=lost", "state"),
    ("/v1/orders?since=yesterday", "since"), ("/v1/orders?since=2026-02-30T00:00:00Z", "since"),
    ("/v1/items?q=" + "x" * 201, "q"), ("/v1/items?label=" + "x" * 65, "label"),
    ("/v1/orders?customer=" + "x" * 101, "customer"),
])
def test_bad_filters_are_named(client, target, field):
    assert client.get(target, status=422).json["field"] == field
