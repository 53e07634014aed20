"""Many clients that get what they want from a system that is being killed, and remember every answer.

A client gives up no wish before the crowd's deadline: cut off, timed out, or told 429 or 503, it asks
again under the same idempotency key."""

import dataclasses
import hashlib
import http.client
import itertools
import json
import random
import threading
import time
import urllib.parse
import uuid

ANSWER_SECONDS = 10  # a client's patience with one request; the default wait for an outcome is 5
HOT, SCARCE, PLENTY = 10, 3, 10**9


def command_id(key):
    """The id of the command that a write under this key is: any gateway derives the same."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (b"anonymous", key.encode()):
        digest.update(len(part).to_bytes(8, "little") + part)
    return str(uuid.UUID(bytes=digest.digest()[:6] + bytes([digest.digest()[6] & 0x0F | 0x80]) +
                         digest.digest()[7:8] + bytes([digest.digest()[8] & 0x3F | 0x80]) +
                         digest.digest()[9:]))


@dataclasses.dataclass
class Wish:
    kind: str  # of the command
    target: str
    body: dict
    key: str
    asynchronous: bool = False
    accepted: bool = False  # a 202 was told
    status: int = 0  # of the answer that settled it; 202 where the client did not wait
    answer: dict = None  # its body
    troubles: list = dataclasses.field(default_factory=list)  # what it lived through before
    contradictions: list = dataclasses.field(default_factory=list)

    @property
    def command(self):
        return command_id(self.key)

    @property
    def reference(self):
        return self.body.get("reference")

    def hear(self, status, headers, answer):
        """Notes an answer; True when there is nothing more to ask."""
        if status in (429, 503):
            self.troubles.append(f"{status} {answer.get('type', '').removeprefix('/problems/')}")
            if "Retry-After" not in headers:
                self.contradictions.append(f"{status} without Retry-After")
            return False
        if status == 202:
            self.accepted = True
            if answer["id"] != self.command:
                self.contradictions.append(f"accepted as {answer['id']}, not {self.command}")
            if not self.asynchronous:
                self.troubles.append("202")
                return False
        if self.status not in (0, 202) and (self.status, self.answer) != (status, answer):
            self.contradictions.append(
                f"told {self.status} {self.answer}, and then {status} {answer}")
        self.status, self.answer = status, answer
        return True


class Client(threading.Thread):
    def __init__(self, crowd, number):
        super().__init__(name=f"client {number}", daemon=True)
        self.crowd, self.wishes, self.failure = crowd, [], None
        self.connection = None

    def run(self):
        try:
            for number in self.crowd.numbers:
                if number >= self.crowd.orders or not self.crowd.wait_for_turn(number):
                    break
                self.live(number, random.Random(f"{self.crowd.seed}/{number}"))
                self.crowd.count_settled()
        except Exception as error:  # told by the crowd's own thread
            self.failure = error
        finally:
            self.close()

    def live(self, number, dice):
        """One order, what becomes of it, and sometimes something for the catalogue or the stock."""
        crowd = self.crowd
        order = self.want("place_order", "/v1/orders", crowd.order_body(number, dice),
                          f"order/{number}", asynchronous=number % 3 == 0)
        if order.status == 201 and order.answer["state"] == "reserved":
            path, chance = f"/v1/orders/{order.answer['id']}", dice.random()
            if chance < 0.1:
                self.want("cancel_order", f"{path}/cancel", {}, f"cancel/{number}")
            elif chance < 0.2:
                confirmed = self.want("confirm_order", f"{path}/confirm", {}, f"confirm/{number}")
                if confirmed.status == 200 and chance < 0.15:
                    self.want("fulfil_order", f"{path}/fulfil", {}, f"fulfil/{number}")
        if order.status and dice.random() < 0.05:
            self.settle(order)  # told the same again
        if number % 25 == 0:
            self.want("receive_stock", "/v1/stock/receipts", {
                "sku": dice.choice(crowd.plenty), "location": "main",
                "quantity": dice.randint(1, 9)}, f"receipt/{number}", number % 50 == 0)
        if number % 50 == 1:
            self.want("create_item", "/v1/items", {
                "sku": f"{crowd.run}-new-{number}", "price": "1.00",
                "opening": [{"location": "main", "quantity": 5}]}, f"item/{number}")

    def want(self, kind, target, body, key, asynchronous=False):
        wish = Wish(kind, target, body, f"{self.crowd.run}/{key}", asynchronous)
        self.wishes.append(wish)
        self.settle(wish)
        return wish

    def settle(self, wish):
        """Asks until there is an answer that stays, or the crowd's time is over."""
        pause = 0.02
        while time.monotonic() < self.crowd.deadline:
            try:
                if wish.hear(*self.ask(wish)):
                    return
                pause = 0.2
            except (http.client.HTTPException, OSError) as error:
                self.close()
                wish.troubles.append(type(error).__name__)
            time.sleep(pause)
            pause = min(pause * 2, 1)

    def ask(self, wish):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(*self.crowd.address, timeout=ANSWER_SECONDS)
        headers = {"Content-Type": "application/json", "Idempotency-Key": wish.key}
        if wish.asynchronous:
            headers["Prefer"] = "respond-async"
        self.connection.request("POST", wish.target, json.dumps(wish.body), headers)
        response = self.connection.getresponse()
        return response.status, response.headers, json.loads(response.read())

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


