"""Dead letters as an operator handles them: seen, replayed, discarded; in both shapes."""

import json
import os
import random
import time

import pytest

from client import Client, Raw, eventually, fresh_key, quote
from dead import Trap, discard, letter, replay, wait_for

SEED = int(os.environ.get("STOCKROOM_SEED", random.randrange(2**32)))
UNKNOWN = "01938a1e-4c00-7000-8000-00000000dead"


@pytest.fixture
def trap(server, client):
    trap = Trap(server, client).set()
    yield trap
    trap.mend()


def state_of(client, command):
    return client.get(f"/v1/commands/{command}").json["state"]


def test_a_command_that_trips_waits_and_is_replayed_and_done_once(client, trap):
    dead = trap.trip()
    assert state_of(client, dead) == "dead"
    waiting = wait_for(client, dead, "waiting", 1)
    assert (waiting["queue"], waiting["kind"]) == ("stockroom.orders", "cancel_order")
    assert "held must not be negative" in waiting["reason"]
    assert client.get(f"/v1/commands/{dead}").json["reason"] == waiting["reason"]
    assert waiting["encoding"] == "utf-8"
    body = json.loads(waiting["body"])
    assert (body["id"], body["body"]["order"]) == (dead, trap.order)
    assert waiting["size"] == len(waiting["body"])
    assert waiting["first_at"] == waiting["last_at"] or waiting["first_at"] < waiting["last_at"]
    assert "decision" not in waiting and waiting["redeliveries"] == 0

    trap.mend()
    told = replay(client, dead, reason="the level is mended").json
    assert told["state"] == "replaying"
    assert (told["decision"]["actor"], told["decision"]["reason"]) == ("anonymous", "the level is mended")
    assert state_of(client, dead) in ("pending", "done")
    replayed = wait_for(client, dead, "replayed", 1)
    assert replayed["decision"] == told["decision"]
    eventually(lambda: state_of(client, dead) == "done", "it is decided")
    assert client.order(trap.order)["state"] == "cancelled"
    assert client.numbers(trap.sku) == (5, 0, 5)
    for refused in (replay(client, dead, status=409), discard(client, dead, status=409)):
        assert refused.problem == "wrong_state"
        assert refused.json["current"]["state"] == "replayed"
    trap.mend = lambda: None  # nothing is held any more
    client.check_books(trap.sku)


def test_one_that_dies_again_waits_again(client, trap):
    dead = trap.trip()
    first = wait_for(client, dead, "waiting", 1)
    replay(client, dead)
    again = wait_for(client, dead, "waiting", 2)
    assert state_of(client, dead) == "dead"
    assert again["first_at"] == first["first_at"] and again["last_at"] > first["last_at"]
    assert again["decision"]["actor"] == "anonymous" and "reason" not in again["decision"]
    assert again["body"] == first["body"]
    # The client's own retry is the same letter, too.
    key = fresh_key()
    other = trap.trip(key=key)
    assert other != dead
    wait_for(client, other, "waiting", 1)
    assert trap.trip(key=key) == other
    wait_for(client, other, "waiting", 2)


def test_one_that_is_discarded_stays_so(client, trap):
    dead = trap.trip()
    wait_for(client, dead, "waiting", 1)
    refused = client.post(f"/v1/dead-letters/{dead}/discard", {"reason": ""}, status=422)
    assert refused.json["field"] == "reason"
    refused = client.post(f"/v1/dead-letters/{dead}/discard", {}, status=422)
    assert refused.json["field"] == "reason"
    key = fresh_key()
    told = discard(client, dead, "a test", key=key).json
    assert told["state"] == "discarded" and told["decision"]["reason"] == "a test"
    assert discard(client, dead, "a test", key=key).json == told
    assert discard(client, dead, "other", status=422, key=key).problem == "idempotency_key_reused"
    assert discard(client, dead, status=409).problem == "wrong_state"
    assert replay(client, dead, status=409).problem == "wrong_state"
    assert letter(client, dead)["state"] == "discarded"
    assert state_of(client, dead) == "dead"


