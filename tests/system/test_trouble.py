"""The broker or the store stands still, or the broker takes nothing more: no write hangs, reads go on,
and when it is over all is well again by itself."""

import http.client
import itertools
import json
import os
import threading
import time
import urllib.parse

import pytest

from client import DEADLINE_SECONDS, Client, eventually, strict_json
from crowd import command_id
from stage import Stage

PAUSE_SECONDS = int(os.environ.get("STOCKROOM_PAUSE_SECONDS", "30"))
SLOWNESS = int(os.environ.get("STOCKROOM_SLOWNESS", "1"))  # of a sanitizer's build
# A write waits 5 s for its outcome and 1 s to look it up, a read 5 s.
ANSWER_SECONDS = 10 * SLOWNESS
WELL_AGAIN_SECONDS = 30 * SLOWNESS
WRITERS, READERS = 8, 4
WAITING = 20


@pytest.fixture(scope="module")
def stage(binaries, tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("stage"), binaries)
    yield stage
    stage.end()


class Prober(threading.Thread):
    """Asks one thing after the other on its own connection until it is stopped; each must be answered
    in time."""

    def __init__(self, url, requests, stopped):
        super().__init__(daemon=True)
        self.address = urllib.parse.urlsplit(url).netloc
        self.requests, self.stopped = requests, stopped
        self.answers, self.failure = [], None  # (method, target, key, status, headers, body)

    def run(self):
        connection = http.client.HTTPConnection(self.address, timeout=ANSWER_SECONDS)
        try:
            for method, target, body, headers in self.requests:
                if self.stopped.is_set():
                    return
                connection.request(method, target, body and json.dumps(body), headers)
                response = connection.getresponse()
                self.answers.append((method, target, headers.get("Idempotency-Key"), response.status,
                                     response.headers, strict_json(response.read().decode())))
                if response.status == 503:
                    time.sleep(0.05)
        except Exception as error:  # told by the test's own thread
            self.failure = error
        finally:
            connection.close()


def writes(run, number, sku):
    for i in range(10**9):
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"{run}/{number}/{i}"}
        if i % 3 == 0:
            headers["Prefer"] = "respond-async"
        yield "POST", "/v1/orders", {"lines": [{"sku": sku, "quantity": 1}]}, headers


def reads(targets):
    while True:
        for target in targets:
            yield "GET", target, None, {}


class Trouble:
    """Something wrong with the stage, and then no more."""

    def __init__(self, stage, what):
        self.stage, self.what = stage, what

    def begin(self):
        if self.what == "a memory alarm":
            self.stage.broker.control("set_vm_memory_high_watermark", "0.0001")
        else:
            self.stage.pause(self.what.split()[0])

    def end(self):
        if self.what == "a memory alarm":
            self.stage.broker.control("set_vm_memory_high_watermark", "0.3")
        else:
            self.stage.resume(self.what.split()[0])


@pytest.mark.parametrize("what", ["broker paused", "store paused", "a memory alarm"])
def test_no_write_hangs_and_all_is_well_again(stage, contract, what):
    client = Client(stage.url, contract)
    sku = client.create_item(stock=10**9)
    quiet = client.create_item(stock=9)  # nobody changes it: the gateway's cache keeps it
    targets = [f"/v1/items/{quiet}", f"/v1/orders/{client.place(quiet, 1).json['id']}"]
    eventually(lambda: "\nstockroom_cache_hears 1\n" in client.get("/metrics").text,
               "the cache hears of every change")
    for target in targets:
        client.get(target)
    stopped = threading.Event()
    run = f"trouble-{sku}"
    writers = [Prober(stage.url, writes(run, i, sku), stopped) for i in range(WRITERS)]
    readers = [Prober(stage.url, reads(targets), stopped) for _ in range(READERS)]
    probers = writers + readers
    for prober in probers:
        prober.start()
    trouble = Trouble(stage, what)
    trouble.begin()
    try:
        stopped.wait(PAUSE_SECONDS)
    finally:
        trouble.end()
    is_over = time.monotonic()
    stopped.set()
    for prober in probers:
        prober.join()
    for prober in probers:
        assert not prober.failure, f"{what}: not answered: {prober.failure!r}"

    written = [answer for writer in writers for answer in writer.answers]
    check_writes(written)
    read = [answer for reader in readers for answer in reader.answers]
    check_reads(what, read)
    wait_until_well(stage, is_over + WELL_AGAIN_SECONDS)
    accepted = [key for _, _, key, status, _, _ in written if status in (201, 202)]
    wait_for_outcomes(client, accepted, is_over + WELL_AGAIN_SECONDS)
    print(f"{what}: {len(written)} writes, {len(accepted)} accepted; {len(read)} reads, "
          f"{sum(answer[3] == 200 for answer in read)} answered; well again after "
          f"{time.monotonic() - is_over:.1f} s")
    # What was said to be undone is so.
    for _, _, key, status, _, body in written:
        if status == 503 and body.get("outcome") == "none":
            client.get(f"/v1/commands/{command_id(key)}", status=404)
    client.place(sku, 1)
    client.check_books(sku)
    assert stage.audit() == ""
    client.close()


