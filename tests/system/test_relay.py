"""Several relays: one publishes, and when it dies another goes on, without a gap."""

import re
import threading
import time
import urllib.parse
import urllib.request

import pytest

from client import Client, eventually, fresh_sku
from service import Passage
from subscriber import Subscriber, check_events

from local import ports
from local.service import Service

SHAPE = "services"
RELAYS = 3
KILLS = 4
PAUSES = 2
QUIET_SECONDS = 60


@pytest.fixture
def relays(server, binary):
    relays = [server.services["relay"]]
    first = ports.free_block(RELAYS)
    for number in range(2, RELAYS + 1):
        relays.append(Service("relay", number, server.folder, binary.parent / "stockroom-relay",
                              first + number - 2, relays[0].settings))
        relays[-1].start()
        relays[-1].wait_until_ready()
    yield relays
    for relay in relays[1:]:
        assert relay.stop()


def read_metric(relay, name):
    with urllib.request.urlopen(f"{relay.url}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])


def leads(relay):
    return read_metric(relay, "stockroom_relay_leader") == 1


def the_leader(relays):
    leader, = eventually(lambda: [relay for relay in relays if leads(relay)], "one has the lead")
    return leader


def read_log(server):
    rows = server.sql("COPY (SELECT position, version, type, key FROM stockroom.log "
                      "ORDER BY position) TO STDOUT").splitlines()
    return [(int(position), type_name, key, int(version))
            for position, version, type_name, key in (row.split("\t", 3) for row in rows)]


class Writer:
    """Creates items until it is stopped."""

    def __init__(self, client):
        self.client, self.stopping = client, threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        while not self.stopping.is_set():
            self.client.post("/v1/items", {"sku": fresh_sku(), "opening": [
                {"location": "main", "quantity": 5}]}, status=201)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


def test_another_goes_on_where_one_was_killed(server, relays, contract):
    subscriber = Subscriber(server.amqp_url)
    with Writer(Client(server.url, contract)):
        for _ in range(KILLS):
            leader = the_leader(relays)
            leader.kill()
            began = time.monotonic()
            the_leader([relay for relay in relays if relay is not leader])
            print(f"another led after {time.monotonic() - began:.2f} s")
            leader.start()
            leader.wait_until_ready()
            assert not leads(leader)
    log = read_log(server)
    events = subscriber.read(len(log), QUIET_SECONDS)
    print(f"{len(log)} events in the log, {len(events)} heard")
    assert not check_events(events, log)
    assert subscriber.heartbeats > 0


def test_another_goes_on_where_one_stands_still(server, relays, contract):
    """The one that stood still does not lead any more when it goes on, and has made no disorder."""
    subscriber = Subscriber(server.amqp_url, "test.subscriber.still")
    before = len(read_log(server))
    with Writer(Client(server.url, contract)):
        for _ in range(PAUSES):
            leader = the_leader(relays)
            leader.pause()
            try:
                began = time.monotonic()
                other = the_leader([relay for relay in relays if relay is not leader])
                print(f"another led after {time.monotonic() - began:.2f} s")
                told = read_metric(other, "stockroom_relay_events_total")
                eventually(lambda relay=other, told=told: read_metric(
                    relay, "stockroom_relay_events_total") > told, "it publishes")
            finally:
                leader.resume()
            eventually(lambda relay=leader: not leads(relay), "who stood still has noticed")
            leader.wait_until_ready()
            the_leader(relays)
    log = read_log(server)
    events = subscriber.read(len(log), QUIET_SECONDS)
    print(f"{len(log) - before} events, {len(events)} heard")
    assert not check_events(events, log, before)


def test_another_goes_on_where_one_does_not_reach_the_broker(server, binary, contract):
    """The broker is behind a passage for the first leader, which stands still then; the store is not."""
    url = urllib.parse.urlsplit(server.amqp_url)
    passage = Passage((url.hostname, url.port))
    account = url.netloc.rpartition("@")[0]
    settings = server.services["relay"].settings
    behind = Service("relay", 9, server.folder, binary.parent / "stockroom-relay", ports.free_block(1), {
        **settings,
        "STOCKROOM_BUS_URL": url._replace(netloc=f"{account}@127.0.0.1:{passage.port}").geturl()})
    subscriber = Subscriber(server.amqp_url, "test.subscriber.cut")
    before = len(read_log(server))
    try:
        assert server.services["relay"].stop()
        behind.start()
        behind.wait_until_ready()
        eventually(lambda: leads(behind), "it leads")
        server.services["relay"].start()
        server.services["relay"].wait_until_ready()
        with Writer(Client(server.url, contract)):
            passage.frozen.set()
            began = time.monotonic()
            the_leader([server.services["relay"]])
            print(f"another led after {time.monotonic() - began:.2f} s")
            assert not leads(behind)
        log = read_log(server)
        events = subscriber.read(len(log), QUIET_SECONDS)
        assert not check_events(events, log, before)
    finally:
        passage.close()
        behind.kill()


def test_a_stopped_leader_gives_the_lead_up(relays):
    leader = the_leader(relays)
    assert leader.stop()
    assert the_leader([relay for relay in relays if relay is not leader])
    leader.start()
    leader.wait_until_ready()
    assert sum(map(leads, relays)) == 1