def test_what_is_not_there_cannot_be_handled(client):
    for answer in (client.get(f"/v1/dead-letters/{UNKNOWN}", status=404),
                   replay(client, UNKNOWN, status=404), discard(client, UNKNOWN, status=404)):
        assert answer.problem == "dead_letter_not_found"
    for target in ("/v1/dead-letters/nonsense", "/v1/dead-letters?state=dead",
                   "/v1/dead-letters?cursor=d00", "/v1/dead-letters?colour=red"):
        assert client.get(target, status=422).problem == "invalid_field"
    assert client.post("/v1/dead-letters/nonsense/replay", status=422).json["field"] == "id"
    assert client.post(f"/v1/dead-letters/{UNKNOWN}/replay", {"id": UNKNOWN}, status=422)


def test_the_list_is_newest_first_and_goes_by_state_and_queue(client, trap):
    dead = []
    for _ in range(5):
        dead.append(trap.trip())
        wait_for(client, dead[-1], "waiting", 1)
    discard(client, dead[2])

    def listed(query):
        rows = client.pages(f"/v1/dead-letters?limit=2{query}", "dead_letters")
        times = [row["last_at"] for row in rows]
        assert times == sorted(times, reverse=True)
        return [row["id"] for row in rows if row["id"] in dead]

    assert listed("") == dead[::-1]
    assert listed("&state=waiting") == [dead[4], dead[3], dead[1], dead[0]]
    assert listed("&state=discarded") == [dead[2]]
    assert listed("&queue=stockroom.orders") == dead[::-1]
    assert listed("&state=discarded&queue=stockroom.orders") == [dead[2]]
    assert listed(f"&queue={quote('stockroom.stock')}") == []


def test_two_that_replay_at_once_send_it_once(client, trap):
    dead = trap.trip()
    wait_for(client, dead, "waiting", 1)
    trap.mend()
    key = fresh_key()
    told = replay(client, dead, key=key).json
    assert replay(client, dead, key=key).json == told
    assert replay(client, dead, status=409).problem == "wrong_state"
    wait_for(client, dead, "replayed", 1)
    eventually(lambda: state_of(client, dead) == "done", "it is decided")
    assert client.numbers(trap.sku) == (5, 0, 5)
    trap.mend = lambda: None


def test_a_replay_survives_whoever_is_killed(start, contract):
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    server = start()
    client = Client(server.url, contract)
    traps = [Trap(server, client).set() for _ in range(4)]
    dead = [trap.trip() for trap in traps]
    for one in dead:
        wait_for(client, one, "waiting", 1)
    for trap in traps:
        trap.mend()
    for one in dead:
        replay(client, one)
        time.sleep(dice.random() * 0.4)  # so that it hits every instant of a replay
        server.kill()
        client.close()
        server = start()
        client = Client(server.url, contract)
    for one, trap in zip(dead, traps):
        wait_for(client, one, "replayed", 1)
        eventually(lambda one=one: state_of(client, one) == "done", "it is decided")
        assert client.order(trap.order)["state"] == "cancelled"
        assert client.numbers(trap.sku) == (5, 0, 5)
        client.check_books(trap.sku)
    client.close()


def test_events_tell_what_becomes_of_them(client, trap):
    dead = trap.trip()
    wait_for(client, dead, "waiting", 1)
    discard(client, dead, "a test")
    heard = []
    with Raw(client.address) as raw:
        raw.send(b"GET /v1/events?types=dead_letter.*&last_event_id=0 HTTP/1.1\r\nHost: x\r\n\r\n")
        text = ""
        while heard[-1:] != ["dead_letter.discarded"]:
            text += raw.stream.read1(65536).decode()
            blocks = text.split("\n\n")[:-1]
            heard = [field(block, "event") for block in blocks if f"dead_letter/{dead}" in block]
    assert heard == ["dead_letter.waiting", "dead_letter.discarded"]


def field(block, name):
    return next(line.removeprefix(f"{name}: ") for line in block.splitlines()
                if line.startswith(f"{name}: "))
