"""The services shape for a test: gateway and services as processes, on a virtual host and a database of
their own in the servers that all tests share. Has what Server has."""

import base64
import http.client
import json
import os
import pathlib
import secrets
import subprocess
import sys
import urllib.parse
import uuid

import pytest

from server import STOP_SECONDS, check_log

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy"))

from local import ports  # noqa: E402
from local.service import Service  # noqa: E402
from local.system import SERVICES  # noqa: E402

VARIABLES = [f"STOCKROOM_TEST_{name}_URL" for name in ("AMQP", "MANAGEMENT", "POSTGRES")]
TLS_VARIABLES = [*VARIABLES, "STOCKROOM_TEST_AMQPS_URL", "STOCKROOM_TEST_CA_FILE"]
ROLES = {"gateway": "stockroom_reader", "relay": "stockroom_relay"}


class Services:
    def __init__(self, binary, folder, before_start=None, tls=False, classic=False, settings=None):
        """Goes on with what an earlier one in the same folder has left. `before_start`: called with it
        once its virtual host and database are there. `tls`: between services and broker. `classic`: with
        the classic interface. `settings`: of each service's environment, besides ours."""
        missing = [name for name in (TLS_VARIABLES if tls else VARIABLES) if name not in os.environ]
        if missing:
            pytest.fail(f"there are no servers, run it by ./dev test: {', '.join(missing)}")
        self.binary, self.folder = pathlib.Path(binary), pathlib.Path(folder)
        self.amqp, self.management, self.postgres = (
            urllib.parse.urlsplit(os.environ[name]) for name in VARIABLES)
        self.tls = tls
        self.classic = classic
        self.settings = settings or {}
        self.make_home()
        if before_start:
            before_start(self)
        first = ports.free_block(len(SERVICES))
        self.ports = {name: first + i for i, name in enumerate(SERVICES)}
        self.services = {name: self.service(name, port) for name, port in self.ports.items()}
        for service in self.services.values():
            service.start()
        try:
            for service in self.services.values():
                service.wait_until_ready()
        except BaseException:
            self.kill()
            raise
        self.url = self.services["gateway"].url
        self.log_path = self.services["gateway"].process.log_path
        self.is_ended = False

    # Its home in the servers.

    def make_home(self):
        name_path = self.folder / "name"
        if name_path.exists():
            self.name = name_path.read_text()
            return
        self.name = f"test_{uuid.uuid4().hex}"
        self.manage("PUT", f"/api/vhosts/{self.name}")
        self.manage("PUT", f"/api/permissions/{self.name}/{self.amqp.username}",
                    {"configure": ".*", "write": ".*", "read": ".*"})
        self.sql(f"CREATE DATABASE {self.name}", self.postgres.path[1:])
        done = subprocess.run([self.binary, "migrate"], capture_output=True, text=True, check=False,
                              timeout=STOP_SECONDS,
                              env={**os.environ, "STOCKROOM_STORE_URL": self.store_url})
        assert done.returncode == 0, done.stdout + done.stderr
        for name in SERVICES:
            password = self.password(name)
            self.sql(f"CREATE ROLE {self.login(name)} LOGIN PASSWORD '{password}' "
                     f"IN ROLE {ROLES.get(name, 'stockroom_service')}")
        name_path.write_text(self.name)

    def remove(self):
        self.manage("DELETE", f"/api/vhosts/{self.name}")
        self.sql(f"DROP DATABASE {self.name} WITH (FORCE)", self.postgres.path[1:])
        for name in SERVICES:
            self.sql(f"DROP ROLE {self.login(name)}", self.postgres.path[1:])

    def login(self, service):
        return f"{self.name}_{service}"

    def password(self, service):
        path = self.folder / f"{service}.password"
        if not path.exists():
            path.write_text(secrets.token_hex(16))
        return path.read_text()

    @property
    def store_url(self):
        return self.postgres._replace(path=f"/{self.name}").geturl()

    @property
    def amqp_url(self):
        return self.amqp._replace(path=f"/{self.name}").geturl()

    @property
    def amqps_url(self):
        url = urllib.parse.urlsplit(os.environ["STOCKROOM_TEST_AMQPS_URL"])
        return url._replace(path=f"/{self.name}").geturl()

    def store_url_of(self, service):
        place = self.postgres.netloc.rpartition("@")[2]
        return f"postgres://{self.login(service)}:{self.password(service)}@{place}/{self.name}"

    def service(self, name, port):
        if name == "generator":
            return Service(name, 1, self.folder, self.binary.parent / "stockroom-generator", port,
                           {"STOCKROOM_GATEWAY_URL": f"http://127.0.0.1:{self.ports['gateway']}",
                            **self.settings})
        settings = {"STOCKROOM_STORE_URL": self.store_url_of(name), "STOCKROOM_BUS_URL": self.amqp_url}
        if self.tls:
            settings["STOCKROOM_BUS_URL"] = self.amqps_url
            settings["STOCKROOM_BUS_CA_FILE"] = os.environ["STOCKROOM_TEST_CA_FILE"]
        if self.classic:
            settings["STOCKROOM_CLASSIC"] = "true"
        if name == "health":
            settings["STOCKROOM_INTERVAL"] = "3600"  # tests of others are left alone
        if name == "gateway":
            for peer in ("health", "generator"):
                settings[f"STOCKROOM_{peer.upper()}_URL"] = f"http://127.0.0.1:{self.ports[peer]}"
        return Service(name, 1, self.folder, self.binary.parent / f"stockroom-{name}", port,
                       settings | self.settings)

    def manage(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.management.hostname, self.management.port,
                                                timeout=STOP_SECONDS)
        authorization = f"{self.management.username}:{self.management.password}".encode()
        connection.request(method, path, json.dumps(body or {}), {
            "Authorization": "Basic " + base64.b64encode(authorization).decode(),
            "Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode()
        assert response.status < 300, f"{method} {path} → {response.status} {text}"
        connection.close()
        return json.loads(text) if text else None

    def sql(self, text, database=None):
        url = self.postgres._replace(path=f"/{database or self.name}").geturl()
        done = subprocess.run(["psql", "-X", "-qAt", "-v", "ON_ERROR_STOP=1", url], input=text,
                              capture_output=True, text=True, check=False, timeout=STOP_SECONDS)
        assert done.returncode == 0, done.stderr
        return done.stdout

    # As a Server.

    def log(self):
        return self.log_path.read_text(encoding="utf-8")

    def log_lines(self):
        """The gateway's."""
        lines = self.log().splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):
            lines.pop()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def terminate(self):
        self.services["gateway"].process.ask_to_end()

    def kill(self):
        self.is_ended = True
        for service in self.services.values():
            service.kill()

    def stop(self):
        """SIGTERM ends each gracefully, the gateway first, and their books are right then."""
        if self.is_ended:
            return
        self.is_ended = True
        killed = [name for name, service in self.services.items() if not service.stop()]
        for service in self.services.values():
            check_log(service.name, service.process.log_path.read_text(encoding="utf-8"))
        assert not killed, f"had to be killed: {killed}"
        self.audit()

    def rows(self):
        """Every row of every table, but for how far the relay has come meanwhile."""
        tables = self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'stockroom' "
                          "AND tablename <> 'relay_cursor'").split()
        return {table: self.sql(f"SELECT t::text FROM stockroom.{table} t ORDER BY 1").splitlines()
                for table in tables}

    def audit(self):
        done = subprocess.run([self.binary, "audit", "--store-url", self.store_url],
                              capture_output=True, text=True, timeout=STOP_SECONDS, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
