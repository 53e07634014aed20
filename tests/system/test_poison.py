"""What cannot be read, and what breaks a service, published by hand amid good commands: the good are done,
and the poison is among the dead letters with its reason."""

import json
import os
import random
import time
import uuid

import pika
import pytest

from client import Client, eventually
from stage import DECIDING, Stage
from subscriber import Connected

SEED = int(os.environ.get("STOCKROOM_SEED", random.randrange(2**32)))
GOOD, ARRAY = 1000, 256
DEAD_EXCHANGE = "stockroom.dead"
DEAD_QUEUE = "tests.dead"  # gets what health gets
SECONDS = 10 * int(os.environ.get("STOCKROOM_SLOWNESS", "1"))


@pytest.fixture(scope="module")
def stage(binaries, tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("stage"), binaries, rig=("trip", DECIDING))
    with Connected(stage.amqp_url()) as channel:
        channel.queue_declare(DEAD_QUEUE, durable=True)
        channel.queue_bind(DEAD_QUEUE, DEAD_EXCHANGE)
    yield stage
    stage.end()


def command(kind, body, actor="user:test"):
    return {"id": str(uuid.uuid4()), "kind": kind, "actor": actor, "at": "2026-11-21T10:00:00Z",
            "body": body}


class Commands:
    """Good ones for a service, as many as are asked for."""

    def __init__(self, service, sku):
        self.service, self.sku = service, sku

    def make(self, actor="user:test"):
        if self.service == "catalogue":
            return command("create_item", {"sku": f"T-{uuid.uuid4().hex}"}, actor)
        if self.service == "stock":
            return command("receive_stock", {"sku": self.sku, "location": "main", "quantity": 1}, actor)
        return command("place_order", {"lines": [{"sku": self.sku, "quantity": 1}]}, actor)


def poisons(commands):
    """(what, an element of an array, or None where nothing of it can be read; text of its reason)"""
    return {"tripping": (commands.make(actor="trip"), "a command that trips"),
            "unreadable": ({"nonsense": str(uuid.uuid4())}, "")}


def publish(channel, queue, bodies):
    properties = pika.BasicProperties(content_type="application/json", delivery_mode=2)
    for body in bodies:
        channel.basic_publish("stockroom.commands", queue, body, properties, mandatory=True)


def dead_letters(stage):
    """All that wait among the dead, which this takes away."""
    found = []
    with Connected(stage.amqp_url()) as channel:
        while True:
            method, properties, body = channel.basic_get(DEAD_QUEUE, auto_ack=True)
            if method is None:
                return found
            found.append((body.decode("utf-8", "replace"), properties.headers or {}))


def undone(stage, ids):
    listed = ",".join(f"'{given}'" for given in ids)
    return len(ids) - int(stage.sql(
        f"SELECT count(*) FROM stockroom.outcomes WHERE command IN ({listed})"))


@pytest.mark.parametrize("inside_an_array", [False, True], ids=["alone", "in an array"])
@pytest.mark.parametrize("service", DECIDING)
def test_the_good_are_done_and_the_poison_is_put_aside(stage, contract, service, inside_an_array):
    print(f"seed {SEED}")
    dice = random.Random(f"{SEED}/{service}/{inside_an_array}")
    client = Client(stage.url, contract)
    sku = client.create_item(stock=10**6)
    commands = Commands(service, sku)
    good = [commands.make() for _ in range(GOOD)]
    poison = poisons(commands)
    if inside_an_array:
        bodies = []
        for element, _ in poison.values():
            array = [commands.make() for _ in range(ARRAY - 1)]
            good += array
            array.insert(dice.randrange(ARRAY), element)
            bodies.append(json.dumps(array))
        bodies += [json.dumps(one) for one in good[:GOOD]]
    else:
        bodies = [json.dumps(one) for one in [*good, *(element for element, _ in poison.values())]]
        bodies.append("this is no command {")
    dice.shuffle(bodies)
    dead_letters(stage)

    with Connected(stage.amqp_url()) as channel:
        channel.confirm_delivery()
        started = time.monotonic()
        publish(channel, f"stockroom.{service}", bodies)
    published = time.monotonic()
    found = []
    expected = len(poison) + (0 if inside_an_array else 1)
    while len(found) < expected or undone(stage, [one["id"] for one in good]):
        assert time.monotonic() < published + SECONDS, (
            f"{undone(stage, [one['id'] for one in good])} are not done; dead: {found}")
        found += dead_letters(stage)
        time.sleep(0.05)
    print(f"{len(bodies)} messages published in {published - started:.1f} s, all settled "
          f"{time.monotonic() - published:.1f} s later")

    for what, (element, reason) in poison.items():
        letters = [letter for letter in found if is_of(letter[0], element)]
        assert letters, f"no dead letter of the {what} one: {found}"
        for body, headers in letters:
            assert headers.get(REASON_HEADER), f"without its reason: {headers} {body[:200]}"
            assert reason in headers[REASON_HEADER]
    tripping = poison["tripping"][0]["id"]
    assert client.get(f"/v1/commands/{tripping}").json["state"] == "dead"
    # The neighbours of the poison are not dead, not even once.
    assert not [body for body, _ in found if any(one["id"] in body for one in good)]
    eventually(lambda: not any(service.unready() for service in stage.system.services()),
               "every service is ready")
    client.check_books(sku)
    assert stage.audit() == ""
    client.close()


REASON_HEADER = "x-reason"


def is_of(body, element):
    return element.get("id", element.get("nonsense")) in body
