"""A backup that is made while orders come in, restored as docs/operating.md says: the books are right,
the services go on with it, and every order a client was told about before the backup is there."""

import os
import shutil
import subprocess
import threading
import time
import uuid

import pytest

from client import Client
from guide import blocks
from local_system import dev, end, new_system

BUYERS = 3
DEADLINE_SECONDS = 120


class Crowd:
    """Clients that order one item until they are told to stop."""

    def __init__(self, client, sku):
        self.sku = sku
        self.ending = threading.Event()
        self.told = []  # (idempotency key, order id) of every order that was answered
        self.failed = []
        self.threads = [threading.Thread(target=self.buy, args=(client.another(),))
                        for _ in range(BUYERS)]
        for thread in self.threads:
            thread.start()

    def buy(self, client):
        try:
            while not self.ending.is_set():
                key = str(uuid.uuid4())
                self.told.append((key, client.place(self.sku, 1, key=key, prefer="wait=30").json["id"]))
        except Exception as error:  # whatever it is, the test must hear of it
            self.failed.append(error)
        client.close()

    def wait_for_more(self, orders=20):
        """Until so many more orders were answered; gives those answered by then."""
        wanted = len(self.told) + orders
        deadline = time.monotonic() + DEADLINE_SECONDS
        while len(self.told) < wanted and not self.failed:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return list(self.told)

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        assert self.failed == []


@pytest.fixture(scope="module")
def system(binary, tmp_path_factory):
    system = new_system(tmp_path_factory.mktemp("backup") / "local", binary.parent)
    done = dev(system, "up")
    assert done.returncode == 0, done.stderr
    yield system
    end(system)


@pytest.fixture
def restored(binary, tmp_path):
    """Where the backup is restored to: another node, another cluster, nothing in them."""
    restored = new_system(tmp_path / "restored", binary.parent)
    yield restored
    end(restored)


@pytest.fixture
def client(system, contract):
    client = Client(system.url, contract)
    yield client
    client.close()


@pytest.fixture
def run_guide(binary, tmp_path):
    """Runs the shell blocks below a heading of the guide, its variables given."""
    def run(heading, **variables):
        # The programs by the path that the guide gives them.
        (tmp_path / "build/release").mkdir(parents=True, exist_ok=True)
        link = tmp_path / "build/release/bin"
        if not link.exists():
            link.symlink_to(binary.parent)
        done = subprocess.run(
            ["bash", "-c", "set -euo pipefail\n" + blocks("docs/operating.md", heading)],
            env={**os.environ, **variables}, cwd=tmp_path, capture_output=True, text=True,
            timeout=DEADLINE_SECONDS * 5, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
    return run


def check_restored(restored, contract, client, crowd, before):
    """That the restored system knows what it must, and goes on."""
    restored.start_services()
    other = Client(restored.url, contract)
    for key, order_id in before:
        order = other.order(order_id)
        assert order["state"] == "reserved"
        # A client that does not know of all this asks again, and is told the same.
        assert other.place(crowd.sku, 1, key=key).json["id"] == order_id
    held = other.numbers(crowd.sku)[1]
    assert len(before) <= held <= len(crowd.told)
    other.place(crowd.sku, 1)
    assert other.numbers(crowd.sku)[1] == held + 1
    # What it was copied from has not noticed.
    assert client.numbers(crowd.sku)[1] == len(crowd.told)
    other.close()
    audit(restored)


def audit(system):
    done = subprocess.run([system.binaries / "stockroom", "audit"], capture_output=True, text=True,
                          env={**os.environ, "STOCKROOM_STORE_URL": system.store_url()}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_dump_is_restored_into_a_new_cluster(system, restored, client, contract, run_guide):
    crowd = Crowd(client, client.create_item(stock=1_000_000, price="1.00"))
    try:
        before = crowd.wait_for_more()
        run_guide("Back up", store=system.store_url())
        crowd.wait_for_more()
    finally:
        crowd.stop()
    restored.start_servers()
    restored.store.create_database()
    run_guide("Restore", new=restored.store_url())
    restored.migrate()  # makes the logins
    check_restored(restored, contract, client, crowd, before)


def test_a_copy_of_the_whole_cluster_is_started(system, restored, client, contract, run_guide):
    store = restored.store
    store.folder.mkdir(parents=True, exist_ok=True)
    store.place_data()
    crowd = Crowd(client, client.create_item(stock=1_000_000, price="1.00"))
    try:
        before = crowd.wait_for_more()
        run_guide("Copy the cluster", superuser=system.store.url(database="postgres"),
                  copy=str(store.data))
        crowd.wait_for_more()
    finally:
        crowd.stop()
    shutil.copytree(system.store.folder / "passwords", store.folder / "passwords",
                    dirs_exist_ok=True)
    if store.user:
        subprocess.run(["chown", "-R", f"{store.user}:", store.data], check=True)
    store.created_path.touch()
    restored.start_servers()
    check_restored(restored, contract, client, crowd, before)
