"""Somebody else's program, which knows api/asyncapi.yaml and no more: by Debian's pika it has things
done, gets its answers, and hears what happened."""

import collections
import json
import pathlib
import sys
import time
import uuid

import pika
import pytest

from client import DEADLINE_SECONDS, fresh_sku
from subscriber import HEARTBEAT

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "asyncapi"))

import asyncapi  # noqa: E402

SHAPE = "services"
DIRECT = "amq.rabbitmq.reply-to"
QUEUES = {"create_item": "stockroom.catalogue", "receive_stock": "stockroom.stock",
          "place_order": "stockroom.orders", "confirm_order": "stockroom.orders"}
MESSAGES = asyncapi.Document()


@pytest.fixture
def connection(server):
    connection = pika.BlockingConnection(pika.URLParameters(server.amqp_url))
    yield connection
    connection.close()


@pytest.fixture(params=["direct reply-to", "a queue of its own"])
def party(connection, request):
    return Party(connection, own_queue=request.param != "direct reply-to")


class Party:
    def __init__(self, connection, own_queue=True):
        self.channel = connection.channel()
        self.channel.confirm_delivery()
        self.answers = {}
        self.correlation_ids = {}  # of the answers
        self.reply_to = DIRECT
        if own_queue:
            self.reply_to = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.basic_consume(self.reply_to, self.on_answer, auto_ack=True)

    def on_answer(self, _channel, _method, properties, body):
        payload = json.loads(body)
        correlation_id = properties.correlation_id
        MESSAGES.check("outcome", payload, {"correlation_id": correlation_id} if correlation_id else {})
        for outcome in payload if isinstance(payload, list) else [payload]:
            self.answers[outcome["id"]] = outcome
            self.correlation_ids[outcome["id"]] = correlation_id

    def publish(self, queue, payload, correlation_id=None):
        """Returns when it is durable; raises when no queue takes it."""
        self.channel.basic_publish(
            "stockroom.commands", queue, json.dumps(payload).encode(), mandatory=True,
            properties=pika.BasicProperties(content_type="application/json", delivery_mode=2,
                                            reply_to=self.reply_to,
                                            correlation_id=correlation_id))

    def wait_for(self, ids):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not self.answers.keys() >= set(ids):
            assert time.monotonic() < deadline, "no answer came"
            self.channel.connection.process_data_events(time_limit=1)

    def ask(self, *commands):
        """The outcomes, of one message to one queue."""
        for command in commands:
            MESSAGES.check(command["kind"], command)
        self.publish(QUEUES[commands[0]["kind"]], commands[0] if len(commands) == 1 else commands)
        ids = [command["id"] for command in commands]
        self.wait_for(ids)
        return [self.answers.pop(each) for each in ids]


def command(kind, body):
    return {"id": str(uuid.uuid4()), "kind": kind, "actor": "user:third-party", "body": body}


def item(party, quantity=50):
    sku = fresh_sku()
    created, = party.ask(command("create_item", {
        "sku": sku, "price": "25.00", "opening": [{"location": "main", "quantity": quantity}]}))
    assert created["code"] == "created"
    return sku


class Hearer:
    """A durable queue for all events."""

    def __init__(self, connection):
        self.channel = connection.channel()
        self.queue = self.channel.queue_declare(f"third-party.{uuid.uuid4()}", durable=True).method.queue
        self.channel.queue_bind(self.queue, "stockroom.events", "#")

    def hear(self, is_enough):
        """All events so far, the heartbeats among them, once that is true of them."""
        heard = []
        deadline = time.monotonic() + DEADLINE_SECONDS
        for method, properties, body in self.channel.consume(self.queue, auto_ack=True,
                                                             inactivity_timeout=1):
            assert time.monotonic() < deadline, f"heard only {heard}"
            if body is None:
                continue
            events = json.loads(body)
            assert properties.content_type == "application/cloudevents-batch+json"
            assert properties.delivery_mode == 2
            MESSAGES.check(method.routing_key, events,
                           {"type": properties.type, "message_id": properties.message_id})
            heard += events
            if is_enough(heard):
                break
        self.channel.cancel()
        return heard


def test_an_order_is_placed_answered_and_heard(client, connection, party):
    hearer = Hearer(connection)
    sku = item(party)
    order = command("place_order", {"customer": "c-17", "lines": [{"sku": sku, "quantity": 2}]})
    outcome, = party.ask(order)
    assert outcome["code"] == "reserved"
    assert outcome["result"]["id"] == order["id"]
    assert outcome["result"]["execution_price"] == "50.00"
    assert client.get(f"/v1/orders/{order['id']}").json == outcome["result"]

    heard = hearer.hear(lambda events: any(event.get("command") == order["id"] for event in events)
                        and events[-1]["type"] == HEARTBEAT)
    reserved, = (event for event in heard if event["type"] == "order.reserved")
    assert reserved["subject"] == f"order/{order['id']}"
    assert reserved["command"] == order["id"]
    assert reserved["actor"] == order["actor"]
    assert reserved["data"] == outcome["result"]
    about = [event["type"] for event in heard if sku in event.get("subject", "")]
    assert about[0] == "item.created" and "level.changed" in about

    positions = [int(event["sequence"]) for event in heard if event["type"] != HEARTBEAT]
    assert positions == list(range(positions[0], positions[0] + len(positions)))
    assert int(heard[-1]["sequence"]) >= positions[-1]


