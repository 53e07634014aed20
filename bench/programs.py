"""Programs that the benches start, and what they ask of them."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

SKUS = 1000
SKU_PREFIX = "BENCH-"
OPENING = 1_000_000_000
CONNECTIONS = (1, 64, 256)
READERS = 64
READ_BYTES = 220  # what an item is answered with
CEILING_ORDERS = 50_000


def progress(text):
    print(f"  {text}", file=sys.stderr, flush=True)


class Process:
    """A server that prints a line with its port when it is ready."""

    def __init__(self, command, port_pattern, log):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        match = re.search(port_pattern, line)
        if not match:
            self.stop()
            raise SystemExit(f"bench: {command[0]} did not start; it said {line!r}")
        self.port = int(match.group(1))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)


class Nginx:
    """nginx on a free port with a constant body, its files in a folder of its own."""

    def __init__(self, folder, body_size, port):
        self.port = port
        config = folder / "nginx.conf"
        config.write_text(f"""
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; default_type application/json;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{"x" * body_size}"; }} }}
}}
""")
        nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen([nginx, "-c", str(config)], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).read()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise SystemExit("bench: nginx did not start") from None
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def post(port, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as response:
        return response.read()


class Metric:
    """How a counter of some processes has grown since this was made."""

    def __init__(self, urls, name, labels=""):
        self.urls = urls
        self.line = re.compile(rf"^{name}(?:{{[^}}]*{labels}[^}}]*}})? (\S+)$", re.MULTILINE)
        self.before = self.value()

    def value(self):
        total = 0.0
        for url in self.urls:
            with urllib.request.urlopen(f"{url}/metrics", timeout=30) as response:
                total += sum(float(value) for value in self.line.findall(response.read().decode()))
        return total

    def growth(self):
        return self.value() - self.before


class BatchSize:
    """How many orders a commit of the orders service held since this was made."""

    def __init__(self, urls):
        self.commits = Metric(urls, "stockroom_batch_commands_count", 'service="orders"')
        self.orders = Metric(urls, "stockroom_batch_commands_sum", 'service="orders"')

    def mean(self):
        return max(1.0, self.orders.growth() / max(1.0, self.commits.growth()))


def run_json(command):
    """What a program of ours prints."""
    done = subprocess.run([str(part) for part in command], check=False, text=True,
                          stdout=subprocess.PIPE)
    if done.returncode != 0:
        raise SystemExit(f"bench: {command[0]} ended with {done.returncode}")
    return json.loads(done.stdout)


class Load:
    """The load generator, against a port of this machine."""

    def __init__(self, bin_folder, seconds):
        self.program = bin_folder / "bench_load"
        self.seconds = seconds

    def __call__(self, port, connections, *options):
        return run_json([self.program, "--port", port, "--connections", connections, "--seconds",
                         self.seconds, *options])

    def orders(self, port, connections):
        result = self(port, connections, "--orders", SKU_PREFIX, "--skus", SKUS)
        if set(result["statuses"]) != {"201"}:
            raise SystemExit(f"bench: orders were answered {result['statuses']}")
        return result


def make_items(port):
    for number in range(SKUS):
        post(port, "/v1/items", {"sku": f"{SKU_PREFIX}{number}", "price": "1.00", "opening": [
            {"location": "main", "quantity": OPENING}]})


def make_item_to_read(port):
    """Gives its path."""
    post(port, "/v1/items", {"sku": "READ-0", "name": "Apple juice", "price": "1.00",
                             "opening": [{"location": "main", "quantity": 50}]})
    return "/v1/items/READ-0"


class Cpu:
    """The processor time that processes have taken since this was made."""

    def __init__(self, parts):
        """parts: name → a function that gives the pids."""
        self.parts = parts
        self.before = {name: cpu_seconds(pids()) for name, pids in parts.items()}

    def us_per(self, count):
        return {name: max(0.0, cpu_seconds(pids()) - self.before[name]) * 1e6 / max(1, count)
                for name, pids in self.parts.items()}


def cpu_seconds(pids):
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # ended meanwhile
        ticks += int(fields[11]) + int(fields[12])  # proc(5): utime, stime
    return ticks / os.sysconf("SC_CLK_TCK")


def read_peers(bin_folder, load, work):
    """The same load on servers that answer a constant of the same size."""
    with open(work / "peers.log", "w", encoding="utf-8") as log:
        beast = Process([bin_folder / "bench_beast_peer", str(READ_BYTES)], r"^(\d+)\s*$", log)
    found = {"bare Beast, a constant": load(beast.port, READERS)}
    beast.stop()
    nginx = Nginx(work, READ_BYTES, free_port())
    found["nginx, a constant"] = load(nginx.port, READERS)
    nginx.stop()
    return found
