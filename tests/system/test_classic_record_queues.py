"""The record system as its clients know it: its queues on RabbitMQ, by Debian's pika."""

import pytest

from classic import (Party, all_records, become_dead_letter, connect_to_broker, curl, fresh_srn,
                     open_channel, send)
from client import eventually, quote

SHAPE, SERVER = "services", {"classic": True}
QUEUES = ("insert_record", "read_database", "delete_record")


@pytest.fixture
def channel(server):
    """As the old programs make it: they declare the queues themselves."""
    connection = connect_to_broker(server)
    channel = open_channel(connection)
    for queue in QUEUES:
        channel.queue_declare(queue, durable=True)
    yield channel
    connection.close()


def ask(channel, queue, body=b"", own_queue=False, exchange=""):
    party = Party(channel.connection, own_queue)
    try:
        return party.ask(queue, body, exchange)
    finally:
        party.channel.close()


def test_the_queues_take_what_the_routes_take(server, channel):
    srn = fresh_srn()
    send(channel, "insert_record", {"Name": "Ann", "SRN": srn, "Section": "A"})
    eventually(lambda: all_records(server.url).get(srn) == ("Ann", "A"), "it is inserted")
    send(channel, "insert_record", {"Name": "Bob", "SRN": srn, "Section": "B"})
    eventually(lambda: all_records(server.url).get(srn) == ("Bob", "B"), "it is replaced")
    send(channel, "delete_record", {"SRN": srn})
    eventually(lambda: srn not in all_records(server.url), "it is deleted")


def test_one_exchange_routes_to_the_four_queues(channel):
    """And neither publishing nor asking is refused: it is there, and each name is bound."""
    def ask_by_it(queue, body):
        return ask(channel, queue, body, exchange="stockroom.classic")

    srn = fresh_srn()
    assert ask_by_it("health_check", b"any text") == {"message": "Health check message acknowledged"}
    assert ask_by_it("insert_record", {"Name": "Ann", "SRN": srn, "Section": "A"}) == {
        "message": "Insert record message sent"}
    record = {"Name": "Ann", "SRN": srn, "Section": "A"}
    eventually(lambda: record in ask_by_it("read_database", b""), "it is inserted")
    assert ask_by_it("delete_record", {"SRN": srn}) == {"message": "Delete record message sent"}
    eventually(lambda: record not in ask_by_it("read_database", b""), "it is deleted")


def test_an_srn_alone_is_enough_to_delete(server, channel):
    srn = fresh_srn()
    curl(f"{server.url}/insert_record", "-d", f"SRN={srn}")
    send(channel, "delete_record", srn.encode())
    eventually(lambda: srn not in all_records(server.url), "it is deleted")


@pytest.mark.parametrize("own_queue", [False, True], ids=["direct reply-to", "a queue of its own"])
@pytest.mark.parametrize("body", [b"", b"\xff any", b'{"all":true}'])
def test_read_database_is_answered_with_all_records(server, channel, own_queue, body):
    srn = fresh_srn()
    curl(f"{server.url}/insert_record", "-d", f"Name=Zo%C3%AB&SRN={srn}&Section=A")
    records = ask(channel, "read_database", body, own_queue)
    assert {"Name": "Zoë", "SRN": srn, "Section": "A"} in records
    assert [record["SRN"] for record in records] == sorted(all_records(server.url))


def test_who_wants_an_answer_to_a_wish_gets_one(channel):
    assert ask(channel, "insert_record", {"SRN": fresh_srn()}) == {"message": "Insert record message sent"}


def test_the_same_message_again_is_done_once(server, channel, client):
    srn = fresh_srn()

    def insert():
        send(channel, "insert_record", {"Name": "Ann", "SRN": srn}, message_id="1")

    def delete():
        send(channel, "delete_record", {"SRN": srn}, message_id="2")

    insert()
    eventually(lambda: srn in all_records(server.url), "it is inserted")
    delete()
    eventually(lambda: srn not in all_records(server.url), "it is deleted")
    # Now either would change something, were it done again.
    came, gone = fresh_srn(), fresh_srn()
    curl(f"{server.url}/insert_record", "-d", f"SRN={gone}")
    for _ in range(3):
        insert()
        delete()
    send(channel, "insert_record", {"SRN": came})
    send(channel, "delete_record", {"SRN": gone})
    eventually(lambda: came in all_records(server.url), "all before it in its queue are decided")
    eventually(lambda: gone not in all_records(server.url), "all before it in its queue are decided")
    client.get(f"/v1/records/{quote(srn)}", status=404)
    # Each change before this was a version.
    assert client.post("/v1/records", {"srn": srn}).json["version"] == 3


@pytest.mark.parametrize("queue, body, word", [
    ("insert_record", b"nonsense \xff", "line 1"),
    ("insert_record", b"{}", "SRN"),
    ("insert_record", b'{"SRN":"x","Name":null}', "Name"),
    ("delete_record", b"", "SRN"),
    ("delete_record", b'{"Name":"Ann"}', "SRN"),
])
def test_what_makes_no_sense_is_a_dead_letter(server, channel, client, queue, body, word):
    assert word in become_dead_letter(client, channel, queue, body)["reason"]
    srn = fresh_srn()
    send(channel, "insert_record", {"SRN": srn})
    eventually(lambda: srn in all_records(server.url), "its neighbours go on")


def test_what_is_sent_while_the_service_is_away_is_done_when_it_is_back(server, channel):
    records = server.services["records"]
    wanted = set()

    def send_some():
        for srn in [fresh_srn() for _ in range(25)]:
            send(channel, "insert_record", {"Name": srn, "SRN": srn})
            wanted.add(srn)

    for _ in range(2):
        records.kill()
        send_some()
        records.start()
        send_some()
    records.wait_until_ready()
    eventually(lambda: all_records(server.url).keys() >= wanted, "all are there")


def test_without_the_service_its_list_is_503_and_comes_back(server):
    records = server.services["records"]
    assert records.stop()
    status, answer = curl(f"{server.url}/read_database")
    assert (status, list(answer)) == (503, ["message"])
    records.start()
    records.wait_until_ready()
    eventually(lambda: curl(f"{server.url}/read_database")[0] == 200, "it is answered again")