def test_a_command_sent_again_gets_its_outcome_again(client, party):
    sku = item(party)
    order = command("place_order", {"lines": [{"sku": sku, "quantity": 2}]})
    first, = party.ask(order)
    again, = party.ask(order)
    assert again == first
    assert client.get(f"/v1/items/{sku}").json["held"] == 2
    reused, = party.ask({**order, "body": {"lines": [{"sku": sku, "quantity": 3}]}})
    assert reused["code"] == "idempotency_key_reused"


def test_several_commands_in_one_message_are_all_answered(party):
    sku = item(party, quantity=3)
    orders = [command("place_order", {"lines": [{"sku": sku, "quantity": 2}]}) for _ in range(100)]
    outcomes = party.ask(*orders)
    assert collections.Counter(outcome["code"] for outcome in outcomes) == {
        "reserved": 1, "rejected": 99}


def test_an_answer_has_the_correlation_id_of_its_message(party):
    sku = item(party)
    sent = {}
    for correlation_id in (*(f"call-{number}" for number in range(20)), "c" * 255, None):
        orders = [command("place_order", {"lines": [{"sku": sku, "quantity": 1}]}) for _ in range(3)]
        party.publish("stockroom.orders", orders, correlation_id)
        sent |= {order["id"]: correlation_id for order in orders}
    party.wait_for(sent)
    assert {each: party.correlation_ids[each] for each in sent} == sent


def test_a_wrong_body_is_answered(connection):
    party = Party(connection)
    wrong = command("place_order", {"lines": []})
    party.publish("stockroom.orders", wrong)
    party.wait_for([wrong["id"]])
    assert party.answers[wrong["id"]]["code"] == "invalid"
    assert party.answers[wrong["id"]]["field"] == "lines"


def test_what_is_no_command_becomes_a_dead_letter(connection):
    party = Party(connection)
    queue = party.channel.queue_declare("", exclusive=True).method.queue
    party.channel.queue_bind(queue, "stockroom.dead")
    payload = {"kind": "place_order", "mark": str(uuid.uuid4())}
    party.publish("stockroom.orders", payload)
    deadline = time.monotonic() + DEADLINE_SECONDS
    for _, properties, body in party.channel.consume(queue, inactivity_timeout=1):
        assert time.monotonic() < deadline
        if body is not None and json.loads(body) == payload:
            break
    MESSAGES.check("dead_letter", payload, properties.headers)
    assert properties.headers["x-queue"] == "stockroom.orders"
    assert "id" in properties.headers["x-reason"]
    assert properties.headers["x-redeliveries"] == "0"
    party.channel.cancel()


def test_a_message_for_no_queue_comes_back(connection):
    with pytest.raises(pika.exceptions.UnroutableError):
        Party(connection).publish("stockroom.nowhere", command("place_order", {}))


def documented_queues():
    return [channel for channel in MESSAGES.tree["channels"].values() if "x-arguments" in channel]


@pytest.mark.parametrize("described", documented_queues(), ids=lambda channel: channel["address"])
def test_queues_are_as_documented(server, connection, described):
    channel = connection.channel()
    channel.queue_declare(described["address"], durable=True, arguments=described["x-arguments"])
    with pytest.raises(pika.exceptions.ChannelClosedByBroker):
        channel.queue_declare(described["address"], durable=True, arguments={
            **described["x-arguments"], "x-message-ttl": 1_000_000})
    wanted = described["x-binding"]
    bindings = server.manage("GET", f"/api/queues/{server.name}/{described['address']}/bindings")
    assert [wanted["exchange"], wanted["routingKey"]] in [
        [binding["source"], binding["routing_key"]] for binding in bindings]
    connection.channel().exchange_declare(wanted["exchange"], wanted["type"], durable=True)


def test_the_events_exchange_is_as_documented(server, connection):
    exchange = MESSAGES.tree["channels"]["events"]["bindings"]["amqp"]["exchange"]
    connection.channel().exchange_declare(exchange["name"], exchange["type"], durable=exchange["durable"],
                                          auto_delete=exchange["autoDelete"])
    with pytest.raises(pika.exceptions.ChannelClosedByBroker):
        connection.channel().exchange_declare(exchange["name"], "direct", durable=True)
