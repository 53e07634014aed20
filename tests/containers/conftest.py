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
        name = f"{harness.name}-{request.node.name[:40].strip('[]_')}-{len(containers)}"
        name = "".join(character if character.isalnum() or character in "-_." else "-"
                       for character in name)
        containers.append(name)
        harness.docker("run", "--detach", "--name", name, *options, harness.images.get(image, image),
                       *arguments)
        return name

    yield start
    if containers:
        harness.docker.run("rm", "--force", "--volumes", *containers)


@pytest.fixture
def volume(harness, request):
    name = f"{harness.name}-{len(request.node.name)}-volume"
    harness.docker("volume", "create", name)
    yield name
    harness.docker.run("volume", "rm", "--force", name)
