"""`stockroom replay`: the example's table, other files beside a model, bad files."""

import csv
import decimal
import io
import json
import os
import pty
import random
import socket
import subprocess

import pytest

from client import Client
from command import only_object, replay, run
from replay_model import COLUMNS, EXAMPLE, OPENINGS, Model, expected

SEED = int(os.environ.get("STOCKROOM_SEED", random.randrange(2**32)))
FILES = int(os.environ.get("STOCKROOM_REPLAY_FILES", "16"))
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
NO_ADDRESS = "http://127.0.0.1:1"  # for what must fail before anything is sent


def row(invoice="1", code="A", description="", quantity=1, date="2010-12-01T08:26:00Z", price="1.00",
        customer="", country=""):
    return [invoice, code, description, quantity, date, price, customer, country]


def file_of(rows, line_end="\n", mark="", last_line_end=True):
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end)
    writer.writerow(HEADER.split(","))
    writer.writerows(rows)
    data = mark + text.getvalue()
    return (data if last_line_end else data.removesuffix(line_end)).encode("utf-8")


@pytest.mark.parametrize("opening", OPENINGS)
def test_the_model_knows_the_table(opening):
    assert Model(EXAMPLE.read_bytes(), opening).result() == expected(opening)


@pytest.mark.parametrize("opening", OPENINGS)
def test_the_example_comes_to_its_table_however_often(binary, start, opening):
    server = start()
    done = replay(binary, EXAMPLE, opening, server.url, "--json")
    result = only_object(done)
    assert result == expected(opening)
    assert tuple(result) == COLUMNS
    assert done.stderr == ""

    before = server.rows()
    again = replay(binary, EXAMPLE, opening, server.url, "--json")
    assert again.stdout == done.stdout
    assert server.rows() == before

    table = replay(binary, EXAMPLE, opening, server.url)
    assert [line.split() for line in table.stdout.splitlines()] == [
        [name, str(value)] for name, value in expected(opening).items()]


