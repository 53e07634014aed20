"""A private RabbitMQ node."""

import base64
import dataclasses
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import urllib.parse

from local import ports, process, secret
from local.errors import LocalError
from local.process import Process

SCRIPTS = pathlib.Path("/usr/lib/rabbitmq/bin")  # what Debian's wrappers call as user rabbitmq
NODE = "stockroom@localhost"  # names of one epmd only, and each folder has its own epmd
USER = "stockroom"
VHOST = "stockroom"

READY_SECONDS = 180  # a node that was killed reads its queues again first
STOP_SECONDS = 60
EPMD_SECONDS = 30
CONTROL_SECONDS = 120
REGISTER_SECONDS = 20  # a node tells a new epmd of itself after 2 s at most
LOG_TAIL_BYTES = 1 << 18

# A broker that runs out of disk loses what it has confirmed; it refuses to take more before that. Half of
# what is free when it starts was enough when a disk of its own was filled. On a large disk, which others
# use too, that would be refusing too soon; that 4 GiB are enough there is a choice, and not measured.
DISK_FREE_LIMIT_MAX = 4 << 30
DISK_FREE_LIMIT_MIN = 256 << 20


@dataclasses.dataclass(frozen=True)
class BrokerPorts:
    amqp: int
    management: int
    distribution: int
    epmd: int

    @staticmethod
    def from_first(first):
        return BrokerPorts(first, first + 1, first + 2, first + 3)


@dataclasses.dataclass(frozen=True)
class Tls:
    """A port beside the plain one, and what stands on it."""
    port: int
    certificate: pathlib.Path
    key: pathlib.Path


