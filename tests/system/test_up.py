"""./dev up, status, logs and down, on real servers in a folder of its own."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from buyer import Buyer
from client import Client
from local_system import ROOT, System, command, dev, end, environment, new_system, table

from local import Broker, LocalError, process  # found by local_system

SERVICES = {"gateway-1", "catalogue-1", "stock-1", "orders-1", "relay-1", "health-1", "records-1",
            "generator-1"}
SERVERS = {"broker", "store", "epmd"}
DEADLINE_SECONDS = 60


@pytest.fixture(scope="module")
def system(binary, tmp_path_factory):
    # A copy, so that a test can replace one.
    binaries = tmp_path_factory.mktemp("bin")
    for path in (binary, *(binary.parent / f"stockroom-{name.split('-')[0]}" for name in SERVICES)):
        shutil.copy(path, binaries)
    system = new_system(tmp_path_factory.mktemp("up") / "local", binaries)
    yield system
    end(system)


@pytest.fixture
def up(system):
    """All of it, one of each; gives its table."""
    return all_ready(dev(system, "up", *(f"--scale={name.split('-')[0]}=1" for name in SERVICES)))


@pytest.fixture
def client(system, up, contract):
    client = Client(system.url, contract)
    yield client
    client.close()


def all_ready(done):
    assert done.returncode == 0, done.stdout + done.stderr
    rows = table(done.stdout)
    assert all(pid and state == "ready" for pid, _, state in rows.values()), done.stdout
    return rows


def pids(rows):
    return {name: pid for name, (pid, _, _) in rows.items()}


def replaced(before, after):
    """The names of what is another process now."""
    return {name for name in before if pids(after)[name] != pids(before)[name]}


def wait_until(holds):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_nothing_was_ever_started(binary, tmp_path):
    system = System(tmp_path / "nothing", binary.parent)
    assert dev(system, "status").returncode == 1
    assert dev(system, "down").returncode == 0
    assert dev(system, "logs", "orders").returncode == 1
    assert not system.folder.exists()


def test_up_starts_everything_and_says_where_it_is(system, client, up):
    assert set(up) == SERVICES | SERVERS
    assert up["gateway-1"][1] == system.port
    done = dev(system, "up")
    assert f"Stockroom is running on {system.url}\n" in done.stdout
    sku = client.create_item(stock=5, price="2.00")
    assert client.place(sku, 2).json["execution_price"] == "4.00"
    old = subprocess.run(["curl", "-sSf", f"{system.url}/order_processing"], capture_output=True,
                         text=True, check=True)
    assert f'"sku":"{sku}"' in old.stdout, "the classic interface is on"


def test_up_again_changes_nothing(system, up):
    assert table(dev(system, "up").stdout) == up
    done = dev(system, "status")
    assert done.returncode == 0
    assert table(done.stdout) == up


def test_what_was_killed_is_told_and_started_again(system, up):
    os.kill(up["stock-1"][0], signal.SIGKILL)
    wait_until(lambda: not system.service("stock").process.is_running)
    done = dev(system, "status")
    assert done.returncode == 1
    assert table(done.stdout)["stock-1"] == (None, up["stock-1"][1], "stopped")
    after = all_ready(dev(system, "up"))
    assert replaced(up, after) == {"stock-1"}


def test_what_is_not_ready_is_told(system, up):
    system.broker.pause()
    try:
        wait_until(lambda: table(dev(system, "status").stdout)["broker"][2].startswith("not ready"))
        assert dev(system, "status").returncode == 1
    finally:
        system.broker.resume()
    wait_until(lambda: dev(system, "status").returncode == 0)


def test_killed_servers_come_back_with_their_data(system, client, up):
    sku = client.create_item(stock=5)
    system.broker.kill()
    system.store.kill()
    after = all_ready(dev(system, "up"))
    assert replaced(up, after) == {"broker", "store"}
    assert client.another().place(sku, 5).json["state"] == "reserved"


def test_a_killed_epmd_comes_back_and_knows_the_node(system, up):
    os.kill(up["epmd"][0], signal.SIGKILL)
    wait_until(lambda: not system.broker.epmd.is_running)
    system.queues_path.touch()  # as if rabbitmqctl had failed meanwhile
    assert replaced(up, all_ready(dev(system, "up"))) == {"epmd"}
    assert not system.queues_path.exists()
    assert "stockroom" in system.broker.control("list_vhosts")


def test_queues_that_cannot_be_written_down_are_left_to_the_next_up(system, up, monkeypatch):
    def fail(_):
        raise LocalError("rabbitmqctl failed")

    monkeypatch.setattr(Broker, "write_down_queues", fail)
    system.queues_path.touch()
    told = []
    system.start_services(told.append)
    assert len(told) == 1 and "./dev up" in told[0]
    assert system.queues_path.exists()


def test_servers_that_are_ending_are_started_again(system, client, up):
    sku = client.create_item(stock=5)
    # By SIGTERM the store only waits for its clients, takes no new ones, and would wait for ever.
    for server in (system.store, system.broker):
        os.kill(server.process.pid, signal.SIGTERM)
    wait_until(lambda: system.store.is_stopping)
    done = dev(system, "up")
    assert "PostgreSQL" in done.stderr and "shutting down" in done.stderr
    assert {"store", "broker"} <= replaced(up, all_ready(done)) <= SERVERS
    assert client.another().place(sku, 5).json["state"] == "reserved"


def test_up_after_an_interrupted_down(system, up):
    with subprocess.Popen(command(system, "down"), stderr=subprocess.PIPE, text=True, cwd=ROOT,
                          env=environment()) as down:
        assert any("RabbitMQ" in line for line in down.stderr)
        wait_until(lambda: system.broker.is_stopping or not system.broker.process.is_running)
        down.send_signal(signal.SIGINT)
        assert "interrupted" in down.stderr.read()
    assert replaced(up, all_ready(dev(system, "up"))) >= SERVICES


def test_what_is_not_wanted_is_told(system, up):
    done = dev(system, "up", "--scale", "gateway=0", "--scale", "orders=0")
    assert done.returncode == 0, done.stderr
    assert "Stockroom is running on" not in done.stdout
    assert "No orders runs" in done.stdout and "--scale gateway=1" in done.stdout
    assert not {"gateway-1", "orders-1"} & set(table(done.stdout))


def test_scale_goes_up_and_down_and_is_kept(system, up):
    three = all_ready(dev(system, "up", "--scale", "orders=3"))
    assert set(three) == set(up) | {"orders-2", "orders-3"}
    assert pids(three)["orders-1"] == pids(up)["orders-1"]
    assert set(all_ready(dev(system, "up"))) == set(three)
    two = all_ready(dev(system, "up", "--scale=orders=2", "--scale=stock=2"))
    assert set(two) == set(up) | {"orders-2", "stock-2"}
    assert not system.service("orders", 3).process.is_running
    lines = dev(system, "logs", "orders").stdout.splitlines()
    assert {line.split("  ", 1)[0] for line in lines} == {"orders-1", "orders-2"}
    assert "listening" in dev(system, "logs", "orders-3").stdout


def renew(system, service):
    """As a build does; what runs the old file runs an older binary then."""
    binary = system.binaries / f"stockroom-{service}"
    shutil.copy(binary, binary.with_suffix(".new"))
    binary.with_suffix(".new").replace(binary)


def started(rows, *names):
    """When each was, as the kernel counts."""
    return [int(process.start_time(rows[name][0])) for name in names]


def test_a_newer_binary_replaces_an_older_one_while_orders_go_on(system, client, up):
    sku = client.create_item(stock=10**6)
    all_ready(dev(system, "up", "--scale", "orders=2"))
    renew(system, "orders")
    ending = threading.Event()
    placed, failed = [], []

    def buy():
        buyer = client.another()
        try:
            while not ending.is_set():
                placed.append(buyer.place(sku, 1, prefer="wait=30").json["id"])
        except AssertionError as error:
            failed.append(error)
        buyer.close()

    buyers = [threading.Thread(target=buy) for _ in range(2)]
    for buyer in buyers:
        buyer.start()
    before = pids(table(dev(system, "status").stdout))
    done = dev(system, "up")
    ending.set()
    for buyer in buyers:
        buyer.join()
    after = pids(all_ready(done))
    assert {name for name in before if after[name] != before[name]} == {"orders-1", "orders-2"}
    assert failed == []
    assert client.another().numbers(sku)[1] == len(placed) > 0


def test_whoever_takes_commands_is_replaced_before_whoever_sends_them(system, client, up):
    """Clients that write meanwhile are cut off by nothing but the gateway's own end."""
    before = pids(all_ready(dev(system, "up", "--scale", "orders=2")))
    services = {service.name: service
                for service in System(system.folder, system.binaries).services()}
    sku = client.create_item(stock=10**6)
    client.close()
    for name in SERVICES:
        renew(system, name.split("-")[0])

    def who_runs():
        return {name for name, service in services.items() if service.process.pid == before[name]}

    buyers = [Buyer(client, sku, who_runs) for _ in range(2)]
    for buyer in buyers:
        buyer.start()
    wait_until(lambda: all(buyer.placed or buyer.failure for buyer in buyers))
    done = dev(system, "up")
    placed = [len(buyer.placed) for buyer in buyers]
    wait_until(lambda: all(len(buyer.placed) > count or buyer.failure
                           for buyer, count in zip(buyers, placed)))
    for buyer in buyers:
        buyer.end()

    after = all_ready(done)
    assert {name for name in before if pids(after)[name] != before[name]} == set(services)
    deciding = started(after, "catalogue-1", "stock-1", "orders-1", "orders-2", "records-1")
    watching = started(after, "health-1", "relay-1")
    assert max(deciding) <= min(watching)
    assert max(watching) <= started(after, "generator-1")[0] <= started(after, "gateway-1")[0]
    cuts = [cut for buyer in buyers for cut in buyer.cuts]
    assert all(who <= {"gateway-1"} for _, who in cuts), cuts
    orders = [order for buyer in buyers for order in buyer.placed]
    assert len(set(orders)) == len(orders) == client.numbers(sku)[1]


