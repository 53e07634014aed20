"""One process on SQLite."""

import classic
from programs import (CEILING_ORDERS, READERS, BatchSize, Cpu, Process, make_item_to_read,
                      make_items, run_json)


class Embedded:
    ceilings = {"sqlite": "bare SQLite"}
    read_connections = (READERS,)

    def __init__(self, bin_folder, load, work):
        self.bin = bin_folder
        self.load = load
        self.work = work
        self.log = open(work / "server.log", "w", encoding="utf-8")

    def stop(self):
        self.log.close()

    def serve(self, *options):
        for file in self.work.glob("store.db*"):
            file.unlink()
        return Process([self.bin / "stockroom", "serve", "--listen", "127.0.0.1:0", "--store-url",
                        f"sqlite:{self.work}/store.db", *options], r":(\d+)\s*$", self.log)

    def orders(self, connections):
        """What the load generator saw, how many orders a batch had, and the ceilings."""
        server = self.serve()
        make_items(server.port)
        batches = BatchSize([f"http://127.0.0.1:{server.port}"])
        cpu = Cpu({"stockroom": lambda: [server.process.pid]})
        result = self.load.orders(server.port, connections)
        cpu_us = cpu.us_per(result["requests"])
        batch = batches.mean()
        server.stop()
        return {"load": result, "batch": batch, "cpu_us": cpu_us,
                "ceilings": {"sqlite": self.ceiling(round(batch))}}

    def ceiling(self, batch):
        for file in self.work.glob("ceiling.db*"):
            file.unlink()
        return run_json([self.bin / "bench_sqlite_ceiling", self.work / "store.db",
                         self.work / "ceiling.db", batch, CEILING_ORDERS,
                         self.load.seconds])["per_second"]

    def reads(self, connections):
        server = self.serve()
        path = make_item_to_read(server.port)
        result = self.load(server.port, connections, "--path", path)
        server.stop()
        return result

    def classic(self):
        server = self.serve("--classic")
        result = classic.measure(self.load, server.port)
        server.stop()
        return result
