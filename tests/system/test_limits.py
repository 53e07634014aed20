"""What one client may take, and that the others never notice."""

import concurrent.futures
import contextlib
import os
import resource
import select
import socket
import threading
import time

import pytest

from client import DEADLINE_SECONDS, Client, Raw, eventually, fresh_sku, parse_answer

GET = b"GET /livez HTTP/1.1\r\nHost: stockroom\r\n\r\n"
MANY = 10_000
MOST = 12_000  # connections that are served at once


def post(length, body=b""):
    return (b"POST /v1/items HTTP/1.1\r\nHost: stockroom\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % length) + body


@contextlib.contextmanager
def others_served(client):
    """Another client works all the while, and every answer is right."""
    sku = client.create_item(stock=1)
    stopped, failures = threading.Event(), []

    def work():
        own, units = client.another(), 1
        try:
            while not stopped.is_set() or units == 1:
                units += 1
                answer = own.post("/v1/stock/receipts",
                                  {"sku": sku, "location": "main", "quantity": 1}, status=200)
                assert answer.json["on_hand"] == units
                assert own.item(sku)["on_hand"] == units
        except Exception as error:  # told by the test's own thread
            failures.append(error)
        finally:
            own.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        stopped.set()
        worker.join()
    assert not failures, failures
    client.check_books(sku)


def drip(address, start, slow):
    """Sends a byte a second after the start; gives what comes back until the other side closes."""
    received = b""
    with Raw(address) as raw:
        raw.send(start)
        for i in range(len(slow)):
            try:
                raw.send(slow[i:i + 1])
            except (BrokenPipeError, ConnectionResetError):
                return received
            if select.select([raw.socket], [], [], 1)[0]:
                return received + raw.read_to_end()
    raise AssertionError("a slow client is never given up")


CHUNKED_POST = post(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")

# What is sent at once, and what then comes a byte a second.
SLOW = {
    "request line": (b"", b"GET /livez?" + b"s" * DEADLINE_SECONDS),
    "header": (GET[:-2], b"X-Slow: " + b"s" * DEADLINE_SECONDS),
    "body": (post(DEADLINE_SECONDS), b'{"sku":"' + b"s" * DEADLINE_SECONDS),
    "chunks": (CHUNKED_POST, b"1\r\n{\r\n" * 20),
}


def test_clients_that_send_a_byte_a_second(client):
    with others_served(client), concurrent.futures.ThreadPoolExecutor(len(SLOW)) as pool:
        under_way = {what: pool.submit(drip, client.address, *sent) for what, sent in SLOW.items()}
        all_received = {what: drips.result() for what, drips in under_way.items()}
    for what, received in all_received.items():
        if received:
            answer = parse_answer(received)
            client.contract.check_problem(answer)
            assert (answer.status, answer.problem) == (408, "request_timeout"), what


def test_a_client_that_takes_no_answer(client):
    """It asks and asks, and never reads: its requests stop being taken, the others go on."""
    with others_served(client), Raw(client.address) as raw:
        raw.socket.setblocking(False)
        sent, deadline = 0, time.monotonic() + DEADLINE_SECONDS
        request = GET.replace(b"/livez", b"/openapi.json") * 100
        while select.select([], [raw.socket], [], 1)[1]:
            try:
                sent += raw.socket.send(request)
            except (BrokenPipeError, ConnectionResetError):
                break
            assert sent < 64 * 2**20, "the server takes requests without end"
            assert time.monotonic() < deadline


VANISHING = {
    "at once": b"",
    "in the request line": b"GET /li",
    "in the header": GET[:-2],
    "before the body": post(20),
    "in the body": post(20, b'{"sku":'),
    "in a chunk": CHUNKED_POST + b"9\r\n{",
    "before the answer": GET,
    "before many answers": GET * 200,
}


@pytest.mark.parametrize("reset", [False, True], ids=["closing", "resetting"])
@pytest.mark.parametrize("moment", VANISHING)
def test_a_client_that_goes_away(client, moment, reset):
    before = len(client.pages("/v1/items?limit=500", "items"))
    for _ in range(20):
        raw = Raw(client.address)
        raw.send(VANISHING[moment])
        if reset:
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        raw.socket.close()
    client.get("/livez")
    assert len(client.pages("/v1/items?limit=500", "items")) == before


def test_an_order_whose_client_went_away_is_kept(client):
    sku = client.create_item(stock=5)
    body = b'{"lines":[{"sku":"%s","quantity":2}]}' % sku.encode()
    raw = Raw(client.address)
    raw.send(post(len(body), body).replace(b"/v1/items", b"/v1/orders"))
    raw.socket.close()
    eventually(lambda: client.numbers(sku)[1] == 2, "the order is placed")
    assert client.check_books(sku) == (5, 2, 3)


@pytest.mark.parametrize("send_all", [False, True], ids=["announced", "sent"])
def test_a_body_of_2_mib(client, send_all):
    sku = fresh_sku()
    body = b'{"sku":"%s"}' % sku.encode() + b" " * (2 * 2**20)
    with others_served(client), Raw(client.address) as raw:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            raw.send(post(len(body), body if send_all else b""))
        answer = parse_answer(raw.read_to_end())
    client.contract.check("POST", "/v1/items", answer)
    assert (answer.status, answer.problem) == (413, "body_too_large")
    client.get(f"/v1/items/{sku}", status=404)


def test_a_chunked_body_of_2_mib(client):
    chunk = b"%x\r\n%s\r\n" % (2**16, b" " * 2**16)
    with Raw(client.address) as raw:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            raw.send(CHUNKED_POST)
            raw.send(chunk * 32 + b"0\r\n\r\n")
        answer = parse_answer(raw.read_to_end())
    assert (answer.status, answer.problem) == (413, "body_too_large")


def test_a_body_of_a_mib_is_read(client):
    body = b'{"sku":"T-%s"' % os.urandom(8).hex().encode()
    body += b" " * (2**20 - len(body) - 1) + b"}"
    client.request("POST", "/v1/items", body=body, status=201)


@pytest.fixture
def crowded(start, contract):
    """A server with the usual limit on files, and as many files as can be for this process."""
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    if usual[1] != resource.RLIM_INFINITY and usual[1] < MOST + 500:
        pytest.skip(f"this system lets a process have only {usual[1]} files")

    def be_usual(_server):
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, usual[1]))

    server = start(before_start=be_usual)
    resource.setrlimit(resource.RLIMIT_NOFILE, (usual[1], usual[1]))
    client = Client(server.url, contract)
    yield client
    client.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, usual)


def connect(address, number):
    # Two addresses to come from, since one has only so many ports.
    return Raw(address, source=(f"127.0.0.{1 + number % 2}", 0))


def test_ten_thousand_idle_connections(crowded):
    with contextlib.ExitStack() as stack:
        with others_served(crowded):
            idle = [stack.enter_context(connect(crowded.address, i)) for i in range(MANY)]
            for raw in idle[::997]:
                raw.send(GET)
                assert raw.read_answer().status == 200
        more = [stack.enter_context(connect(crowded.address, i)) for i in range(MANY, MOST - 1)]
        more[-1].send(GET)
        assert more[-1].read_answer().status == 200

        with connect(crowded.address, 0) as one_too_many:
            answer = parse_answer(one_too_many.read_to_end())
        crowded.contract.check_problem(answer)
        assert (answer.status, answer.problem) == (503, "server_full")
        assert crowded.get("/livez").json == {"status": "ok"}

    def room_again():
        with connect(crowded.address, 0) as raw:
            try:
                raw.send(GET)
            except (BrokenPipeError, ConnectionResetError):
                return False
            answer = raw.read_answer()
            return answer is not None and answer.status == 200

    eventually(room_again, "there is room again")
