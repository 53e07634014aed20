"""Broker, store and services of one folder, together."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess

from local import ports, process, secret
from local.broker import VHOST, Broker, BrokerPorts
from local.errors import LocalError
from local.service import Service
from local.store import OWNER, Store

REPLICAS_MAX = 10
PORTS = 60  # from the gateway's on
BROKER_OFFSET = 10
STORE_OFFSET = 14
# Each service, the first of its replicas' ports counted from the gateway's, and who it is in the store.
SERVICES = {
    "gateway": (0, "local_reader"),
    "catalogue": (20, "local_service"),
    "stock": (30, "local_service"),
    "orders": (40, "local_service"),
    "relay": (50, "local_relay"),
}
PORT_DEFAULT = 8080
MIGRATE_SECONDS = 600


class System:
    """Everything below a folder. What was chosen for it (ports, replicas) is kept in settings.json
    there, so that any later object for the folder speaks of the same system."""

    def __init__(self, folder, binaries):
        self.folder = pathlib.Path(folder).resolve()
        self.binaries = pathlib.Path(binaries).resolve()
        self.settings_path = self.folder / "settings.json"
        self.port = PORT_DEFAULT
        self.replicas = dict.fromkeys(SERVICES, 1)
        if self.settings_path.exists():
            settings = json.loads(self.settings_path.read_text())
            self.port = settings["port"]
            self.replicas |= settings["replicas"]

    @property
    def exists(self):
        return self.settings_path.exists()

    @property
    def broker(self):
        return Broker(self.folder / "broker", BrokerPorts.from_first(self.port + BROKER_OFFSET))

    @property
    def store(self):
        return Store(self.folder / "store", self.port + STORE_OFFSET)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def store_url(self, user=OWNER):
        return self.store.url(user)

    def service(self, name, number=1):
        offset, user = SERVICES[name]
        return Service(name, number, self.folder / "services",
                       self.binaries / f"stockroom-{name}", self.port + offset + number - 1,
                       {"STOCKROOM_STORE_URL": self.store_url(user),
                        "STOCKROOM_BUS_URL": self.broker.url(VHOST)})

    def services(self):
        """Every replica that shall be there."""
        return [self.service(name, number)
                for name in SERVICES for number in range(1, self.replicas[name] + 1)]

    def surplus(self):
        """Every replica that runs and shall not."""
        return [service for name in SERVICES
                for number in range(self.replicas[name] + 1, REPLICAS_MAX + 1)
                if (service := self.service(name, number)).process.is_running]

    # Starting.

    def configure(self, port=None, replicas=None):
        """Changes what is chosen; what is not given stays as it is."""
        if port is not None and port != self.port:
            if self.running():
                raise LocalError("it runs on other ports now; ./dev down first")
            self.port = port
        self.replicas |= replicas or {}
        self.folder.mkdir(parents=True, exist_ok=True)
        secret.write_private(self.settings_path, json.dumps(
            {"port": self.port, "replicas": self.replicas}, indent=2) + "\n")
        secret.write_private(self.folder / "store.url", self.store_url() + "\n")

    @contextlib.contextmanager
    def alone(self):
        """Only one at a time starts and stops the things of a folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "w", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LocalError("another ./dev up or down is at work here; try again when it "
                                 "has ended") from None
            yield

    def up(self, say=lambda text: None):
        """Starts what does not run, replaces what runs an older binary, ends what is too much, and
        returns when everything is ready."""
        self.check_binaries()
        self.check_ports()
        self.start_servers(say)
        self.migrate(say)
        self.start_services(say)

    def start_servers(self, say=lambda text: None):
        servers = [self.store, self.broker]
        for server in servers:
            if not server.process.is_running:
                say(f"Starting {server.title}")
            server.start()
        for server in servers:
            server.wait_until_ready()

    def migrate(self, say=lambda text: None):
        say("Bringing the store up to date")
        self.store.create_database()
        done = subprocess.run(
            [self.binaries / "stockroom", "migrate"], capture_output=True, text=True, check=False,
            timeout=MIGRATE_SECONDS, env={**os.environ, "STOCKROOM_STORE_URL": self.store_url()})
        if done.returncode:
            raise LocalError(f"stockroom migrate failed:\n{done.stdout}{done.stderr}")
        self.store.create_logins()

    def start_services(self, say=lambda text: None):
        for service in self.surplus():
            say(f"Stopping {service.name}")
            service.stop()
        outdated = [service for service in self.services() if service.is_outdated()]
        started = [service for service in self.services() if not service.process.is_running]
        if started:
            say(f"Starting {', '.join(service.name for service in started)}")
        for service in started:
            service.start()
        for service in self.services():
            service.wait_until_ready()
        if started:
            self.broker.write_down_queues()  # they may have declared new ones
        # One after the other, so that what has replicas is always there.
        for service in outdated:
            say(f"Replacing {service.name}, which runs an older binary")
            service.stop()
            service.start()
            service.wait_until_ready()

    def check_binaries(self):
        for name in ("stockroom", *(f"stockroom-{name}" for name in SERVICES)):
            if not (self.binaries / name).exists():
                raise LocalError(f"{self.binaries / name} is not there; ./dev build makes it")

    def check_ports(self):
        """Before anything is started, so that a port that is taken leaves nothing half started."""
        wanted = [(service.port, service.name) for service in self.services()
                  if not service.process.is_running]
        if not self.store.process.is_running:
            wanted.append((self.store.port, "the store"))
        if not self.broker.process.is_running:
            owns = self.broker.ports
            wanted += [(owns.amqp, "the broker"), (owns.management, "the broker's management"),
                       (owns.distribution, "the broker's node")]
            if not self.broker.epmd.is_running:
                wanted.append((owns.epmd, "the broker's epmd"))
        for port, name in wanted:
            if not ports.is_free(port):
                hint = "is ./dev run running? Otherwise " if port == PORT_DEFAULT else ""
                raise LocalError(
                    f"port {port}, for {name}, is taken; {hint}./dev up --port 9000 moves "
                    f"everything to 9000 and the {PORTS - 1} ports after it")

    # Watching.

    def parts(self):
        """(name, process, port, why it is not ready or None) of all there shall be, and is."""
        rows = [(service.name, service.process, service.port, service.unready)
                for service in (*self.services(), *self.surplus())]
        for server, port in ((self.broker, self.broker.ports.amqp), (self.store, self.store.port)):
            rows.append((server.process.name, server.process, port,
                         lambda server=server: None if server.is_ready() else "does not answer"))
        rows.append(("epmd", self.broker.epmd, self.broker.ports.epmd, lambda: None))
        return [(name, what.pid, port, unready() if what.is_running else "stopped")
                for name, what, port, unready in rows]

    def running(self):
        """The pids of everything that runs for this folder."""
        return [*process.marked(self.folder), *self.store.backends()]

    def log_paths(self, name):
        """The logs of a service's replicas, of one replica, of `broker`, `store` or `epmd`."""
        folders = {"broker": "broker", "epmd": "broker", "store": "store"}
        found = sorted((self.folder / folders.get(name, "services")).glob(f"{name}.log"))
        if name in SERVICES:
            found += sorted((self.folder / "services").glob(f"{name}-*.log"))
        return found

    # Stopping.

    def down(self, say=lambda text: None):
        """Services first, so that they finish what they have taken; leaves no process."""
        running = {service.name: service for service in (*self.services(), *self.surplus())
                   if service.process.is_running}
        gateways = [name for name in running if name.startswith("gateway")]
        for names in (gateways, [name for name in running if name not in gateways]):
            if names:
                say(f"Stopping {', '.join(names)}")
            group = [running[name] for name in names]
            for service in group:
                service.process.send(signal.SIGTERM)
            for service in group:
                if not service.stop():
                    say(f"{service.name} did not stop in time, and was killed")
        if self.broker.node.is_running or self.store.process.is_running:
            say("Stopping RabbitMQ and PostgreSQL")
        self.broker.node.send(signal.SIGTERM)  # it takes some seconds, meanwhile the store
        self.store.stop()
        self.broker.stop()
        process.end_processes(self.running())

    def remove(self):
        """The data, the passwords, the logs: everything. Nothing must run."""
        self.store.discard()
        shutil.rmtree(self.folder, ignore_errors=True)
