"""The classic queues, for producers that publish to RabbitMQ themselves: by Debian's pika."""

import json
import os
import pathlib
import re
import subprocess
import threading
import uuid

import pytest

from classic import Party, become_dead_letter, connect_to_broker, curl, items, open_channel, send
from client import DEADLINE_SECONDS, eventually, fresh_sku
from dead import discard, replay, wait_for

SHAPE, SERVER = "services", {"classic": True}
QUEUES = ("healthcheck", "health_check", "create_item", "stock_management", "order_processing")
BASE_MEMORY = int(os.environ.get("STOCKROOM_CLASSIC_MEMORY", "100")) * 1024 * 1024
LIST_COUNT = int(os.environ.get("STOCKROOM_CLASSIC_LIST", "100000"))


@pytest.fixture
def channel(server):
    connection = connect_to_broker(server)
    yield open_channel(connection)
    connection.close()


def declare(channel):
    """As the producers do themselves."""
    for queue in QUEUES:
        channel.queue_declare(queue=queue, durable=True)


@pytest.fixture(params=[False, True], ids=["direct reply-to", "a queue of its own"])
def party(server, request):
    connection = connect_to_broker(server)
    yield Party(connection, request.param)
    connection.close()


def item(sku, quantity=50, price=25.00):
    return {"sku": sku, "name": "Apple juice", "label": "juice", "price": price, "quantity": quantity}


def test_producers_may_declare_the_queues_before_and_after(start):
    """Neither they nor the services are refused."""
    def declare_as_producers(server):
        connection = connect_to_broker(server)
        declare(open_channel(connection))
        connection.close()

    server = start(classic=True, before_start=declare_as_producers)
    declare_as_producers(server)
    queues = {queue["name"]: queue for queue in server.manage("GET", f"/api/queues/{server.name}")}
    for name in QUEUES:
        assert (queues[name]["type"], queues[name]["durable"], queues[name]["arguments"]) == (
            "classic", True, {})
    assert curl(f"{server.url}/healthcheck")[0] == 200


def test_the_services_declare_them_themselves(channel):
    for queue in QUEUES:
        channel.queue_declare(queue=queue, passive=True)
    declare(channel)


def test_items_come_and_go(server, channel):
    declare(channel)
    sku = fresh_sku()
    send(channel, "healthcheck", ["message", "Healthcheck"])
    send(channel, "create_item", item(sku))
    eventually(lambda: items(server.url).get(sku, {}).get("quantity") == 50, "it is created")
    send(channel, "create_item", item(sku, 7, "19.99"))
    eventually(lambda: items(server.url)[sku]["quantity"] == 7, "it is changed")
    send(channel, "stock_management", {"sku": sku})
    eventually(lambda: sku not in items(server.url), "it is deleted")
    send(channel, "create_item", item(sku, 1), exchange="stockroom.classic")
    eventually(lambda: items(server.url).get(sku, {}).get("quantity") == 1, "it is revived")


def test_who_wants_an_answer_gets_it(server, party):
    sku = fresh_sku()
    assert party.ask("healthcheck", ["message", "Healthcheck"]) == {"message": "Health check message sent"}
    assert party.ask("health_check", b"\xff any string") == {"message": "Health check message acknowledged"}
    assert party.ask("create_item", item(sku)) == {"message": "Create item message sent"}
    eventually(lambda: sku in items(server.url), "it is created")
    for body in (b"", b"{}", b"\x00\xff", b'["message"]'):
        rows = party.ask("order_processing", body)
        assert [row for row in rows if row["sku"] == sku] == [item(sku)]
    assert party.ask("stock_management", {"sku": sku}) == {
        "message": "Stock management (item delete) message sent"}


