import re
import uuid

import pytest

from client import Raw, eventually

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)')


def metrics(client):
    """Samples by name and labels; fails on what is no Prometheus text."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples, types = {}, {}
    for line in answer.text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types
            types[name] = kind
        elif not line.startswith("# HELP "):
            match = SAMPLE.fullmatch(line)
            assert match, line
            base = re.sub("_(bucket|sum|count)$", "", match[1])
            assert match[1] in types or types.get(base) == "histogram", line
            assert match[1].startswith("stockroom_")
            labels = tuple(sorted(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', match[2] or "")))
            assert (match[1], labels) not in samples
            samples[match[1], labels] = float(match[3])
    return samples


def count(samples, name, **labels):
    return sum(value for (sample, sample_labels), value in samples.items()
               if sample == name and labels.items() <= dict(sample_labels).items())


def test_metrics_count_requests_by_route(client):
    sku = client.create_item()
    before = metrics(client)
    for _ in range(3):
        client.get(f"/v1/items/{sku}")
    client.get(f"/v1/items/{sku}x", status=404)
    client.get("/v1/nowhere", status=404)

    def grown(**labels):
        name = "stockroom_http_requests_total"
        return count(metrics(client), name, **labels) - count(before, name, **labels)

    assert grown(method="GET", route="/v1/items/{sku}", status="200") == 3
    assert grown(route="/v1/items/{sku}", status="404") == 1
    assert grown(status="404") == 2
    assert sku not in client.get("/metrics").text, "a label must not grow with what clients send"


def test_histograms_add_up(client):
    client.create_item()
    samples = metrics(client)
    counts = {key: value for key, value in samples.items() if key[0].endswith("_count")}
    assert counts
    for (name, labels), value in counts.items():
        base = name.removesuffix("_count")
        assert samples[f"{base}_bucket", tuple(sorted(labels + (("le", "+Inf"),)))] == value
        assert (f"{base}_sum", labels) in samples


@pytest.mark.parametrize("request_id", ["abc", "x" * 128, "a/b;c=\"d\"", str(uuid.uuid4())])
def test_a_request_id_is_given_back(client, request_id):
    for target, status in (("/livez", 200), ("/v1/items/T-never", 404), ("/nowhere", 404)):
        answer = client.get(target, headers={"X-Request-Id": request_id}, status=status)
        assert answer.headers["x-request-id"] == request_id


@pytest.mark.parametrize("request_id", [None, "", "two words", "x" * 129, "\u00e9"])
def test_without_a_usable_one_it_is_a_fresh_uuid(client, request_id):
    headers = {} if request_id is None else {"X-Request-Id": request_id}
    ids = {client.get("/livez", headers=headers).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(str(uuid.UUID(given)) == given for given in ids)


def log_line(server, request_id):
    """The one line of this request."""
    def find():
        lines = [line for line in server.log_lines() if line.get("request_id") == request_id]
        assert len(lines) <= 1, lines
        return lines and lines[0]
    return eventually(find, f"a log line of {request_id}")


def test_every_request_has_one_log_line(client, server):
    def ask(method, target, **more):
        headers = {"X-Request-Id": uuid.uuid4().hex}
        answer = client.request(method, target, headers=headers, **more)
        return answer, log_line(server, headers["X-Request-Id"])

    sku = client.create_item(stock=5)
    answer, line = ask("GET", f"/v1/items/{sku}?x=secret")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/items/{sku}", 422)
    assert line["path"] == f"/v1/items/{sku}"
    assert "secret" not in str(line)
    assert line["level"] == "info"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["time"])
    assert line["duration_us"] >= 0
    assert "command_id" not in line
    assert line["bytes_out"] >= len(answer.text)

    answer, line = ask("POST", "/v1/orders", json={"lines": [{"sku": sku, "quantity": 1}]})
    assert (line["status"], line["command_id"]) == (201, answer.json["id"])
    answer, line = ask("POST", "/v1/orders", json={"lines": [{"sku": sku, "quantity": 9}]})
    assert (line["status"], line["command_id"]) == (409, answer.json["order_id"])
    _, line = ask("GET", "/nowhere")
    assert line["status"] == 404


def test_refused_framing_is_logged(client, server):
    with Raw(client.address) as raw:
        raw.send(b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        request_id = raw.read_answer().headers["x-request-id"]
    assert log_line(server, request_id)["status"] == 400


def test_the_log_is_json_whatever_clients_send(client, server):
    for target in ("/v1/items/%FF%FE", "/v1/items/%22%5C%0A%0D", "/v1/items/%7F%1B%5B31m"):
        client.get(target, status=None)
    request_id = "\"'<>{}\\"
    client.get("/openapi.json", headers={"X-Request-Id": request_id})
    log_line(server, request_id)
    for line in server.log_lines():
        assert {"time", "level", "message"} <= line.keys()


def test_probes(client):
    assert client.get("/livez").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok"}
    links = client.get("/").json["links"]
    for target in links.values():
        client.get(target)
    assert "/openapi.json" in links.values()
