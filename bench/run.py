#!/usr/bin/env python3
"""Measures Stockroom's embedded shape beside what this machine can do at most, all in one run.

Orders a second, durable, at 1, 64 and 256 connections, against a bare SQLite program that writes the
same rows in batches of the same size. Reads a second of one item at 64 connections, against a bare
Beast server and nginx that answer a constant of the same size. Client and server share the machine.
Each figure is the median of the rounds; a round measures each thing once, in turn.
"""
import argparse
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKUS = 1000
OPENING = 1_000_000_000
CONNECTIONS = (1, 64, 256)
READERS = 64
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
    import socket
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


def batches(port):
    """How many batches the orders engine has committed, and how many commands they held."""
    text = get(port, "/metrics").decode()

    def value(suffix):
        match = re.search(rf'^stockroom_batch_commands_{suffix}{{[^}}]*service="orders"[^}}]*}} (\S+)',
                          text, re.MULTILINE)
        return float(match.group(1)) if match else 0.0
    return value("count"), value("sum")


class Bench:
    def __init__(self, bin_folder, seconds, work):
        self.bin = bin_folder
        self.seconds = seconds
        self.work = work
        self.log = open(work / "server.log", "w", encoding="utf-8")

    def load(self, port, connections, *options):
        output = subprocess.run(
            [self.bin / "bench_load", "--port", str(port), "--connections", str(connections),
             "--seconds", str(self.seconds), *options],
            check=True, capture_output=True, text=True).stdout
        return json.loads(output)

    def serve(self, store):
        server = Process([self.bin / "stockroom", "serve", "--listen", "127.0.0.1:0",
                          "--store-url", f"sqlite:{store}"], r":(\d+)\s*$", self.log)
        return server

    def orders(self, connections):
        store = self.work / "store.db"
        for file in self.work.glob("store.db*"):
            file.unlink()
        server = self.serve(store)
        for number in range(SKUS):
            post(server.port, "/v1/items", {"sku": f"BENCH-{number}", "price": "1.00", "opening": [
                {"location": "main", "quantity": OPENING}]})
        count_before, sum_before = batches(server.port)
        result = self.load(server.port, connections, "--orders", "BENCH-", "--skus", str(SKUS))
        count_after, sum_after = batches(server.port)
        server.stop()
        if set(result["statuses"]) != {"201"}:
            raise SystemExit(f"bench: orders were answered {result['statuses']}")
        batch = max(1.0, (sum_after - sum_before) / max(1.0, count_after - count_before))
        return result, batch, self.ceiling(store, round(batch))

    def ceiling(self, store, batch):
        copy = self.work / "ceiling.db"
        for file in self.work.glob("ceiling.db*"):
            file.unlink()
        output = subprocess.run(
            [self.bin / "bench_sqlite_ceiling", store, copy, str(batch), str(CEILING_ORDERS),
             str(self.seconds)],
            check=True, capture_output=True, text=True).stdout
        return json.loads(output)

    def reads(self):
        for file in self.work.glob("store.db*"):
            file.unlink()
        server = self.serve(self.work / "store.db")
        post(server.port, "/v1/items", {"sku": "BENCH-0", "name": "Apple juice", "price": "1.00",
                                        "opening": [{"location": "main", "quantity": 50}]})
        body_size = len(get(server.port, "/v1/items/BENCH-0"))
        stockroom = self.load(server.port, READERS, "--path", "/v1/items/BENCH-0")
        server.stop()
        beast = Process([self.bin / "bench_beast_peer", str(body_size)], r"^(\d+)\s*$", self.log)
        beast_result = self.load(beast.port, READERS)
        beast.stop()
        nginx = Nginx(self.work, body_size, free_port())
        nginx_result = self.load(nginx.port, READERS)
        nginx.stop()
        return stockroom, beast_result, nginx_result


def median(values):
    return statistics.median(values)


def machine():
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return {"cpus": os.cpu_count(), "cpu": model.group(1) if model else platform.machine(),
            "kernel": platform.release()}


def commit():
    result = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True,
                            capture_output=True, check=False)
    return result.stdout.strip() or "unknown"


def print_table(results):
    print("\nOrders, durable (median of the rounds)\n")
    print("| connections | orders/s | p50 ms | p99 ms | orders a batch | bare SQLite, same rows/s | ratio |")
    print("|---|---|---|---|---|---|---|")
    for row in results["orders"]:
        print("| {connections} | {per_second:,.0f} | {p50_ms:.1f} | {p99_ms:.1f} | {batch:.1f} | "
              "{ceiling:,.0f} | {ratio:.2f} |".format(**row))
    reads = results["reads"]
    print(f"\nReads of one item at {READERS} connections\n")
    print("| server | reads/s | ratio of Stockroom to it |")
    print("|---|---|---|")
    print(f"| Stockroom | {reads['stockroom']:,.0f} | |")
    print(f"| bare Beast, a constant | {reads['beast']:,.0f} | {reads['beast_ratio']:.2f} |")
    print(f"| nginx, a constant | {reads['nginx']:,.0f} | {reads['nginx_ratio']:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--bin", type=Path, required=True, help="the folder with the programs")
    parser.add_argument("--seconds", type=float, default=5, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", action="store_true", help="keep the result in bench/results/")
    options = parser.parse_args()
    bin_folder = options.bin.resolve()

    # Beside the build, so that the stores are on the same disk as a real one would be.
    with tempfile.TemporaryDirectory(dir=bin_folder.parent) as folder:
        bench = Bench(bin_folder, options.seconds, Path(folder))
        orders = {connections: [] for connections in CONNECTIONS}
        reads = []
        for number in range(1, options.rounds + 1):
            for connections in CONNECTIONS:
                progress(f"round {number} of {options.rounds}: orders at {connections} connections")
                orders[connections].append(bench.orders(connections))
            progress(f"round {number} of {options.rounds}: reads")
            reads.append(bench.reads())

    results = {"commit": commit(), "machine": machine(), "seconds": options.seconds,
               "rounds": options.rounds, "orders": [], "reads": {}}
    for connections, rounds in orders.items():
        results["orders"].append({
            "connections": connections,
            "per_second": median(result["per_second"] for result, _, _ in rounds),
            "p50_ms": median(result["p50_us"] for result, _, _ in rounds) / 1000,
            "p99_ms": median(result["p99_us"] for result, _, _ in rounds) / 1000,
            "batch": median(batch for _, batch, _ in rounds),
            "ceiling": median(ceiling["per_second"] for _, _, ceiling in rounds),
            "ratio": median(result["per_second"] / ceiling["per_second"]
                            for result, _, ceiling in rounds)})
    results["reads"] = {
        "stockroom": median(stockroom["per_second"] for stockroom, _, _ in reads),
        "beast": median(beast["per_second"] for _, beast, _ in reads),
        "nginx": median(nginx["per_second"] for _, _, nginx in reads),
        "beast_ratio": median(stockroom["per_second"] / beast["per_second"]
                              for stockroom, beast, _ in reads),
        "nginx_ratio": median(stockroom["per_second"] / nginx["per_second"]
                              for stockroom, _, nginx in reads)}
    print_table(results)
    if options.save:
        name = f"{time.strftime('%Y-%m-%d')}-{results['commit']}.json"
        (ROOT / "bench" / "results").mkdir(exist_ok=True)
        (ROOT / "bench" / "results" / name).write_text(json.dumps(results, indent=2) + "\n")
        print(f"\nSaved as bench/results/{name}")


if __name__ == "__main__":
    main()
