"""A process that stays behind to keep something running for ctest: whatever happens to ctest, what was
started ends."""

import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy"))

from local import LocalError, process  # noqa: E402
from local.process import Process  # noqa: E402

LIFE_SECONDS = 4 * 3600


class Keeper:
    """What it keeps has start(), which returns when it is ready, and end(), which may be called at any
    time and leaves nothing."""

    def __init__(self, folder, kept, what):
        """`what`: for people, in the plural."""
        self.folder = folder
        self.kept = kept
        self.what = what
        self.ready_path = folder / "ready"
        self.process = Process("keeper", folder)

    def start(self, script, seconds):
        """Runs `script keep FOLDER CALLER`, which must come to keep(). For the program that has called
        this one, which others must not call meanwhile."""
        if self.process.is_running:
            raise LocalError(f"{self.what} of {self.folder} are in use by another ctest (their keeper "
                             f"is process {self.process.pid}); let it end first")
        self.end()
        self.process.start([sys.executable, script, "keep", self.folder, str(os.getppid())],
                           dict(os.environ))
        self.process.wait_until(self.ready_path.exists, seconds)

    def keep(self, caller):
        """Until SIGTERM, until the caller has ended, until the folder is gone, or for some hours."""
        caller_started = process.start_time(caller)
        ending = []
        signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
        try:
            self.kept.start()
            self.ready_path.touch()
            deadline = time.monotonic() + LIFE_SECONDS
            while (not ending and time.monotonic() < deadline and self.folder.exists() and
                   process.start_time(caller) == caller_started):
                time.sleep(0.5)
        finally:
            self.end()

    def stop(self, seconds):
        self.process.stop(seconds)
        self.end()

    def end(self):
        self.ready_path.unlink(missing_ok=True)
        self.kept.end()
