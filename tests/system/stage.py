"""A whole system of a test's own, on its own RabbitMQ and PostgreSQL, to do harm to."""

import contextlib
import os
import pathlib
import subprocess
import sys

from server import STOP_SECONDS, check_log

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy"))

from local import LocalError, ports  # noqa: E402, F401
from local.broker import VHOST  # noqa: E402
from local.process import start_time  # noqa: E402
from local.store import DATABASE  # noqa: E402
from local.system import PORTS, SERVICES, System  # noqa: E402

SERVICE_PARTS = list(SERVICES)
PARTS = [*SERVICE_PARTS, "broker", "store"]
DECIDING = ["catalogue", "stock", "orders"]
QUEUES = [f"stockroom.{name}" for name in DECIDING]
ENVIRONMENT = {"STOCKROOM_LOG_LEVEL": "info"}


class Stage:
    """`rig`: how some services are built wrongly, and which (tests/system/rigged)."""

    def __init__(self, folder, binaries, replicas=None, rig=None):
        self.folder = pathlib.Path(folder)
        self.binaries = pathlib.Path(binaries)
        self.system = System(self.folder / "system", self.rigged(*rig) if rig else self.binaries)
        self.rig = rig
        self.system.configure(ports.free_block(PORTS), replicas)
        try:
            with self.rig_chosen():
                self.system.up()
        except BaseException:
            self.discard()
            raise

    def rigged(self, _, services):
        """A folder of the same programs, but for some."""
        folder = self.folder / "bin"
        folder.mkdir()
        for name in ("stockroom", *(f"stockroom-{name}" for name in SERVICES)):
            wrong = name.removeprefix("stockroom-") in services
            (folder / name).symlink_to(self.binaries / ("stockroom-rigged" if wrong else name))
        return folder

    @contextlib.contextmanager
    def rig_chosen(self):
        if self.rig:
            os.environ["STOCKROOM_RIG"] = self.rig[0]
        try:
            yield
        finally:
            os.environ.pop("STOCKROOM_RIG", None)

    @property
    def url(self):
        return self.system.url

    @property
    def broker(self):
        return self.system.broker

    @property
    def store(self):
        return self.system.store

    def part(self, name):
        """`orders` is its first replica, `orders-2` its second."""
        if name in ("broker", "store"):
            return getattr(self.system, name)
        service, _, number = name.partition("-")
        return self.system.service(service, int(number or 1))

    def kill(self, name):
        pid = self.part(name).process.pid
        assert pid, f"{name} was to be killed, and does not run: it ended by itself"
        self.part(name).kill()
        assert not start_time(pid)

    def start(self, name):
        with self.rig_chosen():
            self.part(name).start()

    def pause(self, name):
        self.part(name).pause()

    def resume(self, name):
        self.part(name).resume()

    def wait_until_ready(self, seconds=120):
        for part in (self.store, self.broker, *self.system.services()):
            part.wait_until_ready(seconds)

    def sql(self, text):
        return self.store.sql(text, DATABASE)

    def write_down_queues(self):
        self.broker.write_down_queues()

    def queue_lengths(self):
        """What waits, and what is taken and not acked, by queue."""
        lines = self.broker.control("list_queues", "-p", VHOST, "--no-table-headers", "name",
                                    "messages").splitlines()
        return {name: int(count) for name, count in (line.split("\t") for line in lines)}

    def amqp_url(self):
        return self.broker.url()

    def audit(self):
        done = subprocess.run(
            [self.binaries / "stockroom", "audit", "--store-url", self.system.store_url()],
            capture_output=True, text=True, timeout=10 * STOP_SECONDS, check=False)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def check_logs(self):
        for path in (self.system.folder / "services").glob("*.log"):
            check_log(path.name, path.read_text(encoding="utf-8", errors="replace"))

    def end(self):
        told = []
        self.discard(told.append)
        self.check_logs()
        assert not [line for line in told if "was killed" in line], told
        assert not self.system.running(), "processes are left"
        self.system.remove()

    def discard(self, say=lambda text: None):
        """Stops it. Its logs stay, but not its data, which may stand where nobody would look."""
        try:
            self.system.down(say)
        finally:
            self.system.store.discard()
