"""GET /v1/events where gateways come and go: who is cut goes on at another, or at the same once it is
back."""

import http.client

import pytest

from client import Client, eventually
from listener import Listener, Resuming, check_stream, is_contiguous, position

from local import ports
from local.service import Service

SHAPE = "services"
CUTS = 3


@pytest.fixture
def gateways(server, binary):
    """Two, on the same store and bus."""
    first = server.services["gateway"]
    second = Service("gateway", 2, server.folder, binary.parent / "stockroom-gateway",
                     ports.free_block(1), first.settings)
    second.start()
    second.wait_until_ready()
    yield [first, second]
    first.start()
    first.wait_until_ready()
    assert second.stop()


@pytest.fixture
def clients(gateways, contract):
    clients = [Client(gateway.url, contract) for gateway in gateways]
    yield clients
    for client in clients:
        client.close()


def write(client, count=5):
    skus = [client.create_item(stock=10) for _ in range(count)]
    return [client.place(sku, 1).json["id"] for sku in skus]


def read_log(server):
    rows = server.sql("COPY (SELECT position, type, key, version FROM stockroom.log "
                      "ORDER BY position) TO STDOUT").splitlines()
    return [(int(place), type_name, key, int(version))
            for place, type_name, key, version in (row.split("\t") for row in rows)]


def test_another_gateway_goes_on_where_one_was_killed(gateways, clients):
    with Listener(clients[0].address, after=0) as listener:
        last = write(clients[0])[-1]
        heard = listener.read_until(lambda event: event["subject"] == f"order/{last}")
        gateways[0].kill()
        write(clients[1])
        try:
            while event := listener.read_event():
                heard.append(event)
        except (http.client.HTTPException, OSError):
            pass  # cut off
    last = write(clients[1])[-1]
    with Listener(clients[1].address, after=position(heard[-1])) as listener:
        heard += listener.read_until(lambda event: event["subject"] == f"order/{last}")
    assert is_contiguous(heard, 0)


def test_a_listener_goes_on_whenever_its_gateway_is_back(server, gateways, clients):
    write(clients[1])
    listener = Resuming(gateways[0].url)
    listener.start()
    for number in range(1, CUTS + 1):
        eventually(lambda told=number: listener.streams >= told, "it listens")
        write(clients[1])
        gateways[0].kill()
        write(clients[1])
        gateways[0].start()
        gateways[0].wait_until_ready()
    write(clients[1])
    log = read_log(server)
    listener.finish(len(log), 60)
    print(f"{len(log)} events in the log, {len(listener.events)} heard in {listener.streams} streams")
    assert check_stream(listener.events, log) == (0, 0, [])
    assert listener.streams > CUTS


def test_what_is_wrong_with_a_stream_is_seen():
    log = [(1, "item.created", "item/a", 1), (2, "item.created", "item/b", 1),
           (3, "item.changed", "item/a", 2)]
    later = (4, "health.changed", "health/orders", 1)
    assert check_stream([*log, later], log) == (0, 0, [])
    assert check_stream(log[:2], log)[:2] == (1, 0)
    assert check_stream([log[0], log[2]], log)[:2] == (1, 0)
    assert check_stream([*log[:2], *log[1:]], log)[:2] == (0, 1)
    for wrong in ([log[1], log[0], log[2]], [*log[:2], (3, "item.changed", "item/a", 1)],
                  [*log, (4, "item.changed", "item/a", 3)]):
        missed, repeated, notes = check_stream(wrong, log)
        assert (missed, repeated) == (0, 0) and notes
