"""SIGKILL in the middle of a replay: the same file again, and all is as if nothing had been."""

import os
import random
import urllib.parse

import pytest

from command import only_object, replay
from proxy import PHASES, Proxy
from replay_model import EXAMPLE, OPENINGS, Model, expected

SEED = int(os.environ.get("STOCKROOM_SEED", random.randrange(2**32)))
POINTS = int(os.environ.get("STOCKROOM_KILL_POINTS", "20"))
LONG_SECONDS = 120  # for a server that is started meanwhile, however slow the build


def kill_point(number):
    """An opening, which request of its replay, and when during it. Half of the points lie among the
    items, which are most of the requests, the others among the invoices."""
    rand = random.Random(f"{SEED}/{number}")
    opening = OPENINGS[number % len(OPENINGS)]
    requests = Model(EXAMPLE.read_bytes(), opening).requests
    if number % 2 == 0:
        request = rand.randint(1, requests["items"])
    else:
        request = requests["items"] + rand.randint(1, requests["invoices"])
    return opening, request, rand.choice(PHASES)


def address_of(server):
    parts = urllib.parse.urlsplit(server.url)
    return parts.hostname, parts.port


@pytest.mark.parametrize("number", range(POINTS))
def test_the_same_file_again_comes_to_the_same(binary, start, number):
    opening, request, phase = kill_point(number)
    print(f"seed {SEED}, point {number}: opening {opening}, killed {phase} {request}")
    server = start()
    proxy = Proxy(lambda: address_of(server), request, phase, server.kill)
    try:
        cut_off = replay(binary, EXAMPLE, opening, proxy.url, "--patience", 0, "--json")
    finally:
        proxy.close()
    assert (cut_off.returncode, cut_off.stdout) == (1, "")
    assert proxy.requests == request
    assert proxy.url in cut_off.stderr
    server.audit()

    server = start()
    server.audit()
    result = only_object(replay(binary, EXAMPLE, opening, server.url, "--json"))
    assert result == expected(opening)
    server.stop()  # and its audit


@pytest.mark.parametrize("number", range(len(PHASES)))
def test_a_replay_goes_on_with_a_server_that_comes_back(binary, start, number):
    opening, request, _ = kill_point(POINTS + number)
    phase = PHASES[number]
    print(f"seed {SEED}, point {POINTS + number}: opening {opening}, killed {phase} {request}")
    servers = [start()]

    def kill_and_start():
        servers[-1].kill()
        servers.append(start())

    proxy = Proxy(lambda: address_of(servers[-1]), request, phase, kill_and_start)
    try:
        done = replay(binary, EXAMPLE, opening, proxy.url, "--patience", LONG_SECONDS, "--json")
        assert only_object(done) == expected(opening)
    finally:
        proxy.close()
    assert len(servers) == 2