class Crowd:
    """So many orders from so many clients."""

    def __init__(self, url, seed, orders, clients, seconds_max):
        parts = urllib.parse.urlsplit(url)
        self.address = (parts.hostname, parts.port)
        self.seed, self.orders, self.seconds_max = seed, orders, seconds_max
        self.run = f"crowd-{seed}"
        self.plenty = [f"{self.run}-hot-{i}" for i in range(HOT)]
        self.scarce = {f"{self.run}-scarce-{i}": max(orders // 50, 1) for i in range(SCARCE)}
        self.opening = PLENTY
        self.numbers, self.settled, self.limit = itertools.count(), 0, orders
        self.progress = threading.Condition()
        self.clients = [Client(self, number) for number in range(clients)]
        self.deadline = None

    def order_body(self, number, dice):
        skus = dice.sample(self.plenty, dice.randint(1, 3))
        if dice.random() < 0.2:
            skus.append(dice.choice(list(self.scarce)))
        body = {"customer": f"{self.run}-{number % 97}", "reference": f"{self.run}/{number}",
                "lines": [{"sku": sku, "quantity": dice.randint(1, 3)} for sku in skus]}
        if dice.random() < 0.1:
            body["confirm"] = True
        return body

    def open_shop(self, client):
        """Makes the items, before anything is killed. `client`: of client.py."""
        for sku in self.plenty:
            client.create_item(sku, stock=self.opening, price="2.50")
        for sku, units in self.scarce.items():
            client.create_item(sku, stock=units, price="99.00")

    def start(self):
        self.deadline = time.monotonic() + self.seconds_max
        for client in self.clients:
            client.start()

    # The crowd and whoever disturbs it keep together, however quick it is.

    def count_settled(self):
        with self.progress:
            self.settled += 1
            self.progress.notify_all()

    def set_limit(self, number):
        """No order from this number on is begun until the limit is raised."""
        with self.progress:
            self.limit = number
            self.progress.notify_all()

    def wait_for_turn(self, number):
        """False when the crowd's time is over before."""
        with self.progress:
            return self.progress.wait_for(lambda: number < self.limit, self.seconds_left())

    def wait_until_settled(self, number):
        """False when the crowd's time is over before."""
        with self.progress:
            return self.progress.wait_for(lambda: self.settled >= number, self.seconds_left())

    def seconds_left(self):
        return max(self.deadline - time.monotonic(), 0)

    def join(self):
        for client in self.clients:
            client.join()
        for client in self.clients:
            if client.failure:
                raise client.failure

    @property
    def wishes(self):
        return [wish for client in self.clients for wish in client.wishes]
