"""Somebody else's program that wants to hear every event: a durable queue of its own."""

import collections
import dataclasses
import json
import time

import pika

EXCHANGE = "stockroom.events"
HEARTBEAT = "relay.heartbeat"


@dataclasses.dataclass
class Event:
    position: int
    type: str
    key: str
    version: int
    data: object


class Subscriber:
    """Bound from the start; reads at the end what its queue has kept for it. That is a quorum queue: of
    messages that are not confirmed yet a classic one, killed, may keep a later one and lose an earlier,
    which is then sent again behind it."""

    def __init__(self, amqp_url, queue="test.subscriber"):
        self.amqp_url, self.queue = amqp_url, queue
        with self.connected() as channel:
            channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
            channel.queue_bind(queue, EXCHANGE, "#")
        self.events, self.heartbeats = [], 0

    def connected(self):
        return Connected(self.amqp_url)

    def read(self, head, seconds):
        """Until it has heard of the log's head, or nothing has come for so long."""
        deadline, heard = time.monotonic() + seconds, 0
        with self.connected() as channel:
            for method, _, body in channel.consume(self.queue, auto_ack=True, inactivity_timeout=0.2):
                if body is not None and method.routing_key == HEARTBEAT:
                    self.heartbeats += 1
                elif body is not None:
                    self.events += [read_event(event) for event in json.loads(body)]
                    heard = max(heard, self.events[-1].position)
                    deadline = time.monotonic() + seconds
                if (body is None and heard >= head) or time.monotonic() > deadline:
                    break
            channel.cancel()
        return self.events


class Connected:
    def __init__(self, amqp_url):
        self.amqp_url = amqp_url

    def __enter__(self):
        self.connection = pika.BlockingConnection(pika.URLParameters(self.amqp_url))
        return self.connection.channel()

    def __exit__(self, *_):
        self.connection.close()


def read_event(event):
    return Event(int(event["sequence"]), event["type"], event["subject"], event["stateversion"],
                 event.get("data"))


def check_events(events, log, before=0):
    """What is wrong with what a subscriber has heard. `log`: (position, type, key, version) of each
    line of the log, in order, as it was a little before: since then the health monitor may have told
    of more. `before`: so many of its lines may be older than the subscriber."""
    events = [event for event in events
              if event.position <= len(log) or event.type != "health.changed"]
    notes = []
    if [line[0] for line in log] != list(range(1, len(log) + 1)):
        notes.append("the log's positions have gaps")
    heard = {}
    versions = collections.defaultdict(list)
    for event in events:
        told = (event.position, event.type, event.key, event.version)
        if event.position not in heard:
            versions[event.key].append(event.version)
        elif heard[event.position] != told:
            notes.append(f"event {event.position} was told as {heard[event.position]} and as {told}")
        heard[event.position] = told
    missed = [line for line in log if line[0] > before and line[0] not in heard]
    if missed:
        notes.append(f"{len(missed)} events were never heard, the first is {missed[0]}")
    strange = [told for position, told in heard.items()
               if not 1 <= position <= len(log) or log[position - 1] != told]
    if strange:
        notes.append(f"{len(strange)} events are not as in the log, the first is {strange[0]}")
    disordered = [key for key, found in versions.items()
                  if any(a >= b for a, b in zip(found, found[1:]))]
    if disordered:
        notes.append(f"{len(disordered)} keys came in disorder, the first is {disordered[0]}: "
                     f"{versions[disordered[0]][:20]}")
    return notes
