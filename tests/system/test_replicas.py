"""Two replicas of the orders service on one queue: they never sell what is not there, nor get in each
other's way."""

import os
import random

import pytest

from client import Client
from command import only_object, run
from stage import Stage
from test_concurrency import at_once

SEED = int(os.environ.get("STOCKROOM_SEED", random.randrange(2**32)))
HOT, CLIENTS, EACH, UNITS = 10, 64, 30, 150


@pytest.fixture(scope="module")
def stage(binaries, tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("stage"), binaries, replicas={"orders": 2})
    yield stage
    stage.end()


@pytest.fixture
def client(stage, contract):
    client = Client(stage.url, contract)
    yield client
    client.close()
    log = "".join(path.read_text() for path in stage.system.log_paths("store"))
    assert "deadlock detected" not in log
    assert stage.audit() == ""


@pytest.mark.parametrize("time", range(3))
def test_300_buyers_for_100_units(binary, stage, client, time):
    del time
    result = only_object(run(binary, "stress", "--buyers", 300, "--units", 100, "--url", stage.url,
                             "--json"))
    assert (result["sold"], result["refused"], result["duplicates"]) == (100, 200, 0)
    assert client.numbers(result["sku"]) == (100, 100, 0)


def test_64_clients_over_10_hot_skus(client):
    print(f"seed {SEED}")
    skus = [client.create_item(stock=UNITS, price="1.00") for _ in range(HOT)]

    def shop(own, number):
        dice = random.Random(f"{SEED}/{number}")
        taken = dict.fromkeys(skus, 0)
        for _ in range(EACH):
            wanted = dice.sample(skus, dice.randint(1, 4))  # in any order: locks must not care
            answer = own.post("/v1/orders", {"lines": [
                {"sku": sku, "quantity": 1} for sku in wanted]}, status=None)
            assert answer.status in (201, 409), answer.text
            for sku in wanted if answer.status == 201 else []:
                taken[sku] += 1
        return taken

    sold = at_once(client, CLIENTS, shop)
    for sku in skus:
        assert sum(taken[sku] for taken in sold) <= UNITS
        assert client.check_books(sku)[1] == sum(taken[sku] for taken in sold)
    # What is left of each is sold to the last unit, and not one more.
    for sku in skus:
        left = client.numbers(sku)[2]
        statuses = sum(at_once(client, 8, lambda own, _: [
            own.place(sku, 1, status=None).status for _ in range(left // 8 + 2)]), [])
        assert statuses.count(201) == left
        assert client.check_books(sku) == (UNITS, UNITS, 0)


def test_both_replicas_work(stage, client):
    """Each has decided something, or two are no test."""
    for number in (1, 2):
        decided = Client(stage.part(f"orders-{number}").url, client.contract)
        decided.connection.request("GET", "/metrics")
        text = decided.connection.getresponse().read().decode()
        decided.close()
        assert any(line.startswith("stockroom_commands_total{") and 'kind="place_order"' in line
                   for line in text.splitlines()), text
