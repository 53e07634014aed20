import contextlib
import http.client
import os
import pathlib
import socket
import subprocess
import threading
import time

import pytest

from client import Client, fresh_key
from server import STOP_SECONDS


def run(binary, *arguments):
    return subprocess.run([binary, *arguments], capture_output=True, text=True, check=False,
                          timeout=STOP_SECONDS)


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["replay", "--help"],
                                       ["stress", "--help"], ["audit", "--help"]])
def test_help(binary, arguments):
    done = run(binary, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert arguments[0] in done.stdout or "serve" in done.stdout


def test_version(binary, contract):
    done = run(binary, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert contract.spec["info"]["version"] in done.stdout


@pytest.mark.parametrize("arguments", [
    [], ["fly"], ["serve", "--fly"], ["serve", "--listen"], ["serve", "--listen", "nowhere"],
    ["serve", "--listen", "127.0.0.1"], ["serve", "--listen", "127.0.0.1:65536"],
    ["serve", "--listen", "127.0.0.1:-1"], ["serve", "--listen", "127.0.0.1:x"],
    ["serve", "--store-url", "nothing"], ["serve", "--store-url", "sqlite:"],
    ["serve", "--store-url", "oracle:x"], ["serve", "extra"], ["serve", "--log-level", "loud"],
    ["audit", "--store-url", "oracle:x"], ["replay"], ["replay", "/nowhere.csv", "--opening", "x"],
    ["stress", "--buyers", "0"], ["stress", "--units", "many"],
])
def test_wrong_usage(binary, tmp_path, arguments):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, check=False,
                          timeout=STOP_SECONDS, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip()
    assert list(tmp_path.iterdir()) == []


def test_settings_come_from_the_environment_too(binary, tmp_path):
    done = subprocess.run([binary, "serve"], capture_output=True, text=True, check=False,
                          timeout=STOP_SECONDS, cwd=tmp_path,
                          env={**os.environ, "STOCKROOM_STORE_URL": "oracle:x"})
    assert done.returncode == 2
    assert "oracle" in done.stderr


def test_a_check_exits_as_the_probe_answers(start, binary):
    server = start()
    listen = server.url.removeprefix("http://")
    for probe in ("livez", "readyz"):
        done = run(binary, "serve", "--listen", listen, "--check", probe)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    server.stop()
    done = run(binary, "serve", "--listen", listen, "--check", "readyz")
    assert (done.returncode, done.stdout) == (1, "")
    assert listen in done.stderr


def test_a_port_in_use_is_told(start, binary, tmp_path_factory):
    address = start().url.removeprefix("http://")
    other_store = f"sqlite:{tmp_path_factory.mktemp('other')}/x.db"
    done = run(binary, "serve", "--listen", address, "--store-url", other_store)
    assert (done.returncode, done.stdout) == (1, "")
    assert address in done.stderr
    assert "in use" in done.stderr
    client = http.client.HTTPConnection(address)
    client.request("GET", "/livez")
    assert client.getresponse().status == 200


def test_a_store_that_cannot_be_opened_is_told(binary, tmp_path):
    (tmp_path / "junk.db").write_bytes(b"this is no database, but long enough to be read as one" * 99)
    for url in (f"sqlite:{tmp_path}/junk.db", f"sqlite:{tmp_path}/junk.db/x.db"):
        done = run(binary, "serve", "--listen", "127.0.0.1:0", "--store-url", url)
        assert done.returncode == 1
        assert done.stderr.strip()
    assert not (tmp_path / "no").exists()


def test_two_servers_on_one_store_never_oversell(start, contract):
    one, two = Client(start().url, contract), Client(start().url, contract)
    sku = one.create_item(stock=10)
    statuses = [client.place(sku, 1, status=None).status for client in (one, two) * 10]
    assert statuses.count(201) == 10
    assert one.check_books(sku) == two.check_books(sku) == (10, 10, 0)


def test_a_restart_keeps_everything(start, contract):
    server = start()
    client = Client(server.url, contract)
    sku, key = client.create_item(stock=10, name="Kept", price="1.50"), fresh_key()
    order = client.place(sku, 2, key=key).json
    client.post(f"/v1/orders/{order['id']}/confirm", status=200)
    rejected = client.place(sku, 9, status=409).json["order_id"]
    before = client.world()
    server.stop()

    client = Client(start().url, contract)
    assert client.world() == before
    assert client.order(rejected)["state"] == "rejected"
    assert client.place(sku, 2, key=key).json == order
    assert client.get(f"/v1/commands/{order['id']}").json["outcome"]["result"] == order
    assert client.check_books(sku) == (10, 2, 8)


class Buyer(threading.Thread):
    """Orders one unit after the other, until the server is gone."""

    def __init__(self, client, sku):
        super().__init__()
        self.client, self.sku = client.another(), sku
        self.answered, self.unanswered = {}, []

    def run(self):
        while not self.unanswered:
            key = fresh_key()
            try:
                answer = self.client.place(self.sku, 1, key=key, status=None)
                if answer.status == 201:
                    self.answered[key] = answer.json
                else:
                    self.unanswered.append(key)
            except (http.client.HTTPException, OSError):
                self.unanswered.append(key)
        self.client.close()


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_what_was_answered_is_kept_and_what_was_not_can_be_repeated(start, contract, end):
    server = start()
    client = Client(server.url, contract)
    sku = client.create_item(stock=1_000_000)
    buyers = [Buyer(client, sku) for _ in range(8)]
    for buyer in buyers:
        buyer.start()
    while not all(len(buyer.answered) > 10 for buyer in buyers):
        assert all(buyer.is_alive() for buyer in buyers)
        client.get("/livez")
    if end == "kill":
        server.kill()
    else:
        began = time.monotonic()
        server.terminate()
        assert server.wait() == 0
        assert time.monotonic() - began < STOP_SECONDS
    for buyer in buyers:
        buyer.join()

    server = start()
    server.audit()
    client = Client(server.url, contract)
    answered = {key: order for buyer in buyers for key, order in buyer.answered.items()}
    for order in answered.values():
        assert client.order(order["id"]) == order
    unanswered = [key for buyer in buyers for key in buyer.unanswered]
    for _ in range(2):
        for key in unanswered:
            client.place(sku, 1, key=key)
    sold = len(answered) + len(unanswered)
    assert client.check_books(sku) == (1_000_000, sold, 1_000_000 - sold)


def test_sigterm_lets_a_request_under_way_finish(start, contract):
    server = start()
    client = Client(server.url, contract)
    sku = client.create_item(stock=1)
    body = b'{"sku":"%s","location":"main","quantity":1}' % sku.encode()
    with socket.create_connection(client.address, timeout=STOP_SECONDS) as slow:
        slow.sendall(b"POST /v1/stock/receipts HTTP/1.1\r\nHost: x\r\n"
                     b"Content-Type: application/json\r\nContent-Length: %d\r\n"
                     b"Expect: 100-continue\r\n\r\n" % len(body))
        assert slow.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        server.terminate()
        slow.sendall(body)
        assert slow.recv(12) == b"HTTP/1.1 200"
    assert server.wait() == 0
    assert Client(start().url, contract).check_books(sku) == (2, 0, 2)


def test_sigterm_does_not_wait_for_idle_connections(start, contract):
    server = start()
    client = Client(server.url, contract)
    client.get("/livez")
    with socket.create_connection(client.address) as silent:
        server.terminate()
        assert server.wait() == 0
        with contextlib.suppress(ConnectionResetError):  # where it was not accepted yet
            assert silent.recv(1) == b""


def test_the_data_stays_where_it_was_put(start, contract):
    server = start()
    Client(server.url, contract).create_item()
    folder = pathlib.Path(server.store_url.removeprefix("sqlite:")).parent
    server.stop()
    assert {path.name for path in folder.iterdir()} <= {"stockroom.db", "stockroom.db-wal",
                                                        "stockroom.db-shm", "stockroom.log"}
