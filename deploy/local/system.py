"""Broker, store and services of one folder, together."""

import contextlib
import fcntl
import json
import os
import pathlib
import pwd
import shutil
import subprocess

from local import ports, process, secret
from local.broker import VHOST, Broker, BrokerPorts
from local.errors import Ended, LocalError
from local.service import Service
from local.store import OWNER, Store

REPLICAS_MAX = 10
PORTS = 90  # from the gateway's on
BROKER_OFFSET = 10
STORE_OFFSET = 14
# Each service, the first of its replicas' ports counted from the gateway's, and who it is in the store
# (None: it knows neither store nor broker).
SERVICES = {
    "gateway": (0, "local_reader"),
    "catalogue": (20, "local_service"),
    "stock": (30, "local_service"),
    "orders": (40, "local_service"),
    "relay": (50, "local_relay"),
    "health": (60, "local_service"),
    "generator": (70, None),
    "records": (80, "local_service"),
}
# Who is replaced first, group after group: who takes commands before who sends them, so that nobody is
# sent what only a newer one understands. Health sends, too: pings, and letters again. The generator may
# not be ready without a gateway.
REPLACED = (("catalogue", "stock", "orders", "records"), ("health", "relay"), ("generator", "gateway"))
# What has a log besides them, and in which folder.
SERVERS = {"broker": "broker", "epmd": "broker", "store": "store"}
PORT_DEFAULT = 8080
MIGRATE_SECONDS = 600


