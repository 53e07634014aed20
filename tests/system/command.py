"""Runs the commands of the program that are not `serve`."""

import json
import os
import subprocess

from server import SANITIZER_REPORT

TIMEOUT_SECONDS = 600  # the sanitizers' builds are slow


def run(binary, *arguments, environment=None):
    """Standard output and error are pipes, so no progress bar is drawn."""
    done = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True,
                          timeout=TIMEOUT_SECONDS, check=False,
                          env={**os.environ, **(environment or {})})
    assert not SANITIZER_REPORT.search(done.stderr), done.stderr[:20000]
    return done


def replay(binary, path, opening, url, *options):
    return run(binary, "replay", path, "--opening", opening, "--url", url, *options)


def only_object(done, code=0):
    """The one object that a command has printed, with that exit code and no word besides."""
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout.endswith("\n") and done.stdout.count("\n") == 1, done.stdout
    return json.loads(done.stdout)


def path_of(server):
    return server.store_url.removeprefix("sqlite:")