def test_many_parties_at_once_get_each_its_own(server):
    curl(f"{server.url}/create_item", "-d", json.dumps(item(fresh_sku())))
    troubles = []

    def work(own_queue):
        try:
            connection = connect_to_broker(server)
            party = Party(connection, own_queue)
            for _ in range(20):
                assert isinstance(party.ask("order_processing"), list)
                assert party.ask("healthcheck") == {"message": "Health check message sent"}
            connection.close()
        except BaseException as trouble:  # told by the test's own thread
            troubles.append(trouble)
            raise

    threads = [threading.Thread(target=work, args=(number % 2 == 0,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles


def test_an_answer_to_nowhere_harms_nobody(server, channel):
    for reply_to in ("no-such-queue", "amq.rabbitmq.reply-to.nobody", "x" * 255):
        send(channel, "order_processing", b"", reply_to=reply_to, correlation_id="c")
    send(channel, "order_processing", b"")
    assert curl(f"{server.url}/order_processing")[0] == 200


@pytest.mark.parametrize("queue, body, word", [
    ("create_item", b"nonsense \xff\x00", "line 1"),
    ("create_item", b"", "line 1"),
    ("create_item", b'["message","Healthcheck"]', "object"),
    ("create_item", b'{"sku":"A","price":1e9,"quantity":1}', "price"),
    ("stock_management", b"{}", "sku"),
])
def test_what_makes_no_sense_is_a_dead_letter(server, client, channel, queue, body, word):
    letter = become_dead_letter(client, channel, queue, body)
    assert word in letter["reason"]
    replay(client, letter["id"])
    again = wait_for(client, letter["id"], "waiting", 2)
    assert (again["queue"], again["body"]) == (queue, letter["body"])
    discard(client, letter["id"])
    sku = fresh_sku()
    send(channel, "create_item", item(sku))
    eventually(lambda: sku in items(server.url), "its neighbours go on")


def test_a_message_with_an_id_is_done_once(client, channel):
    sku, mark = fresh_sku(), uuid.uuid4().hex
    send(channel, "create_item", item(sku, 5), message_id=mark)
    eventually(lambda: client.request("GET", f"/v1/items/{sku}").status == 200, "it is created")
    client.post("/v1/stock/adjustments", {"sku": sku, "quantity": -2}, status=200)
    send(channel, "create_item", item(sku, 5), message_id=mark)
    send(channel, "create_item", item(sku, 5) | {"name": "another body"}, message_id=mark)
    eventually(lambda: client.item(sku)["name"] == "another body", "another body is another command")
    # Had the second been done, there were no adjustment by the third.
    adjustments = [movement["quantity"] for movement in client.movements(sku)
                   if movement["kind"] == "adjustment"]
    assert adjustments == [2, -2]


def test_nothing_is_lost_while_the_service_is_killed(server, channel):
    catalogue = server.services["catalogue"]
    skus = [fresh_sku() for _ in range(600)]
    for number, sku in enumerate(skus):
        send(channel, "create_item", item(sku, number))
        if number in (150, 350):
            catalogue.kill()
        if number in (250, 450):
            catalogue.start()
    catalogue.wait_until_ready()
    eventually(lambda: items(server.url).keys() >= set(skus), "all are there")
    found = items(server.url)
    assert [found[sku]["quantity"] for sku in skus] == list(range(600))


def test_what_a_service_answers_is_503_without_it(server):
    for service, path in (("health", "healthcheck"), ("orders", "order_processing")):
        assert server.services[service].stop()
        status, answer = curl(f"{server.url}/{path}")
        assert (status, list(answer)) == (503, ["message"])
        server.services[service].start()
        server.services[service].wait_until_ready()
        eventually(lambda path=path: curl(f"{server.url}/{path}")[0] == 200, "it is answered again")


def test_who_finds_other_queues_is_told_why(start):
    """A queue that is there with arguments cannot be taken over: /readyz names it."""
    def declare_otherwise(server):
        connection = connect_to_broker(server)
        connection.channel().queue_declare("create_item", durable=True,
                                           arguments={"x-max-length": 7})
        connection.close()

    server = start(before_start=declare_otherwise)
    service = server.service("catalogue", server.ports["catalogue"])
    assert server.services["catalogue"].stop()
    service.settings["STOCKROOM_CLASSIC"] = "true"
    service.start()
    server.services["catalogue"] = service

    def is_told():
        why = service.unready() or ""
        return "create_item" in why and "PRECONDITION_FAILED" in why

    eventually(is_told, "it is told")


def test_a_list_of_a_hundred_thousand(server, channel):
    """Made by batches of commands, as only Stockroom's own can be sent."""
    before = len(items(server.url))
    mark = uuid.uuid4().hex[:8]
    for first in range(0, LIST_COUNT, 250):
        batch = [{"id": str(uuid.uuid4()), "kind": "create_item", "actor": "test",
                  "body": {"sku": f"{mark}-{number:06}", "name": f"Item {number}", "price": "1.25",
                           "opening": [{"location": "main", "quantity": 1}]}}
                 for number in range(first, first + 250)]
        send(channel, "stockroom.catalogue", batch, exchange="stockroom.commands")
    eventually(lambda: server.sql("SELECT count(*) FROM stockroom.items WHERE NOT retired").strip() ==
               str(before + LIST_COUNT), "all are made")

    party = Party(channel.connection, own_queue=True)
    assert len(party.ask("order_processing")) == before + LIST_COUNT

    def clients(count):
        """All of them read all of it at once."""
        command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}\n",
                   f"{server.url}/order_processing"]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
        return [process.communicate(timeout=DEADLINE_SECONDS)[0].split() for process in running]

    answers = clients(40)
    assert {status for status, _ in answers} == {"200"}
    (size,) = {int(size) for _, size in answers}
    # 40 answers in memory would be far more.
    for name in ("gateway", "orders"):
        assert peak_memory(server.services[name].process.pid) < 10 * size + BASE_MEMORY, name


def peak_memory(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024
