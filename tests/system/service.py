"""One of the services' programs, of the test's own."""

import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import threading

from client import DEADLINE_SECONDS, eventually
from server import SANITIZER_REPORT, START_SECONDS, STOP_SECONDS

SERVICES = ["gateway", "catalogue", "stock", "orders", "relay", "health", "records"]


class Service:
    """stockroom-NAME, with its log in the folder."""

    def __init__(self, binaries, name, folder, store_url, bus_url, options=()):
        self.name = name
        self.binary = binaries / f"stockroom-{name}"
        self.log_path = folder / f"{name}.log"
        self.environment = {**os.environ, "STOCKROOM_STORE_URL": store_url,
                            "STOCKROOM_BUS_URL": bus_url}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.binary, "--listen", "127.0.0.1:0", *options],
                                            stdout=subprocess.PIPE, stderr=log,
                                            env=self.environment)
        self.address = self.wait_until_it_listens()

    def wait_until_it_listens(self):
        ready = select.select([self.process.stdout], [], [], START_SECONDS)[0]
        line = self.process.stdout.readline().decode() if ready else ""
        match = re.fullmatch(rf"stockroom-{self.name} is listening on http://(\S+)\n", line)
        if not match:
            self.kill()
        assert match, line + self.log()
        return match[1]

    def get(self, target):
        """Status and text."""
        connection = http.client.HTTPConnection(self.address, timeout=DEADLINE_SECONDS)
        try:
            connection.request("GET", target)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def trouble(self):
        """What /readyz says is wrong; empty when nothing is."""
        status, text = self.get("/readyz")
        assert status in (200, 503), text
        return "" if status == 200 else json.loads(text)["detail"]

    def wait_until_ready(self):
        eventually(lambda: not self.trouble(), f"{self.name} is ready")

    def metrics(self):
        """Samples by their name with labels, as they stand in the text."""
        status, text = self.get("/metrics")
        assert status == 200
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}

    def log(self):
        return self.log_path.read_text(encoding="utf-8")

    def log_lines(self):
        return [json.loads(line) for line in self.log().splitlines() if line.endswith("}")]

    def check(self, probe):
        done = subprocess.run([self.binary, "--listen", self.address, "--check", probe],
                              capture_output=True, text=True, check=False, timeout=STOP_SECONDS)
        return done.returncode, done.stderr

    def stop(self):
        """The exit code of a SIGTERM."""
        self.terminate()
        return self.wait()

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        """The exit code. Fails when a sanitizer has found something, too."""
        code = self.process.wait(timeout=STOP_SECONDS)
        self.process.stdout.close()
        report = SANITIZER_REPORT.search(self.log())
        assert not report, self.log()[report.start() - 200:][:20000]
        return code

    def kill(self):
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


class NoServer:
    """A port of 127.0.0.1 where whoever connects is turned away, or, if it is deaf, never answered."""

    def __init__(self, is_deaf=False):
        self.is_deaf = is_deaf
        self.attempts = 0
        self.kept = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.attempts += 1
            if self.is_deaf:
                self.kept.append(connection)
            else:
                connection.close()

    def wait_for_attempts(self, count):
        eventually(lambda: self.attempts >= count, f"{count} attempts to connect")

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(timeout=DEADLINE_SECONDS)
        for connection in self.kept:
            connection.close()


class Passage:
    """Stands between the services and one server, until it is frozen: then it stands still as a
    server does that has got SIGSTOP, and whoever connects is taken and never answered."""

    def __init__(self, target):
        self.target = target
        self.frozen = threading.Event()
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
                self.sockets.append(client)
                if self.frozen.is_set():
                    continue
                server = socket.create_connection(self.target)
            except OSError:
                return
            self.sockets.append(server)
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.pass_on, args=(source, sink), daemon=True).start()

    def pass_on(self, source, sink):
        try:
            while data := source.recv(65536):
                if self.frozen.is_set():
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one side has gone

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for end in self.sockets:
            end.close()
