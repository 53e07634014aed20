"""`stockroom audit`: what is altered behind the store's back is named."""

import shutil
import sqlite3
import subprocess
import threading

import pytest

from client import Client
from command import only_object, path_of, run
from server import Server


def audit(binary, path, *options):
    return run(binary, "audit", "--store-url", f"sqlite:{path}", *options)


def a_day(client):
    """An item with some of everything; gives the ids of its orders by state."""
    client.create_item("IB1", stock=50, price="2.50")
    client.create_item("IB2", stock=7)
    client.post("/v1/stock/receipts", {"sku": "IB1", "location": "main", "quantity": 10}, status=200)
    client.post("/v1/stock/adjustments", {"sku": "IB1", "location": "main", "quantity": -2},
                status=200)
    orders = {}
    for state, fields in {
            "reserved": {}, "confirmed": {"confirm": True}, "cancelled": {"confirm": True},
            "fulfilled": {"confirm": True, "fulfil": True},
            "partially_fulfilled": {"confirm": True}}.items():
        orders[state] = client.place("IB1", 4, **fields).json["id"]
    client.post(f"/v1/orders/{orders['cancelled']}/cancel", {}, status=200)
    client.post(f"/v1/orders/{orders['partially_fulfilled']}/fulfil",
                {"lines": [{"sku": "IB1", "quantity": 1}]}, status=200)
    client.post(f"/v1/orders/{orders['fulfilled']}/returns",
                {"lines": [{"sku": "IB1", "quantity": 1}], "location": "main"}, status=200)
    orders["rejected"] = client.place("IB2", 8, status=409).json["order_id"]
    return orders


@pytest.fixture(scope="module")
def books(binary, contract, tmp_path_factory):
    """A store that was stopped, and the ids of its orders."""
    folder = tmp_path_factory.mktemp("books")
    server = Server(binary, folder)
    client = Client(server.url, contract)
    orders = a_day(client)
    client.close()
    server.stop()
    return path_of(server), orders


def test_good_books_are_right(binary, books):
    done = audit(binary, books[0])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("all is right: 2 levels, 5 hold lines, 6 orders, 6 order lines, ")
    result = only_object(audit(binary, books[0], "--json"))
    assert result["ok"] is True
    assert result["findings"] == []
    checked = result["checked"]
    assert (checked["levels"], checked["orders"]) == (2, 6)
    assert checked["events"] > 10


def id_of(order):
    return f"x'{order.replace('-', '')}'"


def number_of(order):
    return f"(SELECT number FROM orders WHERE id = {id_of(order)})"


