"""Processes that outlive whoever started them."""

import collections
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

from local.errors import Ended, LocalError

# In the environment of everything that is started here: which folder it belongs to.
MARK = "STOCKROOM_LOCAL_FOLDER"
KILL_SECONDS = 30  # for the kernel to end what it was told to end
POLL_SECONDS = 0.05
SILENT_SECONDS = 3  # so long nobody minds to wait without a word
SAY_SECONDS = 10


class Process:
    """A process with its pid file and its log in a folder. Any other object made for the same name
    and folder, also in another program, speaks of the same process."""

    def __init__(self, name, folder, title=None):
        """`title`: what people call it, when that is not its name."""
        self.name = name
        self.title = title or name
        self.folder = pathlib.Path(folder)
        self.pid_path = self.folder / f"{name}.pid"
        self.stopping_path = self.folder / f"{name}.stopping"  # like the pid file, once it shall end
        self.log_path = self.folder / f"{name}.log"
        self.child = None  # the Popen, when this object has started it: somebody must reap it

    def start(self, command, environment, user=None, cwd=None):
        """In a session of its own, so that a terminal's Ctrl-C does not reach it. `user`: its name,
        when root starts it for another user. The environment is exactly the given one and the mark."""
        self.folder.mkdir(parents=True, exist_ok=True)
        as_user = {"user": user, "group": user, "extra_groups": []} if user else {}
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**environment, MARK: str(self.folder)}, cwd=cwd, start_new_session=True,
                **as_user)
        self.pid_path.write_text(f"{self.child.pid} {start_time(self.child.pid)}\n")

    @property
    def pid(self):
        """None when it does not run."""
        if self.child:
            self.child.poll()
        try:
            pid, started = self.pid_path.read_text().split()
        except (OSError, ValueError):
            return None
        # A pid is used again; the time of its start tells one process from the next.
        return int(pid) if start_time(int(pid)) == started else None

    @property
    def is_running(self):
        return self.pid is not None

    @property
    def is_stopping(self):
        """Whether it runs, and was asked to end, maybe by another program."""
        try:
            return (self.is_running and
                    self.stopping_path.read_text() == self.pid_path.read_text())
        except OSError:
            return False

    def ask_to_end(self, number=signal.SIGTERM):
        """Returns at once. Asks only once: a second signal ends some at once, with work undone."""
        self.resume()
        pid = self.pid
        if pid is None or self.is_stopping:
            return
        shutil.copyfile(self.pid_path, self.stopping_path)
        signal_process(pid, number)

    def stop(self, seconds, number=signal.SIGTERM):
        """Asks it to end, and kills it after so long. Gives whether it ended by itself."""
        self.ask_to_end(number)
        deadline = time.monotonic() + seconds
        while self.is_running:
            if time.monotonic() > deadline:
                self.kill()
                return False
            time.sleep(POLL_SECONDS)
        self.forget()
        return True

    def kill(self):
        """SIGKILL to it and all that it has started: as if the power had failed."""
        pid = self.pid
        if pid is not None:
            end_processes(self.pause())
        self.forget()

    def forget(self):
        self.pid_path.unlink(missing_ok=True)
        self.stopping_path.unlink(missing_ok=True)

    def pause(self):
        """SIGSTOP to it and to all that it has started; gives their pids."""
        pid = self.pid
        if pid is None:
            return []
        signal_process(pid, signal.SIGSTOP)  # first, so that it starts no more
        family = [pid, *descendants(pid)]
        for member in family:
            signal_process(member, signal.SIGSTOP)
        return family

    def resume(self):
        """Does nothing to who does not stand still: it would disturb LeakSanitizer, which stops the threads
        of what is ending."""
        pid = self.pid
        if pid is not None:
            for member in (*descendants(pid), pid):
                if stands_still(member):
                    signal_process(member, signal.SIGCONT)

    def log_tail(self, lines=20):
        """Of lines that say the same over and over, only the last."""
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as log:
                last = list(collections.deque(log, lines))
        except FileNotFoundError:
            return ""
        return "".join(line for line, after in zip(last, [*last[1:], ""])
                       if without_numbers(line) != without_numbers(after))

    def wait_until(self, is_ready, seconds, say=lambda text: None, why=lambda: "is not ready"):
        """Waits until is_ready() gives something true. Says now and then that it waits, and why.
        Raises Ended when the process ends first, LocalError when so long has passed."""
        started = time.monotonic()
        say_next = started + SILENT_SECONDS
        while not is_ready():
            if not self.is_running:
                raise Ended(f"{self.name} has ended by itself; its log is {self.log_path}:\n"
                            f"{self.log_tail()}")
            now = time.monotonic()
            if now > started + seconds:
                raise LocalError(f"{self.name} is not ready after {seconds} seconds; its log is "
                                 f"{self.log_path}:\n{self.log_tail()}")
            if now > say_next:
                if reason := why():
                    say(f"Waiting for {self.title} (process {self.pid}): {reason}")
                say_next = now + SAY_SECONDS
            time.sleep(POLL_SECONDS)


def without_numbers(line):
    return re.sub(r"\d+", "", line)


def start_time(pid):
    """When it was started, as the kernel counts; None when it has ended (a zombie has, too)."""
    try:
        # After the name, which may hold anything, in parentheses: state, ppid, …
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def stands_still(pid):
    """Stopped by a signal, and by no tracer."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False


def signal_process(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def descendants(pid):
    children = collections.defaultdict(list)
    for other in all_pids():
        try:
            stat = pathlib.Path(f"/proc/{other}/stat").read_text()
        except OSError:
            continue
        children[int(stat.rpartition(")")[2].split()[1])].append(other)
    found, left = [], [pid]
    while left:
        more = children[left.pop()]
        found += more
        left += more
    return found


def marked(folder):
    """Whatever was started for this folder, or one below it, and still runs."""
    folder = pathlib.Path(folder)
    return [pid for pid in all_pids() if start_time(pid) and is_marked(pid, folder)]


def is_marked(pid, folder):
    try:
        environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False  # ended meanwhile, or another user's
    prefix = f"{MARK}=".encode()
    for entry in environment.split(b"\0"):
        if entry.startswith(prefix):
            path = pathlib.Path(os.fsdecode(entry[len(prefix):]))
            return path == folder or folder in path.parents
    return False


def end_processes(pids):
    """SIGKILL; returns when they have ended."""
    for pid in pids:
        signal_process(pid, signal.SIGKILL)
    deadline = time.monotonic() + KILL_SECONDS
    for pid in pids:
        while start_time(pid):
            if time.monotonic() > deadline:
                raise LocalError(f"process {pid} does not end, even by SIGKILL")
            time.sleep(POLL_SECONDS)
