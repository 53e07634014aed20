"""The record system as its clients know it: its routes, by curl."""

import concurrent.futures
import json
import uuid

import pytest

from classic import JSON, all_records, curl, fresh_srn
from client import Client

SERVER = {"classic": True}


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
