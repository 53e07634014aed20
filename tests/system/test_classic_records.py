"""The record system as its clients know it: its routes by curl, its queues by pika."""

import concurrent.futures
import json
import uuid

import pytest

from classic import JSON, Party, connect_to_broker, curl, open_channel, send
from client import Client, eventually, quote
from services import Services

QUEUES = ("insert_record", "read_database", "delete_record")


@pytest.fixture(scope="module")
def server(make_server, tmp_path_factory):
    server = make_server(tmp_path_factory.mktemp("server"), classic=True)
    yield server
    server.stop()
    server.remove()


def fresh_srn():
    return "1BI" + uuid.uuid4().hex[:12]


def all_records(url):
    status, records = curl(f"{url}/read_database")
    assert status == 200
    return {record["SRN"]: (record["Name"], record["Section"]) for record in records}


# By its routes, in both shapes.

def test_at_first_there_is_none(server):
    """The first of the file: nothing has been inserted yet."""
    assert curl(f"{server.url}/read_database") == (200, [])


@pytest.mark.parametrize("arguments", [
    lambda name, srn: ("-H", JSON, "-d", json.dumps({"Name": name, "SRN": srn, "Section": "A"})),
    lambda name, srn: ("-d", json.dumps({"Name": name, "SRN": srn, "Section": "A"})),
    lambda name, srn: ("--data-urlencode", f"Name={name}", "-d", f"SRN={srn}", "-d", "Section=A"),
    lambda name, srn: ("-F", f"Name={name}", "-F", f"SRN={srn}", "-F", "Section=A"),
], ids=["JSON", "JSON that is called a form", "form", "form of parts"])
def test_a_record_comes_is_replaced_and_goes(server, arguments):
    url, srn = server.url, fresh_srn()
    for name in ("Zoë & Co.", "Bob"):
        assert curl(f"{url}/insert_record", *arguments(name, srn)) == (
            200, {"message": "Insert record message sent"})
        assert all_records(url)[srn] == (name, "A")
    assert curl(f"{url}/delete_record?SRN={srn}") == (200, {"message": "Delete record message sent"})
    assert srn not in all_records(url)
    status, answer = curl(f"{url}/delete_record?SRN={srn}")
    assert (status, list(answer)) == (404, ["message"])


def test_numbers_stand_for_their_digits(server):
    number = str(uuid.uuid4().int)[:15].lstrip("0")
    body = f'{{"Name":7,"SRN":{number},"Section":3,"Age":20}}'
    assert curl(f"{server.url}/insert_record", "-H", JSON, "-d", body)[0] == 200
    assert all_records(server.url)[number] == ("7", "3")


@pytest.mark.parametrize("path, arguments, word", [
    ("insert_record", ("-d", "{}"), "SRN"),
    ("insert_record", ("-d", ""), "SRN"),
    ("insert_record", ("-H", JSON, "-d", "nonsense"), "line 1"),
    ("insert_record", ("-d", "Name=Ann&SRN=%FF"), "form"),
    ("insert_record", ("-d", f"SRN=x&Name={'n' * 201}"), "Name"),
    ("insert_record", ("-F", "Name=Ann"), "SRN"),
    ("delete_record", (), "SRN"),
])
def test_what_cannot_be_understood_is_told(server, path, arguments, word):
    status, answer = curl(f"{server.url}/{path}", *arguments)
    assert (status, list(answer)) == (400, ["message"])
    assert word in answer["message"]


def test_the_commands_are_the_native_ones(server, contract):
    client, srn = Client(server.url, contract), fresh_srn()
    curl(f"{server.url}/insert_record", "-d", f"Name=Ann&SRN={srn}&Section=B")
    record = client.get(f"/v1/records/{srn}").json
    assert (record["name"], record["section"], record["version"]) == ("Ann", "B", 1)
    client.close()


def test_many_clients_at_once_lose_nothing(server):
    srns = [fresh_srn() for _ in range(64)]

    def insert(srn):
        return curl(f"{server.url}/insert_record", "-d", f"Name={srn}&SRN={srn}&Section=A")

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert {status for status, _ in pool.map(insert, srns)} == {200}
    records = all_records(server.url)
    assert all(records[srn] == (srn, "A") for srn in srns)


# By its queues, on RabbitMQ.

@pytest.fixture
def broker(server):
    if not isinstance(server, Services):
        pytest.skip("one process has its queues within it")
    connection = connect_to_broker(server)
    yield connection
    connection.close()


@pytest.fixture
def channel(broker):
    """As the old programs make it: they declare the queues themselves."""
    channel = open_channel(broker)
    for queue in QUEUES:
        channel.queue_declare(queue, durable=True)
    return channel


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


def test_the_same_message_again_is_done_once(server, channel, contract):
    client, srn = Client(server.url, contract), fresh_srn()

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
    client.close()


@pytest.mark.parametrize("queue, body, word", [
    ("insert_record", b"nonsense \xff", "line 1"),
    ("insert_record", b"{}", "SRN"),
    ("insert_record", b'{"SRN":"x","Name":null}', "Name"),
    ("delete_record", b"", "SRN"),
    ("delete_record", b'{"Name":"Ann"}', "SRN"),
])
def test_what_makes_no_sense_is_a_dead_letter(server, channel, contract, queue, body, word):
    client = Client(server.url, contract)

    def letters():
        return {letter["id"]: letter
                for letter in client.pages(f"/v1/dead-letters?queue={queue}", "dead_letters")}

    known = letters().keys()
    send(channel, queue, body)
    (letter,) = eventually(lambda: letters().keys() - known, "it is a dead letter")
    assert word in letters()[letter]["reason"]
    srn = fresh_srn()
    send(channel, "insert_record", {"SRN": srn})
    eventually(lambda: srn in all_records(server.url), "its neighbours go on")
    client.close()


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


def test_without_the_service_its_list_is_503_and_comes_back(server, broker):
    records = server.services["records"]
    assert records.stop()
    status, answer = curl(f"{server.url}/read_database")
    assert (status, list(answer)) == (503, ["message"])
    records.start()
    records.wait_until_ready()
    eventually(lambda: curl(f"{server.url}/read_database")[0] == 200, "it is answered again")
