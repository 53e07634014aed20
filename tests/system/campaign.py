"""A crowd, the parts of its system killed one after the other, and then the checker over all of it."""

import time

from chaos import Chaos, draw_kills
from checker import Checker
from client import Client
from crowd import Crowd
from listener import Resuming, check_stream
from subscriber import Subscriber, check_events

EMPTY_SECONDS = 10  # a broker that was started again tells of empty queues for up to 6 s
RUN_SECONDS = 900


class Campaign:
    def __init__(self, stage, contract, seed, orders, clients=32, seconds_max=RUN_SECONDS):
        self.stage, self.seed = stage, seed
        self.crowd = Crowd(stage.url, seed, orders, clients, seconds_max)
        self.subscriber = Subscriber(stage.amqp_url())
        self.before = len(self.read_log())  # the health monitor tells of the start
        self.listener = Resuming(stage.url)
        self.listener.start()
        stage.write_down_queues()
        self.client = Client(stage.url, contract)
        self.crowd.open_shop(self.client)
        self.client.close()

    def run(self, parts, times, pairs=(), at_first=None):
        """Gives the kills. `at_first` is called while the crowd is at work, before the first of them."""
        kills = draw_kills(self.seed, self.crowd.orders, parts, times, pairs)
        print(f"seed {self.seed}: " + ", ".join(map(str, kills)), flush=True)
        started = time.monotonic()
        self.crowd.start()
        chaos = Chaos(self.stage, self.crowd, kills, at_first)
        chaos.start()
        self.crowd.join()
        chaos.finish()
        print(f"{len(self.crowd.wishes)} commands in {time.monotonic() - started:.1f} s", flush=True)
        return kills

    def check(self, settle_seconds=60):
        """Everything the checker finds; prints its figures."""
        checker = Checker(self.crowd, self.client, settle_seconds)
        findings = checker.check()
        for note in self.check_queues(settle_seconds):
            findings.note(note)
        audit = self.stage.audit()
        if audit:
            findings.note(f"the audit says: {audit[:2000]}")
        log = self.read_log()
        for note in check_events(self.subscriber.read(len(log), settle_seconds), log,
                                 self.before):
            findings.note(note)
        self.listener.finish(len(log), settle_seconds)
        findings.missed, findings.repeated, notes = check_stream(self.listener.events, log)
        for note in notes:
            findings.note(note)
        findings.resumed = max(self.listener.streams - 1, 0)
        print(f"{findings}\n{len(log)} events in the log, {len(self.subscriber.events)} heard, "
              f"{self.subscriber.heartbeats} heartbeats; {len(self.listener.events)} heard live",
              flush=True)
        return findings

    def check_queues(self, settle_seconds):
        """Empty, and seen so for longer than a restarted broker's false zero."""
        deadline = time.monotonic() + settle_seconds
        empty_since = None
        while True:
            waiting = {name: count for name, count in self.stage.queue_lengths().items()
                       if count and name != self.subscriber.queue}
            now = time.monotonic()
            empty_since = None if waiting else empty_since or now
            if empty_since and now - empty_since >= EMPTY_SECONDS:
                return []
            if waiting and now > deadline:
                return [f"the queues are not empty: {waiting}"]
            time.sleep(0.5)

    def read_log(self):
        rows = self.stage.sql("COPY (SELECT position, version, type, key FROM stockroom.log "
                              "ORDER BY position) TO STDOUT").splitlines()
        return [(int(position), type_name, key, int(version)) for position, version, type_name, key in
                (row.split("\t", 3) for row in rows)]
