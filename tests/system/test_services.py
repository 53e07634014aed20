"""Each service as a process of its own: it starts and stops whatever is there of what it needs."""

import collections
import http.client
import os
import subprocess
import threading
import urllib.parse
import urllib.request
import uuid

import pytest

from client import Client, eventually
from server import STOP_SECONDS
from service import SERVICES, NoServer, Passage, Service

PASSWORD = "a-password-nobody-may-see"


@pytest.fixture
def binaries(binary):
    return binary.parent


@pytest.fixture
def start(binaries, tmp_path):
    services = []

    def start_one(name, store_url, bus_url):
        services.append(Service(binaries, name, tmp_path, store_url, bus_url))
        return services[-1]

    yield start_one
    for service in services:
        service.kill()


def away(is_deaf=False):
    """A store and a bus that are not there, with their URLs."""
    store, bus = NoServer(is_deaf), NoServer(is_deaf)
    return (store, f"postgres://user:{PASSWORD}@127.0.0.1:{store.port}/stockroom",
            bus, f"amqp://user:{PASSWORD}@127.0.0.1:{bus.port}/stockroom")


@pytest.mark.parametrize("name", SERVICES)
def test_waits_while_bus_and_store_are_away(start, name):
    store, store_url, bus, bus_url = away()
    service = start(name, store_url, bus_url)
    assert service.get("/livez")[0] == 200
    eventually(lambda: "bus: " in service.trouble() and "store: " in service.trouble(),
               "both are named")
    for server in (store, bus):
        server.wait_for_attempts(server.attempts + 4)
    assert service.get("/livez")[0] == 200
    assert service.check("livez") == (0, "")
    code, reason = service.check("readyz")
    assert code == 1
    assert "bus: " in reason and "store: " in reason

    def about(what):
        return [line for line in service.log_lines()
                if "trying again and again" in line["message"] and what in line["message"]]

    eventually(lambda: about("the store cannot be used"), "the log tells of the store")
    said = about("")
    about_store = [line for line in said if "store" in line["message"]]
    about_bus = [(line["connection"], line["detail"]) for line in said
                 if "RabbitMQ" in line["message"]]
    assert len(about_store) == 1, said
    # The health service publishes its pings and what it replays by a connection each.
    most = {"publisher": 2 if name == "health" else 1}
    assert about_bus, said
    for (connection, _), times in collections.Counter(about_bus).items():
        assert times <= most.get(connection, 1), said
    assert service.stop() == 0
    assert PASSWORD not in service.log()
    for server in (store, bus):
        server.close()


