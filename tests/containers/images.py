"""Builds what the tests need of images: Stockroom's, and stand-ins for the two official servers'."""

import concurrent.futures
import os
import pathlib
import subprocess
import time

import base_image
from engine import DOCKER, LocalError

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
BUILD = ROOT / "deploy/docker/build"
BUILD_SECONDS = {"stockroom": 1800, "rabbitmq": 600, "postgres": 600}  # of containers.start's TIMEOUT
STANDINS = {"rabbitmq": "stockroom-test/rabbitmq:3.13-management", "postgres": "stockroom-test/postgres:16"}


def variables(tag):
    """What ./dev compose and deploy/docker/build know the images by."""
    return {"STOCKROOM_IMAGES": "stockroom-test/stockroom", "STOCKROOM_TAG": tag,
            "STOCKROOM_BASE_IMAGE": base_image.NAME,
            "STOCKROOM_BROKER_IMAGE": STANDINS["rabbitmq"],
            "STOCKROOM_STORE_IMAGE": STANDINS["postgres"]}


def names(tag):
    """Service → image; the embedded shape is "stockroom"."""
    done = subprocess.run([BUILD, "--list"], env={**os.environ, **variables(tag)}, check=True,
                          capture_output=True, text=True)
    prefix = f"{variables(tag)['STOCKROOM_IMAGES']}-"
    return {name.removeprefix(prefix).split(":")[0].split("/")[-1]: name
            for name in done.stdout.split()}


def provide(docker, folder, tag, say):
    """Logs go into the folder. Raises LocalError with the end of the log of what has failed."""
    environment = {**docker.environment, **variables(tag), "DOCKER": DOCKER, "DOCKER_BUILDKIT": "1"}

    def timed(what, run):
        started = time.monotonic()
        result = run()
        say(f"{what}: {time.monotonic() - started:.0f} s{f' ({result[1]})' if result else ''}")

    def build(name, *command):
        log = folder / f"{name}.log"
        with open(log, "wb") as to:
            try:
                done = subprocess.run([str(part) for part in command], env=environment, stdout=to,
                                      stderr=to, check=False, timeout=BUILD_SECONDS[name])
            except subprocess.TimeoutExpired as error:
                raise LocalError(f"{name} is not built after {error.timeout} s; see {log}") from error
        if done.returncode != 0:
            raise LocalError(f"{name} cannot be built; the whole output is in {log}\n"
                             f"{log.read_text(errors='replace')[-4000:]}")

    def standins():
        for name, image in STANDINS.items():
            timed(image, lambda: build(name, DOCKER, "build", "--tag", image, "--build-arg",
                                       f"BASE_IMAGE={base_image.NAME}", FOLDER / "standins" / name))

    timed(base_image.NAME, lambda: base_image.provide(docker))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        # The network's work beside the compiler's.
        beside = pool.submit(standins)
        timed("Stockroom's images", lambda: build("stockroom", BUILD))
        beside.result()
