"""Without a relay the gateway hears nothing of what others do; its clients must not notice."""

import os
import random
import time

import pytest

from client import Client
from stage import Stage
from subscriber import EXCHANGE, Connected

SEED = int(os.environ.get("STOCKROOM_SEED", random.randrange(2**32)))
SLOWNESS = int(os.environ.get("STOCKROOM_SLOWNESS", "1"))
TAKE_OVER_SECONDS = 5 * SLOWNESS
OLD_SECONDS = 3
READ_SECONDS = 2 * SLOWNESS  # between the moment that an answer was right at and its arrival


@pytest.fixture(scope="module")
def stage(binaries, tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("stage"), binaries, replicas={"relay": 2, "gateway": 2})
    yield stage
    stage.end()


@pytest.fixture
def two(stage, contract):
    """A client of each gateway."""
    clients = [Client(stage.part(name).url, contract) for name in ("gateway", "gateway-2")]
    yield clients
    for client in clients:
        client.close()


@pytest.fixture
def without_relays(stage):
    for name in ("relay", "relay-2"):
        stage.kill(name)
    yield
    for name in ("relay", "relay-2"):
        stage.start(name)
    stage.wait_until_ready()


def test_a_standby_takes_over(stage, two):
    client = two[0]
    with Connected(stage.amqp_url()) as channel:
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, EXCHANGE, "item.created")

        def wait_for_event(sku, seconds):
            deadline = time.monotonic() + seconds
            for method, _, body in channel.consume(queue, auto_ack=True, inactivity_timeout=0.05):
                if method and sku.encode() in body:
                    channel.cancel()
                    return True
                if time.monotonic() > deadline:
                    channel.cancel()
                    return False

        assert wait_for_event(client.create_item(), 30)
        # Whichever relays first: after both rounds the active one was killed at least once.
        for name in ("relay", "relay-2", "relay"):
            stage.kill(name)
            killed = time.monotonic()
            assert wait_for_event(client.create_item(), TAKE_OVER_SECONDS), f"nobody took over {name}"
            print(f"{name} was killed, heard again after {time.monotonic() - killed:.1f} s")
            stage.start(name)
            stage.part(name).wait_until_ready()


def test_a_client_reads_its_own_writes(without_relays, two):
    client = two[0]
    sku = client.create_item(stock=1000, price="1.00")
    deadline, rounds = time.monotonic() + 2 * OLD_SECONDS + 2, 0
    while time.monotonic() < deadline:
        rounds += 1
        client.patch(f"/v1/items/{sku}", {"name": f"Name {rounds}"})
        assert client.item(sku)["name"] == f"Name {rounds}"
        client.post("/v1/stock/receipts", {"sku": sku, "location": "main", "quantity": 1}, status=200)
        assert client.item(sku)["on_hand"] == 1000 + rounds
        assert client.stock(sku)["on_hand"] == 1000 + rounds
        order = client.place(sku, 1).json
        assert client.order(order["id"]) == order
        client.post(f"/v1/orders/{order['id']}/cancel", status=200)
        assert client.order(order["id"])["state"] == "cancelled"
        assert client.item(sku)["held"] == 0
    print(f"{rounds} rounds of writing and reading")
    client.check_books(sku)


def test_no_answer_is_old_without_saying_so(stage, two):
    """What one gateway's client changes, the other gateway's reads once 3 s have passed."""
    print(f"seed {SEED}")
    writer, reader = two
    skus = [writer.create_item(stock=10) for _ in range(20)]
    orders = [writer.place(sku, 1).json["id"] for sku in skus]
    for sku, order in zip(skus, orders):  # so that it has them in its cache
        reader.item(sku)
        reader.order(order)
    for name in ("relay", "relay-2"):
        stage.kill(name)
    try:
        dice = random.Random(SEED)
        wrote = {}
        for sku, order in zip(skus, orders):
            writer.patch(f"/v1/items/{sku}", {"name": "New"})
            writer.post(f"/v1/orders/{order}/confirm", status=200)
            wrote[sku] = time.monotonic()
        deadline = time.monotonic() + 2 * OLD_SECONDS + READ_SECONDS
        old = 0
        while time.monotonic() < deadline:
            number = dice.randrange(len(skus))
            sku, order = skus[number], orders[number]
            asked = time.monotonic()
            may_be_old = asked - wrote[sku] < OLD_SECONDS + READ_SECONDS
            for answer, is_new in (
                    (reader.get(f"/v1/items/{sku}"), lambda json: json["name"] == "New"),
                    (reader.get(f"/v1/orders/{order}"), lambda json: json["state"] == "confirmed")):
                if not is_new(answer.json) and not says_it_is_old(answer):
                    old += 1
                    assert may_be_old, f"{asked - wrote[sku]:.1f} s old: {answer}"
        print(f"{old} answers were older than the last write, none by more than "
              f"{OLD_SECONDS} s")
    finally:
        for name in ("relay", "relay-2"):
            stage.start(name)
        stage.wait_until_ready()


def says_it_is_old(answer):
    return "age" in answer.headers or "warning" in answer.headers
