import functools
import os
import pathlib

import pytest

from client import Client
from contract import Contract
from server import Server
from services import Services


def pytest_addoption(parser):
    parser.addoption("--stockroom-bin", default=os.environ.get("STOCKROOM_BIN"),
                     help="the program to test (default: $STOCKROOM_BIN)")
    parser.addoption("--url", default=os.environ.get("STOCKROOM_URL"),
                     help="test a gateway that runs already (default: $STOCKROOM_URL); tests that "
                          "must start and stop the program are skipped then")
    parser.addoption("--shape", choices=["embedded", "services"],
                     default=os.environ.get("STOCKROOM_SHAPE", "embedded"),
                     help="what a test's own server is (default: $STOCKROOM_SHAPE, or embedded)")


@pytest.fixture(scope="session")
def contract():
    return Contract()


@pytest.fixture(scope="session")
def binary(pytestconfig):
    path = pytestconfig.getoption("--stockroom-bin")
    if not path:
        pytest.skip("needs --stockroom-bin")
    return pathlib.Path(path).resolve(strict=True)


@pytest.fixture(scope="session")
def binaries(binary):
    """The folder of all programs."""
    return binary.parent


@pytest.fixture(scope="module")
def make_server(pytestconfig, request, binary):
    """make_server(folder, …): a server of the file's SHAPE; when it has none, of the one to be tested."""
    if pytestconfig.getoption("--url"):
        pytest.skip("needs a server of its own")
    shape = getattr(request.module, "SHAPE", pytestconfig.getoption("--shape"))
    return functools.partial({"embedded": Server, "services": Services}[shape], binary)


@pytest.fixture(scope="module")
def url(pytestconfig, request):
    """Where the gateway is: the given one, or one that this file has to itself."""
    return pytestconfig.getoption("--url") or request.getfixturevalue("server").url


@pytest.fixture(scope="module")
def server(make_server, tmp_path_factory, request):
    """One for the whole file, with the arguments of its SERVER."""
    server = make_server(tmp_path_factory.mktemp("server"), **getattr(request.module, "SERVER", {}))
    yield server
    server.stop()
    server.remove()


@pytest.fixture
def client(url, contract):
    client = Client(url, contract)
    yield client
    client.close()


@pytest.fixture
def start(make_server, tmp_path):
    """Starts servers of the test's own, all on one store: start(options=…, listen=…)."""
    servers = []

    def start_one(**arguments):
        server = make_server(tmp_path, **arguments)
        servers.append(server)
        return server

    yield start_one
    for server in servers:
        server.stop()
    if servers:
        servers[0].remove()
