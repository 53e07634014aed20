"""A client whose every answer is held against the contract."""

import dataclasses
import http.client
import io
import json as json_module
import re
import socket
import time
import urllib.parse
import uuid

from contract import strict_json

DEADLINE_SECONDS = 120  # for whatever must happen at some time; the sanitizers' builds are slow
IDLE_SECONDS = 60  # the gateway closes what is idle for 75


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict  # names in lower case
    text: str

    @property
    def json(self):
        return strict_json(self.text)

    @property
    def problem(self):
        """The type of the problem, without its path."""
        return self.json["type"].removeprefix("/problems/")

    @property
    def etag(self):
        return self.headers["etag"]


class Client:
    """One connection that is kept alive. Not for several threads: each makes its own by another()."""

    def __init__(self, url, contract):
        self.url = url
        self.contract = contract
        parts = urllib.parse.urlsplit(url)
        self.address = (parts.hostname, parts.port)
        self.connection = http.client.HTTPConnection(*self.address, timeout=DEADLINE_SECONDS)
        self.used_at = time.monotonic()

    def another(self):
        return Client(self.url, self.contract)

    def close(self):
        self.connection.close()

    def request(self, method, target, json=None, body=None, headers=None, status=None):
        """`json`: a value to send. `body`: bytes to send as they are. `status`: what is expected."""
        headers = dict(headers or {})
        if json is not None:
            body = json_module.dumps(json).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        if time.monotonic() - self.used_at > IDLE_SECONDS:
            self.connection.close()  # the next request opens it again
        self.connection.request(method, target, body=body, headers=headers)
        response = self.connection.getresponse()
        endless = response.getheader("Content-Type") == "text/event-stream" and method != "HEAD"
        names = [name.lower() for name, _ in response.getheaders()]
        assert len(names) == len(set(names)), f"a header stands twice: {names}"
        answer = Answer(response.status,
                        {name.lower(): value for name, value in response.getheaders()},
                        (read_block(response) if endless else response.read()).decode("utf-8"))
        if endless:
            response.close()
            self.connection.close()
        self.used_at = time.monotonic()
        self.contract.check(method, target, answer, sent=json)
        if status is not None:
            assert answer.status == status, f"{method} {target[:200]} → {answer.status} {answer.text[:1000]}"
        return answer

    def get(self, target, status=200, **more):
        return self.request("GET", target, status=status, **more)

    def metric(self, series):
        """As it is now; 0 when there is none."""
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def post(self, target, json=None, status=201, key=None, prefer=None, if_match=None, **more):
        return self.write("POST", target, json, status, key, prefer, if_match, **more)

    def patch(self, target, json, status=200, key=None, prefer=None, if_match=None, **more):
        return self.write("PATCH", target, json, status, key, prefer, if_match, **more)

    def delete(self, target, status=200, key=None, prefer=None, if_match=None, **more):
        return self.write("DELETE", target, None, status, key, prefer, if_match, **more)

    def write(self, method, target, json, status, key, prefer, if_match, headers=None, **more):
        headers = dict(headers or {})
        for name, value in (("Idempotency-Key", key), ("Prefer", prefer), ("If-Match", if_match)):
            if value is not None:
                headers[name] = value
        return self.request(method, target, json=json, headers=headers, status=status, **more)

    # What the tests do all the time.

    def create_item(self, sku=None, stock=0, location="main", **fields):
        """Gives the SKU of a new item with so much stock."""
        sku = sku or fresh_sku()
        body = {"sku": sku, **fields}
        if stock:
            body["opening"] = [{"location": location, "quantity": stock}]
        self.post("/v1/items", body)
        return sku

    def create_location(self, priority=100):
        code = "L-" + uuid.uuid4().hex[:12]
        self.post("/v1/locations", {"code": code, "name": "A place", "priority": priority})
        return code

    def place(self, sku, quantity, status=201, key=None, prefer=None, **fields):
        return self.post("/v1/orders", {"lines": [{"sku": sku, "quantity": quantity}], **fields},
                         status=status, key=key, prefer=prefer)

    def order(self, order_id):
        return self.get(f"/v1/orders/{order_id}").json

    def item(self, sku):
        return self.get(f"/v1/items/{quote(sku)}").json

    def stock(self, sku):
        return self.get(f"/v1/items/{quote(sku)}/stock").json

    def numbers(self, sku):
        """on_hand, held and available."""
        item = self.item(sku)
        return item["on_hand"], item["held"], item["available"]

    def pages(self, target, member):
        """All rows of a list."""
        rows, cursor = [], None
        while True:
            glue = "&" if "?" in target else "?"
            page = self.get(target if cursor is None else
                            f"{target}{glue}cursor={quote(cursor)}").json
            rows += page[member]
            cursor = page.get("next")
            if not cursor:
                return rows

    def movements(self, sku):
        return self.pages(f"/v1/items/{quote(sku)}/movements?limit=500", "movements")

    def check_books(self, sku):
        """DESIGN: invariants 1 and 2, as a client can see them."""
        stock = self.stock(sku)
        for level in [stock, *stock["levels"]]:
            assert 0 <= level["held"] <= level["on_hand"]
            assert level["available"] == level["on_hand"] - level["held"]
        assert stock["on_hand"] == sum(level["on_hand"] for level in stock["levels"])
        assert stock["held"] == sum(level["held"] for level in stock["levels"])
        assert stock["on_hand"] == sum(movement["quantity"] for movement in self.movements(sku))
        if not stock.get("more_holds"):
            lines = [line for hold in stock["holds"] for line in hold["lines"]]
            assert stock["held"] == sum(line["held"] for line in lines)
        return stock["on_hand"], stock["held"], stock["available"]

    def world(self):
        """Everything that a client can read, to tell that nothing has changed."""
        items = self.pages("/v1/items?limit=500", "items")
        return {
            "items": items,
            "stock": [self.stock(item["sku"]) for item in items],
            "movements": [self.movements(item["sku"]) for item in items],
            "orders": self.pages("/v1/orders?limit=500", "orders"),
            "locations": self.pages("/v1/locations?limit=500", "locations"),
            "records": self.pages("/v1/records?limit=500", "records"),
        }


