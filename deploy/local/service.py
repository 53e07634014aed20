"""One replica of one of Stockroom's services."""

import hashlib
import http.client
import json
import os
import pathlib

from local.process import Process

READY_SECONDS = 120
STOP_SECONDS = 20  # it promises 10


class Service:
    def __init__(self, name, number, folder, binary, port, environment=None):
        """`environment`: its settings, STOCKROOM_STORE_URL and so on, besides our own environment."""
        self.name = f"{name}-{number}"
        self.binary = pathlib.Path(binary)
        self.port = port
        self.settings = environment or {}
        self.process = Process(self.name, folder)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        """Returns at once; wait_until_ready() waits. Does nothing when it runs already."""
        if not self.process.is_running:
            # Settings by the environment, so that no password stands in the list of processes.
            self.process.start([self.binary, "--listen", f"127.0.0.1:{self.port}"],
                               {**os.environ, **self.settings})
            self.digest_path.write_text(self.digest(), encoding="utf-8")

    def wait_until_ready(self, seconds=READY_SECONDS, say=lambda text: None):
        self.process.wait_until(self.is_ready, seconds, say, self.unready)

    def is_ready(self):
        return self.unready() is None

    def unready(self):
        """Why it is not ready, in its own words; None when it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            return "does not answer"
        finally:
            connection.close()
        return None if response.status == 200 else reason(text) or f"answers {response.status}"

    def why_outdated(self):
        """Why it should be started anew; empty when it need not, or does not run."""
        try:
            if os.readlink(f"/proc/{self.process.pid}/exe") != str(self.binary.resolve()):
                return "which runs an older binary"
            started_with = self.digest_path.read_text(encoding="utf-8")
        except OSError:
            return ""  # has ended meanwhile
        return "" if started_with == self.digest() else "which has other settings now"

    def digest(self):
        """Of its settings, which hold passwords."""
        return hashlib.blake2b(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()

    @property
    def digest_path(self):
        return self.process.folder / f"{self.name}.settings"

    def stop(self):
        return self.process.stop(STOP_SECONDS)

    def kill(self):
        self.process.kill()

    def pause(self):
        self.process.pause()

    def resume(self):
        self.process.resume()


def reason(text):
    """The reason in a problem document, or the text itself; at most a line of it."""
    try:
        text = json.loads(text)["detail"]
    except (ValueError, KeyError, TypeError):
        pass
    return text.strip().partition("\n")[0]