class Broker:
    """Keeps everything below its folder. Its epmd is its own too, started before it and stopped
    after it."""

    title = "RabbitMQ"

    def __init__(self, folder, broker_ports, tls=None):
        self.folder = pathlib.Path(folder).resolve()
        self.ports = broker_ports
        self.tls = tls
        self.node = Process("broker", self.folder, self.title)
        self.epmd = Process("epmd", self.folder)

    @property
    def process(self):
        return self.node

    @property
    def password(self):
        return secret.password(self.folder / "password")

    def url(self, vhost=VHOST):
        return (f"amqp://{USER}:{self.password}@127.0.0.1:{self.ports.amqp}/"
                f"{urllib.parse.quote(vhost, safe='')}")

    def tls_url(self, vhost=VHOST):
        return (f"amqps://{USER}:{self.password}@localhost:{self.tls.port}/"
                f"{urllib.parse.quote(vhost, safe='')}")

    @property
    def management_url(self):
        return f"http://{USER}:{self.password}@127.0.0.1:{self.ports.management}"

    # Its life.

    def start(self):
        """Returns at once; wait_until_ready() waits. When it runs already, it only gets its epmd back."""
        if self.node.is_running:
            if not self.epmd.is_running:
                self.start_epmd(self.environment())
            return
        if not (SCRIPTS / "rabbitmq-server").exists():
            raise LocalError("RabbitMQ is not installed: apt-get install rabbitmq-server")
        self.end_strays()
        self.write_configuration()
        environment = self.environment()
        if not self.epmd.is_running:
            self.start_epmd(environment)
        # So its script becomes the Erlang machine itself, and the pid is the machine's.
        environment["RUNNING_UNDER_SYSTEMD"] = "true"
        self.node.start([SCRIPTS / "rabbitmq-server"], environment, cwd=self.folder)

    def start_epmd(self, environment):
        # In the foreground: one that the node starts by itself leaves every pid file behind.
        self.epmd.start(["epmd", "-port", self.ports.epmd, "-address", "127.0.0.1"], environment)
        self.epmd.wait_until(lambda: ports.accepts(self.ports.epmd), EPMD_SECONDS)

    def wait_until_ready(self, seconds=READY_SECONDS, say=lambda text: None):
        self.node.wait_until(self.is_ready, seconds, say, lambda: "does not answer")

    def wait_until_registered(self, seconds=REGISTER_SECONDS):
        """Gives whether its epmd knows the node: without that no rabbitmqctl finds it."""
        try:
            self.epmd.wait_until(self.is_registered, seconds)
        except LocalError:
            return False
        return True

    def is_registered(self):
        try:
            with socket.create_connection(("127.0.0.1", self.ports.epmd), timeout=2) as asking:
                asking.sendall(b"\x00\x01n")  # the length of the question, NAMES_REQ
                with asking.makefile("rb") as answer:
                    return f"name {NODE.partition('@')[0]} at ".encode() in answer.read()
        except OSError:
            return False

    @property
    def is_stopping(self):
        """Whether it runs, but was asked to end, by whomever."""
        if self.node.is_stopping:
            return True
        try:
            with open(self.node.log_path, "rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_TAIL_BYTES))
                tail = log.read()
        except OSError:
            return False
        return self.node.is_running and tail.rfind(b"SIGTERM received") > tail.rfind(b"Starting RabbitMQ")

    def is_ready(self):
        """Whether it answers on its AMQP port, which it opens last."""
        try:
            return self.request("GET", f"/api/health/checks/port-listener/{self.ports.amqp}",
                                seconds=2)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self):
        self.node.stop(STOP_SECONDS)
        self.stop_epmd()

    def kill(self):
        """SIGKILL; epmd lives on, as it does when a node dies."""
        self.node.kill()

    def stop_epmd(self):
        self.epmd.stop(EPMD_SECONDS)
        self.end_strays()

    def end_strays(self):
        """Whatever an earlier node that was killed by hand has left; not its epmd."""
        process.end_processes(
            [pid for pid in process.marked(self.folder) if pid != self.epmd.pid])

    def pause(self):
        self.node.pause()

    def resume(self):
        self.node.resume()

    # What its operator asks of it.

    def request(self, method, path, body=None, seconds=10):
        """To the management API. Gives status and body; raises OSError when it is not there."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports.management, timeout=seconds)
        credentials = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body),
                               headers={"Authorization": f"Basic {credentials}",
                                        "Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def must(self, method, path, body=None):
        status, text = self.request(method, path, body)
        if status >= 300:
            raise LocalError(f"RabbitMQ answers {status} to {method} {path}: {text}")
        return json.loads(text) if text else None

    def create_vhost(self, name):
        """With everything in it allowed to our user."""
        quoted = urllib.parse.quote(name, safe="")
        self.must("PUT", f"/api/vhosts/{quoted}")
        self.must("PUT", f"/api/permissions/{quoted}/{USER}",
                  {"configure": ".*", "write": ".*", "read": ".*"})

    def delete_vhost(self, name):
        self.must("DELETE", f"/api/vhosts/{urllib.parse.quote(name, safe='')}")

    def write_down_queues(self):
        """RabbitMQ 3.10 writes the name of a new quorum queue to the disk some 3 seconds after it was
        declared. Killed before, it has a queue that nobody can use, and its messages are gone. After
        this they are safe."""
        self.control("eval", "[ok = dets:sync(Table) || Table <- dets:all()].")

    def control(self, *arguments):
        """rabbitmqctl; gives what it prints. Takes a second or two."""
        try:
            done = subprocess.run([SCRIPTS / "rabbitmqctl", "--quiet", *arguments],
                                  env={**self.environment(), process.MARK: str(self.folder)},
                                  capture_output=True, text=True, check=False,
                                  timeout=CONTROL_SECONDS)
        except subprocess.TimeoutExpired:
            raise LocalError(f"rabbitmqctl {' '.join(arguments)} has not ended after "
                             f"{CONTROL_SECONDS} seconds") from None
        if done.returncode:
            raise LocalError(f"rabbitmqctl {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    # Its files.

    def environment(self):
        """Nothing of ours, so that no setting of the system's own node is taken for this one."""
        folder = self.folder
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(folder / "home"),
            "ERL_EPMD_PORT": str(self.ports.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_DIST_PORT": str(self.ports.distribution),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    def disk_free_limit(self):
        half = shutil.disk_usage(self.folder).free // 2
        return max(DISK_FREE_LIMIT_MIN, min(half, DISK_FREE_LIMIT_MAX))

    def write_configuration(self):
        for name in ("home", "data", "log"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        cookie = self.folder / "home" / ".erlang.cookie"
        secret.password(cookie)
        os.chmod(cookie, 0o400)
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (self.folder / "advanced.config").write_text("[].\n")
        secret.write_private(self.folder / "rabbitmq.conf", f"""\
listeners.tcp.local = 127.0.0.1:{self.ports.amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {self.ports.management}
# The one user, made at the first start; so there is no guest.
default_user = {USER}
default_pass = {self.password}
default_vhost = {VHOST}
disk_free_limit.absolute = {self.disk_free_limit()}
vm_memory_high_watermark.relative = 0.3
log.console = true
log.console.level = info
log.file = false
{self.tls_configuration() if self.tls else ""}""")

    def tls_configuration(self):
        return f"""\
listeners.ssl.local = 127.0.0.1:{self.tls.port}
ssl_options.certfile = {self.tls.certificate}
ssl_options.keyfile = {self.tls.key}
ssl_options.versions.1 = tlsv1.3
ssl_options.versions.2 = tlsv1.2
"""
