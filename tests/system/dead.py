"""How a test gets a command that cannot be decided, in either shape: an order that is cancelled while its
level says that nothing is held. Once the level is mended it can be."""

import contextlib
import sqlite3

from client import eventually


def write(server, sql):
    """Behind the back of whoever runs."""
    if hasattr(server, "sql"):
        server.sql(f"SET search_path = stockroom; {sql}")
        return
    with contextlib.closing(sqlite3.connect(server.store_url.removeprefix("sqlite:"),
                                            timeout=60)) as store, store:
        store.execute(sql)


class Trap:
    """An order of 2 of 5; a command on it that is sent while it is set dies."""

    def __init__(self, server, client):
        self.server, self.client = server, client
        self.sku = client.create_item(stock=5)
        self.order = client.place(self.sku, 2).json["id"]

    def set(self):
        write(self.server, f"UPDATE levels SET held = 0 WHERE sku = '{self.sku}'")
        return self

    def mend(self):
        write(self.server, f"UPDATE levels SET held = 2 WHERE sku = '{self.sku}'")

    def trip(self, **more):
        """The id of the command that died."""
        answer = self.client.post(f"/v1/orders/{self.order}/cancel", {"reason": "why not"},
                                  status=500, **more)
        assert answer.problem == "dead_letter"
        return answer.json["command_id"]


def letter(client, letter_id):
    return client.get(f"/v1/dead-letters/{letter_id}").json


def wait_for(client, letter_id, state, count):
    """The letter, once it is so."""
    def look():
        answer = client.request("GET", f"/v1/dead-letters/{letter_id}")
        found = answer.json if answer.status == 200 else {}
        # Version 0: its service has written it down, and it has not yet come.
        is_so = (found.get("state"), found.get("count")) == (state, count) and found["version"] > 0
        return is_so and found
    return eventually(look, f"{letter_id} is {state}, {count}")


def replay(client, letter_id, status=200, reason=None, **more):
    return client.post(f"/v1/dead-letters/{letter_id}/replay", reason and {"reason": reason},
                       status=status, **more)


def discard(client, letter_id, reason="of no use", status=200, **more):
    return client.post(f"/v1/dead-letters/{letter_id}/discard", {"reason": reason}, status=status,
                       **more)
