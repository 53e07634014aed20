"""stockroom-generator at its own port, as the programs of its seed use it: with curl."""

import json
import subprocess

import pytest

from client import eventually
from server import STOP_SECONDS
from service import NoServer, Service

SHAPE, SERVER = "services", {"settings": {"STOCKROOM_EVERY": "20ms"}}
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def curl(url, *options):
    """Status, content type and body."""
    done = subprocess.run(["curl", "-s", "-w", "\n%{http_code}\n%{content_type}", *options, url],
                          capture_output=True, text=True, check=False, timeout=STOP_SECONDS)
    assert done.returncode == 0, done.stderr
    body, status, content_type = done.stdout.rsplit("\n", 2)
    return int(status), content_type, body


def message(url, *options):
    status, content_type, body = curl(url, *options)
    assert (status, content_type) == (200, "application/json")
    (name, text), = json.loads(body).items()
    assert name == "message"
    return text


def state(url):
    return json.loads(curl(f"{url}/v1/generator")[2])


def wait_for_more(url):
    made = state(url)["made"]
    eventually(lambda: state(url)["made"] > made, "it makes orders")


def test_get_starts_it_and_stop_order_stops_it(server, client):
    url = server.services["generator"].url
    client.create_item(stock=1_000_000, price="2.00")
    assert curl(f"{url}/", "--head")[0] == 200
    assert state(url)["state"] == "stopped"
    for _ in range(2):
        assert message(f"{url}/") == "Order generator started"
        assert message(f"{url}/") == "Order generator is running already"
        wait_for_more(url)
        assert curl(f"{url}/stop_order", "--head")[0] == 200
        assert state(url)["state"] == client.get("/v1/generator").json["state"] == "running"
        assert message(f"{url}/stop_order") == "Order generator stopped"
        assert message(f"{url}/stop_order") == "Order generator is stopped already"
        assert state(url)["state"] == "stopped"


def test_the_gateway_and_its_own_port_tell_the_same(server, client):
    url = server.services["generator"].url
    client.create_item(stock=1_000_000)
    assert client.post("/v1/generator/start", status=200).json["state"] == "running"
    eventually(lambda: state(url)["made"] >= 3, "it makes orders")
    assert client.post("/v1/generator/stop", status=200).json["state"] == "stopped"
    eventually(lambda: state(url)["in_flight"] == 0, "it is at rest")
    told = client.get("/v1/generator").json
    told.pop("rate")
    assert told == {name: value for name, value in state(url).items() if name != "rate"}


def test_metrics_are_json_or_text(server, client):
    url = server.services["generator"].url
    eventually(lambda: state(url)["in_flight"] == 0, "it is at rest")
    client.place(client.create_item(stock=1, price="1.00"), 1)
    figures = client.get("/v1/statistics/orders").json
    status, content_type, body = curl(f"{url}/metrics", "-H", "Accept: application/json")
    assert (status, content_type) == (200, "application/json")
    assert json.loads(body) == {"total_orders_processed": figures["processed"],
                                "average_execution_price": figures["average_execution_price"]}
    for accept in ([], ["-H", "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5,*/*;q=0.1"]):
        status, content_type, body = curl(f"{url}/metrics", *accept)
        assert (status, content_type) == (200, TEXT)
        assert "# TYPE stockroom_generator_orders_total counter" in body


def test_without_it_the_gateway_says_so(server, client):
    generator = server.services["generator"]
    generator.kill()
    for method, path in (("GET", ""), ("POST", "/start"), ("POST", "/stop")):
        answer = client.request(method, f"/v1/generator{path}", status=503)
        assert answer.problem == "unavailable"
        assert answer.json["detail"].startswith("The order generator does not answer: ")
    assert client.get("/readyz").status == 200
    generator.start()
    generator.wait_until_ready()
    assert client.get("/v1/generator").json["state"] == "stopped"


def test_without_a_gateway_it_waits_for_one(server, client):
    """What was sent and not answered is sent again under its key: nothing is ordered twice."""
    url = server.services["generator"].url
    gateway = server.services["gateway"]
    client.create_item(stock=1_000_000)
    message(f"{url}/")
    eventually(lambda: state(url)["made"] >= 3, "it makes orders")
    gateway.kill()
    eventually(lambda: curl(f"{url}/readyz")[0] == 503, "it says that its gateway is away")
    assert '"gateway":"' in curl(f"{url}/readyz")[2]
    assert curl(f"{url}/metrics", "-H", "Accept: application/json")[0] == 503
    assert curl(f"{url}/livez")[0] == 200
    gateway.start()
    gateway.wait_until_ready()
    wait_for_more(url)
    eventually(lambda: curl(f"{url}/readyz")[0] == 200, "it is well again")
    message(f"{url}/stop_order")


@pytest.mark.parametrize("options, reason", [
    (["--every", "0s"], "--every"), (["--every", "2h"], "--every"), (["--every", "often"], "--every"),
    (["--orders", "eaten"], "--orders"), (["--in-flight", "0"], "--in-flight"),
    (["--gateway-url", "ftp://h"], "--gateway-url"), (["--gateway-url", "http://u:hunter2@h"], "--gateway-url"),
    (["--listen", "x"], "--listen"), (["--store-url", "postgres://h/d"], "--store-url"),
    (["--check", "soon"], "--check")])
def test_wrong_usage_is_told(binary, options, reason):
    done = subprocess.run([binary.parent / "stockroom-generator", *options], capture_output=True,
                          text=True, check=False, timeout=STOP_SECONDS)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert "hunter2" not in done.stderr


def test_it_stops_amid_orders_that_are_not_answered(binary, tmp_path):
    """Its gateway takes connections and says nothing."""
    deaf = NoServer(is_deaf=True)
    generator = Service(binary.parent, "generator", tmp_path, "", "", options=[
        "--gateway-url", f"http://127.0.0.1:{deaf.port}", "--started"])
    deaf.wait_for_attempts(1)
    assert generator.check("livez") == (0, "")
    assert generator.stop() == 0
    deaf.close()
