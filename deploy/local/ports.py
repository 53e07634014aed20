"""Ports of 127.0.0.1."""

import random
import socket
import time

# Below the range that Linux gives to connections, so that nothing takes one by chance.
FIRST, LAST = 10000, 32000


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until_free(port, seconds):
    """For a port whose owner is ending. False when it is still taken after so long."""
    deadline = time.monotonic() + seconds
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def free_block(size):
    """The first of so many free ports in a row."""
    for _ in range(1000):
        first = random.randrange(FIRST, LAST - size)
        if all(is_free(port) for port in range(first, first + size)):
            return first
    raise RuntimeError(f"no {size} free ports in a row between {FIRST} and {LAST}")