def test_a_gateway_that_is_missing_waits_for_whom_it_sends_commands_to(system, up):
    renew(system, "orders")
    os.kill(up["gateway-1"][0], signal.SIGKILL)
    wait_until(lambda: not system.service("gateway").process.is_running)
    after = all_ready(dev(system, "up"))
    assert replaced(up, after) == {"orders-1", "gateway-1"}
    assert started(after, "orders-1") <= started(after, "gateway-1")


def test_logs_are_those_of_the_service(system, up):
    address = f"http://127.0.0.1:{up['orders-1'][1]}"
    done = dev(system, "logs", "orders")
    assert done.returncode == 0
    assert f"stockroom-orders is listening on {address}\n" in done.stdout
    assert "AMQP connection" in dev(system, "logs", "broker").stdout
    assert "LOG:  " in dev(system, "logs", "store").stdout
    assert "orders" in dev(system, "logs", "nothing").stderr


def test_logs_read_along(system, up):
    with subprocess.Popen(command(system, "logs", "orders-1", "-f"), stdout=subprocess.PIPE,
                          text=True, env=environment()) as reader:
        try:
            system.service("orders").kill()
            marker = "the line of a test"
            with open(system.service("orders").process.log_path, "a", encoding="utf-8") as log:
                log.write(f"{marker}\n")
            assert any(marker in line for line in reader.stdout)
        finally:
            reader.kill()


