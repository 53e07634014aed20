"""Records by the native routes: a name and a section under an SRN."""

import concurrent.futures
import http.client
import itertools
import threading
import uuid

import pytest

from client import Client, eventually, fresh_key, quote
from test_events import Listener

WORKERS = 4
RESTARTS = 3


def fresh_srn():
    return "R-" + uuid.uuid4().hex


def insert(client, srn, status=201, **fields):
    return client.post("/v1/records", {"srn": srn, **fields}, status=status)


def read(client, srn, status=200):
    return client.get(f"/v1/records/{quote(srn)}", status=status)


def delete(client, srn, status=200, **more):
    return client.delete(f"/v1/records/{quote(srn)}", status=status, **more)


def all_srns(client):
    return [row["srn"] for row in client.pages("/v1/records?limit=500", "records")]


@pytest.mark.parametrize("srn", ["{0}", "{0} a/b?c", "{0}%2F\"'"])
def test_a_record_is_inserted_replaced_and_deleted(client, srn):
    srn = srn.format(fresh_srn())
    made = insert(client, srn, name="Zoë", section="A")
    assert made.headers["location"] == f"/v1/records/{quote(srn)}"
    record = made.json
    assert (record["srn"], record["name"], record["section"], record["version"]) == (srn, "Zoë", "A", 1)
    assert read(client, srn).json == record
    assert srn in all_srns(client)

    replaced = insert(client, srn, name="Bob", status=200).json
    assert (replaced["name"], replaced["section"], replaced["version"]) == ("Bob", "", 2)
    assert replaced["created_at"] == record["created_at"]
    assert insert(client, srn, name="Bob", status=200).json == replaced
    assert read(client, srn).json == replaced

    gone = delete(client, srn).json
    assert (gone["deleted"], gone["name"], gone["version"]) == (True, "", 3)
    assert read(client, srn, status=404).problem == "record_not_found"
    assert delete(client, srn, status=404).problem == "record_not_found"
    assert srn not in all_srns(client)
    assert insert(client, srn, section="B").json["version"] == 4


@pytest.mark.parametrize("body, field", [
    ({}, "srn"),
    ({"srn": ""}, "srn"),
    ({"srn": "x" * 65}, "srn"),
    ({"srn": " x"}, "srn"),
    ({"srn": "é"}, "srn"),
    ({"srn": 7}, "srn"),
    ({"srn": "x", "name": "n" * 201}, "name"),
    ({"srn": "x", "name": "a\nb"}, "name"),
    ({"srn": "x", "section": "s" * 101}, "section"),
    ({"srn": "x", "section": None}, "section"),
    ({"srn": "x", "class": "A"}, "class"),
])
def test_what_is_wrong_is_named(client, body, field):
    answer = client.post("/v1/records", body, status=422)
    assert (answer.problem, answer.json["field"]) == ("invalid_field", field)


def test_an_srn_that_cannot_be_is_not_found(client):
    for srn in ("é", "x" * 65, " "):
        assert read(client, srn, status=404).problem == "record_not_found"
        assert delete(client, srn, status=404).problem == "record_not_found"


def test_the_longest_texts_are_kept(client):
    srn, name, section = fresh_srn().ljust(64, "~"), "ß" * 200, "🍎" * 100
    insert(client, srn, name=name, section=section)
    record = read(client, srn).json
    assert (record["name"], record["section"]) == (name, section)


@pytest.mark.parametrize("limit", [1, 7, 25, 26, 500])
def test_pages_give_every_record_once_by_srn(client, limit):
    prefix = fresh_srn()
    made = sorted(f"{prefix}-{i}" for i in range(25))
    for srn in made:
        insert(client, srn)
    rows = [row["srn"] for row in client.pages(f"/v1/records?limit={limit}", "records")]
    assert rows == sorted(rows)
    assert [srn for srn in rows if srn.startswith(prefix)] == made


def test_a_cursor_of_another_list_is_refused(client):
    for _ in range(2):
        client.create_item()
    cursor = client.get("/v1/items?limit=1").json["next"]
    assert client.get(f"/v1/records?cursor={cursor}", status=422).json["field"] == "cursor"


def test_the_same_key_does_it_once(client):
    srn, key, other = fresh_srn(), fresh_key(), fresh_key()
    first = client.post("/v1/records", {"srn": srn, "name": "Ann"}, key=key)
    insert(client, srn, name="Bob", status=200)
    again = client.post("/v1/records", {"srn": srn, "name": "Ann"}, key=key)
    assert again.text == first.text
    assert read(client, srn).json["name"] == "Bob"
    reused = client.post("/v1/records", {"srn": srn, "name": "Eve"}, key=key, status=422)
    assert reused.problem == "idempotency_key_reused"

    gone = delete(client, srn, key=other)
    insert(client, srn, name="Cid")
    assert delete(client, srn, key=other).text == gone.text
    assert read(client, srn).json["name"] == "Cid"