# What is done, and the finding that names it: invariant, what, key, a part of the detail.
TAMPERINGS = {
    "a level's on_hand": (
        lambda orders: "UPDATE levels SET on_hand = on_hand - 1 WHERE sku = 'IB1'",
        lambda orders: (2, "level", "IB1 at main", "on_hand is 53, the ledger sums to 54")),
    "a level's held": (
        lambda orders: "UPDATE levels SET held = held + 1 WHERE sku = 'IB1'",
        lambda orders: (2, "level", "IB1 at main", "held is 12, open holds hold 11")),
    "a level below zero": (
        lambda orders: "UPDATE levels SET on_hand = -1 WHERE sku = 'IB2'",
        lambda orders: (1, "level", "IB2 at main", "on_hand is -1")),
    "a level that holds more than it has": (
        lambda orders: "UPDATE levels SET held = 8 WHERE sku = 'IB2'",
        lambda orders: (1, "level", "IB2 at main", "held is 8, on_hand only 7")),
    "a level's version": (
        lambda orders: "UPDATE levels SET version = version + 1 WHERE sku = 'IB1'",
        lambda orders: (6, "level", "IB1 at main", "its last event's is")),
    "a level removed": (
        lambda orders: "DELETE FROM levels WHERE sku = 'IB2'",
        lambda orders: (2, "level", "IB2 at main", "the ledger sums to 7")),
    "a movement": (
        lambda orders: "UPDATE movements SET quantity = 11 WHERE kind = 'receipt'",
        lambda orders: (2, "level", "IB1 at main", "on_hand is 54, the ledger sums to 55")),
    "a movement removed": (
        lambda orders: "DELETE FROM movements WHERE kind = 'adjustment'",
        lambda orders: (2, "level", "IB1 at main", "on_hand is 54, the ledger sums to 56")),
    "a movement of another order": (
        lambda orders: f"UPDATE movements SET order_id = {id_of(orders['reserved'])} "
                       f"WHERE kind = 'shipment' AND order_id = {id_of(orders['fulfilled'])}",
        lambda orders: (2, "hold_line", f"IB1 at main of hold {orders['fulfilled']}",
                        "it has posted 4, the ledger shipped 0")),
    "a hold line's quantity": (
        lambda orders: f"UPDATE hold_lines SET quantity = 5 "
                       f"WHERE number = {number_of(orders['reserved'])}",
        lambda orders: (2, "hold_line", f"IB1 at main of hold {orders['reserved']}",
                        "it takes 5, its order's lines have 4")),
    "what a hold line has posted": (
        lambda orders: f"UPDATE hold_lines SET posted = 2 "
                       f"WHERE number = {number_of(orders['partially_fulfilled'])}",
        lambda orders: (2, "hold_line", f"IB1 at main of hold {orders['partially_fulfilled']}",
                        "it has posted 2, the ledger shipped 1")),
    "what a hold line has voided": (
        lambda orders: f"UPDATE hold_lines SET voided = 1 "
                       f"WHERE number = {number_of(orders['confirmed'])}",
        lambda orders: (5, "hold_line", f"IB1 at main of hold {orders['confirmed']}",
                        "it holds 3 of 4, its order is confirmed")),
    "a hold line's SKU": (
        lambda orders: f"UPDATE hold_lines SET sku = 'IB2' "
                       f"WHERE number = {number_of(orders['confirmed'])}",
        lambda orders: (2, "hold_line", f"IB2 at main of hold {orders['confirmed']}",
                        "its order's lines have 0")),
    "a hold line removed": (
        lambda orders: f"DELETE FROM hold_lines WHERE number = {number_of(orders['confirmed'])}",
        lambda orders: (2, "order", orders["confirmed"], "its lines have 4, its hold's lines 0")),
    "a hold's state": (
        lambda orders: f"UPDATE holds SET state = 'ended' "
                       f"WHERE number = {number_of(orders['confirmed'])}",
        lambda orders: (5, "order", orders["confirmed"], "its hold is ended")),
    "an order's state": (
        lambda orders: f"UPDATE orders SET state = 'cancelled' "
                       f"WHERE id = {id_of(orders['confirmed'])}",
        lambda orders: (5, "order", orders["confirmed"],
                        "its state is cancelled, its events leave it confirmed")),
    "a rejected order's state": (
        lambda orders: f"UPDATE orders SET state = 'confirmed' "
                       f"WHERE id = {id_of(orders['rejected'])}",
        lambda orders: (5, "order", orders["rejected"], "its events leave it rejected")),
    "an order's version": (
        lambda orders: f"UPDATE orders SET version = 9 WHERE id = {id_of(orders['confirmed'])}",
        lambda orders: (6, "order", orders["confirmed"], "its version is 9")),
    "an order's price": (
        lambda orders: f"UPDATE orders SET execution_price = 1 "
                       f"WHERE id = {id_of(orders['confirmed'])}",
        lambda orders: (5, "order", orders["confirmed"], "its lines come to 10.00")),
    "an order line's quantity": (
        lambda orders: f"UPDATE order_lines SET quantity = 3 "
                       f"WHERE number = {number_of(orders['confirmed'])}",
        lambda orders: (2, "order_line", f"IB1 of order {orders['confirmed']}", "quantity is 3")),
    "what came back": (
        lambda orders: f"UPDATE order_lines SET returned = 2 "
                       f"WHERE number = {number_of(orders['fulfilled'])}",
        lambda orders: (2, "order_line", f"IB1 of order {orders['fulfilled']}",
                        "returned is 2, the ledger has 1 back")),
    "an order removed": (
        lambda orders: f"DELETE FROM orders WHERE id = {id_of(orders['rejected'])}",
        lambda orders: (6, "log", f"order/{orders['rejected']}", "no row")),
    "an event removed": (
        lambda orders: "DELETE FROM log WHERE position = 3",
        lambda orders: (6, "log", "position 4", "position 3 is missing")),
    "the last event removed": (
        lambda orders: "DELETE FROM log WHERE position = (SELECT max(position) FROM log)",
        lambda orders: (6, "log", "head", "the last event has")),
    "a version in the log": (
        lambda orders: f"UPDATE log SET version = 3 WHERE version = 2 "
                       f"AND key = 'order/{orders['cancelled']}'",
        lambda orders: (6, "order", orders["cancelled"], "its version is 2, its last event's is 3")),
    "an event's type": (
        lambda orders: f"UPDATE log SET type = 'order.expired' "
                       f"WHERE key = 'order/{orders['cancelled']}' AND version = 2",
        lambda orders: (5, "log", None, "order.expired happens to order/")),
    "an event's actor": (
        lambda orders: "UPDATE log SET actor = '' WHERE position = 1",
        lambda orders: (5, "log", "position 1", "has no actor")),
    "an outcome removed": (
        lambda orders: f"DELETE FROM outcomes WHERE command = {id_of(orders['confirmed'])}",
        lambda orders: (6, "log", None, "is of a command without an outcome")),
    "an order's price, in the statistics": (
        lambda orders: "UPDATE order_statistics SET price_rest = price_rest + 1 "
                       "WHERE minute = (SELECT max(minute) FROM order_statistics)",
        lambda orders: (8, "statistics", None, "up to this minute 5 processed, 1 rejected, 20 units, "
                        "50.01, a count of the orders gives 5 processed, 1 rejected, 20 units, 50.00")),
    "an item's version": (
        lambda orders: "UPDATE items SET version = 2 WHERE sku = 'IB2'",
        lambda orders: (6, "row", "item/IB2", "its version is 2, its last event's is 1")),
}


