"""A private PostgreSQL cluster."""

import hashlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess

from local import ports, process, secret
from local.errors import LocalError
from local.process import Process

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
SUPERUSER = "postgres"
DATABASE = "stockroom"
OWNER = "stockroom_owner"  # of the database and all that `stockroom migrate` makes in it
# Who logs in, and which role it has; `stockroom migrate` gives the roles their rights.
LOGINS = {
    "local_service": "stockroom_service",
    "local_reader": "stockroom_reader",
    "local_relay": "stockroom_relay",
}

READY_SECONDS = 120  # a cluster that was killed replays its log first
STOP_SECONDS = 60


class Store:
    """Keeps everything below its folder, but for what user postgres cannot reach there. PostgreSQL
    does not run as root: root runs it as user postgres."""

    title = "PostgreSQL"

    def __init__(self, folder, port, durable=True):
        """durable=False: no flush to the disk, for data that nobody misses after a power cut."""
        self.folder = pathlib.Path(folder).resolve()
        self.port = port
        self.durable = durable
        self.process = Process("store", self.folder, self.title)
        self.user = "postgres" if os.geteuid() == 0 else None
        self.created_path = self.folder / "created"

    @property
    def data(self):
        """The cluster's folder; a link leads there when it stands elsewhere. When somebody has removed
        our folder, it stands there still."""
        data, elsewhere = self.folder / "data", self.elsewhere()
        return elsewhere if elsewhere.exists() and not data.exists() else data.resolve()

    def password(self, user):
        return secret.password(self.folder / "passwords" / user)

    def url(self, user=SUPERUSER, database=DATABASE):
        return f"postgres://{user}:{self.password(user)}@127.0.0.1:{self.port}/{database}"

    # Its life.

    def start(self):
        """Returns at once, but for the first time; wait_until_ready() waits. Does nothing when it
        runs already."""
        if self.process.is_running:
            return
        if not (BIN / "postgres").exists():
            raise LocalError("PostgreSQL 15 is not installed: apt-get install postgresql-15")
        self.end_strays()
        if not self.created_path.exists():
            self.create()
        self.write_configuration()
        self.process.start([BIN / "postgres", "-D", self.data], environment(), self.user,
                           cwd=self.data)

    def wait_until_ready(self, seconds=READY_SECONDS, say=lambda text: None):
        self.process.wait_until(self.is_ready, seconds, say, lambda: "does not answer")

    @property
    def is_stopping(self):
        """Whether it runs, but was asked to end, by whomever. Asked by SIGTERM it waits, maybe for
        ever, until its clients have gone, and takes no new ones."""
        if not self.process.is_running:
            return False
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            lines = []
        return self.process.is_stopping or "stopping" in map(str.strip, lines[7:])

    def is_ready(self):
        if not ports.accepts(self.port):
            return False
        answer = subprocess.run([BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                                env=environment(), check=False)
        return answer.returncode == 0

    def stop(self):
        """Ends connections and transactions, writes everything down, and ends."""
        self.process.stop(STOP_SECONDS, signal.SIGINT)
        self.end_strays()

    def kill(self):
        self.process.kill()

    def pause(self):
        self.process.pause()

    def resume(self):
        self.process.resume()

    def end_strays(self):
        """Backends that outlive a postmaster which was killed by hand keep a new one from starting,
        and so does its pid file once another process has got that pid."""
        if not self.data.exists():
            return
        process.end_processes(self.backends())
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def backends(self):
        found = []
        for pid in process.all_pids():
            try:
                name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
                if name == "postgres" and os.readlink(f"/proc/{pid}/cwd") == str(self.data):
                    found.append(pid)
            except OSError:
                pass  # ended meanwhile, or another user's
        return found

    # What its operator asks of it.

    def sql(self, text, database="postgres", user=SUPERUSER):
        """Runs SQL; gives what it prints, unaligned. Raises LocalError."""
        done = subprocess.run(
            [BIN / "psql", "-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
             "-p", str(self.port), "-U", user, "-d", database],
            input=text, env={**environment(), "PGPASSWORD": self.password(user)},
            capture_output=True, text=True, check=False)
        if done.returncode:
            raise LocalError(f"PostgreSQL refuses: {done.stderr.strip()}")
        return done.stdout

    def create_database(self):
        """Database and owner, when they are not there yet."""
        if self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'").strip():
            return
        for role in LOGINS.values():
            self.create_role(role)
        self.create_login(OWNER)
        self.sql(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        self.sql(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")

    def create_role(self, name, more=""):
        if not self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'").strip():
            self.sql(f"CREATE ROLE {name} {more}")

    def create_login(self, name):
        self.create_role(name, f"LOGIN PASSWORD '{self.password(name)}'")

    def create_logins(self):
        """After `stockroom migrate`, which gives their roles the rights."""
        for name, role in LOGINS.items():
            self.create_login(name)
            self.sql(f"GRANT {role} TO {name}")
            self.sql(f"GRANT CONNECT ON DATABASE {DATABASE} TO {name}")

    # Its files.

    def create(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.place_data()
        # A cluster that was not made to its end is made again.
        for leftover in self.data.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        password = self.data.parent / f".{self.data.name}.password"
        secret.write_private(password, self.password(SUPERUSER) + "\n")
        if self.user:
            shutil.chown(password, self.user, self.user)
        try:
            done = self.run_as_user(
                BIN / "initdb", "--pgdata", self.data, "--username", SUPERUSER, "--pwfile", password,
                "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8",
                *([] if self.durable else ["--no-sync"]))
        finally:
            password.unlink()
        if done.returncode:
            raise LocalError(f"initdb failed:\n{done.stdout}{done.stderr}")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as settings:
            settings.write("include 'stockroom.conf'\n")
        self.created_path.touch()

    def place_data(self):
        """Makes the empty folder of the data, of mode 700; elsewhere when PostgreSQL's user must not
        enter the folders above it."""
        data = self.folder / "data"
        if not data.exists():
            if self.user and self.run_as_user("test", "-x", self.folder).returncode:
                elsewhere = self.elsewhere()
                elsewhere.mkdir(parents=True, exist_ok=True)
                data.unlink(missing_ok=True)
                data.symlink_to(elsewhere)
            else:
                data.mkdir()
        self.data.chmod(0o700)
        if self.user:
            shutil.chown(self.data, self.user, self.user)

    def elsewhere(self):
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return pathlib.Path(f"/var/lib/stockroom-{name}")

    def discard(self):
        """Removes the data, wherever it stands, but not the passwords. It must not run."""
        self.created_path.unlink(missing_ok=True)
        shutil.rmtree(self.data, ignore_errors=True)
        (self.folder / "data").unlink(missing_ok=True)

    def write_configuration(self):
        flush = "on" if self.durable else "off"
        (self.data / "stockroom.conf").write_text(f"""\
listen_addresses = '127.0.0.1'
port = {self.port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
fsync = {flush}
synchronous_commit = on
full_page_writes = {flush}
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
log_lock_waits = on
""", encoding="utf-8")
        if self.user:
            shutil.chown(self.data / "stockroom.conf", self.user, self.user)

    def run_as_user(self, *command):
        as_user = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        return subprocess.run([str(part) for part in command], env=environment(), cwd="/",
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              **as_user)


def environment():
    """Nothing of ours: no PG… variable of the user's reaches it."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
            "HOME": pwd.getpwuid(os.geteuid()).pw_dir}
