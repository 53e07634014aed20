"""A `stockroom serve` of the test's own."""

import json
import os
import re
import select
import signal
import sqlite3
import subprocess
import time

START_SECONDS = 60
STOP_SECONDS = 60  # the promise is 10; the sanitizers' builds check for leaks at the end
SANITIZER_REPORT = re.compile(r"(Address|Leak|Thread)Sanitizer|runtime error:")
LATE_STOP = "the stop took too long"  # and then it ended with what it could not finish undone


def check_log(name, log):
    """Fails when a sanitizer has found something, or a stop was cut off. Not for who is stopped while a
    server stands still: then it ends so, as it should."""
    report = SANITIZER_REPORT.search(log)
    assert not report, f"{name}: {log[report.start() - 200:][:20000]}"
    assert LATE_STOP not in log, f"{name} did not end in time: {log[-5000:]}"


class Server:
    def __init__(self, binary, folder, options=(), listen="127.0.0.1:0", before_start=None,
                 classic=False, settings=None):
        """Keeps its store and log in the folder; a second one in the same folder goes on with them.
        `before_start`: called with it, in its process. `classic`: with the classic interface.
        `settings`: of its environment, besides ours."""
        options = [*options, *(["--classic"] if classic else [])]
        self.binary = binary
        self.store_url = f"sqlite:{folder}/stockroom.db"
        self.log_path = folder / "stockroom.log"
        command = [binary, "serve", "--listen", listen, "--store-url", self.store_url, *options]
        with open(self.log_path, "ab") as log:
            # Tests of others are left alone by the health monitor; --health-interval wakes it.
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log,
                                            preexec_fn=before_start and (lambda: before_start(self)),
                                            env={"STOCKROOM_HEALTH_INTERVAL": "0", **os.environ,
                                                 **(settings or {})})
        self.url = self.wait_until_it_listens()

    def wait_until_it_listens(self):
        deadline = time.monotonic() + START_SECONDS
        text = b""
        while b"\n" not in text:
            left = deadline - time.monotonic()
            ready = select.select([self.process.stdout], [], [], max(left, 0))[0]
            data = self.process.stdout.read1(4096) if ready else b""
            if not data:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"did not start: {text!r}\n{self.log()[-3000:]}")
            text += data
        match = re.fullmatch(r"stockroom is listening on (http://\S+)\n", text.decode())
        assert match, text
        return match[1]

    def log(self):
        return self.log_path.read_text(encoding="utf-8")

    def log_lines(self):
        """The log's lines as objects; each must be one."""
        lines = self.log().splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):
            lines.pop()
        return [json.loads(line) for line in lines]

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def wait(self):
        """The exit code. Fails when a sanitizer has found something, too."""
        code = self.process.wait(timeout=STOP_SECONDS)
        self.process.stdout.close()
        report = SANITIZER_REPORT.search(self.log())
        assert not report, self.log()[report.start() - 200:][:20000]
        return code

    def stop(self):
        """SIGTERM ends it gracefully, and its books are right then."""
        if self.process.returncode is not None:
            return
        self.terminate()
        code = self.wait()
        assert code == 0, f"exit code {code}\n{self.log()[-5000:]}"
        self.audit()

    def remove(self):
        """Its folder is the test's, and goes with it."""

    def rows(self):
        """Every row of every table."""
        path = self.store_url.removeprefix("sqlite:")
        store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            tables = [name for (name,) in store.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
            return {table: store.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
        finally:
            store.close()

    def audit(self):
        done = subprocess.run([self.binary, "audit", "--store-url", self.store_url],
                              capture_output=True, text=True, timeout=STOP_SECONDS, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