@pytest.mark.parametrize("name", SERVICES)
def test_stops_while_bus_and_store_do_not_answer(start, name):
    store, store_url, bus, bus_url = away(is_deaf=True)
    service = start(name, store_url, bus_url)
    for server in (store, bus):
        server.wait_for_attempts(1)
    assert service.get("/livez")[0] == 200
    assert service.trouble()
    assert service.stop() == 0
    for server in (store, bus):
        server.close()


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("options, reason", [
    ({}, "--store-url is missing"),
    ({"--store-url": "postgres://h/d"}, "--bus-url is missing"),
    ({"--store-url": f"mysql://u:{PASSWORD}@h/d"}, "postgres://"),
    ({"--store-url": "sqlite:x.db", "--bus-url": "amqp://h"}, "postgres://"),
    ({"--store-url": "postgres://h/d", "--bus-url": f"kafka://u:{PASSWORD}@h"}, "amqp://"),
    ({"--store-url": f"postgres://u:{PASSWORD}%zz@h/d", "--bus-url": "amqp://h"}, "--store-url"),
    ({"--store-url": "postgres://h/d", "--bus-url": f"amqp://u:{PASSWORD}@h:port"}, "--bus-url"),
    ({"--store-url": "postgres://h/d", "--bus-url": f"amqp://u:{PASSWORD}%zz@h"}, "--bus-url"),
    ({"--store-url": "postgres://h/d", "--bus-url": "amqp://h", "--listen": "x"}, "--listen"),
    ({"--store-url": "postgres://h/d", "--store-url-file": "x"}, "not both"),
    ({"--store-url-file": "/nowhere"}, "/nowhere"),
    ({"--check": "soon"}, "--check"),
    ({"--fly": "high"}, "--fly"),
    ({"--storeurl": f"postgres://u:{PASSWORD}@h/d"}, "A URL is given by"),
    ({"--listen": f"http://u:{PASSWORD}@h"}, "--listen"),
    ({"--store-url-file": f"postgres://u:{PASSWORD}@h/d"}, "cannot be read"),
    ({"--store-url": f"postgres://u:{PASSWORD}@x@h/d", "--bus-url": "amqp://h"}, "@ is %40"),
    ({"--store-url": f"postgres://u:{PASSWORD}/x@h/d", "--bus-url": "amqp://h"}, "@ is %40"),
    ({"--store-url": "postgres://h/d", "--bus-url": f"amqp://u:{PASSWORD}#x@h"}, "@ is %40"),
    ({"--store-url": "postgres://h/d", "--bus-url": "amqps://h", "--bus-ca-file": "/nowhere"},
     "--bus-ca-file: /nowhere cannot be read"),
])
def test_wrong_usage_is_told(binaries, name, options, reason):
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith("STOCKROOM_")}
    arguments = [part for option in options.items() for part in option]
    done = subprocess.run([binaries / f"stockroom-{name}", *arguments], capture_output=True,
                          text=True, check=False, timeout=STOP_SECONDS, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert PASSWORD not in done.stderr


@pytest.mark.parametrize("options, reason", [
    (["--watch", "orders"], '"orders" names no service; give NAME=http://HOST:PORT'),
    (["--watch", "=http://h:1"], "names no service"),
    (["--watch", "orders=h:1"], "give http://HOST:PORT"),
    (["--watch", "orders=http://h:1,orders=http://h:2"], '"orders" stands twice'),
    (["--watch", "orders=http://h:1", "--watch", "orders=http://h:2"], '"orders" stands twice'),
    (["--management-url", f"https://u:{PASSWORD}@h"], "is not an http URL"),
    (["--management-url", f"http://u:{PASSWORD} x@h"], "--management-url"),
    (["--management-url-file", "/nowhere"], "/nowhere"),
    (["--interval", "0"], "--interval"),
])
def test_wrong_usage_of_health_is_told(binaries, options, reason):
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith("STOCKROOM_")}
    done = subprocess.run([binaries / "stockroom-health", "--store-url", "postgres://h/d", "--bus-url",
                           "amqp://h", *options], capture_output=True, text=True, check=False,
                          timeout=STOP_SECONDS, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert PASSWORD not in done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_help_and_version(binaries, contract, name):
    for argument, expected in (("--help", "STOCKROOM_BUS_URL"),
                               ("--version", contract.spec["info"]["version"])):
        done = subprocess.run([binaries / f"stockroom-{name}", argument], capture_output=True,
                              text=True, check=False, timeout=STOP_SECONDS)
        assert (done.returncode, done.stderr) == (0, "")
        assert expected in done.stdout


def test_a_port_in_use_is_told(binaries):
    taken = NoServer()
    done = subprocess.run(
        [binaries / "stockroom-orders", "--listen", f"127.0.0.1:{taken.port}",
         "--store-url", "postgres://127.0.0.1:1/d", "--bus-url", "amqp://127.0.0.1:1"],
        capture_output=True, text=True, check=False, timeout=STOP_SECONDS)
    taken.close()
    assert (done.returncode, done.stdout) == (1, "")
    assert f"127.0.0.1:{taken.port}" in done.stderr and "in use" in done.stderr


def manage(method, path, body=b""):
    url = urllib.parse.urlsplit(os.environ["STOCKROOM_TEST_MANAGEMENT_URL"])
    passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
    plain = f"http://{url.hostname}:{url.port}"
    passwords.add_password(None, plain, url.username, url.password, is_authenticated=True)
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
    request = urllib.request.Request(plain + path, body, {"Content-Type": "application/json"},
                                     method=method)
    opener.open(request, timeout=60).close()


@pytest.fixture
def bus_url():
    """Of a virtual host of the test's own."""
    if "STOCKROOM_TEST_AMQP_URL" not in os.environ:
        pytest.fail("needs RabbitMQ: STOCKROOM_TEST_AMQP_URL is not set")
    url = urllib.parse.urlsplit(os.environ["STOCKROOM_TEST_AMQP_URL"])
    name = f"test-{uuid.uuid4().hex}"
    manage("PUT", f"/api/vhosts/{name}")
    manage("PUT", f"/api/permissions/{name}/{url.username}",
           b'{"configure":".*","write":".*","read":".*"}')
    yield url._replace(path=f"/{name}").geturl()
    manage("DELETE", f"/api/vhosts/{name}")


@pytest.fixture
def store_url():
    """Of an empty database of the test's own."""
    if "STOCKROOM_TEST_POSTGRES_URL" not in os.environ:
        pytest.fail("needs PostgreSQL: STOCKROOM_TEST_POSTGRES_URL is not set")
    url = os.environ["STOCKROOM_TEST_POSTGRES_URL"]
    name = f"test_{uuid.uuid4().hex}"

    def run(sql):
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", url, "-c", sql], check=True,
                       timeout=60)

    run(f"CREATE DATABASE {name}")
    yield urllib.parse.urlsplit(url)._replace(path=f"/{name}").geturl()
    run(f"DROP DATABASE {name} WITH (FORCE)")


