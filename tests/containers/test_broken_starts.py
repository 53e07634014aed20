"""A start that cannot go well: the container's log says what is wrong and what to do, and the service
tries again or ends, as fits."""

import itertools
import json

import pytest

from compose import new_system

from client import Client, eventually
from contract import Contract

STORE_BYTES = "192m"
# Who decides, who reads and who publishes, and as whom they log in to the store.
LOGINS = {"orders": "service", "gateway": "reader", "relay": "relay"}


@pytest.fixture(scope="module")
def system(harness, tmp_path_factory):
    """Its store's disk is small."""
    folder = tmp_path_factory.mktemp("broken")
    user = harness.docker("run", "--rm", "--entrypoint", "id", harness.environment["STOCKROOM_STORE_IMAGE"],
                          "-u", "postgres").strip()
    override = folder / "small.json"
    override.write_text(json.dumps({"volumes": {"store": {"driver_opts": {
        "type": "tmpfs", "device": "tmpfs", "o": f"size={STORE_BYTES},uid={user},mode=0700"}}}}))
    system = new_system(harness, folder, "broken", override=override)
    yield system
    system.remove()


@pytest.fixture
def start(system, request):
    """start(SERVICE, NAME=VALUE…): another container of a service, with these in its environment."""
    names = []

    def start_one(service, **variables):
        name = f"{system.project}-{request.node.originalname}-{service}"
        settings = [part for key, value in variables.items() for part in ("-e", f"{key}={value}")]
        names.append(name)
        system("run", "-d", "--no-deps", "--name", name, *settings, service)
        return name

    yield start_one
    for name in names:
        system.docker.run("rm", "--force", "--volumes", name)


def log_of(system, container):
    """Its lines as objects; a line that is none is {"message": line}."""
    return [json.loads(line) if line.startswith("{") else {"message": line}
            for line in system.docker.logs(container).splitlines()]


def wait_for_line(system, container, *words):
    """The line of the log that has all of them."""
    def find():
        return [line for line in log_of(system, container)
                if all(word in json.dumps(line, ensure_ascii=False) for word in words)]
    try:
        eventually(find, f"{container} says {words}")
    except AssertionError:
        print(system.docker.logs(container), flush=True)
        raise


def is_running(system, container):
    return system.docker.state(container)["Status"] == "running"


def wait_until_well(system, container):
    """It has gone on trying, and needs no new start."""
    def is_ready():
        return system.docker.run("exec", container, "service", "--check", "readyz").returncode == 0
    eventually(is_ready, f"{container} is ready")
    assert system.docker.inspect(container)["RestartCount"] == 0


def test_a_wrong_password_of_the_store(system, start):
    broken = {}
    for service, login in LOGINS.items():
        system.sql(f"CREATE ROLE new_{login} LOGIN PASSWORD 'right' IN ROLE {login}; "
                   f"GRANT CONNECT ON DATABASE stockroom TO new_{login}")
        broken[login] = start(service,
                              STOCKROOM_STORE_URL=f"postgres://new_{login}:mistyped@store/stockroom")
    for login, container in broken.items():
        wait_for_line(system, container, "the store cannot be used", "password authentication failed",
                      f"new_{login}", "check the user and the password of the store's URL")
        assert "mistyped" not in system.docker.logs(container)
        system.sql(f"ALTER ROLE new_{login} PASSWORD 'mistyped'")
    for container in broken.values():
        wait_until_well(system, container)


def test_a_wrong_password_of_the_broker(system, start):
    system.control("add_user", "newcomer", "right")
    system.control("set_permissions", "-p", "stockroom", "newcomer", ".*", ".*", ".*")
    broken = [start(service, STOCKROOM_BUS_URL="amqp://newcomer:mistyped@broker/stockroom")
              for service in LOGINS]
    for container in broken:
        wait_for_line(system, container, "RabbitMQ has refused", "ACCESS_REFUSED",
                      "check the user and the password of the bus's URL")
        assert "mistyped" not in system.docker.logs(container)
    system.control("change_password", "newcomer", "mistyped")
    for container in broken:
        wait_until_well(system, container)


def test_no_broker(system, start):
    system("stop", "broker")
    broken = [start(service) for service in LOGINS]
    for container in broken:
        wait_for_line(system, container, "RabbitMQ cannot be used",
                      "is RabbitMQ running there, and is the bus's URL right?")
        assert is_running(system, container)
    system.up("broker")
    for container in broken:
        wait_until_well(system, container)


def test_no_store(system, start):
    broken = start("orders", STOCKROOM_STORE_URL="postgres://service:x@nowhere/stockroom")
    wait_for_line(system, broken, "the store cannot be used",
                  "is PostgreSQL running there, and is the store's URL right?")
    assert is_running(system, broken)


def test_settings_that_are_missing_end_it(system, start):
    broken = start("orders", STOCKROOM_BUS_URL="")
    eventually(lambda: not is_running(system, broken), "it ends")
    assert system.docker.state(broken)["ExitCode"] == 2
    wait_for_line(system, broken, "--bus-url is missing", "STOCKROOM_BUS_URL")


