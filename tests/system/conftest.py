import os
import pathlib

import pytest

from client import Client
from contract import Contract
from server import Server


def pytest_addoption(parser):
    parser.addoption("--stockroom-bin", default=os.environ.get("STOCKROOM_BIN"),
                     help="the program to test (default: $STOCKROOM_BIN)")
    parser.addoption("--url", default=os.environ.get("STOCKROOM_URL"),
                     help="test a gateway that runs already (default: $STOCKROOM_URL); tests that "
                          "must start and stop the program are skipped then")


@pytest.fixture(scope="session")
def contract():
    return Contract()


@pytest.fixture(scope="session")
def binary(pytestconfig):
    path = pytestconfig.getoption("--stockroom-bin")
    if not path:
        pytest.skip("needs --stockroom-bin")
    return pathlib.Path(path).resolve(strict=True)


@pytest.fixture(scope="module")
def url(pytestconfig, request):
    """Where the gateway is: the given one, or one that this file has to itself."""
    return pytestconfig.getoption("--url") or request.getfixturevalue("server").url


@pytest.fixture(scope="module")
def server(pytestconfig, binary, tmp_path_factory):
    if pytestconfig.getoption("--url"):
        pytest.skip("needs a server of its own")
    server = Server(binary, tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def client(url, contract):
    client = Client(url, contract)
    yield client
    client.close()


@pytest.fixture
def start(pytestconfig, binary, tmp_path, contract):
    """Starts servers of the test's own, all on one store: start(options=…, listen=…)."""
    if pytestconfig.getoption("--url"):
        pytest.skip("needs a server of its own")
    servers = []

    def start_one(**arguments):
        server = Server(binary, tmp_path, **arguments)
        servers.append(server)
        return server

    yield start_one
    for server in servers:
        server.stop()
