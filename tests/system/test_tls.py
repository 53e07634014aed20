"""The bus by TLS: with a certificate that is right everything works, and to a broker with any other
nothing is said; /readyz says why."""

import os
import pathlib
import socket
import ssl
import sys
import threading
import time
import urllib.parse

import pytest

from client import DEADLINE_SECONDS, Client
from services import Service, ports

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "servers"))

from certificates import EXPIRED, Authority  # noqa: E402

SHAPE, SERVER = "services", {"tls": True}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Has signed nothing of the broker's."""
    return Authority(tmp_path_factory.mktemp("authority"), "other-ca")


class Front:
    """What looks like a broker until it should speak AMQP."""

    def __init__(self, certificate):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.path, certificate.key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heard = b""  # of what clients said to it in confidence
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            client.settimeout(DEADLINE_SECONDS)
            try:
                with self.context.wrap_socket(client, server_side=True) as stream:
                    self.heard += stream.recv(1024)
            except OSError:
                client.close()  # it did not like what it saw

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()


@pytest.fixture
def make_front():
    fronts = []

    def make(certificate):
        fronts.append(Front(certificate))
        return fronts[-1]

    yield make
    for front in fronts:
        front.close()


@pytest.fixture
def expect_trouble(server, tmp_path):
    """expect_trouble(why, port, ca_file, host="localhost"): that is in what a service says of the broker
    there; waits for it."""
    started = []

    def expect(why, port, ca_file, host="localhost"):
        user = urllib.parse.urlsplit(server.amqps_url).netloc.rpartition("@")[0]
        service = Service("stock", 1, tmp_path, server.binary.parent / "stockroom-stock",
                          ports.free_block(1), {
                              "STOCKROOM_STORE_URL": server.store_url_of("stock"),
                              "STOCKROOM_BUS_URL": f"amqps://{user}@{host}:{port}/{server.name}",
                              "STOCKROOM_BUS_CA_FILE": str(ca_file)})
        service.start()
        started.append(service)
        wait_until(lambda: why in (service.unready() or "is ready"), service.unready)

    yield expect
    for service in started:
        assert service.stop()


def wait_until(holds, seen):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, seen()
        time.sleep(0.05)


def broker_port(server):
    return urllib.parse.urlsplit(server.amqps_url).port


def test_orders_are_placed_over_it(server, contract):
    client = Client(server.url, contract)
    sku = client.create_item(stock=5)
    order = {"lines": [{"sku": sku, "quantity": 3}]}
    client.post("/v1/orders", order)
    client.post("/v1/orders", order, status=409)
    client.close()

    def queue():  # as RabbitMQ counts it, every 5 seconds
        return server.manage("GET", f"/api/queues/{server.name}/stockroom.orders")

    def is_acked(queue):  # both orders, and the health service's pings
        return queue.get("message_stats", {}).get("ack", 0) >= 2 and queue.get("messages") == 0

    wait_until(lambda: is_acked(queue()), queue)
    connections = server.manage("GET", f"/api/vhosts/{server.name}/connections")
    assert connections and all(connection.get("ssl") for connection in connections)


def test_the_broker_is_signed_by_somebody_else(server, authority, expect_trouble):
    expect_trouble("unable to get local issuer certificate", broker_port(server), authority.path)


def test_the_port_is_one_of_plain_text(server, expect_trouble):
    expect_trouble("SSL handshake failed (", server.amqp.port, os.environ["STOCKROOM_TEST_CA_FILE"])


def test_the_authority_is_no_certificate(server, expect_trouble, tmp_path):
    text = tmp_path / "text.pem"
    text.write_text("not a certificate\n")
    expect_trouble("is no file of certificates", broker_port(server), text)


@pytest.mark.parametrize("why, names, days", [
    ("SSL hostname verification failed", "DNS:elsewhere.example", 1),
    ("certificate has expired", "DNS:localhost", EXPIRED)])
def test_the_certificate_is_not_right(authority, make_front, expect_trouble, why, names, days):
    front = make_front(authority.certificate("front", names, days))
    expect_trouble(why, front.port, authority.path)
    assert front.heard == b""


def test_the_certificate_is_right_but_not_the_broker(authority, make_front, expect_trouble):
    """So the front above is refused for nothing but its certificate."""
    front = make_front(authority.certificate("front", "DNS:localhost"))
    expect_trouble("logging in", front.port, authority.path)
    assert front.heard.startswith(b"AMQP")


def test_an_address_is_no_host_name(server, expect_trouble):
    """Though it stands in the certificate: librabbitmq compares names only."""
    expect_trouble("SSL hostname verification failed", broker_port(server),
                   os.environ["STOCKROOM_TEST_CA_FILE"], host="127.0.0.1")
