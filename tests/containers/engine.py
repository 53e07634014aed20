"""The Docker engine of the tests: the one that answers here, or a private dockerd."""

import hashlib
import ipaddress
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy"))

from local import LocalError, process  # noqa: E402
from local.process import Process  # noqa: E402

import firewall  # noqa: E402

# Debian's, which goes with its dockerd; where there is none, the one that is used here.
DOCKER = "/usr/bin/docker" if os.path.exists("/usr/bin/docker") else shutil.which("docker") or "docker"
DOCKERD = "/usr/sbin/dockerd"
START_SECONDS = 120
STOP_SECONDS = 10
WITHOUT = "or leave these tests out by ./dev test --no-containers"


def answers(host=None):
    """Whether an engine answers there, or else where Docker looks by itself."""
    environment = {**os.environ, **({"DOCKER_HOST": host} if host else {})}
    try:
        done = subprocess.run([DOCKER, "version", "--format", "{{.Server.Version}}"], timeout=20,
                              capture_output=True, text=True, check=False, env=environment)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() != ""


class PrivateEngine:
    """A dockerd whose data, socket, bridge and firewall rules are its own, and go with it."""

    def __init__(self, folder):
        """The folder's name goes into those of what cannot stand in it."""
        self.folder = pathlib.Path(folder)
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]
        self.run = pathlib.Path(f"/run/stockroom-{name}")  # a socket's path must be short
        self.host = f"unix://{self.run}/docker.sock"
        self.data = self.folder / "docker"
        self.bridge = f"stock-{name}"
        self.before_path = self.run / "firewall-before.json"
        self.dockerd = Process("dockerd", self.folder)

    def start(self):
        if os.geteuid() != 0:
            raise LocalError("no Docker answers here, and only root can start one. Run this as root, "
                             f"or start a Docker that this user may use, {WITHOUT}")
        if not pathlib.Path(DOCKERD).exists():
            raise LocalError(f"there is no {DOCKERD}; run this by ./dev test, which installs it")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run.mkdir(mode=0o700, exist_ok=True)
        (self.run / "daemon.json").write_text("{}\n")  # not the system's own settings
        self.before_path.write_text(json.dumps(firewall.read()))
        self.make_bridge()
        self.dockerd.start(
            [DOCKERD, "--config-file", self.run / "daemon.json", "--data-root", self.data,
             "--exec-root", self.run / "exec", "--pidfile", self.run / "dockerd.pid",
             "--host", self.host, "--bridge", self.bridge], dict(os.environ))
        try:
            self.dockerd.wait_until(lambda: answers(self.host), START_SECONDS)
        except LocalError as error:
            said = [line for line in self.dockerd.log_tail(200).splitlines()
                    if "level=info" not in line]
            raise LocalError("Docker cannot be started here:\n" + "\n".join(said[-5:]) + "\n"
                             f"Its whole log is {self.dockerd.log_path}. Give it what it misses, start "
                             f"one yourself, {WITHOUT}") from error

    def make_bridge(self):
        """With an address that nothing here routes to."""
        routes = [ipaddress.ip_network(route["dst"], strict=False) for route in json.loads(
            output("ip", "-4", "-json", "route", "show", "table", "all"))
                  if "/" in route["dst"] and not route["dst"].endswith("/0")]
        free = next(network for network in ipaddress.ip_network("10.96.0.0/12").subnets(new_prefix=24)
                    if not any(network.overlaps(route) for route in routes))
        output("ip", "link", "add", "name", self.bridge, "type", "bridge")
        output("ip", "address", "add", f"{free[1]}/24", "dev", self.bridge)
        output("ip", "link", "set", self.bridge, "up")

    def end(self):
        """Whatever state it is in."""
        if not self.run.exists() and not self.data.exists():
            return
        if self.dockerd.is_running and answers(self.host):
            self.remove_containers()
        self.dockerd.stop(STOP_SECONDS)  # nothing of it is needed again
        process.end_processes(self.strays())
        for mount in self.mounts():
            subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
        bridges = {self.bridge, *self.bridges_of_networks()}
        for bridge in bridges:
            subprocess.run(["ip", "link", "delete", bridge], check=False, capture_output=True)
        if self.before_path.exists():
            firewall.back_to(json.loads(self.before_path.read_text()), bridges)
        subprocess.run(["rm", "-rf", self.data, self.run], check=False, capture_output=True)

    def remove_containers(self):
        """With their networks, whose bridges would stay."""
        docker = [DOCKER, "--host", self.host]
        try:
            containers = output(*docker, "ps", "--all", "--quiet").split()
            if containers:
                output(*docker, "rm", "--force", *containers)
            output(*docker, "network", "prune", "--force")
        except LocalError:
            pass  # what follows removes them, too

    def strays(self):
        """What a dockerd that was killed has left: its containerd, and one process per container."""
        mark = str(self.run).encode()
        found = set()
        for pid in process.all_pids():
            try:
                command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if pid != os.getpid() and b"container" in command and mark in command:
                found.update((pid, *process.descendants(pid)))
        return sorted(found)

    def mounts(self):
        """Deepest first."""
        lines = pathlib.Path("/proc/self/mounts").read_text().splitlines()
        mounts = [pathlib.Path(line.split()[1]) for line in lines]
        return [mount for mount in reversed(mounts)
                if {self.data, self.run} & {mount, *mount.parents}]

    def bridges_of_networks(self):
        """Of networks that are still there; a bridge's name has the beginning of the network's id."""
        try:
            known = (self.data / "network/files/local-kv.db").read_bytes()
        except OSError:
            return []
        return [link["ifname"] for link in json.loads(output("ip", "-json", "link", "show"))
                if link["ifname"].startswith("br-") and link["ifname"][3:].encode() in known]


def output(*command, seconds=60):
    command = [str(part) for part in command]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds).stdout
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or error
        raise LocalError(f"{' '.join(command)}: {said}; give what is missing, {WITHOUT}") from error
