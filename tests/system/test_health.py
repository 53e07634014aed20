"""The health monitor on a whole system of its own: what is killed or stands still is told as down, and as
up again, once; also while store or broker are away."""

import collections
import json
import os
import re
import time
import urllib.error
import urllib.request

import pytest

from client import Client, eventually
from stage import SERVICE_PARTS, Stage

QUEUES = {"catalogue": "stockroom.catalogue", "stock": "stockroom.stock", "orders": "stockroom.orders",
          "records": "stockroom.records"}
CLASSIC_QUEUES = {"healthcheck", "create_item", "stock_management", "order_processing", "health_check",
                  "insert_record", "read_database", "delete_record"}
PATIENCE_SECONDS = int(os.environ.get("STOCKROOM_SLOWNESS", "1"))


@pytest.fixture(scope="module")
def stage(binaries, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKROOM_PATIENCE", str(PATIENCE_SECONDS))
        stage = Stage(tmp_path_factory.mktemp("stage"), binaries,
                      replicas={"orders": 2, "health": 2})
        yield stage
        stage.end()


@pytest.fixture(autouse=True)
def all_is_up(stage):
    wait_until_up(stage)
    wait_until_written(stage)
    yield
    wait_until_up(stage)
    wait_until_written(stage)


def get(url):
    try:
        with urllib.request.urlopen(f"{url}/v1/health", timeout=20) as answer:
            return json.load(answer)
    except (OSError, urllib.error.HTTPError):
        return None


def health_of(stage, number=1):
    """Of the health service's own port, by part."""
    health = get(stage.system.url_of("health", number))
    return {part["name"]: part for part in health["parts"]} if health else {}


def state_of(stage, name, number=1):
    return health_of(stage, number).get(name, {}).get("state")


def wait_for(stage, name, state, numbers=(1, 2)):
    """Until each of these health services says so; every one of them judges by itself, and it is the
    leader's judgement that is written down."""
    for number in numbers:
        eventually(lambda number=number: state_of(stage, name, number) == state,
                   lambda number=number: f"{name} is {state}: {health_of(stage, number)}")
    return health_of(stage, numbers[0])[name]


def wait_until_up(stage):
    def parts_not_up(number):
        return [part for part in health_of(stage, number).values() if part["state"] != "up"]

    for number in (1, 2):
        eventually(lambda number=number: health_of(stage, number) and not parts_not_up(number),
                   lambda number=number: f"all is up but {parts_not_up(number)}")


def metric_of(stage, name, number):
    try:
        with urllib.request.urlopen(f"{stage.system.url_of('health', number)}/metrics",
                                    timeout=20) as answer:
            return float(re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)[1])
    except OSError:
        return None


def leader_of(stage):
    """The number of the health service that writes incidents down."""
    return next((number for number in (1, 2)
                 if metric_of(stage, "stockroom_health_leader", number) == 1), None)


def wait_until_written(stage):
    def is_written():
        leader = leader_of(stage)
        return leader and metric_of(stage, "stockroom_health_unwritten_changes", leader) == 0

    eventually(is_written, "all is written down")


def incidents_of(stage, name):
    """Of one part, the oldest first."""
    rows = stage.sql("SELECT id, state, cause, started_at, reported_at, ended_at "
                     f"FROM stockroom.incidents WHERE part = '{name}' ORDER BY id").splitlines()
    return [dict(zip(("id", "state", "cause", "started_at", "reported_at", "ended_at"),
                     row.split("|"))) for row in rows]


def incidents_since(stage, name, moment):
    """Those that were told after that as down."""
    return [incident for incident in incidents_of(stage, name)
            if int(incident["reported_at"]) > moment * 1e6 and incident["state"] == "down"]


def wait_for_incident(stage, name, harmed_at):
    """The first that was told as down after the harm, once it is over."""
    def is_over():
        incidents = incidents_since(stage, name, harmed_at)
        return incidents and incidents[0]["ended_at"]

    eventually(is_over, f"an incident of {name} is over")
    return incidents_since(stage, name, harmed_at)[0]