def stockroom(binary, command, store_url):
    return subprocess.run([binary, command], capture_output=True, text=True, check=False,
                          timeout=STOP_SECONDS, env={**os.environ, "STOCKROOM_STORE_URL": store_url})


# What an operator needs to see of each service.
METRICS = {
    "gateway": ["stockroom_http_requests_total", "stockroom_commands_in_flight",
                "stockroom_store_read_seconds", "stockroom_bus_unconfirmed_messages",
                "stockroom_bus_reconnects_total", "stockroom_cache_reads_total",
                "stockroom_cache_stale_total", "stockroom_cache_heartbeat_age_seconds"],
    "catalogue": ["stockroom_commands_total", "stockroom_batch_commands",
                  "stockroom_batch_load_seconds", "stockroom_batch_decide_seconds",
                  "stockroom_batch_commit_seconds", "stockroom_oldest_taken_seconds",
                  "stockroom_messages_in_flight", "stockroom_commands_dead_total",
                  "stockroom_queue_dead_total", "stockroom_bus_reconnects_total"],
    "orders": ["stockroom_commands_total", "stockroom_bus_unconfirmed_messages"],
    "relay": ["stockroom_relay_lag_positions", "stockroom_relay_lag_seconds",
              "stockroom_bus_reconnects_total"],
}


def test_all_of_them_start_in_any_order_and_work_together(binary, start, contract, store_url,
                                                          bus_url):
    services = {name: start(name, store_url, bus_url) for name in SERVICES}
    for service in services.values():
        eventually(lambda: "store: " in service.trouble(), "the store has no tables yet")
        eventually(lambda: "bus: " not in service.trouble(), "the bus is there")

    done = stockroom(binary, "migrate", store_url)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "was empty" in done.stdout
    assert urllib.parse.urlsplit(store_url).password not in done.stdout
    for service in services.values():
        service.wait_until_ready()
        assert service.check("readyz") == (0, "")

    client = Client(f"http://{services['gateway'].address}", contract)
    sku = client.create_item(stock=3)
    order = client.place(sku, 2).json
    assert client.post(f"/v1/orders/{order['id']}/confirm", status=200).json["state"] == "confirmed"
    client.place(sku, 2, status=409)
    assert client.check_books(sku) == (3, 2, 1)
    client.close()

    for name, wanted in METRICS.items():
        sampled = {sample.partition("{")[0] for sample in services[name].metrics()}
        for metric in wanted:
            assert sampled & {metric, f"{metric}_count"}, f"{name} has no {metric}: {sampled}"
    orders = services["orders"].metrics()
    assert orders['stockroom_commands_total{kind="place_order",outcome="reserved",service="orders"}'] == 1
    assert orders['stockroom_commands_total{kind="place_order",outcome="rejected",service="orders"}'] == 1

    for service in services.values():
        assert service.stop() == 0
        log = service.log()
        for url in (store_url, bus_url):
            assert urllib.parse.urlsplit(url).password not in log
        assert not [line for line in service.log_lines() if line["level"] == "error"]
    assert stockroom(binary, "audit", store_url).returncode == 0
    done = stockroom(binary, "migrate", store_url)
    assert (done.returncode, "already" in done.stdout) == (0, True)


@pytest.fixture
def login(store_url):
    """Makes a user of the store with this role; gives the store's URL by it."""
    made = []

    def run(sql):
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", store_url, "-c", sql],
                       check=True, timeout=60)

    def make(role):
        user = f"test_{uuid.uuid4().hex}"
        run(f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}' IN ROLE {role}")
        made.append(user)
        parts = urllib.parse.urlsplit(store_url)
        return parts._replace(
            netloc=f"{user}:{PASSWORD}@{parts.netloc.rpartition('@')[2]}").geturl()

    yield make
    for user in made:
        run(f"DROP ROLE {user}")