class System:
    """Everything below a folder. What was chosen for it (ports, replicas) is kept in settings.json
    there, so that any later object for the folder speaks of the same system."""

    def __init__(self, folder, binaries):
        self.folder = pathlib.Path(folder).resolve()
        self.binaries = pathlib.Path(binaries).resolve()
        self.settings_path = self.folder / "settings.json"
        self.queues_path = self.folder / "queues-to-write-down"
        self.port = PORT_DEFAULT
        self.replicas = dict.fromkeys(SERVICES, 1)
        self.trouble = self.find_trouble()

    def find_trouble(self):
        """Reads the settings; gives what is wrong with them, or None. Without them everything that runs
        can still be stopped."""
        try:
            settings = json.loads(self.settings_path.read_text(encoding="utf-8"))
            port = settings["port"]
            replicas = {name: settings["replicas"].get(name, 1) for name in SERVICES}
            if not isinstance(port, int) or not all(
                    isinstance(number, int) and 0 <= number <= REPLICAS_MAX
                    for number in replicas.values()):
                raise ValueError
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError):
            return (f"{self.settings_path} is broken; mend it, or let ./dev down --data remove it and "
                    f"all the data beside it")
        self.port, self.replicas = port, replicas
        return None

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
        settings = self.settings_of(name)
        if user:
            settings |= {"STOCKROOM_STORE_URL": self.store_url(user),
                         "STOCKROOM_BUS_URL": self.broker.url(VHOST),
                         "STOCKROOM_CLASSIC": "true"}
        return Service(name, number, self.folder / "services",
                       self.binaries / f"stockroom-{name}", self.port + offset + number - 1, settings)

    def settings_of(self, name):
        """What only this service wants to know."""
        if name == "gateway":
            return {"STOCKROOM_HEALTH_URL": ",".join(
                        self.url_of("health", number)
                        for number in range(1, max(self.replicas["health"], 1) + 1)),
                    "STOCKROOM_GENERATOR_URL": self.url_of("generator")}
        if name == "generator":
            return {"STOCKROOM_GATEWAY_URL": self.url}
        if name == "health":
            return {"STOCKROOM_MANAGEMENT_URL": self.broker.management_url,
                    "STOCKROOM_WATCH": ",".join(
                        f"{service}-{number}={self.url_of(service, number)}"
                        for service in SERVICES
                        for number in range(1, self.replicas[service] + 1))}
        return {}

    def url_of(self, name, number=1):
        return f"http://127.0.0.1:{self.port + SERVICES[name][0] + number - 1}"

    def services(self):
        """Every replica that shall be there."""
        return [replica for name in SERVICES for replica in self.replicas_of(name)]

    def replicas_of(self, name):
        return [self.service(name, number) for number in range(1, self.replicas[name] + 1)]

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
        self.finish_stops(say)
        self.check_ports()
        self.start_servers(say)
        self.migrate(say)
        self.start_services(say)

    def finish_stops(self, say):
        """What is ending already ends, so that it can be started again."""
        for service in self.services():
            if service.process.is_stopping:
                say(f"{service.name} (process {service.process.pid}) is shutting down; waiting for its end")
                service.stop()
        for server in (self.store, self.broker):
            if server.is_stopping:
                say(f"{server.title} (process {server.process.pid}) is shutting down; ending it, to "
                    f"start it again")
                server.stop()

    def start_servers(self, say=lambda text: None):
        store, broker = self.store, self.broker
        for server in (store, broker):
            if not server.process.is_running:
                say(f"Starting {server.title}")
        if broker.process.is_running and not broker.epmd.is_running:
            say("Starting epmd, by which RabbitMQ's tools find it")
        for server in (store, broker):
            server.start()
        for server in (store, broker):
            self.wait_until_ready(server, server.title, say)
        if not broker.wait_until_registered():
            say("RabbitMQ does not tell its epmd of itself; starting it again")
            broker.stop()
            broker.start()
            self.wait_until_ready(broker, broker.title, say)

    def wait_until_ready(self, part, title, say):
        """What has run before, and ends instead, is started again."""
        try:
            try:
                part.wait_until_ready(say=say)
            except Ended:
                if part.process.child:
                    raise
                say(f"{title} has ended; starting it again")
                part.start()
                part.wait_until_ready(say=say)
        except LocalError as error:
            name = part.process.name
            raise LocalError(f"{str(error).rstrip()}\nMore of it: ./dev logs {name}. Once it is "
                             f"mended: ./dev down && ./dev up") from None

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
        if any(service.why_outdated() for service in self.services()):
            for names in REPLACED:
                self.start_group(names, say)
        else:
            self.start_group(SERVICES, say)
        if self.queues_path.exists():
            self.write_down_queues(say)

    def start_group(self, names, say):
        """Of the services of these names."""
        services = [replica for name in names for replica in self.replicas_of(name)]
        outdated = [service for service in services if service.why_outdated()]
        started = [service for service in services if not service.process.is_running]
        if started or outdated:
            self.queues_path.touch()  # they may declare new ones
        if started:
            say(f"Starting {', '.join(service.name for service in started)}")
        for service in started:
            service.start()
        for service in services:
            self.wait_until_ready(service, service.name, say)
        # One after the other, so that what has replicas is always there.
        for service in outdated:
            say(f"Replacing {service.name}, {service.why_outdated()}")
            service.stop()
            service.start()
            self.wait_until_ready(service, service.name, say)

    def write_down_queues(self, say):
        try:
            self.broker.write_down_queues()
        except LocalError as error:
            say(f"RabbitMQ could not be told to write down its queues; it does so by itself in some "
                f"seconds, and the next ./dev up tries again. {error}")
            return
        self.queues_path.unlink()

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
            wanted.append((self.broker.ports.epmd, "the broker's epmd"))
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
        """The logs there are of a service's replicas, of one replica, of `broker`, `store` or `epmd`.
        Replicas that are not wanted any more are left out, unless there is no other."""
        if name in SERVERS:
            found = [process.Process(name, self.folder / SERVERS[name])]
        elif name in SERVICES:
            every = [process.Process(f"{name}-{number}", self.folder / "services")
                     for number in range(1, REPLICAS_MAX + 1)]
            found = [replica for number, replica in enumerate(every, 1)
                     if number <= self.replicas[name] or replica.is_running] or every
        else:
            return [path for path in (self.folder / "services").glob("*.log") if path.stem == name]
        return [one.log_path for one in found if one.log_path.exists()]

    def absent(self):
        """The services that shall have no replica."""
        return [name for name in SERVICES if not self.replicas[name]]

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
                service.process.ask_to_end()
            for service in group:
                if not service.stop():
                    say(f"{service.name} did not stop in time, and was killed")
        if self.broker.node.is_running or self.store.process.is_running:
            say("Stopping RabbitMQ and PostgreSQL")
        self.broker.node.ask_to_end()  # it takes some seconds, meanwhile the store
        self.store.stop()
        self.broker.stop()
        process.end_processes(self.running())

    def remove(self):
        """The data, the passwords, the logs: everything. Nothing must run."""
        self.store.discard()
        shutil.rmtree(self.folder, ignore_errors=True)


def check_owner(folder):
    """A folder belongs to one user: processes of another one cannot work with what is in it. Raises
    PermissionError when not even the owner can be seen."""
    folder = pathlib.Path(folder).resolve()
    if not folder.exists():
        return
    owner, user = user_name(folder.stat().st_uid), user_name(os.geteuid())
    if owner != user:
        raise LocalError(f"{folder} belongs to {owner}, and you are {user}: run this as {owner}, or in "
                         f"a checkout of your own")


def user_name(number):
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
