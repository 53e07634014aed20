"""Embedded and as services: the same requests get the same answers."""

import os
import random
import re

import pytest

from client import Client, quote
from server import Server
from services import Services

SEED = int(os.environ.get("STOCKROOM_SEED", random.randrange(2**32)))
STEPS = 600
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
CURSOR = re.compile(r'"next":"[^"]*"')


class Script:
    """Makes requests from a seed and from what earlier ones were answered. Given the same answers it
    makes the same requests."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.skus = ["IB1", "ib 2", "a/b", "C,3\"", "ü?&", "x" * 64]
        self.places = ["main", "north", "south", "nowhere"]
        self.orders = ["0193b3e4-0000-7000-8000-000000000000"]
        self.number = 0

    def next(self):
        """(method, target, body, headers)"""
        self.number += 1
        dice = self.dice
        make = dice.choice([self.item, self.item, self.edit, self.stock, self.stock, self.place_order,
                            self.place_order, self.place_order, self.order_step, self.order_step,
                            self.order_step, self.read, self.read, self.location, self.record,
                            self.broken])
        method, target, body = make()
        headers = {}
        if method != "GET":
            if dice.random() < 0.7:
                headers["Idempotency-Key"] = f"key-{dice.randrange(self.number, self.number + 3)}"
            if dice.random() < 0.05:
                headers["If-Match"] = dice.choice(['"1"', '"2"', "*", '"x"'])
        return method, target, body, headers

    def sku(self):
        return self.dice.choice([*self.skus, "unknown"])

    def quantity(self):
        return self.dice.choice([1, 1, 2, 5, 30, 0, -1, 2**53 - 1, 2**53, "7", None])

    def lines(self):
        return [{"sku": self.sku(), "quantity": self.dice.choice([1, 1, 1, 2, 3, 200, 0])}
                for _ in range(self.dice.randint(1, 4))]

    def item(self):
        body = {"sku": self.sku(), "name": f"Item {self.number}", "label": self.dice.choice(["a", "b"]),
                "price": self.dice.choice(["1.00", "2.5", 3, "0", "1e3", "-1", "92233720368547758.07"]),
                "reorder_point": self.dice.choice([0, 10, -1])}
        if self.dice.random() < 0.6:
            body["opening"] = [{"location": self.dice.choice(self.places), "quantity": 50}]
        return "POST", "/v1/items", body

    def edit(self):
        target = f"/v1/items/{quote(self.sku())}"
        if self.dice.random() < 0.2:
            return "DELETE", target, None
        return "PATCH", target, self.dice.choice([
            {"name": f"Name {self.number}"}, {"price": "9.99"}, {"reorder_point": 7}, {}, {"sku": "B"}])

    def location(self):
        return "POST", "/v1/locations", {"code": self.dice.choice(["north", "south", "bad code"]),
                                         "name": "A place", "priority": self.dice.randint(0, 9)}

    def record(self):
        srn = self.dice.choice(["R1", "r 2", "R/3", "é", ""])
        if self.dice.random() < 0.3:
            return "DELETE", f"/v1/records/{quote(srn) or 'none'}", None
        if self.dice.random() < 0.3:
            return "GET", self.dice.choice([f"/v1/records/{quote(srn) or 'none'}", "/v1/records?limit=1"]), None
        return "POST", "/v1/records", {"srn": srn, "name": self.dice.choice(["Ann", "Zoë"]),
                                       "section": self.dice.choice(["A", "B"])}

    def stock(self):
        return "POST", self.dice.choice(["/v1/stock/receipts", "/v1/stock/adjustments"]), {
            "sku": self.sku(), "location": self.dice.choice(self.places), "quantity": self.quantity(),
            "reason": "because"}

    def place_order(self):
        body = {"lines": self.lines(), "customer": self.dice.choice(["c-1", "c-2"]),
                "reference": f"r-{self.number}"}
        if self.dice.random() < 0.3:
            body["confirm"] = True
            body["fulfil"] = self.dice.random() < 0.5
        return "POST", "/v1/orders", body

    def order_step(self):
        verb = self.dice.choice(["confirm", "fulfil", "cancel", "close", "returns", "fulfil"])
        body = {}
        if verb in ("fulfil", "returns") and self.dice.random() < 0.6:
            body = {"lines": [{"sku": self.sku(), "quantity": 1}]}
        if verb == "returns":
            body |= {"location": self.dice.choice(self.places)}
        return "POST", f"/v1/orders/{self.dice.choice(self.orders[-6:])}/{verb}", body

    def read(self):
        sku, order = quote(self.sku()), self.dice.choice(self.orders)
        return "GET", self.dice.choice([
            f"/v1/items/{sku}", f"/v1/items/{sku}/stock", f"/v1/items/{sku}/movements",
            f"/v1/items/{sku}/movements?limit=2", "/v1/items?limit=3", "/v1/items?q=item&label=a",
            "/v1/items?low_stock=true", f"/v1/orders/{order}", "/v1/orders?customer=c-1",
            "/v1/orders?state=reserved&limit=4", "/v1/orders?state=nonsense", "/v1/locations",
            f"/v1/commands/{order}", "/v1/orders?cursor=nonsense", "/v1/items?limit=501"]), None

    def broken(self):
        return "POST", self.dice.choice(["/v1/orders", "/v1/items", "/v1/nowhere"]), self.dice.choice([
            {}, [], "text", {"lines": []}, {"sku": ""}, {"sku": "A", "surprise": 1}, {"lines": 5}])

    def hear(self, answer):
        if answer.text.startswith("{") and "lines" in answer.json and "id" in answer.json:
            self.orders.append(answer.json["id"])


class Normal:
    """Texts with each UUID replaced by when it was first seen, and times and cursors made the same."""

    def __init__(self):
        self.seen = {}

    def text(self, text):
        text = UUID.sub(lambda match: f"uuid-{self.seen.setdefault(match[0], len(self.seen))}", text)
        return CURSOR.sub('"next":"…"', TIME.sub("a time", text))


@pytest.fixture
def both(binary, tmp_path_factory):
    servers = [Server(binary, tmp_path_factory.mktemp("embedded")),
               Services(binary, tmp_path_factory.mktemp("services"))]
    yield servers
    for server in servers:
        server.stop()
        server.remove()


def test_both_shapes_answer_the_same(both, contract):
    print(f"seed {SEED}")
    clients = [Client(server.url, contract) for server in both]
    scripts = [Script(SEED) for _ in both]
    normals = [Normal() for _ in both]
    statuses = set()

    def ask_both(requests):
        answers = [client.request(method, target, json=body, headers=headers)
                   for client, (method, target, body, headers) in zip(clients, requests)]
        texts = [normal.text(answer.text) for normal, answer in zip(normals, answers)]
        told = [(answer.status, text, answer.headers.get("etag"), answer.headers.get("content-type"),
                 normal.text(answer.headers.get("location", "")))
                for answer, text, normal in zip(answers, texts, normals)]
        assert told[0] == told[1], f"{requests[0]}\nembedded: {told[0]}\nservices: {told[1]}"
        statuses.add(answers[0].status)
        return answers

    for _ in range(STEPS):
        requests = [script.next() for script in scripts]
        for script, answer in zip(scripts, ask_both(requests)):
            script.hear(answer)
    worlds = [client.world() for client in clients]
    assert normals[0].text(str(worlds[0])) == normals[1].text(str(worlds[1]))
    assert {200, 201, 404, 409, 422} <= statuses, statuses
    for client in clients:
        client.close()
