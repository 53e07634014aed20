"""The classic routes, as clients that know of no Stockroom use them: by curl."""

import concurrent.futures
import contextlib
import decimal
import json
import os
import socket
import subprocess

import pytest

from classic import JSON, connect, curl, items
from client import DEADLINE_SECONDS, Client, fresh_sku
from server import Server
from services import Services

SERVER = {"classic": True}
SENT = (200, {"message": "Create item message sent"})
DELETED = (200, {"message": "Stock management (item delete) message sent"})


def post(url, body):
    return curl(url, "-H", JSON, "-d", json.dumps(body))


def create(url, sku, quantity=50, price=25.0, **more):
    body = {"sku": sku, "name": "Apple juice", "label": "juice", "price": price, "quantity": quantity}
    return post(f"{url}/create_item", body | more)


def delete(url, sku):
    return post(f"{url}/stock_management", {"sku": sku})


def is_message(answer, status, word=""):
    return answer[0] == status and list(answer[1]) == ["message"] and word in answer[1]["message"]


def test_health(server):
    assert curl(f"{server.url}/healthcheck") == (200, {"message": "Health check message sent"})
    acknowledged = (200, {"message": "Health check message acknowledged"})
    for text in ("hello", "", "a%20%22quote%22%20%C3%A9", "%5B1%2C2%5D"):
        assert curl(f"{server.url}/health_check?message={text}") == acknowledged
    assert is_message(curl(f"{server.url}/health_check"), 400, "message")
    assert curl(f"{server.url}/get_active") == (200, {"server_name": "Producer", "status": "active"})


def test_an_item_comes_changes_goes_and_comes_again(server):
    sku = fresh_sku()
    assert create(server.url, sku) == SENT
    item = items(server.url)[sku]
    assert item == {"sku": sku, "name": "Apple juice", "label": "juice",
                    "price": decimal.Decimal("25.00"), "quantity": 50}
    assert isinstance(item["price"], decimal.Decimal) and isinstance(item["quantity"], int)

    assert create(server.url, sku, 7, "19.99", name="Pear juice", label="pear") == SENT
    assert items(server.url)[sku] == {"sku": sku, "name": "Pear juice", "label": "pear",
                                      "price": decimal.Decimal("19.99"), "quantity": 7}
    assert delete(server.url, sku) == DELETED
    assert sku not in items(server.url)
    assert delete(server.url, sku) == DELETED, "whatever the rules say, it is sent"
    assert create(server.url, sku, 3) == SENT
    assert items(server.url)[sku]["quantity"] == 3


def test_prices_keep_their_digits(server):
    sku = fresh_sku()
    body = f'{{"sku":"{sku}","name":"","label":"","price":92233720368547758.07,"quantity":1}}'
    assert curl(f"{server.url}/create_item", "-H", JSON, "-d", body) == SENT
    done = subprocess.run(["curl", "-sS", f"{server.url}/order_processing"], capture_output=True,
                          text=True, timeout=DEADLINE_SECONDS, check=True)
    assert f'"sku":"{sku}","name":"","label":"","price":92233720368547758.07,"quantity":1' in done.stdout


def test_it_does_not_matter_what_a_body_is_called(server):
    for arguments in ((), ("-H", "Content-Type: text/plain"), ("-H", "Content-Type:")):
        sku = fresh_sku()
        body = json.dumps({"sku": sku, "price": 1, "quantity": "5", "brand": "a member of its own"})
        assert curl(f"{server.url}/create_item", *arguments, "-d", body) == SENT
        assert items(server.url)[sku]["quantity"] == 5


