"""Poison that no CHECK catches: a command whose decision kills its service, which is started again each
time. RabbitMQ sets it aside after so many deliveries, and until then it harms none of its neighbours."""

import json
import os
import random
import time

import pytest

from client import DEADLINE_SECONDS, Client
from dead import wait_for
from poison import TRIPS, Commands, publish, undone
from stage import Stage
from subscriber import Connected

SEED = int(os.environ.get("STOCKROOM_SEED", random.randrange(2**32)))
SERVICE = "orders"
GOOD, ARRAY = 1000, 256
DELIVERY_LIMIT = 20
REASON = "given out again and again, and never done: its service ends each time"


@pytest.fixture(scope="module")
def stage(binaries, tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("stage"), binaries, rig=("killed_by_a_command", [SERVICE]))
    yield stage
    stage.end()


def start_again_until(stage, condition, what):
    """Gives how often it has died before."""
    deaths = 0
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if not stage.part(SERVICE).process.is_running:
            deaths += 1
            stage.start(SERVICE)
            deadline = time.monotonic() + DEADLINE_SECONDS
        assert time.monotonic() < deadline, f"never happened: {what}, after {deaths} deaths"
        time.sleep(0.02)
    return deaths


def letters(client):
    return {letter["id"] for letter in client.pages("/v1/dead-letters?limit=500", "dead_letters")}


# What comes in an array kills it once more, before the array is taken apart: or some times more, where
# RabbitMQ does not take the parts at once.
@pytest.mark.parametrize("inside_an_array, deaths_max", [
    (False, DELIVERY_LIMIT + 1), (True, DELIVERY_LIMIT + 5)], ids=["alone", "in an array"])
def test_what_kills_its_service_is_set_aside_and_its_neighbours_are_done(stage, contract,
                                                                         inside_an_array, deaths_max):
    print(f"seed {SEED}")
    dice = random.Random(f"{SEED}/{inside_an_array}")
    client = Client(stage.url, contract)
    sku, before = client.create_item(stock=10**6), letters(client)
    commands = Commands(SERVICE, sku)
    good, poison = [commands.make() for _ in range(GOOD)], commands.make(actor=TRIPS)
    message = [poison]
    if inside_an_array:
        message = [commands.make() for _ in range(ARRAY - 1)]
        message.insert(dice.randrange(ARRAY), poison)
    bodies = [json.dumps(one) for one in good]
    bodies.insert(dice.randrange(GOOD), json.dumps(message if inside_an_array else poison))
    good += [one for one in message if one is not poison]

    with Connected(stage.amqp_url()) as channel:
        channel.confirm_delivery()
        publish(channel, f"stockroom.{SERVICE}", bodies)
    deaths = start_again_until(
        stage, lambda: client.request("GET", f"/v1/dead-letters/{poison['id']}").status == 200,
        "the poison is set aside")
    print(f"it has died {deaths} times")
    assert 0 < deaths <= deaths_max
    letter = wait_for(client, poison["id"], "waiting", 1)
    assert (letter["reason"], letter["redeliveries"]) == (REASON, DELIVERY_LIMIT)

    assert start_again_until(stage, lambda: not undone(stage, good), "the good are done") == 0
    assert undone(stage, [poison]) == 1
    assert client.check_books(sku)[1] == len(good), "each of them once"
    assert letters(client) - before == {poison["id"]}
    assert stage.audit() == ""
    stage.wait_until_ready()
    client.close()
