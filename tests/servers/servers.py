#!/usr/bin/env python3
"""The RabbitMQ node and the PostgreSQL cluster of ctest's fixture `servers`, one of each per build
folder.

    servers.py configure FOLDER   choose ports and passwords for this folder, once; print the URLs
    servers.py start FOLDER       start both, fresh, and return when they are ready
    servers.py stop FOLDER        stop both

A keeper stays behind from start to stop. It stops the servers as well when the program that called
`start` (ctest) has ended, when the folder is gone, or after some hours: nothing is left for ever.
"""

import argparse
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

from local import Broker, LocalError, Store, ports  # noqa: E402
from local.broker import BrokerPorts, Tls  # noqa: E402
from local.store import SUPERUSER  # noqa: E402

from certificates import Authority, Certificate  # noqa: E402
from keeper import Keeper  # noqa: E402

PORTS = 6  # the broker's four, the store's, and the broker's for TLS
AUTHORITY, BROKER = "ca", "broker"  # whose certificates there are
START_SECONDS = 300
STOP_SECONDS = 60


class Servers:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.port_path = self.folder / "port"
        self.certificates = self.folder / "certificates"

    def configure(self):
        if not self.port_path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            self.port_path.write_text(f"{ports.free_block(PORTS)}\n")

    @property
    def first_port(self):
        return int(self.port_path.read_text())

    @property
    def broker(self):
        certificate = Certificate.of(self.certificates, BROKER)
        return Broker(self.folder / "broker", BrokerPorts.from_first(self.first_port),
                      Tls(self.first_port + 5, certificate.path, certificate.key))

    @property
    def store(self):
        return Store(self.folder / "store", self.first_port + 4, durable=False)

    def urls(self):
        return [self.broker.url(), self.broker.management_url,
                self.store.url(SUPERUSER, SUPERUSER), self.broker.tls_url(),
                str(Certificate.of(self.certificates, AUTHORITY).path)]

    def start(self):
        self.configure()
        for port in range(self.first_port, self.first_port + PORTS):
            if not ports.is_free(port):
                raise LocalError(f"port {port} is taken by another program; remove {self.folder} "
                                 f"and configure again to get other ports")
        Authority(self.certificates, AUTHORITY).certificate(BROKER, "DNS:localhost,IP:127.0.0.1")
        broker, store = self.broker, self.store
        broker.start()
        store.start()
        store.wait_until_ready()
        broker.wait_until_ready()

    def end(self):
        """At once, and removes the data, which nobody needs again. Logs stay; so do the passwords:
        cmake knows the URLs already."""
        self.broker.kill()
        self.broker.stop_epmd()
        shutil.rmtree(self.broker.folder / "data", ignore_errors=True)
        self.store.kill()
        self.store.end_strays()
        self.store.discard()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("configure", "start", "stop", "keep"))
    parser.add_argument("folder")
    parser.add_argument("caller", nargs="?", type=int)
    arguments = parser.parse_args()
    servers = Servers(arguments.folder)
    keeper = Keeper(servers.folder, servers, "the servers")
    try:
        if arguments.action == "configure":
            servers.configure()
            print(";".join(servers.urls()))
        elif arguments.action == "start":
            keeper.start(__file__, START_SECONDS)
        elif arguments.action == "stop":
            keeper.stop(STOP_SECONDS)
        else:
            keeper.keep(arguments.caller)
    except LocalError as error:
        sys.exit(f"servers: {error}")


if __name__ == "__main__":
    main()
