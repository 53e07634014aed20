import uuid

import pytest

from client import eventually, fresh_key


def await_command(client, location):
    return eventually(lambda: (command := client.get(location).json)["state"] != "pending" and command,
                      f"{location} is decided")


@pytest.mark.parametrize("prefer", ["respond-async", "Respond-Async", "return=minimal, respond-async"])
def test_an_answer_that_does_not_wait(client, prefer):
    sku = client.create_item(stock=5)
    answer = client.place(sku, 2, prefer=prefer, status=202)
    command_id = answer.json["id"]
    assert answer.headers["location"] == f"/v1/commands/{command_id}"
    assert answer.headers["preference-applied"] == "respond-async"
    command = await_command(client, answer.headers["location"])
    assert command["state"] == "done"
    outcome = command["outcome"]
    assert (outcome["id"], outcome["kind"], outcome["code"]) == (command_id, "place_order", "reserved")
    assert outcome["result"] == client.order(command_id)
    assert client.check_books(sku) == (5, 2, 3)


def test_a_refusal_can_be_read_later(client):
    sku = client.create_item(stock=1)
    answer = client.place(sku, 2, prefer="respond-async", status=202)
    outcome = await_command(client, answer.headers["location"])["outcome"]
    assert outcome["code"] == "rejected"
    assert outcome["shortages"] == [{"sku": sku, "wanted": 2, "available": 1}]
    assert client.order(answer.json["id"])["state"] == "rejected"
    answer = client.place(sku + "?", 1, prefer="respond-async", status=202)
    outcome = await_command(client, answer.headers["location"])["outcome"]
    assert (outcome["code"], outcome["field"]) == ("unknown_sku", "lines[0].sku")


def test_a_wait_of_nothing_may_still_find_the_outcome(client):
    sku = client.create_item(stock=5)
    answer = client.place(sku, 1, prefer="wait=0", status=None)
    assert answer.status in (201, 202)
    assert answer.headers["preference-applied"] == "wait=0"
    command = await_command(client, f"/v1/commands/{answer.json['id']}")
    assert command["outcome"]["code"] == "reserved"


def test_a_wait_that_is_long_enough_gives_the_outcome(client):
    sku = client.create_item(stock=5)
    for prefer, applied in (("wait=30", "wait=30"), ("wait=31", "wait=30"),
                            ('foo, wait="7"; x=y', "wait=7"), ("respond-async, wait=10", "wait=10"),
                            ("wait=99999999999999999999", "wait=30")):
        answer = client.place(sku, 1, prefer=prefer)
        assert answer.headers["preference-applied"] == applied
    assert client.check_books(sku) == (5, 5, 0)


@pytest.mark.parametrize("prefer", ["handling=lenient", "return=minimal", "wait=soon", "wait=-1",
                                    "", ",,", "wait"])
def test_other_preferences_are_passed_over(client, prefer):
    sku = client.create_item(stock=5)
    assert "preference-applied" not in client.place(sku, 1, prefer=prefer).headers


def test_the_same_key_names_the_same_command(client):
    sku, key = client.create_item(stock=5), fresh_key()
    first = client.place(sku, 1, key=key, prefer="respond-async", status=202)
    outcome = await_command(client, first.headers["location"])["outcome"]
    waited = client.place(sku, 1, key=key)
    assert waited.json["id"] == first.json["id"] == outcome["id"]
    assert client.check_books(sku) == (5, 1, 4)


def test_a_waited_for_write_can_be_asked_for_too(client):
    sku = client.create_item(stock=5)
    order = client.place(sku, 1).json
    command = client.get(f"/v1/commands/{order['id']}").json
    assert (command["state"], command["outcome"]["result"]) == ("done", order)


def test_what_is_invalid_is_refused_at_once(client):
    answer = client.place("x", 0, prefer="respond-async", status=422)
    assert answer.json["field"] == "lines[0].quantity"


def test_a_command_that_nobody_has_heard_of(client):
    assert client.get(f"/v1/commands/{uuid.uuid4()}", status=404).problem == "command_not_found"


def test_many_writes_without_waiting_all_end(client):
    sku = client.create_item(stock=60)
    locations = [client.place(sku, 1, prefer="respond-async", status=202).headers["location"]
                 for _ in range(100)]
    codes = [await_command(client, location)["outcome"]["code"] for location in locations]
    assert (codes.count("reserved"), codes.count("rejected")) == (60, 40)
    assert client.check_books(sku) == (60, 60, 0)
