"""Commands for the tests of what a service cannot decide: good ones, and poison amid them, by hand."""

import uuid

import pika

TRIPS = "trip"  # the actor whose commands break a service that is rigged so (tests/system/rigged)


def command(kind, body, actor="user:test"):
    return {"id": str(uuid.uuid4()), "kind": kind, "actor": actor, "at": "2026-11-21T10:00:00Z",
            "body": body}


class Commands:
    """Good ones for a service, as many as are asked for."""

    def __init__(self, service, sku):
        self.service, self.sku = service, sku

    def make(self, actor="user:test"):
        if self.service == "catalogue":
            return command("create_item", {"sku": f"T-{uuid.uuid4().hex}"}, actor)
        if self.service == "stock":
            return command("receive_stock", {"sku": self.sku, "location": "main", "quantity": 1}, actor)
        return command("place_order", {"lines": [{"sku": self.sku, "quantity": 1}]}, actor)


def publish(channel, queue, bodies):
    properties = pika.BasicProperties(content_type="application/json", delivery_mode=2)
    for body in bodies:
        channel.basic_publish("stockroom.commands", queue, body, properties, mandatory=True)


def undone(stage, commands):
    """How many of them have no outcome."""
    listed = ",".join(f"'{one['id']}'" for one in commands)
    return len(commands) - int(stage.sql(
        f"SELECT count(*) FROM stockroom.outcomes WHERE command IN ({listed})"))