def tell_times(name, what, harmed_at, healed_at, up_at, incident):
    """For who reads the test's output: how long it took from the harm, and from its end until the test
    has seen it up."""
    reported = int(incident["reported_at"]) / 1e6 - harmed_at
    print(f"{name} {what}: told down after {reported:.1f} s, up after {up_at - healed_at:.1f} s")


def test_every_part_is_watched(stage):
    parts = health_of(stage)
    services = {f"{name}-{number}" for name in SERVICE_PARTS
                for number in range(1, stage.system.replicas[name] + 1)}
    assert {name for name, part in parts.items() if part["kind"] == "service"} == services
    assert {name for name, part in parts.items() if part["kind"] == "server"} == {"broker", "store"}
    pinged = {*QUEUES.values(), "stockroom.health"}
    queues = {name: part for name, part in parts.items() if part["kind"] == "queue"}
    assert set(queues) == pinged | CLASSIC_QUEUES | {"stockroom.dead"}
    for name, queue in queues.items():
        assert ("round_trip_us" in queue) == (name in pinged), name
        eventually(lambda name=name: health_of(stage)[name].get("queue", {}).get("consumers"),
                   f"{name} has consumers")
    assert health_of(stage)["stockroom.orders"]["queue"]["consumers"] == 2


def test_the_gateway_passes_it_on(stage, contract):
    client = Client(stage.url, contract)
    health = client.get("/v1/health", status=200).json
    assert health["state"] == "up"
    assert {part["name"] for part in health["parts"]} == set(health_of(stage))
    client.close()


@pytest.mark.parametrize("name", ["gateway", "catalogue", "stock", "records", "relay", "generator"])
def test_a_killed_service_is_told_down_and_up(stage, name):
    part, queue = f"{name}-1", QUEUES.get(name)
    harmed_at = time.time()
    stage.kill(name)
    assert "Connection refused" in wait_for(stage, part, "down")["cause"]
    if queue:
        wait_for(stage, queue, "down")
    stage.start(name)
    stage.part(name).wait_until_ready()
    healed_at = time.time()
    for told in filter(None, (part, queue)):
        wait_for(stage, told, "up")
        tell_times(told, "killed", harmed_at, healed_at, time.time(),
                   wait_for_incident(stage, told, harmed_at))


def test_a_queue_whose_every_consumer_is_killed_is_told_down_and_up(stage):
    harmed_at = time.time()
    for number in (1, 2):
        stage.kill(f"orders-{number}")
    harmed = ("stockroom.orders", "orders-1", "orders-2")
    for told in harmed:
        wait_for(stage, told, "down")
    eventually(lambda: state_of(stage, "order_processing") in ("degraded", "down"),
               "its classic queue has no consumer, either")
    for number in (1, 2):
        stage.start(f"orders-{number}")
        stage.part(f"orders-{number}").wait_until_ready()
    healed_at = time.time()
    for told in harmed:
        wait_for(stage, told, "up")
        tell_times(told, "all killed", harmed_at, healed_at, time.time(),
                   wait_for_incident(stage, told, harmed_at))
    wait_for(stage, "order_processing", "up")


def test_a_service_that_stands_still_is_told_down_and_up(stage):
    harmed_at = time.time()
    stage.pause("stock")
    try:
        assert "no answer in time" in wait_for(stage, "stock-1", "down")["cause"]
        wait_for(stage, "stockroom.stock", "down")
    finally:
        stage.resume("stock")
    healed_at = time.time()
    for told in ("stock-1", "stockroom.stock"):
        wait_for(stage, told, "up")
        tell_times(told, "paused", harmed_at, healed_at, time.time(),
                   wait_for_incident(stage, told, harmed_at))


def test_one_replica_down_leaves_its_queue_up(stage):
    harmed_at = time.time()
    stage.kill("orders-2")
    wait_for(stage, "orders-2", "down")
    for other in ("orders-1", "stockroom.orders"):
        assert state_of(stage, other) != "down"
    stage.start("orders-2")
    wait_for(stage, "orders-2", "up")
    for other in ("orders-1", "stockroom.orders"):
        assert not incidents_since(stage, other, harmed_at)


