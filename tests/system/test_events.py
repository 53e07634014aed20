"""GET /v1/events: the event log as server-sent events, each once and in order, whatever happens to the
connection."""

import concurrent.futures
import http.client
import json
import threading

import pytest

from client import Client, Raw, eventually, fresh_sku, quote
from listener import LATER, Listener, is_contiguous, position

POSITION_MAX = 2**63 - 1


def is_of(subject):
    return lambda event: event["subject"] == subject


def mark(client):
    """Makes an event that is after all that came before; gives a condition that it meets."""
    return is_of("item/" + client.create_item())


def of_clients(events):
    """What only services have, told at any time, is left out."""
    return [event for event in events if event["type"] != LATER]


def events_between(client, after, last):
    with Listener(client.address, after=after) as listener:
        events = listener.read_until(last)
    assert is_contiguous(events, after)
    return events


def test_a_listener_hears_what_happens_from_now_on(client):
    client.create_item()
    with Listener(client.address) as listener:
        sku = client.create_item(stock=5, name="Apple juice")
        order = client.place(sku, 2).json
        client.post(f"/v1/orders/{order['id']}/cancel", {}, status=200)
        events = listener.read_until(lambda event: event["type"] == "order.cancelled")
    assert is_contiguous(events, position(events[0]) - 1)
    first = of_clients(events)[0]
    assert first["subject"] == f"item/{sku}"
    assert first["data"]["name"] == "Apple juice"
    of_order = [event for event in events if event["subject"] == f"order/{order['id']}"]
    assert [event["type"] for event in of_order] == ["order.reserved", "order.cancelled"]
    assert of_order[0]["data"]["state"] == "reserved"


def test_every_event_in_order_while_many_write(client):
    sku = client.create_item(stock=100_000)
    with Listener(client.address) as listener:
        def write(number):
            own = client.another()
            ids = [own.place(sku, 1).json["id"] for _ in range(50)]
            own.close()
            return ids

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            placed = [order for ids in pool.map(write, range(8)) for order in ids]
        events = listener.read_until(mark(client))
    assert is_contiguous(events, position(events[0]) - 1)
    told = [event["subject"] for event in events if event["type"] == "order.reserved"]
    assert sorted(told) == sorted(f"order/{order}" for order in placed)
    versions = [event["stateversion"] for event in events
                if event["subject"] == f"level/{sku}/main"]
    assert versions == sorted(set(versions))


def test_resuming_after_cuts_misses_nothing_and_repeats_nothing(client):
    """Cut in the middle again and again, while others write; each time it goes on where it was."""
    sku = client.create_item(stock=100_000)
    with Listener(client.address) as listener:
        client.place(sku, 1)
        start = position(listener.read_event()) - 1
    stopped = threading.Event()

    def write():
        own = client.another()
        while not stopped.is_set():
            own.place(sku, 1)
        own.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        heard = []
        for cut in range(20):
            after = position(heard[-1]) if heard else start
            with Listener(client.address, after=after, parameter=cut % 2 == 1) as listener:
                heard += [listener.read_event() for _ in range(1 + 7 * cut)]
    finally:
        stopped.set()
        writer.join()
    assert is_contiguous(heard, start)
    assert heard == events_between(client, start, mark(client))[:len(heard)]


def test_the_log_can_be_read_from_its_beginning(client):
    last = mark(client)
    events = events_between(client, 0, last)
    assert position(events[0]) == 1
    with Listener(client.address, after=0, types="item.*") as listener:
        items = listener.read_until(last)
    assert items == [event for event in events if event["type"].startswith("item.")]


def test_a_listener_chooses_types(client):
    sku = client.create_item(stock=10)
    with Listener(client.address, types="order.*,item.created") as listener:
        order = client.place(sku, 2).json["id"]
        client.post("/v1/stock/receipts", {"sku": sku, "location": "main", "quantity": 1}, status=200)
        client.post(f"/v1/orders/{order}/confirm", {}, status=200)
        events = listener.read_until(mark(client))
    assert [event["type"] for event in events] == ["order.reserved", "order.confirmed",
                                                  "item.created"]


@pytest.mark.parametrize("types", ["", "orders.*", "order", "*", "order.*,", "item.sold"])
def test_unknown_types_are_refused(client, types):
    answer = client.get(f"/v1/events?types={quote(types)}", status=422)
    assert (answer.problem, answer.json["field"]) == ("invalid_field", "types")


@pytest.mark.parametrize("wrong", ["", "x", "-1", "1.5", "1e3", " 1", "0x1", str(2**63), "9" * 90])
def test_malformed_positions_are_refused(client, wrong):
    answer = client.get(f"/v1/events?last_event_id={quote(wrong)}", status=400)
    assert (answer.problem, answer.json["field"]) == ("invalid_position", "last_event_id")
    if wrong.strip() == wrong:
        answer = client.get("/v1/events", headers={"Last-Event-ID": wrong}, status=400)
        assert (answer.problem, answer.json["field"]) == ("invalid_position", "Last-Event-ID")


