#!/usr/bin/env python3
"""Measures both shapes of Stockroom beside what this machine can do at most, all in one run.

Orders a second, durable, at 1, 64 and 256 connections: of one process on SQLite against a bare SQLite
program, of the services against bare programs on RabbitMQ and on PostgreSQL, which send and write the
same in batches of the same size. Reads a second of one item at 64 connections, against a bare Beast
server and nginx that answer a constant of the same size. Client and servers share the machine.
Each figure is the median of the rounds; a round measures each thing once, in turn.
"""
import argparse
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from embedded import Embedded
from programs import CONNECTIONS, READERS, Load, progress, read_peers
from services import Services

ROOT = Path(__file__).resolve().parent.parent


def median(values):
    return statistics.median(list(values))


def machine():
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return {"cpus": os.cpu_count(), "cpu": model.group(1) if model else platform.machine(),
            "kernel": platform.release()}


def commit():
    result = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True,
                            capture_output=True, check=False)
    return result.stdout.strip() or "unknown"


def measure(shape, name, rounds):
    """Of each round: orders by connections, reads by connections."""
    for number in range(1, rounds + 1):
        found = {"orders": {}, "reads": {}}
        for connections in CONNECTIONS:
            progress(f"{name}, round {number} of {rounds}: orders at {connections} connections")
            found["orders"][connections] = shape.orders(connections)
        for connections in shape.read_connections:
            progress(f"{name}, round {number} of {rounds}: reads at {connections} connections")
            found["reads"][connections] = shape.reads(connections)
        progress(f"{name}, round {number} of {rounds}: the classic routes")
        found["classic"] = shape.classic()
        yield found


def order_rows(rounds):
    rows = []
    for connections in CONNECTIONS:
        found = [one["orders"][connections] for one in rounds]
        row = {"connections": connections, "batch": median(one["batch"] for one in found)}
        for key in ("per_second", "p50_us", "p99_us"):
            row[key] = median(one["load"][key] for one in found)
        for ceiling in found[0]["ceilings"]:
            row[ceiling] = median(one["ceilings"][ceiling] for one in found)
            row[f"{ceiling}_ratio"] = median(
                one["load"]["per_second"] / one["ceilings"][ceiling] for one in found)
        for part in found[0]["cpu_us"]:
            row.setdefault("cpu_us", {})[part] = median(one["cpu_us"][part] for one in found)
        rows.append(row)
    return rows


def print_orders(title, rows, ceilings):
    print(f"\n{title}: orders, durable (median of the rounds)\n")
    names = "".join(f" {text}, same batches | ratio |" for text in ceilings.values())
    print(f"| connections | orders/s | p50 ms | p99 ms | orders a batch |{names}")
    print("|---" * (5 + 2 * len(ceilings)) + "|")
    for row in rows:
        line = (f"| {row['connections']} | {row['per_second']:,.0f} | {row['p50_us'] / 1000:.1f} | "
                f"{row['p99_us'] / 1000:.1f} | {row['batch']:.1f} |")
        for ceiling in ceilings:
            line += f" {row[ceiling]:,.0f} | {row[f'{ceiling}_ratio']:.2f} |"
        print(line)


def print_cpu(rows):
    parts = list(rows[0]["cpu_us"])
    print("\nWhere the time of an order goes: µs of CPU an order, by part\n")
    print("| connections | " + " | ".join(parts) + " | all |")
    print("|---" * (2 + len(parts)) + "|")
    for row in rows:
        spent = [row["cpu_us"][part] for part in parts]
        print(f"| {row['connections']} | " + " | ".join(f"{us:.0f}" for us in spent)
              + f" | {sum(spent):.0f} |")


def print_reads(rows):
    print("\nReads of one item (median of the rounds)\n")
    print("| server | connections | reads/s | p99 ms |")
    print("|---|---|---|---|")
    for row in rows:
        print(f"| {row['server']} | {row['connections']} | {row['per_second']:,.0f} | "
              f"{row['p99_us'] / 1000:.1f} |")


def print_classic(rows):
    print("\nThe classic routes, 64 connections (median of the rounds)\n")
    print("| route | requests/s | p50 ms | p99 ms |")
    print("|---|---|---|---|")
    for route, row in rows.items():
        print(f"| `{route}` | {row['per_second']:,.0f} | {row['p50_us'] / 1000:.1f} | "
              f"{row['p99_us'] / 1000:.1f} |")


def classic_rows(rounds):
    return {route: {key: median(one["classic"][route][key] for one in rounds)
                    for key in ("per_second", "p50_us", "p99_us")}
            for route in rounds[0]["classic"]}


def read_row(server, connections, found):
    return {"server": server, "connections": connections,
            **{key: median(one[key] for one in found) for key in ("per_second", "p99_us")}}


def run(options, work):
    bin_folder = options.bin.resolve()
    load = Load(bin_folder, options.seconds)
    results = {"commit": commit(), "machine": machine(), "seconds": options.seconds,
               "rounds": options.rounds, "reads": []}
    shapes = {"embedded": ("One process", Embedded), "services": ("Services", Services)}
    for name, (title, make) in shapes.items():
        if options.shape not in (name, "both"):
            continue
        shape = make(bin_folder, load, work)
        try:
            rounds = list(measure(shape, title, options.rounds))
        finally:
            shape.stop()
        results[name] = order_rows(rounds)
        for connections in shape.read_connections:
            results["reads"].append(
                read_row(title, connections, [one["reads"][connections] for one in rounds]))
        print_orders(title, results[name], shape.ceilings)
        print_cpu(results[name])
        results[f"{name}_classic"] = classic_rows(rounds)
        print_classic(results[f"{name}_classic"])
    progress("reads from servers that answer a constant")
    peers = [read_peers(bin_folder, load, work) for _ in range(options.rounds)]
    for name in peers[0]:
        results["reads"].append(read_row(name, READERS, [one[name] for one in peers]))
    print_reads(results["reads"])
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--bin", type=Path, required=True, help="the folder with the programs")
    parser.add_argument("--shape", choices=("embedded", "services", "both"), default="both")
    parser.add_argument("--seconds", type=float, default=5, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", action="store_true", help="keep the result in bench/results/")
    options = parser.parse_args()

    # A stop by SIGTERM cleans up like one by Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Beside the build, so that the stores are on the same disk as a real one would be.
    with tempfile.TemporaryDirectory(dir=options.bin.resolve().parent) as folder:
        results = run(options, Path(folder))
    if options.save:
        name = f"{time.strftime('%Y-%m-%d')}-{results['commit']}.json"
        (ROOT / "bench" / "results").mkdir(exist_ok=True)
        (ROOT / "bench" / "results" / name).write_text(json.dumps(results, indent=2) + "\n")
        print(f"\nSaved as bench/results/{name}")


if __name__ == "__main__":
    main()