@pytest.mark.parametrize("how", ["killed", "paused"])
@pytest.mark.parametrize("name", ["store", "broker"])
def test_a_server_is_told_down_and_up_and_written_down(stage, name, how):
    harmed_at = time.time()
    (stage.kill if how == "killed" else stage.pause)(name)
    try:
        assert wait_for(stage, name, "down")["cause"]
        if name == "broker":
            wait_for(stage, "stockroom.orders", "unknown")
    finally:
        (stage.start if how == "killed" else stage.resume)(name)
    stage.part(name).wait_until_ready()
    healed_at = time.time()
    wait_for(stage, name, "up")
    tell_times(name, how, harmed_at, healed_at, time.time(),
               wait_for_incident(stage, name, harmed_at))


def test_another_health_service_goes_on_where_one_was_killed(stage):
    leader = eventually(lambda: leader_of(stage), "one writes")
    other = 3 - leader
    harmed_at = time.time()
    stage.kill("catalogue")
    wait_for(stage, "catalogue-1", "down")
    begun = eventually(lambda: incidents_since(stage, "catalogue-1", harmed_at), "it is written")[0]
    killed_at = time.time()
    stage.kill(f"health-{leader}")
    wait_for(stage, f"health-{leader}", "down", [other])
    eventually(lambda: leader_of(stage) == other, "the other writes")
    stage.start("catalogue")
    assert wait_for_incident(stage, "catalogue-1", harmed_at)["id"] == begun["id"]
    stage.start(f"health-{leader}")
    stage.part(f"health-{leader}").wait_until_ready()
    healed_at = time.time()
    wait_for(stage, f"health-{leader}", "up", [other])
    tell_times(f"health-{leader}", "killed", killed_at, healed_at, time.time(),
               wait_for_incident(stage, f"health-{leader}", killed_at))


def test_one_health_service_is_enough_for_the_gateway(stage, contract):
    client = Client(stage.url, contract)
    for number in (1, 2):
        known = set(health_of(stage, 3 - number))
        stage.kill(f"health-{number}")
        try:
            parts = client.get("/v1/health", status=200).json["parts"]
            assert {part["name"] for part in parts} == known
        finally:
            stage.start(f"health-{number}")
        wait_until_up(stage)
    client.close()


def test_without_a_health_service_the_gateway_says_so(stage, contract):
    client = Client(stage.url, contract)
    known = {part["name"] for part in client.get("/v1/health", status=200).json["parts"]}
    for number in (1, 2):
        stage.kill(f"health-{number}")
    try:
        health = client.get("/v1/health", status=200).json
        assert health["state"] == "unknown"
        down, *rest = health["parts"]
        assert (down["name"], down["state"]) == ("health", "down") and down["cause"]
        assert {part["state"] for part in rest} == {"unknown"}
        assert {part["name"] for part in rest} == known
    finally:
        for number in (1, 2):
            stage.start(f"health-{number}")
    client.close()


def test_its_history_stands_in_pages_and_in_the_log(stage, contract):
    client = Client(stage.url, contract)
    harmed_at = time.time()
    harmed = ("relay", "generator", "records")
    for name in harmed:
        stage.kill(name)
    for name in harmed:
        wait_for(stage, f"{name}-1", "down")
        stage.start(name)
    begun = {wait_for_incident(stage, f"{name}-1", harmed_at)["id"] for name in harmed}

    incidents, target = [], "/v1/health/incidents?limit=2"
    while target:
        page = client.get(target, status=200).json
        incidents += page["incidents"]
        target = page.get("next") and f"/v1/health/incidents?limit=2&cursor={page['next']}"
    ids = [incident["id"] for incident in incidents]
    assert ids == sorted(set(ids), reverse=True)
    over = {incident["id"] for incident in incidents if incident.get("ended_at")}
    assert begun <= over
    client.get("/v1/health/incidents?cursor=nonsense", status=422)

    changes = [json.loads(line) for line in stage.sql(
        "SELECT data FROM stockroom.log WHERE type = 'health.changed' ORDER BY position").splitlines()]
    told = collections.defaultdict(list)
    for change in changes:
        if "incident" in change:
            told[change["incident"]["id"]].append(change["state"])
    assert set(ids) <= set(told)
    for incident in over:
        states = told[incident]
        assert states[-1] == "up" and states.count("up") == 1 and len(states) > 1, told
    assert stage.audit() == ""
    client.close()
