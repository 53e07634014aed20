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
import os
import pathlib
import shutil
import signal
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

from local import Broker, LocalError, Store, ports, process  # noqa: E402
from local.broker import BrokerPorts, Tls  # noqa: E402
from local.process import Process  # noqa: E402
from local.store import SUPERUSER  # noqa: E402

from certificates import Authority, Certificate  # noqa: E402

PORTS = 6  # the broker's four, the store's, and the broker's for TLS
AUTHORITY, BROKER = "ca", "broker"  # whose certificates there are
LIFE_SECONDS = 4 * 3600
STOP_SECONDS = 60


class Servers:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.port_path = self.folder / "port"
        self.ready_path = self.folder / "ready"
        self.certificates = self.folder / "certificates"
        self.keeper = Process("keeper", self.folder)

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
        """For the program that has called this one, which others must not call meanwhile."""
        self.configure()
        caller = os.getppid()
        if self.keeper.is_running:
            raise LocalError(f"the servers of {self.folder} are in use by another ctest (their "
                             f"keeper is process {self.keeper.pid}); let it end first")
        self.end()
        for port in range(self.first_port, self.first_port + PORTS):
            if not ports.is_free(port):
                raise LocalError(f"port {port} is taken by another program; remove {self.folder} "
                                 f"and configure again to get other ports")
        self.keeper.start([sys.executable, __file__, "keep", self.folder, str(caller)],
                          dict(os.environ))
        self.keeper.wait_until(self.ready_path.exists, 300)

    def keep(self, caller):
        caller_started = process.start_time(caller)
        ending = []
        signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
        broker, store = self.broker, self.store
        try:
            Authority(self.certificates, AUTHORITY).certificate(BROKER, "DNS:localhost,IP:127.0.0.1")
            broker.start()
            store.start()
            store.wait_until_ready()
            broker.wait_until_ready()
            self.ready_path.touch()
            deadline = time.monotonic() + LIFE_SECONDS
            while (not ending and time.monotonic() < deadline and self.folder.exists() and
                   process.start_time(caller) == caller_started):
                time.sleep(0.5)
        finally:
            self.end()

    def stop(self):
        self.keeper.stop(STOP_SECONDS)
        self.end()

    def end(self):
        """At once, and removes the data, which nobody needs again. Logs stay; so do the passwords:
        cmake knows the URLs already."""
        self.ready_path.unlink(missing_ok=True)
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
    try:
        if arguments.action == "configure":
            servers.configure()
            print(";".join(servers.urls()))
        elif arguments.action == "start":
            servers.start()
        elif arguments.action == "stop":
            servers.stop()
        else:
            servers.keep(arguments.caller)
    except LocalError as error:
        sys.exit(f"servers: {error}")


if __name__ == "__main__":
    main()