def tamper(path, sql):
    store = sqlite3.connect(path)
    store.execute("PRAGMA ignore_check_constraints = ON")
    triggers = store.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger' "
                             "AND name NOT LIKE 'item_words%'").fetchall()
    for (trigger,) in triggers:
        store.execute(f"DROP TRIGGER {trigger}")
    changed = store.execute(sql).rowcount
    store.commit()
    store.close()
    assert changed == 1, sql


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_is_altered_is_named(binary, books, tmp_path, name):
    path, orders = books
    sql, finding = TAMPERINGS[name]
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    tamper(copy, sql(orders))
    result = only_object(audit(binary, copy, "--json"), code=1)
    assert result["ok"] is False
    invariant, what, key, part = finding(orders)
    assert [one for one in result["findings"]
            if (one["invariant"], one["what"]) == (invariant, what)
            and key in (None, one["key"]) and part in one["detail"]], result["findings"]
    told = audit(binary, copy)
    assert told.returncode == 1
    assert part in told.stdout
    assert result["findings_total"] == len(result["findings"])


@pytest.mark.parametrize("name", ["missing", "folder", "text", "other", "scheme", "empty"])
def test_what_is_no_store_is_wrong_usage(binary, tmp_path, name):
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    elif name == "text":
        path.write_text("not a store\n" * 1000, encoding="utf-8")
    elif name == "other":
        store = sqlite3.connect(path)
        store.execute("CREATE TABLE t (x)")
        store.close()
    elif name == "empty":
        path.write_bytes(b"")
    url = "mysql://localhost/x" if name == "scheme" else f"sqlite:{path}"
    done = run(binary, "audit", "--store-url", url, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr
    if name == "missing":
        assert f"there is no store at {path}" in done.stderr and "stockroom serve" in done.stderr
    assert path.exists() == (name not in ("missing", "scheme"))


def test_a_store_in_use_is_audited_as_it_is_at_one_moment(binary, start, contract):
    server = start()
    client = Client(server.url, contract)
    sku = client.create_item(stock=1_000_000)
    stop = threading.Event()

    def shop():
        own = client.another()
        while not stop.is_set():
            own.place(sku, 1, confirm=True, fulfil=True)
        own.close()

    buyers = [threading.Thread(target=shop) for _ in range(3)]
    for buyer in buyers:
        buyer.start()
    try:
        counts = []
        for _ in range(5):
            result = only_object(audit(binary, path_of(server), "--json"))
            counts.append(result["checked"]["orders"])
    finally:
        stop.set()
        for buyer in buyers:
            buyer.join()
    assert counts == sorted(counts)
    assert client.pages("/v1/orders?limit=500", "orders")


def test_it_changes_nothing(binary, books):
    before = subprocess.check_output(["sha256sum", books[0]])
    only_object(audit(binary, books[0], "--json"))
    assert subprocess.check_output(["sha256sum", books[0]]) == before
