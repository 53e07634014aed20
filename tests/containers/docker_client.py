"""Debian's docker, against one engine."""

import json
import os
import subprocess
import time

from engine import DOCKER, LocalError

WAIT_SECONDS = 120


class Docker:
    def __init__(self, host=None):
        """`host`: what DOCKER_HOST shall be; None: as it is."""
        self.environment = {**os.environ, **({"DOCKER_HOST": host} if host else {})}

    def run(self, *arguments, seconds=WAIT_SECONDS, **options):
        """Gives the CompletedProcess, with its output as text, whatever the exit code."""
        return subprocess.run([DOCKER, *map(str, arguments)], env=self.environment, timeout=seconds,
                              capture_output=True, text=True, check=False, **options)

    def __call__(self, *arguments, seconds=WAIT_SECONDS, **options):
        """Gives its standard output; raises LocalError when it fails."""
        try:
            done = self.run(*arguments, seconds=seconds, **options)
        except subprocess.TimeoutExpired as error:
            raise LocalError(f"docker {arguments[0]} takes longer than {seconds} seconds") from error
        if done.returncode != 0:
            raise LocalError(f"docker {' '.join(map(str, arguments))}: exit code {done.returncode}\n"
                             f"{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def has_image(self, name):
        return self.run("image", "inspect", name).returncode == 0

    def inspect(self, name, kind="container"):
        return json.loads(self(kind, "inspect", name))[0]

    def state(self, container):
        return self.inspect(container)["State"]

    def health(self, container):
        """"starting", "healthy" or "unhealthy"."""
        return self.state(container)["Health"]["Status"]

    def logs(self, container):
        done = self.run("logs", container)
        return done.stdout + done.stderr

    def wait_until_healthy(self, container, seconds=WAIT_SECONDS):
        self.wait_until(lambda: self.health(container) == "healthy", container, seconds)

    def wait_until(self, holds, container, seconds=WAIT_SECONDS):
        """Fails with the container's log, also as soon as it has ended."""
        deadline = time.monotonic() + seconds
        while not holds():
            state = self.state(container)
            is_over = state["Status"] in ("exited", "dead")
            assert not is_over and time.monotonic() < deadline, (
                f"{container} is {state}\n{self.logs(container)[-5000:]}")
            time.sleep(0.2)

    def remove_volume(self, name):
        """And the containers that have it. It need not be there."""
        users = self("ps", "--all", "--quiet", "--filter", f"volume={name}").split()
        if users:
            self("rm", "--force", "--volumes", *users)
        self("volume", "rm", "--force", name)

    def port(self, container, inside=8080):
        """Where on 127.0.0.1 it is published."""
        return int(self("port", container, inside).split(":")[-1])
