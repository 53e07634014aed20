"""64 clients at once on each classic route: nothing is answered 5xx, and no write is lost."""

import collections
import contextlib
import itertools
import json
import os
import threading
import time

import pytest

from classic import connect, items
from client import fresh_sku

# It waits long for outcomes: on a busy machine they may be late, and are to be right all the same.
SERVER = {"classic": True, "settings": {"STOCKROOM_WAIT": "30"}}
CLIENTS = 64
SECONDS = float(os.environ.get("STOCKROOM_CLASSIC_SECONDS", "2"))


class Crowd:
    """Clients that go on for some seconds, one request after the other each. Asks `next_request(number)`
    for (method, target, body) and tells `heard(number, status, answer)`."""

    def __init__(self, url, next_request, heard=lambda number, status, answer: None):
        self.url, self.next_request, self.heard = url, next_request, heard
        self.statuses = collections.Counter()
        self.troubles = []
        self.lock = threading.Lock()

    def run(self, seconds=SECONDS):
        self.until = time.monotonic() + seconds
        threads = [threading.Thread(target=self.work, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not self.troubles, self.troubles[:3]
        total = sum(self.statuses.values())
        print(f"{total / seconds:,.0f}/s", dict(self.statuses))
        assert total >= CLIENTS
        return self.statuses

    def work(self, number):
        statuses = collections.Counter()
        try:
            with contextlib.closing(connect(self.url)) as connection:
                while not statuses or time.monotonic() < self.until:
                    request = self.next_request(number)
                    if request is None:
                        break
                    method, target, body = request
                    connection.request(method, target, body and json.dumps(body))
                    response = connection.getresponse()
                    answer = response.read()
                    statuses[response.status] += 1
                    self.heard(number, response.status, answer)
        except BaseException as trouble:  # told by the test's own thread
            self.troubles.append(repr(trouble))
            raise
        with self.lock:
            self.statuses.update(statuses)


@pytest.mark.parametrize("target", ["/healthcheck", "/health_check?message=hello", "/get_active",
                                    "/order_processing", "/read_database"])
def test_questions(server, target):
    with contextlib.closing(connect(server.url)) as connection:
        connection.request("POST", "/create_item", json.dumps({"sku": fresh_sku(), "price": 1, "quantity": 1}))
        assert connection.getresponse().status == 200
    assert set(Crowd(server.url, lambda number: ("GET", target, None)).run()) == {200}


def test_items(server):
    """Each client has two items, and changes now this, now that."""
    skus = [[fresh_sku(), fresh_sku()] for _ in range(CLIENTS)]
    counts = [itertools.count(1) for _ in range(CLIENTS)]
    last = [{} for _ in range(CLIENTS)]

    def change(number):
        count = next(counts[number])
        sku = skus[number][count % 2]
        last[number][sku] = count
        return "POST", "/create_item", {"sku": sku, "name": "n", "label": "l", "price": 1.05, "quantity": count}

    assert set(Crowd(server.url, change).run()) == {200}
    found = items(server.url)
    for wanted in last:
        assert {sku: found[sku]["quantity"] for sku in wanted} == wanted


def test_deletions(server):
    """What was deleted last is gone, what was created last is there."""
    skus = [fresh_sku() for _ in range(CLIENTS)]
    counts = [itertools.count() for _ in range(CLIENTS)]
    is_there = [False] * CLIENTS

    def come_and_go(number):
        is_there[number] = next(counts[number]) % 2 == 0
        if is_there[number]:
            return "POST", "/create_item", {"sku": skus[number], "price": 1, "quantity": 3}
        return "POST", "/stock_management", {"sku": skus[number]}

    assert set(Crowd(server.url, come_and_go).run()) == {200}
    found = items(server.url)
    assert [sku in found for sku in skus] == is_there


def test_purchases(server):
    sku, stock = fresh_sku(), 10**9
    with contextlib.closing(connect(server.url)) as connection:
        connection.request("POST", "/create_item", json.dumps({"sku": sku, "price": 1, "quantity": stock}))
        assert connection.getresponse().status == 200
    bought = Crowd(server.url, lambda number: ("POST", "/buy_now", {"sku": sku, "customer": f"c-{number}"})).run()
    assert set(bought) == {201}
    assert items(server.url)[sku]["quantity"] == stock - bought[201]


def test_records(server):
    """Each client inserts records of its own, and deletes every other one."""
    counts = [itertools.count() for _ in range(CLIENTS)]
    mark = fresh_sku()
    inserted, deleted = set(), set()

    def come_and_go(number):
        count = next(counts[number])
        srn = f"{mark}-{number}-{count // 2}"
        if count % 4 == 3:
            deleted.add(f"{mark}-{number}-{count // 2 - 1}")
            return "GET", f"/delete_record?SRN={mark}-{number}-{count // 2 - 1}", None
        if count % 2 == 1:
            return "GET", "/get_active", None
        inserted.add(srn)
        return "POST", "/insert_record", {"Name": "n", "SRN": srn, "Section": "s"}

    assert set(Crowd(server.url, come_and_go).run()) == {200}
    with contextlib.closing(connect(server.url)) as connection:
        connection.request("GET", "/read_database")
        found = {record["SRN"] for record in json.loads(connection.getresponse().read())}
    assert {srn for srn in found if srn.startswith(mark)} == inserted - deleted