@pytest.mark.parametrize("path, body, word", [
    ("create_item", "", "line 1"),
    ("create_item", "sku=A&price=1&quantity=1", "line 1"),
    ("create_item", "[]", "object"),
    ("create_item", '{"sku":"A","price":1,"quantity":1', "line 1"),
    ("create_item", '{"price":1,"quantity":1}', "sku"),
    ("create_item", '{"sku":"A","quantity":1}', "price"),
    ("create_item", '{"sku":"A","price":1}', "quantity"),
    ("create_item", '{"sku":"A","price":0.001,"quantity":1}', "price"),
    ("create_item", '{"sku":"A","price":-1,"quantity":1}', "price"),
    ("create_item", '{"sku":"A","price":1,"quantity":-1}', "quantity"),
    ("create_item", '{"sku":"A","price":1,"quantity":1.5}', "quantity"),
    ("stock_management", "{}", "sku"),
    ("stock_management", '{"sku":7}', "sku"),
    ("buy_now", '{"customer":"c"}', "sku"),
    ("buy_now", '{"sku":"A","customer":7}', "customer"),
])
def test_what_cannot_be_understood_is_told_and_does_nothing(server, path, body, word):
    before = items(server.url)
    assert is_message(curl(f"{server.url}/{path}", "-H", JSON, "-d", body), 400, word)
    assert items(server.url) == before


def test_the_rules_hold_though_they_are_not_told(server, contract):
    client, sku = Client(server.url, contract), fresh_sku()
    create(server.url, sku, 5)
    client.place(sku, 3)
    assert create(server.url, sku, 2) == SENT
    assert delete(server.url, sku) == DELETED
    assert client.numbers(sku) == (5, 3, 2)
    assert create(server.url, sku, 3) == SENT
    assert client.numbers(sku) == (3, 3, 0)
    client.check_books(sku)
    client.close()


def test_the_item_is_as_v1_puts_it(server, contract):
    client, sku = Client(server.url, contract), fresh_sku()
    whole = {"name": "Apple juice", "label": "juice", "price": "25.00", "quantity": 50}
    answer = client.request("PUT", f"/v1/items/{sku}", json=whole, status=201)
    assert answer.headers["location"] == f"/v1/items/{sku}"
    for quantity in (50, 20):
        answer = client.request("PUT", f"/v1/items/{sku}", json=whole | {"quantity": quantity}, status=200)
        assert answer.json["on_hand"] == quantity
    client.place(sku, 15)
    answer = client.request("PUT", f"/v1/items/{sku}", json=whole | {"quantity": 14}, status=409)
    assert answer.problem == "insufficient_stock"
    assert answer.json["current"]["held"] == 15
    assert [movement["kind"] for movement in client.movements(sku)] == ["adjustment", "opening"]
    client.close()


# Buying, one unit at a time.

def buy(url, sku, customer="c-17"):
    return post(f"{url}/buy_now", {"sku": sku, "customer": customer})


def test_a_unit_is_bought_in_one_call(server, contract):
    client, sku, customer = Client(server.url, contract), fresh_sku(), fresh_sku()
    create(server.url, sku, 1)
    status, order = buy(server.url, sku, customer)
    assert (status, order["state"], order["execution_price"]) == (201, "fulfilled", "25.00")
    assert client.numbers(sku) == (0, 0, 0)

    status, problem = buy(server.url, sku, customer)
    assert status == 409
    assert problem["shortages"] == [{"sku": sku, "wanted": 1, "available": 0}]
    states = [order["state"] for order in client.pages(f"/v1/orders?customer={customer}", "orders")]
    assert states == ["rejected", "fulfilled"]
    assert buy(server.url, fresh_sku(), customer)[0] == 422
    client.close()


def test_many_buyers_get_what_there_is_and_no_more(server, contract):
    client, sku = Client(server.url, contract), fresh_sku()
    create(server.url, sku, 10)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda number: buy(server.url, sku, f"c-{number}")[0], range(32)))
    assert sorted(statuses) == [201] * 10 + [409] * 22
    assert client.numbers(sku) == (0, 0, 0)
    client.close()


def test_a_purchase_under_a_key_is_one(server, contract):
    client, sku = Client(server.url, contract), fresh_sku()
    create(server.url, sku, 5)
    body = json.dumps({"sku": sku})
    orders = {curl(f"{server.url}/buy_now", "-H", JSON, "-H", f"Idempotency-Key: {sku}", "-d", body)[1]["id"]
              for _ in range(3)}
    assert len(orders) == 1
    assert client.numbers(sku) == (4, 0, 4)
    client.close()


