"""docs/operating.md tells of every flag and every metric there is, and of no other."""

import pathlib
import re
import subprocess

import pytest

from client import Client
from local_system import ROOT, dev, end, new_system

PAGE = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
WORKERS = ("catalogue", "stock", "orders", "relay", "health", "records")
WITH_CLASSIC_QUEUES = ("catalogue", "stock", "orders", "health", "records")
TRIVIAL = {"--help", "--version"}
OF_ALL = {"--listen", "--log-level", "--check"}


@pytest.fixture(scope="module")
def system(binary, tmp_path_factory):
    system = new_system(tmp_path_factory.mktemp("operating") / "local", binary.parent)
    done = dev(system, "up")
    assert done.returncode == 0, done.stderr
    yield system
    end(system)


def help_of(binary, name):
    program = pathlib.Path(binary).parent / f"stockroom-{name}"
    return subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout


def flags_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - TRIVIAL


def rows_below(heading):
    """The rows of the page's table with this heading, as lists of cells."""
    lines = PAGE.split(f"\n| {heading} |", 1)[1].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


@pytest.mark.parametrize("name", ("gateway", *WORKERS))
def test_every_flag_has_its_row(binary, name):
    own = {"gateway": "of the gateway", "health": "of health"}
    rows = rows_below("of every service")
    if name in own:
        rows += rows_below(own[name])
    if name in WITH_CLASSIC_QUEUES:
        rows += rows_below("of services with classic queues")
    options = [line for line in help_of(binary, name).splitlines() if line.startswith("  -")]
    assert flags_in("\n".join(options)) == flags_in("\n".join(cells[0] for cells in rows))


def test_every_flag_of_the_generator_has_its_row(binary):
    options = [line for line in help_of(binary, "generator").splitlines() if line.startswith("  -")]
    told = flags_in("\n".join(cells[0] for cells in rows_below("of the generator")))
    assert flags_in("\n".join(options)) == told | OF_ALL


@pytest.mark.parametrize("name", ("gateway", "generator"))
def test_the_defaults_are_those_of_the_program(binary, name):
    text = help_of(binary, name)
    for cells in rows_below(f"of the {name}"):
        if cells[1] == "–":
            continue
        flag = cells[0].strip("`").split()[0]
        assert re.search(rf"{flag} [^\n]*={re.escape(cells[1])} ", text), cells


def test_every_metric_has_its_row(system, contract):
    client = Client(system.url, contract)
    client.place(client.create_item(stock=1), 1)
    client.place(client.create_item(), 1, status=409)
    client.close()
    found = set()
    for name in ("gateway", *WORKERS, "generator"):
        done = subprocess.run(["curl", "-sf", f"{system.service(name).url}/metrics"],
                              capture_output=True, text=True, check=True)
        found |= set(re.findall(r"^# TYPE (\w+) ", done.stdout, re.MULTILINE))
    told = {metric for cells in rows_below("metric") for metric in re.findall(r"`(\w+)`", cells[0])}
    assert told == found
    for alarm in rows_below("alarm"):
        assert set(re.findall(r"stockroom_\w+", alarm[0])) <= found, alarm
