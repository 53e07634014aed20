"""A Stockroom of Compose's, by ./dev compose, under a project of its own. Has what the tests of
tests/system that kill and check (campaign.py) want of a stage."""

import functools
import http.client
import json
import os
import pathlib
import subprocess
import sys
import time

from docker_client import WAIT_SECONDS

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "deploy"), str(ROOT / "tests/system")]

from local import LocalError, ports  # noqa: E402

SERVERS = ["broker", "store"]
TOOLS = ["migrate", "stockroom"]
UP_SECONDS = 400  # of busy cores
READY_SECONDS = 200
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'stockroom' AND tablename <> 'relay_cursor'"


class Compose:
    def __init__(self, harness, folder, name, override=None):
        """`override`: a second compose file, laid over the first."""
        self.docker = harness.docker
        self.project = f"{harness.name}-{name}"
        self.override = override
        self.env_file = pathlib.Path(folder) / f"{name}.env"
        self.port = ports.free_block(2)
        self.environment = {
            **harness.environment, "COMPOSE_PROJECT_NAME": self.project,
            "STOCKROOM_ENV_FILE": str(self.env_file), "STOCKROOM_PORT": str(self.port),
            "STOCKROOM_CLASSIC_PORT": str(self.port + 1)}

    # ./dev compose.

    def run(self, *arguments, seconds=UP_SECONDS, **options):
        """Gives the CompletedProcess, with its output as text, whatever the exit code."""
        more = ["-f", self.override] if self.override and arguments[0] != "init" else []
        command = [ROOT / "dev", "compose", *more, *arguments]
        return subprocess.run([str(part) for part in command], env=self.environment, timeout=seconds,
                              capture_output=True, text=True, check=False, **options)

    def __call__(self, *arguments, **options):
        """Gives its standard output; raises LocalError when it fails."""
        done = self.run(*arguments, **options)
        if done.returncode != 0:
            raise LocalError(f"./dev compose {' '.join(map(str, arguments))}: exit code "
                             f"{done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def up(self, *services):
        self("up", "-d", *services)

    def down(self):
        """Docker 20.10 now and then keeps the place that a container had in a network, and then refuses to
        remove the network: it is freed by force, and `down` goes on from there."""
        if "has active endpoints" in self.run("down").stderr:
            for network in ("bus", "services"):
                self.free(self.network(network))
        if self.docker("network", "ls", "--quiet", "--filter",
                       f"label=com.docker.compose.project={self.project}"):
            self("down")

    def free(self, network):
        """Of whatever has a place in it still."""
        found = self.docker.run("network", "inspect", network)
        if found.returncode != 0:
            return  # it is gone
        for place in json.loads(found.stdout)[0]["Containers"].values():
            self.docker("network", "disconnect", "--force", network, place["Name"])

    def remove(self):
        """Whatever there is of it, also its data; in a hurry."""
        for kind, every, options in (("container", ["--all"], ["--force", "--volumes"]),
                                     ("network", [], []), ("volume", [], [])):
            found = self.docker(kind, "ls", *every, "--quiet", "--filter",
                                f"label=com.docker.compose.project={self.project}").split()
            for network in found if kind == "network" else ():
                self.free(network)
            if found:
                self.docker(kind, "rm", *options, *found)

    def tool(self, *arguments, options=()):
        """The command line, in a container of its own."""
        return self.run("run", "--rm", "-T", *options, "stockroom", *arguments)

    # Its containers.

    @functools.cached_property
    def services(self):
        """Stockroom's own, that stay."""
        return [name for name in self("config", "--services").split() if name not in SERVERS + TOOLS]

    def containers(self, service):
        """Their ids, of the first replica first; also of those that do not run."""
        listed = self.docker(
            "ps", "--all", "--no-trunc", "--filter", f"label=com.docker.compose.project={self.project}",
            "--filter", f"label=com.docker.compose.service={service}",
            "--filter", "label=com.docker.compose.oneoff=False", "--format",
            '{{.Label "com.docker.compose.container-number"}} {{.ID}}')
        rows = [line.split() for line in listed.splitlines()]
        return [container for _, container in sorted(rows, key=lambda row: int(row[0]))]

    def container(self, part):
        """`orders` is its first replica, `orders-2` its second."""
        service, _, number = part.partition("-")
        return self.containers(service)[int(number or 1) - 1]

    def network(self, name):
        return f"{self.project}_{name}"

    def address(self, part, network):
        settings = self.docker.inspect(self.container(part))["NetworkSettings"]
        return settings["Networks"][self.network(network)]["IPAddress"]

    def exec(self, part, *command, text=None):
        return self.docker("exec", *(["-i"] if text else []), self.container(part), *command, input=text)

    def logs(self, part):
        return self.docker.logs(self.container(part))

    def unready(self):
        """What is not ready of it, in the services' own words; None when all is."""
        for service in self.services:
            for container in self.containers(service):
                done = self.docker.run("exec", container, "service", "--check", "readyz")
                if done.returncode != 0:
                    return f"{service}: {done.stdout}{done.stderr}"
        return None

    def wait_until_ready(self, seconds=READY_SECONDS):
        deadline = time.monotonic() + seconds
        while trouble := self.unready():
            if time.monotonic() > deadline:
                raise LocalError(f"not ready after {seconds:.0f} s: {trouble}")
            time.sleep(0.3)

    def wait_until_healthy(self, part, seconds=READY_SECONDS):
        self.docker.wait_until_healthy(self.container(part), seconds)

    # As a stage.

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def kill(self, part):
        self.docker("kill", self.container(part))

    def start(self, part):
        """Without what it depends on, which may be unwell still."""
        self("up", "-d", "--no-deps", part.partition("-")[0])

    def scale(self, service, number):
        """For good: any later `up` would set it back, but for the variable."""
        self("up", "-d", "--scale", f"{service}={number}", service)
        self.environment[f"STOCKROOM_{service.upper()}_REPLICAS"] = str(number)

    def password(self, name):
        lines = dict(line.split("=", 1) for line in self.env_file.read_text().splitlines()
                     if not line.startswith("#"))
        return lines[f"STOCKROOM_{name}_PASSWORD"]

    def amqp_url(self):
        """By the address of its container, which this machine can reach and others cannot."""
        return f"amqp://stockroom:{self.password('BROKER')}@{self.address('broker', 'bus')}/stockroom"

    def sql(self, text):
        return self.exec("store", "psql", "-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d",
                         "stockroom", text=text)

    def control(self, *arguments):
        return self.exec("broker", "rabbitmqctl", "--quiet", *arguments)

    def write_down_queues(self):
        """See docs/operating.md: RabbitMQ 3.10 does it some seconds after they were declared."""
        self.control("eval", "[ok = dets:sync(Table) || Table <- dets:all()].")

    def queue_lengths(self):
        lines = self.control("list_queues", "-p", "stockroom", "--no-table-headers", "name",
                             "messages").splitlines()
        return {name: int(count) for name, count in (line.split("\t") for line in lines)}

    def consumers(self, queue):
        lines = self.control("list_queues", "-p", "stockroom", "--no-table-headers", "name", "consumers")
        return int(dict(line.split("\t") for line in lines.splitlines())[queue])

    def audit(self):
        done = self.tool("audit")
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def rows(self):
        """Every row of every table, but for how far the relay has come meanwhile."""
        return {table: self.sql(f"COPY (SELECT t::text FROM stockroom.{table} t ORDER BY 1) TO STDOUT")
                for table in self.sql(TABLES).split()}

    def metrics(self, part):
        """Samples by their name with labels."""
        connection = http.client.HTTPConnection(self.address(part, "services"), 8080, timeout=WAIT_SECONDS)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines
                if not line.startswith("#")}


def new_system(harness, folder, name, **options):
    """Made by init and up, and ready."""
    system = Compose(harness, folder, name, **options)
    system("init")
    system.remove()  # what a run that was killed has left
    try:
        system.up()
        system.wait_until_ready()
        system.write_down_queues()
    except BaseException:
        print(system.run("logs", "--tail", 50).stdout, flush=True)
        system.remove()
        raise
    return system


def seed():
    return int(os.environ.get("STOCKROOM_SEED", int.from_bytes(os.urandom(4))))