def test_another_opening_on_the_same_store_is_refused(binary, start):
    server = start()
    only_object(replay(binary, EXAMPLE, 20, server.url, "--json"))
    before = server.rows()
    done = replay(binary, EXAMPLE, 21, server.url, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "another --opening than 21" in done.stderr
    assert server.rows() == before


def test_an_item_from_elsewhere_is_refused(binary, start, contract, tmp_path):
    server = start()
    Client(server.url, contract).post("/v1/items", {"sku": "B"})
    path = tmp_path / "orders.csv"
    path.write_bytes(file_of([row(code="A"), row(code="B")]))
    done = replay(binary, path, 5, server.url, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "item B (line 3) exists already" in done.stderr
    assert Client(server.url, contract).get("/v1/orders").json["orders"] == []


def random_rows(rand):
    """Invoices whose lines are of both kinds, scattered, repeated, and scarce."""
    codes = rand.sample(["A", "a", "B 1", "b\"q\"", "C,2", "DOT", "m" * 64, "22423", "~"], 6)
    invoices = ([f"5{n}" for n in range(rand.randrange(1, 9))] +
                [f"C{n}" for n in range(rand.randrange(4))] + ["c9", "A563185", "ünïcode"])
    prices = ["0", "0.00", "-1.5", "0.001", "0.005", "1.005", "2.994999", "2.55", "12", "95.0",
              "1234567.89"]
    names = ["", "  ", "LAMP", "a, \"b\"", "two\nlines", "tab\there", "é" * 250, "x"]
    rows = []
    for _ in range(rand.randrange(1, 80)):
        code = rand.choice(codes)
        rows.append(row(invoice=rand.choice(invoices),
                        code=rand.choice([code, code, f" {code}", f"{code} \t"]),
                        description=rand.choice(names),
                        quantity=rand.choice([-1, 1]) * rand.choice([1, 1, 2, 3, 5, 8, 40]),
                        price=rand.choice(prices),
                        customer=rand.choice(["", "", "17850", "Žofie"]),
                        country=rand.choice(["", "Channel Islands"])))
    return rows


@pytest.mark.parametrize("number", range(FILES))
def test_other_files_come_out_as_the_model_says(binary, start, contract, tmp_path, number):
    print(f"seed {SEED}, file {number}")
    rand = random.Random(f"{SEED}/{number}")
    data = file_of(random_rows(rand), line_end=rand.choice(["\n", "\r\n"]),
                   mark=rand.choice(["", "\ufeff"]), last_line_end=rand.random() < 0.5)
    opening = rand.choice([0, 1, 3, 10, 25])
    path = tmp_path / "orders.csv"
    path.write_bytes(data)
    model = Model(data, opening)
    server = start()
    assert only_object(replay(binary, path, opening, server.url, "--json")) == model.result()
    assert only_object(replay(binary, path, opening, server.url, "--json")) == model.result()

    client = Client(server.url, contract)
    items = client.pages("/v1/items?limit=500", "items")
    assert {item["sku"]: (item["name"], item["price"], item["on_hand"], item["held"])
            for item in items} == {
        sku: (item.name, f"{item.price:.2f}", item.on_hand, item.held)
        for sku, item in model.items.items()}
    orders = client.pages("/v1/orders?limit=500", "orders")
    assert [(order["reference"], order.get("customer", ""), order["state"],
             {line["sku"]: line["quantity"] for line in order["lines"]},
             decimal.Decimal(order["execution_price"])) for order in reversed(orders)] == [
        (order.reference, order.customer, order.state, order.lines, order.price)
        for order in model.orders]


def test_both_kinds_of_lines_on_one_invoice(binary, start, contract, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_bytes(file_of([
        row("1", "A", quantity=4),                 # ordered after all changes of its invoice
        row("1", "A", quantity=-7),
        row("2", "A", quantity=-4),                # only 2 are there: refused
        row("2", "A", quantity=2, price="0.00"),
        row("1", "A", quantity=-1, price="0.00"),  # leaves 2, so that 4 are too many
        row("C3", "A", quantity=-1),               # comes back
        row("C3", "A", quantity=9),                # passed over
        row("4", "A", quantity=1),
        row("4", "A", quantity=2),
    ]))
    result = only_object(replay(binary, path, 10, start().url, "--json"))
    assert result == dict(zip(COLUMNS, (1, 1, 1, 3, "3.00", 1, 1, 3, 1, 5, 3)))


def test_a_file_without_rows(binary, start, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_bytes(file_of([]))
    result = only_object(replay(binary, path, 10, start().url, "--json"))
    assert result == {**dict.fromkeys(COLUMNS, 0), "execution_price": "0.00"}


GOOD = [row(), row(code="B")]
BAD = {
    "zero quantity": (file_of([*GOOD, row(quantity=0)]), ["line 4", "Quantity", "must not be 0"]),
    "fractional quantity": (file_of([row(quantity="1.5")]), ["line 2", "Quantity"]),
    "no quantity": (file_of([row(quantity="")]), ["line 2", "Quantity"]),
    "quantity of words": (file_of([row(quantity="six")]), ["line 2", "Quantity"]),
    "large quantity": (file_of([row(quantity=2**53)]), ["line 2", "Quantity"]),
    "largest quantity and one": (file_of([row(quantity=2**53 - 1), row()]), ["line 3", "Quantity"]),
    "no invoice": (file_of([*GOOD, row(invoice="")]), ["line 4", "InvoiceNo"]),
    "no code": (file_of([row(code="  ")]), ["line 2", "StockCode"]),
    "long code": (file_of([row(code="A" * 65)]), ["line 2", "StockCode"]),
    "accent in a code": (file_of([row(code="é")]), ["line 2", "StockCode"]),
    "date": (file_of([row(date="12/1/2010 8:26")]), ["line 2", "InvoiceDate"]),
    "price of words": (file_of([row(price="abc")]), ["line 2", "UnitPrice"]),
    "price with an exponent": (file_of([row(price="1e3")]), ["line 2", "UnitPrice"]),
    "no price": (file_of([row(price="")]), ["line 2", "UnitPrice"]),
    "large price": (file_of([row(price="92233720368547758.08")]), ["line 2", "UnitPrice"]),
    "large order": (file_of([row(price="92233720368547758.07", quantity=2)]), ["line 2", "UnitPrice"]),
    "long customer": (file_of([row(customer="c" * 101)]), ["line 2", "CustomerID"]),
    "many codes": (file_of([row(code=f"S{n}") for n in range(1001)]), ["line 1002", "StockCode"]),
    "a column less": (file_of([*GOOD, row()[:-1]]), ["line 4", "column 8"]),
    "a column more": (file_of([*GOOD, row() + ["x"]]), ["line 4", "column 9"]),
    "after a field of lines": (file_of([row(description="a\nb\nc"), row(quantity=0)]),
                               ["line 5", "Quantity"]),
    "open quote": (file_of(GOOD) + b'1,A,"never closed,1\n', ["line 4", "Description"]),
    "quote inside": (file_of(GOOD) + b'1,A"B,,1,2010-12-01T08:26:00Z,1,,\n', ["line 4", "StockCode"]),
    "no UTF-8": (file_of(GOOD) + b"1,A,\xff,1,2010-12-01T08:26:00Z,1,,\n", ["line 4", "Description"]),
    "no header": (b"1,A,,1,2010-12-01T08:26:00Z,1,,\n", ["line 1", "InvoiceNo"]),
    "another header": (file_of(GOOD).replace(b"UnitPrice", b"Price"), ["line 1", "UnitPrice"]),
    "empty": (b"", ["line 1", "InvoiceNo"]),
    "several": (file_of([row(quantity=0, price="x"), row(), row(code="")]),
                ["line 2, column 4 (Quantity)", "line 2, column 6 (UnitPrice)",
                 "line 4, column 2 (StockCode)"]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_and_nothing_is_sent(binary, server, contract, tmp_path, name):
    data, words = BAD[name]
    path = tmp_path / "orders.csv"
    path.write_bytes(data)
    done = replay(binary, path, 10, server.url, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    for word in words:
        assert word in done.stderr
    assert "nothing was sent" in done.stderr
    assert Client(server.url, contract).get("/v1/items").json["items"] == []


def test_of_many_bad_rows_the_first_are_shown(binary, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_bytes(file_of([row(quantity=0)] * 57))
    done = replay(binary, path, 10, NO_ADDRESS)
    assert done.returncode == 2
    assert "line 21, column 4" in done.stderr
    assert "line 22, column 4" not in done.stderr
    assert "and 37 more" in done.stderr


@pytest.mark.parametrize("arguments", [
    ("no-such-file.csv", "--opening", "1"),
    (".", "--opening", "1"),
    (EXAMPLE,),
    (EXAMPLE, "--opening", "-1"),
    (EXAMPLE, "--opening", "many"),
    (EXAMPLE, "--opening", str(2**53)),
    (EXAMPLE, "--opening", "1", "--url", "127.0.0.1:8080"),
    (EXAMPLE, "--opening", "1", "--url", "https://127.0.0.1"),
    (EXAMPLE, "--opening", "1", "--nonsense"),
])
def test_wrong_usage(binary, arguments):
    done = run(binary, "replay", *arguments, environment={"STOCKROOM_URL": NO_ADDRESS})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_a_server_that_is_not_there(binary):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        done = replay(binary, EXAMPLE, 10, url, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"cannot reach {url}" in done.stderr
    assert "stockroom serve" in done.stderr


def test_options_come_from_the_environment_too(binary, start, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_bytes(file_of(GOOD))
    done = run(binary, "replay", path, environment={
        "STOCKROOM_URL": start().url, "STOCKROOM_OPENING": "7", "STOCKROOM_JSON": "true"})
    assert only_object(done)["on_hand"] == 14


def test_a_terminal_sees_progress(binary, start):
    url = start().url
    ours, theirs = pty.openpty()
    with subprocess.Popen(
            [binary, "replay", EXAMPLE, "--opening", "20", "--url", url, "--json"],
            stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                data = os.read(ours, 4096)
            except OSError:  # the other side has closed
                break
            if not data:
                break
            seen += data
        result = json.loads(process.stdout.read())
    os.close(ours)
    assert process.returncode == 0
    assert result == expected(20)
    assert b"\rreplaying [" in seen
    assert b"100 %" in seen.rsplit(b"\r", 2)[-2]