def test_the_outcome_can_be_asked_for(client):
    answer = client.post("/v1/records", {"srn": fresh_srn()}, prefer="respond-async", status=202)
    location = answer.headers["location"]
    done = eventually(lambda: client.get(location).json.get("outcome"), "the outcome")
    assert (done["kind"], done["code"], done["result"]["version"]) == ("insert_record", "inserted", 1)


def test_what_happens_is_told(client):
    srn = fresh_srn()
    with Listener(client.address, types="record.*") as listener:
        insert(client, srn, name="Ann")
        insert(client, srn, name="Ann", status=200)
        insert(client, srn, name="Bob", status=200)
        delete(client, srn)
        events = listener.read_until(lambda event: event["type"] == "record.deleted"
                                     and event["subject"] == f"record/{srn}")
    told = [(event["type"], event["stateversion"], event["data"]["name"]) for event in events
            if event["subject"] == f"record/{srn}"]
    assert told == [("record.inserted", 1, "Ann"), ("record.replaced", 2, "Bob"),
                    ("record.deleted", 3, "")]


def test_many_on_one_srn_take_turns(client):
    srn, rounds = fresh_srn(), 20

    def work(number):
        mine = client.another()
        codes = []
        for i in range(rounds):
            codes.append(mine.post("/v1/records", {"srn": srn, "name": f"{number}/{i}"},
                                   status=None).status)
            codes.append(mine.delete(f"/v1/records/{srn}", status=None).status - 1000)
        mine.close()
        return codes

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        codes = list(itertools.chain(*pool.map(work, range(WORKERS))))
    inserted, replaced = codes.count(201), codes.count(200)
    deleted, missing = codes.count(200 - 1000), codes.count(404 - 1000)
    assert inserted + replaced == deleted + missing == WORKERS * rounds
    assert inserted == deleted, "who deletes last leaves none"
    assert insert(client, srn).json["version"] == inserted + replaced + deleted + 1


class Crowd:
    """Workers that each insert records of their own and one of all, every insert under a key, again
    until it is answered, whoever is killed meanwhile."""

    def __init__(self, url, contract):
        self.url = url
        self.contract = contract
        self.shared = fresh_srn()
        self.stopping = threading.Event()
        self.answered = itertools.count(1)
        self.count = 0
        self.pool = concurrent.futures.ThreadPoolExecutor(WORKERS)
        self.works = [self.pool.submit(self.work, number) for number in range(WORKERS)]

    def work(self, number):
        """Gives the SRN and how many inserts of it were answered, then of the shared one."""
        srn = fresh_srn()
        done = 0
        while not self.stopping.is_set():
            done += 1
            for each in (srn, self.shared):
                self.insert(each, f"{number}/{done}")
                self.count = next(self.answered)
        return srn, done

    def insert(self, srn, name):
        key = fresh_key()
        while True:
            client = Client(self.url(), self.contract)
            try:
                answer = client.post("/v1/records", {"srn": srn, "name": name}, key=key,
                                     prefer="wait=1", status=None)
            except (OSError, http.client.HTTPException):
                continue
            finally:
                client.close()
            if answer.status in (200, 201):
                return
            assert answer.status in (202, 503), answer.text

    def wait_for(self, more):
        goal = self.count + more
        eventually(lambda: self.count >= goal or any(work.done() for work in self.works),
                   f"{more} more are answered")

    def end(self):
        self.stopping.set()
        results = [work.result() for work in self.works]
        self.pool.shutdown()
        return results


def kill_and_start(server, start):
    """The records service alone where it is a process, else everything. Gives the server from then on."""
    if hasattr(server, "services"):
        server.services["records"].kill()
        server.services["records"].start()
        return server
    server.kill()
    return start()


def test_killed_under_load_it_does_everything_once(start, contract):
    server = start()
    crowd = Crowd(lambda: server.url, contract)
    try:
        for _ in range(RESTARTS):
            crowd.wait_for(20)
            server = kill_and_start(server, start)
        crowd.wait_for(20)
    finally:
        results = crowd.end()
    client = Client(server.url, contract)
    for srn, done in results:
        record = read(client, srn).json
        assert (record["version"], record["name"].partition("/")[2]) == (done, str(done))
    assert read(client, crowd.shared).json["version"] == sum(done for _, done in results)
    client.close()
    server.stop()  # and its audit
