"""Messages that anybody has put into a queue, and that make no sense: by Debian's pika, through RabbitMQ."""

import base64
import json
import pathlib
import uuid

import pika
import pytest

from client import Client, eventually
from dead import Trap, discard, letter, replay, wait_for
from local.service import Service
from subscriber import Connected

COMMANDS = "stockroom.commands"
DEAD = "stockroom.dead"


@pytest.fixture
def channel(server):
    with Connected(server.amqp_url) as channel:
        channel.confirm_delivery()
        yield channel


def publish(channel, queue, body, exchange=COMMANDS, **properties):
    channel.basic_publish(exchange, queue, body,
                          pika.BasicProperties(delivery_mode=2, **properties), mandatory=True)


def find(client, body, count=1, state="waiting"):
    """The letter with this body, once it has died so often."""
    def look():
        for row in client.pages(f"/v1/dead-letters?state={state}", "dead_letters"):
            found = base64.b64decode(row["body"]) if row["encoding"] == "base64" else row["body"].encode()
            if found == body[:1000] and row["count"] == count:
                return row
        return None
    return eventually(look, f"{body[:100]} died {count} times")


def nonsense(more=b""):
    return f"no command {uuid.uuid4()} ".encode() + more


@pytest.mark.parametrize("queue", [f"stockroom.{name}" for name in ("catalogue", "stock", "orders", "records", "health")])
def test_what_is_no_command_is_kept_counted_and_replayed_as_it_is(client, channel, queue):
    body = nonsense(b"\xff\x00\xfe{")
    publish(channel, queue, body)
    first = find(client, body)
    assert (first["queue"], first["encoding"]) == (queue, "base64")
    assert "kind" not in first and first["reason"]
    publish(channel, queue, body)
    assert find(client, body, 2)["id"] == first["id"]
    replay(client, first["id"])
    again = wait_for(client, first["id"], "waiting", 3)
    assert base64.b64decode(again["body"]) == body
    discard(client, first["id"])
    publish(channel, queue, body)
    wait_for(client, first["id"], "waiting", 4)
    # The same bytes from elsewhere are another letter.
    other = "stockroom.stock" if queue != "stockroom.stock" else "stockroom.orders"
    publish(channel, other, body)
    eventually(lambda: [row for row in client.pages(f"/v1/dead-letters?queue={other}", "dead_letters")
                        if base64.b64decode(row["body"] if row["encoding"] == "base64" else b"") == body],
               "it is another letter")


def test_a_long_body_is_listed_by_its_beginning_and_shown_whole(client, channel):
    body = nonsense(("é" * 200_000).encode())
    publish(channel, "stockroom.orders", body)
    listed = find_by_start(client, body)
    assert listed["truncated"] and listed["size"] == len(body)
    assert body.decode().startswith(listed["body"]) and 990 < len(listed["body"].encode()) <= 1000
    shown = letter(client, listed["id"])
    assert shown["body"] == body.decode() and "truncated" not in shown


def find_by_start(client, body):
    def look():
        for row in client.pages("/v1/dead-letters?state=waiting", "dead_letters"):
            if row["encoding"] == "utf-8" and row["body"] and body.decode().startswith(row["body"]):
                return row
        return None
    return eventually(look, "it is kept")


def test_a_command_in_the_wrong_queue_is_known_by_its_id(client, channel):
    command = {"id": str(uuid.uuid4()), "kind": "place_order", "actor": "user:test",
               "body": {"lines": [{"sku": "IB1", "quantity": 1}]}}
    publish(channel, "stockroom.stock", json.dumps(command).encode())
    found = wait_for(client, command["id"], "waiting", 1)
    assert (found["kind"], found["queue"]) == ("place_order", "stockroom.stock")
    assert client.get(f"/v1/commands/{command['id']}").json["state"] == "dead"


def test_good_neighbours_of_an_array_are_done(client, channel):
    sku = client.create_item(stock=5)
    mark = str(uuid.uuid4())
    good = [{"id": str(uuid.uuid4()), "kind": "place_order", "actor": "user:test",
             "body": {"lines": [{"sku": sku, "quantity": 1}]}} for _ in range(2)]
    publish(channel, "stockroom.orders",
            json.dumps([good[0], {"mark": mark}, good[1]]).encode())
    found = find(client, json.dumps({"mark": mark}, separators=(",", ":")).encode())
    assert "id" in found["reason"]
    for one in good:
        # Until then nobody here knows of it.
        assert eventually(lambda one=one: client.get(f"/v1/commands/{one['id']}", status=None)
                          .json.get("state") == "done", "it is decided")