def test_down_leaves_no_process_and_keeps_the_data(system, client, up):
    sku = client.create_item(stock=3)
    done = dev(system, "down")
    assert done.returncode == 0, done.stderr
    assert "killed" not in done.stderr
    assert system.running() == []
    for _, port, _ in up.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, port
    assert dev(system, "status").returncode == 1
    assert dev(system, "down").returncode == 0
    all_ready(dev(system, "up"))
    assert client.another().numbers(sku) == (3, 0, 3)


def test_a_port_that_is_taken_is_named_and_nothing_starts(binary, tmp_path):
    system = new_system(tmp_path / "local", binary.parent)
    with socket.create_server(("127.0.0.1", system.service("orders").port)) as taken:
        done = dev(system, "up")
        assert done.returncode == 1
        assert str(taken.getsockname()[1]) in done.stderr and "--port" in done.stderr
    assert system.running() == []


@pytest.mark.parametrize("arguments", [
    ("up", "--scale", "orders"), ("up", "--scale", "orders=11"), ("up", "--scale", "orders=-1"),
    ("up", "--scale", "nobody=1"), ("up", "--port", "80"), ("up", "--port", "x"), ("up", "more"),
    ("logs",), ("down", "--now"),
])
def test_wrong_usage_is_told(binary, tmp_path, arguments):
    system = System(tmp_path / "nothing", binary.parent)
    done = dev(system, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("dev: ") and "--help" in done.stderr
    assert not system.folder.exists()


@pytest.mark.parametrize("arguments", [
    ("up", "--scale", "foo=1"), ("up", "--bogus"), ("up", "--por", "9000"), ("down", "--dat"),
])
def test_the_script_tells_wrong_usage_before_it_builds(arguments):
    done = subprocess.run([ROOT / "dev", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("dev: ")
    assert done.stderr.endswith(f"see ./dev {arguments[0]} --help\n") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("settings", ["{", "[]", "{}", '{"port": "x", "replicas": {}}', "\0"])
def test_broken_settings_are_told_and_can_be_removed(binary, tmp_path, settings):
    folder = tmp_path / "local"
    folder.mkdir()
    (folder / "settings.json").write_text(settings)
    system = System(folder, binary.parent)
    for verb in (("up",), ("status",), ("logs", "orders")):
        done = dev(system, *verb)
        assert done.returncode == 1
        assert done.stderr.startswith(f"dev: {folder}/settings.json")
        assert "./dev down --data" in done.stderr and done.stderr.count("\n") == 1
    assert dev(system, "down", "--data").returncode == 0
    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_another_user_s_folder_is_refused(binary, tmp_path):
    folder = tmp_path / "local"
    folder.mkdir()
    shutil.chown(folder, "nobody")
    system = System(folder, binary.parent)
    for verb in ("up", "status", "down"):
        done = dev(system, verb)
        assert done.returncode == 1
        assert "belongs to nobody" in done.stderr and done.stderr.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_waiting_is_told_with_its_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "SILENT_SECONDS", 0)
    monkeypatch.setattr(process, "SAY_SECONDS", 0)
    sleeper = process.Process("sleeper", tmp_path)
    sleeper.start(["sleep", "600"], {"PATH": os.environ["PATH"]})
    told = []
    sleeper.wait_until(lambda: len(told) > 1, DEADLINE_SECONDS, told.append, lambda: "sleeps")
    assert set(told) == {f"Waiting for sleeper (process {sleeper.pid}): sleeps"}
    sleeper.kill()


def test_what_stands_elsewhere_is_found_when_its_folder_is_gone(tmp_path, monkeypatch):
    system = System(tmp_path / "local", tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(type(system.store), "elsewhere", lambda _: elsewhere)
    assert system.store.data == elsewhere
    system.remove()
    assert not elsewhere.exists()
