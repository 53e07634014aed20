"""What ./dev up runs, in a folder of the test's own."""

import os
import pathlib
import re
import subprocess
import sys

from server import check_log

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

from local import ports  # noqa: E402
from local.system import PORTS, System  # noqa: E402

TIMEOUT_SECONDS = 600  # the sanitizers' builds are slow
ROW = re.compile(r"(\S+) +(\d+|-) +(\d+)  (.+)")


def new_system(folder, binaries, **replicas):
    """On free ports; nothing runs yet."""
    system = System(folder, binaries)
    system.configure(ports.free_block(PORTS), replicas)
    return system


def dev(system, verb, *arguments):
    """What ./dev VERB does once it has built."""
    return subprocess.run(command(system, verb, *arguments), capture_output=True, text=True,
                          timeout=TIMEOUT_SECONDS, check=False, cwd=ROOT, env=environment())


def end(system):
    """Stops it and removes its data. Fails when it does not stop in time, or a sanitizer has found
    something."""
    done = dev(system, "down")
    system.store.discard()  # whatever is found below, and wherever it stands
    assert done.returncode == 0, done.stderr
    assert system.running() == []
    for path in (system.folder / "services").glob("*.log"):
        check_log(path.name, path.read_text(encoding="utf-8", errors="replace"))
    assert dev(system, "down", "--data").returncode == 0
    assert not system.folder.exists()


def command(system, verb, *arguments):
    return ["/usr/bin/python3", "-m", "local", "--folder", str(system.folder), "--bin",
            str(system.binaries), verb, *map(str, arguments)]


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT / "deploy"), "PYTHONDONTWRITEBYTECODE": "1"}


def table(text):
    """{name: (pid or None, port, state)} of the table in what up and status print."""
    rows = {}
    for line in text.splitlines():
        if match := ROW.fullmatch(line):
            name, pid, port, state = match.groups()
            rows[name] = (None if pid == "-" else int(pid), int(port), state)
    return rows
