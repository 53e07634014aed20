"""The order generator behind the gateway's routes, in either shape; the statistics of what it made."""

import os
import subprocess
import time

import pytest

from client import eventually
from test_statistics import count, figures

# A generator at its fastest, whose orders are as much work as any: of one process, of a service.
SERVER = {"settings": {
    f"STOCKROOM_{prefix}{name}": value for prefix in ("GENERATOR_", "")
    for name, value in {"EVERY": "1ms", "SEED": "7", "ORDERS": "fulfilled"}.items()}}
ORDERS = int(os.environ.get("STOCKROOM_TEST_GENERATED_ORDERS", "1000"))


@pytest.fixture(autouse=True)
def stopped(client):
    yield
    client.post("/v1/generator/stop", status=200)


def state(client):
    return client.get("/v1/generator").json


def wait_for_made(client, more):
    wanted = state(client)["made"] + more
    eventually(lambda: state(client)["made"] >= wanted, f"{more} more orders are made")


def wait_for_rest(client):
    eventually(lambda: state(client)["in_flight"] == 0, "what was under way is answered")
    return state(client)


def assert_all_are_counted(rest, found):
    """What was given up may have been placed."""
    assert rest["made"] <= found["processed"] <= rest["made"] + rest["failed"]
    assert rest["refused"] <= found["rejected"] <= rest["refused"] + rest["failed"]


def test_it_is_stopped_at_first_and_waits_for_items(client):
    found = state(client)
    assert (found["state"], found["made"], found["every_ms"]) == ("stopped", 0, 1)
    assert client.post("/v1/generator/start", status=200).json["state"] == "running"
    eventually(lambda: state(client).get("detail") == "there are no items to order", "it says so")
    client.create_item(stock=1_000_000, price="1.25")
    wait_for_made(client, 1)


def test_it_is_started_and_stopped_again_and_again(client):
    client.create_item(stock=1_000_000, price="0.99")
    for _ in range(3):
        assert client.post("/v1/generator/start", status=200).json["state"] == "running"
        assert client.post("/v1/generator/start", status=200).json["state"] == "running"
        wait_for_made(client, 5)
        assert client.post("/v1/generator/stop", status=200).json["state"] == "stopped"
        assert client.post("/v1/generator/stop", status=200).json["state"] == "stopped"
        rest = wait_for_rest(client)
        assert_all_are_counted(rest, figures(client))


def test_its_flags_say_how_fast_it_is(client):
    for verb in ("start", "stop"):
        answer = client.post(f"/v1/generator/{verb}", {"every": "1ms"}, status=422)
        assert (answer.problem, answer.json["field"]) == ("invalid_field", "every")
    assert client.post("/v1/generator/start", [], status=400).problem == "malformed_json"
    assert state(client)["state"] == "stopped"
    assert client.post("/v1/generator/start", status=200).json["state"] == "running"


def test_its_orders_are_orders_as_any(client):
    client.create_item(stock=1_000_000, price="3.00")
    client.post("/v1/generator/start", status=200)
    wait_for_made(client, 20)
    orders = client.get("/v1/orders?customer=generator&limit=20").json["orders"]
    assert len(orders) == 20
    for order in orders:
        assert order["state"] == "fulfilled"
        assert 1 <= len(order["lines"]) <= 3
        assert all(1 <= line["quantity"] <= 15 for line in order["lines"])


def test_the_statistics_of_a_fast_run_are_a_count_of_the_table(client, server, binary):
    client.create_item(stock=100_000_000, price="12.34")
    started = time.monotonic()
    client.post("/v1/generator/start", status=200)
    for _ in range(0, ORDERS, 1_000):
        wait_for_made(client, 1_000)
    client.post("/v1/generator/stop", status=200)
    rest = wait_for_rest(client)
    print(f"{ORDERS} orders in {time.monotonic() - started:.1f} s: {rest}")
    found = figures(client)
    assert found == count(client)
    assert_all_are_counted(rest, found)
    metrics = client.get("/metrics", headers={"Accept": "application/json"}).json
    assert metrics == {"total_orders_processed": found["processed"],
                       "average_execution_price": found["average_execution_price"]}
    done = subprocess.run([binary, "audit", "--store-url", server.store_url],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
