"""`stockroom stress`: a crowd never gets more than there is, and notices when it does."""

import http.server
import json
import threading
import uuid

import pytest

from client import Client
from command import only_object, run


def stress(binary, url, buyers, units, *options):
    return run(binary, "stress", "--buyers", buyers, "--units", units, "--url", url, *options)


@pytest.mark.parametrize("time", range(10))
def test_300_buyers_get_exactly_100_units(binary, url, contract, time):
    del time
    result = only_object(stress(binary, url, 300, 100, "--json"))
    sku = result.pop("sku")
    assert result == {"buyers": 300, "units": 100, "sold": 100, "refused": 200, "duplicates": 0,
                      "unknown": 0}
    client = Client(url, contract)
    assert client.numbers(sku) == (100, 100, 0)
    orders = client.pages(f"/v1/orders?customer={sku}&limit=500", "orders")
    assert sorted(order["state"] for order in orders) == ["rejected"] * 200 + ["reserved"] * 100


@pytest.mark.parametrize("buyers, units", [(1, 1), (7, 50), (20, 20), (5, 0), (600, 1)])
def test_everybody_gets_one_while_there_is_one(binary, url, buyers, units):
    result = only_object(stress(binary, url, buyers, units, "--json"))
    sold = min(buyers, units)
    assert (result["sold"], result["refused"]) == (sold, buyers - sold)


def test_people_get_a_table(binary, url):
    done = stress(binary, url, 3, 2)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[1:] == [["sold", "2"], ["refused", "1"], ["duplicates", "0"], ["unknown", "0"]]


@pytest.mark.parametrize("arguments", [
    (), ("--buyers", "3"), ("--units", "3"), ("--buyers", "0", "--units", "1"),
    ("--buyers", "5001", "--units", "1"), ("--buyers", "1", "--units", "-1"),
    ("--buyers", "1", "--units", "1", "--url", "nonsense"),
])
def test_wrong_usage(binary, arguments):
    done = run(binary, "stress", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


class BrokenShop:
    """Speaks the interface, and keeps its books wrongly where it is told to."""

    def __init__(self, stock, sells_too_much=False, forgets_keys=False, breaks=False,
                 ledger_error=0):
        self.stock, self.sells_too_much, self.forgets_keys = stock, sells_too_much, forgets_keys
        self.breaks, self.ledger_error = breaks, ledger_error
        self.lock = threading.Lock()
        self.orders, self.keys = [], {}

    def item(self):
        held = sum(order["state"] == "reserved" for order in self.orders)
        return {"on_hand": self.stock, "held": held}

    def place(self, key, body):
        with self.lock:
            if self.breaks:
                return 500, {"type": "/problems/dead_letter", "detail": "It broke."}
            order = None if self.forgets_keys else self.keys.get(key)
            if order is None:
                left = self.stock - self.item()["held"]
                state = "reserved" if self.sells_too_much or left > 0 else "rejected"
                order = {"id": str(uuid.uuid4()), "state": state, "reference": body["reference"]}
                self.orders.append(order)
                self.keys[key] = order
            if order["state"] == "rejected":
                return 409, {"type": "/problems/rejected", "order_id": order["id"]}
            return 201, order

    def answer(self, method, path, key, body):
        if method == "POST":
            return (201, {}) if path == "/v1/items" else self.place(key, body)
        if path.startswith("/v1/orders"):
            return 200, {"orders": self.orders}
        if "/movements" in path:
            return 200, {"movements": [{"quantity": self.stock + self.ledger_error}]}
        return 200, self.item()


@pytest.fixture
def broken_shop():
    servers = []

    def open_shop(**faults):
        shop = BrokenShop(**faults)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = shop.answer(self.command, self.path,
                                             self.headers.get("Idempotency-Key"),
                                             json.loads(body or "null"))
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = handle_one

            def log_message(self, *_):
                pass

        class Shop(http.server.ThreadingHTTPServer):
            daemon_threads = True

        server = Shop(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield open_shop
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_shop_that_is_right_passes(binary, broken_shop):
    result = only_object(stress(binary, broken_shop(stock=3), 9, 3, "--json"))
    assert (result["sold"], result["refused"], result["duplicates"]) == (3, 6, 0)


def test_a_shop_that_sells_too_much_is_told_so(binary, broken_shop):
    done = stress(binary, broken_shop(stock=3, sells_too_much=True), 9, 3, "--json")
    assert only_object(done, code=1)["sold"] == 9


def test_a_shop_that_forgets_keys_has_duplicates(binary, broken_shop):
    done = stress(binary, broken_shop(stock=20, forgets_keys=True), 9, 20, "--json")
    result = only_object(done, code=1)
    assert (result["sold"], result["duplicates"], result["unknown"]) == (18, 9, 0)
    assert "repeated order" in done.stderr


def test_a_shop_that_breaks_leaves_buyers_unknown(binary, broken_shop):
    done = stress(binary, broken_shop(stock=3, breaks=True), 9, 3, "--json")
    result = only_object(done, code=1)
    assert (result["sold"], result["unknown"]) == (0, 9)
    assert "500 dead_letter: It broke." in done.stderr


def test_a_ledger_that_differs_is_named(binary, broken_shop):
    done = stress(binary, broken_shop(stock=3, ledger_error=1), 9, 3, "--json")
    assert only_object(done, code=1)["sold"] == 3
    assert "the ledger's sum is 4, not 3" in done.stderr


def test_a_server_that_is_not_there(binary):
    done = stress(binary, "http://127.0.0.1:1", 3, 1, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot reach http://127.0.0.1:1" in done.stderr