def test_what_the_broker_sets_aside_is_kept_and_goes_back_to_its_queue(client, channel):
    queue = f"test.{uuid.uuid4()}"
    channel.queue_declare(queue, durable=True, arguments={
        "x-queue-type": "quorum", "x-delivery-limit": 1, "x-dead-letter-exchange": DEAD})
    body = nonsense()
    publish(channel, queue, body, exchange="")
    for _ in range(2):
        method = eventually(lambda: channel.basic_get(queue)[0], "it is given out")
        channel.basic_nack(method.delivery_tag, requeue=True)
    found = find(client, body)
    assert found["queue"] == queue and "given out again" in found["reason"]
    assert found["redeliveries"] > 0
    replay(client, found["id"])
    wait_for(client, found["id"], "replayed", 1)
    method, properties, got = eventually(
        lambda: (lambda answer: answer[0] and answer)(channel.basic_get(queue, auto_ack=True)), "it is back")
    assert got == body and method.redelivered is False
    assert properties.message_id and properties.delivery_mode == 2

    # And when the queue is gone, it waits and says so.
    publish(channel, queue, body, exchange="")
    for _ in range(2):
        method = eventually(lambda: channel.basic_get(queue)[0], "it is given out")
        channel.basic_nack(method.delivery_tag, requeue=True)
    wait_for(client, found["id"], "waiting", 2)
    channel.queue_delete(queue)
    replay(client, found["id"])
    back = eventually(lambda: (lambda row: row["state"] == "waiting" and row)(letter(client, found["id"])),
                      "it waits again")
    assert queue in back["reason"] and back["count"] == 2


def test_a_letter_from_nowhere_can_only_be_discarded(client, channel):
    body = nonsense()
    publish(channel, "", body, exchange=DEAD)
    found = find(client, body)
    assert "queue" not in found
    assert replay(client, found["id"], status=409).problem == "queue_unknown"
    discard(client, found["id"])


def test_a_kill_between_sending_and_marking_does_the_work_once(server, client, tmp_path):
    """A health service that is killed as soon as the queue has the replay."""
    trap = Trap(server, client).set()
    dead = trap.trip()
    wait_for(client, dead, "waiting", 1)
    trap.mend()
    health = server.services["health"]
    assert health.stop()
    link = tmp_path / "stockroom-health"
    link.symlink_to(pathlib.Path(server.binary).parent / "stockroom-rigged")
    rigged = Service("health", 2, tmp_path, link, health.port,
                     {**health.settings, "STOCKROOM_RIG": "killed_after_publishing"})
    rigged.start()
    rigged.wait_until_ready()
    before = repeated(server)
    replay(client, dead, prefer="wait=30")
    eventually(lambda: not rigged.process.is_running, "it is killed")
    eventually(lambda: client.order(trap.order)["state"] == "cancelled", "the work is done")
    assert letter(client, dead)["state"] == "replaying"
    health.start()
    health.wait_until_ready()
    wait_for(client, dead, "replayed", 1)
    eventually(lambda: repeated(server) > before, "it was sent once more, and answered as before")
    assert client.get(f"/v1/commands/{dead}").json["outcome"]["code"] == "cancelled"
    assert client.numbers(trap.sku) == (5, 0, 5)
    client.check_books(trap.sku)


def repeated(server):
    """How many commands the orders service has seen again."""
    service = Client(server.services["orders"].url, contract=Unchecked())
    lines = service.get("/metrics").text.splitlines()
    service.close()
    name = 'stockroom_commands_repeated_total{service="orders"} '
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


class Unchecked:
    def check(self, *_, **__):
        pass


def test_what_comes_while_nobody_keeps_it_is_kept_later(server, client, channel):
    health = server.services["health"]
    assert health.stop()
    bodies = [nonsense() for _ in range(20)]
    for body in bodies:
        publish(channel, "stockroom.orders", body)
    health.start()
    health.wait_until_ready()
    for body in bodies:
        find(client, body)