def test_an_old_schema(system, start):
    system.sql("UPDATE stockroom.schema_version SET version = -version "
               "WHERE version = (SELECT max(version) FROM stockroom.schema_version)")
    try:
        broken = [start(service) for service in LOGINS]
        for container in broken:
            wait_for_line(system, container, "the store cannot be used", "run stockroom migrate")
            assert is_running(system, container)
    finally:
        system.sql("UPDATE stockroom.schema_version SET version = -version WHERE version < 0")
    for container in broken:
        wait_until_well(system, container)


def test_a_newer_schema(system, start):
    system.sql("INSERT INTO stockroom.schema_version (version, oldest) VALUES (1000, 1000)")
    try:
        broken = start("orders")
        wait_for_line(system, broken, "made by a newer Stockroom", "run that newer one")
        assert is_running(system, broken)
        migrate = system.run("run", "--rm", "-T", "migrate")
        assert migrate.returncode == 1
        assert "made by a newer Stockroom" in migrate.stdout + migrate.stderr
    finally:
        system.sql("DELETE FROM stockroom.schema_version WHERE version = 1000")
    wait_until_well(system, broken)


def test_a_broker_whose_disk_is_nearly_full(system):
    client = Client(system.url, Contract())
    sku = client.create_item(stock=10)
    system.control("set_disk_free_limit", "1000000GB")
    try:
        def is_refused():
            answer = client.request("POST", "/v1/orders", json={"lines": [{"sku": sku, "quantity": 1}]})
            assert answer.status in (201, 202, 503), answer.text
            return answer.status == 503
        eventually(is_refused, "writes are answered 503")
        wait_for_line(system, system.container("gateway"), "RabbitMQ takes no messages", "low on disk",
                      "make room for it")
    finally:
        system.control("set_disk_free_limit", "50MB")
    wait_for_line(system, system.container("gateway"), "RabbitMQ takes messages again")
    eventually(lambda: client.request("POST", "/v1/orders", json={
        "lines": [{"sku": sku, "quantity": 1}]}).status in (201, 409), "writes are taken again")
    client.check_books(sku)
    client.close()


class Disk:
    """A volume that is small, kept by a container that can fill it up."""

    def __init__(self, docker, keeper):
        self.docker, self.keeper = docker, keeper

    @staticmethod
    def options(volume):
        return ["--entrypoint", "sleep", "--user", "0", "--volume", f"{volume}:/disk"]

    def fill(self):
        for size in ("64k", "1"):
            self.docker.run("exec", self.keeper, "dd", "if=/dev/zero", f"of=/disk/full-{size}", f"bs={size}")

    def make_room(self):
        self.docker("exec", self.keeper, "rm", "-f", "/disk/full-64k", "/disk/full-1")


def order(client, sku, number, **expected):
    return client.request("POST", "/v1/orders", json={"lines": [{"sku": sku, "quantity": 1}]},
                          headers={"Idempotency-Key": f"{sku}-{number}"}, **expected)


def order_until_refused(client, sku):
    """Gives the number of the order that could not be set down."""
    for number in itertools.count():
        if order(client, sku, number).status != 201:
            return number


def test_a_store_whose_disk_is_full(system, run):
    disk = Disk(system.docker, run("stockroom", "infinity",
                                   options=Disk.options(f"{system.project}_store")))
    client = Client(system.url, Contract())
    sku = client.create_item(stock=10**6)
    disk.fill()
    number = order_until_refused(client, sku)
    wait_for_line(system, system.container("orders"), "in trouble, trying again",
                  "No space left on device", "make room on PostgreSQL's disk")
    disk.make_room()
    eventually(lambda: order(client, sku, number).status == 201, "the order is placed after all")
    client.check_books(sku)
    client.close()


@pytest.fixture
def small_volume(harness, request):
    name = f"{harness.name}-{request.node.name}"
    harness.docker.remove_volume(name)
    harness.docker("volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt",
                   "o=size=4m,mode=1777", name)
    yield name
    harness.docker.remove_volume(name)


def test_the_embedded_shape_on_a_full_disk(harness, run, small_volume):
    docker = harness.docker
    disk = Disk(docker, run("stockroom", "infinity", options=Disk.options(small_volume)))
    on_disk = ["--volume", f"{small_volume}:/var/lib/stockroom", "--publish", "127.0.0.1::8080"]
    disk.fill()
    broken = run("stockroom", options=on_disk)
    eventually(lambda: docker.state(broken)["Status"] == "exited", "it ends")
    assert docker.state(broken)["ExitCode"] == 1
    assert docker.logs(broken).count("make room on its disk") == 1, docker.logs(broken)

    disk.make_room()
    docker("start", broken)
    docker.wait_until_healthy(broken)
    client = Client(f"http://127.0.0.1:{docker.port(broken)}", Contract())
    sku = client.create_item(stock=10**6)
    disk.fill()
    number = order_until_refused(client, sku)
    eventually(lambda: docker.logs(broken).count("make room on its disk") > 1, "it says so again")
    disk.make_room()
    eventually(lambda: order(client, sku, number).status == 201, "the order is placed after all")
    client.check_books(sku)
    client.close()
    assert docker.inspect(broken)["RestartCount"] == 0
