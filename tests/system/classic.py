"""How clients that know of no Stockroom use its classic interface: the routes by curl, or on a connection
that they keep; the queues by Debian's pika."""

import decimal
import http.client
import json
import subprocess
import time
import urllib.parse
import uuid

import pika

from client import DEADLINE_SECONDS, eventually

JSON = "Content-Type: application/json"
DIRECT = "amq.rabbitmq.reply-to"


# Its routes.

def curl(url, *arguments):
    """Status and JSON; numbers with a point as they stand."""
    done = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", *arguments, url],
                          capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=True)
    text, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(text, parse_float=decimal.Decimal)


def connect(url):
    return http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=DEADLINE_SECONDS)


def items(url):
    status, rows = curl(f"{url}/order_processing")
    assert status == 200, rows
    assert len(rows) == len({row["sku"] for row in rows})
    return {row["sku"]: row for row in rows}


def fresh_srn():
    return "1BI" + uuid.uuid4().hex[:12]


def all_records(url):
    """(name, section) by SRN."""
    status, records = curl(f"{url}/read_database")
    assert status == 200
    return {record["SRN"]: (record["Name"], record["Section"]) for record in records}


# Its queues.

def connect_to_broker(server):
    return pika.BlockingConnection(pika.URLParameters(server.amqp_url))


def open_channel(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    return channel


def send(channel, queue, body, exchange="", **properties):
    channel.basic_publish(exchange, queue, body if isinstance(body, bytes) else json.dumps(body).encode(),
                          properties=pika.BasicProperties(delivery_mode=2, **properties),
                          mandatory=True)


def become_dead_letter(client, channel, queue, body):
    """Sends what makes no sense; gives the letter that it becomes."""
    def letters():
        return {letter["id"]: letter
                for letter in client.pages(f"/v1/dead-letters?queue={queue}", "dead_letters")}

    known = letters().keys()
    send(channel, queue, body)
    (letter,) = eventually(lambda: letters().keys() - known, "it is a dead letter")
    return letters()[letter]


class Party:
    """Asks, and knows its answers by their correlation ids."""

    def __init__(self, connection, own_queue):
        self.channel = open_channel(connection)
        self.reply_to = DIRECT
        if own_queue:
            self.reply_to = self.channel.queue_declare("", exclusive=True).method.queue
        self.answers = {}
        self.channel.basic_consume(self.reply_to, self.on_answer, auto_ack=True)

    def on_answer(self, _channel, _method, properties, body):
        assert properties.correlation_id not in self.answers
        self.answers[properties.correlation_id] = json.loads(body)

    def ask(self, queue, body=b"", exchange=""):
        correlation_id = uuid.uuid4().hex
        send(self.channel, queue, body, exchange, reply_to=self.reply_to, correlation_id=correlation_id)
        return self.wait(correlation_id)

    def wait(self, correlation_id):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while correlation_id not in self.answers:
            assert time.monotonic() < deadline, "no answer came"
            self.channel.connection.process_data_events(time_limit=1)
        return self.answers.pop(correlation_id)
