"""The services on RabbitMQ and PostgreSQL, as `./dev up` runs them, on free ports."""

import sys
from pathlib import Path

import classic
from programs import (CEILING_ORDERS, CONNECTIONS, BatchSize, Cpu, Metric, make_item_to_read,
                      make_items, run_json)

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "deploy"))
from local import ports  # noqa: E402
from local.system import PORTS, System  # noqa: E402


class Services:
    ceilings = {"rabbitmq": "bare RabbitMQ", "postgresql": "bare PostgreSQL"}
    read_connections = CONNECTIONS

    def __init__(self, bin_folder, load, work):
        self.bin = bin_folder
        self.load = load
        self.system = System(work / "services", bin_folder)
        self.system.configure(port=ports.free_block(PORTS))
        try:
            self.system.up()
            make_items(self.system.port)
            self.path = make_item_to_read(self.system.port)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        try:
            self.system.down()
        finally:
            self.system.remove()

    def orders(self, connections):
        """What the load generator saw, how many orders a batch had, and the ceilings."""
        gateway, orders = self.system.service("gateway").url, self.system.service("orders").url
        batches = BatchSize([orders])
        messages = Metric([gateway], "stockroom_bus_sent_messages_total")
        cpu = self.cpu()
        result = self.load.orders(self.system.port, connections)
        cpu_us = cpu.us_per(result["requests"])
        batch = batches.mean()
        in_message = max(1, round(result["requests"] / max(1, messages.growth())))
        return {"load": result, "batch": batch, "cpu_us": cpu_us, "ceilings": {
            "rabbitmq": self.rabbitmq_ceiling(in_message, connections),
            "postgresql": self.postgresql_ceiling(round(batch))}}

    def cpu(self):
        system = self.system

        def of(name):
            return lambda: [system.service(name).process.pid]
        return Cpu({"gateway": of("gateway"), "RabbitMQ": lambda: [system.broker.process.pid],
                    "orders": of("orders"),
                    "PostgreSQL": lambda: [system.store.process.pid, *system.store.backends()],
                    "relay": of("relay")})

    def rabbitmq_ceiling(self, in_message, connections):
        in_flight = max(1, connections // in_message)
        return run_json([self.bin / "bench_amqp_ceiling", self.system.broker.url(), in_message,
                         in_flight, self.load.seconds])["per_second"]

    def postgresql_ceiling(self, batch):
        return run_json([self.bin / "bench_postgres_ceiling", self.system.store.url(), batch,
                         CEILING_ORDERS, self.load.seconds])["per_second"]

    def reads(self, connections):
        return self.load(self.system.port, connections, "--path", self.path)

    def classic(self):
        return classic.measure(self.load, self.system.port)
