import re

import pytest

from harness import Harness


@pytest.fixture(scope="session")
def harness():
    return Harness.load()


@pytest.fixture(scope="session")
def docker(harness):
    return harness.docker


@pytest.fixture
def run(harness, request):
    """run(IMAGE, ARGUMENT…, options=(…)): a container in the background; gives its name. It goes with
    the test."""
    containers = []

    def start(image, *arguments, options=()):
        test = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:40]
        name = f"{harness.name}-{test}-{len(containers)}"
        containers.append(name)
        harness.docker.run("rm", "--force", "--volumes", name)
        harness.docker("run", "--detach", "--name", name, *options, harness.images.get(image, image),
                       *arguments)
        return name

    yield start
    if containers:
        harness.docker.run("rm", "--force", "--volumes", *containers)


@pytest.fixture
def volume(harness):
    """The name of an empty volume. It goes with the test, and so do the containers that have it."""
    name = f"{harness.name}-volume"
    harness.docker.remove_volume(name)
    harness.docker("volume", "create", name)
    yield name
    harness.docker.remove_volume(name)
