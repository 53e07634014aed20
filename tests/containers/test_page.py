"""The commands of docs/containers.md, one after the other, as they stand there."""

import json
import subprocess

from compose import ROOT, Compose

from guide import blocks

PAGE = "docs/containers.md"
PAGE_SECONDS = 900


def test_the_page_goes_the_whole_way(harness, tmp_path):
    system = Compose(harness, tmp_path, "page")
    volume = f"{system.project}-shop"
    system.remove()
    harness.docker.remove_volume(volume)
    environment = {
        **system.environment, "PATH": f"/usr/bin:{system.environment['PATH']}", "DOCKER_BUILDKIT": "1",
        "STOCKROOM_BACKUP": str(tmp_path / "stockroom.dump"), "STOCKROOM_VOLUME": volume}
    log = tmp_path / "log"
    try:
        done = subprocess.run(["bash", "-c", script(system)], cwd=ROOT, env=environment, check=False,
                              timeout=PAGE_SECONDS, stdout=subprocess.PIPE, stderr=open(log, "wb"), text=True)
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{log.read_text()[-6000:]}"
        check(done.stdout)
    finally:
        system.remove()
        harness.docker.remove_volume(volume)


def script(system):
    """All blocks as one script. The servers elsewhere, of which one block tells, are those of before."""
    elsewhere = f"""
. {system.env_file}
export STOCKROOM_BUS_URL=amqp://stockroom:$STOCKROOM_BROKER_PASSWORD@broker/stockroom
export STOCKROOM_OWNER_URL=postgres://stockroom_owner:$STOCKROOM_OWNER_PASSWORD@store/stockroom
export STOCKROOM_SERVICE_URL=postgres://service:$STOCKROOM_SERVICE_PASSWORD@store/stockroom
export STOCKROOM_READER_URL=postgres://reader:$STOCKROOM_READER_PASSWORD@store/stockroom
export STOCKROOM_RELAY_URL=postgres://relay:$STOCKROOM_RELAY_PASSWORD@store/stockroom
"""
    text = blocks(PAGE)
    first = "./dev compose -f deploy/compose/managed.yaml"
    assert text.count(first) == 2
    return "set -euxo pipefail\n" + text.replace(first, elsewhere + first, 1)


def documents_in(output):
    """What the gateway has answered, wherever it begins in a line; a log's lines have a time."""
    found, decoder, place = [], json.JSONDecoder(), 0
    while (place := output.find('{"', place)) >= 0:
        document, place = decoder.raw_decode(output, place)
        found.append(document)
    return [document for document in found if "time" not in document]


def check(output):
    item, order, stock, again, of_one, ordered, left = documents_in(output)
    assert (item["sku"], item["on_hand"]) == ("IB1", 50)
    assert (order["state"], order["execution_price"]) == ("reserved", "50.00")
    assert stock["available"] == again["available"] == 48
    assert [hold["id"] for hold in again["holds"]] == [order["id"]]
    assert (of_one["on_hand"], ordered["state"], left["available"]) == (5, "reserved", 2)
    assert output.count("all is right") == 3, output
    assert "stockroom.orders" in output
