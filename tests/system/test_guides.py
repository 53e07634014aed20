"""The commands on the README and in docs/getting-started.md do what those pages say."""
import json
import subprocess

import pytest

from guide import blocks


def run(page, url):
    """Runs a page's shell blocks as one script; gives every JSON document that they printed."""
    script = blocks(page)
    assert "http://127.0.0.1:8080" in script
    script = "set -euo pipefail\n" + script.replace("http://127.0.0.1:8080", url)
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60,
                            check=False)
    assert result.returncode == 0, result.stderr
    decoder = json.JSONDecoder()
    documents = []
    text = result.stdout.strip()
    while text:
        document, end = decoder.raw_decode(text)
        documents.append(document)
        text = text[end:].lstrip()
    return documents


@pytest.fixture
def fresh(start):
    return start().url


def test_the_readme_places_a_first_order(fresh):
    item, order, stock, short = run("README.md", fresh)
    assert (item["sku"], item["on_hand"]) == ("IB1", 50)
    assert (order["state"], order["execution_price"]) == ("reserved", "50.00")
    assert stock["available"] == 48
    assert [hold["id"] for hold in stock["holds"]] == [order["id"]]
    assert short["status"] == 409
    assert [shortage["available"] for shortage in short["shortages"]] == [48]


def test_getting_started_goes_the_whole_way(fresh):
    (item, receipt, adjustment, ledger, stock, edited, confirmed, part, closed, returned, orders,
     counter_sale, short, command, location, _, split) = run("docs/getting-started.md", fresh)
    assert item["on_hand"] == 40
    assert (receipt["on_hand"], adjustment["on_hand"], stock["available"]) == (60, 58, 58)
    assert [line["quantity"] for line in ledger["movements"]] == [-2, 20, 40]
    assert edited["price"] == "4.75"
    assert [order["state"] for order in (confirmed, part, closed, returned)] == [
        "confirmed", "partially_fulfilled", "fulfilled", "fulfilled"]
    assert returned["lines"][0]["returned"] == 1
    assert [order["id"] for order in orders["orders"]] == [confirmed["id"]]
    assert counter_sale["state"] == "fulfilled"
    assert short["status"] == 409
    assert (command["state"], command["outcome"]["kind"]) == ("done", "place_order")
    assert location["code"] == "north"
    assert {allocation["location"] for allocation in split["lines"][0]["allocations"]} == {
        "main", "north"}
