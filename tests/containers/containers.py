#!/usr/bin/env python3
"""ctest's fixture `containers`: a Docker engine, and in it the images that the tests need.

    containers.py start FOLDER    finds an engine or starts one, builds the images
    containers.py stop FOLDER     stops the engine, if it was started here, and removes its data

An engine that answers (by DOCKER_HOST, or where Docker looks by itself) is used as it is, and the images
stay in it. Else a private dockerd is started, and a keeper stays behind that ends it with ctest.

What a test gets stands in FOLDER/environment.json; harness.py reads it."""

import argparse
import hashlib
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "servers"))

import images  # noqa: E402
from docker_client import Docker  # noqa: E402
from engine import START_SECONDS, LocalError, PrivateEngine, answers  # noqa: E402
from keeper import Keeper  # noqa: E402

STOP_SECONDS = 200


def say(text):
    print(text, flush=True)


def start(folder, keeper):
    folder.mkdir(parents=True, exist_ok=True)
    found = folder / "environment.json"
    found.unlink(missing_ok=True)
    host = None
    if answers():
        say("Docker: the one that runs here")
    else:
        say("Docker: a private one")
        keeper.start(__file__, START_SECONDS + 30)
        host = keeper.kept.host
    # Two build folders may use one engine at the same time.
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    images.provide(Docker(host), folder, name, say)
    found.write_text(json.dumps({
        "name": f"stockroom-test-{name}", "docker_host": host, "images": images.names(name),
        "variables": images.variables(name)}, indent=2))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("start", "stop", "keep"))
    parser.add_argument("folder")
    parser.add_argument("caller", nargs="?", type=int)
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.folder).resolve()
    keeper = Keeper(folder, PrivateEngine(folder), "the containers")
    try:
        if arguments.action == "start":
            start(folder, keeper)
        elif arguments.action == "stop":
            keeper.stop(STOP_SECONDS)
        else:
            keeper.keep(arguments.caller)
    except LocalError as error:
        sys.exit(f"containers: {error}")


if __name__ == "__main__":
    main()