def test_a_memory_alarm_refuses_writes_for_good_and_acks_go_on(stage, contract):
    """The broker says that it takes nothing (connection.blocked): so nothing is sent to it that might
    still be done. What it holds is worked off all the same, since that is what makes room."""
    client = Client(stage.url, contract)
    sku = client.create_item(stock=10**6)
    run, gateway, alarm = f"alarm-{sku}", stage.part("gateway"), Trouble(stage, "a memory alarm")

    def names_the_alarm():
        return "low on memory" in (gateway.unready() or "")

    def tries_to_write(number):
        client.place(sku, 1, status=None, key=f"{run}/try/{number}")
        return names_the_alarm()

    stage.pause("orders")
    try:
        waiting = [f"{run}/waiting/{i}" for i in range(WAITING)]
        for key in waiting:
            client.place(sku, 1, status=202, key=key, prefer="respond-async")
        alarm.begin()
        # RabbitMQ tells a connection when that publishes something.
        numbers = itertools.count()
        eventually(lambda: tries_to_write(next(numbers)), "/readyz names the alarm")
        eventually(lambda: stage.queue_lengths()["stockroom.orders"] > 0, "the queue is counted")
        stage.resume("orders")
        for i, prefer in enumerate([None, "respond-async", "wait=30"] * 5):
            key = f"{run}/refused/{i}"
            answer = client.place(sku, 1, status=503, key=key, prefer=prefer)
            assert answer.json["outcome"] == "none", answer.text
            assert "retry-after" in answer.headers, answer.text
            client.get(f"/v1/commands/{command_id(key)}", status=404)
        eventually(lambda: stage.queue_lengths()["stockroom.orders"] == 0, "all is decided and acked")
        assert names_the_alarm(), "it goes on"
    finally:
        stage.resume("orders")
        alarm.end()
    deadline = time.monotonic() + DEADLINE_SECONDS
    wait_until_well(stage, deadline)
    wait_for_outcomes(client, waiting, deadline)
    client.place(sku, 1)
    client.check_books(sku)
    client.close()


def check_writes(answers):
    statuses = {status for _, _, _, status, _, _ in answers}
    assert statuses <= {201, 202, 503}, statuses
    for _, _, _, status, headers, body in answers:
        if status == 503:
            assert "Retry-After" in headers, body


def check_reads(what, answers):
    """Without the store they say, after a while, that they may be old."""
    assert {answer[3] for answer in answers} == {200}, [
        answer for answer in answers if answer[3] != 200][:3]
    if what == "store paused":
        assert any("Warning" in headers for _, _, _, _, headers, _ in answers)


def wait_until_well(stage, deadline):
    left = stage.system.services()
    while left:
        left = [service for service in left if service.unready()]
        assert not left or time.monotonic() < deadline, [
            (service.name, service.unready()) for service in left]
        time.sleep(0.1)


def wait_for_outcomes(client, keys, deadline):
    for key in keys:
        while (answer := client.get(f"/v1/commands/{command_id(key)}", status=None)).status != 200 or (
                answer.json["state"] != "done"):
            assert time.monotonic() < deadline, f"no outcome: {answer.text}"
            time.sleep(0.05)
