"""What a test of ctest's fixture `containers` has: an engine, and images in it. By pytest's fixture
`harness` (conftest.py), or Harness.load().

    harness.docker("run", "--rm", harness.images["stockroom"], "--help")   its standard output
    harness.docker.inspect(container), .health(…), .logs(…), .wait_until_healthy(…), .port(…)
    harness.images["orders"]     the image's name; "stockroom" is the embedded shape
    harness.name                 begin the names of containers, volumes and Compose projects with it:
                                 others may use the same engine
    harness.environment          of a command that shall use this engine and these images: DOCKER_HOST
                                 and the variables of ./dev compose (STOCKROOM_IMAGES, STOCKROOM_TAG,
                                 STOCKROOM_BASE_IMAGE, STOCKROOM_BROKER_IMAGE, STOCKROOM_STORE_IMAGE)

A test removes the containers, networks and volumes it has made; the images stay."""

import json
import os
import pathlib

from docker_client import Docker

HELP = "there is no fixture `containers` here; run it by ctest -R containers"


class Harness:
    def __init__(self, found):
        self.docker = Docker(found["docker_host"])
        self.name = found["name"]
        self.images = found["images"]
        self.environment = {**self.docker.environment, **found["variables"]}
        self.base_image = found["variables"]["STOCKROOM_BASE_IMAGE"]

    @classmethod
    def load(cls):
        folder = os.environ.get("STOCKROOM_CONTAINERS")
        assert folder, HELP
        path = pathlib.Path(folder) / "environment.json"
        assert path.exists(), HELP
        return cls(json.loads(path.read_text()))
