"""What cannot be read, and what breaks a service, published by hand amid good commands: the good are done,
and the poison is among the dead letters with its reason."""

import json
import os
import random
import time
import uuid

import pytest

from client import Client, eventually
from poison import TRIPS, Commands, publish, undone
from stage import DECIDING, Stage
from subscriber import Connected

SEED = int(os.environ.get("STOCKROOM_SEED", random.randrange(2**32)))
GOOD, ARRAY = 1000, 256
DEAD_EXCHANGE = "stockroom.dead"
DEAD_QUEUE = "tests.dead"  # gets what health gets
REASON_HEADER = "x-reason"
NO_JSON = "this is no command {"
SECONDS = 10 * int(os.environ.get("STOCKROOM_SLOWNESS", "1"))


@pytest.fixture(scope="module")
def stage(binaries, tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("stage"), binaries, rig=("trip", DECIDING))
    with Connected(stage.amqp_url()) as channel:
        channel.queue_declare(DEAD_QUEUE, durable=True)
        channel.queue_bind(DEAD_QUEUE, DEAD_EXCHANGE)
    yield stage
    stage.end()


def poisons(commands):
    """(an element of an array, what its dead letter is known by, text of its reason)"""
    tripping, nonsense = commands.make(actor=TRIPS), str(uuid.uuid4())
    return [(tripping, tripping["id"], "a command that trips"),
            ({"nonsense": nonsense}, nonsense, "the command has no id")]


def dead_letters(stage):
    """All that wait among the dead, which this takes away."""
    found = []
    with Connected(stage.amqp_url()) as channel:
        while True:
            method, properties, body = channel.basic_get(DEAD_QUEUE, auto_ack=True)
            if method is None:
                return found
            found.append((body.decode("utf-8", "replace"), properties.headers or {}))


def letters_of(text, letters):
    return [letter for letter in letters if text in letter[0]]


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
    reasons = {text: reason for _, text, reason in poison}
    if inside_an_array:
        bodies = []
        for element, _, _ in poison:
            array = [commands.make() for _ in range(ARRAY - 1)]
            good += array
            array.insert(dice.randrange(ARRAY), element)
            bodies.append(json.dumps(array))
        bodies += [json.dumps(one) for one in good[:GOOD]]
    else:
        bodies = [json.dumps(one) for one in [*good, *(element for element, _, _ in poison)]]
        bodies.append(NO_JSON)
        reasons[NO_JSON] = "this is not JSON"
    dice.shuffle(bodies)
    dead_letters(stage)

    with Connected(stage.amqp_url()) as channel:
        channel.confirm_delivery()
        started = time.monotonic()
        publish(channel, f"stockroom.{service}", bodies)
    published = time.monotonic()
    found = []
    while not all(letters_of(text, found) for text in reasons) or undone(stage, good):
        assert time.monotonic() < published + SECONDS, (
            f"{undone(stage, good)} are not done; dead: {found}")
        found += dead_letters(stage)
        time.sleep(0.05)
    print(f"{len(bodies)} messages published in {published - started:.1f} s, all settled "
          f"{time.monotonic() - published:.1f} s later")

    for text, reason in reasons.items():
        for body, headers in letters_of(text, found):
            assert reason in headers.get(REASON_HEADER, ""), f"{headers} {body[:200]}"
    tripping = poison[0][0]["id"]
    assert client.get(f"/v1/commands/{tripping}").json["state"] == "dead"
    # The neighbours of the poison are not dead, not even once.
    assert not [body for body, _ in found if any(one["id"] in body for one in good)]
    eventually(lambda: not any(service.unready() for service in stage.system.services()),
               "every service is ready")
    client.check_books(sku)
    assert stage.audit() == ""
    client.close()
