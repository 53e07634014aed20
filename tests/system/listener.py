"""Who listens to GET /v1/events."""

import http.client
import json
import socket
import threading
import time
import urllib.parse

from client import DEADLINE_SECONDS, quote

RETRY_SECONDS = 0.2
LATER = "health.changed"  # what the health monitor may tell at any time


class Listener:
    """One connection that listens, from where it is told; closed at the end of a `with`."""

    def __init__(self, address, after=None, types=None, receive_buffer=None, parameter=False):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(DEADLINE_SECONDS)
        try:
            self.socket.connect(address)
            query = [f"types={quote(types)}"] if types else []
            if after is not None and parameter:
                query.append(f"last_event_id={after}")
            header = f"Last-Event-ID: {after}\r\n" if after is not None and not parameter else ""
            self.socket.sendall(f"GET /v1/events{'?' if query else ''}{'&'.join(query)} HTTP/1.1\r\n"
                                "Host: stockroom\r\nAccept: text/event-stream\r\n"
                                f"{header}\r\n".encode())
        except OSError:
            self.socket.close()
            raise
        self.response = http.client.HTTPResponse(self.socket, method="GET")

    def __enter__(self):
        self.response.begin()
        assert self.response.status == 200, self.response.read()
        assert self.begin()
        return self

    def __exit__(self, *_):
        self.close()

    def begin(self):
        """Reads what stands before the events; False when it is cut already."""
        assert self.response.getheader("Content-Type") == "text/event-stream"
        block = self.read_block()
        assert block in ({"retry": "1000"}, None)
        return block is not None

    def close(self):
        self.socket.close()
        self.response.close()

    def read_block(self):
        """The fields up to an empty line; None at the stream's end, also in the middle of a block."""
        block = {}
        while True:
            line = self.response.readline()
            if not line.endswith(b"\n"):
                return None
            line = line.decode("utf-8")
            if line == "\n":
                return block
            name, _, value = line[:-1].partition(":")
            assert name not in block
            block[name] = value.removeprefix(" ")

    def read_event(self):
        """The next event; what only keeps the connection alive is passed over. None at the end."""
        while True:
            block = self.read_block()
            if block is None:
                return None
            if "data" not in block:
                continue
            assert block.keys() == {"id", "event", "data"}
            event = json.loads(block["data"])
            assert (event["id"], event["type"]) == (block["id"], block["event"])
            assert int(event["sequence"]) == int(event["id"])
            assert event["specversion"] == "1.0"
            return event

    def read_until(self, condition):
        """Events up to the first that meets the condition, it included."""
        events = [self.read_event()]
        while not condition(events[-1]):
            events.append(self.read_event())
        return events


def position(event):
    return int(event["id"])


def is_contiguous(events, after):
    return [position(event) for event in events] == list(range(after + 1, after + 1 + len(events)))


class Resuming(threading.Thread):
    """Listens from the log's beginning, and wherever it is cut goes on behind what it heard last."""

    def __init__(self, url):
        super().__init__(name="listener", daemon=True)
        parts = urllib.parse.urlsplit(url)
        self.address = (parts.hostname, parts.port)
        self.events = []  # (position, type, key, version), as they came
        self.streams = 0
        self.failure = None
        self.listener = None
        self.stopping = False
        self.progress = threading.Condition()

    @property
    def heard(self):
        """The id that a browser would resume with."""
        return self.events[-1][0] if self.events else 0

    def run(self):
        try:
            while not self.stopping:
                try:
                    self.listen()
                except (http.client.HTTPException, OSError):
                    pass  # cut
                time.sleep(RETRY_SECONDS)
        except Exception as error:  # told by the test's own thread
            self.failure = error
            with self.progress:
                self.progress.notify_all()

    def listen(self):
        listener = Listener(self.address, after=self.heard)
        try:
            listener.response.begin()
            if listener.response.status == 503:
                return
            assert listener.response.status == 200, listener.response.read()
            self.listener = listener
            self.streams += listener.begin()
            while not self.stopping and (event := listener.read_event()):
                with self.progress:
                    self.events.append((position(event), event["type"], event["subject"],
                                        event["stateversion"]))
                    self.progress.notify_all()
        finally:
            self.listener = None
            listener.close()

    def finish(self, head, seconds):
        """Waits until it has heard the log's head, or nothing for so long."""
        with self.progress:
            while self.heard < head and not self.failure:
                if not self.progress.wait(seconds):
                    break
        self.stopping = True
        if listener := self.listener:
            try:
                listener.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended just now
        self.join()
        if self.failure:
            raise self.failure


def check_stream(events, log):
    """What is wrong with what one has heard in all its streams: (missed, repeated, notes). It is each line
    of the log once and in order. `log`: as it was a little before; since then the health monitor may
    have told of more."""
    heard = [event for event in events if event[0] <= len(log) or event[1] != LATER]
    positions = [event[0] for event in heard]
    missed = set(range(1, len(log) + 1)) - set(positions)
    repeated = len(positions) - len(set(positions))
    notes = []
    if missed:
        notes.append(f"a listener has missed {len(missed)} events, the first is {log[min(missed) - 1]}")
    if repeated or positions != sorted(positions):
        jump = next(pair for pair in zip(positions, positions[1:]) if pair[0] >= pair[1])
        notes.append(f"a listener was told of {repeated} events again, first of {jump[1]} "
                     f"after {jump[0]}")
    strange = [event for event in heard if not 1 <= event[0] <= len(log) or event != log[event[0] - 1]]
    if strange:
        notes.append(f"a listener was told of {len(strange)} events that are not as in the log, the "
                     f"first is {strange[0]}")
    versions, disordered = {}, []
    for _, _, key, version in heard:
        if version <= versions.get(key, 0):
            disordered.append(key)
        versions[key] = version
    if disordered:
        notes.append(f"a listener was told of {len(disordered)} versions out of order, the first is of "
                     f"{disordered[0]}")
    return len(missed), repeated, notes
