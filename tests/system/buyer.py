"""A client that goes on buying while the system is replaced under it."""

import http.client
import threading
import time

from client import DEADLINE_SECONDS, fresh_key


class Buyer(threading.Thread):
    """Orders one unit after the other, each until it has it, turned away or cut off. When it is cut off,
    it asks `who_runs` and keeps the answer."""

    def __init__(self, client, sku, who_runs):
        super().__init__(daemon=True)
        self.client, self.sku, self.who_runs = client.another(), sku, who_runs
        self.placed, self.cuts, self.failure = [], [], None
        self.ending = threading.Event()

    def run(self):
        try:
            while not self.ending.is_set():
                self.placed.append(self.buy(fresh_key()))
        except Exception as error:  # told by the test's own thread
            self.failure = error
        self.client.close()

    def buy(self, key):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            try:
                answer = self.client.place(self.sku, 1, status=None, key=key, prefer="wait=30")
            except (OSError, http.client.HTTPException) as error:
                self.client.close()
                self.cuts.append((type(error).__name__, self.who_runs()))
            else:
                if answer.status == 201:
                    return answer.json["id"]
                assert answer.status in (202, 503), answer
            assert time.monotonic() < deadline, self.cuts[-5:]
            time.sleep(0.05)

    def end(self):
        self.ending.set()
        self.join()
        if self.failure:
            raise self.failure
