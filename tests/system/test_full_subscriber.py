"""A subscriber's queue that is full and refuses more (x-overflow: reject-publish): it misses events, and
nobody else does."""

import re
import urllib.request

from client import eventually, fresh_sku
from subscriber import EXCHANGE, Connected, Subscriber, check_events
from test_relay import read_log

SHAPE = "services"
ITEMS = 30
QUIET_SECONDS = 60


def metric(service, name):
    with urllib.request.urlopen(f"{service.url}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])


def create_items(client):
    for _ in range(ITEMS):
        client.post("/v1/items", {"sku": fresh_sku(), "opening": [
            {"location": "main", "quantity": 5}]}, status=201)


def test_it_holds_up_nobody_else(server, client):
    relay = server.services["relay"]
    subscriber = Subscriber(server.amqp_url)
    with Connected(server.amqp_url) as channel:
        channel.queue_declare("test.full", durable=True, arguments={
            "x-max-length": 1, "x-overflow": "reject-publish"})
        channel.queue_bind("test.full", EXCHANGE, "#")
    create_items(client)
    eventually(lambda: metric(relay, "stockroom_relay_refused_events_total") > 0,
               "the relay goes on, after 10 s")
    eventually(lambda: metric(relay, "stockroom_relay_lag_positions") == 0, "all is published")
    create_items(client)

    log = read_log(server)
    assert len(log) >= 2 * ITEMS
    events = subscriber.read(len(log), QUIET_SECONDS)
    assert not check_events(events, log)
    eventually(lambda: metric(relay, "stockroom_relay_lag_positions") == 0, "all is published")
    assert not relay.unready()
    eventually(lambda: "\nstockroom_cache_hears 1\n" in client.get("/metrics").text,
               "the gateway hears of every change")
