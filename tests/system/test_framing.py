"""Framing that two readers could read in two ways (DESIGN: traps) is refused, byte by byte.

Behind each bad request stands a good one that would receive stock: it must never be answered, nor
done, since the connection is closed."""

import re

import pytest

from client import Raw, parse_answer

HOST = b"Host: stockroom\r\n"
TYPE = b"Content-Type: application/json\r\n"


def receipt(sku):
    body = b'{"sku":"%s","location":"main","quantity":1}' % sku.encode()
    return (b"POST /v1/stock/receipts HTTP/1.1\r\n" + HOST + TYPE +
            b"Content-Length: %d\r\n\r\n" % len(body) + body)


def get(line=b"GET /livez HTTP/1.1\r\n", fields=b"", host=HOST):
    return line + host + fields + b"\r\n"


def post(fields, body=b"{}"):
    return b"POST /v1/orders HTTP/1.1\r\n" + HOST + TYPE + fields + b"\r\n" + body


CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"2\r\n{}\r\n0\r\n\r\n"
LENGTH = b"Content-Length: 2\r\n"


def count_answers(received):
    return len(re.findall(rb"HTTP/1\.1 [1-5][0-9][0-9] ", received))


# What is sent, and the statuses that may refuse it.
REFUSED = {
    "an unknown coding": (post(b"Transfer-Encoding: xchunked\r\n", CHUNKS), {400, 501}),
    "gzip, chunked": (post(b"Transfer-Encoding: gzip, chunked\r\n", CHUNKS), {400, 501}),
    "chunked, gzip": (post(b"Transfer-Encoding: chunked, gzip\r\n", CHUNKS), {400, 501}),
    "chunked, identity": (post(b"Transfer-Encoding: chunked, identity\r\n", CHUNKS), {400, 501}),
    "identity": (post(b"Transfer-Encoding: identity\r\n" + LENGTH), {400, 501}),
    "an empty coding": (post(b"Transfer-Encoding: \r\n", CHUNKS), {400, 501}),
    "a coding behind a vertical tab": (post(b"Transfer-Encoding: \x0bchunked\r\n", CHUNKS), {400}),
    "a quoted coding": (post(b'Transfer-Encoding: "chunked"\r\n', CHUNKS), {400, 501}),
    "two codings": (post(CHUNKED * 2, CHUNKS), {400}),
    "a coding and a length": (post(CHUNKED + LENGTH, CHUNKS), {400}),
    "a length and a coding": (post(LENGTH + CHUNKED, CHUNKS), {400}),
    "a coding on HTTP/1.0": (post(CHUNKED, CHUNKS).replace(b"HTTP/1.1", b"HTTP/1.0"), {400}),
    "two lengths": (post(LENGTH + b"Content-Length: 3\r\n"), {400}),
    "the same length twice": (post(LENGTH * 2), {400}),
    "a list of lengths": (post(b"Content-Length: 2, 2\r\n"), {400}),
    "a signed length": (post(b"Content-Length: +2\r\n"), {400}),
    "a negative length": (post(b"Content-Length: -2\r\n"), {400}),
    "a hexadecimal length": (post(b"Content-Length: 0x2\r\n"), {400}),
    "a length with a space inside": (post(b"Content-Length: 2 2\r\n"), {400}),
    "a length in fractions": (post(b"Content-Length: 2.0\r\n"), {400}),
    "an empty length": (post(b"Content-Length:\r\n"), {400}),
    "a length past 64 bits": (post(b"Content-Length: 18446744073709551618\r\n"), {400, 413}),
    "a folded header": (get(fields=b"X-Fold: a\r\n b\r\n"), {400}),
    "a header folded by a tab": (get(fields=b"X-Fold: a\r\n\tb\r\n"), {400}),
    "a length that is folded": (post(b"Content-Length:\r\n 2\r\n"), {400}),
    "a folded first header": (get(host=b" " + HOST), {400}),
    "no Host": (get(host=b""), {400}),
    "two Hosts": (get(host=HOST * 2), {400}),
    "two different Hosts": (get(host=HOST + b"Host: other\r\n"), {400}),
    "a list of Hosts": (get(host=b"Host: a, b\r\n"), {400}),
    "a Host with a path": (get(host=b"Host: a/b\r\n"), {400}),
    "a Host with a user": (get(host=b"Host: user@a\r\n"), {400}),
    "%00 in the path": (get(b"GET /v1/items/%00 HTTP/1.1\r\n"), {400}),
    "%00 in the query": (get(b"GET /v1/items?q=%00 HTTP/1.1\r\n"), {400}),
    "a cut escape": (get(b"GET /v1/items/%4 HTTP/1.1\r\n"), {400}),
    "an escape of no digits": (get(b"GET /v1/items/%zz HTTP/1.1\r\n"), {400}),
    "an absolute target": (get(b"GET http://stockroom/livez HTTP/1.1\r\n"), {400}),
    "an absolute target elsewhere": (get(b"GET https://other/livez HTTP/1.1\r\n"), {400}),
    "an authority target": (get(b"CONNECT stockroom:80 HTTP/1.1\r\n"), {400, 405, 501}),
    "an asterisk target": (get(b"GET * HTTP/1.1\r\n"), {400}),
    "a target without a slash": (get(b"GET livez HTTP/1.1\r\n"), {400}),
    "a fragment": (get(b"GET /livez#x HTTP/1.1\r\n"), {400}),
    "a raw NUL in the target": (get(b"GET /livez\x00 HTTP/1.1\r\n"), {400}),
    "a raw byte in the target": (get(b"GET /\xc3\xa9 HTTP/1.1\r\n"), {400}),
    "a space in the target": (get(b"GET /livez x HTTP/1.1\r\n"), {400}),
    "a tab for a space": (get(b"GET\t/livez HTTP/1.1\r\n"), {400}),
    "two spaces": (get(b"GET  /livez HTTP/1.1\r\n"), {400}),
    "a space in front": (get(b" GET /livez HTTP/1.1\r\n"), {400}),
    "a space behind": (get(b"GET /livez HTTP/1.1 \r\n"), {400}),
    "no version": (get(b"GET /livez\r\n"), {400}),
    "an unknown method": (get(b"FOO /livez HTTP/1.1\r\n"), {400, 405, 501}),
    "a method in lower case": (get(b"get /livez HTTP/1.1\r\n"), {400, 405, 501}),
    "a method that is no token": (get(b"G{T /livez HTTP/1.1\r\n"), {400}),
    "HTTP/0.9": (get(b"GET /livez HTTP/0.9\r\n"), {400, 505}),
    "HTTP/1.2": (get(b"GET /livez HTTP/1.2\r\n"), {400, 505}),
    "HTTP/2.0": (get(b"GET /livez HTTP/2.0\r\n"), {400, 505}),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
    "1,500 headers": (get(fields=b"X-A: b\r\n" * 1500), {400, 431}),
    "a header of 64 KiB": (get(fields=b"X-A: " + b"b" * 65536 + b"\r\n"), {431}),
    "64 KiB of headers": (get(fields=b"".join(b"X-%02d: %s\r\n" % (i, b"b" * 1024)
                                              for i in range(64))), {431}),
    "a target of 10 kB": (get(b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n"), {414}),
    "a chunk extension of 20 kB": (post(CHUNKED, b"2;" + b"x" * 20_000 + b"\r\n{}\r\n0\r\n\r\n"),
                                   {400, 413}),
    "a chunk size of no digits": (post(CHUNKED, b"zz\r\n{}\r\n0\r\n\r\n"), {400}),
    "a chunk size with 0x": (post(CHUNKED, b"0x2\r\n{}\r\n0\r\n\r\n"), {400}),
    "a negative chunk size": (post(CHUNKED, b"-2\r\n{}\r\n0\r\n\r\n"), {400}),
    "a chunk size past 64 bits": (post(CHUNKED, b"10000000000000002\r\n{}\r\n0\r\n\r\n"),
                                  {400, 413}),
    "a chunk longer than its size": (post(CHUNKED, b"1\r\n{}\r\n0\r\n\r\n"), {400}),
    "a chunk that ends in LF": (post(CHUNKED, b"2\n{}\n0\n\n"), {400}),
    "a space before the colon": (get(fields=b"X-A : b\r\n"), {400}),
    "a length with a space before the colon": (post(b"Content-Length : 2\r\n"), {400}),
    "no colon": (get(fields=b"X-A\r\n"), {400}),
    "no name": (get(fields=b": b\r\n"), {400}),
    "a name that is no token": (get(fields=b"X(A): b\r\n"), {400}),
    "a NUL in a value": (get(fields=b"X-A: a\x00b\r\n"), {400}),
    "a bare CR in a value": (get(fields=b"X-A: a\rX-B: b\r\n"), {400}),
    "lines that end in LF": (get().replace(b"\r\n", b"\n"), {400}),
    "one line that ends in LF": (get(fields=b"X-A: b\nX-B: b\r\n"), {400}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(client, what):
    sku = client.create_item(stock=1)
    sent, statuses = REFUSED[what]
    with Raw(client.address) as raw:
        raw.send(sent + receipt(sku))
        received = raw.read_to_end()
    assert count_answers(received) == 1, received[:2000]
    answer = parse_answer(received)
    client.contract.check_problem(answer)
    assert answer.status in statuses, answer
    assert answer.headers["connection"].lower() == "close"
    assert client.check_books(sku) == (1, 0, 1)


@pytest.mark.parametrize("what", ["a folded header", "two Hosts", "a coding and a length",
                                  "an unknown coding", "a chunk size of no digits", "HTTP/2.0"])
def test_refused_byte_by_byte(client, what):
    sku = client.create_item(stock=1)
    sent, statuses = REFUSED[what]
    with Raw(client.address) as raw:
        try:
            for i in range(len(sent)):
                raw.send(sent[i:i + 1])
            raw.send(receipt(sku))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has read enough
        received = raw.read_to_end()
    assert count_answers(received) <= 1
    if received:
        assert parse_answer(received).status in statuses
    assert client.check_books(sku) == (1, 0, 1)


def test_a_bad_request_behind_a_good_one(client):
    sku = client.create_item(stock=1)
    with Raw(client.address) as raw:
        raw.send(receipt(sku) + get(host=HOST * 2) + receipt(sku))
        received = raw.read_to_end()
    assert count_answers(received) == 2, received[:2000]
    assert received.startswith(b"HTTP/1.1 200 ")
    assert client.check_books(sku) == (2, 0, 2)


ACCEPTED = {
    "plain": get(),
    "an empty Host": get(host=b"Host:\r\n"),
    "a Host with a port": get(host=b"Host: [::1]:8080\r\n"),
    "header names in any case": get(host=b"hOsT: x\r\n"),
    "blanks around a value": get(fields=b"X-A: \t b \t\r\n"),
    "100 headers": get(fields=b"X-A: b\r\n" * 99),
    "an answer's headers in a request": get(fields=b"Location: /\r\nServer: x\r\n"),
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_accepted(client, what):
    with Raw(client.address) as raw:
        for _ in range(2):
            raw.send(ACCEPTED[what])
            assert raw.read_answer().status == 200


def test_chunks_are_put_together(client):
    sku = client.create_item(stock=1)
    head, _, body = receipt(sku).partition(b"\r\n\r\n")
    head = head.replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked")
    chunks = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7])
                      for i in range(0, len(body), 7))
    with Raw(client.address) as raw:
        raw.send(head + b"\r\n\r\n" + chunks + b"0\r\n\r\n" + get())
        assert raw.read_answer().status == 200
        assert raw.read_answer().status == 200
    assert client.check_books(sku) == (2, 0, 2)


def test_requests_in_a_row_are_answered_in_order(client):
    skus = [client.create_item(stock=i + 1) for i in range(20)]
    with Raw(client.address) as raw:
        raw.send(b"".join(get(b"GET /v1/items/%s HTTP/1.1\r\n" % sku.encode()) for sku in skus))
        for i in range(20):
            assert raw.read_answer().json["on_hand"] == i + 1


def test_a_request_in_single_bytes(client):
    sku = client.create_item(stock=1)
    with Raw(client.address) as raw:
        for byte in receipt(sku):
            raw.send(bytes([byte]))
        assert raw.read_answer().json["on_hand"] == 2


def test_http_1_0_and_connection_close_end_the_connection(client):
    for sent in (get(b"GET /livez HTTP/1.0\r\n"), get(b"GET /livez HTTP/1.0\r\n", host=b""),
                 get(fields=b"Connection: close\r\n")):
        with Raw(client.address) as raw:
            raw.send(sent)
            received = raw.read_to_end()
        assert parse_answer(received).status == 200


def test_a_body_that_is_announced_is_asked_for(client):
    sku = client.create_item(stock=1)
    head, _, body = receipt(sku).partition(b"\r\n\r\n")
    with Raw(client.address) as raw:
        raw.send(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert raw.socket.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.send(body)
        assert raw.read_answer().json["on_hand"] == 2


def test_an_unknown_expectation_is_refused(client):
    with Raw(client.address) as raw:
        raw.send(get(fields=b"Expect: miracles\r\n"))
        assert raw.read_answer().status == 417


def test_head_has_the_headers_of_get(client):
    sku = client.create_item(stock=1)
    there = client.get(f"/v1/items/{sku}")
    head = client.request("HEAD", f"/v1/items/{sku}", status=200)
    assert head.etag == there.etag
    assert head.headers["content-length"] == str(len(there.text.encode()))
    client.request("HEAD", f"/v1/items/{sku}x", status=404)