# Who may call, and what is away.

def own_address():
    """One of this machine that is not loopback; a datagram socket that is connected sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return probe.getsockname()[0]


def test_only_this_machine_and_given_networks_may_call(binary, tmp_path):
    address = own_address()
    if address is None or address.startswith("127."):
        pytest.skip("this machine has no address but loopback's")
    for options, status in (([], 403), (["--classic-from", "198.51.100.0/24,2001:db8::/32"], 403),
                            (["--classic-from", "198.51.100.0/24", "--classic-from", f"{address}/24"], 200)):
        server = Server(binary, tmp_path, classic=True, listen="0.0.0.0:0", options=options)
        port = server.url.rpartition(":")[2]
        for path in ("get_active", "order_processing"):
            answer = curl(f"http://{address}:{port}/{path}")
            assert answer[0] == status
            assert status == 200 or is_message(answer, 403, "--classic-from")
        assert curl(f"http://127.0.0.1:{port}/get_active")[0] == 200
        assert curl(f"http://{address}:{port}/livez")[0] == 200
        server.stop()


def test_pages_of_others_may_not_make_a_browser_call(server):
    """Neither of today's browsers nor of older ones, with what needs no leave to be sent."""
    sku = fresh_sku()
    body = json.dumps({"sku": sku, "price": 1, "quantity": 1})
    for said in ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: http://example.com"):
        answer = curl(f"{server.url}/create_item", "-H", said, "-H", "Content-Type: text/plain", "-d", body)
        assert is_message(answer, 403, "pages"), said
        assert is_message(curl(f"{server.url}/delete_record?SRN=1", "-H", said), 403, "pages"), said
    assert sku not in items(server.url)
    assert create(server.url, sku) == SENT
    own = ("-H", f"Origin: {server.url}", "-H", JSON, "-d", json.dumps({"sku": sku}))
    assert curl(f"{server.url}/stock_management", *own) == DELETED


@pytest.mark.parametrize("networks", ["10.0.0.0/33", "localhost", "10.0.0.0/8,nonsense"])
def test_a_wrong_network_is_wrong_usage(binary, networks):
    done = subprocess.run([binary, "serve", "--classic", "--classic-from", networks], check=False,
                          capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    assert done.returncode == 2
    assert "192.0.2.0/24" in done.stderr


def test_a_bare_program_has_none_of_it(make_server, tmp_path):
    server = make_server(tmp_path)
    for path in ("healthcheck", "order_processing", "get_active", "health_check?message=x"):
        status, problem = curl(f"{server.url}/{path}")
        assert (status, problem["type"]) == (404, "/problems/not_found")
    if isinstance(server, Services):
        queues = {queue["name"] for queue in server.manage("GET", f"/api/queues/{server.name}")}
        assert not queues & {"create_item", "order_processing", "healthcheck"}
    server.stop()
    server.remove()


# A list of any length.

COUNT = int(os.environ.get("STOCKROOM_CLASSIC_ITEMS", "5000"))


def test_the_list_has_all_items(server):
    skus = [f"{fresh_sku()}-{number}" for number in range(COUNT)]

    def create_some(some):
        with contextlib.closing(connect(server.url)) as client:
            for number, sku in some:
                client.request("POST", "/create_item", json.dumps(
                    {"sku": sku, "name": f"Item {number} é", "price": 1, "quantity": number}))
                response = client.getresponse()
                assert (response.status, response.read()) == (200, b'{"message":"Create item message sent"}')

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        list(pool.map(create_some, (list(enumerate(skus))[first::32] for first in range(32))))
    found = items(server.url)
    assert {sku: found[sku]["quantity"] for sku in skus} == {
        sku: number for number, sku in enumerate(skus)}
    assert list(found) == sorted(found)
