"""The health monitor of `stockroom serve`: its parts are the threads and queues of the one process."""

import pytest

from client import Client, eventually

SERVICES = {"gateway", "catalogue", "stock", "orders", "records", "health", "generator"}
QUEUES = {"stockroom.catalogue", "stockroom.stock", "stockroom.orders", "stockroom.records",
          "stockroom.health"}
CLASSIC = {"healthcheck", "create_item", "stock_management", "order_processing", "health_check",
           "insert_record", "read_database", "delete_record"}


def is_well(health):
    # The counts are those from before the last ping, when a consumer may just have come.
    return health["state"] == "up" and all(
        part["queue"]["consumers"] == 1 for part in health["parts"] if part["kind"] == "queue")


@pytest.mark.parametrize("classic", [False, True])
def test_every_thread_and_queue_is_a_part_and_up(start, contract, classic):
    client = Client(start(options=("--health-interval", "1"), classic=classic).url, contract)
    health = eventually(
        lambda: is_well(told := client.get("/v1/health", status=200).json) and told,
        "everything is up")
    by_kind = {kind: {part["name"]: part for part in health["parts"] if part["kind"] == kind}
               for kind in ("service", "queue", "server")}
    assert set(by_kind["service"]) == SERVICES
    assert set(by_kind["server"]) == {"store"}, "there is no broker"
    assert set(by_kind["queue"]) == QUEUES | {"stockroom.dead"} | (CLASSIC if classic else set())
    for name, queue in by_kind["queue"].items():
        assert ("round_trip_us" in queue) == (name in QUEUES), name
    assert client.get("/v1/health/incidents", status=200).json["incidents"] == []
    client.close()