@pytest.mark.parametrize("name, role, needed", [
    ("stock", "stockroom_reader", "stockroom_service"),
    ("catalogue", "stockroom_relay", "stockroom_service"),
    ("health", "stockroom_reader", "stockroom_service"),
    ("orders", "stockroom_reader", "stockroom_service"),
    ("records", "stockroom_reader", "stockroom_service"),
    ("relay", "stockroom_service", "stockroom_relay"),
    ("gateway", "stockroom_relay", "stockroom_reader"),
])
def test_a_user_without_the_rights_gets_no_work(binary, start, store_url, bus_url, login, name,
                                                role, needed):
    assert stockroom(binary, "migrate", store_url).returncode == 0
    service = start(name, login(role), bus_url)
    eventually(lambda: f"grant it the role {needed}" in service.trouble(),
               "it says what it may not do")
    if name == "relay":
        assert service.metrics()["stockroom_relay_leader"] == 0
    assert service.stop() == 0
    assert PASSWORD not in service.log()


def test_a_bus_that_refuses_the_login_is_told(start, bus_url):
    parts = urllib.parse.urlsplit(bus_url)
    wrong = parts._replace(netloc=f"nobody:{PASSWORD}@{parts.netloc.rpartition('@')[2]}").geturl()
    service = start("stock", "postgres://127.0.0.1:1/d", wrong)
    eventually(lambda: "refused: 403 ACCESS_REFUSED" in service.trouble(), "it says so")
    assert service.stop() == 0
    assert [line for line in service.log_lines() if "RabbitMQ has refused" in line["message"]]
    assert PASSWORD not in service.log()


@pytest.mark.parametrize("arguments, reason", [
    (["migrate"], "STOCKROOM_STORE_URL"),
    (["migrate", "--bogus"], "--bogus"),
    (["migrate", f"postgres://u:{PASSWORD}@h/d"], "A URL is given by --store-url"),
    (["audit", f"postgres://u:{PASSWORD}@h/d"], "A URL is given by --store-url"),
    (["audit", "--store-url-file", f"postgres://u:{PASSWORD}@h/d"], "cannot be read"),
    (["migrate", "--store-url", f"postgres://u:{PASSWORD}@@h/d"], "@ is %40"),
    (["migrate", "--store-url", f"postgres:u:{PASSWORD}@h/d"], "postgres://"),
    (["serve", "--listen", f"http://u:{PASSWORD}@h"], "--listen"),
    (["stress", "--buyers", "1", "--units", "1", "--url", f"http://u:{PASSWORD}@h"], "--url"),
])
def test_wrong_usage_of_the_tools_is_told(binary, arguments, reason):
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith("STOCKROOM_")}
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, check=False,
                          timeout=STOP_SECONDS, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert PASSWORD not in done.stderr


def test_the_tools_read_the_url_from_a_file(binary, tmp_path, store_url):
    path = tmp_path / "store.url"
    path.write_text(store_url + "\n", encoding="utf-8")
    for command in ("migrate", "audit"):
        done = subprocess.run([binary, command, "--store-url-file", path], capture_output=True,
                              text=True, check=False, timeout=STOP_SECONDS)
        assert (done.returncode, done.stderr) == (0, "")


def through(passage, url):
    parts = urllib.parse.urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{user}@127.0.0.1:{passage.port}").geturl()


def passage_to(url):
    parts = urllib.parse.urlsplit(url)
    return Passage((parts.hostname, parts.port))


class Buyer(threading.Thread):
    """Orders one unit after the other, until there is no answer."""

    def __init__(self, client, sku):
        super().__init__()
        self.client, self.sku, self.bought = client.another(), sku, 0

    def run(self):
        try:
            while self.client.place(self.sku, 1, status=None).status == 201:
                self.bought += 1
        except (OSError, http.client.HTTPException):
            pass
        self.client.close()


@pytest.mark.parametrize("frozen", ["store", "bus", "both"])
def test_all_of_them_stop_amid_work_when_what_they_need_stands_still(
        binary, start, contract, store_url, bus_url, frozen):
    assert stockroom(binary, "migrate", store_url).returncode == 0
    store, bus = passage_to(store_url), passage_to(bus_url)
    services = {name: start(name, through(store, store_url), through(bus, bus_url))
                for name in SERVICES}
    for service in services.values():
        service.wait_until_ready()
    client = Client(f"http://{services['gateway'].address}", contract)
    sku = client.create_item(stock=1_000_000)
    buyers = [Buyer(client, sku) for _ in range(4)]
    for buyer in buyers:
        buyer.start()
    eventually(lambda: all(buyer.bought > 10 for buyer in buyers), "all have bought something")
    for passage, name in ((store, "store"), (bus, "bus")):
        if frozen in (name, "both"):
            passage.frozen.set()
    for service in services.values():
        service.terminate()
    for service in services.values():
        assert service.wait() == 0
    for buyer in buyers:
        buyer.join()
    client.close()
    store.close()
    bus.close()
    assert stockroom(binary, "audit", store_url).returncode == 0