def test_positions_of_the_future_are_refused(client):
    with Listener(client.address) as listener:
        client.create_item()
        head = position(listener.read_event())
    answer = client.get(f"/v1/events?last_event_id={head + 1_000_000}", status=400)
    assert (answer.problem, answer.json["field"]) == ("invalid_position", "last_event_id")
    client.get("/v1/events", headers={"Last-Event-ID": str(POSITION_MAX)}, status=400)


def test_the_header_counts_before_the_parameter(client):
    first = events_between(client, 0, mark(client))
    with Listener(client.address, after=0, parameter=True) as listener:
        assert position(listener.read_event()) == 1
    answer = client.request("GET", "/v1/events?last_event_id=0", headers={"Last-Event-ID": "2"},
                            status=200)
    assert answer.text == "retry: 1000\n\n"
    raw = Raw(client.address)
    with raw:
        raw.send(b"GET /v1/events?last_event_id=0 HTTP/1.0\r\nLast-Event-ID: %d\r\n\r\n"
                 % (len(first) - 1))
        received = b""
        while b"data: " not in received:
            received += raw.socket.recv(65536)
    assert b"\nid: %d\n" % len(first) in received, "HTTP/1.0 gets it without chunks"
    assert b"Transfer-Encoding" not in received


def test_head_tells_what_get_would(client):
    answer = client.request("HEAD", "/v1/events", status=200)
    assert answer.headers["content-type"] == "text/event-stream"


def test_a_silent_stream_is_kept_alive(client):
    with Listener(client.address) as listener:
        block = listener.read_block()
        while block.get("event") == LATER:
            block = listener.read_block()
        assert block == {"": ""}


def test_a_slow_listener_is_dropped_and_others_go_on(client):
    """One takes nothing at all: what is kept for it is bounded, and it is cut off."""
    sku = client.create_item(name="N" * 200, label="L" * 64)
    with Listener(client.address) as quick, Listener(client.address, receive_buffer=4096) as slow:
        start = None
        for number in range(1_200):
            client.patch(f"/v1/items/{sku}", {"name": f"{number} " + "n" * 190})
            if number % 100 == 99:
                events = quick.read_until(lambda event, name=f"{number} ": event["type"] ==
                                          "item.changed" and event["data"]["name"].startswith(name))
                start = position(events[0]) - 1 if start is None else start
                assert is_contiguous(events, start)
                start = position(events[-1])

        def dropped():
            gauge = [line for line in client.get("/metrics").text.splitlines()
                     if line.startswith("stockroom_event_listeners ")]
            return gauge == ["stockroom_event_listeners 1"]

        eventually(dropped, "the slow listener is dropped")
        heard = 0
        try:
            while slow.read_event() is not None:
                heard += 1
        except (http.client.IncompleteRead, ConnectionResetError):
            pass  # a body that is cut short
        assert heard < 1_200
        client.create_item()
        assert position(quick.read_event()) == start + 1


def test_listeners_are_bounded(client):
    with Listener(client.address) as first:
        listeners = []
        try:
            while len(listeners) < 5_000:
                listener = Listener(client.address)
                listeners.append(listener)
                listener.response.begin()
                if listener.response.status != 200:
                    break
            problem = json.loads(listeners[-1].response.read())
            assert listener.response.status == 503
            assert problem["type"] == "/problems/no_room"
            assert listener.response.getheader("Retry-After")
            assert len(listeners) == 1_000, "the thousandth with the first"
        finally:
            for listener in listeners:
                listener.close()
        client.create_item()
        assert first.read_event() is not None

    def room_again():
        return client.request("GET", "/v1/events").status == 200

    eventually(room_again, "there is room again")


def test_stopping_ends_the_streams(start, contract):
    server = start()
    client = Client(server.url, contract)
    with Listener(client.address) as listener:
        sku = client.create_item()
        listener.read_until(is_of(f"item/{sku}"))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            stopping = pool.submit(server.stop)
            while event := listener.read_event():  # until the last chunk
                assert event["type"] == LATER
            stopping.result()
    client.close()


def test_a_listener_goes_on_after_a_restart(start, contract):
    server = start()
    client = Client(server.url, contract)
    with Listener(client.address) as listener:
        skus = [client.create_item() for _ in range(3)]
        first = listener.read_until(is_of(f"item/{skus[0]}"))[-1]
    client.close()
    server.kill()
    client = Client(start().url, contract)
    skus.append(client.create_item(fresh_sku()))
    with Listener(client.address, after=position(first)) as listener:
        rest = listener.read_until(is_of(f"item/{skus[-1]}"))
    assert is_contiguous(rest, position(first))
    assert [event["subject"] for event in of_clients(rest)] == [f"item/{sku}" for sku in skus[1:]]
    client.close()