class Stream(io.BufferedReader):
    """What a socket sends, for one HTTPResponse after the other: each closes what it has read from."""

    def makefile(self, *_):
        return self

    def close(self):
        pass


def read_block(response):
    """The beginning of a stream of events: up to its first empty line."""
    received = b""
    while not received.endswith(b"\n\n"):
        data = response.read(1)
        assert data, f"the stream ended after {received!r}"
        received += data
    return received


class Raw:
    """A bare socket, for what no client library would send."""

    def __init__(self, address, source=None):
        self.socket = socket.create_connection(address, timeout=DEADLINE_SECONDS,
                                               source_address=source)
        self.stream = Stream(socket.SocketIO(self.socket, "r"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def read_answer(self, head=False):
        """One answer, however its body is framed. None when the connection ended before it."""
        response = http.client.HTTPResponse(self.stream, method="HEAD" if head else "GET")
        try:
            response.begin()
        except (http.client.BadStatusLine, ConnectionResetError):
            return None
        return Answer(response.status,
                      {name.lower(): value for name, value in response.getheaders()},
                      response.read().decode("utf-8"))

    def read_to_end(self):
        """All bytes until the other side closes; fails when it does not."""
        received = b""
        while True:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return received
            if not data:
                return received
            received += data


def parse_answer(received):
    """The one answer that these bytes are."""
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    headers = {name.lower(): value for name, value in headers.items()}
    assert len(body) == int(headers["content-length"]), received[:2000]
    return Answer(int(status_line.split(" ")[1]), headers, body.decode("utf-8"))


def quote(text):
    return urllib.parse.quote(text, safe="")


def fresh_sku():
    return "T-" + uuid.uuid4().hex


def fresh_key():
    return uuid.uuid4().hex


def eventually(condition, what):
    """Waits until condition() gives something true, and gives that. `what`: a text, or what makes it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"never happened: {what() if callable(what) else what}"
        time.sleep(0.02)
