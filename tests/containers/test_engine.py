"""The private engine: whatever happens to it, nothing of it stays. In a network of this process's own,
for a second dockerd would spoil the packet filter's rules of the first."""

import ctypes
import os
import pathlib
import signal

import pytest

import engine
import firewall
from docker_client import Docker
from engine import LocalError, PrivateEngine, output

CLONE_NEWNET = 0x40000000


@pytest.fixture(scope="module", autouse=True)
def own_network():
    if os.geteuid() != 0:
        pytest.skip("only root starts an engine")
    assert ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0
    output("ip", "link", "set", "lo", "up")


@pytest.fixture(scope="module")
def archive(docker, harness, tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "base.tar"
    docker("save", "--output", path, harness.base_image)
    return path


@pytest.fixture
def private(tmp_path):
    private = PrivateEngine(tmp_path)
    yield private
    private.end()


@pytest.fixture
def another(tmp_path_factory):
    another = PrivateEngine(tmp_path_factory.mktemp("another"))
    yield another
    another.end()


def traces(private):
    """Of all that an engine makes: processes, mounts, links, rules."""
    mounts = pathlib.Path("/proc/self/mounts").read_text()
    return {
        "processes": [pid for pid in engine.process.all_pids() if names(private, pid)],
        "mounts": [line for line in mounts.splitlines()
                   if str(private.run) in line or str(private.data) in line],
        "links": output("ip", "-brief", "link"), "firewall": firewall.read(),
        "folders": [path for path in (private.run, private.data) if path.exists()],
    }


def names(private, pid):
    try:
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return str(private.run).encode() in command


@pytest.mark.parametrize("is_killed", [False, True], ids=["stopped", "killed"])
def test_nothing_of_it_stays(private, archive, harness, is_killed):
    before = traces(private)
    assert (before["processes"], before["mounts"], before["folders"]) == ([], [], [])
    private.start()
    docker = Docker(private.host)
    docker("load", "--input", archive)
    docker("network", "create", "own")
    container = docker("run", "--detach", "--network", "own", "--publish", "127.0.0.1:8080:80",
                       harness.base_image, "sleep", "infinity").strip()
    inside = docker.state(container)["Pid"]
    assert docker("exec", container, "echo", "here") == "here\n"
    now = traces(private)
    assert all(now[kind] != before[kind] for kind in before)
    if is_killed:
        os.kill(private.dockerd.pid, signal.SIGKILL)
    private.end()
    assert traces(private) == before
    assert engine.process.start_time(inside) is None


def test_starting_it_again_after_an_end_is_starting_afresh(private):
    for _ in range(2):
        private.start()
        assert Docker(private.host)("image", "ls", "--quiet") == ""
        private.end()


def rules_of(private):
    return [line for lines in firewall.read()["rules"].values() for line in lines if private.bridge in line]


def test_one_that_runs_beside_it_keeps_what_it_has(private, another):
    private.start()
    another.start()
    private.end()
    assert not rules_of(private)
    now = firewall.read()
    assert f"-A FORWARD -o {another.bridge} -j DOCKER" in now["rules"]["filter"]
    assert f"-A DOCKER -i {another.bridge} -j RETURN" in now["rules"]["nat"]
    assert now["forwarding"] == "1\n"
    another.end()
    assert not rules_of(another)


def test_the_data_go_also_after_the_machine_was_started_again(private):
    """Which empties /run."""
    (private.data / "image").mkdir(parents=True)
    private.end()
    assert not private.data.exists()


def test_without_rights_the_way_out_is_told(private, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LocalError, match="--no-containers"):
        private.start()


def test_a_dockerd_that_cannot_start_says_why(private, monkeypatch):
    monkeypatch.setattr(engine, "DOCKERD", "/bin/false")
    with pytest.raises(LocalError, match="--no-containers"):
        private.start()
    private.end()
    assert traces(private)["folders"] == []


def test_no_engine_answers_at_nowhere():
    assert not engine.answers("unix:///nowhere.sock")
