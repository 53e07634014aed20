"""The gateway's read cache in the services shape: a client never notices it but by its speed, and by what
it says of an answer when the store is away."""

from client import Client, eventually, fresh_sku

from local import ports
from local.process import Process

SHAPE = "services"
STALE = '110 - "Response is Stale"'


def hits(client):
    return client.metric('stockroom_cache_reads_total{result="hit"}')


def wait_until_it_hears(client):
    eventually(lambda: client.metric("stockroom_cache_hears") == 1, "the cache hears of changes")


def wait_until_all_is_heard(client):
    """Of two heartbeats from here on the second tells what was committed before."""
    for _ in range(2):
        age = client.metric("stockroom_cache_heartbeat_age_seconds")

        def is_newer():
            nonlocal age
            before, age = age, client.metric("stockroom_cache_heartbeat_age_seconds")
            return age < before

        eventually(is_newer, "a heartbeat is heard")


def test_reads_are_answered_from_the_cache(client):
    sku = client.create_item(stock=5)
    order = client.place(sku, 2).json["id"]
    wait_until_it_hears(client)
    targets = [f"/v1/items/{sku}", f"/v1/items/{sku}/stock", f"/v1/orders/{order}"]

    def twice_the_same():
        before = hits(client)
        first = [client.get(target) for target in targets]
        again = [client.get(target) for target in targets]
        assert [answer.text for answer in first] == [answer.text for answer in again]
        assert [answer.headers.get("etag") for answer in first] == [
            answer.headers.get("etag") for answer in again]
        return hits(client) >= before + len(targets)

    eventually(twice_the_same, "three hits")


def test_a_client_reads_its_own_writes(client):
    sku = client.create_item(stock=1_000)
    wait_until_it_hears(client)
    for number in range(1, 101):
        assert client.numbers(sku)[1] == (number - 1) % 2
        if number % 2:
            order = client.place(sku, 1).json
            assert client.stock(sku)["holds"][0]["order"] == order["id"]
            client.post(f"/v1/orders/{order['id']}/confirm", {}, status=200)
            assert client.order(order["id"])["state"] == "confirmed"
            assert client.stock(sku)["holds"][0]["state"] == "committed"
        else:
            client.post(f"/v1/orders/{order['id']}/cancel", {}, status=200)
            assert client.order(order["id"])["state"] == "cancelled"
            assert client.stock(sku)["holds"] == []
    client.delete(f"/v1/items/{sku}")
    client.get(f"/v1/items/{sku}", status=404)
    client.check_books(client.create_item(stock=3))


def test_whoever_is_told_that_a_command_is_done_reads_what_it_did(client):
    sku = client.create_item(stock=0)
    wait_until_it_hears(client)
    for number in range(1, 51):
        receipt = {"sku": sku, "location": "main", "quantity": 1}
        location = client.post("/v1/stock/receipts", receipt, status=202,
                               prefer="respond-async").headers["location"]

        def is_done(where=location):
            answer = client.request("GET", where)
            return answer.status == 200 and answer.json["state"] == "done"

        eventually(is_done, "the command is done")
        assert client.item(sku)["on_hand"] == number


def test_writes_of_others_are_heard_of(server, client, contract):
    wait_until_it_hears(client)
    sku = client.create_item(stock=7)
    assert client.numbers(sku) == (7, 0, 7)
    other = server.service("gateway", ports.free_block(1))
    other.process = Process("gateway-2", server.folder)  # with files of its own
    other.start()
    try:
        other.wait_until_ready()
        writer = Client(other.url, contract)
        writer.post("/v1/stock/receipts", {"sku": sku, "location": "main", "quantity": 1}, status=200)
        assert writer.numbers(sku) == (8, 0, 8)
        eventually(lambda: client.numbers(sku) == (8, 0, 8), "the other gateway's write is seen")
        writer.close()
    finally:
        other.stop()


def test_what_is_said_when_the_store_is_away(server, client):
    """The gateway cannot reach the store and hears nothing; the services go on."""
    sku, other = client.create_item(stock=5), client.create_item(stock=5)
    wait_until_it_hears(client)
    wait_until_all_is_heard(client)  # what is heard of later is forgotten
    known = client.get(f"/v1/items/{sku}")
    client.get(f"/v1/items/{other}")
    login = server.login("gateway")
    server.services["relay"].stop()
    server.sql(f"ALTER ROLE {login} NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
               f"WHERE usename = '{login}'")
    try:
        eventually(lambda: client.metric("stockroom_cache_hears") == 0, "silence is noticed")
        answer = client.get(f"/v1/items/{sku}")
        assert (answer.text, answer.etag) == (known.text, known.etag)
        assert answer.headers["warning"] == STALE
        assert int(answer.headers["age"]) >= 1

        unknown = client.get(f"/v1/items/{fresh_sku()}", status=503)
        assert unknown.problem == "unavailable"
        client.get("/v1/items", status=503)
        assert "store" in eventually(lambda: not_ready(client), "it is not ready")

        # Whoever has written is never told what was before.
        client.post("/v1/stock/receipts", {"sku": other, "location": "main", "quantity": 1}, status=200)
        client.get(f"/v1/items/{other}", status=503)
    finally:
        server.sql(f"ALTER ROLE {login} LOGIN")
        server.services["relay"].start()

    def is_back():
        answer = client.request("GET", f"/v1/items/{sku}")
        return answer.status == 200 and "warning" not in answer.headers

    eventually(is_back, "the store is back")
    assert client.numbers(other) == (6, 0, 6)
    wait_until_it_hears(client)


def not_ready(client):
    answer = client.request("GET", "/readyz")
    return answer.json["detail"] if answer.status == 503 else None
