"""Many clients at once: never more sold than there is, and each reads its own writes."""

import concurrent.futures
import random
import threading

from client import fresh_key, quote


def at_once(client, count, act):
    """act(client, number) from so many connections, let go at the same instant."""
    barrier = threading.Barrier(count)

    def one(number):
        own = client.another()
        own.get("/livez")
        barrier.wait(timeout=120)
        try:
            return act(own, number)
        finally:
            own.close()

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_one_hot_sku_sells_exactly_its_stock(client):
    sku = client.create_item(stock=100)
    statuses = sum(at_once(client, 64, lambda own, _: [
        own.place(sku, 1, status=None).status for _ in range(5)]), [])
    assert statuses.count(201) == 100
    assert statuses.count(409) == 64 * 5 - 100
    assert client.check_books(sku) == (100, 100, 0)


def test_few_skus_many_clients_whole_lives(client):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    skus = [client.create_item(stock=40, price="1.00") for _ in range(4)]

    def shop(own, number):
        dice = random.Random(seed * 100 + number)
        shipped = dict.fromkeys(skus, 0)
        held = dict.fromkeys(skus, 0)
        for _ in range(12):
            wanted = {sku: dice.randint(1, 3) for sku in dice.sample(skus, dice.randint(1, 4))}
            answer = own.post("/v1/orders", {"lines": [
                {"sku": sku, "quantity": quantity} for sku, quantity in wanted.items()]}, status=None)
            if answer.status == 409:
                assert answer.json["shortages"]
                continue
            path = f"/v1/orders/{answer.json['id']}"
            end = dice.choice(["hold", "cancel", "ship"])
            if end == "cancel":
                own.post(f"{path}/cancel", status=200)
            elif end == "ship":
                own.post(f"{path}/confirm", status=200)
                own.post(f"{path}/fulfil", status=200)
            for sku, quantity in wanted.items():
                shipped[sku] += quantity if end == "ship" else 0
                held[sku] += quantity if end == "hold" else 0
        return shipped, held

    results = at_once(client, 16, shop)
    for sku in skus:
        shipped = sum(result[0][sku] for result in results)
        held = sum(result[1][sku] for result in results)
        assert client.check_books(sku) == (40 - shipped, held, 40 - shipped - held)


def test_one_key_from_twenty_clients_at_once_is_one_order(client):
    sku, key = client.create_item(stock=100), fresh_key()
    orders = at_once(client, 20, lambda own, _: own.place(sku, 2, key=key).json)
    assert all(order == orders[0] for order in orders)
    assert client.check_books(sku) == (100, 2, 98)


def test_of_twenty_edits_of_one_version_one_wins(client):
    sku = client.create_item()
    statuses = at_once(client, 20, lambda own, number: own.patch(
        f"/v1/items/{sku}", {"name": f"Name {number}"}, if_match='"1"', status=None).status)
    assert sorted(statuses) == [200] + [412] * 19
    assert client.item(sku)["version"] == 2


def test_one_sku_created_by_many_exists_once(client):
    sku = "T " + fresh_key()
    statuses = at_once(client, 16, lambda own, _: own.post(
        "/v1/items", {"sku": sku, "opening": [{"location": "main", "quantity": 3}]},
        status=None).status)
    assert sorted(statuses) == [201] + [409] * 15
    assert client.check_books(sku) == (3, 0, 3)


def test_everyone_reads_their_own_writes(client):
    shared = client.create_item(stock=10_000)

    def write_and_read(own, number):
        sku = own.create_item(name=f"Mine {number}")
        for units in range(1, 8):
            own.post("/v1/stock/receipts", {"sku": sku, "location": "main", "quantity": 1}, status=200)
            assert own.item(sku)["on_hand"] == units
            assert own.stock(sku)["on_hand"] == units
            assert len(own.movements(sku)) == units
            own.patch(f"/v1/items/{sku}", {"name": f"Name {units}"})
            assert own.item(sku)["name"] == f"Name {units}"
            order = own.place(shared, 1).json
            assert own.order(order["id"]) == order
            order = own.post(f"/v1/orders/{order['id']}/confirm", status=200).json
            assert own.order(order["id"])["state"] == "confirmed"
        newest = own.get(f"/v1/items?q={quote(sku)}").json["items"]
        assert [item["sku"] for item in newest] == [sku]

    at_once(client, 16, write_and_read)
    assert client.check_books(shared) == (10_000, 16 * 7, 10_000 - 16 * 7)
