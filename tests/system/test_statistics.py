"""GET /v1/statistics/orders and the figures of GET /metrics: what a count of the orders gives."""

import datetime

import pytest

PATH = "/v1/statistics/orders"
TEXT = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")


def minor(money):
    whole, decimals = money.split(".")
    return int(whole) * 100 + int(decimals)


def count(client, since=""):
    """As the statistics have it, of the orders themselves."""
    orders = client.pages("/v1/orders?limit=500" + (f"&since={since}" if since else ""), "orders")
    placed = [order for order in orders if order["state"] != "rejected"]
    total = sum(minor(order["execution_price"]) for order in placed)
    average = (2 * total + len(placed)) // (2 * len(placed)) if placed else 0
    return {"processed": len(placed), "rejected": len(orders) - len(placed),
            "units": sum(line["quantity"] for order in placed for line in order["lines"]),
            "total_execution_price": f"{total // 100}.{total % 100:02}",
            "average_execution_price": f"{average // 100}.{average % 100:02}"}


def figures(client, query=""):
    return client.get(PATH + query, status=200).json


def in_minutes(minutes):
    time = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_they_are_a_count_of_the_orders(client):
    before = figures(client)
    sku, other = client.create_item(stock=10, price="2.55"), client.create_item(stock=1, price="0.01")
    kept = client.place(sku, 2, confirm=True, fulfil=True).json["id"]
    cancelled = client.place(sku, 3).json["id"]
    client.post("/v1/orders", {"lines": [{"sku": sku, "quantity": 1}, {"sku": other, "quantity": 1}]},
                status=201)
    client.place(sku, 9, status=409)
    client.post(f"/v1/orders/{cancelled}/cancel", {}, status=200)
    client.post(f"/v1/orders/{kept}/returns",
                {"lines": [{"sku": sku, "quantity": 1}], "location": "main"}, status=200)
    after = figures(client)
    assert after == count(client)
    assert after["processed"] == before["processed"] + 3
    assert after["rejected"] == before["rejected"] + 1
    assert after["units"] == before["units"] + 7
    assert minor(after["total_execution_price"]) == minor(before["total_execution_price"]) + 1531


def test_a_retry_counts_once(client):
    sku = client.create_item(stock=5)
    before = figures(client)["processed"]
    for _ in range(3):
        client.post("/v1/orders", {"lines": [{"sku": sku, "quantity": 1}]}, key=f"once-{sku}")
    assert figures(client)["processed"] == before + 1


def test_of_a_span(client):
    client.place(client.create_item(stock=1), 1)
    everything = figures(client)
    for query in (f"?since={in_minutes(-60)}", "?window=3600", f"?until={in_minutes(2)}",
                  f"?since={in_minutes(-60)}&until={in_minutes(2)}"):
        found = figures(client, query)
        assert found.pop("since", "").endswith(":00.000000Z") == ("until" not in query or "since" in query)
        assert found.pop("until", "").endswith(":00.000000Z") == ("until" in query)
        assert found == everything, query
    for query in (f"?since={in_minutes(2)}", f"?until={in_minutes(-60)}",
                  f"?since={in_minutes(2)}&until={in_minutes(2)}"):
        nothing = figures(client, query)
        assert (nothing["processed"], nothing["rejected"], nothing["units"]) == (0, 0, 0), query
        assert nothing["total_execution_price"] == nothing["average_execution_price"] == "0.00"


@pytest.mark.parametrize(("query", "field"), [
    ("since=yesterday", "since"), ("until=1", "until"), ("window=0", "window"), ("window=-1", "window"),
    ("window=1.5", "window"), ("window=1m", "window"), ("window=3162240001", "window"),
    ("window=99999999999999999999", "window"), ("window=", "window"),
    ("window=60&since=2026-11-21T10:00:00Z", "window"),
    ("since=2026-11-21T10:00:00Z&until=2026-11-21T09:59:59Z", "until"), ("from=1", "from"),
    ("since=2026-11-21T10:00:00Z&since=2026-11-21T10:00:00Z", "since")])
def test_what_is_wrong_with_a_span(client, query, field):
    assert client.get(f"{PATH}?{query}", status=422).json["field"] == field


def test_metrics_as_json_are_the_figures_of_everything(client):
    client.place(client.create_item(stock=1), 1)
    everything = figures(client)
    found = client.get("/metrics", headers={"Accept": "application/json"})
    assert found.json == {"total_orders_processed": everything["processed"],
                          "average_execution_price": everything["average_execution_price"]}


@pytest.mark.parametrize("accept", [None, "*/*", TEXT, "text/plain"])
def test_metrics_are_text_for_prometheus(client, accept):
    answer = client.get("/metrics", headers={"Accept": accept} if accept else {})
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE stockroom_http_requests_total counter" in answer.text
