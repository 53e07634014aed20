"""The health monitor on a whole system of its own: what is killed or stands still is told as down, and as
up again, once; also while store or broker are away."""

import collections
import json
import re
import time
import urllib.error
import urllib.request

import pytest

from client import Client, eventually
from stage import SERVICE_PARTS, Stage

QUEUES = {"catalogue": "stockroom.catalogue", "stock": "stockroom.stock", "orders": "stockroom.orders",
          "records": "stockroom.records"}
DEADLINE_SECONDS = 180


@pytest.fixture(scope="module")
def stage(binaries, tmp_path_factory):
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


def wait_for(stage, name, state, number=1):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while state_of(stage, name, number) != state:
        assert time.monotonic() < deadline, (name, state, health_of(stage, number))
        time.sleep(0.05)
    return health_of(stage, number)[name]


def wait_until_up(stage):
    for number in (1, 2):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (parts := health_of(stage, number)) or \
                {part["state"] for part in parts.values()} != {"up"}:
            assert time.monotonic() < deadline, [part for part in parts.values() if part["state"] != "up"]
            time.sleep(0.05)


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


def wait_for_incident(stage, name, count):
    """Until so many incidents of the part are written, and over; the last of them."""
    def written():
        incidents = incidents_of(stage, name)
        return len(incidents) >= count and incidents[-1]["ended_at"]

    eventually(written, f"{count} incidents of {name} are over")
    incidents = incidents_of(stage, name)
    assert len(incidents) == count, incidents
    return incidents[-1]


def tell_times(name, what, harmed_at, healed_at, incident):
    """For who reads the test's output: how long it took from the harm, and from its end."""
    reported = int(incident["reported_at"]) / 1e6 - harmed_at
    ended = int(incident["ended_at"]) / 1e6 - healed_at
    print(f"{name} {what}: told {reported:.1f} s after, up {ended:.1f} s after its first good answer")


def test_every_part_is_watched(stage):
    parts = health_of(stage)
    services = {f"{name}-{number}" for name in SERVICE_PARTS
                for number in range(1, stage.system.replicas[name] + 1)}
    assert {name for name, part in parts.items() if part["kind"] == "service"} == services
    assert {name for name, part in parts.items() if part["kind"] == "server"} == {"broker", "store"}
    queues = {name: part for name, part in parts.items() if part["kind"] == "queue"}
    assert set(QUEUES.values()) | {"stockroom.health"} <= set(queues)
    for name, queue in queues.items():
        assert queue["round_trip_us"] > 0, name
        eventually(lambda name=name: health_of(stage)[name].get("queue", {}).get("consumers"),
                   f"{name} has consumers")
    assert health_of(stage)["stockroom.orders"]["queue"]["consumers"] == 2


def test_the_gateway_passes_it_on(stage, contract):
    client = Client(stage.url, contract)
    health = client.get("/v1/health", status=200).json
    assert health["state"] == "up"
    assert {part["name"] for part in health["parts"]} == set(health_of(stage))
    client.close()


@pytest.mark.parametrize("name", ["gateway", "catalogue", "stock", "records", "relay"])
def test_a_killed_service_is_told_down_and_up(stage, name):
    part, queue = f"{name}-1", QUEUES.get(name)
    before = {told: len(incidents_of(stage, told)) for told in (part, queue) if told}
    harmed_at = time.time()
    stage.kill(name)
    assert "Connection refused" in wait_for(stage, part, "down")["cause"]
    if queue:
        wait_for(stage, queue, "down")
    stage.start(name)
    healed_at = time.time()
    for told, count in before.items():
        wait_for(stage, told, "up")
        incident = wait_for_incident(stage, told, count + 1)
        assert incident["state"] == "down"
        tell_times(told, "killed", harmed_at, healed_at, incident)


def test_a_service_that_stands_still_is_told_down_and_up(stage):
    before = len(incidents_of(stage, "stock-1"))
    harmed_at = time.time()
    stage.pause("stock")
    try:
        assert "no answer in time" in wait_for(stage, "stock-1", "down")["cause"]
        wait_for(stage, "stockroom.stock", "down")
    finally:
        stage.resume("stock")
    healed_at = time.time()
    wait_for(stage, "stockroom.stock", "up")
    tell_times("stock-1", "paused", harmed_at, healed_at,
               wait_for_incident(stage, "stock-1", before + 1))


def test_one_replica_down_leaves_its_queue_up(stage):
    before = len(incidents_of(stage, "stockroom.orders"))
    stage.kill("orders-2")
    wait_for(stage, "orders-2", "down")
    assert state_of(stage, "orders-1") == "up"
    assert state_of(stage, "stockroom.orders") == "up"
    stage.start("orders-2")
    wait_for(stage, "orders-2", "up")
    assert len(incidents_of(stage, "stockroom.orders")) == before


@pytest.mark.parametrize("how", ["killed", "paused"])
@pytest.mark.parametrize("name", ["store", "broker"])
def test_a_server_is_told_down_and_up_and_written_down(stage, name, how):
    before = len(incidents_of(stage, name))
    harmed_at = time.time()
    (stage.kill if how == "killed" else stage.pause)(name)
    try:
        wait_for(stage, name, "down")
        assert wait_for(stage, name, "down", number=2)["cause"]
        if name == "broker":
            wait_for(stage, "stockroom.orders", "unknown")
    finally:
        (stage.start if how == "killed" else stage.resume)(name)
    stage.part(name).wait_until_ready()
    healed_at = time.time()
    for number in (1, 2):
        wait_for(stage, name, "up", number)
    tell_times(name, how, harmed_at, healed_at, wait_for_incident(stage, name, before + 1))


def test_another_health_service_goes_on_where_one_was_killed(stage):
    leader = eventually(lambda: leader_of(stage), "one writes")
    other = 3 - leader
    before = len(incidents_of(stage, "catalogue-1"))
    stage.kill("catalogue")
    wait_for(stage, "catalogue-1", "down", leader)
    eventually(lambda: len(incidents_of(stage, "catalogue-1")) == before + 1, "it is written")
    stage.kill(f"health-{leader}")
    wait_for(stage, f"health-{leader}", "down", other)
    eventually(lambda: leader_of(stage) == other, "the other writes")
    stage.start("catalogue")
    wait_for_incident(stage, "catalogue-1", before + 1)
    stage.start(f"health-{leader}")


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
    incidents, target = [], "/v1/health/incidents?limit=2"
    while target:
        page = client.get(target, status=200).json
        incidents += page["incidents"]
        target = page.get("next") and f"/v1/health/incidents?limit=2&cursor={page['next']}"
    assert len({incident["id"] for incident in incidents}) == len(incidents) > 5
    assert [incident["id"] for incident in incidents] == \
        sorted((incident["id"] for incident in incidents), reverse=True)
    client.get("/v1/health/incidents?cursor=nonsense", status=422)

    changes = [json.loads(line) for line in stage.sql(
        "SELECT data FROM stockroom.log WHERE type = 'health.changed' ORDER BY position").splitlines()]
    told = collections.defaultdict(list)
    for change in changes:
        if "incident" in change:
            told[change["incident"]["id"]].append(change["state"])
    assert set(told) == {incident["id"] for incident in incidents}
    for states in told.values():
        assert states[-1] == "up" and states.count("up") == 1 and len(states) > 1, told
    assert stage.audit() == ""
    client.close()
