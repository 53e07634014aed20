"""./dev test where containers shall not or cannot be tested: by a copy of it, among programs that only
look like the real ones."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_TESTED = "NOT TESTED: containers"
PROGRAMS = {
    "cmake": "",
    "ctest": 'if [ "$3" = -N ]; then echo "  Test  #1: containers.start"; else echo "ctest $*"; exit $FAILS; fi',
    "dpkg-query": 'for package; do :; done; [ "$package" = docker.io ] || printf installed',
    "docker": '[ "$*" = version ] && exit $NO_DOCKER',
    "apt-get": 'echo "apt-get $*"; exit 1',
    "sudo": 'exec "$@"',
    **dict.fromkeys(("tee", "chmod", "rm"), ""),
}


@pytest.fixture
def dev_test(tmp_path):
    shutil.copy(ROOT / "dev", tmp_path)
    (tmp_path / "bin").mkdir()
    for name, script in PROGRAMS.items():
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def run(*arguments, fails=0, no_docker=0):
        return subprocess.run(
            [tmp_path / "dev", "test", *arguments], capture_output=True, text=True, check=False, timeout=60,
            stdin=subprocess.DEVNULL, env={**os.environ, "PATH": f"{tmp_path}/bin:/usr/bin:/bin",
                                           "FAILS": str(fails), "NO_DOCKER": str(no_docker)})

    return run


@pytest.mark.parametrize("fails", [0, 8])
def test_what_is_left_out_is_told_last(dev_test, fails):
    done = dev_test("--no-containers", "domain", fails=fails)
    assert r"-E ^containers\. -R domain" in done.stdout
    assert done.stderr.splitlines()[-1].startswith(NOT_TESTED)
    assert done.returncode == fails


def test_a_docker_that_answers_is_enough(dev_test):
    done = dev_test()
    assert done.returncode == 0 and "ctest --test-dir build/dev" in done.stdout
    assert NOT_TESTED not in done.stderr
    assert "apt-get" not in done.stderr


def test_else_debians_is_installed(dev_test):
    done = dev_test(no_docker=1)
    assert "apt-get install" in done.stderr and done.stderr.splitlines()[-1].endswith(": docker.io")
    assert done.returncode == 1
