"""The private servers through everything that is done to them: stop, SIGKILL, pause, start again."""

import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import time

import pika
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy"))

from local import Broker, LocalError, Store, ports, process  # noqa: E402
from local.broker import BrokerPorts  # noqa: E402

DEADLINE_SECONDS = 60


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = Broker(tmp_path_factory.mktemp("broker"), BrokerPorts.from_first(ports.free_block(4)))
    start(broker)
    yield broker
    broker.stop()
    assert process.marked(broker.folder) == []


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    # Below a folder that only we may enter, as pytest's are: root's PostgreSQL must cope with it.
    store = Store(tmp_path_factory.mktemp("store") / "below", ports.free_block(1))
    start(store)
    yield store
    store.stop()
    assert store.backends() == []
    elsewhere = store.data
    store.discard()
    assert not elsewhere.exists()


def start(server):
    server.start()
    server.wait_until_ready()


def wait_until(holds):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def publish(broker, queue):
    connection = pika.BlockingConnection(pika.URLParameters(broker.url()))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
    broker.write_down_queues()
    channel.basic_publish("", queue, b"kept", mandatory=True)
    connection.close()


def take(broker, queue):
    connection = pika.BlockingConnection(pika.URLParameters(broker.url()))
    channel = connection.channel()
    got = []

    def keep(*message):
        got.append(message[3])
        channel.basic_ack(message[1].delivery_tag)
        channel.stop_consuming()

    channel.basic_consume(queue, keep)
    connection.call_later(DEADLINE_SECONDS, channel.stop_consuming)
    channel.start_consuming()
    connection.close()
    return got


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_the_broker_keeps_a_confirmed_message(broker, end):
    publish(broker, f"over-{end}")
    getattr(broker, end)()
    # Only epmd, which outlives its node, and only until the broker is stopped.
    assert process.marked(broker.folder) == ([broker.epmd.pid] if end == "kill" else [])
    start(broker)
    assert take(broker, f"over-{end}") == [b"kept"]


def test_starting_what_runs_changes_nothing(broker, store):
    before = broker.process.pid, broker.epmd.pid, store.process.pid
    start(broker)
    start(store)
    assert (broker.process.pid, broker.epmd.pid, store.process.pid) == before


def test_a_paused_broker_is_silent_and_goes_on(broker):
    broker.pause()
    with pytest.raises(OSError):
        with socket.create_connection(("127.0.0.1", broker.ports.amqp), timeout=1) as connection:
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            connection.recv(1)
    broker.resume()
    wait_until(broker.is_ready)


def test_a_virtual_host_can_be_had_for_a_test(broker):
    broker.create_vhost("of a test/1")
    pika.BlockingConnection(pika.URLParameters(broker.url("of a test/1"))).close()
    broker.delete_vhost("of a test/1")
    with pytest.raises(pika.exceptions.AMQPError):
        pika.BlockingConnection(pika.URLParameters(broker.url("of a test/1")))


def test_rabbitmqctl_reaches_the_node(broker):
    assert "stockroom" in broker.control("list_vhosts")
    with pytest.raises(LocalError):
        broker.control("no_such_command")


def test_the_broker_has_room_to_stop_before_the_disk_is_full(broker):
    free = int(broker.control("eval", "rabbit_disk_monitor:get_disk_free()."))
    limit = int(broker.control("eval", "rabbit_disk_monitor:get_disk_free_limit()."))
    assert limit == broker.disk_free_limit() and limit < free


def test_everything_listens_on_this_machine_only(broker, store):
    listening = {line.split()[1] for table in ("/proc/net/tcp", "/proc/net/tcp6")
                 for line in pathlib.Path(table).read_text().splitlines()[1:]
                 if line.split()[3] == "0A"}
    own = {broker.ports.amqp, broker.ports.management, broker.ports.distribution, broker.ports.epmd,
           store.port}
    found = [address for address in listening if int(address.rpartition(":")[2], 16) in own]
    loopback = ("0100007F", "00000000000000000000000001000000")
    assert {int(address.rpartition(":")[2], 16) for address in found} == own
    assert all(address.startswith(loopback) for address in found), found


def test_only_its_owner_reads_a_password(broker, store):
    store.url()
    for path in (broker.folder / "password", broker.folder / "rabbitmq.conf",
                 broker.folder / "home" / ".erlang.cookie", *(store.folder / "passwords").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.parametrize("end", ["kill", "stop", "kill by hand"])
def test_the_store_keeps_what_was_committed(store, end):
    table = f"over_{end.replace(' ', '_')}"
    store.sql(f"CREATE TABLE {table} (n int); INSERT INTO {table} VALUES (1)")
    busy = subprocess.Popen(
        ["psql", "-X", "-q", store.url(database="postgres"), "-c", "SELECT pg_sleep(600)"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: store.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'") == "1\n")
    if end == "kill by hand":
        # Its backend sleeps on and holds the shared memory, until somebody ends it.
        os.kill(store.process.pid, signal.SIGKILL)
        wait_until(lambda: not store.process.is_running)
    else:
        getattr(store, end)()
        assert store.backends() == []
    start(store)
    assert store.sql(f"SELECT n FROM {table}") == "1\n"
    busy.wait(DEADLINE_SECONDS)


def test_the_store_starts_over_a_pid_file_whose_pid_is_another_s(store):
    store.kill()
    lines = (store.data / "postmaster.pid").read_text().splitlines(keepends=True)
    (store.data / "postmaster.pid").write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
    start(store)


def test_a_paused_store_is_silent_and_goes_on(store):
    store.pause()
    answer = subprocess.run(["/usr/lib/postgresql/15/bin/pg_isready", "-q", "-t", "1", "-h",
                             "127.0.0.1", "-p", str(store.port)], check=False)
    assert answer.returncode == 2
    store.resume()
    wait_until(store.is_ready)


def test_the_store_lets_nobody_in_without_a_password(store):
    done = subprocess.run(["psql", "-X", "-w", f"postgres://postgres@127.0.0.1:{store.port}/postgres"],
                          env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "password" in done.stderr


def test_a_server_that_cannot_start_says_why(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        store = Store(tmp_path / "store", taken.getsockname()[1])
        store.start()
        with pytest.raises(LocalError, match="could not bind"):
            # Whoever holds the port accepts and says nothing, so that is not what it waits for.
            store.wait_until_ready()
    store.discard()
